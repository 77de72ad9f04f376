//! The seats of each module while a run goes on.

use crate::diff::Direction;
use crate::model::{ModuleIndex, Seats};
use crate::plan::{Booked, Plan, SwitchStep};

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
    pub fn used(&self) -> impl Iterator<Item = (ModuleIndex, u64)> {
        let counted = self.modules.iter().enumerate().filter(|(_, module)| module.counted);
        counted.map(|(index, module)| (ModuleIndex::new(index), module.used))
    }

    /// Whether a claim may start now: what it takes must fit beside all that is held or in doubt, in each of its
    /// modules (SEAT-5, U-21: no step may make a module worse).
    pub fn admits(&self, step: &SwitchStep) -> bool {
        step.direction == Direction::Release || step.booked().all(|booked| self.fits(booked))
    }

    fn fits(&self, booked: Booked) -> bool {
        let module = &self.modules[booked.module.index()];
        match module.seats {
            // It takes none: the account holds one already, by a service that it keeps (U-37).
            _ if booked.delta == 0 => true,
            Seats::Limited(seats) => module.counted && module.used + 1 + module.kept <= seats,
            Seats::Unlimited => true,
            // U-1: a number that nobody knows is neither zero nor unlimited.
            Seats::Unknown => false,
        }
    }

    /// Books a claim as taken when it starts.
    pub fn start(&mut self, step: &SwitchStep) {
        self.each(step, (Direction::Claim, 1), |used| used + 1);
    }

    /// Gives back the seat of a claim that was surely not made.
    pub fn claim_failed(&mut self, step: &SwitchStep) {
        self.each(step, (Direction::Claim, 1), |used| used - 1);
    }

    /// Books a release that was confirmed.
    pub fn released(&mut self, step: &SwitchStep) {
        self.each(step, (Direction::Release, -1), |used| used.saturating_sub(1));
    }

    /// Changes what is used of each module on which a step of this direction is booked with this delta.
    fn each(&mut self, step: &SwitchStep, meant: (Direction, i8), change: fn(u64) -> u64) {
        for booked in step.booked().filter(|booked| (step.direction, booked.delta) == meant) {
            let used = &mut self.modules[booked.module.index()].used;
            *used = change(*used);
        }
    }
}
