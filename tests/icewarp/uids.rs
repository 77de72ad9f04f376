//! Every error id that a server is known to answer (reference 1.7): what it means for a login and for any other
//! command, and what a person is told to do. The list was written from the reference, not from the code.

use std::collections::BTreeSet;

use icewarden::edge::icewarp::uids::{UIDS, Uid};
use icewarden::edge::icewarp::{CallError, Client};
use icewarden::report::chain;
use icewarden::report::remedy;

use super::responder::{Reply, Responder, error, welcoming};

/// How a failure is sorted.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Sort {
    /// Trying again changes nothing; exit 77.
    Login,
    /// Trying again changes nothing; exit 1, or as the run decides.
    Refused,
    /// The session is renewed once; what comes then is refused.
    Renewed,
    /// The licence is in the way of everything; exit 6.
    Closed,
}
use Sort::{Closed, Login, Refused, Renewed};

/// The id; how it is sorted where it answers a login, with words of the next act; and where it answers another
/// command.
const LIST: &[(&str, Sort, &str, Sort, &str)] = &[
    // Protocol.
    ("iq_root_tag_invalid", Refused, "connection.rpc.url", Refused, "connection.rpc.url"),
    ("iq_query_xmlns_invalid", Refused, "connection.rpc.url", Refused, "connection.rpc.url"),
    ("invoker_commandname_invalid", Refused, "version", Refused, "version"),
    // Session.
    ("session_invalid", Login, "one server", Renewed, "one server"),
    ("session_invalid_id", Login, "one server", Renewed, "one server"),
    ("session_expired", Login, "keeps a session", Renewed, "keeps a session"),
    ("session_no_user", Login, "one server", Renewed, "one server"),
    ("session_ip_mismatch", Login, "our address", Renewed, "our address"),
    ("session_mismatch", Login, "one server", Renewed, "one server"),
    ("session_cookie_mismatch", Login, "one server", Renewed, "one server"),
    // Auth.
    ("auth_login_invalid", Login, "its password", Login, "its password"),
    ("auth_type_invalid", Login, "connection.rpc.login", Login, "connection.rpc.login"),
    ("auth_email_missing", Login, "connection.rpc.account", Login, "connection.rpc.account"),
    ("auth_password_missing", Login, "its password", Login, "its password"),
    ("auth_digest_missing", Login, "connection.rpc.login", Login, "connection.rpc.login"),
    ("auth_digest_expired", Login, "5 minutes", Login, "5 minutes"),
    ("auth_two_factor_required", Login, "without two-factor login", Login, "without two-factor login"),
    ("auth_two_factor_invalid", Login, "without two-factor login", Login, "without two-factor login"),
    ("login_invalid_keypair", Login, "connection.rpc.login", Login, "connection.rpc.login"),
    ("login_ip_invalid", Login, "this machine's address", Login, "this machine's address"),
    // Account.
    ("account_invalid", Login, "connection.rpc.account", Refused, "what exists has changed"),
    ("account_does_not_exist", Login, "connection.rpc.account", Refused, "what exists has changed"),
    ("account_already_exists", Login, "logs/api", Refused, "logs/api"),
    ("account_email_parameter_missing", Login, "logs/api", Refused, "logs/api"),
    ("account_mailbox_property_missing", Login, "logs/api", Refused, "logs/api"),
    ("account_type_property_missing", Login, "logs/api", Refused, "logs/api"),
    ("account_missing_required_property", Login, "logs/api", Refused, "logs/api"),
    ("account_password_policy", Login, "policy", Refused, "policy"),
    ("account_domain_limit_exceeded", Login, "number of accounts", Refused, "number of accounts"),
    ("account_permission", Login, "administrator rights", Login, "administrator rights"),
    ("account_no_password", Login, "complete the account", Refused, "complete the account"),
    ("account_no_username", Login, "complete the account", Refused, "complete the account"),
    ("account_no_domain", Login, "complete the account", Refused, "complete the account"),
    ("migration_in_progress", Login, "migration", Refused, "migration"),
    // Domain.
    ("domain_invalid", Login, "connection.rpc.account", Refused, "what exists has changed"),
    ("domain_parameter_empty", Login, "logs/api", Refused, "logs/api"),
    // Of `account_disabled_N`: 1 address, 2 disabled, 3 password expired, 4 account expired, 5 to 10 access modes, 11 and
    // 12 the domain, 13 the licence.
    ("account_disabled_1", Login, "this machine's address", Login, "this machine's address"),
    ("account_disabled_2", Login, "enable the account", Login, "enable the account"),
    ("account_disabled_3", Login, "a new password", Login, "a new password"),
    ("account_disabled_4", Login, "valid for longer", Login, "valid for longer"),
    ("account_disabled_5", Login, "access mode", Login, "access mode"),
    ("account_disabled_6", Login, "access mode", Login, "access mode"),
    ("account_disabled_7", Login, "access mode", Login, "access mode"),
    ("account_disabled_8", Login, "access mode", Login, "access mode"),
    ("account_disabled_9", Login, "access mode", Login, "access mode"),
    ("account_disabled_10", Login, "access mode", Login, "access mode"),
    ("account_disabled_11", Login, "logins to the domain", Login, "logins to the domain"),
    ("account_disabled_12", Login, "let the domain", Login, "let the domain"),
    ("account_disabled_13", Login, "look at the licence", Login, "look at the licence"),
    // The licence.
    ("license_evaluation", Closed, "port 80", Closed, "port 80"),
    ("license_reference_mismatch", Closed, "Reference ID", Closed, "Reference ID"),
    ("license_revalidation", Closed, "port 80", Closed, "port 80"),
    ("license_expired", Closed, "a licence that holds", Closed, "a licence that holds"),
    ("license_none", Closed, "a licence that holds", Closed, "a licence that holds"),
    ("license_build", Closed, "look at the licence", Closed, "look at the licence"),
    ("license_version", Closed, "look at the licence", Closed, "look at the licence"),
    // One of the family that is not listed.
    ("LICENSE_moon", Closed, "look at the licence", Closed, "look at the licence"),
    // None of them.
    ("account_disabled_14", Login, "access mode", Refused, "logs/api"),
    ("moon_phase", Login, "logs/api", Refused, "logs/api"),
    ("", Login, "logs/api", Refused, "logs/api"),
];

