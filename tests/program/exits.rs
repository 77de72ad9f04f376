//! How the program ends where it cannot go on, beyond the rows of `wrong_table`: what needs more than one run, or ends
//! half done.

use icewarden::edge::sandbox::World;

use super::run::{Desk, desk, steps};
use super::spec::{REFERENCE, backup, policy, put, server, server_unpinned, world};
use super::stand::{Reply, Request, Stand, answer, http, result, without};

/// The Reference ID of a second server.
const OTHER: &str = "22811415-0DC1291E-05492B82-877710E7-MW-";

/// Bob, who would get chat.
fn stand() -> Stand {
    Stand::of(world(&[("anna@example.com", &["im"]), ("bob@example.com", &[])]))
}

fn chat() -> String {
    policy("chat", "scope: {accounts: [bob@example.com]}\nservices: {im: enabled}")
}

/// Both `plan` and `apply` end so, say this, and write nothing.
#[track_caller]
fn both(desk: &Desk, stand: &Stand, code: i32, words: &[&str]) {
    desk.plan(&[]).exits(code).says(words).says(&["next:"]);
    desk.apply(&[]).exits(code).says(words).says(&["next:", "nothing was changed"]);
    let writes = stand.commands().into_iter().filter(|command| command.starts_with("set"));
    assert_eq!(writes.count(), 0, "nothing was even tried");
    assert_eq!(stand.writes(), 0);
}

/// What is no answer of an IceWarp server, at its first word and later.
#[test]
fn another_language_and_half_an_answer_are_1() {
    const HTML: &str = "<!DOCTYPE html>\n<html><body>It works!</body></html>";
    let half = |_: &mut World, request: &Request| {
        let answer = format!("<iq type=\"result\"><query xmlns=\"admin:iq:rpc\"><result>{}", request.command);
        Reply::Body(answer)
    };
    let cut = |world: &mut World, request: &Request| {
        let mut bytes = http("application/xml", &answer(world, request));
        bytes.truncate(bytes.len() - 20);
        Reply::Raw(bytes)
    };
    type Odd = fn(&mut World, &Request) -> Reply;
    let odd: [(&str, Odd); 5] = [
        ("HTML", |_, _| Reply::Raw(http("text/html", HTML))),
        ("half", half),
        ("cut", cut),
        ("empty", |_, _| Reply::Body(String::new())),
        ("text", |_, _| Reply::Body("Service Unavailable".to_owned())),
    ];
    for (name, odd) in odd {
        for at in ["authenticate", "getdomainsinfolist", "getserverproperties", "getaccountproperties"] {
            let stand = stand();
            stand.twist(move |world, request| (request.command == at).then(|| odd(world, request)));
            let desk = desk(&stand, &[chat()]);
            for ran in [desk.plan(&[]), desk.apply(&[])] {
                assert_eq!(ran.code, 1, "{name} at {at}: {ran:?}");
                ran.says(&["next:"]);
            }
            assert_eq!(stand.writes(), 0, "{name} at {at}");
        }
    }
}

/// `result` 0 is no success: what could be done is done, and the rest is named.
#[test]
fn a_write_that_is_answered_0_is_1_and_5_where_something_was_done() {
    let stand = stand();
    let policies =
        [chat(), policy("calls", "scope: {accounts: [anna@example.com]}\nservices: {sip: enabled}")];
    let refuse = |account: &'static str| {
        move |_: &mut World, request: &Request| {
            (request.command == "setaccountproperties" && request.body.contains(account)).then(|| result("0"))
        }
    };
    stand.twist(refuse("@example.com"));
    let desk = desk(&stand, &policies);
    desk.apply(&[]).exits(1).says(&[
        "2 claims: the server did not apply it (result 0)",
        "eu/bob@example.com/im",
        "0 of 2 steps done, 2 failed",
        "next:",
    ]);
    assert_eq!(stand.writes(), 0);
    stand.twist(refuse("bob@"));
    desk.apply(&[]).exits(5).says(&[
        "eu/bob@example.com/im: the server did not apply it (result 0)",
        "1 of 2 steps done, 1 failed",
        "next:",
    ]);
    assert!(stand.is_on("anna@example.com", "sip") && !stand.is_on("bob@example.com", "im"));
    stand.twist(|_, _| None);
    desk.apply(&[]).exits(0);
    desk.nothing_to_do(&[]);
}

/// The answer to a write is lost, or half of it: what is read back decides.
#[test]
fn a_write_whose_answer_is_lost_is_done_if_it_shows_and_in_doubt_if_not() {
    for (applied, code, words) in [(true, 0, "1 of 1 steps done"), (false, 5, "1 in doubt")] {
        let stand = stand();
        stand.twist(move |world, request| {
            (request.command == "setaccountproperties").then(|| {
                if applied {
                    answer(world, request);
                }
                Reply::Raw(Vec::new())
            })
        });
        desk(&stand, &[chat()]).apply(&[]).exits(code).says(&[words]);
        assert_eq!(stand.is_on("bob@example.com", "im"), applied);
    }
}

#[test]
fn what_is_asked_for_is_no_error() {
    let stand = stand();
    let desk = desk(&stand, &[chat()]);
    desk.icewarden(&[]).exits(64).says(&["Usage"]);
    for args in [["--help"], ["--version"]] {
        desk.icewarden(&args).exits(0).says(&["icewarden"]);
    }
    assert!(stand.commands().is_empty(), "the server was not even asked");
}

