//! How findings look, and what they never show.

use icewarden::model::{Finding, Remedy};
use icewarden::report::Colour;
use icewarden::report::findings::{summary, text};
use icewarden::spec::parse;

use super::source;

fn shown(written: &str, colour: Colour) -> String {
    let sources = [source("demo/spec.yaml", written)];
    let findings = parse(&sources).expect_err("it is wrong");
    text(&findings, &sources, colour, 80)
}

#[test]
fn a_finding_names_place_line_and_next_act() {
    let written = "apiVersion: icewarden.dev/v1\nkind: Licence\n";
    let expected = "\
error[unknown-kind]: there is no kind `Licence`
 --> demo/spec.yaml:2:7
  |
2 | kind: Licence
  |       ^^^^^^^
  |
  = help: did you mean `License`?

1 error in 1 file
";
    assert_eq!(shown(written, Colour::Never), expected);
}

#[test]
fn a_conflict_shows_both_places() {
    let written =
        "apiVersion: icewarden.dev/v1\nkind: Server\nmetadata: {name: eu}\nkind: Server\nspec: {}\n";
    let shown = shown(written, Colour::Never);
    assert!(shown.contains("--> demo/spec.yaml:4:1") && shown.contains("::: demo/spec.yaml:2:1"), "{shown}");
    assert!(shown.contains("first here"), "{shown}");
}

#[test]
fn colour_is_an_argument() {
    let written = "kind: Licence\n";
    assert!(!shown(written, Colour::Never).contains('\u{1b}'));
    let coloured = shown(written, Colour::Always);
    assert!(coloured.contains('\u{1b}'));
    assert!(!coloured.contains("::: \n"), "{coloured}");
}

#[test]
fn a_finding_without_a_place_is_shown_too() {
    let findings = [
        Finding::error("seats", "the plan needs 52 seats")
            .remedy(Remedy::Seats { module: "sip".into(), more: 2 }),
        Finding::warning("skew", "the server counts otherwise"),
        Finding::info("note", "nothing else"),
    ];
    let shown = text(&findings, &[], Colour::Never, 80);
    assert!(shown.contains("error[seats]: the plan needs 52 seats"), "{shown}");
    assert!(shown.contains("help: get 2 more seats of sip"), "{shown}");
    assert!(shown.contains("warning[skew]") && shown.contains("info[note]"), "{shown}");
    assert_eq!(summary(&findings), "1 error, 1 warning, 1 remark");
    assert_eq!(text(&[], &[], Colour::Never, 80), "");
}

#[test]
fn a_long_line_is_cut_and_the_mark_stays_in_it() {
    let written = format!(
        "kind: License\n# {0}\napiVersion: icewarden.dev/v1\nmetadata: {{labels: {{a: {0}, b: ~, c: {0}}}, name: x}}\nspec: {{server: x}}\n",
        "x".repeat(5_000)
    );
    let shown = shown(&written, Colour::Never);
    assert!(shown.lines().all(|line| line.chars().count() <= 100), "{shown}");
    assert!(shown.contains("b: ~, c:") && shown.contains(":4:5029"), "{shown}");
}

#[test]
fn a_secret_is_never_shown() {
    let head = "apiVersion: icewarden.dev/v1\nkind: Server\nmetadata: {name: eu}\nspec:\n  connection:\n    rpc:\n      url: http://a.test/\n      account: a@a.test\n";
    let backup =
        "apiVersion: icewarden.dev/v1\nkind: BackupPolicy\nmetadata: {name: n}\nspec:\n  server: eu\n";
    for (head, body) in [
        (head, "      password: hunter2\n"),
        (head, "      password: 'hunter2'\n"),
        (head, "      password: [hunter2]\n"),
        (head, "      password: {hunter2: x}\n"),
        (head, "      password: {hunter2}\n"),
        (head, "      password: {value: hunter2}\n"),
        (head, "      password:\n        value: hunter2\n"),
        (head, "      password:\n        hunter2\n"),
        (head, "      password: |\n        hunter2\n"),
        (head, "      password: |\n        x\n        hunter2: y\n      account: b@b.test\n"),
        (head, "      password: >-\n        hunter2\n"),
        (head, "      password: {env: hunter2 x}\n"),
        (head, "      password: {env: [hunter2]}\n"),
        (head, "      password: {env: A, hunter2: y}\n"),
        (head, "      pasword: hunter2\n"),
        (head, "      password: hunter2: x\n"),
        (head, "      password: \"hunter2\n"),
        (head, "      \"password\": hunter2: x\n"),
        (head, "      password: {value: hunter2: x\n"),
        (head, "      password:\n        hunter2: x: y\n"),
        (head, "      password:\n        \"hunter2\n"),
        (head, "      password: {\n        hunter2 x: [\n"),
        (head, "      password: {\n        hunter2: x: y\n"),
        (head, "      password: |\n        x\n       hunter2\n      other: [\n"),
        (head, "      password: !!binary hunter2\n"),
        (head, "      password: &p hunter2\n"),
        (head, "      password: {env: A}\n      password: hunter2\n"),
        (head, "      url: https://joe:hunter2@a.test/\n      password: {env: A}\n"),
        (head, "      password: {env: A}\n  note: {url: 'https://joe:hunter2@a.test/'}\n"),
        (head, "      password: {env: A}\n    password: hunter2\n  password: hunter2\n"),
        (backup, "  password: hunter2\n"),
        (backup, "  archive: {password: hunter2, enabled: maybe}\n"),
        (backup, "  databases: {accounts: {target: a;b;hunter2;c, enabled: maybe}}\n"),
        (backup, "  databases:\n    accounts:\n      target: a;b;hunter2;c: d\n"),
        (backup, "  databases: {accounts: {targt: a;b;hunter2;c}}\n"),
    ] {
        let written = format!("{head}{body}");
        let sources = [source("s.yaml", &written)];
        let findings = parse(&sources).expect_err(body);
        for colour in [Colour::Never, Colour::Always] {
            let shown = text(&findings, &sources, colour, 80);
            assert!(!shown.contains("hunter2"), "{body}\n{shown}");
        }
        assert!(
            findings.iter().all(|finding| !format!("{finding:?}").contains("hunter2")),
            "{body}\n{findings:?}"
        );
    }
}
