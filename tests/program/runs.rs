//! A run while it goes on: what other administrators, a slow server and lost effects do to it.

use std::collections::BTreeMap;
use std::sync::mpsc::channel;

use icewarden::edge::sandbox::World;

use super::run::{Desk, desk};
use super::spec::{backup, policy, put, server, whole, world};
use super::stand::{Reply, Request, Stand, answer, between, result, text, valued};

const ALLOW: &[&str] = &["--allow", "disable=9", "--reason", "a test"];
const ANNA: &str = "anna@example.com";
const BOB: &str = "bob@example.com";
const CARL: &str = "carl@example.com";

fn enabled(service: &str, account: &str) -> String {
    policy(
        account.split('@').next().expect("a name"),
        &format!("scope: {{accounts: [{account}]}}\nservices: {{{service}: enabled}}"),
    )
}

fn disabled(service: &str, account: &str) -> String {
    enabled(service, account).replace("enabled", "disabled")
}

/// Does something when an account is read for the nth time.
fn at_read(
    account: &'static str,
    nth: usize,
    mut act: impl FnMut(&mut World) + Send + 'static,
) -> impl FnMut(&mut World, &Request) -> Option<Reply> + Send + 'static {
    let mut reads: BTreeMap<String, usize> = BTreeMap::new();
    move |world, request| {
        if request.command == "getaccountproperties" && request.body.contains(account) {
            let count = reads.entry(account.to_owned()).or_default();
            *count += 1;
            if *count == nth {
                act(world);
            }
        }
        None
    }
}

/// Between plan and write another administrator was there (U-17): that step is left, the others go on.
#[test]
fn what_changed_since_the_plan_is_not_written_over() {
    let stand = Stand::of(world(&[(ANNA, &[]), (BOB, &[]), (CARL, &[])]));
    // The first read is the plan's, the second is the one before the write.
    stand.twist(at_read(BOB, 2, |world| put(world, BOB, &["antispam"], "1")));
    let both = policy("b", &format!("scope: {{accounts: [{BOB}]}}\nservices: {{quarantine: enabled}}"));
    let desk = desk(&stand, &[enabled("im", ANNA), both, enabled("im", CARL)]);
    desk.apply(&[]).exits(5).says(&[
        "found otherwise",
        "eu/bob@example.com/quarantine: antispam changed since the plan was made",
        "2 of 3 steps done, 1 failed",
        "next: run again",
    ]);
    assert!(!stand.is_on(BOB, "quarantine") && stand.is_on(ANNA, "im") && stand.is_on(CARL, "im"));
    desk.apply(&[]).exits(0);
    desk.nothing_to_do(&[]);
}

/// A write that does not show at once is waited for, a little (U-15).
#[test]
fn a_write_that_shows_late_is_done() {
    let stand = Stand::of(world(&[(BOB, &[])]));
    let mut late = false;
    stand.twist(move |world, request| {
        let read = request.command == "getaccountproperties" && request.body.contains(BOB);
        let written = read && world.account_variable(BOB, "U_IM").as_deref() == Some("1");
        (written && !std::mem::replace(&mut late, true))
            .then(|| Reply::Body(valued(&answer(world, request), "U_IM", &text("0"))))
    });
    desk(&stand, &[enabled("im", BOB)]).apply(&[]).exits(0);
    assert!(stand.is_on(BOB, "im"));
    let reads = stand.commands().iter().filter(|command| *command == "getaccountproperties").count();
    // Two accounts for the plan, one before the write, and two to see it.
    assert_eq!((reads, stand.writes()), (5, 1));
}

