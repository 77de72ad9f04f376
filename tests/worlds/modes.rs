//! Small worlds in which the access mode of the first service heeds no account: nothing of it is planned, nothing of it
//! passes for as declared, and the second service is planned as ever (U-13, U-35).

use icewarden::diff::SecretsMet;
use icewarden::edge::sandbox::{Setting, World as Sandbox};
use icewarden::model::{AccessMode, Directory, Reading};
use icewarden::plan::{BlockReason, Plan, Step};

use super::small::{SEATS, multisets, plan};
use super::world::{
    ADDRESSES, Account, Layout, Odd, Want, directory, observe, sandbox, set_up, spec, variable,
};

const MODE: &str = "C_ActiveSync_ProcessingMode";

/// Goes through every world of two accounts, and says how many plans were judged.
pub fn every_mode(layout: &Layout) -> usize {
    let mut judged = 0;
    let directory = directory(2);
    for position in ["U-35=stored", "U-35=one"] {
        let mut sandbox = sandbox(2);
        sandbox.set_switch(Setting::parse(position).expect("a position"));
        for accounts in multisets(&Account::all(), 2) {
            // Disabled accounts are another matter, and one number of seats for it is enough.
            for seats in SEATS.into_iter().filter(|_| accounts.iter().all(|account| !account.disabled)) {
                for mode in ["0", "3", "5"] {
                    let seats = [Some(1), seats];
                    judge(&mut sandbox, layout, &directory, &accounts, &seats, mode);
                    judged += 1;
                }
            }
        }
    }
    judged
}

fn judge(
    sandbox: &mut Sandbox,
    layout: &Layout,
    directory: &Directory,
    accounts: &[Account],
    seats: &[Option<u32>],
    mode: &str,
) {
    let wire: Vec<Option<u32>> = seats.iter().map(|seats| seats.filter(|seats| *seats > 0)).collect();
    assert!(sandbox.set_server_variable(MODE, "9"));
    set_up(sandbox, layout, accounts, &wire);
    assert!(sandbox.set_server_variable(MODE, mode));
    let [hidden, other] = layout.services;
    let what = format!("{accounts:?} with seats {seats:?} under mode {mode}");
    let mut observed = observe(sandbox, layout, directory, accounts, seats);
    let read: i64 = sandbox.server_variable(MODE).and_then(|mode| mode.parse().ok()).expect("a mode");
    observed.modes.insert(hidden, Reading::Read(AccessMode::from_number(read)));
    let spec = spec(layout, accounts);
    let met = SecretsMet::new();
    let plan = plan(&spec, &observed, &met);

    let expected: Vec<&str> = accounts
        .iter()
        .zip(ADDRESSES)
        .filter(|(account, _)| match account.wants[0] {
            // Nobody speaks of it.
            Want::StaysOff => false,
            Want::Release => true,
            // Under `all accounts` who should have it has it.
            Want::StaysOn | Want::Claim => mode != "0",
        })
        .map(|(_, address)| address)
        .collect();
    let by_mode = plan.blocked.iter().filter(|blocked| matches!(blocked.reason, BlockReason::Mode(_)));
    let by_mode: Vec<&str> = by_mode.map(|blocked| observed.directory.address(blocked.change.row)).collect();
    assert_eq!(by_mode, expected, "{what}");
    let over: Vec<u64> = layout.products.iter().map(|product| sandbox.over(product)).collect();
    for step in &plan.steps {
        let Step::Switch(step) = step else { panic!("a world has no settings") };
        assert_eq!(step.service, other, "{what}");
        write(sandbox, &plan, step.row, step.service, accounts);
        for (product, before) in layout.products.iter().zip(&over) {
            assert!(sandbox.over(product) <= *before, "{product} is over by more: {what}");
        }
    }
}

/// Flips a switch as its step does.
fn write(
    sandbox: &mut Sandbox,
    plan: &Plan<'_>,
    row: icewarden::model::Row,
    service: icewarden::model::Service,
    accounts: &[Account],
) {
    let account = accounts[row.index()];
    assert_eq!(account.odd, Odd::Nothing);
    let value = if account.wants[1] == Want::Claim { "1" } else { "0" };
    let address = plan.observed.directory.address(row);
    assert!(sandbox.set_account_variable(address, variable(service), value));
}
