//! What can happen between two sockets, and what the client makes of it.

use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use icewarden::edge::icewarp::{CallError, Client, Garble, Meaning, observe};
use icewarden::edge::port::{Phase, Wanted};
use icewarden::model::{Reading, Remedy};

use super::responder::{
    ACCOUNT, PASSWORD, Reply, Request, Responder, SID, error, item, options, raw, result, welcoming,
};

/// An error as a person reads it, with what it means for the exit code.
fn told(error: &CallError) -> String {
    let mut text = format!("{:?}: {error}", error.meaning());
    let mut next = error.source();
    while let Some(error) = next {
        text.push_str(&format!(": {error}"));
        next = error.source();
    }
    text
}

/// Logs in at a server that answers everything in this way.
async fn login(reply: impl Fn() -> Reply + Send + Sync + 'static) -> (String, Remedy, usize) {
    let server = Responder::start(move |_| reply()).await;
    let error = Client::connect(server.options()).await.err().expect("nobody should be let in");
    (told(&error), error.remedy(), server.seen().len())
}

/// Logs in at a server that lets us in, then reads the status.
async fn status(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Result<Reading<i64>, String> {
    let server = Responder::start(welcoming(move |_| reply())).await;
    let client = server.client().await;
    let status = client.read_status().await.map_err(|error| told(&error));
    client.close().await;
    status
}

#[tokio::test]
async fn a_plain_login_sends_what_was_seen_to_work_and_logs_out() {
    let server = Responder::start(welcoming(|_| Reply::Body(result(&item("c_licensestatus", "0"))))).await;
    let client = server.client().await;
    assert_eq!(client.read_status().await.unwrap(), Reading::Read(0));
    let calls = client.calls();
    client.close().await;
    let seen = server.seen();
    assert_eq!(
        seen[0].body,
        "<iq><query xmlns=\"admin:iq:rpc\"><commandname>authenticate</commandname><commandparams>\
         <authtype>0</authtype><email>admin@example.com</email>\
         <password>correct horse &amp; &lt;staple&gt;</password></commandparams></query></iq>"
    );
    assert_eq!(server.commands(), ["authenticate", "getserverproperties", "logout"]);
    assert!(seen[0].head.starts_with("POST /icewarpapi/ HTTP/1.1"), "{}", seen[0].head);
    assert!(seen[0].head.to_lowercase().contains("content-type: text/xml"), "{}", seen[0].head);
    assert_eq!((seen[1].sid(), seen[2].sid()), (SID, SID));
    assert_eq!((calls.of(Phase::Login), calls.of(Phase::Verify), calls.total()), (1, 1, 2));
}

#[tokio::test]
async fn a_login_is_refused_by_0_or_by_any_id_and_never_tried_again() {
    let cases = [
        ("0", "LoginRefused: the server refused the login: it does not accept the account and its password"),
        (
            "auth_login_invalid",
            "LoginRefused: the server refused the login: the account or its password is wrong (auth_login_invalid)",
        ),
        (
            "auth_two_factor_required",
            "LoginRefused: the server refused the login: the account needs a second factor (auth_two_factor_required)",
        ),
        (
            "account_disabled_13",
            "LoginRefused: the server refused the login: the licence keeps the account out (account_disabled_13)",
        ),
        (
            "session_ip_mismatch",
            "LoginRefused: the server refused the login: the session was opened from another address (session_ip_mismatch)",
        ),
        (
            "moon_phase",
            "LoginRefused: the server refused the login: it answered `moon_phase`, which is not in our list",
        ),
        ("", "LoginRefused: the server refused the login: it gave no reason"),
        (
            "invoker_commandname_invalid",
            "Other: the server refused the login: it does not know the command (invoker_commandname_invalid)",
        ),
    ];
    for (uid, expected) in cases {
        let (told, remedy, calls) =
            login(move || Reply::Body(if uid == "0" { result("0") } else { error(uid) })).await;
        assert_eq!(told, expected);
        assert_eq!(calls, 1, "{uid}: a refused login was repeated");
        let words = icewarden::report::remedy::text(&remedy);
        assert!(!words.is_empty(), "{uid}: no next act");
        assert_eq!(words.contains("look at the licence"), uid == "account_disabled_13", "{uid}: {words}");
    }
}

#[tokio::test]
async fn what_is_not_the_servers_language_is_told_by_its_kind() {
    let half = || {
        let body = result("1");
        Reply::Raw(
            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body.len() + 50, &body[..60])
                .into_bytes(),
        )
    };
    let page = "<!DOCTYPE html>\n<html><body>It works!</body></html>";
    type Make = Box<dyn Fn() -> Reply + Send + Sync>;
    let cases: Vec<(Make, &str)> = vec![
        (
            Box::new(move || raw("200 OK", "", page)),
            "NotTheLanguage: the answer to the login cannot be read: it is an HTML page",
        ),
        (
            Box::new(|| raw("200 OK", "", "")),
            "NotTheLanguage: the answer to the login cannot be read: it is empty",
        ),
        (
            Box::new(half),
            "NotTheLanguage: the answer to the login cannot be read: the connection ended in the middle of it",
        ),
        (
            Box::new(|| raw("200 OK", "", "{}")),
            "NotTheLanguage: the answer to the login cannot be read: it is not XML but other text",
        ),
        (
            Box::new(|| raw("302 Found", "Location: https://mail.example.com/webmail/\r\n", "")),
            "NotTheLanguage: the answer to the login cannot be read: it sends us elsewhere, to https://mail.example.com/webmail/",
        ),
        (
            Box::new(|| raw("301 Moved", "", "")),
            "NotTheLanguage: the answer to the login cannot be read: it sends us elsewhere, to nowhere",
        ),
        (
            Box::new(|| raw("404 Not Found", "", "no such\npage")),
            "NotTheLanguage: the answer to the login cannot be read: HTTP status 404",
        ),
        (
            Box::new(|| raw("204 No Content", "", "")),
            "NotTheLanguage: the answer to the login cannot be read: HTTP status 204",
        ),
        (
            Box::new(|| {
                Reply::Body(
                    "<iq type=\"result\"><query xmlns=\"admin:iq:rpc\"><result>1</result></query></iq>"
                        .into(),
                )
            }),
            "NotTheLanguage: the answer to the login cannot be read: it accepted the login and gave no session",
        ),
        (
            Box::new(|| Reply::Body(result("yes"))),
            "NotTheLanguage: the answer to the login cannot be read: it is neither 1 nor 0",
        ),
    ];
    for (reply, expected) in cases {
        let (told, _, calls) = login(reply).await;
        // Nothing of what came is repeated: it may be the password that was sent.
        assert_eq!(told, expected);
        assert_eq!(calls, 1, "{expected}");
    }
}

