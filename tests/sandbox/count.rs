//! Seats: the kept count against a fresh one, and what the rules say (SEAT, TRI; U-5, U-6, U-13, U-30, U-36,
//! U-37).

use icewarden::edge::sandbox::{Seed, World};
use proptest::prelude::*;

use super::client::Session;

const SWITCHES: [&str; 8] =
    ["U_IM", "U_ActiveSync", "U_AS", "U_Quarantine", "U_SMTP", "U_SIP", "U_Client_Desktop", "U_Archive"];

#[derive(Clone, Debug)]
enum Act {
    Switch { account: usize, switch: usize, on: bool },
    Add { account: usize, kind: u8 },
    Remove { account: usize },
    Seats { seats: Option<u32> },
    Mode { mode: u8 },
    Disable { account: usize },
}

fn act() -> impl Strategy<Value = Act> {
    let account = 0usize..6;
    prop_oneof![
        8 => (account.clone(), 0..SWITCHES.len(), any::<bool>())
            .prop_map(|(account, switch, on)| Act::Switch { account, switch, on }),
        3 => (account.clone(), prop_oneof![4 => Just(0u8), 1 => Just(7u8)]).prop_map(|(account, kind)| Act::Add { account, kind }),
        1 => account.clone().prop_map(|account| Act::Remove { account }),
        2 => prop::option::of(0u32..4).prop_map(|seats| Act::Seats { seats }),
        1 => prop_oneof![Just(0u8), Just(9), Just(1)].prop_map(|mode| Act::Mode { mode }),
        1 => account.prop_map(|account| Act::Disable { account }),
    ]
}

fn perform(session: &mut Session<'_>, act: &Act) {
    let address = |account: &usize| format!("a{account}@example.com");
    match act {
        Act::Switch { account, switch, on } => {
            session.set_account_if_there(&address(account), SWITCHES[*switch], if *on { "1" } else { "0" });
        }
        Act::Add { account, kind } => session.world.add_account(&address(account), "", *kind),
        Act::Remove { account } => {
            let list = format!(
                "<accountlist><classname>tpropertystringlist</classname><val><item>{}</item></val></accountlist>",
                address(account)
            );
            session.call("deleteaccounts", &format!("<domainstr>example.com</domainstr>{list}"));
        }
        Act::Seats { seats } => {
            session.world.set_product("ActiveSync", *seats);
            session.world.set_product("Anti-Spam", seats.map(|seats| seats + 1));
        }
        Act::Mode { mode } => drop(session.set_server("C_ActiveSync_ProcessingMode", &mode.to_string())),
        Act::Disable { account } => session.set_account_if_there(&address(account), "U_AccountDisabled", "1"),
    }
}

impl Session<'_> {
    fn set_account_if_there(&mut self, address: &str, name: &str, value: &str) {
        if self.world.account_variable(address, "U_Name").is_some() {
            self.set_account(address, name, value);
        }
    }
}

/// How many accounts the state report shows on trial for a product.
fn trials(state: &serde_json::Value, product: &str) -> u64 {
    let accounts = state["accounts"].as_object().expect("accounts");
    let trials = accounts.values().filter_map(|account| account["trial"].as_array());
    trials.filter(|trial| trial.iter().any(|held| held == product)).count() as u64
}

proptest! {
    #![proptest_config(super::client::proptest_config())]

    #[test]
    fn the_kept_count_is_the_fresh_count_after_every_write(acts in prop::collection::vec(act(), 1..40)) {
        let mut world = World::bare();
        let mut session = Session::admin(&mut world);
        for act in &acts {
            perform(&mut session, act);
            let state = session.world.state();
            for (product, used) in session.world.recount() {
                prop_assert_eq!(session.world.used(product), used, "{} after {:?}", product, act);
                prop_assert!(session.world.over_highest(product) >= session.world.over(product));
                prop_assert_eq!(trials(&state, product), session.world.over(product), "{}", product);
            }
        }
    }
}

/// A bare world with three users and two ActiveSync seats.
fn three_users() -> World {
    let mut world = World::bare();
    for name in ["a", "b", "c"] {
        world.add_account(&format!("{name}@example.com"), name, 0);
    }
    world.set_product("Mail Server", Some(0));
    world.set_product("ActiveSync", Some(2));
    world.reset_highest();
    world
}

#[test]
fn tri_1_seat_5_a_claim_beyond_the_seats_is_accepted_and_on_trial() {
    let mut world = three_users();
    let mut session = Session::admin(&mut world);
    for name in ["a", "b", "c"] {
        assert_eq!(session.set_account(&format!("{name}@example.com"), "u_activesync", "1"), "1");
    }
    assert_eq!(
        (world.used("ActiveSync"), world.over("ActiveSync"), world.over_highest("ActiveSync")),
        (3, 1, 1)
    );
    assert_eq!(world.state()["accounts"]["c@example.com"]["trial"], serde_json::json!(["ActiveSync"]));
    let mut session = Session::admin(&mut world);
    assert_eq!(session.set_account("a@example.com", "U_ActiveSync", "0"), "1");
    assert_eq!((world.over("ActiveSync"), world.over_highest("ActiveSync")), (0, 1));
    assert_eq!(world.state()["accounts"]["c@example.com"]["trial"], serde_json::json!([]));
    world.reset_highest();
    assert_eq!(world.over_highest("ActiveSync"), 0);
}

