//! What is gone on with, and what is not.

use std::sync::mpsc::channel;
use std::time::Duration;

use super::journal::sql;
use super::kill::{When, kill_at};
use super::run::{Desk, desk};
use super::spec::{REFERENCE, policy, put, server, world};
use super::stand::{Reply, Stand, result};

const RESUME: [&str; 3] = ["apply", "--resume", "--auto-approve"];
const NAMES: [&str; 4] = ["a@example.com", "b@example.com", "c@example.com", "d@example.com"];

fn chat(server: &str) -> String {
    policy(&format!("chat-{server}"), "scope: {accounts: [\"?@example.com\"]}\nservices: {im: enabled}")
        .replace("server: eu", &format!("server: {server}"))
}

/// Four would get chat.
fn stand() -> Stand {
    Stand::of(world(&NAMES.map(|name| (name, &[] as &[&str]))))
}

/// Killed before its first write, with all four under way.
fn cut() -> (Stand, Desk) {
    let stand = stand();
    let desk = desk(&stand, &[chat("eu")]);
    kill_at(&stand, &desk, 1, When::BeforeAll, &[]);
    (stand, desk)
}

#[test]
fn where_there_is_nothing_to_resume_that_is_success() {
    let stand = stand();
    let desk = desk(&stand, &[chat("eu")]);
    desk.icewarden(&RESUME).exits(0).says(&["nothing to resume"]);
    desk.apply(&[]).exits(0);
    desk.icewarden(&RESUME).exits(0).says(&["nothing to resume"]);
    desk.icewarden(&["apply", "--resume", "spec", "--auto-approve"]).exits(0).says(&["nothing to resume"]);
    desk.icewarden(&["apply", "--auto-approve"]).exits(64);
    desk.icewarden(&["apply", "--resume"]).exits(64).says(&["there is no terminal to ask on"]);
}

#[test]
fn a_step_that_was_not_approved_is_refused_and_nothing_is_written() {
    let (stand, desk) = cut();
    stand.world().add_account("z@example.com", "Zoe", 0);
    let writes = stand.writes();
    desk.icewarden(&RESUME).exits(4).says(&[
        "eu: run 1 cannot go on, and nothing was changed: the server has changed since, and 1 step would be done that the \
         run was not approved for",
        "claim eu/z@example.com/im",
        "next: plan again",
    ]);
    assert_eq!(stand.writes(), writes);
    // The way out that it names.
    desk.apply(&[]).exits(0).says(&["note: eu: run 1 was cut off"]);
    desk.icewarden(&["history"]).exits(0).says(&["superseded"]);
    desk.icewarden(&RESUME).exits(0).says(&["nothing to resume"]);
}

#[test]
fn a_step_whose_other_way_is_left_now_is_refused() {
    let (stand, desk) = cut();
    // Somebody wants the opposite by now: the spec that is given is another.
    let off = desk.read("spec/spec.yaml").replace("im: enabled", "im: disabled");
    put(&mut stand.world(), "d@example.com", &["im"], "1");
    desk.write("off.yaml", &off);
    let ran = desk.icewarden(&["apply", "--resume", "off.yaml", "--auto-approve"]).exits(4);
    ran.says(&["release eu/d@example.com/im"]);
    // The run's own spec is kept with it, whatever the folder holds now.
    desk.write("spec/spec.yaml", "this is no spec");
    let writes = stand.writes();
    let resumed = desk.icewarden(&RESUME).exits(0);
    resumed.says(&["eu: run 1 of", "0 of 4 steps were done, 3 left to do", "1 in doubt, and found done now"]);
    assert_eq!(stand.writes() - writes, 3);
    assert!(NAMES.iter().all(|name| stand.is_on(name, "im")));
}

#[test]
fn what_others_did_meanwhile_settles_a_run_without_another() {
    let (stand, desk) = cut();
    for name in NAMES {
        put(&mut stand.world(), name, &["im"], "1");
    }
    desk.icewarden(&RESUME).exits(0).says(&["0 left to do", "eu: run 1 is settled"]);
    let told = desk.icewarden(&["history", "--format", "json"]).exits(0).json();
    assert_eq!(told["runs"].as_array().map(Vec::len), Some(1), "{told}");
    assert_eq!(told["runs"][0]["state"], "settled");
}