/// 1, and nothing happened (U-6, U-22): told apart by what is read, and by the status then.
#[test]
fn a_write_without_effect_is_a_failure_and_ends_the_run_where_the_server_is_closed() {
    for (status, code, words) in
        [("0", 1, "1 of 2 steps"), ("1", 6, "stopped: the server takes no changes now")]
    {
        let stand = Stand::of(world(&[(ANNA, &[]), (BOB, &[])]));
        stand.twist(move |world, request| {
            (request.command == "setaccountproperties" || request.command == "setserverproperties").then(
                || {
                    assert!(world.set_server_variable("C_LicenseStatus", status));
                    result("1")
                },
            )
        });
        let desk = desk(&stand, &[enabled("im", BOB), backup("logs: true")]);
        let ran =
            desk.apply(&[]).exits(code).says(&["no effect", "reading back shows it unchanged", "next:"]);
        if status == "1" {
            ran.says(&[words, "not tried"]);
        }
        assert_eq!(stand.writes(), 0);
    }
}

/// Off by its switch and still on by its effective value: the seat counts as held, so nobody else gets it.
#[test]
fn a_release_that_is_still_in_effect_frees_no_seat() {
    let mut world = world(&[(ANNA, &["activesync"]), (BOB, &[])]);
    world.set_product("ActiveSync", Some(1));
    world.reset_highest();
    let stand = Stand::of(world);
    stand.twist(|world, request| {
        let read = request.command == "getaccountproperties" && request.body.contains(ANNA);
        read.then(|| Reply::Body(valued(&answer(world, request), "U_ActiveSyncSupport", &text("1"))))
    });
    let desk = desk(&stand, &[disabled("activesync", ANNA), enabled("activesync", BOB)]);
    desk.apply(ALLOW).exits(5).says(&[
        "but it is still in effect",
        "eu/bob@example.com/activesync: the seat it was to take was not freed, or is no longer there",
        "1 of 2 steps done, 1 not tried",
    ]);
    assert!(!stand.is_on(ANNA, "activesync") && !stand.is_on(BOB, "activesync"));
}

/// On by its switch, and not in effect: told, and no difference for ever (U-32).
#[test]
fn a_claim_that_is_not_in_effect_is_told_and_is_done() {
    let stand = Stand::of(world(&[(BOB, &[])]));
    stand.twist(|world, request| {
        let read = request.command == "getaccountproperties" && request.body.contains(BOB);
        read.then(|| Reply::Body(valued(&answer(world, request), "U_IMSupport", &text("0"))))
    });
    let desk = desk(&stand, &[enabled("im", BOB)]);
    desk.apply(&[]).exits(0).says(&["but it is not in effect for the account"]);
    desk.nothing_to_do(&[]);
}

/// A release without a variable, which answers an error id to whoever asks for it (U-33), can still be changed.
#[test]
fn what_the_release_does_not_have_is_not_asked_for_while_writing() {
    let stand = Stand::of(world(&[(BOB, &[])]));
    stand.twist(|world, request| match request.command.as_str() {
        "getaccountproperties" if request.body.contains("U_WebMailSupport") => Some(Reply::Body(
            "<iq type=\"error\"><query xmlns=\"admin:iq:rpc\"><error uid=\"property_unknown\"/></query></iq>"
                .into(),
        )),
        "getaccountapiconsole" => {
            let text = answer(world, request);
            let overall: u64 = between(&text, "overallcount").parse().expect("a number");
            let items: Vec<&str> = text.split_inclusive("</item>").collect();
            let told = |item: &&&str| !item.to_lowercase().contains("<propname>u_webmailsupport<");
            let kept: String = items.iter().filter(told).copied().collect();
            let fewer = overall - (items.len() - items.iter().filter(told).count()) as u64;
            assert!(fewer < overall, "{text}");
            let count = |n| format!("<overallcount>{n}</overallcount>");
            Some(Reply::Body(kept.replace(&count(overall), &count(fewer))))
        }
        _ => None,
    });
    let desk = desk(&stand, &[enabled("webmail", BOB)]);
    desk.apply(&[]).exits(0);
    assert!(stand.is_on(BOB, "webmail"));
    desk.nothing_to_do(&[]);
}

