//! What every server behind the port must do, whatever it is reached by.

use icewarden::edge::port::{Access, Connect, Failed, Sent, Server, Wanted, Written};
use icewarden::edge::secrets::Secret;
use icewarden::model::{BackupKey, Reading, Service, ServiceSet};
use icewarden::spec::{Source, parse};

use super::bench::{Bench, Http, Twist};
use super::memory::Memory;

const ANNA: &str = "anna@example.com";
const IM: ServiceSet = ServiceSet::single(Service::Im);

async fn logged_in<B: Bench>(bench: &B) -> <B::Connect as Connect>::Server {
    let source = Source { name: "spec.yaml".into(), text: bench.document().into() };
    let spec = parse(&[source]).expect("a spec that holds");
    let access = Access { connection: &spec.servers[0].connection, secret: Secret::new("sandbox") };
    bench.door().connect(access).await.expect("a login")
}

fn bench<B: Bench>() -> B {
    B::of(&[("admin@example.com", &[]), (ANNA, &["im"])], 10)
}

/// A change is made once, and made again it changes nothing.
async fn a_change_and_then_no_change<B: Bench>() {
    let bench: B = bench();
    let server = logged_in(&bench).await;
    for _ in 0..2 {
        assert_eq!(server.write_switch(ANNA, Service::Im, false).await, Ok(Written::Applied));
        let read = server.read_switches(ANNA, IM, IM).await.expect("an answer");
        assert!(read.known.contains(Service::Im) && !read.on.contains(Service::Im), "{read:?}");
        assert!(!bench.is_on(ANNA, Service::Im));
        assert_eq!(server.write_setting(BackupKey::KeepDays, "30").await, Ok(Written::Applied));
        assert_eq!(server.read_setting(BackupKey::KeepDays).await, Ok(Reading::Read("30".to_owned())));
        assert_eq!(bench.keep_days(), "30");
    }
}

/// What is refused stays as it is, and says so.
async fn refusals<B: Bench>() {
    let bench: B = bench();
    let server = logged_in(&bench).await;
    bench.twist(Twist::Refuse);
    let refused = |answer| matches!(answer, Ok(Written::NotApplied) | Err(Failed::Refused { .. }));
    assert!(refused(server.write_switch(ANNA, Service::Im, false).await));
    assert!(refused(server.write_setting(BackupKey::KeepDays, "30").await));
    assert!(bench.is_on(ANNA, Service::Im) && bench.keep_days() == "7" && bench.writes() == 0);
    let nobody = server.read_switches("nobody@example.com", IM, ServiceSet::EMPTY).await;
    assert!(matches!(nobody, Err(Failed::Refused { .. })), "{nobody:?}");
}

/// An answer that is lost says that it may have happened; reading back says whether it did, and nothing is sent twice.
async fn lost_answers<B: Bench>() {
    for (twist, done) in [(Twist::LoseAnswer, true), (Twist::LoseRequest, false)] {
        let bench: B = bench();
        let server = logged_in(&bench).await;
        bench.twist(twist);
        let lost = |answer| matches!(answer, Err(Failed::Unanswered { sent: Sent::Maybe, .. }));
        assert!(lost(server.write_switch(ANNA, Service::Im, false).await), "{twist:?}");
        assert!(lost(server.write_setting(BackupKey::KeepDays, "30").await), "{twist:?}");
        assert_eq!(bench.writes(), if done { 2 } else { 0 }, "{twist:?}");
        let read = server.read_switches(ANNA, IM, ServiceSet::EMPTY).await.expect("an answer");
        assert_eq!(read.on.contains(Service::Im), !done, "{twist:?}");
    }
}

/// Reading changes nothing, is the same each time, and goes on after a logout.
async fn reads<B: Bench>() {
    let bench: B = bench();
    let server = logged_in(&bench).await;
    let wanted = Wanted {
        services: IM,
        accounts: true,
        licence: true,
        backup: vec![BackupKey::KeepDays],
        ..Wanted::default()
    };
    let observed = server.observe(&wanted, &|_| {}).await.expect("a reading");
    let row = observed.directory.row(ANNA).expect("she is in it");
    assert!(observed.columns.bits[row.index()].on.contains(Service::Im));
    assert_eq!(observed.backup[&BackupKey::KeepDays], Reading::Read("7".to_owned()));
    assert_eq!(server.standing().await, Ok(Reading::Read(0)));
    assert_eq!(server.recheck(&wanted, &observed.directory).await, Ok(Vec::new()));
    let domains = server.domain_switches(&["example.com"], IM).await.expect("an answer");
    assert!(domains.contains_key("example.com"));
    server.log_out().await;
    server.wind_up();
    assert_eq!(server.observe(&wanted, &|_| {}).await.expect("it logs in again"), observed);
    assert_eq!(bench.writes(), 0);
    server.log_out().await;
}

async fn conforms<B: Bench>() {
    a_change_and_then_no_change::<B>().await;
    refusals::<B>().await;
    lost_answers::<B>().await;
    reads::<B>().await;
}

#[tokio::test]
async fn the_interface_over_http_conforms() {
    conforms::<Http>().await;
}

#[tokio::test]
async fn the_server_in_memory_conforms() {
    conforms::<Memory>().await;
}
