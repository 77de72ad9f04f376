//! Whatever the bytes are: findings or a spec, never a panic; and every finding can be shown.

use icewarden::report::Colour;
use icewarden::report::findings::text;
use icewarden::spec::parse;
use proptest::prelude::*;

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
