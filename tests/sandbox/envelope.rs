//! The envelope and its errors (reference 1.2), and what is answered to commands that are not simulated
//! (1.8).

use icewarden::edge::sandbox::{Seed, World};
use proptest::prelude::*;

use super::client::{Session, error, request};

/// Names of reference 1.8 that are answered without being simulated, and what.
const KNOWN_BUT_NOT_SIMULATED: [(&str, &str); 6] = [
    ("DeleteAllAccounts", "0"),
    ("moveaccounttodomain", "0"),
    ("AddRule", "0"),
    ("MakeDomainPrimary", "0"),
    ("GetServerCertificateList", ""),
    ("ManageCloudLicense", ""),
];

#[test]
fn what_is_no_iq_has_the_bare_error() {
    let bare = "<iq type=\"error\"><query><error uid=\"iq_root_tag_invalid\"/></query></iq>";
    let deep = "<a>".repeat(100_000);
    let bodies: [&[u8]; 8] = [
        b"",
        b"hello",
        b"<iq",
        b"<html/>",
        b"\xff\xfe<iq/>",
        b"<!DOCTYPE iq [<!ENTITY a \"b\">]><iq>&a;</iq>",
        deep.as_bytes(),
        b"<iq>\0</iq>",
    ];
    for body in bodies {
        let answer = World::bare().answer(body, None);
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (200, bare),
            "{:?}",
            String::from_utf8_lossy(&body[..body.len().min(40)])
        );
    }
}

#[test]
fn a_hundred_thousand_levels_cost_no_stack() {
    let (open, close) = ("<a>".repeat(100_000), "</a>".repeat(100_000));
    let mut world = World::bare();
    let mut session = Session::admin(&mut world);
    assert_eq!(error(&session.call("getdomainsinfolist", &format!("{open}{close}"))), None);
}

proptest! {
    #![proptest_config(super::client::proptest_config())]

    /// Whatever the parameters, there is an answer, it is well-formed, and the counts hold.
    #[test]
    fn no_request_breaks_the_server(calls in prop::collection::vec((command(), params()), 1..12)) {
        let mut world = World::seeded(&Seed { accounts: 12, seed: 1 });
        let mut session = Session::admin(&mut world);
        for (command, params) in &calls {
            let body = session.call(command, params);
            prop_assert!(roxmltree::Document::parse(&body).is_ok(), "{}", body);
        }
        for (product, used) in world.recount() {
            prop_assert_eq!(world.used(product), used);
        }
    }
}

fn command() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "authenticate",
        "getsessioninfo",
        "getdomainsinfolist",
        "getaccountsinfolist",
        "getaccountmemberinfolist",
        "getservicesinfolist",
        "stopservice",
        "isservicerunning",
        "getserverproperties",
        "setserverproperties",
        "getstatisticsproperties",
        "getlicenseinfo",
        "getmyserverrights",
        "getserverapiconsole",
        "getdomainapiconsole",
        "getaccountapiconsole",
        "getdomainproperties",
        "setdomainproperties",
        "getmydomainrigths",
        "createdomain",
        "deletedomain",
        "renamedomain",
        "getaccountproperties",
        "setaccountproperties",
        "getmyproperties",
        "createaccount",
        "deleteaccounts",
        "setaccountpassword",
        "addaccountmembers",
        "editaccountmembers",
        "deleteaccountmembers",
        "deleteallaccountmembers",
        "addallaccountmembers",
        "addrule",
        "getuserstats",
    ])
}

