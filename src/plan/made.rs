//! What a plan is made of, and what it is.

use jiff::civil::Date;

use super::block::Blocked;
use super::digest::Digest;
use super::guard::{Allow, Hold};
use super::licence::Verdict;
use super::step::Step;
use crate::diff::{Narrowing, SecretsMet};
use crate::model::{BackupKey, Finding, Observed, Service};
use crate::policy::{Assignment, Memory};
use crate::seats::{LedgerRow, Modules};
use crate::spec::meaning::ServerSpec;

/// All that a plan is made of. Time and options are arguments.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    pub server: &'a ServerSpec,
    pub observed: &'a Observed,
    /// The day, in UTC.
    pub today: Date,
    pub allows: &'a [Allow],
    pub secrets: &'a SecretsMet,
    /// What earlier runs left to compare with.
    pub memory: &'a Memory,
    /// Which addresses are planned at all.
    pub narrowing: &'a Narrowing,
}

/// What is to be done on one server, in order, and all that a person should know first.
#[derive(Debug, Clone)]
pub struct Plan<'a> {
    pub server: &'a ServerSpec,
    pub observed: &'a Observed,
    pub assignment: Assignment,
    pub modules: Modules,
    pub steps: Vec<Step>,
    pub blocked: Vec<Blocked>,
    pub ledger: Vec<LedgerRow>,
    /// While any is here nothing is done.
    pub holds: Vec<Hold>,
    pub findings: Vec<Finding>,
    /// How the licence stands against the spec and the calendar.
    pub licence: Verdict,
    /// How many declared switches and settings could not be read: whether they are as declared is not known.
    pub unread: u64,
    /// The settings among them.
    pub uncompared: Vec<BackupKey>,
    /// Accounts that no policy speaks of, and for each service that some policy speaks of the accounts it leaves.
    pub unmanaged: Unmanaged,
    pub narrowing: &'a Narrowing,
    /// How many differences a narrowing leaves out; `None` where the plan is of everything.
    pub left_out: Option<u64>,
    pub effects: Digest,
    pub wish: Digest,
}

/// What no policy speaks of; left alone, and counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unmanaged {
    pub accounts: u64,
    pub services: Vec<(Service, u64)>,
}

impl Plan<'_> {
    /// Whether anything is left as it is that may differ: by a held policy, a hold, a blocked change, or because it
    /// could not be read.
    pub fn is_blocked(&self) -> bool {
        !self.blocked.is_empty()
            || !self.holds.is_empty()
            || !self.assignment.held.is_empty()
            || self.unread > 0
    }

    /// Whether performing it would write anything.
    pub fn has_steps(&self) -> bool {
        !self.steps.is_empty()
    }
}
