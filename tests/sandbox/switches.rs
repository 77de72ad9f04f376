//! The switches: that each position acts, and what the least obvious of them do.

use icewarden::edge::sandbox::{Setting, World};

use super::client::{Session, error, item, login_params, request, texts};

fn setting(text: &str) -> Setting {
    Setting::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

/// A small server on which every switch can be seen.
fn world() -> World {
    let mut world = World::bare();
    for (address, on) in [
        ("anna@example.com", &["U_IM", "U_AS", "U_Quarantine"][..]),
        ("bob@example.com", &["U_FTP", "U_SMS"]),
        ("carla@example.com", &["U_IM"]),
        ("guest@example.com", &["U_IM"]),
        ("left@example.com", &["U_IM"]),
        ("pop@example.com", &["U_ActiveSync"]),
    ] {
        world.add_account(address, address, 0);
        for name in on {
            assert!(world.set_account_variable(address, name, "1"));
        }
    }
    world.set_account_variable("guest@example.com", "U_IsGuestAccount", "1");
    world.set_account_variable("left@example.com", "U_AccountDisabled", "1");
    world.set_account_variable("pop@example.com", "U_AccountType", "0");
    world.add_account("team@example.com", "Team", 7);
    world.add_account("all@example.com", "All", 7);
    world.set_members("team@example.com", &["anna@example.com", "all@example.com"]);
    world.set_members("all@example.com", &["bob@example.com", "team@example.com"]);
    world.add_account("eva@bücher.example.test", "Eva", 0);
    world.add_account("visitor@##internalservicedomain.icewarp.com##", "Visitor", 0);
    world.set_account_variable("visitor@##internalservicedomain.icewarp.com##", "U_SMS", "1");
    assert!(world.set_aliases("carla@example.com", &["cc"]));
    world.add_account("named@example.org", "Named", 7);
    world.set_members("named@example.org", &["cc@example.com", "bob@alias.example.test"]);
    world.add_domain("alias.example.test", 2);
    world.set_domain_variable("alias.example.test", "D_DomainValue", "example.com");
    world.set_domain_variable("example.com", "D_SMS", "0");
    for (name, value) in [
        ("C_FTPService_ProcessingMode", "3"),
        ("C_System_Tools_AutoBackup_Password", "hush"),
        ("C_System_Tools_AutoBackup_Schedule", "opaque"),
        ("C_System_Tools_ExcludeLicense", "1"),
    ] {
        assert!(world.set_server_variable(name, value));
    }
    world.set_product("Instant Messaging", Some(4));
    world.set_product("Anti-Spam", Some(9));
    world.set_product("ActiveSync", Some(9));
    world.set_product("SIP", Some(9));
    world
}

fn list(session: &mut Session<'_>, domain: &str, offset: u32, count: u32) -> String {
    let params = format!("<domainstr>{domain}</domainstr><offset>{offset}</offset><count>{count}</count>");
    session.call("getaccountsinfolist", &params)
}

/// All that is asked of a server that has this switch, and its answers.
fn transcript(setting: Option<Setting>) -> String {
    let mut world = world();
    if let Some(setting) = setting {
        world.set_switch(setting);
    }
    world.reset_highest();
    let mut said = vec![world.state()["modules"].to_string(), world.state()["server"].to_string()];
    let words = login_params("anna@example.com", "sandbox").replace(">0<", ">plain<");
    said.push(world.answer(request("", "authenticate", &words).as_bytes(), None).body);
    let foreign = request("none", "getsessioninfo", "").replace("admin:iq:rpc", "other");
    said.push(world.answer(foreign.as_bytes(), None).body);
    said.push(world.answer(request("none", "getsessioninfo", "").as_bytes(), None).body);
    let mut anna = Session::of(&mut world, "anna@example.com", "sandbox");
    said.push(anna.call("getdomainsinfolist", ""));
    said.push(format!(
        "{:?}",
        anna.call("getserverproperties", &names("serverpropertylist", &["C_Version"]))
    ));
    let mut admin = Session::admin(&mut world);
    said.extend(
        [(0, 2), (2, 2), (0, 0)].map(|(offset, count)| list(&mut admin, "example.com", offset, count)),
    );
    said.push(list(&mut admin, "alias.example.test", 0, 9));
    said.push(admin.call("getaccountmemberinfolist", "<who>team@example.com</who>"));
    said.push(admin.call("getaccountmemberinfolist", "<who>named@example.org</who>"));
    said.push(admin.call("getdomainsinfolist", ""));
    let server = [
        "C_License",
        "C_License_XML",
        "C_Version",
        "C_System_Tools_AutoBackup_Password",
        "C_System_Tools_AutoBackup_Schedule",
        "C_Nothing",
    ];
    said.push(admin.call("getserverproperties", &names("serverpropertylist", &server)));
    // Several hundred rows.
    said.push(admin.call("getserverapiconsole", "<filter><mask>c_system*</mask></filter>"));
    let mut admin = Session::admin(&mut world);
    for (name, value) in [("U_FTP", "0"), ("U_IM", "1"), ("U_SIP", "1")] {
        said.push(admin.call("setaccountproperties", &write("bob@example.com", &item(name, value))));
        said.push(reads(&mut admin, "bob@example.com"));
        said.push(reads(&mut admin, "bob@example.com"));
    }
    let bad = [item("U_SIP", "1"), item("U_Nothing", "1"), item("U_WebDAV", "1")].concat();
    said.push(admin.call("setaccountproperties", &write("carla@example.com", &bad)));
    said.push(reads(&mut admin, "carla@example.com"));
    let on = format!(
        "<domainstr>example.com</domainstr><propertyvaluelist>{}</propertyvaluelist>",
        item("D_SMS", "1")
    );
    said.push(admin.call("setdomainproperties", &on));
    let mut admin = Session::admin(&mut world);
    for _ in 0..25 {
        said.push(reads(&mut admin, "bob@example.com"));
    }
    said.extend(["modules", "secondAdministrator"].map(|part| world.state()[part].to_string()));
    said.join("\n")
}

fn names(list: &str, names: &[&str]) -> String {
    let items: String =
        names.iter().map(|name| format!("<item><propname>{name}</propname></item>")).collect();
    format!("<{list}>{items}</{list}>")
}

fn write(address: &str, items: &str) -> String {
    format!("<accountemail>{address}</accountemail><propertyvaluelist>{items}</propertyvaluelist>")
}

fn reads(session: &mut Session<'_>, address: &str) -> String {
    let asked = [
        "U_SIP",
        "U_IM",
        "U_IMSupport",
        "U_WebDAV",
        "U_FTP",
        "U_FTPSupport",
        "U_FTPEditable",
        "U_SMSSupport",
    ];
    let asked = [&asked[..], &["U_AIAgent", "U_TeamChat"]].concat();
    let list = names("accountpropertylist", &asked);
    session.call("getaccountproperties", &format!("<accountemail>{address}</accountemail>{list}"))
}

#[test]
fn a_server_in_another_position_of_any_switch_answers_otherwise() {
    let usual = transcript(None);
    for setting in Setting::all() {
        let said = transcript(Some(setting));
        // How long an answer waits is told beside it (`exchange`).
        if setting.is_default() || setting.to_string() == "U-16=tarpit" {
            assert!(said == usual, "{setting} changes something");
        } else {
            assert!(said != usual, "{setting} changes nothing");
        }
    }
}

/// One switch, one account's switch that is written, and what then is so.
#[track_caller]
fn check_write(switch: &str, address: &str, name: &str, value: &str, expected: (&str, &str)) {
    let mut world = world();
    world.set_switch(setting(switch));
    let mut admin = Session::admin(&mut world);
    let answer = admin.call("setaccountproperties", &write(address, &item(name, value)));
    let said = error(&answer).unwrap_or_else(|| texts(&answer, "result").pop().unwrap_or_default());
    let stored = world.account_variable(address, name).unwrap_or_default();
    assert_eq!((said.as_str(), stored.as_str()), expected, "{switch}: {name}={value} of {address}");
}

#[test]
fn a_write_that_the_server_need_not_take_is_taken_as_its_switch_says() {
    for (switch, expected) in
        [("U-6=refused", ("0", "1")), ("U-6=ignored", ("1", "1")), ("U-6=stored", ("1", "0"))]
    {
        check_write(switch, "bob@example.com", "U_FTP", "0", expected);
    }
    // All four seats are taken.
    for (switch, expected) in
        [("U-30=trial", ("1", "1")), ("U-30=zero", ("0", "0")), ("U-30=error", ("account_disabled_13", "0"))]
    {
        check_write(switch, "bob@example.com", "U_IM", "1", expected);
        // There are seats of another module.
        check_write(switch, "bob@example.com", "U_AS", "1", ("1", "1"));
    }
}

#[test]
fn a_bad_item_takes_with_it_what_its_switch_says() {
    for (switch, sip, webdav) in
        [("U-7=all-or-nothing", "0", "0"), ("U-7=up-to-bad", "1", "0"), ("U-7=without-bad", "1", "1")]
    {
        let mut world = world();
        world.set_switch(setting(switch));
        let items = [item("U_SIP", "1"), item("U_SIPSupport", "1"), item("U_WebDAV", "1")].concat();
        assert_eq!(
            Session::admin(&mut world).result("setaccountproperties", &write("carla@example.com", &items)),
            "0"
        );
        let read = |name| world.account_variable("carla@example.com", name).unwrap_or_default();
        assert_eq!((read("U_SIP").as_str(), read("U_WebDAV").as_str()), (sip, webdav), "{switch}");
    }
}

#[test]
fn a_written_value_shows_after_as_many_reads_as_its_switch_says() {
    for (switch, late) in [("U-15=none", 0), ("U-15=two-reads", 2), ("U-15=twenty-reads", 20)] {
        let mut world = world();
        world.set_switch(setting(switch));
        let mut admin = Session::admin(&mut world);
        assert_eq!(admin.set_account("bob@example.com", "U_SIP", "1"), "1");
        assert_eq!(admin.set_server("C_System_Tools_AutoBackup_DeleteAfter", "77"), "1");
        let is_new = |admin: &mut Session<'_>| {
            let switch = admin.account("bob@example.com", &["U_SIP"]) == [Some("1".to_owned())];
            let days = admin.server(&["C_System_Tools_AutoBackup_DeleteAfter"]) == [Some("77".to_owned())];
            assert_eq!(switch, days);
            switch
        };
        for _ in 0..late {
            assert!(!is_new(&mut admin), "{switch}");
        }
        assert!(is_new(&mut admin) && is_new(&mut admin), "{switch}");
        assert_eq!(world.account_variable("bob@example.com", "U_SIP").as_deref(), Some("1"));
    }
}

