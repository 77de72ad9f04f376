//! What a run tells whoever watches: one treaty for the terminal, for the events' file and for whoever comes next.
//!
//! A watcher is told [`Event::Started`] once, [`Event::Step`] as each step ends, and at the end what [`ending`] gives:
//! the steps that were never tried, the seats, why it was halted, the counts. Nobody who is told books anything: seats
//! are booked in one place, the run's own tally.

use super::run::{Halt, Outcome, Run, StepState};
use crate::model::{ModuleIndex, StepIndex};
use crate::plan::Plan;

/// Something that happened in a run.
#[derive(Debug, Clone, Copy)]
pub enum Event<'r> {
    /// The plan's steps are about to be performed.
    Started,
    /// A step ended, or will not be tried. `step` is its index in the plan.
    Step { step: StepIndex, state: &'r StepState },
    /// The seats of a counted module after the run.
    Seats(SeatsUsed),
    /// Why nothing more was started.
    Halted(&'r Halt),
    /// The last of each run.
    Ended(Ended<'r>),
}

/// How many seats of a module are used after a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeatsUsed {
    /// Its row in the plan's ledger.
    pub module: ModuleIndex,
    /// Accounts, at most: what is in doubt counts as held.
    pub used_max: u64,
}

/// How a run ended.
#[derive(Debug, Clone, Copy)]
pub struct Ended<'r> {
    pub how: RunEnd,
    pub counts: Counts,
    /// The run itself, for why it ended so.
    pub run: &'r Run<'r>,
}

/// How a run ended, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEnd {
    /// Every step is done.
    Whole,
    /// Every step is done; the plan left something that it could not do.
    WholeButBlocked,
    /// Some are done, or may be.
    Partial,
    /// The server takes no changes, whatever was done before.
    Closed,
    /// None is done: the server did not answer.
    Unreached,
    /// None is done: the account we log in with may not do it.
    Forbidden,
    /// None is done, for other reasons.
    Failed,
}

impl RunEnd {
    /// How a run ended that does nothing more.
    pub fn of(plan: &Plan<'_>, run: &Run<'_>) -> RunEnd {
        let counts = Counts::of(run);
        match (counts.is_whole(), counts.is_begun()) {
            (true, _) if plan.is_blocked() => RunEnd::WholeButBlocked,
            (true, _) => RunEnd::Whole,
            (false, _) if matches!(run.halted(), Some(Halt::Closed(_) | Halt::InVain(_))) => RunEnd::Closed,
            (false, true) => RunEnd::Partial,
            (false, false) => match run.halted() {
                Some(Halt::Unreached(_)) => RunEnd::Unreached,
                Some(Halt::Forbidden(_)) => RunEnd::Forbidden,
                _ => RunEnd::Failed,
            },
        }
    }
}

/// How many steps of a run ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub done: usize,
    /// Of the done ones those that were found so, by somebody else's hand.
    pub already: usize,
    pub failed: usize,
    pub doubtful: usize,
    /// Never tried.
    pub stopped: usize,
}

impl Counts {
    /// Counts the steps of a run as they stand.
    pub fn of(run: &Run<'_>) -> Counts {
        let mut counts = Counts::default();
        for state in run.states() {
            match state {
                StepState::Ended(ended) if ended.is_done() => {
                    counts.done += 1;
                    counts.already += usize::from(matches!(ended, Outcome::Already { .. }));
                }
                StepState::Ended(Outcome::Doubt(_)) | StepState::UnderWay => counts.doubtful += 1,
                StepState::Ended(_) => counts.failed += 1,
                StepState::Stopped(_) | StepState::Waiting => counts.stopped += 1,
            }
        }
        counts
    }

    /// Whether every step is done.
    pub fn is_whole(&self) -> bool {
        self.failed == 0 && self.doubtful == 0 && self.stopped == 0
    }

    /// Whether something was done, or may have been.
    pub fn is_begun(&self) -> bool {
        self.done > 0 || self.doubtful > 0
    }

    /// All steps of the run.
    pub fn steps(&self) -> usize {
        self.done + self.failed + self.doubtful + self.stopped
    }
}

/// What only the end of a run shows, in the order in which it is told; [`Event::Ended`] comes after it, once the end
/// is written down.
pub fn ending<'r>(run: &'r Run<'_>) -> Vec<Event<'r>> {
    let never_tried = |(step, state): (StepIndex, &'r StepState)| {
        matches!(state, StepState::Stopped(_)).then_some(Event::Step { step, state })
    };
    let mut events: Vec<Event<'r>> = run.steps().filter_map(never_tried).collect();
    events.extend(run.tally().used().map(|(module, used_max)| Event::Seats(SeatsUsed { module, used_max })));
    events.extend(run.halted().map(Event::Halted));
    events
}
