//! The accounts' switches, wanted against read.

use super::handsoff::{Managed, Unfit, decided, unfit};
use crate::model::observed::ServiceBits;
use crate::model::{AccessMode, Observed, Reading, Row, Service, ServiceSet};
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

/// One switch that differs, or of which it is not known that it does not: where a level above the account decides, what
/// the switch reads proves nothing (U-13, U-35), and the plan blocks the change and says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SwitchChange {
    pub row: Row,
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

/// Compares every account: `(on ^ enabled) & managed & known`, and beside it what a level above the account decides.
pub fn compare(assignment: &Assignment, observed: &Observed) -> Differences {
    let mut differences = Differences::default();
    let modes = Modes { unheeded: unheeded(observed), everybody: on_for_everybody(observed) };
    for row in observed.directory.rows() {
        let number = assignment.rows[row.index()];
        if number == 0 {
            continue;
        }
        let decided = decided(assignment, row);
        let bits = observed.columns.bits.get(row.index()).copied().unwrap_or_default();
        let wanted = decided.within(bits.known);
        let on = bits.on;
        let cannot = unfit(wanted, observed, row).without(on);
        let anyway = wanted.enabled.without(on).intersection(modes.everybody);
        let hidden = modes.hide(decided);
        let overruled = overruled(wanted, bits).without(modes.unheeded);
        let stored = ServiceSet((on.0 ^ wanted.enabled.0) & wanted.managed.0).without(modes.unheeded);
        let differs = stored.union(hidden).union(overruled).without(cannot);
        differences.count_effects(wanted, differs, bits);
        for service in anyway.iter() {
            differences.everybody[service as usize] += 1;
        }
        for service in differs.iter() {
            let direction =
                if decided.enabled.contains(service) { Direction::Claim } else { Direction::Release };
            differences.changes.push(SwitchChange { row, service, direction });
        }
        for service in cannot.iter() {
            differences.unfit.push(Unfit { row, service });
        }
        for service in decided.managed.without(wanted.managed).without(hidden).iter() {
            differences.unread[service as usize] += 1;
        }
    }
    differences
}

/// What access modes decide by themselves, for all accounts alike.
struct Modes {
    unheeded: ServiceSet,
    everybody: ServiceSet,
}

impl Modes {
    /// The services of which it cannot be read whether an account has them as declared (U-35). Only under *all
    /// accounts* one thing is known: who should have it has it (reference 2.3).
    fn hide(&self, wanted: Managed) -> ServiceSet {
        let granted = wanted.enabled.intersection(self.everybody);
        wanted.managed.intersection(self.unheeded).without(granted)
    }
}

/// The services that are stored as declared, in effect the other way, and not the account's to choose. A mode that no
/// variable tells (U-14), or the domain, decides then, and only `Editable` and `Support` show it. Where the account may
/// choose, the switch counts: what `Support` says beside it is told, since its meaning is not known (U-32).
fn overruled(wanted: Managed, bits: ServiceBits) -> ServiceSet {
    let locked = bits.editable_known.without(bits.editable);
    let as_stored = ServiceSet(!(bits.on.0 ^ wanted.enabled.0));
    let in_effect = ServiceSet(bits.support.0 ^ wanted.enabled.0);
    wanted
        .managed
        .intersection(as_stored)
        .intersection(locked)
        .intersection(bits.support_known)
        .intersection(in_effect)
}

impl Differences {
    /// How many declared switches could not be read.
    pub fn unread_count(&self) -> u64 {
        self.unread.iter().map(|count| u64::from(*count)).sum()
    }

    /// Counts the switches that are as wanted and have, by their effective value, another effect; those that `differ`
    /// are told already.
    fn count_effects(&mut self, wanted: Managed, differ: ServiceSet, bits: ServiceBits) {
        let on = bits.on;
        let told = wanted.managed.intersection(bits.support_known).without(differ);
        for service in told.intersection(wanted.enabled).intersection(on).without(bits.support).iter() {
            self.without_effect[service as usize] += 1;
        }
        for service in told.without(wanted.enabled).without(on).intersection(bits.support).iter() {
            self.still_in_effect[service as usize] += 1;
        }
    }
}

/// Services whose accounts' own switches do not say what is so: under their access mode every account may count, and
/// whatever is read of a switch may be what is stored or a plain 1 (U-13, U-35).
pub fn unheeded(observed: &Observed) -> ServiceSet {
    observed
        .modes
        .iter()
        .filter(|(_, mode)| matches!(mode, Reading::Read(mode) if !AccessMode::heeds_accounts(*mode)))
        .map(|(service, _)| *service)
        .collect()
}

/// Services that everybody has by their access mode.
fn on_for_everybody(observed: &Observed) -> ServiceSet {
    let modes = observed.modes.iter();
    modes
        .filter(|(_, mode)| matches!(mode, Reading::Read(AccessMode::All)))
        .map(|(service, _)| *service)
        .collect()
}
