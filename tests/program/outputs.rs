//! What a person is shown of a plan: harm first, rules counted, nothing beyond the width.

use sha2::{Digest as _, Sha256};

use super::run::{Desk, desk};
use super::spec::{backup, policy, world};
use super::stand::Stand;

/// No line is longer, but for one that consists of little else than an address.
#[track_caller]
fn keeps_to(width: usize, text: &str) {
    for line in text.lines() {
        let long = line.split_whitespace().any(|word| word.contains('@') && word.chars().count() > width / 2);
        assert!(long || line.chars().count() <= width, "{} columns: {line}\n{text}", line.chars().count());
    }
}

fn two_domains() -> Stand {
    let mut world = world(&[
        ("anna@example.com", &["im", "smtp"]),
        ("bob@example.com", &["im"]),
        ("carl@example.com", &[]),
        ("postmaster@example.com", &["sip"]),
    ]);
    world.add_domain("other.test", 0);
    for name in ["dora@other.test", "emil@other.test"] {
        world.add_account(name, "", 0);
        super::spec::put(&mut world, name, &["im"], "1");
    }
    Stand::of(world)
}

fn harmful(stand: &Stand) -> Desk {
    desk(
        stand,
        &[
            policy(
                "off",
                "scope: {domains: [example.com, other.test]}\nservices: {im: disabled, sip: disabled, smtp: disabled}",
            ),
            policy("on", "scope: {accounts: [carl@example.com]}\npriority: 5\nservices: {ftp: enabled}"),
            backup("keepDays: 3"),
        ],
    )
    .env("COLUMNS", "80")
}

#[test]
fn whom_a_plan_hits_is_told_before_its_changes_the_worst_first() {
    let stand = two_domains();
    let ran = harmful(&stand).plan(&[]).exits(3);
    keeps_to(80, &ran.out);
    let rows: Vec<String> = ran
        .out
        .lines()
        .skip_while(|line| !line.starts_with("Whom it hits"))
        .skip(1)
        .take_while(|line| !line.is_empty())
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(rows[0], "! mail smtp example.com -1 - 1", "{}", ran.out);
    assert_eq!(rows[1], "! protected sip example.com -1 - 1");
    assert_eq!(rows[2], "1 of those who lose it is protected");
    assert!(rows[3].starts_with("! backup keepDays"), "{rows:?}");
    assert_eq!(rows[4..6], ["- loss im example.com -2 - 2", "- loss im other.test -2 - 2"]);
    assert_eq!(rows[6], "+ gain ftp example.com - +1 0");
    let at = |text: &str| ran.out.find(text).unwrap_or_else(|| panic!("no {text} in {}", ran.out));
    assert!(at("Seats ") < at("Whom it hits") && at("Whom it hits") < at("- release"), "{}", ran.out);
}

#[test]
fn the_same_harm_is_in_the_json() {
    let stand = two_domains();
    let plan = harmful(&stand).planned(3, &[]);
    let rows = plan["harm"].as_array().expect("rows");
    let kinds: Vec<&str> = rows.iter().filter_map(|row| row["kind"].as_str()).collect();
    assert_eq!(kinds, ["mail", "protected", "backup", "loss", "loss", "gain"]);
    assert_eq!(rows[1]["protected"], 1);
    assert_eq!((&rows[3]["losing"], &rows[3]["having"]), (&2.into(), &2.into()));
}

/// A hundred accounts in each of ten domains.
fn large() -> Stand {
    let mut world = world(&[]);
    for domain in 0..10 {
        let name = format!("d{domain}.test");
        world.add_domain(&name, 0);
        for user in 0..100 {
            world.add_account(&format!("u{user:03}@{name}"), "", 0);
        }
    }
    world.set_product("SIP", Some(5000));
    Stand::of(world)
}

#[test]
fn a_large_plan_is_counted_by_rule_and_domain_and_full_shows_all() {
    let stand = large();
    let domains: Vec<String> = (0..10).map(|domain| format!("d{domain}.test")).collect();
    let scope = format!("scope: {{domains: [{}]}}\nservices: {{sip: enabled}}", domains.join(", "));
    let desk = desk(&stand, &[policy("phones", &scope)]).env("COLUMNS", "80");
    let ran = desk.plan(&[]).exits(2).says(&[
        "100 claims at d0.test",
        "… and 97 more (--full shows all)",
        "… and 400 claims at 4 more domains (--full shows all)",
        "Plan: 1000 claims, 0 releases, 0 settings.",
    ]);
    keeps_to(80, &ran.out);
    assert!(ran.out.lines().count() < 80, "{} lines\n{}", ran.out.lines().count(), ran.out);
    assert_eq!(ran.out.matches("+ claim").count(), 18);
    let full = desk.plan(&["--full"]).exits(2);
    assert_eq!(full.out.matches("+ claim").count(), 1000);
    assert!(!full.out.contains("--full"), "nothing is hidden");
    let counts = &desk.planned(2, &[])["changes"][0];
    assert_eq!((&counts["count"], counts["domains"].as_array().map(Vec::len)), (&1000.into(), Some(10)));
}

