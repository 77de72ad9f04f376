//! Properties: what a read gives and what a write refuses (reference 1.4–1.6; U-7, U-33), and domains and
//! accounts that come and go.

use icewarden::edge::sandbox::World;

use super::client::{Session, error, item};

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

#[test]
fn a_name_is_echoed_as_asked_and_an_unknown_one_has_no_value() {
    let mut world = World::bare();
    let mut session = Session::admin(&mut world);
    let list = "<serverpropertylist><item><propname>c_OS</propname></item><item><propname>C_Nothing</propname></item>\
                <item><propname>U_Name</propname></item></serverpropertylist>";
    let body = session.call("getserverproperties", list);
    assert_eq!(super::client::texts(&body, "propname"), ["c_OS", "C_Nothing", "U_Name"]);
    assert_eq!(session.server(&["c_OS", "C_Nothing", "U_Name"]), [text("1"), None, None]);
}

#[test]
fn a_write_that_cannot_be_done_is_answered_0_and_does_nothing() {
    let mut world = World::bare();
    let mut session = Session::admin(&mut world);
    let server = [
        ("C_Nothing", "1"),
        ("C_Version", "15"),
        ("C_LicenseStatus", "0"),
        ("C_ActiveSync_ProcessingMode", "2"),
        ("C_System_Tools_AutoBackup_Enable", "yes"),
        ("C_System_Tools_AutoBackup_DeleteAfter", "a week"),
        ("C_OnlineLicense", "EXAMPLE-0001"),
        ("C_License", "&lt;license/&gt;"),
        ("U_Name", "x"),
    ];
    for (name, value) in server {
        let before = session.world.server_variable(name);
        assert_eq!(session.set_server(name, value), "0", "{name}");
        assert_eq!(session.world.server_variable(name), before, "{name}");
    }
    let account = [
        ("U_Nothing", "1"),
        ("U_IM", "2"),
        ("U_IM", ""),
        ("U_IMSupport", "1"),
        ("U_IMEditable", "1"),
        ("U_AccountDisabled", "4"),
        ("U_AccountType", "3"),
        ("U_Groups", "x"),
        ("U_Type", "7"),
        ("U_Mailbox", "a b"),
        ("G_Name", "x"),
        ("A_VCard", "x"),
        ("A_Image", "x"),
        ("C_OS", "1"),
    ];
    for (name, value) in account {
        let before = session.world.account_variable("admin@example.com", name);
        assert_eq!(session.set_account("admin@example.com", name, value), "0", "{name}");
        assert_eq!(session.world.account_variable("admin@example.com", name), before, "{name}");
    }
    assert_eq!(world.state()["writes"], 0);
}

#[test]
fn a_list_with_one_bad_item_is_not_written_at_all() {
    let mut world = World::bare();
    let mut session = Session::admin(&mut world);
    for bad in [item("U_Nothing", "1"), item("U_IM", "2"), item("U_IMSupport", "1")] {
        let params = format!(
            "<accountemail>admin@example.com</accountemail><propertyvaluelist>{}{bad}</propertyvaluelist>",
            item("U_SIP", "1")
        );
        assert_eq!(session.result("setaccountproperties", &params), "0");
        assert_eq!(session.account("admin@example.com", &["U_SIP"]), [text("0")]);
    }
}

#[test]
fn name_and_display_name_are_one() {
    let mut world = World::bare();
    let mut session = Session::admin(&mut world);
    let name = "<item><apiproperty><propname>a_name</propname></apiproperty><propertyval><classname>TAccountName</classname>\
                <name>Jörg</name><surname>O'Neil &amp; Co</surname></propertyval></item>";
    let params = format!(
        "<accountemail>ADMIN@Example.com</accountemail><propertyvaluelist>{name}</propertyvaluelist>"
    );
    assert_eq!(session.result("setaccountproperties", &params), "1");
    assert_eq!(session.account("admin@example.com", &["U_Name"]), [text("Jörg O'Neil & Co")]);
}

/// As the bridge of source S4 writes it: read, one leaf changed, all written back.
#[test]
fn a_contact_card_is_replaced_whole() {
    let mut world = World::bare();
    let mut session = Session::admin(&mut world);
    let ask = "<accountemail>admin@example.com</accountemail><accountpropertylist><item><propname>a_vcard</propname></item>\
               </accountpropertylist>";
    assert_eq!(super::client::texts(&session.call("getaccountproperties", ask), "fileas"), ["Administrator"]);
    let card = "<item><apiproperty><propname>a_vcard</propname></apiproperty><propertyval><classname>TAccountCard</classname>\
                <firstname>Ann</firstname><homecity>Ústí &amp; more</homecity></propertyval></item>";
    let params = format!(
        "<accountemail>admin@example.com</accountemail><propertyvaluelist>{card}</propertyvaluelist>"
    );
    assert_eq!(session.result("setaccountproperties", &params), "1");
    let read = session.call("getaccountproperties", ask);
    assert_eq!(super::client::texts(&read, "homecity"), ["Ústí & more"]);
    assert_eq!(super::client::texts(&read, "fileas"), [""; 0]);
}

