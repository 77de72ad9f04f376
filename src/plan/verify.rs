//! Goes over a finished plan as a stranger would: from what was read, not from how the plan was made.
//!
//! It shares no helper with [`super::order`] or `seats::count`. It walks the steps on a copy of the accounts'
//! switches and counts seats anew, so that an error in the booking of either shows as a contradiction.

use super::made::Plan;
use super::step::{Step, SwitchStep};
use crate::diff::Direction;
use crate::model::{AccessMode, ModuleIndex, Reading, Row, Seats, ServiceSet, StepIndex};

/// Checks that each step finds what it expects, moves its account to what the policies say, and that by neither
/// count any module is ever used further beyond its seats than before.
///
/// # Errors
/// The first contradiction, as a lower-case fragment.
pub fn verify(plan: &Plan<'_>) -> Result<(), String> {
    let mut world = World::new(plan);
    for (index, step) in plan.steps.iter().enumerate() {
        let index = StepIndex::new(index);
        match step {
            Step::Switch(step) => world.perform(plan, index, step)?,
            Step::Setting(step) => {
                if !within(plan, "backup", step.change.key.path()) {
                    return Err(format!("setting {} was to be left out", step.change.key));
                }
                if step.needs.iter().any(|needed| *needed >= index) {
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

/// One step, as it moves its account.
struct Moving {
    row: Row,
    claim: bool,
    /// As it is booked on the module that is looked at.
    delta: i8,
    /// What is stored and what is effective.
    before: (ServiceSet, ServiceSet),
    after: (ServiceSet, ServiceSet),
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
        let accounts: Vec<_> = plan.observed.directory.rows().map(|row| account(plan, row)).collect();
        for (stored, effective) in &accounts {
            for (module, used) in plan.modules.list.iter().zip(&mut used) {
                used.0 += i64::from(stored.0 & module.services.0 != 0);
                used.1 += i64::from(effective.0 & module.services.0 != 0);
            }
        }
        let modules = used.len();
        World { accounts, start: used.clone(), used, claimed: vec![0; modules], released: vec![0; modules] }
    }

    fn perform(&mut self, plan: &Plan<'_>, index: StepIndex, step: &SwitchStep) -> Result<(), String> {
        let row = step.row;
        let address = plan.observed.directory.address(row);
        let fault =
            |what: &str| Err(format!("step {}, {} of {address}: {what}", index.index(), step.service));
        let bit = ServiceSet::single(step.service);
        let read = plan.observed.columns.bits[row.index()];
        let profile = plan.assignment.of(row);
        let claim = step.direction == Direction::Claim;

        // U-6: a locked switch is not written, nor one of which it was not read that it is free.
        if read.known.0 & bit.0 == 0 || read.editable.0 & read.editable_known.0 & bit.0 == 0 {
            return fault("it was not read, or may not be changed");
        }
        // U-13, U-35: there a write has no effect, and what it would do to a seat is not known.
        if matches!(plan.observed.modes.get(&step.service), Some(mode) if !heeds(mode)) {
            return fault("its access mode heeds no account");
        }
        if !within(plan, address, step.service.name()) {
            return fault("it was to be left out");
        }
        if profile.managed.0 & bit.0 == 0 || (profile.enabled.0 & bit.0 != 0) != claim {
            return fault("no policy says so");
        }
        // A run goes through the steps in their order, so what a step rests on stands before it.
        if step.needs.is_some_and(|needed| needed >= index) {
            return fault("it needs a later step");
        }
        let (stored, effective) = self.accounts[row.index()];
        if (stored.0 & bit.0 != 0) == claim {
            return fault("the switch is already there");
        }
        // U-17: a run holds what it finds against this, so it must be what the steps before it leave.
        if (stored.0 ^ step.expect.on.0) & step.expect.of.0 != 0 || step.expect.of.0 & bit.0 == 0 {
            return fault("it expects what the steps before it do not leave");
        }
        let after = |set: ServiceSet| ServiceSet(if claim { set.0 | bit.0 } else { set.0 & !bit.0 });
        let moved = (after(stored), after(effective));
        self.accounts[row.index()] = moved;
        let own = plan.modules.list.iter().enumerate().filter(|(_, module)| module.services.0 & bit.0 != 0);
        let own = own.map(|(at, _)| ModuleIndex::new(at));
        let named =
            |at: ModuleIndex| step.module == Some(at) || step.also.is_some_and(|also| also.module == at);
        let (all, right) = own.fold((0, 0), |(all, right), at| (all + 1, right + usize::from(named(at))));
        let count = usize::from(step.module.is_some()) + usize::from(step.also.is_some());
        if all != count || right != count {
            return fault("it is booked on a module that is not its own");
        }
        let also = step.also.map(|also| (also.module, also.delta));
        for (module, delta) in step.module.map(|module| (module, step.delta)).into_iter().chain(also) {
            let moving = Moving { row, claim, delta, before: (stored, effective), after: moved };
            if let Err(what) = self.book(plan, module, &moving) {
                return fault(what);
            }
        }
        Ok(())
    }

    /// Counts one module anew after a step, and holds it against how the step is booked there.
    fn book(&mut self, plan: &Plan<'_>, module: ModuleIndex, moving: &Moving) -> Result<(), &'static str> {
        let services = plan.modules.list[module.index()].services.0;
        // What may take its seat elsewhere shows no seat here, and frees none.
        let sure = services & !plan.modules.list[module.index()].unsure.0;
        let (before, after) = (moving.before, moving.after);
        if moving.claim && moving.delta == 0 && !self.surely_held(plan, moving.row, sure, before.0) {
            return Err(
                "it is booked as free of charge, and nothing read shows that its account holds a seat",
            );
        }
        // U-37: one seat for an account, by however many services of the module.
        let held = |set: ServiceSet| i64::from(set.0 & services != 0);
        let change = (held(after.0) - held(before.0), held(after.1) - held(before.1));
        self.used[module.index()].0 += change.0;
        self.used[module.index()].1 += change.1;
        // U-36: by whichever count a seat goes, the booking is not more favourable than what moves.
        let booked = i64::from(moving.delta);
        if booked < change.0 || booked < change.1 {
            return Err("it is booked for less than it takes, or frees more than it does");
        }
        let facts = plan.observed.columns.facts[moving.row.index()];
        // U-5: who may not count holds no seat that could be freed.
        let moved = before.0.0 ^ after.0.0;
        let may_not_count = facts.disabled.possible() || facts.guest.possible() || facts.expired.possible();
        if booked < 0 && (may_not_count || moved & sure == 0) {
            return Err("it frees a seat that the account may not hold");
        }
        self.claimed[module.index()] += u64::from(booked > 0);
        self.released[module.index()] += u64::from(booked < 0);
        self.no_worse(plan, module).map_err(|()| "it makes its module worse")
    }

    /// Whether an account holds a seat of a module by switches that were read, or that a step before moved, and by both
    /// counts (U-36): what nobody could read makes no claim free.
    fn surely_held(&self, plan: &Plan<'_>, row: Row, services: u32, stored: ServiceSet) -> bool {
        let read = plan.observed.columns.bits[row.index()];
        let (first, _) = account(plan, row);
        let moved = stored.0 & !first.0;
        let on = ((read.on.0 & read.known.0 & stored.0) | moved) & services;
        let effective =
            on & !read.support_known.0 | read.support.0 & read.support_known.0 & stored.0 & services | moved;
        on != 0 && effective & services != 0
    }

    /// By the larger of both counts, and with only the seats that were surely freed, nothing is further over (SEAT-5,
    /// U-21): who is over now may stay so, since no step of ours made it, and none may make it more.
    fn no_worse(&self, plan: &Plan<'_>, module: ModuleIndex) -> Result<(), ()> {
        let start = self.start[module.index()].0.max(self.start[module.index()].1);
        let booked = start + signed(self.claimed[module.index()]) - signed(self.released[module.index()]);
        let worst = booked.max(self.used[module.index()].0).max(self.used[module.index()].1);
        match plan.modules.list[module.index()].seats {
            // U-9: with a list cut short the count is a lower bound.
            Seats::Limited(_)
                if self.claimed[module.index()] > 0 && !plan.observed.directory.incomplete.is_empty() =>
            {
                Err(())
            }
            Seats::Limited(seats) => {
                let over = |used: i64| (used - signed(seats)).max(0);
                if over(worst) > over(start) { Err(()) } else { Ok(()) }
            }
            Seats::Unlimited => Ok(()),
            // U-1: what nobody knows may be used up.
            Seats::Unknown => {
                if self.claimed[module.index()] == 0 {
                    Ok(())
                } else {
                    Err(())
                }
            }
        }
    }
}

/// Whether a narrowed plan may hold this address.
fn within(plan: &Plan<'_>, middle: &str, last: &str) -> bool {
    if plan.narrowing.is_none() {
        return true;
    }
    let address = format!("{}/{middle}/{last}", plan.server.name).to_lowercase();
    let matched = |pattern: &crate::model::Pattern| pattern.matches(&address);
    let targets = &plan.narrowing.targets;
    !plan.narrowing.excludes.iter().any(matched) && (targets.is_empty() || targets.iter().any(matched))
}

/// Counts of accounts are far from where this would saturate.
fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Whether an account's own switch says what is so; one that was not read is taken from each account (U-14).
fn heeds(mode: &Reading<AccessMode>) -> bool {
    matches!(
        mode,
        Reading::Unread(_) | Reading::Read(AccessMode::AllExceptSelected | AccessMode::SelectedAccounts)
    )
}

/// One account's switches by both counts, with all that was not read taken as on.
fn account(plan: &Plan<'_>, row: Row) -> (ServiceSet, ServiceSet) {
    let observed = plan.observed;
    let bits = observed.columns.bits[row.index()];
    let here = observed.asked.0 & !observed.not_offered.0;
    let stored = (bits.on.0 | !bits.known.0) & here;
    let mut effective = (bits.support.0 & bits.support_known.0) | (stored & !bits.support_known.0);
    for (service, mode) in &observed.modes {
        if !heeds(mode) {
            effective |= 1 << *service as u8;
        }
    }
    (ServiceSet(stored), ServiceSet(effective & here))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BackupKey, Observed, Seats, Service, Tri};
    use crate::plan::Expectation;
    use crate::plan::tests::{planned, step_name};
    use crate::policy::tests::World;
    use crate::spec::meaning::BackupValue;

    /// A sound plan with one fault is refused, and for that fault.
    fn check(what: &str, world: &World, see: fn(&mut Observed), fault: Fault, expected: &str) {
        let mut plan = planned(world);
        assert_eq!(verify(&plan), Ok(()), "{what}: before the fault");
        let mut observed = world.observed.clone();
        see(&mut observed);
        plan.observed = &observed;
        fault(&mut plan);
        match verify(&plan) {
            Ok(()) => panic!("{what}: the plan was not refused"),
            Err(why) => assert!(why.contains(expected), "{what}: refused because of `{why}`"),
        }
    }

    type Fault = fn(&mut Plan<'_>);
    /// What is wrong, the licence, the accounts, how the sound plan is spoilt, and what is said of it.
    type SeatsCase = (&'static str, &'static str, &'static [&'static str], Fault, &'static str);
    /// The same where there are seats enough.
    type StepCase = (&'static str, &'static [&'static str], Fault, &'static str);
    /// What is wrong, the account, what is read after the plan was made, and what is said of it.
    type ReadCase = (&'static str, &'static str, fn(&mut Observed), &'static str);

    fn switch<'p>(plan: &'p mut Plan<'_>, name: &str) -> &'p mut SwitchStep {
        let at = plan.steps.iter().position(|step| step_name(plan, step) == name).expect(name);
        match &mut plan.steps[at] {
            Step::Switch(step) => step,
            Step::Setting(_) => panic!("{name} is a setting"),
        }
    }

    /// Copies a step for another account, at the end.
    fn again(plan: &mut Plan<'_>, name: &str, row: usize) {
        let step = SwitchStep { row: Row::new(row), ..*switch(plan, name) };
        plan.steps.push(Step::Switch(step));
    }

    #[test]
    fn a_plan_with_one_fault_in_its_seats_is_refused() {
        let cases: &[SeatsCase] = &[
            (
                "a claim too many",
                "instantmessaging=1",
                &["a im:off->on", "b im:off->on"],
                |plan| again(plan, "claim a im", 1),
                "makes its module worse",
            ),
            (
                "a claim before the release that makes room for it",
                "instantmessaging=1",
                &["a im:off->on", "b im:on->off"],
                |plan| plan.steps.swap(0, 1),
                "makes its module worse",
            ),
            (
                "a claim where the seats are unknown",
                "instantmessaging=1",
                &["a im:off->on"],
                |plan| plan.modules.list.iter_mut().for_each(|module| module.seats = Seats::Unknown),
                "makes its module worse",
            ),
            (
                "a disabled account's release that frees a seat",
                "instantmessaging=5",
                &["a im:on->off disabled"],
                |plan| switch(plan, "release a im").delta = -1,
                "frees a seat that the account may not hold",
            ),
            (
                "a guest's release that frees a seat",
                "instantmessaging=5",
                &["a im:on->off guest?"],
                |plan| switch(plan, "release a im").delta = -1,
                "frees a seat that the account may not hold",
            ),
            (
                "a release that frees a seat by the stored count only",
                "instantmessaging=5",
                &["a im:on/off->off"],
                |plan| switch(plan, "release a im").delta = -1,
                "frees more than it does",
            ),
            (
                "a release that frees a seat which another service holds",
                "antispam=5",
                &["a antispam:on->off quarantine:on"],
                |plan| switch(plan, "release a antispam").delta = -1,
                "frees more than it does",
            ),
            (
                "a claim that takes a seat and is booked as free",
                "instantmessaging=5",
                &["a im:off->on"],
                |plan| switch(plan, "claim a im").delta = 0,
                "free of charge",
            ),
            (
                "a claim that is free because of a switch that was not read",
                "antispam=5",
                &["a antispam:off->on quarantine:unread"],
                |plan| switch(plan, "claim a antispam").delta = 0,
                "free of charge",
            ),
            (
                "a claim that is free because of a switch that is not in effect",
                "antispam=5",
                &["a antispam:off->on quarantine:on/off"],
                |plan| switch(plan, "claim a antispam").delta = 0,
                "free of charge",
            ),
            (
                "a release of a service that may take its seat of another module",
                "instantmessaging=5",
                &["a im:on->off"],
                |plan| plan.modules.list.iter_mut().for_each(|module| module.unsure = module.services),
                "frees a seat that the account may not hold",
            ),
            (
                "a claim that is free because of a service that may take its seat of another module",
                "antispam=5",
                &["a antispam:off->on quarantine:on"],
                |plan| {
                    let unsure = ServiceSet::single(Service::Quarantine);
                    plan.modules.list.iter_mut().for_each(|module| module.unsure = unsure);
                },
                "free of charge",
            ),
            (
                "a claim of a counted service that names no module",
                "instantmessaging=5",
                &["a im:off->on"],
                |plan| switch(plan, "claim a im").module = None,
                "module that is not its own",
            ),
            (
                "a claim that is booked on another module",
                "instantmessaging=5 sip=5",
                &["a im:off->on sip:off->on"],
                |plan| switch(plan, "claim a im").module = switch(plan, "claim a sip").module,
                "module that is not its own",
            ),
            (
                "a ledger that says less is claimed",
                "instantmessaging=5",
                &["a im:off->on"],
                |plan| plan.ledger.iter_mut().for_each(|row| row.claimed = 0),
                "0 claimed and 0 released, the steps make it 1 and 0",
            ),
            (
                "a ledger that says more is released",
                "instantmessaging=5",
                &["a im:on->off"],
                |plan| plan.ledger.iter_mut().for_each(|row| row.released += 1),
                "released, the steps make it",
            ),
        ];
        for (what, seats, accounts, fault, expected) in cases {
            check(what, &World::of(seats, accounts), |_| {}, *fault, expected);
        }
    }

    #[test]
    fn a_plan_with_one_step_that_must_not_be_is_refused() {
        let cases: &[StepCase] = &[
            (
                "a switch that no policy speaks of",
                &["a im:off->on", "b im:off"],
                |plan| again(plan, "claim a im", 1),
                "no policy says so",
            ),
            (
                "a switch the other way than the policy says",
                &["a im:off->on", "b im:off->off"],
                |plan| again(plan, "claim a im", 1),
                "no policy says so",
            ),
            (
                "a switch that is there already",
                &["a im:off->on", "b im:on->on"],
                |plan| again(plan, "claim a im", 1),
                "already there",
            ),
            ("a step twice", &["a im:off->on"], |plan| again(plan, "claim a im", 0), "already there"),
            (
                "a switch that was not read",
                &["a im:off->on", "b im:unread->on"],
                |plan| again(plan, "claim a im", 1),
                "was not read",
            ),
            (
                "a switch that may not be changed",
                &["a im:off->on", "b im:off->on!"],
                |plan| again(plan, "claim a im", 1),
                "may not be changed",
            ),
            (
                "a switch of which it was not read whether it may be changed",
                &["a im:off->on", "b im:off->on?"],
                |plan| again(plan, "claim a im", 1),
                "may not be changed",
            ),
            (
                "a step that expects its switch to be there",
                &["a im:off->on"],
                |plan| switch(plan, "claim a im").expect.on.insert(Service::Im),
                "expects what the steps before it do not leave",
            ),
            (
                "a step that expects what an earlier step changed",
                &["a antispam:on->off quarantine:on->off"],
                |plan| switch(plan, "release a quarantine").expect.on.insert(Service::AntiSpam),
                "expects what the steps before it do not leave",
            ),
            (
                "a step that expects nothing of its switch",
                &["a im:off->on"],
                |plan| switch(plan, "claim a im").expect = Expectation::default(),
                "expects what the steps before it do not leave",
            ),
            (
                "a step that needs itself",
                &["a im:off->on"],
                |plan| switch(plan, "claim a im").needs = Some(StepIndex::FIRST),
                "needs a later step",
            ),
            (
                "a step that needs one after it",
                &["a im:off->on", "b im:off->on"],
                |plan| switch(plan, "claim a im").needs = Some(StepIndex::new(1)),
                "needs a later step",
            ),
        ];
        for (what, accounts, fault, expected) in cases {
            check(what, &World::of("instantmessaging=9 antispam=9", accounts), |_| {}, *fault, expected);
        }
    }

    #[test]
    fn a_plan_made_from_something_else_than_was_read_is_refused() {
        let cases: &[ReadCase] = &[
            (
                "a claim while a list is not whole",
                "a im:off->on",
                |observed| observed.directory.incomplete.push("cut".to_owned()),
                "makes its module worse",
            ),
            (
                "a release of an account that turned out to be disabled",
                "a im:on->off",
                |observed| observed.columns.facts[0].disabled = Tri::Unread,
                "may not hold",
            ),
            (
                "a claim of a switch that is on",
                "a im:off->on",
                |observed| observed.columns.bits[0].on.insert(Service::Im),
                "already there",
            ),
            (
                "a release of a service that everybody has",
                "a im:on->off",
                |observed| drop(observed.modes.insert(Service::Im, Reading::Read(AccessMode::All))),
                "access mode heeds no account",
            ),
        ];
        for (what, account, see, expected) in cases {
            let world = World::of("instantmessaging=9", &[account]);
            check(what, &world, *see, |_| {}, expected);
        }
    }

    #[test]
    fn a_setting_that_needs_a_later_step_is_refused() {
        let world = World::of("", &["a"]).with_backup(&[
            (BackupKey::KeepDays, "7", BackupValue::Number(30)),
            (BackupKey::Enabled, "0", BackupValue::Flag(true)),
        ]);
        check(
            "a setting that needs itself",
            &world,
            |_| {},
            |plan| {
                for step in &mut plan.steps {
                    if let Step::Setting(step) = step
                        && step.change.key == BackupKey::Enabled
                    {
                        step.needs = vec![StepIndex::new(1)];
                    }
                }
            },
            "setting enabled needs a later step",
        );
    }
}