/// What is switched on waits for the values of its group; where one of them fails it stays off.
#[test]
fn a_backup_is_not_switched_on_before_its_values_are_there() {
    let stand = Stand::of(world(&[]));
    for name in ["C_System_Tools_AutoBackup_Enable", "C_System_Tools_AutoArchive_Backup_Active"] {
        assert!(stand.world().set_server_variable(name, "0"));
    }
    assert!(stand.world().set_server_variable("C_System_Tools_AutoBackup_BackupTo", ""));
    stand.twist(|_, request| {
        let refused =
            request.command == "setserverproperties" && request.body.contains("/backup/archive.bak");
        refused.then(|| result("0"))
    });
    let wanted = "enabled: true\npath: /backup/iw.bak\narchive: {enabled: true, path: /backup/archive.bak}";
    let desk = desk(&stand, &[backup(wanted)]);
    desk.apply(&[]).exits(5).says(&[
        "eu/backup/archive.path: the server did not apply it (result 0)",
        "eu/backup/archive.enabled",
        "a setting that it needs was not confirmed",
        "eu/backup/enabled",
    ]);
    assert_eq!(stand.server("C_System_Tools_AutoBackup_BackupTo"), "/backup/iw.bak");
    assert_eq!(stand.server("C_System_Tools_AutoBackup_Enable"), "0");
    stand.twist(|_, _| None);
    desk.apply(&[]).exits(0);
    assert_eq!(stand.server("C_System_Tools_AutoArchive_Backup_Active"), "1");
    desk.nothing_to_do(&[]);
}

/// A caller who may not read is never shown an empty server (U-39).
#[test]
fn an_account_without_rights_is_77_and_no_empty_server() {
    let stand = Stand::of(world(&[(BOB, &["im"])]));
    let spec = whole(&stand, "", &[disabled("im", BOB)])
        .replace("account: admin@example.com", &format!("account: {BOB}"));
    let desk = Desk::with(&spec);
    desk.plan(&[]).exits(77).says(&["next:"]);
    desk.apply(ALLOW).exits(77).says(&["next:", "nothing was changed"]);
    assert!(stand.is_on(BOB, "im"));
}

/// The session is lost in the middle: it is opened once more, and nothing is done twice.
#[test]
fn a_lost_session_is_renewed_and_nothing_is_written_twice() {
    let stand = Stand::of(world(&[(ANNA, &[]), (BOB, &[])]));
    let mut lost = false;
    stand.twist(move |_, request| {
        (request.command == "setaccountproperties" && !std::mem::replace(&mut lost, true)).then(|| {
            Reply::Body(
                "<iq type=\"error\"><query xmlns=\"admin:iq:rpc\"><error uid=\"session_expired\"/></query></iq>".into(),
            )
        })
    });
    desk(&stand, &[enabled("im", ANNA), enabled("im", BOB)]).apply(&[]).exits(0);
    assert_eq!(stand.writes(), 2);
}

/// Two accounts of one name in an alias domain are one, and its domain is not theirs (U-34).
#[test]
fn an_alias_domain_and_the_internal_one_bring_no_accounts() {
    let mut world = world(&[(BOB, &[])]);
    world.add_domain("alias.example.com", 2);
    assert!(world.set_domain_variable("alias.example.com", "D_DomainValue", "example.com"));
    world.add_domain("##internalservicedomain.icewarp.com##", 5);
    let stand = Stand::of(world);
    let everyone = policy("a", "scope: {domains: ['*']}\nservices: {im: enabled}");
    let planned = desk(&stand, &[everyone]).planned(2, &[]);
    assert_eq!(planned["accounts"]["count"], 2);
    assert_eq!(super::run::steps(&planned), ["claim admin@example.com/im", "claim bob@example.com/im"]);
}

