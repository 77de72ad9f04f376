//! How many calls were made, and for what: the first figure of a read's cost (`--stats`).

use std::collections::BTreeMap;

/// What a call is made for, in the order of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    Login,
    Licence,
    Lists,
    Accounts,
    Settings,
    Write,
    Verify,
    Logout,
}

impl Phase {
    /// In the order in which a run comes to them.
    pub const ALL: [Phase; 8] = [
        Phase::Login,
        Phase::Licence,
        Phase::Lists,
        Phase::Accounts,
        Phase::Settings,
        Phase::Write,
        Phase::Verify,
        Phase::Logout,
    ];

    /// The name in `--stats` and in the `calls` of a plan.
    pub const fn name(self) -> &'static str {
        match self {
            Phase::Login => "login",
            Phase::Licence => "licence",
            Phase::Lists => "lists",
            Phase::Accounts => "accounts",
            Phase::Settings => "settings",
            Phase::Write => "write",
            Phase::Verify => "verify",
            Phase::Logout => "logout",
        }
    }
}

/// The calls that were sent, each phase that had any; what was sent again is counted again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Calls(pub BTreeMap<Phase, u64>);

impl Calls {
    /// How many calls were made in this phase, those that went unanswered among them.
    pub fn of(&self, phase: Phase) -> u64 {
        self.0.get(&phase).copied().unwrap_or(0)
    }

    /// How many calls were made in all phases together.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }
}
