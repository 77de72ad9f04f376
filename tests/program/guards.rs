//! Every guardrail by hand: at its limit, one beyond, what it says, its own override, and that nothing is written
//! before.

use icewarden::edge::sandbox::{Setting, World};

use super::run::{Desk, codes, desk, steps};
use super::spec::{backup, license, policy, put, server, whole, world};
use super::stand::{Reply, Stand, answer, text as value, valued};

fn off(service: &str, accounts: &[String]) -> String {
    policy(
        "off",
        &format!("scope: {{accounts: [{}]}}\nservices: {{{service}: disabled}}", accounts.join(", ")),
    )
}

/// A world in which this many users have a service on.
fn many(service: &'static str, count: usize) -> (World, Vec<String>) {
    let users: Vec<String> = (0..count).map(|number| format!("user{number:03}@example.com")).collect();
    let services = [service];
    let rows: Vec<(&str, &[&str])> = users.iter().map(|user| (user.as_str(), services.as_slice())).collect();
    let mut world = world(&rows);
    world.set_product("Instant Messaging", Some(0));
    (world, users)
}

/// Held back: 3, this is said, and not one write was tried.
#[track_caller]
fn held(desk: &Desk, stand: &Stand, args: &[&str], kind: &str, words: &[&str]) {
    let planned = desk.planned(3, args);
    let kinds: Vec<&str> =
        planned["holds"].as_array().expect("holds").iter().filter_map(|hold| hold["kind"].as_str()).collect();
    assert_eq!(kinds, [kind], "{planned:#}");
    desk.plan(args).says(words).says(&["Held back: nothing of this plan may be done", "next:"]);
    desk.apply(args).exits(3).says(words).says(&["nothing was changed"]);
    assert!(!stand.commands().iter().any(|command| command.starts_with("set")));
}

/// Done: 2, then 0, then nothing to do.
#[track_caller]
fn done(desk: &Desk, args: &[&str]) {
    desk.planned(2, args);
    desk.apply(args).exits(0);
    desk.nothing_to_do(&[]);
}

#[test]
fn a_plan_that_is_held_back_is_not_offered_for_applying() {
    let (world, users) = many("im", 21);
    let stand = Stand::of(world);
    let desk = desk(&stand, &[off("im", &users)]);
    let saved =
        desk.plan(&["--out", "plan.json"]).exits(3).says(&["saved: plan.json; nothing in it can be applied"]);
    assert!(!saved.err.contains("do exactly this"), "{}", saved.err);
    desk.plan(&["--out", "plan.json", "--allow", "disable=im:21", "--reason", "they left"])
        .exits(2)
        .says(&["saved: plan.json; do exactly this with `icewarden apply plan.json`"]);
    desk.icewarden(&["validate", "spec"]).exits(0).says(&["valid: 1 server in 1 file"]);
}

#[test]
fn disable_blocks_one_beyond_its_limit_in_number_and_in_percent() {
    // The limits, who has it on, who would lose it, and whether that goes through.
    let cases = [
        ("", 400, 20, true),
        ("", 420, 21, false),
        ("", 100, 5, true),
        ("", 100, 6, false),
        ("", 99, 5, false),
        ("", 19, 1, false),
        ("", 20, 1, true),
        ("guardrails: {disable: {accounts: 2}}", 60, 2, true),
        ("guardrails: {disable: {accounts: 2}}", 60, 3, false),
        ("guardrails: {disable: {percent: 50}}", 20, 10, true),
        ("guardrails: {disable: {percent: 50}}", 20, 11, false),
        ("guardrails: {disable: {percent: 2.5}}", 40, 1, true),
        ("guardrails: {disable: {percent: 2.4}}", 40, 1, false),
        ("guardrails: {disable: {accounts: 0, percent: 100}}", 40, 1, false),
    ];
    for (limits, on, lost, goes) in cases {
        let (world, users) = many("im", on);
        let stand = Stand::of(world);
        let desk = Desk::with(&whole(&stand, limits, &[off("im", &users[..lost])]));
        let ran = desk.plan(&[]);
        assert_eq!(ran.code, if goes { 2 } else { 3 }, "{limits} {lost} of {on}: {ran:?}");
        if !goes {
            let words = format!("{lost} of the {on} accounts with im would lose it; the limit is");
            ran.says(&[&words, &format!("--allow disable=im:{lost} --reason TEXT")]);
        }
    }
}

