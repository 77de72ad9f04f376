//! What a program reads of a run while it goes on, and outputs in which no address is shown.

use serde_json::Value;

use super::run::{Desk, desk};
use super::spec::{backup, group, license, policy, server, whole, world};
use super::stand::{Stand, result};

const SCHEMA: &str = "schemas/events.schema.json";

/// Every line, each valid by the schema and of this version.
#[track_caller]
fn lines(text: &str) -> Vec<Value> {
    let schema = serde_json::from_str(&std::fs::read_to_string(SCHEMA).expect("the schema")).expect("JSON");
    let validator = jsonschema::draft7::new(&schema).expect("draft 7");
    let line = |line: &str| {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let faults: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(faults.is_empty(), "{faults:?}: {line}");
        assert_eq!(value["format"], "icewarden.events/1");
        value
    };
    text.lines().map(line).collect()
}

/// `EVENT` with what tells it from others.
fn told(lines: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let line = |line: &Value| match line["event"].as_str().expect("a word") {
        "run-started" => format!("started {} steps {}", text(&line["server"]), line["steps"]),
        "step-ended" => {
            format!("{} {} {}", text(&line["action"]), text(&line["address"]), text(&line["outcome"]))
        }
        "seats" => {
            format!("seats {} {} {}", text(&line["module"]), line["used_before"], line["used_after_max"])
        }
        "run-ended" => format!("ended {} exit {} done {}", text(&line["server"]), line["exit"], line["done"]),
        other => panic!("{other} is no event"),
    };
    lines.iter().map(line).collect()
}

fn documents() -> [String; 3] {
    [
        policy("off", "scope: {accounts: [anna@example.com]}\nservices: {im: disabled}"),
        policy("on", "scope: {accounts: [bob@example.com]}\nservices: {im: enabled}"),
        backup("keepDays: 30"),
    ]
}

fn im_full() -> Stand {
    let mut world = world(&[("anna@example.com", &["im"]), ("bob@example.com", &[])]);
    world.set_product("Instant Messaging", Some(1));
    Stand::of(world)
}

const ALLOW: [&str; 6] = ["--allow", "disable=1", "--allow", "backup=keepDays", "--reason", "a test"];

#[test]
fn a_run_is_told_step_by_step() {
    let stand = im_full();
    let desk = desk(&stand, &documents());
    let ran = desk.apply(&[&["--events", "run.ndjson"], ALLOW.as_slice()].concat()).exits(0);
    assert!(ran.out.contains("3 of 3 steps done"), "people are told too: {}", ran.out);
    let lines = lines(&desk.read("run.ndjson"));
    assert_eq!(
        told(&lines),
        [
            "started eu steps 3",
            "release eu/anna@example.com/im done",
            "claim eu/bob@example.com/im done",
            "change eu/backup/keepDays done",
            "seats instantmessaging 1 1",
            "seats mailserver 3 3",
            "ended eu exit 0 done 3",
        ]
    );
    assert_eq!((&lines[3]["before"], &lines[3]["after"]), (&"7".into(), &"30".into()));
    assert!(lines[6].get("remedy").is_none(), "nothing is left to do");
}

#[test]
fn what_failed_and_what_was_not_tried_is_told_with_its_reason() {
    let stand = im_full();
    stand.twist(|_, request| (request.command == "setaccountproperties").then(|| result("0")));
    let desk = desk(&stand, &documents()[..2]);
    let ran = desk.apply(&[&["--events", "-"], &ALLOW[..2], &ALLOW[4..]].concat()).exits(1);
    let lines = lines(&ran.out);
    assert_eq!(
        told(&lines),
        [
            "started eu steps 2",
            "release eu/anna@example.com/im refused",
            "claim eu/bob@example.com/im not-tried",
            "seats instantmessaging 1 1",
            "seats mailserver 3 3",
            "ended eu exit 1 done 0",
        ]
    );
    assert!(lines[1]["detail"].as_str().is_some_and(|why| why.contains("result 0")), "{}", lines[1]);
    assert!(lines[2]["detail"].as_str().is_some_and(|why| why.contains("seat")), "{}", lines[2]);
    assert!(lines[5]["remedy"].is_string(), "the next act");
    for words in ["Plan: 1 claim", "x refused", "0 of 2 steps done, 1 failed, 1 not tried", "next: run again"]
    {
        assert!(ran.err.contains(words), "standard error holds the words for people: {words}\n{}", ran.err);
    }
}

