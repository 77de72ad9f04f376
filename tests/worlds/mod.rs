//! Every small world, planned and performed with every mishap, and judged by the sandbox's own count.
//!
//! A world is up to three accounts with their switches, who is disabled, what is wanted of each, and how many
//! seats each module has. It is set up in the sandbox, read from there without icewarden's client, planned, and
//! performed step by step; each step is applied, refused, applied with its answer lost, or lost before. After
//! each write the sandbox says by how much each module is over: that must never be more than it was.
//!
//! In further worlds some accounts are odd: a guest, with a switch that cannot be read, or with an effective
//! value that is not the stored one; and a step may also meet what it does not expect, or seem to have no effect.

mod brute;
mod modes;
mod small;
mod world;

use small::{Mishaps, SEATS, Tallied, all_worlds, odd_pairs, odd_triples, worlds_with};
use world::Layout;

/// Two modules, one service each; the accounts vary independently in both.
const TWO_MODULES: Layout = Layout {
    services: [icewarden::model::Service::ActiveSync, icewarden::model::Service::Im],
    products: &["ActiveSync", "Instant Messaging"],
    moved: None,
};

/// The same, and the spec says that IM takes seats of ActiveSync. The sandbox counts by the names all the same.
const MOVED_SERVICE: Layout =
    Layout { moved: Some((icewarden::model::Service::Im, "activesync")), ..TWO_MODULES };

/// One module that two services share: an account that has both takes one seat (U-37).
const SHARED_MODULE: Layout = Layout {
    services: [icewarden::model::Service::AntiSpam, icewarden::model::Service::Quarantine],
    products: &["Anti-Spam"],
    moved: None,
};

fn report(what: &str, tallied: &Tallied) {
    println!(
        "{what}: {} worlds, {} runs, {} writes judged, {} plans with everything, {} with claims blocked",
        tallied.worlds, tallied.runs, tallied.writes, tallied.whole, tallied.blocked
    );
}

#[test]
fn no_module_gets_worse_with_every_mishap_at_every_step_in_worlds_of_two_accounts() {
    let tallied = all_worlds(&TWO_MODULES, 2, Mishaps::AllCombined);
    report("two accounts, two modules, every combination of mishaps", &tallied);
    assert!(tallied.runs >= 10_000, "only {} cases were tried", tallied.runs);
}

/// One test for each number of seats of the first module, so that they run side by side.
macro_rules! worlds_of_three_accounts {
    ($($name:ident: $share:literal,)*) => { $(
        #[test]
        fn $name() {
            let mut tallied = Tallied::default();
            worlds_with(&TWO_MODULES, 3, Mishaps::AllCombined, SEATS[$share], &mut tallied);
            report("three accounts, two modules, every combination of mishaps", &tallied);
            assert!(tallied.runs >= 10_000, "only {} cases were tried", tallied.runs);
        }
    )* };
}

worlds_of_three_accounts! {
    no_module_gets_worse_in_worlds_of_three_accounts_with_unknown_seats: 0,
    no_module_gets_worse_in_worlds_of_three_accounts_without_a_seat: 1,
    no_module_gets_worse_in_worlds_of_three_accounts_with_one_seat: 2,
    no_module_gets_worse_in_worlds_of_three_accounts_with_two_seats: 3,
    no_module_gets_worse_in_worlds_of_three_accounts_with_three_seats: 4,
}

#[test]
fn no_module_gets_worse_where_two_services_share_its_seats() {
    let tallied = all_worlds(&SHARED_MODULE, 2, Mishaps::AllCombined);
    report("two accounts, a shared module, every combination of mishaps", &tallied);
    let tallied = all_worlds(&SHARED_MODULE, 3, Mishaps::AllCombined);
    report("three accounts, a shared module, every combination of mishaps", &tallied);
    assert!(tallied.runs >= 10_000, "only {} cases were tried", tallied.runs);
}

#[test]
fn nothing_passes_for_declared_under_a_mode_that_heeds_no_account() {
    let judged = modes::every_mode(&TWO_MODULES);
    println!("two accounts, two modules, three access modes, both readings: {judged} plans");
    assert!(judged >= 4_000, "only {judged} plans were judged");
}

#[test]
fn no_module_gets_worse_where_the_spec_moves_a_service_to_another_module() {
    let tallied = all_worlds(&MOVED_SERVICE, 2, Mishaps::AllCombined);
    report("two accounts, a service moved by the spec, every combination of mishaps", &tallied);
    assert!(tallied.runs >= 10_000, "only {} cases were tried", tallied.runs);
}

#[test]
fn no_module_gets_worse_where_an_account_is_a_guest_or_cannot_be_read_or_is_not_in_effect() {
    let tallied = odd_pairs(&TWO_MODULES, Mishaps::OneOfAnyKind);
    report("one of two accounts odd, two modules, one mishap of any kind", &tallied);
    let tallied = odd_pairs(&SHARED_MODULE, Mishaps::TwoOfAnyKind);
    report("one of two accounts odd, a shared module, up to two mishaps of any kind", &tallied);
    assert!(tallied.runs >= 10_000, "only {} cases were tried", tallied.runs);
}

#[test]
fn no_module_gets_worse_where_any_of_three_accounts_is_odd_and_two_steps_fail_in_any_way() {
    let tallied = odd_triples(&TWO_MODULES, Mishaps::TwoOfAnyKind);
    report("any of three accounts odd, one service, up to two mishaps of any kind", &tallied);
    assert!(tallied.runs >= 10_000, "only {} cases were tried", tallied.runs);
}
