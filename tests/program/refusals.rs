//! What a server says of its licence and of its session, at any call, and what passes by itself.

use super::run::{Desk, desk};
use super::spec::{backup, policy, put, world};
use super::stand::{Reply, Stand, answer};

fn error(uid: &str) -> Reply {
    let query = format!("<query xmlns=\"admin:iq:rpc\"><error uid=\"{uid}\"></error></query>");
    Reply::Body(format!("<iq type=\"error\">{query}</iq>"))
}

/// All get chat, one loses a phone and another gets one, and a setting of the backup changes.
fn start() -> (Stand, Desk) {
    let users = ["a@example.com", "b@example.com", "c@example.com", "d@example.com"];
    let mut world = world(&users.map(|user| (user, &[][..])));
    put(&mut world, "a@example.com", &["activesync"], "1");
    assert!(world.set_server_variable("C_System_Tools_AutoBackup_DeleteAfter", "7"));
    let stand = Stand::of(world);
    let documents = [
        policy("chat", "scope: {domains: [example.com]}\nservices: {im: enabled}"),
        policy("phones", "scope: {accounts: [a@example.com]}\nservices: {activesync: disabled}"),
        policy("phone", "scope: {accounts: [b@example.com]}\nservices: {activesync: enabled}"),
        backup("keepDays: 30"),
    ];
    let desk = desk(&stand, &documents);
    (stand, desk)
}

const ALLOW: [&str; 4] = ["--allow", "disable=9", "--reason", "a test"];

/// One word of the licence, at whichever call, is for the whole server: nothing more is written, and whoever runs it is
/// sent to the licence (reference 1.7, U-22).
#[test]
fn a_licence_that_is_in_the_way_ends_with_6_at_any_call() {
    for (command, written) in [
        ("authenticate", 0),
        ("getsessioninfo", 0),
        ("getdomainsinfolist", 0),
        ("getaccountsinfolist", 0),
        ("getserverproperties", 0),
        ("getstatisticsproperties", 0),
        ("getaccountapiconsole", 0),
        ("getaccountproperties", 0),
        ("getdomainproperties", 0),
        ("setaccountproperties", 0),
        ("setserverproperties", 7),
    ] {
        for uid in ["license_expired", "license_revalidation", "license_moon"] {
            let (stand, desk) = start();
            stand.twist(move |_, request| (request.command == command).then(|| error(uid)));
            let ran = desk.apply(&ALLOW);
            assert_eq!(ran.code, 6, "{uid} at {command}: {ran:?}");
            ran.says(&[uid, "licence"]);
            assert_eq!(stand.writes(), written, "{uid} at {command}");
            if written == 0 && command != "setaccountproperties" {
                let planned = desk.plan(&[]);
                assert_eq!(planned.code, 6, "{uid} at {command}: {planned:?}");
            }
        }
    }
}

/// A server that has a bad moment, or something in its place, is asked again: every read alike.
#[test]
fn a_passing_trouble_at_any_read_does_not_end_a_plan() {
    for command in [
        "getdomainsinfolist",
        "getaccountsinfolist",
        "getserverproperties",
        "getstatisticsproperties",
        "getaccountapiconsole",
        "getaccountproperties",
        "getdomainproperties",
        "getsessioninfo",
    ] {
        for trouble in ["500", "503", "html", "cut", "half"] {
            let (stand, desk) = start();
            let mut troubles = 1;
            stand.twist(move |world, request| {
                if request.command != command || troubles == 0 {
                    return None;
                }
                troubles -= 1;
                let whole = answer(world, request);
                Some(match trouble {
                    "html" => Reply::Body("<!DOCTYPE html><html><body>Please wait</body></html>".to_owned()),
                    "cut" => Reply::Raw(Vec::new()),
                    "half" => Reply::Body(whole[..whole.len() / 2].to_owned()),
                    status => Reply::Raw(
                        format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                            .into(),
                    ),
                })
            });
            let ran = desk.plan(&ALLOW);
            assert_eq!(ran.code, 2, "{trouble} at {command}: {ran:?}");
        }
    }
}

/// The server's own count of its users is compared with what is read, and nothing else rests on it.
#[test]
fn a_count_that_cannot_be_had_does_not_end_a_plan() {
    let (stand, desk) = start();
    stand.twist(|_, request| (request.command == "getstatisticsproperties").then(|| Reply::Raw(Vec::new())));
    desk.plan(&ALLOW).exits(2);
}