#[test]
fn disable_is_overridden_by_its_number_and_no_other() {
    let (world, users) = many("im", 30);
    let stand = Stand::of(world);
    let desk = desk(&stand, &[off("im", &users[..7])]);
    let words = ["7 of the 30 accounts with im", "user000@example.com", "and 2 more", "--allow disable=im:7"];
    held(&desk, &stand, &[], "disable", &words);
    for value in ["disable=6", "disable=im:6", "disable=sip:7", "mail=im:7"] {
        held(&desk, &stand, &["--allow", value, "--reason", "x"], "disable", &words);
    }
    for value in ["disable=7", "disable=im:7", "disable=im:100"] {
        desk.planned(2, &["--allow", value, "--reason", "x"]);
    }
    done(&desk, &["--allow", "disable=im:7", "--reason", "x"]);
    assert_eq!(stand.writes(), 7);
}

/// Each service has its own count.
#[test]
fn disable_counts_each_service_by_itself() {
    let (mut world, users) = many("im", 40);
    for user in &users {
        put(&mut world, user, &["sip"], "1");
    }
    let stand = Stand::of(world);
    let both = off("im: disabled, sip", &users[..2]);
    done(&desk(&stand, &[both]), &[]);
    let beyond = desk(
        &stand,
        &[off("im", &users[2..5]), off("sip", &users[2..3]).replace("name: off", "name: calls")],
    );
    let planned = beyond.planned(3, &[]);
    assert_eq!(planned["holds"].as_array().map(Vec::len), Some(1), "{planned:#}");
    assert_eq!(planned["holds"][0]["accounts_count"], 3);
    beyond.apply(&[]).exits(3);
    assert_eq!(stand.writes(), 4, "the other release is not done either");
}

#[test]
fn mail_blocks_for_anybody_and_is_overridden_by_its_own_name() {
    for service in ["smtp", "pop3imap", "webmail", "groupware", "archive"] {
        let (world, users) = many(service, 40);
        let stand = Stand::of(world);
        let desk = desk(&stand, &[off(service, &users[..1])]);
        let allow = format!("--allow mail={service}:1");
        let words = [format!("1 account would lose {service}"), allow];
        held(
            &desk,
            &stand,
            &["--allow", "disable=9", "--reason", "x"],
            "mail",
            &words.each_ref().map(String::as_str),
        );
        let value = format!("mail={service}:1");
        done(&desk, &["--allow", &value, "--reason", "x"]);
    }
    for service in ["im", "sip", "activesync", "webdav", "meeting"] {
        let (world, users) = many(service, 40);
        desk(&Stand::of(world), &[off(service, &users[..1])]).planned(2, &[]);
    }
}

