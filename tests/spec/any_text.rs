//! Whatever the bytes are: findings or a spec, never a panic; and every finding can be shown.

use icewarden::model::Severity;
use icewarden::report::Colour;
use icewarden::report::findings::text;
use icewarden::spec::parse;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::schema::{documents, validator};
use super::source;

fn judge(written: &str) {
    let sources = [source("any.yaml", written)];
    if let Err(findings) = parse(&sources) {
        assert!(!findings.is_empty());
        for finding in &findings {
            assert_ne!(finding.code, "internal", "{finding:?}");
        }
        let shown = text(&findings, &sources, Colour::Always, 60);
        assert!(shown.contains("error"));
    }
}

fn example() -> String {
    ["server", "license", "backup", "policies"]
        .map(|name| {
            std::fs::read_to_string(format!("examples/demo/{name}.yaml")).expect("the example is there")
        })
        .join("---\n")
}

/// What only the program finds; see `schema` for why.
const BEYOND_THE_SCHEMA: [&str; 19] = [
    "syntax",
    "duplicate-key",
    "anchor",
    "merge-key",
    "tag",
    "complex-key",
    "no-document",
    "duplicate-name",
    "conflict",
    "unknown-server",
    "license-in-backup",
    "keep-free",
    "duplicate-module",
    "service-not-module",
    "duplicate-exception",
    "bad-date",
    "bad-url",
    "hidden-character",
    "wrong-type",
];

/// Program and schema agree on a text: what the program takes the schema takes, and what only the program refuses
/// is of a kind that no schema can hold.
fn agree(text: &str, validator: &jsonschema::Validator) {
    let taken = documents(text).iter().all(|document| validator.is_valid(document));
    match super::read(text) {
        Ok(_) => assert!(taken, "only the schema refuses:\n{text}"),
        Err(findings) if taken => {
            for finding in findings.iter().filter(|finding| finding.severity == Severity::Error) {
                assert!(
                    BEYOND_THE_SCHEMA.contains(&finding.code),
                    "only the program refuses: {finding:?}\n{text}"
                );
            }
        }
        Err(_) => {}
    }
}

/// Words to put in the place of others: keys of other places, values of other types, forms that look alike.
const WORDS: &[&str] = &[
    "true",
    "false",
    "on",
    "null",
    "~",
    "''",
    "12",
    "-3",
    "0012",
    "1e3",
    "4.5",
    "x",
    "a@b.test",
    "*@b.test",
    "*",
    "b?b",
    "{}",
    "[]",
    "[x]",
    "{x: y}",
    "enabled",
    "disabled",
    "leave",
    "keep",
    "wait",
    "manual",
    "included",
    "im",
    "smtp",
    "spec",
    "server",
    "name",
    "labels",
    "password",
    "passwrd",
    "enable",
    "scope",
    "except",
    "2027-03-31",
    "'12'",
    "\"a b\"",
    "http://b.test",
    "eu",
    "License",
    "[a@b.test]",
    "{domains: [b.test]}",
    "{env: A}",
    "{env: A, file: b}",
    "é",
    "a/b",
    "@b.test",
];

/// The example with one word put in the place of another.
fn exchanged(text: &str, at: usize, word: &str) -> String {
    let is_word = |c: char| !c.is_whitespace() && !"{}[],:#\"".contains(c);
    let mut ranges: Vec<std::ops::Range<usize>> = Vec::new();
    for (position, c) in text.char_indices().filter(|(_, c)| is_word(*c)) {
        match ranges.last_mut() {
            Some(range) if range.end == position => range.end = position + c.len_utf8(),
            _ => ranges.push(position..position + c.len_utf8()),
        }
    }
    let range = ranges[at % ranges.len()].clone();
    format!("{}{word}{}", &text[..range.start], &text[range.end..])
}

#[test]
fn program_and_schema_agree_whatever_word_is_exchanged() {
    let (validator, example) = (validator(), without_comments(&example()));
    agree(&example, &validator);
    let mut runner = TestRunner::new(Config { cases: 300, failure_persistence: None, ..Config::default() });
    let strategy = (0usize..400, proptest::sample::select(WORDS));
    let outcome = runner.run(&strategy, |(at, word)| {
        agree(&exchanged(&example, at, word), &validator);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

fn without_comments(text: &str) -> String {
    text.lines()
        .map(|line| line.split(" #").next().unwrap_or_default())
        .filter(|line| !line.starts_with('#'))
        .fold(String::new(), |text, line| text + line + "\n")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        judge(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_yaml_like_text(words in proptest::collection::vec(
        prop_oneof![
            Just("\n"), Just("  "), Just("- "), Just(": "), Just("{"), Just("}"), Just("["), Just("]"), Just(","),
            Just("spec"), Just("kind"), Just("Server"), Just("&a "), Just("*a"), Just("!!str "), Just("? "), Just("|\n"),
            Just("'"), Just("\""), Just("#"), Just("---\n"), Just("...\n"), Just("password: "), Just("é"), Just("\u{feff}"),
            Just("apiVersion: icewarden.dev/v1\n"), Just("\r\n"), Just("\t"), Just("<<"), Just("%YAML 1.2\n"),
        ], 0..60)) {
        judge(&words.concat());
    }

    #[test]
    fn the_example_with_a_piece_cut_out_or_moved(from in 0usize..3000, length in 0usize..60, to in 0usize..3000) {
        let mut characters: Vec<char> = example().chars().collect();
        let from = from.min(characters.len());
        let end = (from + length).min(characters.len());
        let piece: Vec<char> = characters.drain(from..end).collect();
        judge(&characters.iter().collect::<String>());
        let to = to.min(characters.len());
        characters.splice(to..to, piece);
        judge(&characters.iter().collect::<String>());
    }
}
