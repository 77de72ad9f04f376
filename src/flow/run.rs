//! The machine.

use std::collections::BTreeSet;
use std::fmt;

use super::tally::Tally;
use crate::diff::Direction;
use crate::plan::{Plan, Step};

/// What came of a step, as far as reading back can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Written, and read back as wanted. `effective` is what the effective value says, where it was read.
    Done { effective: Option<bool> },
    /// What was found before the write was not what the plan expects; nothing was written (U-17).
    Differs(String),
    /// The server did not do it, and reading back shows it unchanged.
    Refused(String),
    /// The server said it was done, and reading back shows it unchanged: it may lag (U-15), ignore the write (U-6)
    /// or take no changes (U-22).
    Ineffective(String),
    /// Whether it was done cannot be told: no answer came, or it could not be read back.
    Doubt(String),
    /// It was never sent: reading before it failed.
    NotSent(String),
}

/// Where a step stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepState {
    Waiting,
    UnderWay,
    Ended(Outcome),
    /// Not tried: why.
    Stopped(String),
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Perform the step of this index.
    Perform(usize),
    /// Read the licence status again and tell [`Run::standing`]: a write was refused (U-22).
    AskStanding,
    /// Nothing can start until an outcome is recorded.
    Wait,
    Finished,
}

/// Why a run ended before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Halt {
    /// The plan is held back: nothing of it may be done.
    Held(String),
    /// The server takes no more changes (U-22).
    Closed(String),
    /// Whoever started it wanted it to end.
    Interrupted,
}

impl fmt::Display for Halt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Halt::Held(why) | Halt::Closed(why) => f.write_str(why),
            Halt::Interrupted => f.write_str("the run was interrupted"),
        }
    }
}

/// Something a person may want to see while a run goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub step: usize,
    pub state: StepState,
}

/// After so many steps in a row that were refused or had no effect the server is taken to accept no changes,
/// whatever its status says: how Emergency Mode shows is not known (U-22).
const IN_VAIN_MAX: usize = 10;

/// A run of one plan.
#[derive(Debug, Clone)]
pub struct Run<'p> {
    plan: &'p Plan<'p>,
    states: Vec<StepState>,
    tally: Tally,
    /// The first step that was not started yet.
    cursor: usize,
    under_way: usize,
    busy: BTreeSet<u32>,
    ask_standing: bool,
    /// How many steps in a row the server did not do.
    in_vain: usize,
    /// Why nothing more may start.
    halted: Option<Halt>,
}

