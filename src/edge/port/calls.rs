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
    pub fn of(&self, phase: Phase) -> u64 {
        self.0.get(&phase).copied().unwrap_or(0)
    }

    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }
}