#[test]
fn the_list_is_that_of_the_code() {
    let listed: BTreeSet<&str> = LIST.iter().map(|(uid, ..)| *uid).collect();
    assert_eq!(listed.len(), LIST.len(), "each once");
    let unlisted = BTreeSet::from(["", "account_disabled_14", "moon_phase", "LICENSE_moon"]);
    let known: BTreeSet<&str> = UIDS.iter().map(|(uid, ..)| *uid).collect();
    assert_eq!(listed.difference(&unlisted).copied().collect::<BTreeSet<_>>(), known);
}

#[track_caller]
fn told(uid: &str, error: &CallError, sort: Sort, next: &str) {
    assert!(matches!(error, CallError::Refused { .. }), "{uid}: {error:?}");
    assert_eq!(error.uid().map(Uid::as_str), Some(uid));
    let meaning = format!("{:?}", error.meaning());
    let expected = match sort {
        Login => "LoginRefused",
        Closed => "LicenceClosed",
        Renewed => "SessionLost",
        Refused => "Other",
    };
    // A session id that answers a login is a refusal, and no reason to log in.
    assert_eq!(meaning, expected, "{uid}");
    let words = remedy::text(&error.remedy());
    assert!(words.contains(next), "{uid}: `{next}` is not in: {words}");
    let told = chain(error);
    assert!(uid.is_empty() || told.contains(uid), "{uid} can be searched for: {told}");
}

#[tokio::test]
async fn every_error_id_that_answers_a_login_is_sorted_and_never_tried_again() {
    for (uid, sort, next, ..) in LIST {
        let server = Responder::start(move |_| Reply::Body(error(uid))).await;
        let refused = Client::connect(server.options()).await.err().expect("nobody is let in");
        told(uid, &refused, *sort, next);
        assert_eq!(server.commands(), ["authenticate"], "{uid}");
    }
}

#[tokio::test]
async fn every_error_id_that_answers_another_command_is_sorted() {
    for (uid, _, _, sort, next) in LIST {
        let server = Responder::start(welcoming(move |_| Reply::Body(error(uid)))).await;
        let client = server.client().await;
        let names = icewarden::model::ServiceSet::single(icewarden::model::Service::Im);
        let refused = client.read_switches("a@example.com", names, names).await.expect_err("it is refused");
        client.close().await;
        told(uid, &refused, *sort, next);
        let logins = if *sort == Renewed { 2 } else { 1 };
        assert_eq!(server.count("authenticate"), logins, "{uid}: {:?}", server.commands());
    }
}
