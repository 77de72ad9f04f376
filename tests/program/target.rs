//! `--target` and `--exclude`: a plan of some addresses is a whole plan of those, says that it is narrowed, and a
//! pattern that means nothing stops it.

use serde_json::Value;

use super::run::{Desk, desk, steps};
use super::spec::{REFERENCE, backup, group, policy, put, server, world};
use super::stand::Stand;

/// One phone seat for two, chat for everybody, and a backup that keeps more days.
fn start() -> (Stand, Desk) {
    let mut world =
        world(&[("anna@example.com", &[]), ("bob@example.com", &[]), ("carl@example.com", &["im"])]);
    world.set_product("ActiveSync", Some(1));
    let stand = Stand::of(world);
    let documents = [
        policy("chat", "scope: {domains: [example.com]}\nservices: {im: enabled}"),
        policy(
            "phones",
            "scope: {accounts: [anna@example.com, bob@example.com]}\nservices: {activesync: enabled}",
        ),
        backup("keepDays: 90"),
    ];
    let desk = desk(&stand, &documents);
    (stand, desk)
}

#[test]
fn seats_go_to_whom_the_narrowed_plan_is_of_and_the_rest_is_counted() {
    let (stand, desk) = start();
    let whole = desk.planned(3, &[]);
    assert!(steps(&whole).contains(&"claim anna@example.com/activesync".to_owned()), "{whole:#}");
    let args = ["--target", "EU/bob@*", "--target", "eu/backup/*", "--exclude", "*/im"];
    let narrowed = desk.planned(2, &args);
    assert_eq!(steps(&narrowed), ["claim bob@example.com/activesync", "change backup/keepDays"]);
    // Anna's phone, and the chat of all that lack it.
    assert_eq!(narrowed["left_out"], 4, "{narrowed:#}");
    assert_eq!(whole["left_out"], Value::Null);
    assert_eq!(whole["unmanaged"], narrowed["unmanaged"], "what policies speak of stays as it is");
    let words = ["Narrowed: 4 changes left out by --target or --exclude. This is not the whole plan."];
    desk.plan(&args).exits(2).says(&words);
    desk.apply(&args).exits(0).says(&words).says(&["2 of 2 steps done", "narrowed: 4 changes left out"]);
    assert!(stand.is_on("bob@example.com", "activesync") && !stand.is_on("bob@example.com", "im"));
    assert!(!stand.is_on("anna@example.com", "activesync"));
    assert_eq!(stand.writes(), 2);
    desk.plan(&args).exits(0).says(&["eu: nothing to do within the narrowed plan."]);
    desk.plan(&[]).exits(3).says(&["no ActiveSync seat is left"]);
}

#[test]
fn a_saved_plan_carries_its_patterns_and_takes_no_others() {
    let (stand, desk) = start();
    desk.save(2, &["--target", "eu/bob@*/activesync", "--exclude", "eu/anna@*"]);
    let saved: Value = serde_json::from_str(&desk.read("plan.json")).expect("JSON");
    assert_eq!(saved["format_version"], "1.3");
    assert_eq!(saved["narrowed"]["targets"][0], "eu/bob@*/activesync");
    for option in ["--target", "--exclude"] {
        desk.icewarden(&["apply", "plan.json", "--auto-approve", option, "eu/*"])
            .exits(64)
            .says(&[&format!("{option} does not go with a saved plan")]);
    }
    // What else changed does not matter, and neither does that an excluded account is gone meanwhile.
    {
        let mut world = stand.world();
        super::stand::remove(&mut world, "anna@example.com");
        put(&mut world, "carl@example.com", &["im"], "0");
    }
    desk.apply_saved().exits(0).says(&["1 of 1 steps done"]);
    assert_eq!(stand.writes(), 1 + 1, "the removal, and the one step");
}

