//! What a seeded world holds.

use std::collections::BTreeSet;

use icewarden::edge::sandbox::{Seed, World};

use super::client::{Session, texts};

fn addresses(world: &World, service: &str) -> BTreeSet<String> {
    let state = world.state();
    let accounts = state["accounts"].as_object().expect("accounts");
    let on =
        accounts.iter().filter(|(_, account)| account["type"] == 0 && account["services"][service] == true);
    on.map(|(address, _)| address.clone()).collect()
}

fn members(world: &mut World, group: &str) -> BTreeSet<String> {
    let body = Session::admin(world).call("getaccountmemberinfolist", &format!("<who>{group}</who>"));
    texts(&body, "val").into_iter().collect()
}

#[test]
fn the_same_seed_is_the_same_world_and_another_is_another() {
    let state = |seed| World::seeded(&Seed { accounts: 120, seed }).state();
    assert_eq!(state(5), state(5));
    assert_ne!(state(5), state(6));
}

#[test]
fn any_number_of_accounts_makes_a_world_one_can_log_in_to() {
    for accounts in (0..40).chain([299, 577, 1000]) {
        let mut world = World::seeded(&Seed { accounts, seed: u64::from(accounts) });
        assert_eq!(world.used("Mail Server"), u64::from(accounts.max(1)), "{accounts}");
        assert_eq!(world.over("ActiveSync"), 0, "{accounts}");
        Session::admin(&mut world);
    }
}

#[test]
fn a_policy_for_sales_has_both_releases_and_claims() {
    for (accounts, seed) in [(300, 1), (300, 2), (60, 3), (5000, 4)] {
        let mut world = World::seeded(&Seed { accounts, seed });
        let seats = u64::from(accounts / 6);
        let users = addresses(&world, "activesync");
        let sales = members(&mut world, "sales@example.com");
        assert_eq!(users.len() as u64, seats - 2);
        let inside = users.intersection(&sales).count();
        let lacking = sales.difference(&users).count();
        let to_release =
            users.iter().filter(|user| user.ends_with("@example.com") && !sales.contains(*user)).count();
        assert!(inside * 3 >= users.len() && inside * 3 <= users.len() * 2, "{inside} of {}", users.len());
        assert!(lacking >= 1 && lacking <= sales.len() / 4, "{lacking} of {}", sales.len());
        assert!(to_release > lacking, "{to_release} releases, {lacking} claims");
        assert!(!users.contains("admin@example.com") && !users.contains("postmaster@example.com"));
    }
}

#[test]
fn the_odd_ones_are_there() {
    let mut world = World::seeded(&Seed { accounts: 300, seed: 1 });
    let state = world.state();
    let accounts = state["accounts"].as_object().expect("accounts");
    let count =
        |test: &dyn Fn(&serde_json::Value) -> bool| accounts.values().filter(|account| test(account)).count();
    assert!(count(&|account| account["guest"] == true) > 1);
    assert!(count(&|account| account["disabled"] != 0) > 1);
    assert_eq!(count(&|account| account["admin"] == true), 1);
    for kind in [0, 1, 7, 8] {
        assert!(count(&|account| account["type"] == kind) >= 1, "type {kind}");
    }
    let read = |address: &str, name: &str| world.account_variable(address, name).unwrap_or_default();
    assert_eq!(read("scanner@example.com", "U_AccountType"), "0");
    assert_eq!(read("pat.o'brien@example.com", "U_Name"), "Pat O'Brien");
    let names: String = accounts.keys().map(|address| read(address, "U_Name")).collect();
    assert!(['&', '<', '>', '"', '\'', 'ř'].iter().all(|letter| names.contains(*letter)));
    let mut session = Session::admin(&mut world);
    let domains = session.call("getdomainsinfolist", "");
    let kinds: BTreeSet<String> = texts(&domains, "domaintype").into_iter().collect();
    assert_eq!(kinds, ["0", "2", "5"].map(str::to_owned).into());
    assert!(texts(&domains, "name").contains(&"##internalservicedomain.icewarp.com##".to_owned()));
    let nested = members(&mut world, "everyone@example.com");
    assert_eq!(nested, ["sales@example.com", "support@example.com"].map(str::to_owned).into());
}

#[test]
fn every_member_of_a_seeded_group_is_an_account_here() {
    let mut world = World::seeded(&Seed { accounts: 300, seed: 1 });
    for group in ["sales@example.com", "support@example.com", "everyone@example.com", "team@example.org"] {
        for member in members(&mut world, group) {
            assert!(world.account_variable(&member, "U_Type").is_some(), "{member} of {group}");
        }
    }
}
