//! The seats of each module while a run goes on.

use crate::diff::Direction;
use crate::model::Seats;
use crate::plan::{Plan, SwitchStep};

/// One module's seats, booked by what is certain.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Module {
    seats: Seats,
    kept: u64,
    used: u64,
    counted: bool,
}

/// The seats of each module, by index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    modules: Vec<Module>,
}

impl Tally {
    /// The seats as the plan found them. `keep_free_allowed` is already in the plan: what it admitted may start.
    pub fn of(plan: &Plan<'_>) -> Tally {
        let modules = plan.ledger.iter().map(|row| {
            // Seats to be kept free were weighed by the plan; here only what the plan itself takes may be used.
            let planned = row.after().unwrap_or_default().max(row.used_now().unwrap_or_default());
            let kept = match row.module.seats {
                Seats::Limited(seats) => seats.saturating_sub(planned).min(row.module.keep_free),
                Seats::Unlimited | Seats::Unknown => 0,
            };
            Module {
                seats: row.module.seats,
                kept,
                used: row.used_now().unwrap_or_default(),
                counted: row.used.is_some(),
            }
        });
        Tally { modules: modules.collect() }
    }

    /// The used seats of each module that was counted, by its row in the ledger; at most, since what is in doubt counts
    /// as held.
    pub fn used(&self) -> impl Iterator<Item = (usize, u64)> {
        let counted = self.modules.iter().enumerate().filter(|(_, module)| module.counted);
        counted.map(|(row, module)| (row, module.used))
    }

    /// Whether a claim may start now: what it takes must fit beside all that is held or in doubt.
    pub fn admits(&self, step: &SwitchStep) -> bool {
        let Some(module) = step.module.map(|module| &self.modules[usize::from(module)]) else { return true };
        if step.direction == Direction::Release || step.delta == 0 {
            return true;
        }
        match module.seats {
            Seats::Limited(seats) => module.counted && module.used + 1 + module.kept <= seats,
            Seats::Unlimited => true,
            Seats::Unknown => false,
        }
    }

    /// Books a claim as taken when it starts.
    pub fn start(&mut self, step: &SwitchStep) {
        if let (Direction::Claim, 1, Some(module)) = (step.direction, step.delta, step.module) {
            self.modules[usize::from(module)].used += 1;
        }
    }

    /// Gives back the seat of a claim that was surely not made.
    pub fn claim_failed(&mut self, step: &SwitchStep) {
        if let (Direction::Claim, 1, Some(module)) = (step.direction, step.delta, step.module) {
            self.modules[usize::from(module)].used -= 1;
        }
    }

    /// Books a release that was confirmed.
    pub fn released(&mut self, step: &SwitchStep) {
        if let (Direction::Release, -1, Some(module)) = (step.direction, step.delta, step.module) {
            let used = &mut self.modules[usize::from(module)].used;
            *used = used.saturating_sub(1);
        }
    }
}
