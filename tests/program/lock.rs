//! One run at a time on a server.

use std::sync::mpsc::{Receiver, Sender, channel};

use super::run::{Desk, Started, desk};
use super::spec::{policy, world};
use super::stand::Stand;

/// Anna would get chat.
pub fn start() -> (Stand, Desk) {
    let stand = Stand::of(world(&[("anna@example.com", &[])]));
    let desk =
        desk(&stand, &[policy("chat", "scope: {accounts: [anna@example.com]}\nservices: {im: enabled}")]);
    (stand, desk)
}

/// An apply that is held at its first write: what tells that it came there, and what lets it go on.
pub struct Held {
    pub started: Started,
    pub let_go: Sender<()>,
}

/// Starts an apply that waits at its first write until it is let go.
pub fn held(stand: &Stand, desk: &Desk) -> Held {
    let (came, comes): (Sender<()>, Receiver<()>) = channel();
    let (let_go, gone): (Sender<()>, Receiver<()>) = channel();
    let mut waited = false;
    stand.twist(move |_, request| {
        if request.command == "setaccountproperties" && !std::mem::replace(&mut waited, true) {
            came.send(()).expect("the test waits");
            // An end of the channel lets it go too.
            let _ = gone.recv();
        }
        None
    });
    let started = desk.start(&["apply", "spec", "--auto-approve"]);
    comes.recv().expect("it comes to its first write");
    Held { started, let_go }
}

#[test]
fn a_second_run_is_refused_and_told_who_has_the_lock() {
    let (stand, desk) = start();
    let desk = desk.env("USER", "anna");
    let held = held(&stand, &desk);
    let since =
        desk.icewarden(&["history", "--format", "json"]).exits(0).json()["runs"][0]["started"].clone();
    let since = since.as_str().expect("a time")[..16].replace('T', " ");
    let second = desk.apply(&[]).exits(7);
    second.says(&[
        "eu: another run is under way: anna@",
        ", process ",
        &since,
        "nothing was changed",
        "--lock-timeout",
    ]);
    desk.icewarden(&["apply", "--resume", "--auto-approve"]).exits(7).says(&["another run is under way"]);
    desk.icewarden(&["history"]).exits(0).says(&["under way 0/1"]);
    held.let_go.send(()).expect("it waits");
    held.started.ends().exits(0);
    desk.apply(&[]).exits(0).says(&["nothing to do"]);
    assert_eq!(stand.writes(), 1);
}

#[test]
fn a_second_run_that_may_wait_goes_on_when_the_first_has_ended() {
    let (stand, desk) = start();
    let desk = desk.env("USER", "anna");
    let held = held(&stand, &desk);
    let mut second = desk.start(&["apply", "spec", "--auto-approve", "--lock-timeout", "2m"]);
    second.says("eu: waiting for anna@");
    held.let_go.send(()).expect("it waits");
    held.started.ends().exits(0);
    second.ends().exits(0).says(&["nothing to do"]);
    assert_eq!(stand.writes(), 1);
}

/// What was read of a run before the lock was there may be old by then.
#[test]
fn a_resume_that_waited_does_not_go_on_with_a_run_that_moved_on() {
    let (stand, desk) = start();
    let held = held(&stand, &desk);
    let mut second = desk.start(&["apply", "--resume", "--auto-approve", "--lock-timeout", "2m"]);
    second.says("waiting for");
    held.let_go.send(()).expect("it waits");
    held.started.ends().exits(0);
    second
        .ends()
        .exits(7)
        .says(&["run 1 is not what it was any more", "next: run again: `icewarden history`"]);
    desk.icewarden(&["history"]).exits(0).says(&["complete 1/1"]);
    assert_eq!(stand.writes(), 1);
}

#[test]
fn a_wait_for_the_lock_ends_with_its_time_or_a_signal() {
    let (stand, desk) = start();
    let held = held(&stand, &desk);
    desk.apply(&["--lock-timeout", "1s"]).exits(7).says(&["waiting for", "another run is under way"]);
    let mut second = desk.start(&["apply", "spec", "--auto-approve", "--lock-timeout", "1h"]);
    second.says("waiting for");
    second.signal("TERM");
    second.ends().exits(1).says(&["interrupted while waiting for the lock; nothing was changed"]);
    drop(held.let_go);
    held.started.ends().exits(0);
    desk.apply(&["--lock-timeout", "soon"]).exits(64).says(&["write 30s, 5m or 1h"]);
}

#[test]
fn the_lock_of_a_killed_run_is_free_and_its_run_is_told() {
    let (stand, desk) = start();
    let held = held(&stand, &desk);
    held.started.killed();
    drop(held.let_go);
    stand.quiet();
    // The write arrived, and nobody heard of it.
    assert_eq!(stand.writes(), 1);
    let note = "note: eu: run 1 was cut off: 0 of 1 steps done, 1 in doubt; settle it with `icewarden apply --resume`";
    desk.plan(&[]).exits(0).says(&[note, "nothing to do"]);
    desk.icewarden(&["history"]).exits(0).says(&["cut off 0/1"]);
    desk.apply(&[]).exits(0).says(&[note, "eu: run 1 is settled: nothing of it is left to do."]);
    let told = desk.plan(&[]).exits(0);
    assert!(!told.err.contains("run 1"), "{}", told.err);
    desk.icewarden(&["history"]).exits(0).says(&["settled 0/1"]);
}

#[test]
fn the_lock_is_the_servers_whatever_it_is_called() {
    let (stand, desk) = start();
    let held = held(&stand, &desk);
    let renamed =
        desk.read("spec/spec.yaml").replace("name: eu", "name: us").replace("server: eu", "server: us");
    desk.write("spec/spec.yaml", &renamed);
    desk.apply(&[]).exits(7).says(&["us: another run is under way"]);
    // Another Reference ID is another server.
    desk.write("spec/spec.yaml", &renamed.replace("82811415", "99999999"));
    let (other, _) = start();
    assert_eq!(other.writes(), 0);
    drop(held.let_go);
    desk.apply(&[]).exits(3).says(&["Reference ID is 82811415"]);
    held.started.ends().exits(0);
}
