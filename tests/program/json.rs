//! What another program reads: the plan as JSON, against its schema.

use jsonschema::Validator;
use serde_json::Value;

use super::run::{Desk, desk};
use super::spec::{backup, group, license, policy, server, whole, world};
use super::stand::Stand;

const PLAN: &str = "schemas/plan.schema.json";

fn validator() -> Validator {
    validator_of(PLAN)
}

fn validator_of(path: &str) -> Validator {
    let written = std::fs::read_to_string(path).expect("the schema is there");
    let schema = serde_json::from_str(&written).expect("a schema is JSON");
    jsonschema::draft7::new(&schema).expect("the schema is draft 7")
}

#[track_caller]
fn valid(plan: &Value) {
    valid_by(PLAN, plan);
}

#[track_caller]
fn valid_by(schema: &str, plan: &Value) {
    let faults: Vec<String> = validator_of(schema)
        .iter_errors(plan)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{faults:?}\n{plan:#}");
}

#[test]
fn the_schemas_in_the_repository_are_those_that_the_program_prints() {
    let stand = Stand::of(world(&[]));
    let desk = desk(&stand, &[]);
    for name in ["spec", "plan", "events", "validation", "history"] {
        let path = &format!("schemas/{name}.schema.json");
        let printed = desk.icewarden(&["schema", name]).exits(0).out;
        if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
            std::fs::write(path, &printed).expect("the schema can be written");
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(written == printed, "{path} is not what the program prints; run the tests with UPDATE=1");
        let schema = serde_json::from_str(&printed).expect("a schema is JSON");
        assert!(jsonschema::draft7::meta::is_valid(&schema), "{path} is draft 7");
    }
}

/// Changes of each kind, blocked claims, a held policy, findings, an exception; held back by a guardrail and not.
#[test]
fn every_plan_is_valid_by_its_schema() {
    let mut world = world(&[
        ("anna@example.com", &["im"]),
        ("bob@example.com", &["quarantine"]),
        ("carl@example.com", &[]),
    ]);
    world.set_product("ActiveSync", Some(1));
    world.set_product("CalDAV", Some(0));
    group(&mut world, "empty@example.com", &[]);
    let stand = Stand::of(world);
    let documents = [
        policy(
            "phones",
            "scope: {domains: [example.com]}\nservices: {activesync: enabled}\nexceptions:\n\
             - {account: anna@example.com, service: im, set: disabled, until: 2999-01-01, why: asked for}",
        ),
        policy(
            "mail",
            "scope: {accounts: [bob@example.com]}\nservices: {antispam: enabled, quarantine: disabled}",
        ),
        policy("held", "scope: {groups: [empty@example.com]}\nservices: {sip: enabled}"),
        license("orderId: EXAMPLE-0002\nexpect: {ftp: {seats: 5, keepFree: 1}}\nmoduleOf: {webdav: caldav}"),
        backup("keepDays: 3\nlogs: true\ndatabases: {antispam: {enabled: true, target: {env: DSN}}}"),
    ];
    let desk = desk(&stand, &documents).env("DSN", "x;u;s3cret;h;7;3");
    let held = desk.plan(&["--format", "json"]).exits(3).json();
    valid(&held);
    let of = |plan: &Value, list: &str| plan["servers"][0][list].as_array().expect("a list").len();
    for list in ["ledger", "steps", "blocked", "held_policies", "holds", "findings"] {
        assert!(of(&held, list) > 0, "{list} is not tried\n{held:#}");
    }
    let allow = ["--allow", "disable=1", "--allow", "backup=keepDays", "--reason", "a test"];
    let open =
        desk.plan(&[&["--format", "json", "--out", "plan.json"], allow.as_slice()].concat()).exits(3).json();
    valid(&open);
    assert_eq!(of(&open, "holds"), 0);
    let saved: Value = serde_json::from_str(&desk.read("plan.json")).expect("JSON");
    valid(&saved);
    assert!(saved["sources"].is_array() && saved["seal"].is_string());
    desk.apply(&allow).exits(3);
    valid(&desk.plan(&["--format", "json"]).json());
}

#[test]
fn a_server_that_failed_and_a_spec_that_does_not_hold_are_in_the_json_too() {
    let stand = Stand::of(world(&[("anna@example.com", &[])]));
    let two = |number: u8, word: &str| {
        policy(
            &format!("p{number}"),
            &format!("scope: {{accounts: [anna@example.com]}}\nservices: {{im: {word}}}"),
        )
    };
    let spec = [
        whole(&stand, "", &[two(1, "enabled"), two(2, "disabled")]),
        server("us", "http://127.0.0.1:1/icewarpapi/", "").replace("82811415-", "22811415-"),
    ];
    let ran = Desk::with(&spec.join("---\n")).plan(&["--format", "json"]).exits(69);
    let plan = ran.json();
    valid(&plan);
    for words in ["us: ", "127.0.0.1:1", "next:", "policy-conflict"] {
        assert!(ran.err.contains(words), "the log says why too: {}", ran.err);
    }
    let error = |index: usize| plan["servers"][index]["error"]["exit"].as_u64();
    assert_eq!([error(0), error(1)], [Some(65), Some(69)]);
    assert_eq!([&plan["servers"][0]["outcome"], &plan["servers"][1]["outcome"]], ["invalid", "failed"]);
    assert_eq!(plan["servers"][0]["findings"][0]["places"].as_array().map(Vec::len), Some(2), "both places");
    assert!(plan["servers"][1]["error"]["remedy"].is_string(), "the next act");
}

/// The schema is worth something only if it refuses: each loss of a required field, and a wrong type, is seen.
#[test]
fn what_is_no_plan_is_not_valid() {
    let stand = Stand::of(world(&[("anna@example.com", &[])]));
    let claim = policy("a", "scope: {accounts: [anna@example.com]}\nservices: {im: enabled}");
    let plan = desk(&stand, &[claim]).plan(&["--format", "json"]).exits(2).json();
    valid(&plan);
    for pointer in
        ["/format_version", "/servers", "/servers/0/steps", "/servers/0/steps/0/address", "/servers/0/counts"]
    {
        let (parent, key) = pointer.rsplit_once('/').expect("a parent");
        let mut lacking = plan.clone();
        let fields = lacking.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
        fields.remove(key);
        assert!(!validator().is_valid(&lacking), "{pointer} is missed");
        let mut wrong = plan.clone();
        *wrong.pointer_mut(pointer).expect("a value") = Value::Bool(true);
        assert!(!validator().is_valid(&wrong), "{pointer} has a type");
    }
}

/// The same inputs give the same bytes, but for the day.
#[test]
fn the_same_server_gives_the_same_plan() {
    let stand = Stand::of(world(&[("anna@example.com", &["im"]), ("bob@example.com", &[])]));
    let documents = [policy(
        "a",
        "scope: {domains: [example.com]}\nservices: {im: enabled, sip: enabled, webmail: enabled}",
    )];
    let desk = desk(&stand, &documents);
    let plan = || {
        let mut plan = desk.plan(&["--format", "json"]).exits(2).json();
        plan["created"] = Value::Null;
        plan.to_string()
    };
    let first = plan();
    assert!((0..3).all(|_| plan() == first));
}

const VALIDATION: &str = "schemas/validation.schema.json";
const HISTORY: &str = "schemas/history.schema.json";

#[test]
fn what_validate_and_history_tell_is_valid_by_their_schemas() {
    let stand = Stand::of(world(&[("anna@example.com", &["im"])]));
    let documents = [
        policy("a", "scope: {accounts: [anna@example.com]}\nservices: {im: disabled, sip: enabled}"),
        backup("databases: {antispam: {enabled: true, target: {env: DSN}}}"),
    ];
    let desk = desk(&stand, &documents).env("DSN", "x;u;s3cret;h;7;3");
    let json = ["--format", "json"];
    let told = |words: &[&str]| desk.icewarden(&[words, &json].concat());
    let good = told(&["validate", "spec"]).exits(0).json();
    valid_by(VALIDATION, &good);
    assert_eq!((&good["format_version"], &good["valid"]), (&"1.0".into(), &true.into()));
    let bad = Desk::with("nonsense: [").icewarden(&["validate", "spec", "--format", "json"]).exits(65).json();
    valid_by(VALIDATION, &bad);
    assert!(bad["valid"] == false && !bad["findings"].as_array().expect("findings").is_empty());

    let none = told(&["history"]).exits(0).json();
    valid_by(HISTORY, &none);
    assert_eq!(none["runs"], Value::Array(Vec::new()));
    desk.apply(&["--allow", "disable=1", "--reason", "a test", "--target", "*/anna@example.com/*"]).exits(0);
    desk.apply(&[]).exits(0);
    let runs = told(&["history"]).exits(0).json();
    valid_by(HISTORY, &runs);
    assert_eq!(runs["runs"].as_array().map(Vec::len), Some(2));
    let runs: Vec<Value> = ["1", "2"].map(|run| told(&["history", "show", run]).exits(0).json()).into();
    for run in &runs {
        valid_by(HISTORY, run);
    }
    assert_eq!(runs[0]["targets"][0], "*/anna@example.com/*");
    let shrunk = |pointer: &str| {
        let mut lacking = runs[0].clone();
        let (parent, key) = pointer.rsplit_once('/').expect("a parent");
        lacking.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object").remove(key);
        validator_of(HISTORY).is_valid(&lacking)
    };
    for pointer in ["/format_version", "/run/state", "/steps/0/address", "/allows"] {
        assert!(!shrunk(pointer), "{pointer} is missed");
    }
}
