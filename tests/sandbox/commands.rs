//! What creating, deleting, renaming and changing members does and refuses (reference 1.6, 1.7): one table a
//! command, and what the seats are after it.

use icewarden::edge::sandbox::World;

use super::client::{Session, error, item, texts};

/// A server with something of every kind, and policies and limits that are in use.
fn world() -> World {
    let mut world = World::bare();
    for product in ["ActiveSync", "Instant Messaging", "Mail Server"] {
        world.set_product(product, Some(50));
    }
    world.add_domain("alias.test", 2);
    world.add_domain("full.test", 0);
    for (address, kind) in [
        ("anna@example.com", 0),
        ("bob@example.com", 0),
        ("only@full.test", 0),
        ("sales@example.com", 7),
        ("news@example.com", 1),
        ("room@example.com", 8),
    ] {
        world.add_account(address, "", kind);
    }
    assert!(world.set_domain_variable("full.test", "D_AccountNumber", "1"));
    assert!(world.set_server_variable("C_Accounts_Global_Domains_UseDomainLimits", "1"));
    assert!(world.set_server_variable("C_Accounts_Policies_Pass_Enable", "1"));
    assert!(world.set_server_variable("C_Accounts_Policies_Pass_MinLength", "4"));
    assert!(world.set_server_variable("C_Accounts_Policies_Pass_Digits", "1"));
    let aliases = "<item><apiproperty><propname>A_AliasList</propname></apiproperty><propertyval>\
        <classname>TPropertyStringList</classname><val><item>anna</item><item>Ann</item></val></propertyval></item>";
    let params = format!(
        "<accountemail>anna@example.com</accountemail><propertyvaluelist>{aliases}</propertyvaluelist>"
    );
    assert_eq!(Session::admin(&mut world).result("setaccountproperties", &params), "1");
    world.drop_sessions();
    world
}

/// `1`, `0`, or the error id.
fn outcome(session: &mut Session<'_>, command: &str, params: &str) -> String {
    let body = session.call(command, params);
    error(&body).unwrap_or_else(|| texts(&body, "result").concat())
}

/// Each case on a server of its own. Where the answer is not 1, nothing changed.
#[track_caller]
fn check(command: &str, cases: &[(String, &str)]) {
    for (params, expected) in cases {
        let mut world = world();
        let before = world.state();
        let mut session = Session::admin(&mut world);
        assert_eq!(outcome(&mut session, command, params), *expected, "{command} {params}");
        let after = world.state();
        for (product, used) in world.recount() {
            assert_eq!(world.used(product), used, "{command} {params}: {product}");
        }
        if *expected != "1" {
            assert_eq!(after["accounts"], before["accounts"], "{command} {params}");
            assert_eq!(after["modules"], before["modules"], "{command} {params}");
            assert_eq!(after["writes"], before["writes"], "{command} {params}");
        }
    }
}

fn create(domain: &str, items: &[(&str, &str)]) -> String {
    let items: String = items.iter().map(|(name, value)| item(name, value)).collect();
    format!("<domainstr>{domain}</domainstr><accountproperties>{items}</accountproperties>")
}