#[test]
fn a_run_goes_on_from_any_folder() {
    let stand = stand();
    let desk = desk(&stand, &[chat("eu")]);
    let spec = desk.read("spec/spec.yaml").replace("{env: ICEWARP_PASSWORD}", "{file: password.txt}");
    desk.write("spec/spec.yaml", &spec);
    desk.write("spec/password.txt", "sandbox\n");
    kill_at(&stand, &desk, 2, When::After, &[]);
    let elsewhere = tempfile::tempdir().expect("a folder");
    desk.icewarden_in(elsewhere.path(), &RESUME).exits(0).says(&["steps were done"]);
    desk.nothing_to_do(&[]);
    assert_eq!(stand.writes(), 4);
}

#[test]
fn a_run_that_was_narrowed_stays_so() {
    let stand = stand();
    let desk = desk(&stand, &[chat("eu")]);
    kill_at(&stand, &desk, 1, When::Before, &["--target", "eu/a@*", "--target", "eu/b@*"]);
    for option in ["--target", "--exclude"] {
        let args = [&RESUME[..], &[option, "*"]].concat();
        desk.icewarden(&args).exits(64).says(&[&format!("{option} does not go with --resume")]);
    }
    let allow = [&RESUME[..], &["--allow", "disable=9", "--reason", "a test"]].concat();
    desk.icewarden(&allow).exits(64).says(&["--allow does not go with --resume"]);
    desk.icewarden(&RESUME).exits(0);
    let on: Vec<bool> = NAMES.iter().map(|name| stand.is_on(name, "im")).collect();
    assert_eq!(on, [true, true, false, false]);
    desk.icewarden(&["history", "show", "2"]).exits(0).says(&[
        "target eu/a@*",
        "target eu/b@*",
        "resumes run 1",
    ]);
}

#[test]
fn the_runs_of_several_servers_are_all_gone_on_with() {
    let (eu, us) = (stand(), stand());
    let other = REFERENCE.replace("82811415", "22811415");
    assert!(us.world().set_server_variable("C_Reference", &other));
    let second = server("us", &us.url, "").replace(REFERENCE, &other);
    let desk = Desk::with(&[server("eu", &eu.url, ""), second, chat("eu"), chat("us")].join("---\n"));
    // Both have come to their first write when the program is killed.
    let (came, comes) = channel();
    let held = [&eu, &us].map(|stand| {
        let (let_go, gone) = channel::<()>();
        let (came, mut waited) = (came.clone(), false);
        stand.twist(move |_, request| {
            let first = request.command == "setaccountproperties" && !std::mem::replace(&mut waited, true);
            first.then(|| {
                came.send(()).expect("the test waits");
                let _ = gone.recv();
                Reply::Raw(Vec::new())
            })
        });
        let_go
    });
    let started = desk.start(&["apply", "spec", "--auto-approve"]);
    for _ in &held {
        comes.recv_timeout(Duration::from_secs(60)).expect("both come to a write");
    }
    started.killed();
    drop(held);
    for stand in [&eu, &us] {
        stand.quiet();
        stand.twist(|_, _| None);
    }
    desk.icewarden(&["plan", "spec"]).exits(0).says(&["note: eu: run", "note: us: run"]);
    desk.icewarden(&RESUME).exits(0);
    desk.plan(&[]).exits(0).says(&["eu: nothing to do", "us: nothing to do"]);
    assert_eq!((eu.writes(), us.writes()), (4, 4));
}

/// A plan that was saved carries its spec, and so does its run.
#[test]
fn a_saved_plan_that_was_cut_off_is_gone_on_with() {
    let stand = stand();
    let desk = desk(&stand, &[chat("eu")]);
    desk.save(2, &[]);
    std::fs::rename(desk.path("spec"), desk.path("kept")).expect("it is there");
    std::fs::rename(desk.path("plan.json"), desk.path("spec")).expect("it is there");
    kill_at(&stand, &desk, 3, When::After, &[]);
    desk.icewarden(&["history", "show", "1"]).exits(0).says(&["saved plan", "cut off", "in doubt"]);
    desk.icewarden(&RESUME).exits(0);
    assert_eq!(stand.writes(), 4);
}

#[test]
fn a_run_that_is_resumed_is_cut_off_and_resumed_again() {
    let (stand, desk) = cut();
    stand.twist(|_, request| (request.command == "setaccountproperties").then(|| Reply::Raw(Vec::new())));
    // No write arrives: whatever is under way stays in doubt, and is read back as not done.
    desk.icewarden(&RESUME).exits(5).says(&["in doubt"]);
    stand.twist(|_, _| None);
    desk.icewarden(&RESUME).exits(0).says(&["eu: run 2 of"]);
    desk.nothing_to_do(&[]);
    assert_eq!(stand.writes(), 4);
    desk.icewarden(&["history", "show", "3"]).exits(0).says(&["resumes run 2"]);
}

