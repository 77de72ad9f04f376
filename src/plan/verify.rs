//! Goes over a finished plan as a stranger would: from what was read, not from how the plan was made.
//!
//! It shares no helper with [`super::order`] or `seats::count`. It walks the steps on a copy of the accounts'
//! switches and counts seats anew, so that an error in the booking of either shows as a contradiction.

use super::made::Plan;
use super::step::{Step, SwitchStep};
use crate::diff::Direction;
use crate::model::{AccessMode, Reading, Seats, ServiceSet};

/// Checks that each step finds what it expects, moves its account to what the policies say, and that by neither
/// count any module is ever used further beyond its seats than before.
///
/// # Errors
/// The first contradiction, as a lower-case fragment.
pub fn verify(plan: &Plan<'_>) -> Result<(), String> {
    let mut world = World::new(plan);
    for (index, step) in plan.steps.iter().enumerate() {
        match step {
            Step::Switch(step) => world.perform(plan, index, step)?,
            Step::Setting(step) => {
                if step.needs.iter().any(|needed| *needed as usize >= index) {
                    return Err(format!("setting {} needs a later step", step.change.key));
                }
            }
        }
    }
    for (index, row) in plan.ledger.iter().enumerate() {
        let claimed = world.claimed[index];
        let released = world.released[index];
        if claimed > row.claimed || released < row.released {
            return Err(format!(
                "the ledger of {} says {} claimed and {} released, the steps make it {claimed} and {released}",
                row.module.module, row.claimed, row.released
            ));
        }
    }
    Ok(())
}

/// Accounts' switches as the steps move them.
struct World {
    /// For each row what is stored and what is effective.
    accounts: Vec<(ServiceSet, ServiceSet)>,
    /// Users of each module by the stored and by the effective switch.
    used: Vec<(i64, i64)>,
    start: Vec<(i64, i64)>,
    claimed: Vec<u64>,
    released: Vec<u64>,
}

impl World {
    fn new(plan: &Plan<'_>) -> World {
        let mut used = vec![(0, 0); plan.modules.list.len()];
        let accounts: Vec<_> = (0..plan.observed.directory.len()).map(|row| account(plan, row)).collect();
        for (stored, effective) in &accounts {
            for (module, used) in plan.modules.list.iter().zip(&mut used) {
                used.0 += i64::from(stored.0 & module.services.0 != 0);
                used.1 += i64::from(effective.0 & module.services.0 != 0);
            }
        }
        let modules = used.len();
        World { accounts, start: used.clone(), used, claimed: vec![0; modules], released: vec![0; modules] }
    }