#[test]
fn seats_are_counted_as_the_switches_say() {
    for (switches, im, antispam) in [
        (&[][..], 4, 1),
        (&["U-5=no-disabled"], 3, 1),
        (&["U-5=no-guests"], 3, 1),
        (&["U-37=two"], 4, 2),
        (&["U-36=effective"], 4, 1),
        // Every second one has: bob, guest, pop.
        (&["U-20=connected"], 1, 0),
    ] {
        let mut world = world();
        switches.iter().for_each(|switch| world.set_switch(setting(switch)));
        let counted = (world.used("Instant Messaging"), world.used("Anti-Spam"));
        assert_eq!(counted, (im, antispam), "{switches:?}");
    }
    let mut world = world();
    assert_eq!(world.used("ActiveSync"), 1);
    world.set_switch(setting("U-36=effective"));
    // A POP3-only account has it on, and it has no effect.
    assert_eq!(world.used("ActiveSync"), 0);
    world.set_account_variable("pop@example.com", "U_AccountType", "1");
    assert_eq!(world.used("ActiveSync"), 1);
    world.set_domain_variable("example.com", "D_ActiveSync", "0");
    assert_eq!(world.used("ActiveSync"), 0);
    assert!(world.recount().contains(&("ActiveSync", 0)));
}