/// What somebody undid since was done by the run once: doing it again was not approved.
#[test]
fn what_was_done_and_undone_since_is_not_done_again() {
    let stand = stand();
    let desk = desk(&stand, &[chat("eu")]);
    stand.twist(|_, request| {
        let odd = request.command == "setaccountproperties" && request.body.contains("d@example.com");
        odd.then(|| result("0"))
    });
    desk.apply(&[]).exits(5).says(&["3 of 4 steps done"]);
    stand.twist(|_, _| None);
    put(&mut stand.world(), "a@example.com", &["im"], "0");
    let writes = stand.writes();
    desk.icewarden(&RESUME).exits(4).says(&[
        "eu: run 1 cannot go on, and nothing was changed: what it had done was changed since: 1 step",
        "claim eu/a@example.com/im",
        "next: plan again",
    ]);
    assert_eq!(stand.writes(), writes);
    put(&mut stand.world(), "a@example.com", &["im"], "1");
    desk.icewarden(&RESUME).exits(0).says(&["3 of 4 steps were done, 1 left to do"]);
}

#[test]
fn a_narrowed_run_of_which_nothing_is_left_is_settled() {
    let stand = stand();
    let desk = desk(&stand, &[chat("eu")]);
    kill_at(&stand, &desk, 1, When::BeforeAll, &["--target", "eu/a@*", "--target", "eu/b@*"]);
    for name in &NAMES[..2] {
        put(&mut stand.world(), name, &["im"], "1");
    }
    desk.icewarden(&RESUME).exits(0).says(&["eu: run 1 is settled: nothing of it is left to do."]);
    desk.icewarden(&RESUME).exits(0).says(&["nothing to resume"]);
    let json = desk.icewarden(&["history", "show", "1", "--format", "json"]).exits(0).json();
    assert_eq!((&json["run"]["done"], &json["run"]["in_doubt"]), (&2.into(), &0.into()), "{json}");
    assert_eq!(json["steps"][0]["outcome"]["word"], "found");
}

#[test]
fn a_run_whose_rest_has_no_seat_is_settled_and_still_told_as_blocked() {
    for resume in [true, false] {
        let stand = stand();
        stand.world().set_product("Instant Messaging", Some(2));
        let desk = desk(&stand, &[chat("eu")]);
        kill_at(&stand, &desk, 1, When::BeforeAll, &[]);
        for name in &NAMES[..2] {
            put(&mut stand.world(), name, &["im"], "1");
        }
        let ran = if resume { desk.icewarden(&RESUME) } else { desk.apply(&[]) };
        ran.exits(3).says(&["eu: run 1 is settled"]);
        desk.icewarden(&RESUME).exits(0).says(&["nothing to resume"]);
        desk.icewarden(&["history"]).exits(0).says(&["settled"]);
    }
}

/// No plan does what nobody can tell; that does not make it done.
#[test]
fn a_step_whose_policy_is_held_meanwhile_stays_open() {
    for resume in [true, false] {
        let stand = stand();
        super::spec::group(&mut stand.world(), "sales@example.com", &NAMES);
        let services = "{im: {enable: {groups: [sales@example.com]}, others: leave}}";
        let held =
            policy("chat-eu", &format!("scope: {{accounts: [\"?@example.com\"]}}\nservices: {services}"));
        let desk = desk(&stand, &[held]);
        kill_at(&stand, &desk, 1, When::BeforeAll, &[]);
        stand.world().set_members("sales@example.com", &[]);
        let ran = if resume { desk.icewarden(&RESUME) } else { desk.apply(&[]) };
        let ran = ran.exits(3).says(&["has no members"]);
        for word in ["found done", "is settled"] {
            assert!(!ran.out.contains(word) && !ran.err.contains(word), "{ran:?}");
        }
        desk.icewarden(&["history"]).exits(0).says(&["cut off 0/4"]);
        stand.world().set_members("sales@example.com", &NAMES);
        desk.icewarden(&RESUME).exits(0).says(&["4 left to do"]);
        assert_eq!(stand.writes(), 4);
    }
}

