//! The claims of a plan held against lists that were read anew: a run may take hours, and who leaves a group meanwhile
//! must not get its seat.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::guard::Allow;
use super::made::Plan;
use super::step::Step;
use crate::diff::Direction;
use crate::model::{AccountFacts, Directory, Row, ServiceSet, StepIndex};
use crate::policy::{Memory, People, assign, groups_of};

/// Whether looking again can tell anything: only who is in a group is told by a list and nothing else. That an account
/// is gone shows when its switch is read before the write.
pub fn is_worth_it(plan: &Plan<'_>) -> bool {
    !groups_of(&plan.server.policies).is_empty()
        && plan
            .steps
            .iter()
            .any(|step| matches!(step, Step::Switch(step) if step.direction == Direction::Claim))
}

/// The claims that the policies no longer ask for, by their index, with the reason. What was read of the accounts
/// themselves is taken as it was: reading it again would cost a call for each.
///
/// The plan's own overrides hold still: a group that may be empty may be so now.
pub fn withdrawn(
    plan: &Plan<'_>,
    mut again: Directory,
    today: Date,
    allows: &[Allow],
) -> BTreeMap<StepIndex, String> {
    let directory = &plan.observed.directory;
    // An account says its own aliases, and is not asked a second time (U-45).
    again.resolve(directory.aliases().clone(), directory.alias_domains().clone());
    let again = &again;
    let facts = |row: Row| {
        let before = directory.row(again.address(row));
        before.and_then(|row| plan.observed.columns.facts.get(row.index())).copied().unwrap_or_default()
    };
    let facts: Vec<AccountFacts> = again.rows().map(facts).collect();
    let people = People { directory: again, facts: &facts };
    // That selectors shrank was weighed when the plan was made; one that is empty now holds its policy all the same.
    let shrink = allows.iter().filter_map(|allow| allow.allowed.shrink()).collect();
    let assignment = assign(&plan.server.policies, people, today, &shrink, &Memory::new());
    let mut withdrawn = BTreeMap::new();
    for (index, step) in plan.steps.iter().enumerate() {
        let Step::Switch(step) = step else { continue };
        if step.direction != Direction::Claim {
            continue;
        }
        let address = directory.address(step.row);
        let why = match again.row(address) {
            None => Some("the account is in no list any more"),
            Some(row) => {
                let profile = assignment.of(row);
                let has = |services: ServiceSet| services.contains(step.service);
                if has(profile.undecided) {
                    Some("whether it is still asked for could not be read: a group is not what it was")
                } else if !has(profile.managed) || !has(profile.enabled) {
                    Some("its policy no longer says so: the lists have changed since the plan was made")
                } else {
                    None
                }
            }
        };
        if let Some(why) = why {
            withdrawn.insert(StepIndex::new(index), why.to_owned());
        }
    }
    withdrawn
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AccountKind, Address, DirectoryBuilder, DomainKind};
    use crate::plan::tests::planned;
    use crate::policy::tests::World;

    #[test]
    fn who_is_gone_gets_no_seat_and_who_is_there_does() {
        let world = World::of("instantmessaging=9", &["a im:off->on", "b im:off->on", "c im:on->off"]);
        let plan = planned(&world);
        let lists = |names: &[&str]| {
            let mut builder = DirectoryBuilder::default();
            builder.domain("example.com", DomainKind::from_number(0));
            for name in names {
                let address = Address::parse(&format!("{name}@example.com")).expect("an address");
                builder.account(address, AccountKind::User);
            }
            builder.build()
        };
        let day = jiff::civil::date(2026, 3, 1);
        assert!(withdrawn(&plan, lists(&["a", "b", "c"]), day, &[]).is_empty());
        let gone = withdrawn(&plan, lists(&["b", "c"]), day, &[]);
        assert_eq!(gone.len(), 1, "{gone:?}");
        assert!(gone.values().all(|why| why.contains("in no list")));
    }
}
