//! Lists: pages, masks, and what is in them (reference 1.6; U-8, U-34).

use icewarden::edge::sandbox::{Seed, World};

use super::client::{Session, error, texts};

fn emails(session: &mut Session<'_>, filter: &str, offset: usize, count: usize) -> (Vec<String>, usize) {
    let params =
        format!("<domainstr>example.com</domainstr>{filter}<offset>{offset}</offset><count>{count}</count>");
    let body = session.call("getaccountsinfolist", &params);
    assert_eq!(texts(&body, "offset"), [offset.to_string()]);
    let total =
        texts(&body, "overallcount").pop().and_then(|total| total.parse().ok()).expect("overallcount");
    (texts(&body, "email"), total)
}

#[test]
fn pages_of_any_length_add_up_to_the_whole() {
    let mut world = World::seeded(&Seed { accounts: 50, seed: 2 });
    let mut session = Session::admin(&mut world);
    for filter in ["", "<filter><typemask>0</typemask></filter>", "<filter><namemask>*a*</namemask></filter>"]
    {
        let (whole, total) = emails(&mut session, filter, 0, 0);
        assert_eq!(whole.len(), total, "{filter}");
        for length in [1, 7, 1000] {
            let mut pages = Vec::new();
            while pages.len() < total {
                let (page, again) = emails(&mut session, filter, pages.len(), length);
                assert_eq!(again, total);
                assert!(!page.is_empty() && page.len() <= length);
                pages.extend(page);
            }
            assert_eq!(pages, whole, "{filter} by {length}");
        }
        assert_eq!(emails(&mut session, filter, total, 5), (Vec::new(), total));
    }
}

#[test]
fn a_mask_is_a_glob_without_case_over_login_and_name() {
    let mut world = World::bare();
    for (address, name) in
        [("anna@example.com", "Zoë Ørsted"), ("bob@example.com", "Anna's friend"), ("carl@example.com", "C")]
    {
        world.add_account(address, name, 0);
    }
    let mut session = Session::admin(&mut world);
    let cases: [(&str, &[&str]); 9] = [
        ("anna", &["anna"]),
        ("ANNA*", &["anna", "bob"]),
        ("*ØRSTED", &["anna"]),
        ("?????", &["admin"]),
        ("?arl", &["carl"]),
        ("*a*r*l*", &["carl"]),
        ("", &["admin", "anna", "bob", "carl"]),
        ("**", &["admin", "anna", "bob", "carl"]),
        ("nobody*", &[]),
    ];
    for (mask, expected) in cases {
        let (found, _) = emails(&mut session, &format!("<filter><namemask>{mask}</namemask></filter>"), 0, 0);
        let expected: Vec<String> = expected.iter().map(|name| format!("{name}@example.com")).collect();
        assert_eq!(found, expected, "{mask}");
    }
    // A flat filter is ignored (reference 1.6).
    assert_eq!(emails(&mut session, "<filter>nobody*</filter>", 0, 0).1, 4);
}

#[test]
fn an_alias_domain_lists_nobody_and_an_unknown_domain_is_an_error() {
    let mut world = World::seeded(&Seed { accounts: 10, seed: 1 });
    let mut session = Session::admin(&mut world);
    let alias = session.call("getaccountsinfolist", "<domainstr>alias.example.test</domainstr>");
    assert_eq!(texts(&alias, "overallcount"), ["0"]);
    let unknown = session.call("getaccountsinfolist", "<domainstr>nowhere.test</domainstr>");
    assert_eq!(error(&unknown).as_deref(), Some("domain_invalid"));
}

#[test]
fn members_are_added_once_and_removed_in_any_case() {
    let mut world = World::bare();
    world.add_account("g@example.com", "G", 7);
    let mut session = Session::admin(&mut world);
    let params = |address: &str| {
        format!(
            "<accountemail>g@example.com</accountemail><members><classname>tpropertymembers</classname><val><item>\
             <classname>tpropertymember</classname><val>{address}</val></item></val></members>"
        )
    };
    for _ in 0..2 {
        assert_eq!(session.result("addaccountmembers", &params("admin@example.com")), "1");
        assert_eq!(session.result("addaccountmembers", &params("nobody@elsewhere.test")), "1");
    }
    let who = "<who>g@example.com</who>";
    assert_eq!(
        texts(&session.call("getaccountmemberinfolist", who), "val"),
        ["admin@example.com", "nobody@elsewhere.test"]
    );
    assert_eq!(session.account("admin@example.com", &["U_Groups"]), [Some("g@example.com;".to_owned())]);
    assert_eq!(session.result("deleteaccountmembers", &params("ADMIN@example.com")), "1");
    assert_eq!(texts(&session.call("getaccountmemberinfolist", who), "val"), ["nobody@elsewhere.test"]);
    assert_eq!(session.result("deleteallaccountmembers", "<accountemail>g@example.com</accountemail>"), "1");
    assert_eq!(texts(&session.call("getaccountmemberinfolist", who), "overallcount"), ["0"]);
}

#[test]
fn the_console_shows_what_is_asked_for_on_demand_only_by_its_name() {
    let mut world = World::bare();
    let mut session = Session::admin(&mut world);
    let console = |session: &mut Session<'_>, mask: &str| {
        let params = format!("<filter><mask>{mask}</mask></filter><offset>0</offset><count>0</count>");
        texts(&session.call("getserverapiconsole", &params), "propname")
    };
    let all = console(&mut session, "");
    assert!(all.len() > 1000 && all.iter().all(|name| *name == name.to_lowercase()));
    assert!(!all.contains(&"c_license".to_owned()), "flag D");
    assert_eq!(console(&mut session, "C_License"), ["c_license"]);
    assert_eq!(
        console(&mut session, "c_activesync_processing*"),
        ["c_activesync_processinggroup", "c_activesync_processingmode"]
    );
    let params = "<accountemail>admin@example.com</accountemail>";
    let of_account = texts(&session.call("getaccountapiconsole", params), "propname");
    assert!(
        of_account.iter().all(|name| name.starts_with("u_") || name.starts_with("a_")),
        "a user has no G_ variables"
    );
}