#[test]
fn a_pattern_that_means_nothing_is_a_usage_error_and_nothing_is_changed() {
    let (stand, desk) = start();
    for (option, pattern, before_any_call, words) in [
        ("--exclude", "eu/bbo@example.com/*", false, "did you mean eu/bob@example.com/*?"),
        ("--target", "eu/bob@example.com/imm", false, "did you mean eu/bob@example.com/im?"),
        ("--target", "eu/backup/keepDay", false, "did you mean eu/backup/keepDays?"),
        ("--target", "*/nobody-like-this/*", false, "matches nothing on eu"),
        ("--target", "ue/*", true, "the spec has no server `ue`"),
        ("--target", "bob@example.com", true, "write '*/bob@example.com/*'"),
        ("--exclude", "eu/[", true, "this is no glob"),
    ] {
        let calls = stand.commands().len();
        desk.plan(&[option, pattern, "--out", "plan.json"]).exits(64).says(&[words]);
        desk.apply(&[option, pattern]).exits(64).says(&[words]);
        assert_eq!(stand.commands().len() == calls, before_any_call, "{pattern}");
        assert!(!desk.path("plan.json").exists(), "{pattern}");
    }
    assert_eq!(stand.writes(), 0);
}

#[test]
fn a_pattern_over_several_servers_must_match_only_where_it_names_one() {
    let (eu, us) =
        (Stand::of(world(&[("anna@example.com", &[])])), Stand::of(world(&[("bob@example.com", &[])])));
    let chat = |server: &str| {
        policy(&format!("chat-{server}"), "scope: {domains: [example.com]}\nservices: {im: enabled}")
            .replace("server: eu", &format!("server: {server}"))
    };
    let other = "22811415-0DC1291E-05492B82-877710E7-MW-";
    assert!(us.world().set_server_variable("C_Reference", other));
    let second = server("us", &us.url, "").replace(REFERENCE, other);
    let spec = [server("eu", &eu.url, ""), second, chat("eu"), chat("us")].join("---\n");
    let desk = Desk::with(&spec);
    desk.apply(&["--target", "*/anna@example.com/*"])
        .exits(0)
        .says(&["warning: --target */anna@example.com/* matches nothing on us"]);
    assert!(eu.is_on("anna@example.com", "im") && !us.is_on("bob@example.com", "im"));
    desk.plan(&["--exclude", "us/anna@example.com/*"]).exits(64).says(&["matches nothing on us"]);
    desk.plan(&["--target", "us/*"]).exits(2).says(&["eu: nothing to do within the narrowed plan."]);
}

/// A policy that is held is no concern of a plan that leaves out all it might decide.
#[test]
fn guardrails_and_held_policies_hold_for_what_is_planned() {
    let users: Vec<String> = (0..30).map(|number| format!("user{number:02}@example.com")).collect();
    let services: [&str; 1] = ["im"];
    let rows: Vec<(&str, &[&str])> = users.iter().map(|user| (user.as_str(), services.as_slice())).collect();
    let mut world = world(&rows);
    group(&mut world, "empty@example.com", &[]);
    let stand = Stand::of(world);
    let documents = [
        policy("off", "scope: {accounts: ['user*@example.com']}\nservices: {im: disabled}"),
        policy(
            "phones",
            "scope: {domains: [example.com]}\nservices: {sip: {enable: {groups: [empty@example.com]}, others: leave}}",
        ),
    ];
    let desk = desk(&stand, &documents);
    desk.plan(&[]).exits(3).says(&["30 of the 30 accounts with im would lose it", "policy phones"]);
    let held =
        desk.plan(&["--target", "eu/user0*"]).exits(3).says(&["10 of the 30 accounts", "policy phones"]);
    assert!(held.out.contains("Narrowed: 20 changes"), "{}", held.out);
    let done = desk.apply(&["--target", "eu/user00@*/im"]).exits(0);
    assert!(!done.out.contains("policy phones"), "{}", done.out);
    assert_eq!(stand.writes(), 1);
}