/// As the Java client of reference 6 creates an account: a type of class `NativeInt`, the state as an object,
/// a prefix it does not use; and then renames it by its whole address.
#[test]
fn an_account_is_created_and_renamed_in_the_manner_of_the_java_client() {
    let mut world = World::bare();
    let sid = Session::admin(&mut world).sid;
    let object = |name: &str, inner: &str| {
        format!(
            "<item><apiproperty><propname>{name}</propname></apiproperty><propertyval>{inner}</propertyval>\
             <propertyright>2</propertyright></item>"
        )
    };
    let items = [
        object("A_Name", "<classname>TAccountName</classname><name>Eva</name><surname>Horák</surname>"),
        object("U_Type", "<classname>NativeInt</classname><val>0</val>"),
        object("U_Mailbox", "<classname>TPropertyString</classname><val>eva</val>"),
        object("A_AdminType", "<classname>TPropertyString</classname><val>0</val>"),
        object("A_State", "<classname>TAccountState</classname><state>1</state>"),
    ];
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<iq sid=\"{sid}\">\n    <query xmlns=\"admin:iq:rpc\">\n\
         <commandname>createaccount</commandname><commandparams xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xsi:type=\"createAccount\"><domainstr>example.com</domainstr><accountproperties>{}</accountproperties>\
         </commandparams></query></iq>",
        items.concat()
    );
    assert_eq!(super::client::texts(&world.answer(body.as_bytes(), None).body, "result"), ["1"]);
    let mut session = Session::admin(&mut world);
    let read = session.account("eva@example.com", &["U_Name", "U_AccountDisabled"]);
    assert_eq!(read, [text("Eva Horák"), text("1")]);
    assert_eq!(session.set_account("eva@example.com", "U_Mailbox", "eva2@example.com"), "1");
    assert_eq!(session.set_account("eva2@example.com", "U_Mailbox", "eva3@example.org"), "0");
    assert_eq!(session.account("eva2@example.com", &["U_Mailbox"]), [text("eva2")]);
}

#[test]
fn a_renamed_account_is_found_under_its_new_name_and_keeps_its_seat() {
    let mut world = World::bare();
    world.add_account("zoe@example.com", "Zoë", 0);
    let mut session = Session::admin(&mut world);
    assert_eq!(session.set_account("zoe@example.com", "U_IM", "1"), "1");
    assert_eq!(session.set_account("zoe@example.com", "U_Mailbox", "admin"), "0", "taken");
    assert_eq!(session.set_account("zoe@example.com", "U_Mailbox", "aaa"), "1");
    assert_eq!(session.account("aaa@example.com", &["U_IM"]), [text("1")]);
    let gone = session.call("getaccountproperties", "<accountemail>zoe@example.com</accountemail>");
    assert_eq!(error(&gone).as_deref(), Some("account_does_not_exist"));
    assert_eq!(world.used("Instant Messaging"), 1);
}

#[test]
fn domains_come_are_renamed_and_go_with_their_accounts() {
    let mut world = World::bare();
    let mut session = Session::admin(&mut world);
    let create = format!(
        "<domainstr>new.test</domainstr><domainproperties>{}</domainproperties>",
        item("d_description", "New &amp; shiny")
    );
    assert_eq!(session.result("createdomain", &create), "1");
    assert_eq!(session.result("createdomain", &create), "0", "it is there already");
    let account = format!(
        "<domainstr>new.test</domainstr><accountproperties>{}{}{}</accountproperties>",
        item("u_mailbox", "Ann"),
        item("u_type", "0"),
        item("u_im", "1")
    );
    assert_eq!(session.result("createaccount", &account), "1");
    assert_eq!(error(&session.call("createaccount", &account)).as_deref(), Some("account_already_exists"));
    let nameless = account.replace("u_mailbox", "u_comment");
    assert_eq!(
        error(&session.call("createaccount", &nameless)).as_deref(),
        Some("account_mailbox_property_missing")
    );
    assert_eq!(
        session.result("renamedomain", "<oldname>new.test</oldname><newname>newer.test</newname>"),
        "1"
    );
    assert_eq!(session.account("ann@newer.test", &["U_IM", "U_Email"]), [text("1"), text("ann@newer.test")]);
    assert_eq!(session.world.used("Instant Messaging"), 1);
    assert_eq!(session.result("deletedomain", "<domainstr>newer.test</domainstr>"), "1");
    assert_eq!(
        error(&session.call("deletedomain", "<domainstr>newer.test</domainstr>")).as_deref(),
        Some("domain_invalid")
    );
    assert_eq!((world.used("Instant Messaging"), world.used("Mail Server")), (0, 1));
}

#[test]
fn a_password_is_changed_and_never_read() {
    let mut world = World::bare();
    world.add_account("u@example.com", "U", 0);
    let mut session = Session::admin(&mut world);
    let params = "<accountemail>u@example.com</accountemail><ignorepolicy>1</ignorepolicy><password>n&amp;w</password>";
    assert_eq!(session.result("setaccountpassword", params), "1");
    assert_eq!(session.account("u@example.com", &["U_Password"]), [None]);
    Session::of(&mut world, "u@example.com", "n&amp;w");
}

#[test]
fn services_stop_and_start() {
    let mut world = World::bare();
    let mut session = Session::admin(&mut world);
    let activesync = "<service>21</service>";
    assert_eq!(session.result("isservicerunning", activesync), "1");
    assert_eq!(session.result("stopservice", activesync), "1");
    assert_eq!(session.result("isservicerunning", activesync), "0");
    assert_eq!(session.result("restartservice", activesync), "1");
    assert_eq!(session.result("isservicerunning", activesync), "1");
    assert_eq!(session.result("stopservice", "<service>25</service>"), "0");
}

#[test]
fn the_licence_status_can_be_set_from_outside_and_read() {
    let mut world = World::bare();
    assert!(world.set_server_variable("c_licensestatus", "3"));
    assert!(!world.set_server_variable("c_licensestatus", "soon"));
    assert_eq!(Session::admin(&mut world).server(&["C_LicenseStatus"]), [text("3")]);
}