    fn perform(&mut self, plan: &Plan<'_>, index: usize, step: &SwitchStep) -> Result<(), String> {
        let row = step.row as usize;
        let address = plan.observed.directory.address(row);
        let fault = |what: &str| Err(format!("step {index}, {} of {address}: {what}", step.service));
        let bit = ServiceSet::single(step.service);
        let read = plan.observed.columns.bits[row];
        let profile = plan.assignment.of(row);
        let claim = step.direction == Direction::Claim;

        if read.known.0 & bit.0 == 0 || read.editable.0 & read.editable_known.0 & bit.0 == 0 {
            return fault("it was not read, or may not be changed");
        }
        if profile.managed.0 & bit.0 == 0 || (profile.enabled.0 & bit.0 != 0) != claim {
            return fault("no policy says so");
        }
        if step.needs.is_some_and(|needed| needed as usize >= index) {
            return fault("it needs a later step");
        }
        let (stored, effective) = self.accounts[row];
        if (stored.0 & bit.0 != 0) == claim {
            return fault("the switch is already there");
        }
        if (stored.0 ^ step.expect.on.0) & step.expect.of.0 != 0 || step.expect.of.0 & bit.0 == 0 {
            return fault("it expects what the steps before it do not leave");
        }
        let after = |set: ServiceSet| ServiceSet(if claim { set.0 | bit.0 } else { set.0 & !bit.0 });
        let moved = (after(stored), after(effective));
        self.accounts[row] = moved;
        let Some(module) = step.module.map(usize::from) else { return Ok(()) };
        let services = plan.modules.list[module].services.0;
        if services & bit.0 == 0 {
            return fault("it is booked on a module that is not its own");
        }
        if claim && step.delta == 0 && !self.surely_held(plan, row, services, stored) {
            return fault(
                "it is booked as free of charge, and nothing read shows that its account holds a seat",
            );
        }
        let held = |set: ServiceSet| i64::from(set.0 & services != 0);
        let change = (held(moved.0) - held(stored), held(moved.1) - held(effective));
        self.used[module].0 += change.0;
        self.used[module].1 += change.1;
        let booked = i64::from(step.delta);
        if booked < change.0 || booked < change.1 {
            return fault("it is booked for less than it takes, or frees more than it does");
        }
        let facts = plan.observed.columns.facts[row];
        if booked < 0 && (facts.disabled.possible() || facts.guest.possible()) {
            return fault("it frees a seat that the account may not hold");
        }
        self.claimed[module] += u64::from(booked > 0);
        self.released[module] += u64::from(booked < 0);
        self.no_worse(plan, module).or_else(|_| fault("it makes its module worse"))
    }

    /// Whether an account holds a seat of a module by switches that were read, or that a step before moved.
    fn surely_held(&self, plan: &Plan<'_>, row: usize, services: u32, stored: ServiceSet) -> bool {
        let read = plan.observed.columns.bits[row];
        let (first, _) = account(plan, row);
        let moved = stored.0 & !first.0;
        let on = ((read.on.0 & read.known.0 & stored.0) | moved) & services;
        let effective =
            on & !read.support_known.0 | read.support.0 & read.support_known.0 & stored.0 & services | moved;
        on != 0 && effective & services != 0
    }

    /// By the larger of both counts, and with only the seats that were surely freed, nothing is further over.
    fn no_worse(&self, plan: &Plan<'_>, module: usize) -> Result<(), ()> {
        let start = self.start[module].0.max(self.start[module].1);
        let booked = start + signed(self.claimed[module]) - signed(self.released[module]);
        let worst = booked.max(self.used[module].0).max(self.used[module].1);
        match plan.modules.list[module].seats {
            Seats::Limited(_)
                if self.claimed[module] > 0 && !plan.observed.directory.incomplete.is_empty() =>
            {
                Err(())
            }
            Seats::Limited(seats) => {
                let over = |used: i64| (used - signed(seats)).max(0);
                if over(worst) > over(start)
                    || (self.claimed[module] > 0 && booked > start.max(signed(seats)))
                {
                    Err(())
                } else {
                    Ok(())
                }
            }
            Seats::Unlimited => Ok(()),
            Seats::Unknown => {
                if self.claimed[module] == 0 {
                    Ok(())
                } else {
                    Err(())
                }
            }
        }
    }
}

/// Counts of accounts are far from where this would saturate.
fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// One account's switches by both counts, with all that was not read taken as on.
fn account(plan: &Plan<'_>, row: usize) -> (ServiceSet, ServiceSet) {
    let observed = plan.observed;
    let bits = observed.columns.bits[row];
    let here = observed.asked.0 & !observed.not_offered.0;
    let stored = (bits.on.0 | !bits.known.0) & here;
    let mut effective = (bits.support.0 & bits.support_known.0) | (stored & !bits.support_known.0);
    for (service, mode) in &observed.modes {
        let heeded = matches!(
            mode,
            Reading::Unread(_) | Reading::Read(AccessMode::AllExceptSelected | AccessMode::SelectedAccounts)
        );
        if !heeded {
            effective |= 1 << *service as u8;
        }
    }
    (ServiceSet(stored), ServiceSet(effective & here))
}
