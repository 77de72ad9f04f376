//! Small parts of a world, which only hold: `count` and `writer` act on them.

use std::collections::BTreeSet;

use super::services::MODULE_COUNT;

/// Counters by module, kept up to date with every write.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    pub used: [u64; MODULE_COUNT],
    /// The highest `over` since the last `World::reset_highest`.
    pub highest: [u64; MODULE_COUNT],
    /// Accounts that use a module without a seat; as many as the module is over by.
    pub trial: [BTreeSet<u32>; MODULE_COUNT],
}

/// What a second administrator has seen and done (U-17).
#[derive(Clone, Debug, Default)]
pub(super) struct SecondAdministrator {
    pub reads: u32,
    pub writes: u32,
    /// What he did, in order.
    pub done: Vec<Interference>,
}

/// One thing the second administrator wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Interference {
    /// The account; empty for a variable of the server.
    pub address: String,
    /// Lower case.
    pub variable: &'static str,
    pub value: String,
}
