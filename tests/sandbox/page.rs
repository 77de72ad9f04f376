//! The page about the sandbox: its tables are those of the code.

use std::fmt::Write as _;

use icewarden::edge::sandbox::{FAULT_FORM, FAULTS, NOT_OFFERED, SWITCHES};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/sandbox.md");

/// A table stands between the two marks of its name.
fn put(page: &str, name: &str, table: &str) -> String {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("no {begin}"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("no {end}"));
    format!("{before}{begin}{table}{end}{after}")
}

fn switches() -> String {
    let mut table = "| switch | what is not known | positions |\n|---|---|---|\n".to_owned();
    for row in SWITCHES {
        let positions: Vec<String> = row
            .positions
            .iter()
            .map(|position| format!("`{}` {}", position.name, position.meaning))
            .collect();
        let _ = writeln!(table, "| {} | {} | {} |", row.id, row.asks, positions.join(" · "));
    }
    table
}

fn not_offered() -> String {
    let rows: String = NOT_OFFERED.iter().map(|(id, why)| format!("| {id} | {why} |\n")).collect();
    format!("| row | why it is no switch |\n|---|---|\n{rows}")
}

fn faults() -> String {
    let rows: String = FAULTS.iter().map(|(kind, meaning)| format!("| `{kind}` | {meaning} |\n")).collect();
    format!(
        "The form is `{}\n\n| kind | what happens |\n|---|---|\n{rows}",
        FAULT_FORM.replacen(',', "`,", 1)
    )
}

#[test]
fn the_page_about_the_sandbox_has_the_tables_of_the_code() {
    let page = std::fs::read_to_string(PAGE).expect("the page");
    let mut expected = put(&page, "switches", &switches());
    expected = put(&expected, "no switches", &not_offered());
    expected = put(&expected, "faults", &faults());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(PAGE, &expected).expect("the page");
    }
    let now = std::fs::read_to_string(PAGE).expect("the page");
    assert!(
        now == expected,
        "docs/sandbox.md is out of date: UPDATE=1 cargo nextest run page_about_the_sandbox"
    );
}