impl<'p> Run<'p> {
    /// Starts a run. A plan that is held back has nothing to perform: each of its steps is stopped.
    pub fn new(plan: &'p Plan<'p>) -> Run<'p> {
        let halted = plan.holds.first().map(|hold| Halt::Held(hold.message.clone()));
        Run {
            plan,
            states: vec![StepState::Waiting; plan.steps.len()],
            tally: Tally::of(plan),
            cursor: 0,
            under_way: 0,
            busy: BTreeSet::new(),
            ask_standing: false,
            in_vain: 0,
            halted,
        }
    }

    /// What to do next. Steps start in the plan's order; releases are all settled before a claim starts.
    pub fn next(&mut self) -> Next {
        if self.ask_standing && self.halted.is_none() {
            if self.under_way > 0 {
                return Next::Wait;
            }
            return Next::AskStanding;
        }
        while self.cursor < self.states.len() {
            if let Some(why) = &self.halted {
                self.stop(why.to_string());
                continue;
            }
            if self.must_wait() {
                return Next::Wait;
            }
            if let Some(why) = self.stopped_by() {
                self.stop(why);
                continue;
            }
            return Next::Perform(self.start());
        }
        if self.under_way > 0 { Next::Wait } else { Next::Finished }
    }

    fn start(&mut self) -> usize {
        let index = self.cursor;
        if let Step::Switch(step) = &self.plan.steps[index] {
            self.tally.start(step);
            self.busy.insert(step.row);
        }
        self.states[index] = StepState::UnderWay;
        self.under_way += 1;
        self.cursor += 1;
        index
    }

    fn stop(&mut self, why: String) {
        self.states[self.cursor] = StepState::Stopped(why);
        self.cursor += 1;
    }

    /// A claim waits for every release, a step for what it needs and for its own account, a setting for all.
    fn must_wait(&self) -> bool {
        if self.under_way == 0 {
            return false;
        }
        match &self.plan.steps[self.cursor] {
            Step::Setting(_) => true,
            Step::Switch(step) => self.busy.contains(&step.row) || self.phase_ends(),
        }
    }

    /// Whether the step at the cursor goes the other way than the one before it.
    fn phase_ends(&self) -> bool {
        let direction = |index: usize| match &self.plan.steps[index] {
            Step::Switch(step) => Some(step.direction),
            Step::Setting(_) => None,
        };
        self.cursor > 0 && direction(self.cursor) != direction(self.cursor - 1)
    }

    /// Why the step at the cursor must not be tried.
    fn stopped_by(&self) -> Option<String> {
        let confirmed =
            |index: u32| matches!(self.states[index as usize], StepState::Ended(Outcome::Done { .. }));
        match &self.plan.steps[self.cursor] {
            Step::Setting(step) => step
                .needs
                .iter()
                .any(|needed| !confirmed(*needed))
                .then(|| "a setting that it needs was not confirmed".to_owned()),
            Step::Switch(step) if step.needs.is_some_and(|needed| !confirmed(needed)) => {
                Some("the account's step before it was not confirmed".to_owned())
            }
            Step::Switch(step) => (!self.tally.admits(step))
                .then(|| "the seat it was to take was not freed, or is no longer there".to_owned()),
        }
    }

    /// Records what came of a step that was under way.
    pub fn record(&mut self, index: usize, outcome: Outcome) -> Event {
        self.under_way -= 1;
        if let Step::Switch(step) = &self.plan.steps[index] {
            self.busy.remove(&step.row);
            match (&outcome, step.direction) {
                // Off by its switch and on by its effective value: the seat may still be held (U-32, U-36).
                (Outcome::Done { effective: Some(true) }, Direction::Release) => {}
                (Outcome::Done { .. }, Direction::Release) => self.tally.released(step),
                // What differs may be that the seat was taken already, and what was refused may still show later
                // (U-15): only a claim that was never sent gives its seat back.
                (Outcome::NotSent(_), Direction::Claim) => self.tally.claim_failed(step),
                _ => {}
            }
        }
        match outcome {
            Outcome::Refused(_) | Outcome::Ineffective(_) => {
                self.ask_standing = true;
                self.in_vain += 1;
            }
            Outcome::Done { .. } => self.in_vain = 0,
            Outcome::Differs(_) | Outcome::Doubt(_) | Outcome::NotSent(_) => {}
        }
        if self.in_vain >= IN_VAIN_MAX {
            let why = format!("the server did not do {} steps in a row", self.in_vain);
            self.halted.get_or_insert(Halt::Closed(why));
        }
        self.states[index] = StepState::Ended(outcome);
        Event { step: index, state: self.states[index].clone() }
    }

    /// Tells what reading the licence status again gave: `Err` says why the server takes no more changes.
    pub fn standing(&mut self, open: Result<(), String>) {
        self.ask_standing = false;
        if let Err(why) = open {
            self.halted = Some(Halt::Closed(why));
        }
    }

    /// Lets nothing more start; what is under way is still to be recorded.
    pub fn halt(&mut self, why: Halt) {
        self.halted.get_or_insert(why);
    }

    pub fn states(&self) -> &[StepState] {
        &self.states
    }

    /// Why the run was halted.
    pub fn halted(&self) -> Option<&Halt> {
        self.halted.as_ref()
    }
}