/// Every status but 0, and one that was not read, lets nothing be written (U-4, U-22).
#[test]
fn lic_4_a_status_other_than_0_is_shown_and_blocks_every_change() {
    let statuses = [
        ("1", "evaluation, or a full licence in Emergency Mode"),
        ("2", "Reference ID mismatch"),
        ("3", "re-validation"),
        ("4", "expired"),
        ("5", "no licence"),
        ("6", "build"),
        ("7", "version"),
        ("8", "version"),
        ("9", "unlisted status 9"),
        ("-1", "unlisted status -1"),
    ];
    let stand = stand();
    let desk = desk(&stand, &[chat(), backup("logs: true")]);
    for (number, words) in statuses {
        assert!(stand.world().set_server_variable("C_LicenseStatus", number), "{number}");
        let words = [&format!("its licence status is {number}"), words, "nothing is written until"];
        desk.apply(&[]).exits(6).says(&words).says(&["next:", "nothing was changed"]);
        assert_eq!(desk.planned(6, &[])["outcome"], "closed", "{number}");
    }
    assert!(stand.world().set_server_variable("C_LicenseStatus", "0"));
    stand.twist(without(&["C_LicenseStatus"]));
    both(&desk, &stand, 6, &["its licence status was not read"]);
    stand.twist(|_, _| None);
    desk.apply(&[]).exits(0);
}

/// Where there is nothing to do, a closed server is a finding and no failure.
#[test]
fn a_closed_server_with_nothing_to_do_is_told_and_is_0() {
    let stand = stand();
    put(&mut stand.world(), "bob@example.com", &["im"], "1");
    assert!(stand.world().set_server_variable("C_LicenseStatus", "3"));
    let desk = desk(&stand, &[chat()]);
    let said =
        ["nothing to do, and its licence lets nothing be changed", "status is 3: waiting for re-validation"];
    desk.icewarden(&["plan", "spec"]).exits(0).says(&said);
    // Nobody who asks whether all is as declared is told that it is.
    assert_eq!(desk.planned(2, &[])["licence"], "closed");
}

/// The mode begins in the middle of a run: the first write that has no effect ends it (U-22).
#[test]
fn a_status_that_changes_during_a_run_ends_it_with_6() {
    let stand = stand();
    stand.twist(|world, request| {
        (request.command == "setaccountproperties").then(|| {
            assert!(world.set_server_variable("C_LicenseStatus", "1"));
            result("0")
        })
    });
    let policies = ["bob", "anna"].map(|name| {
        policy(name, &format!("scope: {{accounts: [{name}@example.com]}}\nservices: {{sip: enabled}}"))
    });
    let desk = desk(&stand, &[policies.to_vec(), vec![backup("logs: true")]].concat());
    desk.apply(&[]).exits(6).says(&[
        "stopped: the server takes no changes now",
        "status is 1",
        "not tried",
        "next:",
    ]);
    assert_eq!(stand.writes(), 0);
}

/// The lines that a first plan shows make the second one go through.
#[test]
fn the_lines_that_pin_a_server_can_be_pasted() {
    let stand = stand();
    let spec = [server_unpinned("eu", &stand.url, ""), chat()].join("---\n");
    let desk = Desk::with(&spec);
    let shown = desk.planned(3, &[])["holds"][0]["remedy"].as_str().expect("a remedy").to_owned();
    let lines = shown.split('`').nth(1).expect("lines to paste");
    desk.write("spec/spec.yaml", &[server_unpinned("eu", &stand.url, lines), chat()].join("---\n"));
    desk.apply(&[]).exits(0);
    desk.nothing_to_do(&[]);
}

/// Every server of a folder is told about, whatever happened to the others.
#[test]
fn of_several_servers_each_is_reported_and_the_exit_is_by_precedence() {
    let [eu, us] = [stand(), stand()];
    let down = "http://127.0.0.1:1/icewarpapi/";
    let of = |name: &str| chat().replace("server: eu", &format!("server: {name}"));
    let spec = |second: &str| {
        let us = of("us").replace("name: chat", "name: chat-us");
        let second = server("us", second, "").replace(REFERENCE, OTHER);
        [server("eu", &eu.url, ""), second, chat(), us].join("---\n")
    };
    assert!(us.world().set_server_variable("C_Reference", OTHER));
    let desk = Desk::with(&spec(down));
    let planned = desk.plan(&["--format", "json"]).exits(69).json();
    assert_eq!(planned["servers"][0]["outcome"], "changes");
    assert_eq!(planned["servers"][1]["outcome"], "failed");
    assert_eq!(steps(&planned["servers"][0]), ["claim bob@example.com/im"]);
    desk.plan(&[]).exits(69).says(&["eu/bob@example.com/im", "127.0.0.1:1", "next:"]);
    desk.apply(&[]).exits(69).says(&["eu: 1 of 1 steps done", "us:", "nothing was changed"]);
    assert!(eu.is_on("bob@example.com", "im"), "the other server is done");

    desk.write("spec/spec.yaml", &spec(&us.url));
    let wrong = |code: i32, twist: fn(&Stand)| {
        twist(&us);
        desk.plan(&[]).exits(code).says(&["eu: nothing to do"]);
        us.twist(|_, _| None);
    };
    wrong(2, |_| {});
    wrong(6, |us| assert!(us.world().set_server_variable("C_LicenseStatus", "4")));
    wrong(77, |us| us.twist(|_, request| (request.command == "authenticate").then(|| result("0"))));
    wrong(1, |us| us.twist(|_, _| Some(Reply::Body("no XML".into()))));
}
