//! What is ours to change: clears bits of *managed*, before anything is compared.

use crate::model::{Observed, Service, ServiceSet};
use crate::policy::Assignment;

/// For each row the services that may be compared, and what they shall be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Managed {
    pub managed: ServiceSet,
    pub enabled: ServiceSet,
}

/// A service that a policy wants for an account which cannot have it: a finding, not a difference for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfit {
    pub row: u32,
    pub service: Service,
}

/// What is compared of one account: what policies decide, less what is undecided, disputed or was not read.
pub fn managed(assignment: &Assignment, observed: &Observed, row: usize) -> Managed {
    let profile = assignment.of(row);
    let known = observed.columns.bits.get(row).map_or(ServiceSet::EMPTY, |bits| bits.known);
    let managed = profile.managed.without(profile.undecided).without(profile.disputed).intersection(known);
    Managed { managed, enabled: profile.enabled.intersection(managed) }
}

/// The services wanted for an account that only speaks POP3, which cannot have them (reference 2.2).
pub fn unfit(wanted: Managed, observed: &Observed, row: usize) -> ServiceSet {
    let pop3_only = observed.columns.facts.get(row).is_some_and(|facts| facts.pop3_only.certain());
    if pop3_only { wanted.enabled.intersection(Service::NOT_FOR_POP3) } else { ServiceSet::EMPTY }
}