#[test]
fn a_list_that_moves_gives_a_row_twice_or_leaves_one_out_and_says_another_number() {
    let pages = |switch: &str| {
        let mut world = world();
        world.set_switch(setting(switch));
        let mut admin = Session::admin(&mut world);
        let mut rows = Vec::new();
        let mut overall = Vec::new();
        for offset in [0, 3, 6] {
            let page = list(&mut admin, "example.com", offset, 3);
            rows.extend(
                texts(&page, "email").into_iter().map(|email| email.split('@').next().unwrap().to_owned()),
            );
            overall.extend(texts(&page, "overallcount"));
        }
        (rows.join(" "), overall.join(" "))
    };
    let all = "admin all anna bob carla guest left pop team";
    assert_eq!(pages("U-9=stable"), (all.to_owned(), "9 9 9".to_owned()));
    let (rows, overall) = pages("U-9=rows-added");
    assert_eq!(
        (rows.as_str(), overall.as_str()),
        ("admin all anna anna bob carla guest left pop", "9 10 10")
    );
    let (rows, overall) = pages("U-9=rows-removed");
    assert_eq!((rows.as_str(), overall.as_str()), ("admin all anna carla guest left pop team", "9 8 8"));
    let (rows, overall) = pages("U-9=shuffled");
    assert_eq!(overall, "9 9 9");
    assert!(rows != all && rows.split(' ').count() == 9, "{rows}");
}

#[test]
fn the_second_administrator_is_heard_of_in_the_state_and_takes_no_seat_that_is_not_free() {
    let mut world = world();
    world.set_switch(setting("U-17=before-writes"));
    let mut admin = Session::admin(&mut world);
    for _ in 0..9 {
        // There is no seat for bob, and carla has hers.
        admin.set_account("bob@example.com", "U_SIP", "1");
        admin.set_account("carla@example.com", "U_IM", "0");
        admin.set_account("carla@example.com", "U_IM", "1");
    }
    let state = world.state();
    let done = state["secondAdministrator"].as_array().expect("a list");
    assert_eq!(done.len(), 3);
    assert_eq!(
        done[0],
        serde_json::json!({"address": "carla@example.com", "variable": "u_im", "value": "0"})
    );
    assert_eq!(world.over_highest("Instant Messaging"), 0);
}

#[test]
fn what_a_domain_brings_to_life_sleeps_until_it_is_written_again_where_the_switch_says_so() {
    for (switch, at_once) in [("U-26=at-once", "1"), ("U-26=not", "0")] {
        let mut world = world();
        world.set_switch(setting(switch));
        world.set_domain_variable("example.com", "D_SMS", "1");
        let support =
            |world: &World| world.account_variable("bob@example.com", "U_SMSSupport").unwrap_or_default();
        assert_eq!(support(&world), at_once, "{switch}");
        Session::admin(&mut world).set_account("bob@example.com", "U_SMS", "1");
        assert_eq!(support(&world), "1", "{switch}");
    }
}
