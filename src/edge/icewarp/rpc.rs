//! Counting calls while they are in flight.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::edge::port::{Calls, Phase};

/// Counts while calls are in flight.
#[derive(Default)]
pub(super) struct Counter([AtomicU64; Phase::ALL.len()]);

impl Counter {
    pub(super) fn add(&self, phase: Phase) {
        self.0[phase as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn calls(&self) -> Calls {
        Calls(
            Phase::ALL
                .into_iter()
                .map(|phase| (phase, self.0[phase as usize].load(Ordering::Relaxed)))
                .filter(|(_, count)| *count > 0)
                .collect(),
        )
    }
}