#[test]
fn an_account_is_created_or_the_reason_is_told() {
    let here = |mailbox: &str| create("example.com", &[("u_mailbox", mailbox), ("u_type", "0")]);
    let with = |name: &str, value: &str| {
        create("example.com", &[("u_mailbox", "new"), ("u_type", "0"), (name, value)])
    };
    check(
        "createaccount",
        &[
            (here("new"), "1"),
            (here("NEW"), "1"),
            (with("U_Password", "pass1"), "1"),
            (with("U_ActiveSync", "1"), "1"),
            (create("", &[("u_mailbox", "new"), ("u_type", "0")]), "domain_parameter_empty"),
            (create("nowhere.test", &[("u_mailbox", "new"), ("u_type", "0")]), "domain_invalid"),
            (create("example.com", &[("u_type", "0")]), "account_mailbox_property_missing"),
            (create("example.com", &[("u_mailbox", "new")]), "account_type_property_missing"),
            (here("anna"), "account_already_exists"),
            (here("ANNA"), "account_already_exists"),
            (here("sales"), "account_already_exists"),
            (with("U_Password", "pass"), "account_password_policy"),
            (with("U_Password", "pw1"), "account_password_policy"),
            (create("full.test", &[("u_mailbox", "new"), ("u_type", "0")]), "account_domain_limit_exceeded"),
            // The address is an alias already; a domain of aliases has no accounts.
            (here("ann"), "0"),
            (create("alias.test", &[("u_mailbox", "new"), ("u_type", "0")]), "0"),
            (create("example.com", &[("u_mailbox", "new"), ("u_type", "9")]), "0"),
            (create("example.com", &[("u_mailbox", "new"), ("u_type", "user")]), "0"),
            (here("n w"), "0"),
            (here("new@example.com"), "0"),
            (with("U_ActiveSync", "yes"), "0"),
            (with("U_Nothing", "1"), "0"),
            (with("U_IMSupport", "1"), "0"),
        ],
    );
}

/// An account that is created without a service never took its seat, and a refused one none at all.
#[test]
fn only_what_an_account_is_created_with_takes_seats() {
    let mut world = World::seeded(&icewarden::edge::sandbox::Seed { accounts: 20, seed: 1 });
    let used = world.used("Instant Messaging");
    world.set_product("Instant Messaging", u32::try_from(used).ok());
    world.reset_highest();
    let mut session = Session::admin(&mut world);
    let new = |mailbox, im| create("example.com", &[("u_mailbox", mailbox), ("u_type", "0"), ("U_IM", im)]);
    assert_eq!(session.result("createaccount", &new("without", "0")), "1");
    let refused = new("refused", "1")
        .replace("</accountproperties>", &(item("U_Nothing", "1") + "</accountproperties>"));
    assert_eq!(session.result("createaccount", &refused), "0");
    let refused = refused.replace("U_Nothing", "U_IMSupport");
    assert_eq!(session.result("createaccount", &refused), "0");
    assert_eq!(
        (session.world.used("Instant Messaging"), session.world.over_highest("Instant Messaging")),
        (used, 0)
    );
    assert_eq!(session.result("createaccount", &new("with", "1")), "1");
    assert_eq!(session.world.over_highest("Instant Messaging"), 1);
    let delete = "<domainstr>example.com</domainstr><accountlist><classname>tpropertystringlist</classname><val>\
        <item>with@example.com</item></val></accountlist><leavedata>0</leavedata>";
    assert_eq!(session.result("deleteaccounts", delete), "1");
    assert_eq!((session.world.used("Instant Messaging"), session.world.over("Instant Messaging")), (used, 0));
}

#[test]
fn accounts_are_deleted_all_or_none() {
    let delete = |domain: &str, addresses: &[&str]| {
        let items: String = addresses.iter().map(|address| format!("<item>{address}</item>")).collect();
        format!(
            "<domainstr>{domain}</domainstr><accountlist><classname>tpropertystringlist</classname>\
             <val>{items}</val></accountlist><leavedata>0</leavedata>"
        )
    };
    check(
        "deleteaccounts",
        &[
            (delete("example.com", &["anna@example.com"]), "1"),
            (delete("example.com", &["ANNA@Example.com", "sales@example.com"]), "1"),
            (delete("example.com", &["anna@example.com", "anna@example.com"]), "1"),
            (delete("example.com", &["anna@example.com", "nobody@example.com"]), "0"),
            (delete("example.com", &["anna@example.com", "only@full.test"]), "0"),
            (delete("full.test", &["anna@example.com"]), "0"),
            (delete("example.com", &["anna"]), "0"),
            (delete("", &["anna@example.com"]), "domain_parameter_empty"),
            (delete("nowhere.test", &["anna@example.com"]), "domain_invalid"),
        ],
    );
}

