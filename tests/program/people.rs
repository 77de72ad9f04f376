//! Who is meant: names in two forms, aliases, guests of the server's own domain, who may be away, and members that are
//! written in several ways.

use icewarden::edge::sandbox::{Setting, World};

use super::run::{blocked, codes, desk, ledger, steps};
use super::spec::{group, license, policy, put, world};
use super::stand::{Reply, Stand};

const ALLOW: &[&str] = &["--allow", "disable=99", "--reason", "a test"];

const BOOKS: &str = "xn--bcher-kva.example.test";

/// Lea, René (his accent apart) and Mia have chat, in a domain with an umlaut. *readers* is Lea and René.
fn books(form: &str) -> World {
    let mut world = world(&[]);
    world.set_switch(Setting::parse(form).expect("a position"));
    for user in ["lea", "rene\u{301}", "mia"] {
        let address = format!("{user}@bücher.example.test");
        world.add_account(&address, user, 0);
        put(&mut world, &address, &["im"], "1");
    }
    group(
        &mut world,
        "readers@example.com",
        &["Lea@BÜCHER.example.test", "ren\u{e9}@bu\u{308}cher.example.test"],
    );
    world
}

#[test]
fn a_member_in_the_other_form_of_its_name_keeps_its_service() {
    for form in ["U-44=ascii", "U-44=unicode"] {
        for scope in ["bücher.example.test", BOOKS, "b*cher.example.test", "XN--BCHER-KVA.*"] {
            let stand = Stand::of(books(form));
            let body = format!(
                "scope: {{domains: ['{scope}']}}\nservices: {{im: {{enable: {{groups: [readers@example.com]}}, others: disabled}}}}"
            );
            let desk = desk(&stand, &[policy("books", &body)]);
            let planned = desk.planned(2, ALLOW);
            let server = &planned;
            assert_eq!(steps(server), [format!("release mia@{BOOKS}/im")], "{form} {scope}");
            assert!(codes(server).contains(&"domain-in-two-forms".to_owned()), "{form}: {server}");
            desk.plan(ALLOW).says(&[BOOKS, "bücher.example.test"]);
            desk.apply(ALLOW).exits(0);
            assert_eq!(stand.writes(), 1, "{form} {scope}");
            desk.nothing_to_do(ALLOW);
        }
    }
}

#[test]
fn a_group_or_exception_is_found_by_either_form_of_its_address() {
    let mut world = books("U-44=unicode");
    group(&mut world, "leser@bücher.example.test", &["mia@xn--bcher-kva.example.test"]);
    let stand = Stand::of(world);
    let body = "scope: {groups: [leser@XN--BCHER-KVA.example.test]}\nservices: {im: disabled}\nexceptions: [{account: mia@bücher.example.test, service: im, set: enabled}]";
    let desk = desk(&stand, &[policy("books", body)]);
    desk.nothing_to_do(&[]);
}

#[test]
fn the_other_form_of_a_domain_is_named_where_one_is_misspelt() {
    let stand = Stand::of(books("U-44=ascii"));
    let desk =
        desk(&stand, &[policy("books", "scope: {domains: [büchen.example.test]}\nservices: {im: enabled}")]);
    desk.plan(&[]).exits(3).says(&["did you mean bücher.example.test?"]);
}

/// 25 guests of the internal domain with FTP, and anna, who is to get it.
fn visited(position: &str) -> World {
    let mut world = world(&[("anna@example.com", &[]), ("bob@example.com", &["ftp"])]);
    world.set_switch(Setting::parse(position).expect("a position"));
    for number in 0..25 {
        let address = format!("visitor{number}@##internalservicedomain.icewarp.com##");
        world.add_account(&address, "Visitor", 0);
        put(&mut world, &address, &["ftp"], "1");
    }
    world.set_product("FTP", Some(27));
    world.set_product("ActiveSync", Some(2));
    world.reset_highest();
    world
}

