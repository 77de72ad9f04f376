//! One read of a whole small world: what it gives, and what it costs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use icewarden::edge::icewarp::{Meaning, domain_switches, observe};
use icewarden::edge::port::{Phase, Wanted};
use icewarden::model::observed::{AccountFacts, ServiceBits};
use icewarden::model::{AccessMode, BackupKey, Observed, Reading, Seats, Service, ServiceSet, Tri};

use super::responder::{Reply, Request, error, item, no_value, raw, result};
use super::world::{World, address, console_item, console_names, lists, page, read};

const SERVICES: ServiceSet =
    ServiceSet::of(&[Service::Smtp, Service::Im, Service::ActiveSync, Service::Booking, Service::Cisco]);

fn everything() -> Wanted {
    Wanted {
        services: SERVICES,
        accounts: true,
        groups: vec![address("sales@example.com")],
        licence: true,
        backup: vec![BackupKey::KeepDays, BackupKey::Path],
        ..Wanted::default()
    }
}

/// Answers getaccountproperties in this way, and lets the world do the rest.
fn accounts_as(make: impl Fn(&Request) -> Option<String> + Send + Sync + 'static) -> World {
    World::twisted(move |request| match request.command() {
        "getaccountproperties" => make(request).map(Reply::Body),
        _ => None,
    })
}

fn row(observed: &Observed, address: &str) -> (ServiceBits, AccountFacts) {
    let row = observed.directory.row(address).unwrap();
    (observed.columns.bits[row.index()], observed.columns.facts[row.index()])
}

#[tokio::test]
async fn a_whole_read_gives_everything_and_keeps_to_its_budget() {
    let mut world = World { cap: 10, domains: vec![("example.com", 0), ("b.test", 0)], ..World::default() };
    world.accounts.extend([("sales@example.com", 7, 0), ("x@b.test", 0, 0)]);
    for n in 0..30 {
        world.accounts.push((Box::leak(format!("u{n}@b.test").into_boxed_str()), 0, 0));
    }
    world.members = vec![("sales@example.com", vec!["bob@example.com"])];
    let server = world.start().await;
    let client = server.client().await;
    let told = AtomicUsize::new(0);
    let observed = observe(&client, &everything(), &|_| {
        told.fetch_add(1, Ordering::Relaxed);
    })
    .await
    .unwrap();
    let calls = client.calls();
    client.close().await;

    // 2 domains, 3 and 31 accounts at 10 a page, 1 group; 33 user accounts.
    let pages = 1 + 1 + 4 + 1;
    let users = 33;
    assert_eq!(observed.directory.len(), users);
    assert_eq!(calls.of(Phase::Lists), pages);
    assert!(server.seen().len() as u64 <= pages + users as u64 + 12, "{:?}", server.commands());
    assert_eq!(calls.total() + 1, server.seen().len() as u64, "every call is counted");
    assert!(told.load(Ordering::Relaxed) > users, "progress was told");

    assert_eq!(observed.directory.incomplete, Vec::<String>::new());
    assert_eq!(observed.unread, Vec::<String>::new());
    assert_eq!(observed.version, Reading::Read("14.3.0.11".to_owned()));
    assert_eq!(
        observed.backup,
        BTreeMap::from([
            (BackupKey::KeepDays, Reading::Read("1".to_owned())),
            (BackupKey::Path, Reading::Read("1".to_owned())),
        ])
    );
    assert_eq!(
        observed.modes,
        BTreeMap::from([(Service::ActiveSync, Reading::Read(AccessMode::SelectedAccounts))])
    );
    let licence = &observed.licence;
    assert_eq!(licence.status, Reading::Read(0));
    assert_eq!(licence.reference.read().unwrap(), "82811415-0DC1291E-05492B82-877710E7-MW-");
    assert_eq!(licence.order_id, Reading::Read("EXAMPLE-0001".to_owned()));
    assert_eq!((&licence.active_users, &licence.licensed_users), (&Reading::Read(2), &Reading::Read(200)));
    let modules = licence.modules.read().unwrap();
    assert_eq!((modules[0].module.as_str(), modules[0].seats), ("activesync", Seats::Limited(50)));
    assert_eq!(server.count("getlicenseinfo"), 0, "the header has the order id");
}