#[test]
fn seat_2_only_users_count_and_disabled_and_guests_among_them() {
    let mut world = three_users();
    world.add_account("g@example.com", "", 7);
    for address in ["a@example.com", "b@example.com", "g@example.com"] {
        assert!(world.set_account_variable(address, "U_ActiveSync", "1"));
    }
    assert!(world.set_account_variable("a@example.com", "U_AccountDisabled", "1"));
    assert!(world.set_account_variable("b@example.com", "U_IsGuestAccount", "1"));
    assert_eq!((world.used("ActiveSync"), world.used("Mail Server")), (2, 4));
}

#[test]
fn antispam_and_quarantine_of_one_account_are_one_seat() {
    let mut world = three_users();
    assert!(world.set_account_variable("a@example.com", "U_AS", "1"));
    assert!(world.set_account_variable("a@example.com", "U_Quarantine", "1"));
    assert_eq!(world.used("Anti-Spam"), 1);
    assert!(world.set_account_variable("a@example.com", "U_AS", "0"));
    assert_eq!(world.used("Anti-Spam"), 1);
}

#[test]
fn under_access_mode_all_every_user_counts_and_no_switch_can_be_changed() {
    let mut world = three_users();
    let mut session = Session::admin(&mut world);
    assert_eq!(session.set_server("C_ActiveSync_ProcessingMode", "0"), "1");
    assert_eq!(session.account("a@example.com", &["U_ActiveSyncEditable"]), [Some("0".to_owned())]);
    assert_eq!(session.set_account("a@example.com", "U_ActiveSync", "1"), "0");
    assert_eq!(world.used("ActiveSync"), 4);
    let mut session = Session::admin(&mut world);
    assert_eq!(session.set_server("C_ActiveSync_ProcessingMode", "9"), "1");
    assert_eq!((world.used("ActiveSync"), world.over_highest("ActiveSync")), (0, 2));
}

#[test]
fn a_domain_without_the_service_locks_and_silences_its_switches() {
    let mut world = three_users();
    assert!(world.set_account_variable("a@example.com", "U_IM", "1"));
    assert!(world.set_domain_variable("example.com", "D_IM", "0"));
    let mut session = Session::admin(&mut world);
    let read = session.account("a@example.com", &["U_IM", "U_IMEditable", "U_IMSupport"]);
    assert_eq!(read, ["1", "0", "0"].map(|value| Some(value.to_owned())));
    assert_eq!(session.set_account("a@example.com", "U_IM", "0"), "0");
    assert_eq!(world.used("Instant Messaging"), 1);
}

#[test]
fn a_pop3_only_account_stores_the_switch_and_does_not_get_the_service() {
    let mut world = three_users();
    assert!(world.set_account_variable("a@example.com", "U_AccountType", "0"));
    let mut session = Session::admin(&mut world);
    assert_eq!(session.set_account("a@example.com", "U_ActiveSync", "1"), "1");
    let read =
        session.account("a@example.com", &["U_ActiveSync", "U_ActiveSyncSupport", "U_ActiveSyncEditable"]);
    assert_eq!(read, ["1", "0", "1"].map(|value| Some(value.to_owned())));
}

#[test]
fn unlimited_is_never_over_and_a_product_that_is_not_licensed_has_no_seats() {
    let mut world = three_users();
    world.set_product("ActiveSync", Some(0));
    assert!(world.set_account_variable("a@example.com", "U_ActiveSync", "1"));
    assert_eq!(world.over("ActiveSync"), 0);
    assert!(world.state()["modules"]["ActiveSync"]["seats"].is_null());
    world.set_product("ActiveSync", None);
    assert_eq!(world.over("ActiveSync"), 1);
    assert_eq!(world.state()["modules"]["ActiveSync"]["licensed"], false);
}

#[test]
fn seeded_counts_are_what_the_seed_promises() {
    for accounts in [300, 1200] {
        let world = World::seeded(&Seed { accounts, seed: 7 });
        let seats = u64::from(accounts / 6);
        assert_eq!((world.used("ActiveSync"), world.over("ActiveSync")), (seats - 2, 0));
        assert_eq!((world.over("Instant Messaging"), world.over_highest("Instant Messaging")), (3, 3));
        assert_eq!(world.used("Mail Server"), u64::from(accounts));
        for (product, used) in world.recount() {
            assert_eq!(world.used(product), used, "{product}");
        }
    }
}