#[test]
fn every_server_has_an_end_whether_or_not_it_was_run() {
    let stand = im_full();
    let second = server("us", "http://127.0.0.1:1/icewarpapi/", "").replace("82811415-", "22811415-");
    let spec = [whole(&stand, "", &documents()[1..2]), second];
    let desk = Desk::with(&spec.join("---\n"));
    let ran = desk.apply(&["--events", "-"]).exits(69);
    let mut ends: Vec<String> =
        told(&lines(&ran.out)).into_iter().filter(|line| line.starts_with("ended")).collect();
    ends.sort();
    assert_eq!(ends, ["ended eu exit 3 done 0", "ended us exit 69 done 0"]);
    desk.apply(&["--events", "no/such/folder/run.ndjson"]).exits(1).says(&["the events", "--events"]);
}

#[test]
fn a_step_that_failed_is_explained_once_however_many_failed_like_it() {
    let users: Vec<String> = (0..60).map(|number| format!("u{number:02}@example.com")).collect();
    let mut world = world(&[]);
    users.iter().for_each(|user| world.add_account(user, "", 0));
    let stand = Stand::of(world);
    stand.twist(|_, request| (request.command == "setaccountproperties").then(|| result("0")));
    let claim = policy("on", "scope: {domains: [example.com]}\nservices: {sip: enabled}");
    let ran = desk(&stand, &[claim]).env("COLUMNS", "80").apply(&[]);
    let summary = ran.out.rsplit("Plan: ").next().expect("a summary");
    let times = |text: &str| summary.matches(text).count();
    assert_eq!((times("did not apply it"), times("x refused")), (1, 1), "{summary}");
    assert!(summary.contains("more (--full shows all)"), "{summary}");
    assert!(summary.lines().all(|line| line.chars().count() <= 80), "{summary}");
}

/// Addresses in every place that words can have: odd ones, groups, overrides, reasons, exceptions, overrides that
/// nobody needs, accounts that do not exist.
fn full_of_addresses() -> (Stand, Vec<String>, Vec<String>) {
    let mut world = world(&[
        ("anna@example.com", &["im", "smtp"]),
        ("bob@example.com", &["im"]),
        ("carl,the=first@example.com", &["im"]),
        ("dora/o'hara@example.com", &["im"]),
        ("(emil)@example.com", &[]),
        ("postmaster@example.com", &["im"]),
    ]);
    group(&mut world, "team@example.com", &["anna@example.com"]);
    group(&mut world, "nobody@example.com", &[]);
    world.set_product("SIP", Some(1));
    let documents = vec![
        policy(
            "off",
            "scope: {domains: [example.com]}\nservices: {im: disabled, smtp: disabled}\nexceptions:\n\
             - {account: bob@example.com, service: im, set: enabled, why: asked by anna@example.com}\n\
             - {account: ghost@example.com, service: im, set: enabled, until: 2026-01-01, why: gone}",
        ),
        policy("phones", "scope: {domains: [example.com]}\npriority: 3\nservices: {sip: enabled}"),
        policy("team", "scope: {groups: [team@example.com]}\npriority: 4\nservices: {ftp: enabled}"),
        policy("held", "scope: {groups: [nobody@example.com]}\npriority: 5\nservices: {webdav: enabled}"),
        license("orderId: EXAMPLE-0002"),
    ];
    let addresses = [
        "anna@example.com",
        "bob@example.com",
        "carl,the=first@example.com",
        "dora/o'hara@example.com",
        "(emil)@example.com",
        "postmaster@example.com",
        "team@example.com",
        "nobody@example.com",
        "ghost@example.com",
        "admin@example.com",
    ];
    (Stand::of(world), documents, addresses.map(str::to_owned).to_vec())
}

const KEY: &str = "a key of more than sixteen characters";