#[test]
fn domains_are_created_renamed_and_deleted_or_the_reason_is_told() {
    let domain = |name: &str| format!("<domainstr>{name}</domainstr>");
    let with = |name: &str, value: &str| {
        format!("<domainstr>new.test</domainstr><domainproperties>{}</domainproperties>", item(name, value))
    };
    check(
        "createdomain",
        &[
            (domain("new.test"), "1"),
            (with("D_Type", "2"), "1"),
            (with("D_Description", "x"), "1"),
            (domain(""), "domain_parameter_empty"),
            (domain("Example.COM"), "0"),
            (domain("two words.test"), "0"),
            (domain("a@b.test"), "0"),
            (with("D_Nothing", "1"), "0"),
            (with("D_IMSupport", "1"), "0"),
            (with("U_IM", "1"), "0"),
        ],
    );
    check(
        "deletedomain",
        &[
            (domain("full.test"), "1"),
            (domain("FULL.test"), "1"),
            (domain(""), "domain_parameter_empty"),
            (domain("nowhere.test"), "domain_invalid"),
        ],
    );
    let rename = |old: &str, new: &str| format!("<oldname>{old}</oldname><newname>{new}</newname>");
    check(
        "renamedomain",
        &[
            (rename("full.test", "new.test"), "1"),
            (rename("example.com", "new.test"), "1"),
            (rename("full.test", "example.com"), "0"),
            (rename("full.test", "two words"), "0"),
            (rename("nowhere.test", "new.test"), "domain_invalid"),
            (rename("", "new.test"), "domain_parameter_empty"),
            (rename("full.test", ""), "domain_parameter_empty"),
        ],
    );
}

#[test]
fn a_session_goes_on_when_its_own_domain_gets_another_name() {
    let mut world = world();
    let mut session = Session::admin(&mut world);
    let rename = "<oldname>Example.com</oldname><newname>New.test</newname>";
    assert_eq!(session.result("renamedomain", rename), "1");
    assert_eq!(texts(&session.call("getsessioninfo", ""), "email"), ["admin@new.test"]);
    assert_eq!(session.account("anna@new.test", &["U_Email"]), [Some("anna@new.test".to_owned())]);
}

#[test]
fn a_password_must_be_one_that_the_policy_allows() {
    let set = |address: &str, password: &str, more: &str| {
        format!("<accountemail>{address}</accountemail>{more}<password>{password}</password>")
    };
    let ignored = "<ignorepolicy>1</ignorepolicy>";
    check(
        "setaccountpassword",
        &[
            (set("anna@example.com", "pass1", ""), "1"),
            (set("anna@example.com", "x", ignored), "1"),
            (set("anna@example.com", "pass1", "<authtype>0</authtype>"), "1"),
            (set("anna@example.com", "pw1", ""), "account_password_policy"),
            (
                set("anna@example.com", "password", "<ignorepolicy>0</ignorepolicy>"),
                "account_password_policy",
            ),
            (set("anna@example.com", "", ignored), "0"),
            (set("", "pass1", ""), "account_email_parameter_missing"),
            (set("nobody@example.com", "pass1", ""), "account_does_not_exist"),
        ],
    );
}

#[test]
fn only_groups_and_lists_have_members() {
    let members = |address: &str| {
        format!(
            "<accountemail>{address}</accountemail><members><classname>tpropertymembers</classname><val><item>\
             <classname>tpropertymember</classname><val>anna@example.com</val></item></val></members>"
        )
    };
    for command in
        ["addaccountmembers", "editaccountmembers", "deleteaccountmembers", "deleteallaccountmembers"]
    {
        check(
            command,
            &[
                (members("sales@example.com"), "1"),
                (members("news@example.com"), "1"),
                (members("anna@example.com"), "0"),
                (members("room@example.com"), "0"),
                (members(""), "account_email_parameter_missing"),
                (members("nobody@example.com"), "account_does_not_exist"),
            ],
        );
    }
    let all = |address: &str, domain: &str| {
        format!("<accountemail>{address}</accountemail><domainstr>{domain}</domainstr>")
    };
    check(
        "addallaccountmembers",
        &[
            (all("sales@example.com", "example.com"), "1"),
            (all("sales@example.com", "alias.test"), "1"),
            (all("anna@example.com", "example.com"), "0"),
            (all("sales@example.com", "nowhere.test"), "domain_invalid"),
            (all("sales@example.com", ""), "domain_parameter_empty"),
            (all("nobody@example.com", "example.com"), "account_does_not_exist"),
        ],
    );
}

