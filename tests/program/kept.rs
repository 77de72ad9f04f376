//! What the program must not overwrite, and what it says where its own output is lost.

use super::run::{Desk, desk};
use super::spec::{policy, world};
use super::stand::Stand;

fn one_claim() -> (Stand, Desk) {
    let stand = Stand::of(world(&[("anna@example.com", &[])]));
    let claim = policy("a", "scope: {accounts: [anna@example.com]}\nservices: {im: enabled}");
    let desk = desk(&stand, &[claim]);
    (stand, desk)
}

#[test]
fn a_plan_is_saved_over_nothing_but_a_saved_plan() {
    let (stand, desk) = one_claim();
    desk.write("notes.txt", "mine\n");
    desk.write("empty.json", "");
    std::fs::create_dir(desk.path("folder")).expect("a folder");
    std::os::unix::fs::symlink("notes.txt", desk.path("link.json")).expect("a link");
    desk.other("mkfifo", &["pipe"]).exits(0);
    let spec = desk.read("spec/spec.yaml");
    for (out, why) in [
        ("spec/spec.yaml", "--out spec/spec.yaml: this is a file of the spec"),
        ("notes.txt", "--out notes.txt: this file is no saved plan, and it stays as it is"),
        ("folder", "--out folder: this is a folder"),
        ("link.json", "--out link.json: this is a link to elsewhere"),
        ("pipe", "--out pipe: this is a device or a pipe"),
    ] {
        desk.plan(&["--out", out]).exits(64).says(&[why, "next: name a file that does not exist yet"]);
    }
    desk.plan(&["--outputs", "spec/spec.yaml"])
        .exits(64)
        .says(&["--outputs spec/spec.yaml: this is a file of the spec"]);
    assert!(stand.commands().is_empty(), "no server was asked");
    assert_eq!((desk.read("spec/spec.yaml"), desk.read("notes.txt")), (spec, "mine\n".to_owned()));
    assert!(std::fs::symlink_metadata(desk.path("link.json")).expect("it is there").is_symlink());
    for out in ["new.json", "empty.json", "new.json"] {
        desk.plan(&["--out", out]).exits(2).says(&[&format!("saved: {out}")]);
    }
    let ran = desk.plan(&["--out", "no/such/plan.json"]).exits(1);
    ran.says(&["could not be saved as no/such/plan.json: No such file or directory (os error 2) next:"]);
}

#[test]
fn events_are_written_over_nothing_and_below_the_events_of_a_run_before() {
    let (stand, desk) = one_claim();
    desk.save(2, &[]);
    desk.write("notes.txt", "mine\n");
    let (spec, plan) = (desk.read("spec/spec.yaml"), desk.read("plan.json"));
    desk.apply(&["--events", "spec/spec.yaml"]).exits(64).says(&["this is a file of the spec"]);
    desk.apply(&["--events", "notes.txt"]).exits(64).says(&["this file is no file of events"]);
    let saved = ["apply", "plan.json", "--auto-approve", "--events", "plan.json"];
    desk.icewarden(&saved).exits(64).says(&["this is what is applied"]);
    // A spec that does not hold costs the events of a run before nothing either.
    assert!(stand.commands().iter().all(|command| command != "setaccountproperties"));
    assert_eq!((desk.read("spec/spec.yaml"), desk.read("plan.json")), (spec, plan));
    assert_eq!(desk.read("notes.txt"), "mine\n");
    desk.apply(&["--events", "run.ndjson"]).exits(0);
    let first = desk.read("run.ndjson");
    desk.apply(&["--events", "run.ndjson"]).exits(0);
    let both = desk.read("run.ndjson");
    assert!(both.starts_with(&first) && both.len() > first.len(), "{both}");
    let store = ["--store", "own.db", "--events", "own.db"];
    desk.apply(&store[..2]).exits(0);
    desk.apply(&store).exits(64).says(&["this is the store"]);
}

/// A shell opens the full disk: no path of ours leads there.
#[test]
fn output_that_is_lost_is_no_success_and_a_reader_that_went_away_is() {
    let (stand, desk) = one_claim();
    let program = env!("CARGO_BIN_EXE_icewarden");
    let shell = |line: &str| desk.other("/bin/sh", &["-c", &format!("'{program}' {line}")]);
    let lost = "the output could not be written: No space left on device";
    shell("plan spec > /dev/full").exits(1).says(&[lost]);
    shell("validate spec > /dev/full").exits(1).says(&[lost]);
    shell("schema plan > /dev/full").exits(1).says(&[lost]);
    shell("--help > /dev/full").exits(1);
    shell("plan spec --out spec/spec.yaml > /dev/full").exits(64);
    let closed = format!("{{ '{program}' schema plan; echo $? >&2; }} | true");
    let ran = desk.other("/bin/sh", &["-c", &format!("{closed}; sleep 0.2")]);
    assert_eq!(ran.err.trim(), "0", "{ran:?}");
    // A plan that nobody can have seen is not performed.
    let ran = shell("apply spec --auto-approve > /dev/full").exits(1);
    ran.says(&[lost, "the plan could not be shown, so nothing of it was done"]);
    assert_eq!(stand.writes(), 0);
    // What was done and could only not be told has an ending of its own, and nobody is sent to do it again.
    let ran = shell("apply spec --auto-approve --events - > /dev/full").exits(8);
    assert!(!ran.err.contains("run it again"), "{}", ran.err);
    ran.says(&["the events of this run are not written any more", "1 of 1 steps done"]);
    assert!(stand.is_on("anna@example.com", "im"), "the run went on");
}

#[test]
fn a_saved_plan_is_known_as_one_wherever_it_is_given() {
    let (_stand, desk) = one_claim();
    desk.save(2, &[]);
    desk.icewarden(&["plan", "plan.json"])
        .exits(64)
        .says(&["plan.json is a saved plan, no spec", "`icewarden apply plan.json`"]);
    desk.icewarden(&["apply", "plan.json"]).exits(64).says(&["next: review the saved plan, then add"]);
    desk.icewarden(&["apply", "spec"])
        .exits(64)
        .says(&["next: review the plan, then add --auto-approve; or"]);
    desk.apply_saved().exits(0);
    desk.plan(&["--out", "plan.json"]).exits(0).says(&["saved: plan.json; there is nothing to do in it"]);
    desk.plan(&["--target", ""]).exits(64).says(&["--target: the pattern is empty"]);
    let ran = desk.plan(&["--target", "eu/nobody@example.com/*"]).exits(64);
    let said = format!("{}{}", ran.out, ran.err);
    assert_eq!(said.matches("matches nothing on eu").count(), 1, "{said}");
    assert!(!said.contains("= help") && said.contains("next: check the pattern"), "{said}");
}

#[test]
fn the_identity_to_pin_names_the_domain_of_the_account_that_logs_in() {
    let mut world = world(&[("anna@example.com", &[])]);
    world.add_domain("a-customer.test", 0);
    let stand = Stand::of(world);
    let spec = super::spec::server_unpinned("eu", &stand.url, "");
    Desk::with(&spec).plan(&[]).exits(0).says(&["identity: {domain: example.com, referenceId:"]);
}