#[test]
fn guests_of_the_internal_domain_are_counted_and_never_planned_on() {
    for position in ["U-43=counted", "U-43=not-counted"] {
        let stand = Stand::of(visited(position));
        let everybody = "scope: {accounts: ['*']}\nservices: {ftp: enabled}";
        let phones = "scope: {accounts: [anna@example.com]}\nservices: {activesync: enabled}";
        let documents =
            [license("expect: {ftp: {seats: 27}}"), policy("files", everybody), policy("phones", phones)];
        let desk = desk(&stand, &documents);
        let planned = desk.planned(3, &[]);
        let server = &planned;
        // The administrator of the sandbox finds no seat any more; nobody is counted who is not there.
        assert_eq!(
            steps(server),
            ["claim admin@example.com/ftp", "claim anna@example.com/activesync"],
            "{position}: {server}"
        );
        assert_eq!(blocked(server), ["claim anna@example.com/ftp: no-seat"], "{position}");
        let files = ledger(server, "ftp");
        desk.plan(&[]).says(&["25 disabled, guests or expired, counted"]);
        assert_eq!(files["used"], 26, "{position}: {files}");
        assert_eq!(ledger(server, "activesync")["used"], 0, "{position}");
        desk.apply(&[]).exits(3);
        assert!(stand.is_on("visitor3@##internalservicedomain.icewarp.com##", "ftp"));
        assert_eq!(stand.writes(), 2, "{position}");
    }
}

#[test]
fn a_server_that_keeps_its_own_domain_to_itself_is_read_all_the_same() {
    let stand = Stand::of(visited("U-43=not-counted"));
    stand.twist(|_, request| {
        (request.command == "getaccountsinfolist" && request.body.contains("##internal")).then(refused)
    });
    let phones = "scope: {accounts: [anna@example.com]}\nservices: {activesync: enabled}";
    let desk = desk(&stand, &[policy("phones", phones)]);
    let planned = desk.planned(2, &[]);
    let server = &planned;
    assert_eq!(steps(server), ["claim anna@example.com/activesync"], "{server}");
    assert!(codes(server).contains(&"accounts-unread".to_owned()), "{server}");
}

fn refused() -> Reply {
    let error =
        "<iq type=\"error\"><query xmlns=\"admin:iq:rpc\"><error uid=\"account_permission\"/></query></iq>";
    Reply::Body(error.to_owned())
}

/// Two people work; one left, one is a guest, one has expired long ago, and one expires in a hundred years.
fn away() -> World {
    let mut world = world(&[
        ("anna@example.com", &[]),
        ("ben@example.com", &[]),
        ("carl@example.com", &[]),
        ("dora@example.com", &[]),
        ("emil@example.com", &[]),
        ("finn@example.com", &[]),
    ]);
    for (address, name, value) in [
        ("anna@example.com", "U_AccountDisabled", "1"),
        ("ben@example.com", "U_IsGuestAccount", "1"),
        ("carl@example.com", "U_AccountValid", "1"),
        ("carl@example.com", "U_AccountValidTill", "40000"),
        ("dora@example.com", "U_AccountValid", "1"),
        ("dora@example.com", "U_AccountValidTill", "80000"),
        // Not in use: the day says nothing.
        ("emil@example.com", "U_AccountValidTill", "40000"),
    ] {
        assert!(world.set_account_variable(address, name, value), "{name}");
    }
    world.set_product("Instant Messaging", Some(4));
    world.reset_highest();
    world
}

#[test]
fn a_seat_goes_to_who_works_before_it_goes_to_who_may_be_away() {
    let stand = Stand::of(away());
    let scope = "scope: {domains: [example.com], except: [admin@example.com]}";
    let desk = desk(&stand, &[policy("chat", &format!("{scope}\nservices: {{im: enabled}}"))]);
    let planned = desk.planned(3, &[]);
    let server = &planned;
    let expected = ["dora", "emil", "finn", "anna"].map(|user| format!("claim {user}@example.com/im"));
    assert_eq!(steps(server), expected);
    assert_eq!(blocked(server), ["claim ben@example.com/im: no-seat", "claim carl@example.com/im: no-seat"]);
    desk.plan(&[]).says(&[
        "anna@example.com (disabled)",
        "ben@example.com (guest)",
        "carl@example.com (expired)",
    ]);
}

#[test]
fn a_selector_names_the_states_of_accounts() {
    for (states, expected) in [
        ("active", &["dora", "emil", "finn"][..]),
        ("disabled", &["anna"]),
        ("guest, expired", &["ben", "carl"]),
        ("active, disabled", &["dora", "emil", "finn", "anna"]),
    ] {
        let scope =
            format!("scope: {{domains: [example.com], except: [admin@example.com], states: [{states}]}}");
        let stand = Stand::of(away());
        let desk = desk(&stand, &[policy("chat", &format!("{scope}\nservices: {{im: enabled}}"))]);
        let planned = desk.planned(2, &[]);
        let expected: Vec<String> =
            expected.iter().map(|user| format!("claim {user}@example.com/im")).collect();
        assert_eq!(steps(&planned), expected, "{states}");
    }
}