/// Every format of every command, with addresses shown in this way; the outputs in their order.
fn outputs(how: &str) -> (Vec<String>, Vec<String>) {
    let (stand, documents, addresses) = full_of_addresses();
    let desk = desk(&stand, &documents).env("ICEWARDEN_ADDRESS_KEY", KEY);
    let mut texts = Vec::new();
    let both = |ran: super::run::Ran| format!("{}\n{}", ran.out, ran.err);
    for more in [&["--full"][..], &["--format", "json"], &["--format", "markdown"], &["--color", "always"]] {
        texts.push(both(desk.plan(&[&["--addresses", how], more].concat()).exits(3)));
    }
    let allow = [
        "--allow",
        "disable=9",
        "--allow",
        "mail=9",
        "--allow",
        "protect=anna@example.com",
        "--allow",
        "protect=postmaster@example.com",
        "--allow",
        "shrink=held:0",
        "--reason",
        "asked by bob@example.com",
    ];
    let allowed = [&["--addresses", how], allow.as_slice()].concat();
    texts.push(both(desk.plan(&[allowed.as_slice(), &["--format", "json", "--out", "plan.json"]].concat())));
    stand.twist(|_, request| {
        let odd = request.command == "setaccountproperties" && request.body.contains("anna@");
        odd.then(|| result("0"))
    });
    texts.push(both(desk.icewarden(&[
        "apply",
        "plan.json",
        "--auto-approve",
        "--addresses",
        how,
        "--events",
        "run.ndjson",
    ])));
    texts.push(desk.read("run.ndjson"));
    texts.push(both(desk.icewarden(&["apply", "plan.json", "--auto-approve", "--addresses", how]).exits(4)));
    let saved = desk.read("plan.json");
    assert!(saved.contains("dora/o'hara@example.com"), "a saved plan is whole");
    (texts, addresses)
}

#[track_caller]
fn none_is_shown(texts: &[String], addresses: &[String]) {
    for (index, text) in texts.iter().enumerate() {
        for address in addresses {
            assert!(
                !text.to_lowercase().contains(address.as_str()),
                "{address} is in output {index}\n{text}"
            );
        }
        for local in ["anna", "bob", "carl", "o'hara", "emil", "ghost"] {
            // What an author writes as a name of its own is no address; here nothing of it is left.
            assert!(!text.contains(local), "`{local}` is in output {index}\n{text}");
        }
    }
}

#[test]
fn with_hash_no_address_is_in_any_output_and_each_has_one_name() {
    let (texts, addresses) = outputs("hash");
    none_is_shown(&texts, &addresses);
    let name = |text: &str| {
        let at = text.find("release eu/h-").unwrap_or_else(|| panic!("no step in\n{text}"));
        text[at + "release eu/".len()..].split('@').next().expect("a name").to_owned()
    };
    assert_eq!(
        name(&texts[0]),
        name(&texts[2].replace("- release", "release")),
        "the same in text and markdown"
    );
    assert!(texts.iter().any(|text| text.contains("the saved plan holds all addresses")));
}

#[test]
fn with_count_there_are_only_numbers() {
    let (texts, addresses) = outputs("count");
    none_is_shown(&texts, &addresses);
    let json: Value =
        serde_json::from_str(texts[1].split("\n\n").next().expect("JSON")).unwrap_or_else(|_| {
            let end = texts[1].rfind("\n}").expect("an end");
            serde_json::from_str(&texts[1][..end + 2]).expect("JSON")
        });
    assert_eq!(
        (&json["addresses"], &json["servers"][0]["steps"]),
        (&"count".into(), &Value::Array(Vec::new()))
    );
    assert!(json["servers"][0]["changes"][0]["count"].is_u64(), "the counts are there");
    assert!(texts[0].contains("at example.com") && !texts[2].contains("not shown here"), "{}", texts[0]);
}

#[test]
fn without_addresses_hidden_the_same_outputs_hold_them_all() {
    let (texts, addresses) = outputs("full");
    let all = texts.concat();
    for address in addresses.iter().filter(|address| !address.starts_with("team")) {
        assert!(all.contains(address.as_str()), "{address} is tried nowhere");
    }
}

#[test]
fn a_hash_needs_a_key_that_nobody_guesses() {
    let (stand, documents, _) = full_of_addresses();
    let spec = whole(&stand, "", &documents);
    let none = Desk::with(&spec);
    none.plan(&["--addresses", "hash"])
        .exits(64)
        .says(&["ICEWARDEN_ADDRESS_KEY is not set", "--addresses count"]);
    let short = Desk::with(&spec).env("ICEWARDEN_ADDRESS_KEY", "short");
    short.apply(&["--addresses", "hash"]).exits(64).says(&["ICEWARDEN_ADDRESS_KEY is too short"]);
    assert!(stand.commands().is_empty(), "nothing was asked");
    let names = |key: &str| {
        let desk = Desk::with(&spec).env("ICEWARDEN_ADDRESS_KEY", key);
        desk.plan(&["--addresses", "hash", "--format", "json"]).json()["servers"][0]["steps"][0]["account"]
            .clone()
    };
    assert_eq!(names(KEY), names(KEY));
    assert_ne!(names(KEY), names("another key of more than sixteen"));
}
