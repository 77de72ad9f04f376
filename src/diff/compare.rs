//! The accounts' switches, wanted against read.

use super::handsoff::{Unfit, managed, unfit};
use crate::model::{Observed, Service, ServiceSet};
use crate::policy::Assignment;

/// Which way a switch goes. To claim is to switch on: it may take a seat; to release is to switch off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    Release,
    Claim,
}

impl Direction {
    /// The word in every output.
    pub const fn word(self) -> &'static str {
        match self {
            Direction::Release => "release",
            Direction::Claim => "claim",
        }
    }
}

/// One switch that differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SwitchChange {
    pub row: u32,
    pub service: Service,
    pub direction: Direction,
}

/// All that differs, and what could not be compared.
#[derive(Debug, Clone, Default)]
pub struct Differences {
    /// Sorted by row, then service.
    pub changes: Vec<SwitchChange>,
    /// Wanted for accounts that cannot have it.
    pub unfit: Vec<Unfit>,
    /// For each service the accounts whose switch a policy decides and that could not be read.
    pub unread: [u32; Service::ALL.len()],
}

/// Compares every account: `(on ^ enabled) & managed & known`.
pub fn compare(assignment: &Assignment, observed: &Observed) -> Differences {
    let mut differences = Differences::default();
    for row in 0..observed.directory.len() {
        let number = assignment.rows[row];
        if number == 0 {
            continue;
        }
        let wanted = managed(assignment, observed, row);
        let on = observed.columns.bits.get(row).map_or(ServiceSet::EMPTY, |bits| bits.on);
        let cannot = unfit(wanted, observed, row).without(on);
        let differs = ServiceSet((on.0 ^ wanted.enabled.0) & wanted.managed.0).without(cannot);
        for service in differs.iter() {
            let direction = if on.contains(service) { Direction::Release } else { Direction::Claim };
            differences.changes.push(SwitchChange { row: row as u32, service, direction });
        }
        for service in cannot.iter() {
            differences.unfit.push(Unfit { row: row as u32, service });
        }
        let profile = assignment.of(row);
        let unread =
            profile.managed.without(profile.undecided).without(profile.disputed).without(wanted.managed);
        for service in unread.iter() {
            differences.unread[service as usize] += 1;
        }
    }
    differences
}