#[tokio::test]
async fn the_console_tells_what_the_release_does_not_have() {
    let (observed, server) = read(World::default(), Wanted { groups: vec![], ..everything() }).await;
    let observed = observed.unwrap();
    let offered = SERVICES.without(observed.not_offered);
    assert_eq!(observed.not_offered, ServiceSet::of(&[Service::Booking, Service::Cisco]));
    let (bits, facts) = row(&observed, "bob@example.com");
    assert_eq!((bits.known, bits.on), (offered, offered));
    // Not offered, so not asked; SMTP has no such variables.
    assert_eq!(bits.support_known, ServiceSet::of(&[Service::Im, Service::ActiveSync]));
    assert_eq!(bits.editable_known, offered);
    let no = AccountFacts {
        disabled: Tri::No,
        guest: Tri::No,
        admin: Tri::No,
        pop3_only: Tri::No,
        expired: Tri::No,
    };
    assert_eq!(facts, no);
    assert_eq!(row(&observed, "admin@example.com").1.admin, Tri::Yes, "admintype 2, though U_Admin is 0");
    let asked =
        server.seen().into_iter().find(|request| request.command() == "getaccountproperties").unwrap();
    assert_eq!(
        asked.names(),
        [
            "U_SMTP",
            "U_IM",
            "U_IMEditable",
            "U_IMSupport",
            "U_ActiveSync",
            "U_ActiveSyncEditable",
            "U_ActiveSyncSupport",
            "U_Admin",
            "U_AccountDisabled",
            "U_IsGuestAccount",
            "U_AccountType",
        ]
    );
    assert_eq!(server.count("getaccountapiconsole"), 1);
    let console =
        server.seen().into_iter().find(|request| request.command() == "getaccountapiconsole").unwrap();
    assert_eq!((console.field("accountemail"), console.field("mask")), ("admin@example.com", "u_*"));
}

#[tokio::test]
async fn a_console_that_tells_nothing_leaves_it_to_the_values() {
    let part = {
        let items: String =
            console_names()[..8].iter().map(|name| format!("<item>{}</item>", console_item(name))).collect();
        result(&format!("{items}<offset>0</offset><overallcount>154</overallcount>"))
    };
    // What it answers, and how often it is asked: a page that is not all of it is asked on from, once.
    let cases: Vec<(Arc<dyn Fn() -> Reply + Send + Sync>, usize)> = vec![
        (Arc::new(|| Reply::Body(error("invoker_commandname_invalid"))), 1),
        (Arc::new(|| Reply::Body(result(""))), 1),
        (Arc::new(|| Reply::Body(result("0"))), 1),
        (Arc::new(|| Reply::Body(result("<overallcount>0</overallcount>"))), 1),
        // What answers for a moment in its place is asked again, like at any read.
        (Arc::new(|| Reply::Body("<html>".to_owned())), 3),
        (Arc::new(|| raw("404 Not Found", "", "")), 1),
        (Arc::new(move || Reply::Body(part.clone())), 2),
    ];
    for (console, asked) in cases {
        let world =
            World::twisted(move |request| (request.command() == "getaccountapiconsole").then(|| console()));
        let (observed, server) = read(world, Wanted { services: SERVICES, ..lists() }).await;
        let observed = observed.unwrap();
        assert_eq!(observed.not_offered, ServiceSet::EMPTY);
        assert_eq!(row(&observed, "bob@example.com").0.known, SERVICES);
        assert_eq!(server.count("getaccountapiconsole"), asked);
    }
}

#[tokio::test]
async fn a_release_without_guests_has_no_guests_however_many_names_a_page_of_its_console_has() {
    for most in [1_000, 20, 3] {
        release_without_guests(most).await;
    }
}

async fn release_without_guests(most: usize) {
    let world = World::twisted(move |request| {
        (request.command() == "getaccountapiconsole").then(|| {
            let rows: Vec<String> = console_names()
                .iter()
                .filter(|name| *name != "u_isguestaccount")
                .map(|name| console_item(name))
                .collect();
            Reply::Body(page(request, &rows, most))
        })
    });
    let (observed, server) = read(world, Wanted { services: SERVICES, ..lists() }).await;
    assert_eq!(row(&observed.unwrap(), "bob@example.com").1.guest, Tri::No);
    let asked = server.seen().iter().any(|request| request.names().contains(&"U_IsGuestAccount".to_owned()));
    assert!(!asked, "a name that the release does not have was asked for");
}

