//! The client's half reads every answer of `tests/wire` as it was written by hand here; the sandbox's half is judged by
//! the same files elsewhere.

use std::collections::BTreeSet;
use std::path::Path;

use icewarden::edge::icewarp::codec::{Body, Element, decode};
use icewarden::edge::icewarp::licence;
use icewarden::edge::icewarp::readers::{
    Misfit, Properties, Value, account_facts, account_row, domain_row, member_row, page, service_bits,
    written,
};
use icewarden::edge::icewarp::uids::{Bears, Uid};
use icewarden::edge::port::Written;
use icewarden::model::{Seats, Service, ServiceSet, Tri};

/// What an answer says.
enum Says {
    /// An error id, and what it bears on.
    Error(&'static str, Bears),
    /// `result` 1 or 0.
    Written(Written),
    /// Values by lower-cased name: the text, or `None` where there is none.
    Values(&'static [(&'static str, Option<&'static str>)]),
    /// A page: its rows as words, its offset, and how many rows there are in all.
    Page(fn(&Element) -> String, &'static [&'static str], Option<u64>, Option<u64>),
    /// Plain fields of the result.
    Fields(&'static [(&'static str, &'static str)]),
    /// The products of the licence text: name, seats, trial, last day.
    Products(&'static [(&'static str, &'static str, Option<bool>, Option<i64>)]),
}

/// Answers without a session id.
const WITHOUT_SID: [&str; 6] =
    ["auth-token", "login-disabled", "login-refused", "login-two-factor", "login-zero", "root-tag-invalid"];

const DONE: Says = Says::Written(Written::Applied);
const NOT_DONE: Says = Says::Written(Written::NotApplied);

const PRODUCTS: [(&str, &str, Option<bool>, Option<i64>); 5] = [
    ("mailserver Mail Server", "20", Some(false), Some(49_689)),
    ("activesync ActiveSync", "50", Some(false), Some(49_689)),
    ("webmail WebMail", "unlimited", Some(false), Some(49_689)),
    ("antispam Anti-Spam", "10", Some(true), Some(46_067)),
    ("holograms Holograms", "7", Some(false), None),
];

/// One row for each file.
const TABLE: &[(&str, Says)] = &[
    (
        "account-card",
        // A card is a class that the client does not read: no value, and no guess.
        Says::Values(&[("a_vcard", None)]),
    ),
    (
        "account-classes",
        Says::Values(&[
            ("a_aliaslist", None),
            ("a_image", None),
            ("a_name", None),
            ("a_quota", None),
            ("a_state", None),
        ]),
    ),
    (
        "account-groups",
        Says::Values(&[
            ("u_groups", Some("sales@example.com;team@example.org;")),
            ("u_name", Some("Anna <Adler> & Söhne")),
        ]),
    ),
    ("account-missing", Says::Error("account_does_not_exist", Bears::AccountGone)),
    ("account-set-applied", DONE),
    ("account-set-refused", NOT_DONE),
    (
        "account-switches",
        Says::Values(&[
            ("u_accountdisabled", Some("0")),
            ("u_accounttype", Some("1")),
            ("u_activesync", Some("1")),
            ("u_activesynceditable", Some("1")),
            ("u_activesyncsupport", Some("1")),
            ("u_admin", Some("0")),
            ("u_im", Some("0")),
            ("u_imeditable", Some("1")),
            ("u_isguestaccount", Some("0")),
        ]),
    ),
    (
        "accounts",
        Says::Page(account, &["admin@example.com 0 Yes", "anna.adler@example.com 0 No"], Some(0), Some(7)),
    ),
    (
        "accounts-2016",
        Says::Page(account, &["anna.adler@example.com 0 No", "sales@example.com 7 No"], Some(0), Some(7)),
    ),
    ("accounts-none", Says::Page(account, &[], Some(0), Some(0))),
    (
        "auth-token",
        Says::Fields(&[
            ("email", "anna.adler@example.com"),
            ("authtoken", "2FD16498F17BAF4688028BD198537CED"),
        ]),
    ),
    ("command-unknown", Says::Error("invoker_commandname_invalid", Bears::Protocol)),
    // The bogus items of an enumeration are no properties.
    ("console", Says::Values(&[("u_accountdisabled", Some("0")), ("u_accounttype", Some("1"))])),
    ("domain-missing", Says::Error("domain_invalid", Bears::DomainGone)),
    (
        "domain-properties",
        Says::Values(&[
            ("d_activesync", Some("1")),
            ("d_calendar", Some("1")),
            ("d_eassupport", Some("1")),
            ("d_type", Some("0")),
        ]),
    ),
    ("domains", Says::Page(domain, &["example.com 0", "example.org 0"], Some(0), Some(2))),
    ("domains-page-behind-the-end", Says::Page(domain, &[], Some(100), Some(2))),
    (
        "licence-exported",
        Says::Values(&[(
            "c_license",
            Some(
                "<license><header><purchaseid>EXAMPLE-0001</purchaseid></header><data>c2FuZGJveA==</data></license>",
            ),
        )]),
    ),
    (
        "licence-info",
        Says::Fields(&[("orderid", "EXAMPLE-0001"), ("country", "XX"), ("state", ""), ("iscloud", "0")]),
    ),
    ("licence-info-13", Says::Fields(&[("cn", "Example Company"), ("email", "licence@example.com")])),
    ("licence-lower-case", Says::Products(&PRODUCTS)),
    ("licence-not-readable", Says::Values(&[("c_license", None), ("c_license_xml", None)])),
    ("licence-upper-case", Says::Products(PRODUCTS.split_at(4).0)),
    ("login-disabled", Says::Error("account_disabled_2", Bears::Login)),
    ("login-ok", DONE),
    ("login-ok-byte-order-mark", DONE),
    ("login-refused", Says::Error("auth_login_invalid", Bears::Login)),
    ("login-two-factor", Says::Error("auth_two_factor_required", Bears::Login)),
    ("login-zero", NOT_DONE),
    ("logout", DONE),
    (
        "members",
        Says::Page(
            member_row,
            &["anna.adler@example.com", "support@example.com", "reader@elsewhere.test"],
            Some(0),
            Some(3),
        ),
    ),
    ("members-few-fields", Says::Page(member_row, &["anna.adler@example.com"], Some(0), Some(1))),
    ("namespace-invalid", Says::Error("iq_query_xmlns_invalid", Bears::Protocol)),
    ("result-without-namespace", DONE),
    ("root-tag-invalid", Says::Error("iq_root_tag_invalid", Bears::Protocol)),
    (
        "server-properties",
        Says::Values(&[
            ("c_licensestatus", Some("0")),
            ("c_no_such_variable", None),
            ("c_system_tools_autobackup_deleteafter", Some("14")),
            ("c_system_tools_backup_dirs", Some("")),
        ]),
    ),
    (
        "server-properties-line-ends",
        Says::Values(&[("c_system_tools_backup_dirs", Some("/srv/one & two\r\n/srv/three"))]),
    ),
    (
        "server-properties-lower-case",
        Says::Values(&[("c_no_such_variable", None), ("c_system_tools_autobackup_enable", Some("1"))]),
    ),
    ("server-set-applied", DONE),
    ("server-set-refused", NOT_DONE),
    ("services", Says::Page(service, &["0 1", "21 0"], Some(0), Some(2))),
    (
        "session-info",
        Says::Fields(&[("email", "admin@example.com"), ("domain", "example.com"), ("admintype", "2")]),
    ),
    ("session-invalid", Says::Error("session_invalid", Bears::Session)),
    (
        "statistics",
        Says::Values(&[
            ("st_serverout", None),
            ("statistics_activeusers", Some("5")),
            ("statistics_licensedusers", Some("20")),
        ]),
    ),
    (
        "statistics-crlf",
        Says::Values(&[("statistics_activeusers", Some("5")), ("statistics_licensedusers", Some("20"))]),
    ),
    ("account-created", DONE),
    ("account-exists", Says::Error("account_already_exists", Bears::Value)),
    // Who is in a group is read from its list, never from this.
    ("account-members", Says::Values(&[("a_memberlist", None)])),
    ("account-without-address", Says::Error("account_email_parameter_missing", Bears::Value)),
    ("account-without-mailbox", Says::Error("account_mailbox_property_missing", Bears::Value)),
    ("account-without-type", Says::Error("account_type_property_missing", Bears::Value)),
    (
        "accounts-2016-byte-order-mark-crlf",
        Says::Page(account, &["anna.adler@example.com 0 No", "sales@example.com 7 No"], Some(0), Some(7)),
    ),
    ("accounts-deleted", DONE),
    (
        "accounts-without-count",
        Says::Page(account, &["anna.adler@example.com 0 No", "sales@example.com 7 No"], None, None),
    ),
    ("console-comments", Says::Values(&[("u_activesync", Some("1"))])),
    ("console-no-value", Says::Values(&[("d_directorycache_refreshnow", None)])),
    ("console-none", Says::Values(&[])),
    ("domain-created", DONE),
    ("domain-deleted", DONE),
    ("domain-exists", NOT_DONE),
    ("domain-renamed", DONE),
    ("domain-rights", Says::Values(&[("d_adminemail", None), ("d_aliases", None)])),
    ("domain-without-name", Says::Error("domain_parameter_empty", Bears::Value)),
    ("domains-negative-count", Says::Page(domain, &["example.com 0"], Some(0), Some(1))),
    ("domains-without-type", Says::Page(domain, &["example.com ?", "example.org ?"], Some(0), Some(2))),
    ("members-added", DONE),
    ("members-deleted", DONE),
    ("password-set", DONE),
    ("service-running", DONE),
    ("services-trimmed", Says::Page(service, &["0 1", "1 1", "21 0"], Some(0), Some(21))),
    ("variables-empty", Says::Values(&[])),
];

fn account(item: &Element) -> String {
    let row = account_row(item);
    format!("{} {} {:?}", row.email, row.kind.expect("a type"), row.admin)
}

fn domain(item: &Element) -> String {
    let row = domain_row(item);
    format!("{} {}", row.name, row.kind.map_or_else(|| "?".to_owned(), |kind| kind.to_string()))
}

fn service(item: &Element) -> String {
    [item.field("servicetype"), item.field("isrunning")]
        .map(|field| field.expect("a field").to_owned())
        .join(" ")
}

/// The bytes of an answer, with its byte order mark and line ends.
fn answer(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire").join(format!("{name}.wire"));
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mark = b"\n--- answer\n";
    let at = bytes.windows(mark.len()).position(|window| window == mark).expect("an answer");
    bytes[at + mark.len()..].to_vec()
}

fn result(name: &str) -> Element {
    match decode(&answer(name)).unwrap_or_else(|error| panic!("{name}: {error}")).body {
        Body::Result(result) => result,
        Body::Error(uid) => panic!("{name}: {uid}"),
    }
}

fn properties(name: &str) -> Properties {
    Properties::read(&result(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_answer_is_read_as_it_was_written_down() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire");
    let files = std::fs::read_dir(folder).expect("tests/wire").map(|entry| entry.expect("an entry").path());
    let files = files.filter(|path| path.extension().is_some_and(|ending| ending == "wire"));
    let names: BTreeSet<String> =
        files.map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned()).collect();
    let told: BTreeSet<String> = TABLE.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names, told, "each file has one row");
    assert_eq!(told.len(), TABLE.len());
    for (name, says) in TABLE {
        let decoded = decode(&answer(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(decoded.sid.is_none(), WITHOUT_SID.contains(name), "{name}: session id");
        match says {
            Says::Error(uid, bears) => {
                assert_eq!(decoded.body, Body::Error((*uid).to_owned()), "{name}");
                assert_eq!(Uid::new(*uid).bears(), *bears, "{name}");
            }
            Says::Written(wanted) => assert_eq!(written(&result(name)), Ok(*wanted), "{name}"),
            Says::Values(wanted) => {
                let read = properties(name);
                let names: Vec<&str> = read.names().collect();
                assert_eq!(names, wanted.iter().map(|(name, _)| *name).collect::<Vec<_>>(), "{name}");
                for (variable, value) in *wanted {
                    assert_eq!(read.text(variable).read().map(String::as_str), *value, "{name}: {variable}");
                }
            }
            Says::Page(row, rows, offset, overall) => {
                let result = result(name);
                let page = page(&result).unwrap_or_else(|error| panic!("{name}: {error}"));
                let read: Vec<String> = page.items.iter().map(|item| row(item)).collect();
                assert_eq!(read, *rows, "{name}");
                assert_eq!((page.offset, page.overall), (*offset, *overall), "{name}");
            }
            Says::Fields(wanted) => {
                for (field, value) in *wanted {
                    assert_eq!(result(name).field(field), Some(*value), "{name}: {field}");
                }
            }
            Says::Products(wanted) => products(name, wanted),
        }
    }
}

fn products(name: &str, wanted: &[(&str, &str, Option<bool>, Option<i64>)]) {
    let text = properties(name).text("C_License_XML");
    let offers = licence::products(text.read().expect("a text")).expect("products");
    let read: Vec<_> = offers
        .iter()
        .map(|offer| {
            let seats = match offer.seats {
                Seats::Limited(seats) => seats.to_string(),
                Seats::Unlimited => "unlimited".to_owned(),
                Seats::Unknown => "unknown".to_owned(),
            };
            (format!("{} {}", offer.module, offer.title), seats, offer.demo, offer.expires_day)
        })
        .collect();
    let wanted: Vec<_> = wanted
        .iter()
        .map(|(title, seats, demo, day)| ((*title).to_owned(), (*seats).to_owned(), *demo, *day))
        .collect();
    assert_eq!(read, wanted, "{name}");
}

/// What the values mean: bits, facts, the order id.
#[test]
fn the_switches_of_an_account_and_the_order_id_are_understood() {
    let read = properties("account-switches");
    let both = ServiceSet::of(&[Service::ActiveSync, Service::Im]);
    let phone = ServiceSet::single(Service::ActiveSync);
    let bits = service_bits(&read, both);
    assert_eq!((bits.known, bits.on), (both, phone));
    assert_eq!((bits.editable_known, bits.editable), (both, both));
    assert_eq!(
        (bits.support_known, bits.support),
        (phone, phone),
        "nothing is said of chat's effective value"
    );
    let facts = account_facts(&read, Tri::Unread, None);
    assert_eq!(
        [facts.disabled, facts.guest, facts.admin, facts.pop3_only],
        [Tri::No, Tri::No, Tri::No, Tri::No]
    );
    assert_eq!(account_facts(&read, Tri::Yes, None).admin, Tri::Yes, "one yes suffices");
    let exported = properties("licence-exported").text("C_License");
    assert_eq!(licence::order_id(exported.read().expect("a text")).as_deref(), Some("EXAMPLE-0001"));
    assert!(matches!(properties("account-classes").value("A_AliasList"), Some(Value::Nested(_))));
}

/// `0` where values or rows are asked for is no empty answer.
#[test]
fn a_zero_is_no_empty_list() {
    let zero = result("login-zero");
    assert_eq!(Properties::read(&zero), Err(Misfit::Zero));
    assert_eq!(page(&zero), Err(Misfit::Zero));
    assert!(written(&result("domains")).is_err(), "a list is no answer to a write");
}
