//! What is too much is refused at once, and what is much is read in linear time.

use std::fmt::Write;

use super::read;

fn codes(text: &str) -> Vec<&'static str> {
    read(text).expect_err("it is refused").iter().map(|finding| finding.code).collect()
}

#[test]
fn an_alias_bomb_is_one_finding() {
    let mut bomb = String::from("a0: &a0 x\n");
    for level in 1..50 {
        let before = level - 1;
        let _ = writeln!(
            bomb,
            "a{level}: &a{level} [*a{before}, *a{before}, *a{before}, *a{before}, *a{before}, *a{before}]"
        );
    }
    assert_eq!(codes(&bomb), ["missing-key", "anchor"]);
}

#[test]
fn a_hundred_thousand_levels_are_too_deep() {
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", "")] {
        let text = format!("{}x{}\n", open.repeat(100_000), close.repeat(100_000));
        let codes = codes(&text);
        assert!(codes == ["too-deep"] || codes == ["syntax"], "{open}: {codes:?}");
    }
    let mut text = String::new();
    for level in 0..2_000 {
        let _ = writeln!(text, "{}a:", " ".repeat(level));
    }
    assert_eq!(codes(&text), ["too-deep"]);
}

#[test]
fn sixty_levels_are_not_too_deep_to_be_judged() {
    let text = format!("{}x{}\n", "[".repeat(60), "]".repeat(60));
    assert_eq!(codes(&text), ["wrong-type"]);
}

/// At least `bytes` of policies with exceptions, as a large site writes them.
pub fn large(bytes: usize) -> String {
    let mut text = String::from(
        "apiVersion: icewarden.dev/v1\nkind: Server\nmetadata: {name: eu}\nspec:\n  connection:\n    rpc: {url: http://a.test/, account: a@a.test, password: {env: A}}\n",
    );
    let mut policy = 0;
    while text.len() < bytes {
        policy += 1;
        let _ = write!(
            text,
            "---\napiVersion: icewarden.dev/v1\nkind: ServicePolicy\nmetadata: {{name: p{policy}}}\nspec:\n  server: eu\n  scope: {{domains: [d{policy}.test]}}\n  services: {{im: enabled}}\n  exceptions:\n"
        );
        for account in 0..500 {
            let _ = writeln!(
                text,
                "    - {{account: user{account}@d{policy}.test, service: activesync, set: enabled, why: second phone}}"
            );
        }
    }
    text
}

#[test]
fn a_large_spec_is_read_whole() {
    let spec = read(&large(200_000)).unwrap_or_else(|findings| panic!("{findings:?}"));
    assert!(spec.servers[0].policies.iter().all(|policy| policy.exceptions.len() == 500));
}

#[test]
fn many_mistakes_in_one_long_line_are_found_and_shown_in_linear_time() {
    let text = format!(
        "apiVersion: icewarden.dev/v1\nkind: Server\nmetadata: {{name: a}}\nspec: {{{}}}\n",
        (0..400).fold(String::new(), |mut keys, n| {
            let _ = write!(keys, "key{n}: x, ");
            keys
        })
    );
    let findings = read(&text).expect_err("unknown keys");
    assert_eq!(findings.len(), 401);
    let sources = [super::source("spec.yaml", &text)];
    let shown = icewarden::report::findings::text(&findings, &sources, icewarden::report::Colour::Never, 80);
    assert!(shown.lines().all(|line| line.chars().count() < 200));
    assert!(shown.ends_with("401 errors in 1 file\n"));
}

#[test]
fn a_broken_file_beside_many_policies_costs_no_more_than_both() {
    let mut text = String::new();
    for policy in 0..200 {
        let _ = write!(
            text,
            "apiVersion: icewarden.dev/v1\nkind: ServicePolicy\nmetadata: {{name: p{policy}}}\nspec: {{server: s{policy}, scope: {{domains: [a.test]}}}}\n---\n"
        );
    }
    text.push_str("metadata:\n  name: s7\nspec: [\n");
    let codes = codes(&text);
    assert_eq!(
        codes.iter().filter(|code| **code == "unknown-server").count(),
        199,
        "s7 may be in the broken one"
    );
}