#[tokio::test]
async fn a_support_that_the_console_hides_is_asked_and_one_that_is_not_there_is_not() {
    let services = ServiceSet::of(&[Service::WebMail, Service::AntiSpam]);
    let (_, server) = read(World::default(), Wanted { services, ..lists() }).await;
    let asked =
        server.seen().into_iter().find(|request| request.command() == "getaccountproperties").unwrap();
    assert_eq!(asked.names()[..4], ["U_WebMail", "U_AS", "U_ASEditable", "U_ASSupport"]);
}

/// What one account's answer makes of its bits, written as known/on editable support, then the facts.
async fn bits(answer: String) -> String {
    let world = accounts_as(move |request| {
        (request.field("accountemail") == "bob@example.com").then(|| answer.clone())
    });
    let services = ServiceSet::of(&[Service::Smtp, Service::Im]);
    let (observed, _) = read(world, Wanted { services, ..lists() }).await;
    let (bits, facts) = row(&observed.unwrap(), "bob@example.com");
    let set = |set: ServiceSet| set.iter().map(Service::name).collect::<Vec<_>>().join("+");
    format!(
        "{}/{} {}/{} {}/{} disabled {:?} guest {:?} admin {:?} pop3 {:?}",
        set(bits.known),
        set(bits.on),
        set(bits.editable_known),
        set(bits.editable),
        set(bits.support_known),
        set(bits.support),
        facts.disabled,
        facts.guest,
        facts.admin,
        facts.pop3_only
    )
}

#[tokio::test]
async fn what_an_account_does_not_say_is_unread() {
    let cases = [
        (result(""), "/ smtp/smtp / disabled Unread guest Unread admin Unread pop3 Unread"),
        (
            result(
                &(item("u_im", "1")
                    + &item("u_imeditable", "0")
                    + &item("u_imsupport", "1")
                    + &item("u_smtp", "0")),
            ),
            "smtp+im/im smtp+im/smtp im/im disabled Unread guest Unread admin Unread pop3 Unread",
        ),
        (
            result(&(no_value("U_IM") + &no_value("U_IMEditable") + &no_value("U_IMSupport"))),
            "/ smtp/smtp / disabled Unread guest Unread admin Unread pop3 Unread",
        ),
        (
            result(
                &(item("U_IM", "")
                    + &item("U_IMEditable", "true")
                    + &item("U_SMTP", "2")
                    + &item("U_IMSupport", " 1 ")),
            ),
            "/ smtp/smtp im/im disabled Unread guest Unread admin Unread pop3 Unread",
        ),
        (
            result(
                &(item("U_Admin", "1")
                    + &item("U_AccountDisabled", "3")
                    + &item("U_IsGuestAccount", "1")
                    + &item("U_AccountType", "0")),
            ),
            "/ smtp/smtp / disabled Yes guest Yes admin Yes pop3 Yes",
        ),
        (
            result(
                &(item("U_Admin", "0")
                    + &item("U_AccountDisabled", "0")
                    + &item("U_IsGuestAccount", "0")
                    + &item("U_AccountType", "2")),
            ),
            "/ smtp/smtp / disabled No guest No admin No pop3 No",
        ),
        (
            result(
                &(item("U_Admin", "")
                    + &item("U_AccountDisabled", "no")
                    + &item("U_IsGuestAccount", "2")
                    + &item("U_AccountType", "9")),
            ),
            "/ smtp/smtp / disabled Unread guest Unread admin Unread pop3 Unread",
        ),
    ];
    for (answer, expected) in cases {
        assert_eq!(bits(answer.clone()).await, expected, "{answer}");
    }
}