/// Who is protected, why, and that a claim for them is nothing to guard.
#[test]
fn protect_keeps_administrators_postmasters_ourselves_and_whom_the_spec_names() {
    type Case = (&'static str, fn(&mut World), &'static str);
    let cases: [Case; 6] = [
        ("boss@example.com", |_| {}, "it is listed in guardrails.protect"),
        ("vip.two@example.com", |_| {}, "it is listed in guardrails.protect"),
        (
            "root@example.com",
            |world| assert!(world.set_account_variable("root@example.com", "U_Admin", "1")),
            "the server lists it as an administrator",
        ),
        (
            "local@example.com",
            |world| assert!(world.set_account_variable("local@example.com", "A_AdminType", "1")),
            "the server lists it as an administrator",
        ),
        ("postmaster@example.org", |_| {}, "it is a postmaster"),
        // That it logs in as an administrator comes first.
        ("admin@example.com", |_| {}, "the server lists it as an administrator"),
    ];
    for (address, prepare, why) in cases {
        let mut world = world(&[(address, &["im"])]);
        put(&mut world, address, &["im"], "1");
        prepare(&mut world);
        let stand = Stand::of(world);
        let limits = "guardrails: {disable: {accounts: 9, percent: 100}, protect: [boss@example.com, 'vip.*@example.com']}";
        let desk = Desk::with(&whole(&stand, limits, &[off("im", &[address.to_owned()])]));
        let allow = format!("--allow protect={address} --reason TEXT");
        held(&desk, &stand, &[], "protect", &[&format!("{address} would lose im; {why}"), &allow]);
        let other = ["--allow", "protect=other@example.com", "--reason", "x"];
        held(&desk, &stand, &other, "protect", &[why]);
        let claim = Desk::with(&whole(
            &stand,
            limits,
            &[off("sip", &[address.to_owned()]).replace("disabled", "enabled")],
        ));
        claim.planned(2, &[]);
        let value = format!("protect={address}");
        done(&desk, &["--allow", &value, "--reason", "x"]);
    }
}

/// Whoever we log in as is protected even without being an administrator of the server.
#[test]
fn protect_keeps_the_account_that_logs_in() {
    let mut world = world(&[]);
    put(&mut world, "admin@example.com", &["im"], "1");
    let stand = Stand::of(world);
    stand.twist(|world, request| {
        // The server hides that it is one: the flag and the list say 0.
        matches!(request.command.as_str(), "getaccountproperties" | "getaccountsinfolist").then(|| {
            let text = answer(world, request);
            let text = valued(&text, "U_Admin", &value("0"))
                .replace("<admintype>2</admintype>", "<admintype>0</admintype>");
            Reply::Body(text.replace("<admintype>1</admintype>", "<admintype>0</admintype>"))
        })
    });
    let limits = "guardrails: {disable: {accounts: 9, percent: 100}}";
    let desk = Desk::with(&whole(&stand, limits, &[off("im", &["admin@example.com".to_owned()])]));
    held(&desk, &stand, &[], "protect", &["it is the account we log in with"]);
}

