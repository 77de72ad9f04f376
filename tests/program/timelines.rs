//! `lifecycle` against the tables that were written by hand from the licence manual's facts.

use std::path::Path;

use icewarden::lifecycle::trial::{Access, access};
use icewarden::lifecycle::{Standing, standing};
use jiff::civil::Date;

/// The rows of a file, each with its columns.
fn rows(name: &str, columns: &[&str]) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/timelines").join(format!("{name}.timeline"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut lines = text.lines();
    assert!(lines.next().is_some_and(|line| line.starts_with("# ")), "{name} says what it shows");
    assert!(lines.next().is_some_and(|line| line.starts_with("# source: ")), "{name} says its source");
    let cells = |line: &str| -> Vec<String> {
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
    };
    assert_eq!(
        lines.next().map(cells),
        Some(columns.iter().map(|name| (*name).to_owned()).collect()),
        "{name}"
    );
    let rows: Vec<Vec<String>> = lines.map(cells).collect();
    assert!(rows.len() > 8 && rows.iter().all(|row| row.len() == columns.len()), "{name}: {rows:?}");
    rows
}

fn date(text: &str) -> Option<Date> {
    (text != "-").then(|| text.parse().unwrap_or_else(|error| panic!("{text}: {error}")))
}

#[test]
fn every_timeline_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/timelines");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("tests/timelines")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["README.md", "status.timeline", "trial.timeline"]);
}

#[test]
fn tri_2_a_trial_lasts_fourteen_days_from_the_first_access() {
    for row in rows("trial", &["first", "today", "access", "turns"]) {
        let [first, today, word, turns] = row.each_of();
        let wanted = match (word, date(turns)) {
            ("waiting", None) => Access::NotStarted,
            ("trial", Some(until)) => Access::Trial { until },
            ("refused", Some(since)) => Access::Refused { since },
            _ => panic!("{row:?}"),
        };
        assert_eq!(access(date(first), date(today).expect("a day")), wanted, "{row:?}");
    }
}

#[test]
fn lic_4_only_a_status_that_is_read_as_0_opens_the_server() {
    for row in rows("status", &["status", "changes", "told as"]) {
        let [status, changes, words] = row.each_of();
        let read = if status == "-" { Err("nobody knows") } else { Ok(status.parse().expect("a number")) };
        match (standing(read), changes) {
            (Standing::Open, "open") => assert_eq!(words, "-"),
            (Standing::Closed(why), "closed") => assert!(why.contains(words), "{row:?}: {why}"),
            (other, _) => panic!("{row:?}: {other:?}"),
        }
    }
}

/// The columns of a row by name.
trait EachOf {
    fn each_of<const N: usize>(&self) -> [&str; N];
}

impl EachOf for Vec<String> {
    fn each_of<const N: usize>(&self) -> [&str; N] {
        std::array::from_fn(|index| self[index].as_str())
    }
}
