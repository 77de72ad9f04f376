//! Login, what it refuses, and what an account without rights sees (reference 1.3; U-38, U-39).

use icewarden::edge::sandbox::World;

use super::client::{Session, attribute, error, login_params, request, texts};

fn login(world: &mut World, params: &str) -> String {
    world.answer(request("", "authenticate", params).as_bytes(), None).body
}

#[test]
fn a_session_id_has_eighteen_digits_and_is_good_until_logout() {
    let mut world = World::bare();
    let mut session = Session::admin(&mut world);
    assert!(
        session.sid.len() == 18 && session.sid.bytes().all(|digit| digit.is_ascii_digit()),
        "{}",
        session.sid
    );
    assert_eq!(texts(&session.call("getsessioninfo", ""), "email"), ["admin@example.com"]);
    assert_eq!(session.result("logout", ""), "1");
    assert_eq!(error(&session.call("getsessioninfo", "")).as_deref(), Some("session_invalid"));
}

#[test]
fn each_refusal_of_a_login_has_its_own_word() {
    let mut world = World::bare();
    for (address, variable) in [("off@example.com", "U_AccountDisabled"), ("two@example.com", "U_2F_Enabled")]
    {
        world.add_account(address, "", 0);
        assert!(world.set_account_variable(address, variable, "1"));
    }
    world.add_account("group@example.com", "", 7);
    let cases = [
        (login_params("admin@example.com", "wrong"), "auth_login_invalid"),
        (login_params("nobody@example.com", "sandbox"), "auth_login_invalid"),
        (login_params("admin@nowhere.test", "sandbox"), "auth_login_invalid"),
        (login_params("group@example.com", "sandbox"), "auth_login_invalid"),
        (login_params("off@example.com", "sandbox"), "account_disabled_2"),
        (login_params("two@example.com", "sandbox"), "auth_two_factor_required"),
        (login_params("two@example.com", "sandbox") + "<totpcode>1</totpcode>", "auth_two_factor_invalid"),
        ("<authtype>0</authtype><password>x</password>".to_owned(), "auth_email_missing"),
        ("<authtype>0</authtype><email>admin@example.com</email>".to_owned(), "auth_password_missing"),
        ("<authtype>2</authtype><email>admin@example.com</email>".to_owned(), "auth_type_invalid"),
    ];
    for (params, expected) in cases {
        let body = login(&mut world, &params);
        assert_eq!(error(&body).as_deref(), Some(expected), "{params}");
        assert_eq!(attribute(&body, "sid"), None, "{params}");
    }
}

#[test]
fn a_password_is_checked_without_a_session_and_refused_in_the_same_words() {
    let mut world = World::bare();
    world.add_account("off@example.com", "Off", 0);
    assert!(world.set_account_variable("off@example.com", "U_AccountDisabled", "1"));
    let mut token = |email: &str, password: &str| {
        world.answer(request("", "getauthtoken", &login_params(email, password)).as_bytes(), None).body
    };
    let good = token("admin@example.com", "sandbox");
    assert_eq!(attribute(&good, "sid"), None);
    assert!(texts(&good, "authtoken").iter().all(|token| !token.is_empty()), "{good}");
    assert_eq!(error(&token("admin@example.com", "wrong")).as_deref(), Some("auth_login_invalid"));
    assert_eq!(error(&token("off@example.com", "wrong")).as_deref(), Some("auth_login_invalid"));
    assert_eq!(error(&token("off@example.com", "sandbox")).as_deref(), Some("account_disabled_2"));
    assert_eq!(world.state()["sessions"], 0);
}

#[test]
fn the_login_type_may_be_a_word() {
    let mut world = World::bare();
    let body = login(&mut world, &login_params("admin@example.com", "sandbox").replace('0', "plain"));
    assert_eq!(error(&body), None);
}

#[test]
fn without_a_session_and_with_a_dead_one_the_words_differ() {
    let mut world = World::bare();
    let none = world.answer(request("", "getdomainsinfolist", "").as_bytes(), None).body;
    assert_eq!(error(&none).as_deref(), Some("session_no_user"));
    let mut session = Session::admin(&mut world);
    session.world.drop_sessions();
    let body = session.call("getdomainsinfolist", "");
    assert_eq!(error(&body).as_deref(), Some("session_invalid"));
    assert_eq!(attribute(&body, "sid"), Some(session.sid));
}

#[test]
fn an_account_without_rights_reads_no_values_and_writes_nothing() {
    let mut world = World::bare();
    world.add_account("user@example.com", "User", 0);
    let mut session = Session::of(&mut world, "user@example.com", "sandbox");
    assert_eq!(session.server(&["C_Version"]), [None]);
    assert_eq!(session.account("user@example.com", &["U_Name"]), [None]);
    assert_eq!(texts(&session.call("getdomainsinfolist", ""), "overallcount"), ["0"]);
    let list = session.call("getaccountsinfolist", "<domainstr>example.com</domainstr>");
    assert_eq!(texts(&list, "overallcount"), ["0"]);
    assert_eq!(session.set_account("user@example.com", "U_Admin", "1"), "0");
    assert_eq!(session.set_server("C_System_Tools_AutoBackup_Enable", "0"), "0");
    assert_eq!(world.state()["writes"], 0);
}

#[test]
fn a_domain_administrator_governs_one_domain() {
    let mut world = World::bare();
    world.add_account("boss@example.org", "Boss", 0);
    assert!(world.set_account_variable("boss@example.org", "U_DomainAdmin", "1"));
    let mut session = Session::of(&mut world, "boss@example.org", "sandbox");
    assert_eq!(texts(&session.call("getdomainsinfolist", ""), "name"), ["example.org"]);
    assert_eq!(session.set_account("boss@example.org", "U_IM", "1"), "1");
    assert_eq!(session.set_account("admin@example.com", "U_IM", "1"), "0");
}