/// One row: the server's value before, what the spec says, which setting is held, and a word of the reason.
#[test]
fn a_backup_that_becomes_weaker_is_held_by_its_setting() {
    type Row = (&'static str, &'static str, &'static str, Option<(&'static str, &'static str)>);
    let less = "less would be in the backup";
    let table: [Row; 31] = [
        ("C_System_Tools_AutoBackup_Enable", "1", "enabled: false", Some(("enabled", less))),
        ("C_System_Tools_AutoBackup_Enable", "0", "enabled: true", None),
        (
            "C_System_Tools_AutoBackup_DeleteAfter",
            "30",
            "keepDays: 29",
            Some(("keepDays", "less would be kept")),
        ),
        ("C_System_Tools_AutoBackup_DeleteAfter", "30", "keepDays: 31", None),
        ("C_System_Tools_AutoBackup_DeleteAfter", "30", "keepDays: 0", Some(("keepDays", "what 0 means"))),
        ("C_System_Tools_AutoBackup_DeleteAfter", "0", "keepDays: 30", Some(("keepDays", "what 0 means"))),
        ("C_System_Tools_IncludeMailDir", "1", "mailFolders: false", Some(("mailFolders", less))),
        ("C_System_Tools_IncludeMailDir", "0", "mailFolders: true", None),
        ("C_System_Tools_Backup_Emails", "1", "emails: {enabled: false}", Some(("emails.enabled", less))),
        (
            "C_System_Tools_Backup_SkipLarger",
            "25",
            "emails: {skipLargerMb: 24}",
            Some(("emails.skipLargerMb", "less would be kept")),
        ),
        ("C_System_Tools_Backup_SkipLarger", "25", "emails: {skipLargerMb: 26}", None),
        (
            "C_System_Tools_Backup_SkipOlder",
            "365",
            "emails: {skipOlderDays: 364}",
            Some(("emails.skipOlderDays", "less would be kept")),
        ),
        (
            "C_System_Tools_Backup_SkipOlder",
            "0",
            "emails: {skipOlderDays: 365}",
            Some(("emails.skipOlderDays", "what 0 means")),
        ),
        (
            "C_System_Tools_Backup_Dirs",
            "/srv/one",
            "directories: /srv/two",
            Some(("directories", "no longer be used")),
        ),
        ("C_System_Tools_Backup_Dirs", "", "directories: /srv/two", None),
        ("C_System_Tools_Backup_Logs", "1", "logs: false", Some(("logs", less))),
        (
            "C_System_Tools_Backup_GWAttach",
            "1",
            "groupwareAttachments: false",
            Some(("groupwareAttachments", less)),
        ),
        (
            "C_System_Tools_Backup_DB_AccountsEnabled",
            "1",
            "databases: {accounts: {enabled: false}}",
            Some(("databases.accounts.enabled", less)),
        ),
        (
            "C_System_Tools_Backup_DB_GWEnabled",
            "1",
            "databases: {groupware: {enabled: false}}",
            Some(("databases.groupware.enabled", less)),
        ),
        (
            "C_System_Tools_Backup_DB_Accounts",
            "old;u;p;h;7;3",
            "databases: {accounts: {target: {env: DSN}}}",
            Some(("databases.accounts.target", "the target would change")),
        ),
        ("C_System_Tools_Backup_DB_AS", "", "databases: {antispam: {target: {env: DSN}}}", None),
        (
            "C_System_Tools_AutoBackup_BackupTo",
            "/old.bak",
            "path: /new.bak",
            Some(("path", "no longer be used")),
        ),
        ("C_System_Tools_AutoBackup_BackupTo", "", "path: /new.bak", None),
        (
            "C_System_Tools_AutoBackup_Schedule",
            "QQ==",
            "schedule: {captured: Qg==}",
            Some(("schedule", "at other times")),
        ),
        (
            "C_System_Tools_AutoArchive_Backup_Active",
            "1",
            "archive: {enabled: false}",
            Some(("archive.enabled", less)),
        ),
        (
            "C_System_Tools_AutoArchive_Backup_DeleteOlder",
            "90",
            "archive: {keepDays: 89}",
            Some(("archive.keepDays", "less would be kept")),
        ),
        (
            "C_System_Tools_AutoArchive_Backup_File",
            "/old.bak",
            "archive: {path: /new.bak}",
            Some(("archive.path", "no longer be used")),
        ),
        (
            "C_System_Tools_ExcludeLicense",
            "0",
            "excludeLicense: true",
            Some(("excludeLicense", "not known (U-2)")),
        ),
        (
            "C_System_Tools_ExcludeLicense",
            "1",
            "excludeLicense: false",
            Some(("excludeLicense", "not known (U-2)")),
        ),
        ("C_System_Tools_AutoBackup_DeleteAfter", "7", "schedule: keep", None),
        ("C_System_Tools_AutoBackup_DeleteAfter", "07", "keepDays: 7", None),
    ];
    let stand = Stand::of(world(&[]));
    for (variable, before, wanted, guarded) in table {
        assert!(stand.world().set_server_variable(variable, before), "{variable}");
        let desk = desk(&stand, &[backup(wanted)]).env("DSN", "new;u;s3cret;h;7;3");
        let planned = desk.plan(&["--format", "json"]).json()["servers"][0].clone();
        let hold = &planned["holds"][0];
        match guarded {
            None => {
                assert_eq!(planned["holds"].as_array().map(Vec::len), Some(0), "{wanted}: {planned:#}");
                desk.apply(&[]).exits(0);
            }
            Some((key, why)) => {
                assert_eq!(hold["kind"], "backup", "{wanted}: {planned:#}");
                let (message, remedy) = (hold["message"].to_string(), hold["remedy"].to_string());
                assert!(message.contains(why) && !message.contains("s3cret"), "{wanted}: {message}");
                assert!(remedy.contains(&format!("--allow backup={key} ")), "{wanted}: {remedy}");
                assert!(hold["place"].to_string().contains("spec.yaml:14:"), "{wanted}: {hold}");
                let another = if key == "logs" { "backup=keepDays" } else { "backup=logs" };
                desk.apply(&["--allow", another, "--reason", "x"]).exits(3);
                desk.apply(&["--allow", "backup=other", "--reason", "x"]).exits(64);
                assert_eq!(stand.server(variable), before, "{wanted}");
                let value = format!("backup={key}");
                desk.apply(&["--allow", &value, "--reason", "x"]).exits(0);
            }
        }
        desk.nothing_to_do(&[]);
    }
}

/// The licence in the backup: the raw flag, the intent, and what neither can say (U-2).
#[test]
fn bak_3_the_licence_in_the_backup_is_declared_raw_or_by_a_known_sense() {
    // The sense, the flag before, what the spec says, and what comes of it: the exit, and the flag after.
    let table = [
        ("manual", "1", "licenseInBackup: excluded", 3, "1"),
        ("manual", "0", "licenseInBackup: included", 2, "1"),
        ("variableList", "0", "licenseInBackup: excluded", 3, "0"),
        ("variableList", "1", "licenseInBackup: included", 2, "0"),
        ("manual", "1", "excludeLicense: false", 3, "1"),
        ("manual", "0", "excludeLicense: true", 2, "1"),
        ("variableList", "0", "excludeLicense: true", 3, "0"),
        ("variableList", "1", "excludeLicense: false", 2, "0"),
        ("unknown", "0", "excludeLicense: true", 3, "0"),
        ("unknown", "1", "excludeLicense: false", 3, "1"),
        ("unknown", "1", "excludeLicense: true", 0, "1"),
        ("unknown", "0", "licenseInBackup: included", 65, "0"),
        ("manual", "0", "licenseInBackup: included\nexcludeLicense: true", 65, "0"),
    ];
    let stand = Stand::of(world(&[]));
    for (sense, before, wanted, exit, after) in table {
        assert!(stand.world().set_server_variable("C_System_Tools_ExcludeLicense", before));
        let more = format!("excludeLicenseSense: {sense}");
        let desk = Desk::with(&whole(&stand, &more, &[backup(wanted)]));
        let ran = desk.plan(&[]);
        assert_eq!(ran.code, exit, "{sense} {before} {wanted}: {ran:?}");
        if exit == 65 {
            ran.says(&["licenseInBackup"]);
        }
        desk.apply(&[]).exits(if exit == 2 { 0 } else { exit });
        assert_eq!(stand.server("C_System_Tools_ExcludeLicense"), after, "{sense} {before} {wanted}");
    }
}

/// A reason is recorded with each override, and an override that nothing needed is told.
#[test]
fn overrides_are_recorded_and_told_where_nothing_needed_them() {
    let (world, users) = many("im", 40);
    let stand = Stand::of(world);
    let desk = desk(&stand, &[off("im", &users[..1])]);
    for value in
        ["disable=im:1", "protect=x@example.com", "backup=keepDays", "shrink=nobody:0", "keep-free=fax"]
    {
        let args = ["--allow", value, "--reason", "asked for in ticket 7", "--out", "plan.json"];
        desk.plan(&args).exits(2).says(&[&format!("--allow {value} was not needed")]);
        let saved = desk.read("plan.json");
        assert!(saved.contains("asked for in ticket 7"), "{value}");
    }
}

/// Activation is scarce: whatever the spec says of it, nothing of the kind is ever sent, and it is told.
#[test]
fn act_4_nothing_is_activated_whatever_the_spec_says() {
    let stand = Stand::of(world(&[("bob@example.com", &[])]));
    for activation in ["activation: {online: {}}", "activation: {offline: {file: license.xml}}", ""] {
        for order in ["EXAMPLE-0001", "EXAMPLE-0002"] {
            let wanted = format!("orderId: {order}\n{activation}\nrevalidation: reenter");
            let chat = policy("chat", "scope: {accounts: [bob@example.com]}\nservices: {im: enabled}");
            let desk = desk(&stand, &[license(&wanted), chat]);
            put(&mut stand.world(), "bob@example.com", &["im"], "0");
            let ran = desk.apply(&[]).exits(0).says(&["revalidation"]);
            if !activation.is_empty() {
                ran.says(&["activation"]);
            }
        }
    }
    let sent = stand
        .commands()
        .into_iter()
        .filter(|command| command.starts_with("set") || command.contains("licen"));
    let sent: Vec<String> =
        sent.filter(|command| command != "setaccountproperties" && command != "getlicenseinfo").collect();
    assert_eq!(sent, Vec::<String>::new(), "only switches were written, and of the licence only read");
}

/// The order id, the reference and what is expected are compared; a difference is a finding with its place.
#[test]
fn lic_1_order_id_reference_and_seats_are_compared_and_never_changed() {
    let mut world = world(&[]);
    world.set_product("ActiveSync", Some(7));
    world.set_product("CalDAV", Some(0));
    world.set_product("FTP", None);
    let stand = Stand::of(world);
    let cases: [(&str, &[&str], &str); 8] = [
        ("orderId: EXAMPLE-0001", &[], "nothing to do."),
        ("orderId: EXAMPLE-0002", &["licence-order"], "of order EXAMPLE-0001, the spec says EXAMPLE-0002"),
        ("orderId: 0012", &["licence-order"], "the spec says 0012"),
        ("expect: {activesync: {seats: 7}}", &[], "nothing to do"),
        (
            "expect: {activesync: {seats: 8}}",
            &["licence-expect"],
            "the licence has 7 activesync seats, the spec expects 8",
        ),
        (
            "expect: {ActiveSync: {seats: 6}}",
            &["licence-expect"],
            "the licence has 7 activesync seats, the spec expects 6",
        ),
        ("expect: {caldav: {seats: 5}}", &["licence-expect"], "no limit for caldav, the spec expects 5"),
        ("expect: {ftp: {seats: 5}}", &["licence-expect"], "the licence names no ftp, the spec expects 5"),
    ];
    for (wanted, found, words) in cases {
        let desk = desk(&stand, &[license(wanted)]);
        // A licence that differs is something to do, though no step does it.
        let (code, licence) = if found.is_empty() { (0, "ok") } else { (2, "differs") };
        let planned = desk.planned(code, &["--outputs", "outputs"]);
        assert_eq!(codes(&planned), found, "{wanted}");
        assert_eq!(planned["licence"], licence, "{wanted}");
        assert!(desk.read("outputs").contains(&format!("changes=false\nblocked=false\nlicence={licence}\n")));
        let ran = desk.plan(&[]).exits(code).says(&[words]);
        if !found.is_empty() {
            ran.says(&["spec.yaml:14:", "next:"]);
        }
    }
    let planned = desk(&stand, &[license("orderId: EXAMPLE-0002")]).planned(2, &[]);
    assert_eq!([&planned["order_id"], &planned["reference_id"]], ["EXAMPLE-0001", super::spec::REFERENCE]);
    assert_eq!(steps(&planned), Vec::<String>::new());
    assert_eq!(stand.writes(), 0);
    // It is named by its server, so one for another server is a mistake in the spec.
    let spec = [server("eu", &stand.url, ""), license("orderId: X").replace("server: eu", "server: us")]
        .join("---\n");
    Desk::with(&spec).plan(&[]).exits(65).says(&["us", "spec.yaml:"]);
}

/// Status 1 means an evaluation or Emergency Mode (LIC-4): the author's word opens the server where nothing that was
/// read says otherwise.
#[test]
fn lic_4_an_evaluation_that_is_declared_takes_changes() {
    let stand = Stand::of(world(&[("bob@example.com", &[])]));
    let chat = || policy("chat", "scope: {accounts: [bob@example.com]}\nservices: {im: enabled}");
    let declared =
        desk(&stand, &[license("evaluation: true\nexpect: {instantmessaging: {seats: 10}}"), chat()]);
    declared.plan(&[]).says(&["take `evaluation` out"]);
    assert_eq!(declared.planned(2, &[])["licence"], "differs");
    assert!(stand.world().set_server_variable("C_LicenseStatus", "1"));
    // Its text marks no module as a trial, so it is a full licence in Emergency Mode.
    declared.apply(&[]).exits(6).says(&["this is Emergency Mode", "nothing was changed"]);
    assert_eq!(declared.planned(6, &[])["licence"], "closed");
    let undeclared = desk(&stand, &[chat()]);
    undeclared.apply(&[]).exits(6).says(&["declare `evaluation: true`", "all services stop at midnight"]);
    // U-1: where the text is not given, the author knows better than nobody.
    stand.world().set_switch(Setting::parse("U-1=no-value").expect("a position"));
    declared.apply(&[]).exits(0).says(&["the licence is an evaluation, as the spec says"]);
    assert_eq!(stand.writes(), 1);
}

/// Several narrowed plans, each within the limit, are one change.
#[test]
fn disable_counts_what_narrowed_plans_took_lately() {
    let (world, users) = many("im", 420);
    let stand = Stand::of(world);
    let desk = desk(&stand, &[off("im", &users[..36])]);
    let only = |digits: &'static str| ["--target", digits];
    desk.apply(&only("eu/user00?@example.com/im")).exits(0);
    // Twenty in all are at the limit, and another service has a limit of its own.
    desk.apply(&only("eu/user01?@example.com/im")).exits(0);
    let words = [
        "10 of the 400 accounts with im would lose it, and 20 lost it in the last 24 hours by narrowed plans",
        "the limit for all of them is 20 accounts and 5 %",
        "--allow disable=im:30 --reason TEXT",
    ];
    let writes = stand.writes();
    desk.plan(&only("eu/user02?@example.com/im")).exits(3).says(&words);
    desk.apply(&only("eu/user02?@example.com/im")).exits(3).says(&words);
    desk.plan(&[])
        .exits(3)
        .says(&["16 of the 400 accounts with im would lose it, and 20 lost it", "disable=im:36"]);
    assert_eq!(stand.writes(), writes);
    // Who has it back was not taken from, and what an override named was seen by a person.
    for user in &users[..10] {
        put(&mut stand.world(), user, &["im"], "1");
    }
    desk.plan(&["--exclude", "eu/user00?@example.com/im", "--exclude", "eu/user03?@example.com/im"]).exits(2);
    let allow = ["--allow", "disable=im:20", "--reason", "they left"];
    desk.apply(&[&allow[..], &only("eu/user02?@example.com/im")].concat()).exits(0);
    desk.apply(&only("eu/user03?@example.com/im")).exits(0);
}

/// A run that was cut off and is gone on with is not counted twice.
#[test]
fn disable_counts_a_narrowed_run_that_is_gone_on_with_once() {
    let (world, users) = many("im", 420);
    let stand = Stand::of(world);
    let desk = desk(&stand, &[off("im", &users[..30])]);
    let only = ["--target", "eu/user0*@example.com/im", "--exclude", "eu/user02?@example.com/im"];
    super::kill::kill_at(&stand, &desk, 9, super::kill::When::BeforeAll, &only);
    stand.twist(|_, _| None);
    desk.icewarden(&["apply", "--resume", "--auto-approve"]).exits(0);
    assert!(!stand.is_on("user019@example.com", "im"));
    desk.plan(&["--target", "eu/user02?@example.com/im"])
        .exits(3)
        .says(&["and 20 lost it in the last 24 hours"]);
}