#[tokio::test]
async fn an_account_that_the_server_does_not_give_is_unread_and_counted() {
    for (answer, why) in [
        (error("account_does_not_exist"), "there is no such account (account_does_not_exist)"),
        (error("account_invalid"), "there is no such account (account_invalid)"),
        (error("account_permission"), "the account we log in with may not do this (account_permission)"),
        (error("property_unknown"), "it answered `property_unknown`, which is not in our list"),
        (result("0"), "it answered 0 and no values"),
    ] {
        let answer = answer.clone();
        let world = accounts_as(move |request| {
            (request.field("accountemail") == "bob@example.com").then(|| answer.clone())
        });
        let (observed, server) = read(world, Wanted { services: SERVICES, ..lists() }).await;
        let observed = observed.unwrap();
        assert_eq!(row(&observed, "bob@example.com").0, ServiceBits::default());
        assert_ne!(row(&observed, "admin@example.com").0, ServiceBits::default());
        assert_eq!(observed.unread, [format!("1 account could not be read: {why}")]);
        assert_eq!(server.count("getaccountproperties"), 2, "an account is asked once");
    }
}

#[tokio::test]
async fn an_account_whose_answer_is_no_answer_ends_the_read() {
    let world = accounts_as(|_| Some("<html>".to_owned()));
    let (observed, server) = read(world, Wanted { services: SERVICES, ..lists() }).await;
    assert_eq!(observed.unwrap_err().meaning(), Meaning::NotTheLanguage);
    assert_eq!(server.commands().last().unwrap(), "logout");
}

#[tokio::test]
async fn without_services_no_account_is_asked() {
    let (observed, server) = read(World::default(), lists()).await;
    let observed = observed.unwrap();
    assert_eq!(server.count("getaccountproperties") + server.count("getaccountapiconsole"), 0);
    assert_eq!(observed.columns.bits.len(), 2);
    assert_eq!(row(&observed, "admin@example.com").1.admin, Tri::Yes);
    assert_eq!(row(&observed, "bob@example.com").1.admin, Tri::Unread, "a 0 in the list is no proof");
    assert_eq!(
        observed.licence.order_id,
        Reading::Unread("it was not asked for".to_owned()),
        "nobody wanted the licence"
    );
}

#[tokio::test]
async fn without_accounts_no_list_of_them_is_read() {
    let (observed, server) = read(World::default(), Wanted { licence: true, ..Wanted::default() }).await;
    assert!(observed.unwrap().directory.is_empty());
    assert_eq!(
        server.commands(),
        [
            "authenticate",
            "getdomainsinfolist",
            "getserverproperties",
            "getserverproperties",
            "getstatisticsproperties",
            "logout"
        ]
    );
}

/// The licence as a world gives it whose answers to some names are twisted.
async fn licence(answers: &'static [(&'static str, &'static str)]) -> String {
    let world = World::twisted(|request| {
        if let Some((_, answer)) = answers.iter().find(|(name, _)| *name == request.command()) {
            return Some(Reply::Body((*answer).to_owned()));
        }
        let names = request.names();
        let twisted: Vec<_> =
            answers.iter().filter(|(name, _)| names.iter().any(|asked| asked == name)).collect();
        if twisted.is_empty() {
            return None;
        }
        if let Some((_, answer)) = twisted.iter().find(|(_, answer)| answer.contains("<error")) {
            return Some(Reply::Body((*answer).to_owned()));
        }
        Some(Reply::Body(result(&twisted.iter().map(|(_, answer)| *answer).collect::<String>())))
    });
    let (observed, _) = read(world, Wanted { licence: true, ..Wanted::default() }).await;
    let licence = observed.unwrap().licence;
    let modules =
        licence.modules.map(|modules| modules.iter().map(|offer| offer.title.clone()).collect::<Vec<_>>());
    format!(
        "status {} order {} modules {} users {}",
        shown(&licence.status),
        shown(&licence.order_id),
        shown(&modules),
        shown(&licence.active_users)
    )
}

fn shown<T: std::fmt::Debug>(reading: &Reading<T>) -> String {
    match reading {
        Reading::Read(value) => format!("{value:?}"),
        Reading::Unread(why) => format!("({why})"),
    }
}