/// A session that is lost at every write is told as that, and not as a licence or as rights; and logging in ends.
#[test]
fn a_session_that_is_lost_at_every_write_is_told_and_ends_the_run() {
    let (stand, desk) = start();
    let mut logins = 0;
    let (told, count) = std::sync::mpsc::channel();
    stand.twist(move |_, request| {
        logins += usize::from(request.command == "authenticate");
        let _ = told.send(logins);
        (request.command == "setaccountproperties").then(|| error("session_invalid"))
    });
    let ran = desk.apply(&ALLOW);
    assert_eq!(ran.code, 1, "{ran:?}");
    ran.says(&[
        "the session was lost at 3 steps in a row",
        "session_invalid",
        "how long that one keeps a session",
    ]);
    assert_eq!(stand.writes(), 0);
    let logins = count.try_iter().last().expect("it was called");
    assert!(logins <= 6, "{logins} logins");
}

/// A logout that is answered by something else is tried again, so that no session stays open.
#[test]
fn a_logout_that_was_not_heard_is_sent_again() {
    for trouble in ["html", "503", "cut"] {
        let (stand, desk) = start();
        let mut troubles = 1;
        let (told, logouts) = std::sync::mpsc::channel();
        stand.twist(move |_, request| {
            if request.command != "logout" {
                return None;
            }
            let _ = told.send(());
            if troubles == 0 {
                return None;
            }
            troubles -= 1;
            Some(match trouble {
                "html" => Reply::Body("<html></html>".to_owned()),
                "cut" => Reply::Raw(Vec::new()),
                _ => {
                    Reply::Raw(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec())
                }
            })
        });
        desk.plan(&ALLOW).exits(2);
        assert!(logouts.try_iter().count() >= 2, "{trouble}");
    }
}

/// Whoever answers may send back what it was given: neither the password nor the session is in any text, whatever it is
/// echoed in.
#[test]
fn what_is_echoed_is_not_shown() {
    const PASSWORD: &str = "hunter2 & <co>";
    for command in [
        "authenticate",
        "getsessioninfo",
        "getdomainsinfolist",
        "getaccountproperties",
        "setaccountproperties",
    ] {
        for how in ["uid", "redirect", "html", "status"] {
            let (stand, desk) = start();
            assert!(stand.world().set_account_variable("admin@example.com", "U_Password", PASSWORD));
            let desk = desk.env("ICEWARP_PASSWORD", PASSWORD);
            stand.twist(move |_, request| {
                if request.command != command {
                    return None;
                }
                let sid = request.body.split("sid=\"").nth(1).and_then(|rest| rest.split('"').next());
                let echo = format!("said {PASSWORD} {}", sid.unwrap_or_default());
                let escaped = echo.replace('&', "&amp;").replace('<', "&lt;");
                Some(match how {
                    "uid" => error(&escaped),
                    "html" => Reply::Body(format!("<html>{escaped}</html>")),
                    "redirect" => Reply::Raw(
                        format!("HTTP/1.1 302 Found\r\nLocation: http://x.test/?{echo}\r\nContent-Length: 0\r\n\r\n").into(),
                    ),
                    _ => Reply::Raw(
                        format!("HTTP/1.1 404 No\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{echo}", echo.len()).into(),
                    ),
                })
            });
            let planned = desk.plan(&["--format", "json"]);
            let ran = desk.apply(&[&["--events", "events.json"], &ALLOW[..]].concat());
            let told = desk.icewarden(&["history", "show", "1"]);
            let events = std::fs::read_to_string(desk.path("events.json")).unwrap_or_default();
            for text in [&planned.out, &planned.err, &ran.out, &ran.err, &told.out, &told.err, &events] {
                assert!(!text.contains("hunter2"), "{how} at {command}: {text}");
                // Session ids of the sandbox begin so.
                assert!(!text.contains("2026011508"), "{how} at {command}: {text}");
            }
        }
    }
    let (_, desk) = start();
    let spec = desk.read("spec/spec.yaml").replace("/icewarpapi/", "/icewarpapi/?password=hunter2");
    desk.write("spec/spec.yaml", &spec);
    let ran = desk.plan(&[]).exits(65);
    assert!(!ran.err.contains("hunter2"), "{}", ran.err);
}