#[test]
fn nothing_is_decided_of_an_account_whose_state_was_not_read() {
    let stand = Stand::of(away());
    stand.twist(|_, request| {
        (request.command == "getaccountproperties" && request.body.contains("finn@")).then(refused)
    });
    let scope = "scope: {domains: [example.com], except: [admin@example.com], states: [active]}";
    let desk = desk(&stand, &[policy("chat", &format!("{scope}\nservices: {{im: enabled}}"))]);
    let planned = desk.planned(2, &[]);
    let server = &planned;
    assert_eq!(steps(server), ["claim dora@example.com/im", "claim emil@example.com/im"]);
    assert!(codes(server).contains(&"state-unread".to_owned()), "{server}");
}

/// Adam is also *a.zeman*; *sales* names him by that, and Bea by the alias domain.
fn aliased(position: &str) -> World {
    let mut world = world(&[
        ("adam.zeman@example.com", &["im"]),
        ("bea@example.com", &["im"]),
        ("carl@example.com", &["im"]),
    ]);
    world.set_switch(Setting::parse(position).expect("a position"));
    assert!(world.set_aliases("adam.zeman@example.com", &["a.zeman"]));
    world.add_domain("alias.example.test", 2);
    world.set_domain_variable("alias.example.test", "D_DomainValue", "example.com");
    group(&mut world, "sales@example.com", &["A.Zeman@example.com", "bea@alias.example.test"]);
    world
}

#[test]
fn a_member_that_is_an_alias_is_its_account_and_costs_no_call() {
    for position in ["U-45=not", "U-45=resolved"] {
        for named in ["sales@example.com", "sales@alias.example.test"] {
            let stand = Stand::of(aliased(position));
            let body = format!(
                "scope: {{domains: [example.com], except: [admin@example.com]}}\nservices: {{im: {{enable: {{groups: [{named}]}}, others: disabled}}}}"
            );
            let desk = desk(&stand, &[policy("chat", &body)]);
            let planned = desk.planned(2, ALLOW);
            // Three people, the administrator, and no call more.
            let calls = stand.commands().into_iter().filter(|name| name == "getaccountproperties").count();
            assert_eq!(calls, 4, "{position} {named}");
            let server = &planned;
            assert_eq!(steps(server), ["release carl@example.com/im"], "{position} {named}: {server}");
            if position == "U-45=not" {
                desk.plan(ALLOW).says(&["a.zeman@example.com for adam.zeman@example.com"]);
            }
            desk.apply(ALLOW).exits(0);
            desk.nothing_to_do(ALLOW);
        }
    }
}

#[test]
fn a_selector_that_names_an_alias_means_its_account() {
    for (body, expected) in [
        ("scope: {accounts: [a.zeman@example.com]}\nservices: {im: disabled}", &["adam.zeman"][..]),
        ("scope: {accounts: [a.zeman@alias.example.test]}\nservices: {im: disabled}", &["adam.zeman"]),
        ("scope: {accounts: [carl@alias.example.test]}\nservices: {im: disabled}", &["carl"]),
        (
            "scope: {accounts: ['*@alias.example.test'], except: [admin@alias.example.test, a.zeman@example.com]}\nservices: {im: disabled}",
            &["bea", "carl"],
        ),
        (
            "scope: {domains: [alias.example.test]}\nservices: {im: disabled}\nexceptions: [{account: a.zeman@alias.example.test, service: im, set: enabled}]",
            &["bea", "carl"],
        ),
    ] {
        let stand = Stand::of(aliased("U-45=not"));
        let desk = desk(&stand, &[policy("chat", body)]);
        let planned = desk.planned(2, ALLOW);
        let server = &planned;
        let expected: Vec<String> =
            expected.iter().map(|user| format!("release {user}@example.com/im")).collect();
        assert_eq!(steps(server), expected, "{body}: {server}");
        assert!(codes(server).contains(&"alias-resolved".to_owned()), "{body}: {server}");
    }
}