/// Parameters that fit one command or another, with values that fit none.
fn params() -> impl Strategy<Value = String> {
    let value = prop::sample::select(vec![
        "",
        "0",
        "1",
        "-1",
        "33",
        "63",
        "64",
        "255",
        "99999999999999999999",
        "*",
        "@",
        "a@",
        "@b",
        "example.com",
        "example.org",
        "new.test",
        "admin",
        "admin@example.com",
        "sales@example.com",
        "pat.o'brien@example.com",
        "##internalservicedomain.icewarp.com##",
        "&#13;&#10;",
        "&lt;&amp;",
        "ß@İ",
        "tpropertystringlist",
    ]);
    let name = prop::sample::select(vec![
        "U_IM",
        "U_ActiveSync",
        "u_mailbox",
        "u_type",
        "U_Name",
        "A_Name",
        "A_State",
        "A_Quota",
        "A_AliasList",
        "A_MemberList",
        "U_Admin",
        "U_AccountDisabled",
        "D_IM",
        "D_Type",
        "D_Description",
        "C_License",
        "C_OS",
        "C_ActiveSync_ProcessingMode",
        "Statistics_ActiveUsers",
        "ST_Time",
        "S_Type",
        "Nothing",
    ]);
    let class = prop::sample::select(vec![
        "tpropertystring",
        "TPropertyNoValue",
        "tpropertystringlist",
        "TAccountName",
        "TAccountState",
        "TAccountQuota",
        "TPropertyMembers",
        "TAccountCard",
        "",
    ]);
    let item = (name, class, value.clone()).prop_map(|(name, class, value)| {
        format!(
            "<item>{value}<propname>{name}</propname><apiproperty><propname>{name}</propname></apiproperty><propertyval>\
             <classname>{class}</classname><val>{value}<item>{value}<val>{value}</val></item></val><name>{value}</name>\
             <state>{value}</state><mailboxquota>{value}</mailboxquota></propertyval></item>"
        )
    });
    let leaf = prop::sample::select(vec![
        "domainstr",
        "accountemail",
        "who",
        "offset",
        "count",
        "service",
        "oldname",
        "newname",
        "password",
        "email",
        "accountpropertyset",
        "authtype",
        "filter",
    ]);
    let list = prop::sample::select(vec![
        "serverpropertylist",
        "domainpropertylist",
        "accountpropertylist",
        "statisticspropertylist",
        "propertyvaluelist",
        "accountproperties",
        "domainproperties",
        "accountlist",
        "members",
        "filter",
    ]);
    let leaves = prop::collection::vec((leaf, value), 0..5);
    let lists = prop::collection::vec((list, prop::collection::vec(item, 0..4)), 0..3);
    (leaves, lists).prop_map(|(leaves, lists)| {
        let leaves = leaves.into_iter().map(|(name, value)| format!("<{name}>{value}</{name}>"));
        let lists = lists.into_iter().map(|(name, items)| {
            let items = items.concat();
            format!("<{name}><classname>tpropertystringlist</classname>{items}<val>{items}</val></{name}>")
        });
        leaves.chain(lists).collect()
    })
}

#[test]
fn the_namespace_must_be_exact() {
    for query in ["", "<query/>", "<query xmlns=\"admin:iq:rpc2\"/>", "<query xmlns=\"Admin:IQ:RPC\"/>"] {
        let body = World::bare().answer(format!("<iq>{query}</iq>").as_bytes(), None).body;
        assert_eq!(error(&body).as_deref(), Some("iq_query_xmlns_invalid"), "{query}");
    }
}

#[test]
fn a_name_that_is_no_command_is_refused_and_a_name_in_any_case_is_found() {
    for name in
        ["", "modifyaccount", "activatelicense", "reloadservices", "accountpropertyset", "getlicenses"]
    {
        let body = World::bare().answer(request("1", name, "").as_bytes(), None).body;
        assert_eq!(error(&body).as_deref(), Some("invoker_commandname_invalid"), "{name}");
    }
    let mut world = World::bare();
    let mut session = Session::admin(&mut world);
    assert_eq!(error(&session.call("GetDOMAINSinfoList", "")), None);
}

#[test]
fn what_is_not_simulated_never_answers_one() {
    let mut world = World::bare();
    let mut session = Session::admin(&mut world);
    for (name, expected) in KNOWN_BUT_NOT_SIMULATED {
        assert_eq!(session.result(name, ""), expected, "{name}");
    }
    assert_eq!(world.state()["writes"], 0);
}

#[test]
fn id_and_uid_come_back_and_the_session_id_stands_last_on_its_line() {
    let mut world = World::bare();
    let sid = Session::admin(&mut world).sid;
    let request =
        request(&sid, "logout", "").replace("<iq ", "\u{feff}<iq type=\"get\" uid=\"a&amp;b\" id=\"7\" ");
    let body = world.answer(request.as_bytes(), None).body;
    let first = body.lines().next().unwrap_or_default();
    assert_eq!(first, format!("<iq type=\"result\" uid=\"a&amp;b\" id=\"7\" sid=\"{sid}\">"));
}

#[test]
fn a_command_may_stand_in_the_path_alone() {
    let mut world = World::bare();
    let sid = Session::admin(&mut world).sid;
    let body = format!("<iq sid=\"{sid}\"><query xmlns=\"admin:iq:rpc\"/></iq>");
    assert_eq!(error(&world.answer(body.as_bytes(), Some("GetSessionInfo")).body), None);
}

#[test]
fn a_value_comes_back_to_the_letter() {
    let mut world = World::bare();
    let mut session = Session::admin(&mut world);
    let sent = "a &amp; b &lt;c&gt; &quot;d&quot;&#13;&#10;  ěščř\u{1F600} ";
    assert_eq!(session.set_server("C_System_Tools_Backup_Dirs", sent), "1");
    let read = session.server(&["c_system_tools_backup_dirs"]);
    assert_eq!(read, [Some("a & b <c> \"d\"\r\n  ěščř\u{1F600} ".to_owned())]);
}