/// A plan as the format 1.0 had it, sealed as it was then.
#[test]
fn a_plan_saved_in_the_form_before_is_still_applied() {
    let stand = Stand::of(world(&[("anna@example.com", &[])]));
    let claim = policy("a", "scope: {accounts: [anna@example.com]}\nservices: {im: enabled}");
    let desk = desk(&stand, &[claim]);
    desk.save(2, &[]);
    let mut plan: serde_json::Value = serde_json::from_str(&desk.read("plan.json")).expect("JSON");
    assert_eq!(plan["format_version"], "1.3");
    plan["format_version"] = "1.0".into();
    for new in ["harm", "changes", "obstacles", "licence"] {
        let fields = plan["servers"][0].as_object_mut().expect("an object");
        assert!(fields.shift_remove(new).is_some(), "{new} is new");
    }
    for new in ["folder", "seal"] {
        assert!(plan.as_object_mut().expect("an object").shift_remove(new).is_some(), "{new} is in it");
    }
    let sum = Sha256::new_with_prefix("icewarden plan 1\n").chain_update(plan.to_string()).finalize();
    plan["seal"] = sum.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into();
    desk.write("plan.json", &plan.to_string());
    desk.apply_saved().exits(0);
    assert!(stand.is_on("anna@example.com", "im"));
}

#[test]
fn sentences_long_names_and_titles_keep_to_the_width_too() {
    let mut world = world(&[("anna@example.com", &["im"])]);
    world.set_product("A Product Whose Name Is Longer Than Any Column Of A Table", Some(5));
    let stand = Stand::of(world);
    let held = policy(
        "a-policy-with-a-long-name-that-somebody-gave-it",
        "scope: {groups: [a-group-with-a-long-name-of-its-own-that-nobody-made@example.com]}\nservices: {im: disabled}",
    );
    let name = "a-server-whose-name-is-as-long-as-a-sentence";
    let spec = super::spec::whole(&stand, "", &[held]).replace("name: eu", &format!("name: {name}"));
    let spec = spec.replace("server: eu", &format!("server: {name}"));
    let other =
        super::spec::server("us", "http://127.0.0.1:1/icewarpapi/", "").replace("82811415-", "22811415-");
    let desk = Desk::with(&format!("{spec}---\n{other}")).env("COLUMNS", "80");
    let ran = desk.plan(&["--out", "plan.json"]).exits(69).says(&["a-server-…a-sentence", "! held policy"]);
    for text in [&ran.out, &ran.err] {
        keeps_to(80, text);
    }
    let ran = desk.apply(&[]).exits(69);
    keeps_to(80, &ran.err);
    assert!(ran.err.contains("error: us: the server is not reached"), "{}", ran.err);
}

#[test]
fn a_plan_says_its_sum_first_and_each_rule_stands_out() {
    let stand = two_domains();
    let desk = harmful(&stand);
    let ran = desk.icewarden(&["--color", "always", "plan", "spec"]).exits(3);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines[1], "Plan: 1 claim, 6 releases, 1 setting.", "{}", ran.out);
    let last = lines.iter().rfind(|line| !line.is_empty()).expect("a line");
    assert!(last.starts_with("Plan: 1 claim, 6 releases, 1 setting. Effects "), "{last}");
    let heads: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].contains(" · off: everyone")).collect();
    assert_eq!(heads.len(), 3, "{}", ran.out);
    for head in heads {
        assert!(lines[head].starts_with("\u{1b}[1m"), "not bold: {}", lines[head]);
        assert_eq!(lines[head - 1], "", "a blank line stands before {}", lines[head]);
    }
    let idle = self::desk(&stand, &[]).plan(&[]).exits(0);
    assert_eq!(idle.out.matches("eu: nothing to do.").count(), 1, "a short plan says it once: {}", idle.out);
    assert!(!idle.out.contains("Plan:"), "{}", idle.out);
}

#[test]
fn heads_of_findings_and_their_remedies_break_at_words() {
    let name = "a-policy-whose-name-is-long";
    let spec = (0..2).map(|_| policy(name, "scope: {domains: [example.com]}\nservices: {im: enabled}"));
    let spec: Vec<String> =
        spec.chain([super::spec::license("orderId: [1]"), "kind: Nothing\n".into()]).collect();
    let ran = Desk::with(&spec.join("---\n")).env("COLUMNS", "60").icewarden(&["validate", "spec"]).exits(65);
    let heads: Vec<&str> = ran.err.lines().filter(|line| line.starts_with("error[")).collect();
    assert!(heads.len() >= 3, "{}", ran.err);
    for line in ran.err.lines() {
        assert!(line.chars().count() <= 80, "{line}\n{}", ran.err);
    }
    let words: Vec<&str> = ran.err.split_whitespace().collect();
    assert!(
        words.contains(&name) || ran.err.contains(&format!("`{name}`")),
        "no name is broken: {}",
        ran.err
    );
}

/// More accounts than four digits hold.
#[test]
fn large_numbers_are_grouped_in_tables_for_people() {
    let mut world = world(&[]);
    for user in 0..10_050 {
        world.add_account(&format!("u{user:05}@example.com"), "", 0);
    }
    world.set_product("SIP", Some(20_000));
    let stand = Stand::of(world);
    let desk = desk(&stand, &[policy("a", "scope: {domains: [example.com]}\nservices: {sip: enabled}")]);
    let ran = desk.env("COLUMNS", "80").plan(&[]).exits(2).says(&[
        "Plan: 10,051 claims, 0 releases, 0 settings.",
        "10,051 claims of sip · a: everyone in scope: enabled",
        "+10,051",
        "20,000",
    ]);
    keeps_to(80, &ran.out);
    let seats: Vec<&str> = ran.out.lines().skip_while(|line| !line.starts_with("Seats")).take(2).collect();
    assert_eq!(
        seats[0].chars().count(),
        seats[1].chars().count(),
        "columns stand below their heads: {seats:?}"
    );
}
