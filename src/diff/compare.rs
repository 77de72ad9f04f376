//! The accounts' switches, wanted against read.

use super::handsoff::{Managed, Unfit, managed, unfit};
use crate::model::observed::ServiceBits;
use crate::model::{AccessMode, Observed, Reading, Service, ServiceSet};
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
    /// Wanted on, and on for everybody by the access mode, whatever the account's own switch says (U-13).
    pub everybody: [u32; Service::ALL.len()],
    /// On as wanted, and not in effect.
    pub without_effect: [u32; Service::ALL.len()],
    /// Off as wanted, and on by the effective value (U-32).
    pub still_in_effect: [u32; Service::ALL.len()],
}

/// Compares every account: `(on ^ enabled) & managed & known`.
pub fn compare(assignment: &Assignment, observed: &Observed) -> Differences {
    let mut differences = Differences::default();
    let everybody = on_for_everybody(observed);
    for row in 0..observed.directory.len() {
        let number = assignment.rows[row];
        if number == 0 {
            continue;
        }
        let wanted = managed(assignment, observed, row);
        let on = observed.columns.bits.get(row).map_or(ServiceSet::EMPTY, |bits| bits.on);
        let cannot = unfit(wanted, observed, row).without(on);
        let anyway = wanted.enabled.without(on).intersection(everybody);
        let differs =
            ServiceSet((on.0 ^ wanted.enabled.0) & wanted.managed.0).without(cannot).without(anyway);
        differences.count_effects(wanted, on, observed.columns.bits.get(row));
        for service in anyway.iter() {
            differences.everybody[service as usize] += 1;
        }
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

impl Differences {
    /// How many declared switches could not be read.
    pub fn unread_count(&self) -> u64 {
        self.unread.iter().map(|count| u64::from(*count)).sum()
    }

    /// Counts the switches that are as wanted and have, by their effective value, another effect.
    fn count_effects(&mut self, wanted: Managed, on: ServiceSet, bits: Option<&ServiceBits>) {
        let Some(bits) = bits else { return };
        let told = wanted.managed.intersection(bits.support_known);
        for service in told.intersection(wanted.enabled).intersection(on).without(bits.support).iter() {
            self.without_effect[service as usize] += 1;
        }
        for service in told.without(wanted.enabled).without(on).intersection(bits.support).iter() {
            self.still_in_effect[service as usize] += 1;
        }
    }
}

/// Services that everybody has by their access mode.
fn on_for_everybody(observed: &Observed) -> ServiceSet {
    let modes = observed.modes.iter();
    modes
        .filter(|(_, mode)| matches!(mode, Reading::Read(AccessMode::All)))
        .map(|(service, _)| *service)
        .collect()
}