#[test]
fn a_member_that_nobody_has_is_named_with_a_way_forward() {
    let mut world = aliased("U-45=not");
    group(&mut world, "sales@example.com", &["gone@example.com", "bea@example.com"]);
    let stand = Stand::of(world);
    let body = "scope: {groups: [sales@example.com]}\nservices: {im: disabled}";
    let desk = desk(&stand, &[policy("chat", body)]);
    desk.plan(&[])
        .exits(3)
        .says(&["gone@example.com is no account of this server, and no alias", "take out of it who is none"]);
}

#[test]
fn a_member_in_two_cases_is_one_and_outsiders_are_counted() {
    let mut world = aliased("U-45=not");
    let members =
        ["bea@example.com", "BEA@example.com", "carl@example.com", "x@elsewhere.test", "y@elsewhere.test"];
    group(&mut world, "sales@example.com", &members);
    let stand = Stand::of(world);
    let body = "scope: {groups: [sales@example.com]}\nservices: {im: disabled}";
    let desk = desk(&stand, &[policy("chat", body)]);
    let planned = desk.planned(2, ALLOW);
    assert_eq!(steps(&planned), ["release bea@example.com/im", "release carl@example.com/im"]);
    desk.plan(ALLOW).says(&["2 members that are no accounts of this server"]);
}

#[test]
fn who_is_protected_by_an_alias_loses_nothing() {
    let stand = Stand::of(aliased("U-45=not"));
    let chat = policy("chat", "scope: {accounts: ['*@example.com']}\nservices: {im: disabled}");
    let protect = "guardrails: {protect: [a.zeman@example.com, carl@alias.example.test]}";
    let desk = super::run::Desk::with(&super::spec::whole(&stand, protect, &[chat]));
    let says = ["adam.zeman@example.com would lose im", "carl@example.com would lose im"];
    desk.plan(ALLOW).exits(3).says(&says);
    desk.apply(ALLOW).exits(3);
    assert_eq!(stand.writes(), 0);
}

/// An alias domain stands for the accounts of another, in what protects and in what excepts as well.
#[test]
fn who_is_protected_or_excepted_by_an_alias_domain_loses_nothing() {
    let off = |scope: &str| policy("chat", &format!("scope: {{{scope}}}\nservices: {{im: disabled}}"));
    let stand = Stand::of(aliased("U-45=not"));
    let protect = "guardrails: {protect: ['*@alias.example.test']}";
    let all = off("accounts: ['*@example.com']");
    let desk = super::run::Desk::with(&super::spec::whole(&stand, protect, &[all]));
    desk.apply(ALLOW).exits(3).says(&["bea@example.com would lose im"]);
    let all = off("accounts: ['*@example.com'], except: ['*@alias.example.test']");
    desk_of(&stand, &all).plan(ALLOW).exits(3).says(&["the selector matches no account"]);
    assert_eq!(stand.writes(), 0);
    // Nobody knows whom it was to stop.
    stand.twist(|_, request| (request.command == "getdomainproperties").then(refused));
    desk_of(&stand, &all)
        .plan(ALLOW)
        .exits(3)
        .says(&["of an alias domain, and the domain that it stands for was not"]);
}

fn desk_of(stand: &Stand, policy: &str) -> super::run::Desk {
    desk(stand, &[policy.to_owned()])
}

/// A slip of the pen in a list of those who are to keep their mail is told.
#[test]
fn an_entry_that_protects_or_excepts_nobody_is_told() {
    let stand = Stand::of(aliased("U-45=not"));
    let chat = policy(
        "chat",
        "scope: {accounts: ['*@example.com'], except: ['*@exampel.test', 'svc-*@*']}\nservices: {im: enabled}",
    );
    let protect = "guardrails: {protect: [carll@example.com, carl@example.com, '*@exampel.test']}";
    let desk = super::run::Desk::with(&super::spec::whole(&stand, protect, &[chat]));
    let ran = desk.plan(&[]).says(&[
        "`carll@example.com` in guardrails.protect matches no account of the server: it protects nobody",
        "`*@exampel.test` in guardrails.protect matches no account",
        "`*@exampel.test` excepts nobody: it matches no user account",
        "`svc-*@*` excepts nobody",
    ]);
    assert!(!ran.out.contains("`carl@example.com` in guardrails"), "{}", ran.out);
}