/// A narrowed plan says nothing of what it leaves out: the run that it leaves steps of can still be gone on with.
#[test]
fn a_narrowed_apply_leaves_a_larger_run_open() {
    let (stand, desk) = cut();
    desk.apply(&["--target", "eu/a@*"]).exits(0).says(&["1 of 1 steps done"]);
    desk.apply(&["--target", "eu/a@*"]).exits(0).says(&["nothing to do", "note: eu: run 1 was cut off"]);
    desk.icewarden(&["history"]).exits(0).says(&["complete 1/1", "cut off 0/4"]);
    desk.icewarden(&RESUME).exits(0).says(&["eu: run 1 of", "3 left to do"]);
    assert_eq!(stand.writes(), 4);
    desk.icewarden(&RESUME).exits(0).says(&["nothing to resume"]);
}

#[test]
fn a_narrowed_apply_takes_the_place_of_a_run_that_it_looked_at_whole() {
    let stand = stand();
    let desk = desk(&stand, &[chat("eu")]);
    kill_at(&stand, &desk, 1, When::BeforeAll, &["--target", "eu/a@*"]);
    desk.apply(&["--exclude", "eu/d@*"]).exits(0).says(&["3 of 3 steps done"]);
    desk.icewarden(&["history"]).exits(0).says(&["superseded"]);
    desk.icewarden(&RESUME).exits(0).says(&["nothing to resume"]);
}

/// Two runs of one server are open: the newer one was narrowed.
#[test]
fn several_open_runs_of_a_server_are_gone_on_with_one_after_another() {
    let (stand, desk) = cut();
    kill_at(&stand, &desk, 1, When::BeforeAll, &["--target", "eu/a@*"]);
    desk.icewarden(&RESUME).exits(0).says(&["eu: run 2 of", "eu: run 1 of"]);
    assert_eq!(stand.writes(), 4);
    desk.icewarden(&RESUME).exits(0).says(&["nothing to resume"]);
    desk.nothing_to_do(&[]);
}

#[test]
fn a_spec_of_another_server_says_which_runs_it_leaves() {
    let (stand, desk) = cut();
    let spec = desk.read("spec/spec.yaml");
    desk.write("other.yaml", &spec.replace("82811415", "99999999"));
    let resume = |file: &str| desk.icewarden(&["apply", "--resume", file, "--auto-approve"]);
    resume("other.yaml").exits(1).says(&[
        "eu: run 1 was not gone on with",
        "Reference ID 82811415",
        "Reference ID 99999999",
        "leave out the path",
    ]);
    let renamed = spec.replace("name: eu", "name: us").replace("server: eu", "server: us");
    desk.write("us.yaml", &renamed.replace("82811415", "99999999").replace("127.0.0.1", "us.example.com"));
    resume("us.yaml").exits(0).says(&[
        "note: eu: run 1 has not ended; its server is not in this spec",
        "nothing to resume: no run of the servers of this spec",
    ]);
    assert_eq!(stand.writes(), 0);
    desk.icewarden(&RESUME).exits(0);
}

#[test]
fn a_stored_spec_that_is_not_understood_stops_no_other_server() {
    let (eu, us) = (stand(), stand());
    let other = REFERENCE.replace("82811415", "22811415");
    assert!(us.world().set_server_variable("C_Reference", &other));
    let desk = Desk::with(&[server("eu", &eu.url, ""), chat("eu")].join("---\n"));
    kill_at(&eu, &desk, 1, When::BeforeAll, &[]);
    let second = server("us", &us.url, "").replace(REFERENCE, &other);
    desk.write("spec/spec.yaml", &[second, chat("us")].join("---\n"));
    kill_at(&us, &desk, 1, When::BeforeAll, &[]);
    let broken = "DROP TRIGGER texts_stay; UPDATE texts SET text = 'kind: Gone' WHERE text LIKE '%name: eu%'";
    sql(&desk, broken).expect("it can be broken");
    let ran = desk.icewarden(&RESUME).exits(65);
    ran.says(&["eu: run 1 cannot go on with the spec that it was begun with", "us: run 2 of"]);
    assert_eq!((eu.writes(), us.writes()), (0, 4));
}

/// All steps are done, and not all that is wanted: the last line says so.
#[test]
fn a_run_that_did_all_it_could_says_what_is_blocked() {
    let stand = stand();
    stand.world().set_product("Instant Messaging", Some(2));
    let desk = desk(&stand, &[chat("eu")]);
    kill_at(&stand, &desk, 1, When::BeforeAll, &[]);
    let said = ["eu: 2 of 2 steps done; 2 claims are blocked: no seat.", "next: `icewarden plan` names"];
    desk.icewarden(&RESUME).exits(3).says(&said);
    desk.icewarden(&RESUME).exits(0).says(&["nothing to resume"]);
}
