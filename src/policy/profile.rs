//! The distinct outcomes of all policies.

use std::collections::BTreeMap;

use crate::model::{RuleIndex, Service, ServiceSet};

/// What is decided of an account, for all services at once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Profile {
    /// Some policy decides these.
    pub managed: ServiceSet,
    /// Of the managed ones, these are to be on.
    pub enabled: ServiceSet,
    /// A held policy speaks of these: nobody can tell what it would say.
    pub undecided: ServiceSet,
    /// Policies of one priority say different things of these; the pair is in `against`.
    pub disputed: ServiceSet,
    /// The deciding rule of each service that is managed, undecided or disputed.
    pub by: [RuleIndex; Service::ALL.len()],
    /// For a disputed service the rule that says otherwise.
    pub against: [RuleIndex; Service::ALL.len()],
}

impl Profile {
    /// No policy speaks of the account: nothing of it is managed.
    pub const NOTHING: Profile = Profile {
        managed: ServiceSet::EMPTY,
        enabled: ServiceSet::EMPTY,
        undecided: ServiceSet::EMPTY,
        disputed: ServiceSet::EMPTY,
        by: [RuleIndex::FIRST; Service::ALL.len()],
        against: [RuleIndex::FIRST; Service::ALL.len()],
    };

    /// The services that any policy speaks of.
    pub fn spoken(&self) -> ServiceSet {
        self.managed.union(self.undecided)
    }

    /// Takes over what `other` says of a service.
    pub fn take(&mut self, service: Service, other: &Profile) {
        for (mine, theirs) in [
            (&mut self.managed, other.managed),
            (&mut self.enabled, other.enabled),
            (&mut self.undecided, other.undecided),
            (&mut self.disputed, other.disputed),
        ] {
            mine.remove(service);
            if theirs.contains(service) {
                mine.insert(service);
            }
        }
        self.by[service as usize] = other.by[service as usize];
        self.against[service as usize] = other.against[service as usize];
    }
}

/// Profiles by number; number 0 is [`Profile::NOTHING`].
#[derive(Debug, Clone)]
pub struct Profiles {
    list: Vec<Profile>,
    numbers: BTreeMap<Profile, u32>,
}

impl Default for Profiles {
    fn default() -> Profiles {
        Profiles { list: vec![Profile::NOTHING], numbers: BTreeMap::from([(Profile::NOTHING, 0)]) }
    }
}

impl Profiles {
    /// The number of a profile; equal ones get the same, so that an account holds a number and not a profile.
    pub fn intern(&mut self, profile: Profile) -> u32 {
        if let Some(number) = self.numbers.get(&profile) {
            return *number;
        }
        let number = self.list.len() as u32;
        self.list.push(profile.clone());
        self.numbers.insert(profile, number);
        number
    }

    /// The profile of a number that [`Profiles::intern`] gave; any other is our bug.
    pub fn at(&self, number: u32) -> &Profile {
        &self.list[number as usize]
    }

    /// How many there are; number 0 always is.
    pub fn count(&self) -> usize {
        self.list.len()
    }

    /// The profiles in the order of their numbers.
    pub fn into_list(self) -> Vec<Profile> {
        self.list
    }
}
