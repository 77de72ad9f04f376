//! What is ours to change: clears bits of *managed*, before anything is compared.

use std::collections::{BTreeMap, BTreeSet};

use super::narrowing::Narrowing;
use crate::model::{Observed, Row, Service, ServiceSet};
use crate::policy::profile::Profiles;
use crate::policy::{Assignment, Profile};
use crate::spec::meaning::ServerSpec;

/// For each row the services that may be compared, and what they shall be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Managed {
    pub managed: ServiceSet,
    pub enabled: ServiceSet,
}

/// A service that a policy wants for an account which cannot have it: a finding, not a difference for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfit {
    pub row: Row,
    pub service: Service,
}

impl Managed {
    /// What of it was read: nothing else is compared.
    pub fn within(self, known: ServiceSet) -> Managed {
        Managed { managed: self.managed.intersection(known), enabled: self.enabled.intersection(known) }
    }
}

/// What policies decide of one account, less what is undecided or disputed.
pub fn decided(assignment: &Assignment, row: Row) -> Managed {
    let profile = assignment.of(row);
    let managed = profile.managed.without(profile.undecided).without(profile.disputed);
    Managed { managed, enabled: profile.enabled.intersection(managed) }
}

/// The services wanted for an account that only speaks POP3, which cannot have them (reference 2.2).
pub fn unfit(wanted: Managed, observed: &Observed, row: Row) -> ServiceSet {
    let pop3_only = observed.columns.facts.get(row.index()).is_some_and(|facts| facts.pop3_only.certain());
    if pop3_only { wanted.enabled.intersection(Service::NOT_FOR_POP3) } else { ServiceSet::EMPTY }
}

/// What is left of an assignment within a narrowing: the policies speak of nothing else any more, so that seats,
/// guardrails and digest hold for what is planned. A held policy is kept unless all it might decide is left out.
pub fn narrow(
    full: Assignment,
    observed: &Observed,
    server: &ServerSpec,
    narrowing: &Narrowing,
) -> Assignment {
    if narrowing.is_none() {
        return full;
    }
    let mut profiles = Profiles::default();
    let mut met: BTreeMap<(u32, u32), u32> = BTreeMap::new();
    let mut rows = Vec::with_capacity(full.rows.len());
    let (mut undecided, mut kept) = (BTreeSet::new(), BTreeSet::new());
    for (row, number) in observed.directory.rows().zip(&full.rows) {
        let profile = full.of(row);
        let within = narrowing.services(&server.name, observed.directory.address(row), profile.spoken());
        for service in profile.undecided.iter() {
            let policy = full.rules[profile.by[service as usize].index()].policy;
            undecided.insert(policy);
            if within.contains(service) {
                kept.insert(policy);
            }
        }
        let narrowed = *met.entry((*number, within.0)).or_insert_with(|| {
            let mut narrowed = Profile::NOTHING;
            within.iter().for_each(|service| narrowed.take(service, profile));
            profiles.intern(narrowed)
        });
        rows.push(narrowed);
    }
    let mut held = full.held;
    held.retain(|held| {
        let policy = server.policies.iter().zip(0u32..).find(|(policy, _)| policy.name == held.policy);
        policy.is_none_or(|(_, policy)| !undecided.contains(&policy) || kept.contains(&policy))
    });
    Assignment { rows, profiles: profiles.into_list(), held, ..full }
}