#[tokio::test]
async fn a_status_of_http_is_sorted_by_what_to_do_next() {
    let cases = [
        ("401 Unauthorized", "LoginRefused: the server refused the login: it answered with HTTP status 401"),
        ("403 Forbidden", "LoginRefused: the server refused the login: it answered with HTTP status 403"),
        ("429 Too Many", "Other: the login went unanswered: HTTP status 429: it cannot answer now"),
        ("500 Oh", "Other: the login went unanswered: HTTP status 500: it cannot answer now"),
        ("503 Later", "Other: the login went unanswered: HTTP status 503: it cannot answer now"),
    ];
    for (line, expected) in cases {
        let (told, ..) = login(move || raw(line, "", "<html>")).await;
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn a_wrong_path_names_the_right_one() {
    let (_, remedy, _) = login(|| raw("404 Not Found", "", "")).await;
    assert!(
        matches!(remedy, Remedy::EditSpec(text) if text.contains("port") && text.contains("/icewarpapi/"))
    );
}

async fn unreachable(url: &str) -> CallError {
    Client::connect(options(url)).await.err().expect("there is nobody there")
}

#[tokio::test]
async fn a_server_that_is_not_there_is_not_reachable() {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let cases = [
        (
            format!("http://127.0.0.1:{port}/icewarpapi/"),
            "the server is not reached: no connection to http://127.0.0.1:",
        ),
        (
            "https://no-such-host.test/icewarpapi/".to_owned(),
            "the server is not reached: no connection to https://no-such-host.test: ",
        ),
        (
            "http://user:hunter2@no-such-host.test/".to_owned(),
            "the server is not reached: no connection to http://no-such-host.test: ",
        ),
        (
            "ftp://mail.example.com/".to_owned(),
            "the connection cannot be set up: connection.rpc.url must begin",
        ),
        (
            "mail.example.com".to_owned(),
            "the connection cannot be set up: connection.rpc.url is no address: ",
        ),
    ];
    for (url, expected) in cases {
        let error = unreachable(&url).await;
        let told = told(&error);
        assert!(told.starts_with(&format!("NotReachable: {expected}")), "{url}: {told}");
        assert!(!told.contains("hunter2"), "{told}");
        assert!(error.not_sent(), "{told}");
    }
}

#[tokio::test]
async fn a_name_that_nobody_knows_is_told_from_a_port_that_is_closed() {
    let name = told(&unreachable("http://no-such-host.test/").await);
    assert!(name.contains("its name cannot be resolved"), "{name}");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let refused = told(&unreachable(&format!("http://127.0.0.1:{port}/")).await);
    assert!(refused.contains("refused"), "{refused}");
}

/// Sessions end as often as `lost` says, at the first calls.
async fn with_losses(lost: usize, uid: &'static str) -> (Result<Reading<i64>, String>, Vec<String>) {
    let calls = AtomicUsize::new(0);
    let server = Responder::start(welcoming(move |_| {
        let call = calls.fetch_add(1, Ordering::Relaxed);
        Reply::Body(if call < lost { error(uid) } else { result(&item("C_LicenseStatus", "0")) })
    }))
    .await;
    let client = server.client().await;
    let status = client.read_status().await.map_err(|error| told(&error));
    client.close().await;
    (status, server.commands())
}

#[tokio::test]
async fn every_id_of_the_session_means_log_in_again_once() {
    for uid in [
        "session_invalid",
        "session_invalid_id",
        "session_expired",
        "session_no_user",
        "session_ip_mismatch",
        "session_mismatch",
        "SESSION_COOKIE_MISMATCH",
    ] {
        let (status, commands) = with_losses(1, uid).await;
        assert_eq!(status, Ok(Reading::Read(0)), "{uid}");
        assert_eq!(
            commands,
            ["authenticate", "getserverproperties", "authenticate", "getserverproperties", "logout"],
            "{uid}"
        );
    }
}

#[tokio::test]
async fn a_session_that_is_lost_twice_is_an_error() {
    let (status, commands) = with_losses(2, "session_expired").await;
    assert_eq!(
        status.unwrap_err(),
        "SessionLost: the server refused getserverproperties: the session has expired (session_expired)"
    );
    assert_eq!(commands.iter().filter(|command| *command == "authenticate").count(), 2);
    assert_eq!(commands.last().unwrap(), "logout");
}

#[tokio::test]
async fn sessions_of_one_call_each_serve_calls_that_are_under_way_together() {
    const CALLS: usize = 8;
    let (logins, used) = (AtomicUsize::new(0), std::sync::Mutex::new(Vec::<String>::new()));
    let server = Responder::start(move |request: &Request| match request.command() {
        "authenticate" => {
            let login = logins.fetch_add(1, Ordering::Relaxed);
            Reply::Body(result("1").replace(SID, &format!("session-{login}")))
        }
        "logout" => Reply::Body(result("1")),
        _ => {
            let mut used = used.lock().unwrap();
            let sid = request.sid().to_owned();
            if used.contains(&sid) {
                return Reply::Body(error("session_expired"));
            }
            used.push(sid);
            Reply::Body(result(&item("C_LicenseStatus", "0")))
        }
    })
    .await;
    let client = server.client().await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..CALLS {
        let client = client.clone();
        calls.spawn(async move { client.read_status().await });
    }
    while let Some(status) = calls.join_next().await {
        assert_eq!(status.unwrap(), Ok(Reading::Read(0)));
    }
    client.close().await;
    assert_eq!(server.count("authenticate"), CALLS);
}

#[tokio::test]
async fn calls_that_lose_one_session_together_log_in_once() {
    const CALLS: usize = 6;
    // Every call under the first session fails, and none is answered before all are there.
    let barrier = std::sync::Arc::new(tokio::sync::Barrier::new(CALLS));
    let logins = AtomicUsize::new(0);
    let server = Responder::start(move |request: &Request| match request.command() {
        "authenticate" => {
            let login = logins.fetch_add(1, Ordering::Relaxed);
            Reply::Body(result("1").replace(SID, &format!("session-{login}")))
        }
        "logout" => Reply::Body(result("1")),
        _ if request.sid() == "session-0" => {
            Reply::Together(std::sync::Arc::clone(&barrier), error("session_expired"))
        }
        _ => Reply::Body(result(&item("C_LicenseStatus", "0"))),
    });
    let server = server.await;
    let client = server.client().await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..CALLS {
        let client = client.clone();
        calls.spawn(async move { client.read_status().await });
    }
    while let Some(status) = calls.join_next().await {
        assert_eq!(status.unwrap().unwrap(), Reading::Read(0));
    }
    client.close().await;
    assert_eq!(server.count("authenticate"), 2);
}

#[tokio::test]
async fn a_renewal_that_is_refused_ends_all_calls_and_is_not_repeated() {
    let logins = AtomicUsize::new(0);
    let server = Responder::start(move |request: &Request| {
        Reply::Body(match request.command() {
            "authenticate" if logins.fetch_add(1, Ordering::Relaxed) == 0 => result("1"),
            "authenticate" => error("auth_login_invalid"),
            _ => error("session_invalid"),
        })
    })
    .await;
    let client = server.client().await;
    for _ in 0..3 {
        let error = client.read_status().await.unwrap_err();
        assert_eq!(error.meaning(), Meaning::LoginRefused, "{}", told(&error));
    }
    assert_eq!(server.count("authenticate"), 2);
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_not_read_to_its_end() {
    let limit = 64 * 1024;
    let endless = || {
        Reply::Endless(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<iq>".to_vec(), vec![b' '; 8192])
    };
    let announced = || Reply::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n<iq>".to_vec());
    for reply in [&endless as &(dyn Fn() -> Reply + Send + Sync), &announced] {
        let reply = reply();
        let once = std::sync::Mutex::new(Some(reply));
        let server = Responder::start(move |_| once.lock().unwrap().take().unwrap_or(Reply::Close)).await;
        let mut options = server.options();
        options.limits.answer_bytes_max = limit;
        let error = Client::connect(options).await.err().unwrap();
        assert!(
            matches!(&error, CallError::Unreadable { why: Garble::TooLarge { limit: 65536 }, .. }),
            "{}",
            told(&error)
        );
    }
}

#[tokio::test]
async fn silence_ends_at_its_limit() {
    let server = Responder::start(|request: &Request| match request.command() {
        "authenticate" => Reply::Body(result("1")),
        _ => Reply::Silence,
    })
    .await;
    let mut options = server.options();
    options.limits.call = Duration::from_millis(50);
    options.limits.logout = Duration::from_millis(50);
    let client = Client::connect(options).await.unwrap();
    let error = client.read_status().await.unwrap_err();
    assert_eq!(told(&error), "Other: getserverproperties went unanswered: no answer within 0.05 s");
    assert!(!error.not_sent());
    // The farewell is not answered either, and nobody waits for it.
    client.close().await;

    let server = Responder::start(|_| Reply::Silence).await;
    let mut options = server.options();
    options.limits.login = Duration::from_millis(50);
    let error = Client::connect(options).await.err().unwrap();
    assert_eq!(told(&error), "Other: the login went unanswered: no answer within 0.05 s");
}

#[tokio::test]
async fn a_read_whose_connection_died_is_sent_again_and_a_write_is_not() {
    // Three times, and each time once more over a new connection.
    let server = Responder::start(welcoming(|_| Reply::Close)).await;
    let client = server.client().await;
    let read = client.read_status().await.unwrap_err();
    assert!(
        told(&read).starts_with("Other: getserverproperties went unanswered: the connection ended before")
    );
    let write = client.write_switch("a@example.com", icewarden::model::Service::Im, true).await.unwrap_err();
    assert!(
        told(&write).starts_with("Other: setaccountproperties went unanswered: the connection ended before")
    );
    assert!(!write.not_sent());
    client.close().await;
    assert_eq!((server.count("getserverproperties"), server.count("setaccountproperties")), (6, 1));
}

#[tokio::test]
async fn a_server_that_closes_kept_connections_without_a_word_gets_a_new_one_for_each_command() {
    let server = Responder::start(|request| match request.command() {
        _ if !request.first => Reply::Close,
        "getserverproperties" => Reply::Body(result(&item("C_LicenseStatus", "0"))),
        _ => Reply::Body(result("1")),
    })
    .await;
    let client = server.client().await;
    assert_eq!(client.read_status().await.unwrap(), Reading::Read(0));
    // The read found it out, so that no write is ever in doubt because of it.
    let written = client.write_switch("a@example.com", icewarden::model::Service::Im, true).await;
    assert_eq!(written, Ok(icewarden::edge::port::Written::Applied));
    client.close().await;
    let answered = server.seen().into_iter().filter(|request| request.first);
    let commands: Vec<String> = answered.map(|request| request.command().to_owned()).collect();
    assert_eq!(commands, ["authenticate", "getserverproperties", "setaccountproperties", "logout"]);
    assert_eq!(server.count("setaccountproperties"), 1);
}

#[tokio::test]
async fn neither_the_session_nor_the_password_gets_into_an_error() {
    let garbled = format!("<iq sid='{SID}' a=\"{PASSWORD}\">{SID}<query sid={SID}>");
    let cases = [garbled.clone(), format!("{SID} {PASSWORD}"), format!("<html>{SID}")];
    for body in cases {
        let text = body.clone();
        let error = status(move || Reply::Body(text.clone())).await.unwrap_err();
        assert!(!error.contains(SID) && !error.contains(PASSWORD), "{error}");
        let (told, ..) = login(move || Reply::Body(body.clone())).await;
        assert!(!told.contains(PASSWORD), "{told}");
    }
    // Before there is a session its id is not known, and is found by where it stands.
    let (told, ..) = login(|| Reply::Body(format!("<iq sid=\"{SID}"))).await;
    assert!(!told.contains(SID), "{told}");
    let shown = format!("{:?}", options("http://mail.example.com/"));
    assert!(!shown.contains(PASSWORD), "{shown}");
}

#[tokio::test]
async fn what_is_shown_of_an_answer_is_short_and_cannot_move_the_cursor() {
    let page = format!("<html>\x1b[2J\u{202e}{}", "x".repeat(10_000));
    let error = status(move || Reply::Body(page.clone())).await.unwrap_err();
    assert!(!error.contains('\x1b') && !error.contains('\u{202e}'), "{error}");
    assert!(error.chars().count() < 250, "{error}");
}

#[tokio::test]
async fn work_that_fails_logs_out_too() {
    let server = Responder::start(welcoming(|_| raw("500 Oh", "", ""))).await;
    let failed = Client::with(server.options(), async |client: &Client| {
        observe(client, &Wanted::default(), &|_| {}).await.is_err()
    })
    .await;
    assert!(failed.unwrap());
    assert_eq!(server.commands().last().unwrap(), "logout");
}

#[tokio::test]
async fn a_value_that_xml_cannot_carry_is_not_sent() {
    let server = Responder::start(welcoming(|_| Reply::Close)).await;
    let client = server.client().await;
    let error = client.write_setting(icewarden::model::BackupKey::Path, "a\u{1}b").await.unwrap_err();
    assert_eq!(
        told(&error),
        "Other: the server refused setserverproperties: a value holds the character U+0001, which XML cannot carry"
    );
    assert!(error.not_sent());
    assert_eq!(server.seen().len(), 1);
    assert_eq!(server.seen()[0].field("email"), ACCOUNT);
    client.close().await;
}