/// On a terminal it asks, and only `yes` is yes.
#[test]
fn on_a_terminal_apply_asks_and_only_yes_is_yes() {
    for (typed, code, done) in [("yes\n", 0, true), ("y\n", 1, false), ("no\n", 1, false), ("\n", 1, false)] {
        let stand = Stand::of(world(&[(BOB, &[])]));
        let desk = desk(&stand, &[enabled("im", BOB)]);
        let ran = desk.on_a_terminal(&["apply", "spec"], typed).exits(code);
        ran.says(&["Perform 1 step on eu? Only `yes` does it."]);
        assert_eq!(stand.is_on(BOB, "im"), done, "{typed:?}");
    }
}

/// Does something when the program logs out for the first time, which it does before it asks.
fn at_the_question(
    act: impl FnOnce(&mut World) + Send + 'static,
) -> impl FnMut(&mut World, &Request) -> Option<Reply> + Send + 'static {
    let mut act = Some(act);
    move |world, request| {
        if request.command == "logout"
            && let Some(act) = act.take()
        {
            act(world);
        }
        None
    }
}

/// A person may take an hour: what was shown is done only if a fresh read still gives the same.
#[test]
fn after_the_answer_the_server_is_read_again_and_only_what_was_shown_is_done() {
    type Act = fn(&mut World);
    let cases: [(Act, i32, &str); 5] = [
        (|world| put(world, CARL, &["activesync"], "1"), 3, "no longer free; nothing was changed"),
        (|world| put(world, BOB, &["activesync"], "1"), 4, "there is nothing left to do"),
        (|world| assert!(world.set_server_variable("C_Reference", "0-MW-")), 4, "the plan is stale"),
        (|world| assert!(world.set_server_variable("C_LicenseStatus", "1")), 6, "nothing was changed"),
        (|world| world.add_account("dora@example.com", "Dora", 0), 0, "1 account new"),
    ];
    for (act, code, words) in cases {
        let mut world = world(&[(BOB, &[]), (CARL, &[])]);
        world.set_product("ActiveSync", Some(1));
        let stand = Stand::of(world);
        stand.twist(at_the_question(act));
        let desk = desk(&stand, &[enabled("activesync", BOB)]);
        let ran = desk.on_a_terminal(&["apply", "spec"], "yes\n");
        assert_eq!(ran.code, code, "{words}: {ran:?}");
        ran.says(&[words]);
        assert_eq!(stand.writes(), u64::from(code == 0), "{words}");
        let commands = stand.commands();
        let count = |name: &str| commands.iter().filter(|command| *command == name).count();
        assert_eq!((count("authenticate"), count("logout")), (2, 2), "{words}");
    }
}

#[test]
fn ctrl_c_at_the_question_ends_at_once_and_no_session_is_left() {
    let stand = Stand::of(world(&[(BOB, &[])]));
    let desk = desk(&stand, &[enabled("im", BOB)]);
    let ran = desk.on_a_terminal_after("does it.", &["apply", "spec"], "\u{3}");
    ran.exits(1).says(&["not confirmed; nothing was changed."]);
    assert_eq!((stand.writes(), stand.commands().last().map(String::as_str)), (0, Some("logout")));
}

