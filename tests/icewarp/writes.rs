//! The port of a run: what is sent, and what its answer is worth.

use std::collections::BTreeMap;

use icewarden::edge::icewarp::CallError;
use icewarden::edge::port::{Phase, Written};
use icewarden::model::{BackupKey, Reading, Service, ServiceSet};
use icewarden::report::chain;

use super::responder::{PASSWORD, Reply, Responder, SID, error, item, result, welcoming};

async fn wrote(answer: &'static str) -> Result<Written, String> {
    let server = Responder::start(welcoming(move |_| Reply::Body(result(answer)))).await;
    let client = server.client().await;
    let written = client.write_switch("a@example.com", Service::OutlookSync, true).await;
    client.close().await;
    written.map_err(|error| format!("{:?}", error.meaning()))
}

#[tokio::test]
async fn only_1_is_applied() {
    assert_eq!(wrote("1").await, Ok(Written::Applied));
    assert_eq!(wrote("\n 0 ").await, Ok(Written::NotApplied));
    for odd in ["", "2", "true", "-1", "<item/>", "1<item/>"] {
        assert_eq!(wrote(odd).await, Err("NotTheLanguage".to_owned()), "{odd}");
    }
}

#[tokio::test]
async fn a_switch_is_written_as_the_clients_that_were_seen_to_work_write_it() {
    let server = Responder::start(welcoming(|_| Reply::Body(result("1")))).await;
    let client = server.client().await;
    client.write_switch("o'brien@example.com", Service::OutlookSync, true).await.unwrap();
    client.write_switch("a@example.com", Service::ActiveSync, false).await.unwrap();
    client.write_setting(BackupKey::Path, "C:\\backup\r\n<&>").await.unwrap();
    assert_eq!(client.calls().of(Phase::Write), 3);
    client.close().await;
    let bodies: Vec<String> = server.seen()[1..4].iter().map(|request| inside(&request.body)).collect();
    let item = |name: &str, value: &str| {
        format!(
            "<propertyvaluelist><item><apiproperty><propname>{name}</propname></apiproperty><propertyval>\
             <classname>tpropertystring</classname><val>{value}</val></propertyval></item></propertyvaluelist>"
        )
    };
    assert_eq!(
        bodies[0],
        "<accountemail>o&apos;brien@example.com</accountemail>".to_owned() + &item("U_Client_Connector", "1")
    );
    assert_eq!(
        bodies[1],
        "<accountemail>a@example.com</accountemail>".to_owned() + &item("U_ActiveSync", "0")
    );
    assert_eq!(bodies[2], item("C_System_Tools_AutoBackup_BackupTo", "C:\\backup&#13;&#10;&lt;&amp;&gt;"));
}

fn inside(body: &str) -> String {
    let (_, rest) = body.split_once("<commandparams>").unwrap();
    rest.split_once("</commandparams>").unwrap().0.to_owned()
}

#[tokio::test]
async fn a_switch_is_read_back_with_support_where_it_is_asked_for() {
    let server = Responder::start(welcoming(|_| {
        let values = [item("U_ActiveSync", "1"), item("u_activesyncsupport", "0"), item("U_SMTP", "0")];
        Reply::Body(result(&values.concat()))
    }))
    .await;
    let client = server.client().await;
    let services = ServiceSet::of(&[Service::Smtp, Service::ActiveSync]);
    let sync = ServiceSet::single(Service::ActiveSync);
    let bits = client.read_switches("a@example.com", services, sync).await.unwrap();
    client.read_switches("a@example.com", services, ServiceSet::EMPTY).await.unwrap();
    client.close().await;
    assert_eq!((bits.known, bits.on), (services, sync));
    assert_eq!((bits.support_known, bits.support), (sync, ServiceSet::EMPTY));
    assert_eq!(server.seen()[1].names(), ["U_SMTP", "U_ActiveSync", "U_ActiveSyncSupport"]);
    assert_eq!(server.seen()[2].names(), ["U_SMTP", "U_ActiveSync"]);
}

#[tokio::test]
async fn an_account_that_is_gone_is_an_error_to_whoever_wants_to_write_it() {
    let server = Responder::start(welcoming(|_| Reply::Body(error("account_does_not_exist")))).await;
    let client = server.client().await;
    let services = ServiceSet::single(Service::Im);
    let error = client.read_switches("a@example.com", services, services).await.unwrap_err();
    assert_eq!(error.uid().unwrap().as_str(), "account_does_not_exist");
    assert!(matches!(error.remedy(), icewarden::model::Remedy::Rerun(_)));
    client.close().await;
}