#[tokio::test]
async fn a_licence_that_is_not_given_is_unread_and_the_order_id_is_looked_for_elsewhere() {
    const NONE: &str = "<item><apiproperty><propname>C_License_XML</propname></apiproperty><propertyval><classname>TPropertyNoValue</classname></propertyval></item>";
    const REFUSED: &str = r#"<iq type="error"><query xmlns="admin:iq:rpc"><error uid="nope"/></query></iq>"#;
    const INFO: &str =
        r#"<iq type="result"><query xmlns="admin:iq:rpc"><result><country/></result></query></iq>"#;
    const NESTED: &str = "<item><apiproperty><propname>C_License_XML</propname></apiproperty><propertyval><val><license><products><item><product>SMS</product></item></products></license></val></propertyval></item>";
    const STATUS: &str = "<item><apiproperty><propname>C_LicenseStatus</propname></apiproperty><propertyval><val>ok</val></propertyval></item>";
    const NEGATIVE: &str = "<item><apiproperty><propname>Statistics_ActiveUsers</propname></apiproperty><propertyval><val>-1</val></propertyval></item>";
    let none = "(the server gave no value)";
    let unknown = "(it answered `nope`, which is not in our list)";
    assert_eq!(
        licence(&[("C_License_XML", NONE)]).await,
        format!("status 0 order \"EXAMPLE-0002\" modules {none} users 2")
    );
    assert_eq!(
        licence(&[("C_License_XML", NONE), ("getlicenseinfo", INFO)]).await,
        format!(
            "status 0 order (neither the licence's text nor getlicenseinfo names it) modules {none} users 2"
        )
    );
    assert_eq!(
        licence(&[("C_License_XML", REFUSED), ("getlicenseinfo", REFUSED)]).await,
        format!("status 0 order \"EXAMPLE-0001\" modules {unknown} users 2"),
        "C_License was asked alone and given"
    );
    assert_eq!(
        licence(&[("C_License_XML", NESTED), ("getstatisticsproperties", REFUSED)]).await,
        format!("status 0 order \"EXAMPLE-0002\" modules [\"SMS\"] users {unknown}")
    );
    assert_eq!(
        licence(&[("C_LicenseStatus", STATUS), ("Statistics_ActiveUsers", NEGATIVE)]).await,
        "status (`ok` is no number) order \"EXAMPLE-0001\" modules [\"ActiveSync\"] users (the server gave -1)"
    );
    let raw_only = licence(&[(
        "C_License",
        "<item><apiproperty><propname>C_License</propname></apiproperty><propertyval><val><![CDATA[<license><header><purchaseid>0012</purchaseid></header><products><item><product>FTP</product></item></products></license>]]></val></propertyval></item>",
    )])
    .await;
    assert_eq!(raw_only, "status 0 order \"0012\" modules [\"FTP\"] users 2");
}

#[tokio::test]
async fn the_switches_of_domains_are_known_only_as_they_were_read() {
    let world = World::twisted(|request| match (request.command(), request.field("domainstr")) {
        ("getdomainproperties", "gone.test") => Some(Reply::Body(error("domain_invalid"))),
        ("getdomainproperties", _) => Some(Reply::Body(result(
            &(item("D_Calendar", "1") + &item("d_activesync", "0") + &no_value("D_IM")),
        ))),
        _ => None,
    });
    let server = world.start().await;
    let client = server.client().await;
    let services = ServiceSet::of(&[Service::Smtp, Service::Groupware, Service::ActiveSync, Service::Im]);
    let switches = domain_switches(&client, &["example.com", "gone.test"], services).await.unwrap();
    let none = domain_switches(&client, &["example.com"], ServiceSet::single(Service::Smtp)).await.unwrap();
    client.close().await;
    assert!(none.is_empty());
    assert_eq!(switches["example.com"].known, ServiceSet::of(&[Service::Groupware, Service::ActiveSync]));
    assert_eq!(switches["example.com"].on, ServiceSet::single(Service::Groupware));
    assert_eq!(switches["gone.test"].known, ServiceSet::EMPTY);
    assert_eq!(server.count("getdomainproperties"), 2);
}