/// The first signal lets what is under way end, the second one does not wait for it.
#[test]
fn a_second_signal_ends_a_run_and_what_was_under_way_is_in_doubt() {
    for (name, signals) in [("INT", 1), ("HUP", 1), ("INT", 2)] {
        let stand = Stand::of(world(&[(ANNA, &[]), (BOB, &[])]));
        let (began, begun) = channel();
        let (go, gone) = channel::<()>();
        let mut first = true;
        stand.twist(move |_, request| {
            if request.command == "setaccountproperties" && std::mem::replace(&mut first, false) {
                began.send(()).expect("the test waits");
                let _ = gone.recv();
            }
            None
        });
        let desk = desk(&stand, &[enabled("im", BOB), backup("logs: true")]);
        let mut started = desk.start(&["apply", "spec", "--auto-approve"]);
        begun.recv().expect("it writes");
        started.signal(name);
        started.says("once more ends at once");
        if signals == 2 {
            started.signal("TERM");
            started.ends().exits(5).says(&[
                "in doubt",
                "eu/bob@example.com/im: the program was ended before it was read back",
                "0 of 2 steps done, 1 in doubt, 1 not tried",
            ]);
            let commands = stand.commands();
            assert!(!commands.iter().any(|command| command == "logout"), "{commands:?}");
            drop(go);
        } else {
            go.send(()).expect("it waits");
            started.ends().exits(5).says(&[
                "the run was interrupted",
                "1 of 2 steps done, 1 not tried",
                "next: run again",
            ]);
            assert_eq!(stand.commands().last().map(String::as_str), Some("logout"));
        }
        stand.quiet();
        let told = desk.icewarden(&["history", "--format", "json"]).exits(0).json();
        let run = &told["runs"][0];
        assert_eq!((&run["state"], &run["in_doubt"]), (&"in part".into(), &(signals - 1).into()), "{run}");
        let resumed = desk.icewarden(&["apply", "--resume", "--auto-approve"]).exits(0);
        let found = resumed.err.contains("1 in doubt, and found done now");
        assert_eq!(found, signals == 2, "{}", resumed.err);
        desk.nothing_to_do(&[]);
        assert_eq!(stand.writes(), 2, "each was written once");
    }
}

/// A place for the plan that cannot be written is a failure that says what to do.
#[test]
fn a_plan_that_cannot_be_saved_is_1() {
    let stand = Stand::of(world(&[(BOB, &[])]));
    let desk = desk(&stand, &[enabled("im", BOB)]);
    desk.plan(&["--out", "no/such/folder/plan.json"])
        .exits(1)
        .says(&["the plan could not be saved", "next: choose another path for --out"]);
}

/// Somebody else did just what the plan was to do: that is no failure, and nothing is written.
#[test]
fn what_is_found_as_wanted_before_the_write_is_already_so() {
    let mut world = world(&[(ANNA, &["im"]), (BOB, &[]), (CARL, &[])]);
    world.set_product("Instant Messaging", Some(1));
    let stand = Stand::of(world);
    stand.twist(at_read(ANNA, 2, |world| put(world, ANNA, &["im"], "0")));
    let desk = desk(&stand, &[disabled("im", ANNA), enabled("im", BOB)]);
    desk.apply(ALLOW).exits(0).says(&["already so", "2 of 2 steps done"]);
    assert!(stand.is_on(BOB, "im") && stand.writes() == 1, "the seat that was freed is taken");
    desk.icewarden(&["history", "show", "1"]).exits(0).says(&["* already so"]);
    desk.icewarden(&["history"]).exits(0).says(&["complete 2/2"]);
    desk.nothing_to_do(&[]);
}

/// Many accounts that are to get a service.
fn many() -> (Stand, Desk) {
    let names: Vec<String> = (0..30).map(|number| format!("u{number:02}@example.com")).collect();
    let users: Vec<(&str, &[&str])> = names.iter().map(|name| (name.as_str(), &[][..])).collect();
    let mut world = world(&users);
    world.set_product("Instant Messaging", Some(100));
    let stand = Stand::of(world);
    let desk =
        desk(&stand, &[policy("on", "scope: {accounts: [\"u*@example.com\"]}\nservices: {im: enabled}")]);
    (stand, desk)
}

#[test]
fn a_server_that_is_gone_ends_a_run_after_a_few_steps() {
    let (stand, desk) = many();
    let mut writes = 0;
    stand.twist(move |_, request| {
        writes += u32::from(request.command == "setaccountproperties");
        (writes > 8).then(|| Reply::Raw(Vec::new()))
    });
    desk.apply(&[]).exits(5).says(&[
        "stopped: the server did not answer 5 steps in a row",
        "not tried",
        "next: check that the server answers",
        "apply --resume",
    ]);
    stand.twist(|_, _| None);
    desk.icewarden(&["apply", "--resume", "--auto-approve"]).exits(0);
    desk.nothing_to_do(&[]);
    assert_eq!(stand.writes(), 30, "each write is applied once");
}

