//! Wrong specs: each finding has its code, its place, its words and its help; and what a schema can hold, the
//! schema in the repository refuses too.

use icewarden::model::{Finding, Remedy, Severity};
use icewarden::report::remedy;

use super::mistakes_table::TABLE;
use super::schema::{documents, validator};
use super::{read, source};

/// Who refuses a wrong spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// The JSON Schema refuses it too, so an editor shows it.
    Schema,
    /// A schema cannot say it: it needs two documents, two fields, a calendar, or the text before it was typed.
    Program,
    /// It is no document that a schema could be asked about.
    Yaml,
}

/// A wrong spec. `«` in the text marks where the findings must stand, in this order.
pub struct Case {
    pub what: &'static str,
    pub text: &'static str,
    pub held: Held,
    /// Code, a part of the message, a part of the help.
    pub found: &'static [(&'static str, &'static str, &'static str)],
}

/// What stands around a case's text, chosen by its first line.
fn whole(text: &str) -> String {
    const SERVER: &str = "apiVersion: icewarden.dev/v1\nkind: Server\nmetadata: {name: eu}\nspec:\n  connection:\n    \
        rpc: {url: http://127.0.0.1:8090/, account: admin@example.com, password: {env: PASSWORD}}\n";
    let head =
        |kind: &str| format!("apiVersion: icewarden.dev/v1\nkind: {kind}\nmetadata: {{name: x}}\nspec:\n");
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    match first {
        "#server" => format!("{SERVER}{rest}"),
        "#policy" => format!(
            "{}  server: eu\n  scope: {{domains: [example.com]}}\n{rest}---\n{SERVER}",
            head("ServicePolicy")
        ),
        "#scope" => format!("{}  server: eu\n{rest}---\n{SERVER}", head("ServicePolicy")),
        "#license" => format!("{}  server: eu\n{rest}---\n{SERVER}", head("License")),
        "#backup" => format!("{}  server: eu\n{rest}---\n{SERVER}", head("BackupPolicy")),
        "#manual" => {
            format!(
                "{}  server: eu\n{rest}---\n{SERVER}  excludeLicenseSense: manual\n",
                head("BackupPolicy")
            )
        }
        "#beside" => format!("{SERVER}---\n{rest}"),
        _ => text.to_string(),
    }
}

/// The text without its marks, and the line and column of each.
pub fn unmarked(text: &str) -> (String, Vec<(u32, u32)>) {
    let (mut plain, mut marks, mut line, mut column) = (String::new(), Vec::new(), 1, 1);
    for c in whole(text).chars() {
        match c {
            '«' => marks.push((line, column)),
            '\n' => {
                plain.push(c);
                (line, column) = (line + 1, 1);
            }
            c => {
                plain.push(c);
                column += 1;
            }
        }
    }
    (plain, marks)
}

fn help(finding: &Finding) -> String {
    finding.remedy.as_ref().map(remedy::text).unwrap_or_default()
}

#[test]
fn every_mistake_is_found_where_it_stands() {
    let mut wrong = Vec::new();
    for case in TABLE {
        let (text, marks) = unmarked(case.text);
        let findings = read(&text).err().unwrap_or_default();
        let found: Vec<_> = findings
            .iter()
            .map(|finding| {
                let place = finding.places.first().map(|(place, _)| (place.line, place.column));
                (place, finding.code, finding.message.as_str(), help(finding))
            })
            .collect();
        let met = found.len() == case.found.len()
            && found.len() == marks.len()
            && found.iter().zip(case.found).zip(&marks).all(|((found, expected), mark)| {
                found.0 == Some(*mark)
                    && found.1 == expected.0
                    && found.2.contains(expected.1)
                    && found.3.contains(expected.2)
            });
        if !met {
            wrong
                .push(format!("{}\n  expected {marks:?} {:?}\n  found    {found:#?}", case.what, case.found));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), TABLE.len(), wrong.join("\n"));
}

#[test]
fn the_table_has_sixty_cases_and_every_finding_says_what_to_do() {
    assert!(TABLE.len() >= 60, "{}", TABLE.len());
    for case in TABLE {
        for finding in read(&unmarked(case.text).0).err().unwrap_or_default() {
            assert!(finding.remedy.is_some(), "{}: {finding:?}", case.what);
            assert!(!finding.message.ends_with('.'), "{}: {finding:?}", case.what);
            assert_ne!(finding.code, "internal", "{}: {finding:?}", case.what);
        }
    }
}

#[test]
fn the_schema_refuses_what_a_schema_can_refuse() {
    let validator = validator();
    for case in TABLE {
        let text = unmarked(case.text).0;
        let refused = match case.held {
            Held::Yaml => continue,
            _ => documents(&text).iter().any(|document| !validator.is_valid(document)),
        };
        assert_eq!(refused, case.held == Held::Schema, "{}: held {:?}", case.what, case.held);
    }
}

#[test]
fn mistakes_of_several_files_are_reported_together_and_in_order() {
    let wrong =
        "apiVersion: icewarden.dev/v1\nkind: License\nmetadata: {name: a}\nspec: {server: eu, orderid: 1}\n";
    let sources =
        [source("b.yaml", wrong), source("a.yaml", "kind: [\n"), source("c.yaml", "kind: Nothing\n")];
    let findings = icewarden::spec::parse(&sources).expect_err("all three are wrong");
    let places: Vec<String> = findings.iter().map(|finding| finding.places[0].0.to_string()).collect();
    assert_eq!(places, ["a.yaml:1:7", "b.yaml:4:16", "b.yaml:4:20", "c.yaml:1:7"]);
    assert!(findings.iter().all(|finding| finding.severity == Severity::Error));
    assert_eq!(findings[2].remedy, Some(Remedy::DidYouMean("orderId".into())));
}