#[tokio::test]
async fn no_more_calls_are_under_way_than_allowed() {
    const AT_ONCE: usize = 4;
    // Each group of four is answered only when all four are there. A fifth would need a connection of its own.
    let barrier = Arc::new(tokio::sync::Barrier::new(AT_ONCE));
    let mut world = World::twisted(move |request| {
        (request.command() == "getaccountproperties")
            .then(|| Reply::Together(Arc::clone(&barrier), result("")))
    });
    for n in 0..(5 * AT_ONCE - 2) {
        world.accounts.push((Box::leak(format!("u{n}@example.com").into_boxed_str()), 0, 0));
    }
    let server = world.start().await;
    let mut options = server.options();
    options.limits.in_flight = AT_ONCE;
    let client = icewarden::edge::icewarp::Client::connect(options).await.unwrap();
    let observed = observe(&client, &Wanted { services: SERVICES, ..lists() }, &|_| {}).await.unwrap();
    client.close().await;
    assert_eq!(observed.directory.len(), 5 * AT_ONCE);
    assert_eq!(server.connections(), AT_ONCE);
}

/// Answers 503 to reads of these accounts as often as said.
fn busy(accounts: &'static [&'static str], times: usize) -> World {
    let seen = std::sync::Mutex::new(BTreeMap::new());
    let names = ["a@example.com", "c@example.com", "d@example.com", "e@example.com", "f@example.com"];
    let mut world = World::twisted(move |request| {
        let email = accounts.iter().find(|email| request.field("accountemail") == **email)?;
        let mut seen = seen.lock().unwrap();
        let count: &mut usize = seen.entry(*email).or_default();
        *count += usize::from(request.command() == "getaccountproperties");
        (request.command() == "getaccountproperties" && *count <= times)
            .then(|| raw("503 Busy", "Content-Type: text/plain\r\n", "busy"))
    });
    world.accounts.extend(names.map(|name| (name, 0, 0)));
    world
}

#[tokio::test]
async fn a_read_without_an_answer_is_sent_again_twice() {
    let wanted = Wanted { services: SERVICES, ..lists() };
    let (observed, server) = read(busy(&["a@example.com"], 2), wanted.clone()).await;
    let observed = observed.unwrap();
    assert_eq!(observed.unread, Vec::<String>::new());
    assert!(!row(&observed, "a@example.com").0.known.is_empty());
    assert_eq!(server.count("getaccountproperties"), observed.directory.len() + 2);

    let (observed, server) = read(busy(&["a@example.com"], 3), wanted).await;
    let observed = observed.unwrap();
    assert!(row(&observed, "a@example.com").0.known.is_empty(), "not read is not absent, and not off");
    let why = "1 account could not be read: getaccountproperties went unanswered: HTTP status 503";
    assert!(observed.unread.iter().all(|told| told.starts_with(why)), "{:?}", observed.unread);
    assert_eq!((observed.unread.len(), server.count("getaccountproperties")), (1, 9));
}

#[tokio::test]
async fn five_accounts_in_a_row_without_an_answer_end_the_read() {
    const ALL: &[&str] = &[
        "a@example.com",
        "admin@example.com",
        "bob@example.com",
        "c@example.com",
        "d@example.com",
        "e@example.com",
        "f@example.com",
    ];
    let wanted = Wanted { services: SERVICES, ..lists() };
    let (observed, server) = read(busy(&ALL[..4], usize::MAX), wanted.clone()).await;
    assert_eq!(observed.unwrap().unread.len(), 1, "four of them are counted together");
    assert_eq!(server.count("getaccountproperties"), 4 * 3 + 3);
    let (observed, _) = read(busy(ALL, usize::MAX), wanted).await;
    let error = observed.unwrap_err();
    assert_eq!((error.command(), error.meaning()), ("getaccountproperties", Meaning::Other));
}

#[tokio::test]
async fn a_write_without_an_answer_is_not_sent_again() {
    let busy = || raw("503 Busy", "Content-Type: text/plain\r\n", "busy");
    let world = World::twisted(move |request| (request.command() == "setaccountproperties").then(busy));
    let server = world.start().await;
    let client = server.client().await;
    client.write_switch("bob@example.com", Service::Im, true).await.unwrap_err();
    client.close().await;
    assert_eq!(server.count("setaccountproperties"), 1);
}