#[test]
fn a_server_that_does_nothing_names_the_rights_where_it_says_so_and_both_causes_where_it_does_not() {
    for (answer, code, words) in [
        (error("account_permission"), 77, ["refused 10 steps in a row", "the rights of an administrator"]),
        (result("0"), 1, ["given up on im: the server did not do 1", "connection.rpc.account, the licence"]),
    ] {
        let (stand, desk) = many();
        let Reply::Body(body) = answer else { unreachable!("it is a body") };
        stand.twist(move |_, request| {
            (request.command == "setaccountproperties").then(|| Reply::Body(body.clone()))
        });
        desk.apply(&[]).exits(code).says(&words);
        assert_eq!(stand.writes(), 0);
    }
}

fn error(uid: &str) -> Reply {
    let query = format!("<query xmlns=\"admin:iq:rpc\"><error uid=\"{uid}\"/></query>");
    Reply::Body(format!("<iq type=\"error\">{query}</iq>"))
}

/// One failed read of the status is no reason to end a run.
#[test]
fn a_status_that_cannot_be_read_once_is_read_again_and_never_taken_for_a_closed_server() {
    for (failures, code, words) in
        [(1, 5, "1 of 2 steps done"), (u32::MAX, 1, "the licence's status cannot be read")]
    {
        let stand = Stand::of(world(&[(ANNA, &[]), (BOB, &[])]));
        let (mut refused, mut left) = (false, failures);
        stand.twist(move |_, request| {
            if request.command == "setaccountproperties" {
                refused = true;
                return Some(result("0"));
            }
            let status = refused && request.body.contains("C_LicenseStatus") && left > 0;
            left -= u32::from(status);
            status.then(|| error("moon_phase"))
        });
        let desk = desk(&stand, &[enabled("im", BOB), backup("logs: true")]);
        desk.apply(&[]).exits(code).says(&[words]);
    }
}

/// Such a proxy would be left out without a word.
#[test]
fn a_proxy_that_is_no_address_is_told() {
    let desk = Desk::with(&server("eu", "http://mail.example.com/icewarpapi/", ""));
    let desk = desk.env("NO_PROXY", "").env("HTTP_PROXY", "garbage::");
    desk.plan(&[])
        .exits(69)
        .says(&["the proxy in HTTP_PROXY cannot be used", "check the environment variable HTTP_PROXY"]);
}

/// A run may take hours: who leaves the group meanwhile loses what the policy takes and gets no seat of it.
#[test]
fn who_left_the_group_during_the_run_gets_no_seat() {
    let mut world = world(&[(ANNA, &[]), (BOB, &[]), (CARL, &["im"])]);
    super::spec::group(&mut world, "sales@example.com", &[ANNA, BOB]);
    world.set_product("Instant Messaging", Some(2));
    let stand = Stand::of(world);
    // At the first write, which is Carl's release.
    let mut left = false;
    stand.twist(move |world, request| {
        if request.command == "setaccountproperties" && !std::mem::replace(&mut left, true) {
            world.set_members("sales@example.com", &[ANNA]);
        }
        None
    });
    let sales = policy(
        "sales",
        "scope: {domains: [example.com]}\nservices: {im: {enable: {groups: [sales@example.com]}, others: disabled}}",
    );
    let desk = desk(&stand, &[sales]);
    desk.apply(ALLOW).exits(5).says(&[
        "not tried  claim   eu/bob@example.com/im",
        "its policy no longer says so: the lists have changed since the plan was made",
        "2 of 3 steps done",
    ]);
    assert!(stand.is_on(ANNA, "im") && !stand.is_on(BOB, "im") && !stand.is_on(CARL, "im"));
    desk.plan(&["--allow", "shrink=sales:1", "--reason", "a test"]).exits(0).says(&["nothing to do"]);
}