/// Settings of a server that answers a batch with an error id as soon as it holds a name it does not know (U-33).
#[tokio::test]
async fn one_unknown_setting_does_not_spoil_the_others() {
    let server = Responder::start(welcoming(|request| {
        let names = request.names();
        if names.iter().any(|name| name.ends_with("_Logs")) {
            return Reply::Body(error("property_unknown"));
        }
        Reply::Body(result(&names.iter().map(|name| item(name, "7")).collect::<String>()))
    }))
    .await;
    let client = server.client().await;
    let keys = [BackupKey::KeepDays, BackupKey::Logs, BackupKey::Schedule];
    let read = client.read_settings(&keys).await.unwrap();
    client.close().await;
    let unread = "it answered `property_unknown`, which is not in our list".to_owned();
    assert_eq!(
        read,
        BTreeMap::from([
            (BackupKey::KeepDays, Reading::Read("7".to_owned())),
            (BackupKey::Logs, Reading::Unread(unread)),
            (BackupKey::Schedule, Reading::Read("7".to_owned())),
        ])
    );
    assert_eq!(server.count("getserverproperties"), 4);
}

#[tokio::test]
async fn every_setting_and_switch_has_a_variable_of_its_own() {
    let server = Responder::start(welcoming(|request| {
        Reply::Body(result(&request.names().iter().map(|name| item(name, name)).collect::<String>()))
    }))
    .await;
    let client = server.client().await;
    let read = client.read_settings(BackupKey::ALL).await.unwrap();
    client.close().await;
    let mut names: Vec<String> = read.values().filter_map(|value| value.read().cloned()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), BackupKey::ALL.len());
}

/// What a proxy that repeats what it was given would answer.
fn page(text: &str) -> String {
    format!("<!DOCTYPE html><html>The request held {text} and was refused</html>")
}

#[tokio::test]
async fn nothing_of_the_answer_to_a_secret_is_shown() {
    const BACKUP: &str = "hunter2 & <more>";
    let escaped = "hunter2 &amp; &lt;more&gt;";
    let cut = format!("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n<iq><query>{escaped}");
    let status = format!("HTTP/1.1 418 Teapot\r\nContent-Length: {}\r\n\r\n{escaped}", escaped.len());
    for (what, answer) in [
        ("page", page(BACKUP)),
        ("escaped", page(escaped)),
        ("other text", format!("hunter2 {escaped}")),
        ("cut", cut),
        ("status", status),
        ("namespace", format!("<iq><query xmlns=\"{escaped}\"><result>1</result></query></iq>")),
        ("result", result(escaped)),
        ("uid", error("hunter2")),
    ] {
        let raw = answer.starts_with("HTTP");
        let reply = move |_: &_| {
            if raw { Reply::Raw(answer.clone().into_bytes()) } else { Reply::Body(answer.clone()) }
        };
        let server = Responder::start(welcoming(reply)).await;
        let client = server.client().await;
        let told = |error: CallError| format!("{} {error:?} {:?}", chain(&error), error.remedy());
        let written = told(client.write_setting(BackupKey::Password, BACKUP).await.unwrap_err());
        let read = match client.read_settings(&[BackupKey::Password]).await {
            Ok(read) => format!("{read:?}"),
            Err(error) => told(error),
        };
        assert!(!written.contains("hunter2") && !read.contains("hunter2"), "{what}: {written} {read}");
        // What is no secret may be told with what came.
        if what == "page" {
            let open = chain(&client.write_setting(BackupKey::Path, "C:\\").await.unwrap_err());
            assert!(open.contains("it begins") && open.contains("hunter2"), "{open}");
        }
    }
}

#[tokio::test]
async fn the_password_and_the_session_are_shown_in_no_form() {
    let url = "correct+horse+%26+%3Cstaple%3E";
    for form in [PASSWORD, "correct horse &amp; &lt;staple&gt;", url, &url.replace('+', "%20"), SID] {
        let answer = page(form);
        let server = Responder::start(welcoming(move |_| Reply::Body(answer.clone()))).await;
        let client = server.client().await;
        let told = chain(&client.write_setting(BackupKey::Path, "C:\\").await.unwrap_err());
        assert!(told.contains("The request held …"), "{form}: {told}");
        assert!(!told.contains("staple") && !told.contains(SID), "{form}: {told}");
    }
}