#[test]
fn all_accounts_that_a_filter_lets_through_become_members_once() {
    let mut world = world();
    let mut session = Session::admin(&mut world);
    let params = |filter: &str| {
        format!(
            "<accountemail>sales@example.com</accountemail><domainstr>example.com</domainstr><filter>{filter}</filter>"
        )
    };
    let held = |session: &mut Session<'_>| {
        texts(&session.call("getaccountmemberinfolist", "<who>sales@example.com</who>"), "val")
    };
    for _ in 0..2 {
        assert_eq!(session.result("addallaccountmembers", &params("<namemask>a*</namemask>")), "1");
    }
    assert_eq!(held(&mut session), ["admin@example.com", "anna@example.com"]);
    assert_eq!(session.result("addallaccountmembers", &params("<typemask>7</typemask>")), "1");
    assert_eq!(held(&mut session).len(), 2, "a group is no member of itself");
    assert_eq!(session.result("addallaccountmembers", &params("")), "1");
    assert_eq!(
        held(&mut session),
        ["admin", "anna", "bob", "news", "room"].map(|name| format!("{name}@example.com"))
    );
}

/// Pages of every length add up, whatever the filter; every item has all of its parts, and comments only where
/// they are asked for.
#[test]
fn the_consoles_page_filter_and_comment() {
    let mut world = world();
    let mut session = Session::admin(&mut world);
    for (command, whose, group) in [
        ("getserverapiconsole", "", "Accounts Policies"),
        ("getdomainapiconsole", "<domainstr>full.test</domainstr>", "Domain"),
        ("getaccountapiconsole", "<accountemail>anna@example.com</accountemail>", "User"),
    ] {
        let ask = |session: &mut Session<'_>, filter: &str, offset: usize, count: usize, comments: u8| {
            let page =
                format!("<offset>{offset}</offset><count>{count}</count><comments>{comments}</comments>");
            session.call(command, &format!("{whose}<filter>{filter}</filter>{page}"))
        };
        let groups = format!(
            "<groups><classname>tpropertystringlist</classname><val><item>{group}</item></val></groups><clear>1</clear>"
        );
        let body = ask(&mut session, &groups, 0, 0, 1);
        let whole = texts(&body, "propname");
        assert!(whole.len() > 10, "{command}");
        assert!(texts(&body, "propertygroup").iter().all(|found| found == group), "{command}");
        for part in ["classname", "propertyright", "propertycomment", "propertygroup", "propertyvaluetype"] {
            assert_eq!(texts(&body, part).len(), whole.len(), "{command} {part}");
        }
        assert!(texts(&body, "propertycomment").iter().all(|comment| !comment.is_empty()));
        let quiet = ask(&mut session, &groups, 0, 0, 0);
        assert!(texts(&quiet, "propertycomment").iter().all(String::is_empty));
        for length in [1, 7] {
            let mut pages = Vec::new();
            while pages.len() < whole.len() {
                let page = ask(&mut session, &groups, pages.len(), length, 0);
                assert_eq!(texts(&page, "overallcount"), [whole.len().to_string()]);
                let names = texts(&page, "propname");
                assert!(!names.is_empty() && names.len() <= length);
                pages.extend(names);
            }
            assert_eq!(pages, whole, "{command} by {length}");
        }
        let nothing = ask(&mut session, "<mask>nothing*</mask>", 0, 0, 0);
        assert_eq!(
            (texts(&nothing, "propname").len(), texts(&nothing, "overallcount")),
            (0, vec!["0".into()])
        );
    }
    let missing = outcome(&mut session, "getdomainapiconsole", "<domainstr>nowhere.test</domainstr>");
    assert_eq!(missing, "domain_invalid");
    let missing =
        outcome(&mut session, "getaccountapiconsole", "<accountemail>no@example.com</accountemail>");
    assert_eq!(missing, "account_does_not_exist");
}
