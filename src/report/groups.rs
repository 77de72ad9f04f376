//! A plan's steps by rule and domain, counted, and which of them are shown.
//!
//! A plan may hold a million steps. Each in full words takes a kilobyte, so an output that shows twenty of a rule does
//! not have the rest made: [`picked`] says which are needed, and the counts tell of the others.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::diff::Direction;
use crate::model::{RuleIndex, Service, StepIndex};
use crate::plan::guard::Protecting;
use crate::plan::{Blocked, Plan, Step};

/// How much of a plan is put into words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    All,
    Some(Sample),
}

/// How many steps are shown where not all are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// A rule with no more steps than this is shown whole.
    pub of_rule: usize,
    /// Of a larger one so many domains, the largest first,
    pub domains: usize,
    /// and of each of them so many steps.
    pub of_domain: usize,
}

impl Sample {
    /// No step at all: only what is counted.
    pub const NONE: Sample = Sample { of_rule: 0, domains: 0, of_domain: 0 };
}

/// What goes together under one heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupKey {
    Switches(Direction, RuleIndex),
    /// All settings: each has a place of its own, and would otherwise have a heading of its own.
    Settings,
}

impl GroupKey {
    /// Where a step stands: switches with those of the same rule and direction, all settings together.
    pub fn of(step: &Step) -> GroupKey {
        match step {
            Step::Switch(step) => GroupKey::Switches(step.direction, step.rule),
            Step::Setting(_) => GroupKey::Settings,
        }
    }
}

/// The steps of one rule.
#[derive(Debug, Clone)]
pub struct Group {
    pub key: GroupKey,
    pub first: StepIndex,
    pub count: u64,
    /// Its domains, by index in the directory, with their counts, the most first. Empty for settings.
    pub domains: Vec<(u32, u64)>,
}

/// All groups: releases, claims, then settings; of each the biggest harm first, as in [`super::harm`].
pub fn groups(plan: &Plan<'_>) -> Vec<Group> {
    struct Gathered {
        first: StepIndex,
        count: u64,
        domains: BTreeMap<u32, u64>,
        mail: bool,
        protected: bool,
    }
    let protecting = Protecting::of(plan.server, plan.observed);
    let domain_column = plan.observed.directory.domain_column();
    let mut gathered: BTreeMap<GroupKey, Gathered> = BTreeMap::new();
    for (index, step) in plan.steps.iter().enumerate() {
        let group = gathered.entry(GroupKey::of(step)).or_insert_with(|| Gathered {
            first: StepIndex::new(index),
            count: 0,
            domains: BTreeMap::new(),
            mail: false,
            protected: false,
        });
        group.count += 1;
        if let Step::Switch(step) = step {
            *group.domains.entry(domain_column[step.row.index()]).or_default() += 1;
            if step.direction == Direction::Release {
                group.mail |= Service::MAIL.contains(step.service);
                group.protected = group.protected || protecting.why(step.row).is_some();
            }
        }
    }
    let mut gathered: Vec<(GroupKey, Gathered)> = gathered.into_iter().collect();
    gathered.sort_by_key(|(key, group)| {
        let action = match key {
            GroupKey::Switches(direction, _) => Some(*direction),
            GroupKey::Settings => None,
        };
        (action.is_none(), action, !group.mail, !group.protected, Reverse(group.count), group.first)
    });
    let group = |(key, group): (GroupKey, Gathered)| {
        let mut domains: Vec<(u32, u64)> = group.domains.into_iter().collect();
        domains.sort_by_key(|(domain, count)| (Reverse(*count), *domain));
        Group { key, first: group.first, count: group.count, domains }
    };
    gathered.into_iter().map(group).collect()
}

/// The steps that are put into words, ascending.
pub fn picked(plan: &Plan<'_>, groups: &[Group], detail: Detail) -> Vec<StepIndex> {
    let Detail::Some(sample) = detail else {
        return (0..plan.steps.len()).map(StepIndex::new).collect();
    };
    // How many more are wanted, by group and domain.
    let mut wanted: BTreeMap<(GroupKey, Option<u32>), usize> = BTreeMap::new();
    let mut whole: BTreeMap<GroupKey, bool> = BTreeMap::new();
    for group in groups {
        let all = group.count <= sample.of_rule as u64 || group.key == GroupKey::Settings;
        whole.insert(group.key, all);
        if !all {
            let domains = group.domains.iter().take(sample.domains);
            wanted.extend(domains.map(|(domain, _)| ((group.key, Some(*domain)), sample.of_domain)));
        }
    }
    let domain_column = plan.observed.directory.domain_column();
    let mut picked = Vec::new();
    for (index, step) in plan.steps.iter().enumerate() {
        let key = GroupKey::of(step);
        let domain = match step {
            Step::Switch(step) => Some(domain_column[step.row.index()]),
            Step::Setting(_) => None,
        };
        let take = whole[&key]
            || wanted.get_mut(&(key, domain)).is_some_and(|left| {
                let any = *left > 0;
                *left -= usize::from(any);
                any
            });
        if take {
            picked.push(StepIndex::new(index));
        }
    }
    picked
}

/// Blocked changes that one thing blocks, by index; each group in their order, the largest group first.
pub fn obstacles(plan: &Plan<'_>) -> Vec<Vec<usize>> {
    let mut gathered: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    let domain_column = plan.observed.directory.domain_column();
    for (index, Blocked { change, reason, .. }) in plan.blocked.iter().enumerate() {
        // Only what a domain forbids is said differently for each domain.
        let domain = (reason.code() == "domain-switch").then(|| domain_column[change.row.index()]);
        gathered.entry((change.direction, change.service, *reason, domain)).or_default().push(index);
    }
    let mut groups: Vec<Vec<usize>> = gathered.into_values().collect();
    groups.sort_by_key(|group| (Reverse(group.len()), group[0]));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::{planned, step_name};
    use crate::policy::tests::World;

    /// The steps that are picked of a plan, in their order.
    fn check(accounts: &[&str], sample: Sample, expected: &[&str]) {
        let world = World::of("instantmessaging=9 ftp=9", accounts);
        let plan = planned(&world);
        let groups = groups(&plan);
        let all: u64 = groups.iter().map(|group| group.count).sum();
        assert_eq!(all, plan.steps.len() as u64, "every step is counted once");
        let picked = picked(&plan, &groups, Detail::Some(sample));
        let names: Vec<String> =
            picked.iter().map(|step| step_name(&plan, &plan.steps[step.index()])).collect();
        assert_eq!(names, expected);
        assert_eq!(super::picked(&plan, &groups, Detail::All).len(), plan.steps.len());
    }

    #[test]
    fn a_small_rule_is_shown_whole_and_of_a_large_one_so_many_of_each_domain() {
        let accounts = ["a im:off->on", "b im:off->on", "c im:off->on", "d ftp:off->on"];
        let sample = |of_rule, of_domain| Sample { of_rule, domains: 1, of_domain };
        check(&accounts, sample(3, 1), &["claim a im", "claim b im", "claim c im", "claim d ftp"]);
        check(&accounts, sample(2, 2), &["claim a im", "claim b im", "claim d ftp"]);
        check(&accounts, sample(0, 1), &["claim a im", "claim d ftp"]);
        check(&accounts, Sample { of_rule: 0, domains: 0, of_domain: 9 }, &[]);
    }

    #[test]
    fn rules_that_take_mail_away_come_before_larger_ones() {
        let world = World::of(
            "instantmessaging=9",
            &["a im:on->off smtp:off->on", "b im:on->off", "c smtp:on->off", "d im:off->on"],
        );
        let plan = planned(&world);
        let heads: Vec<String> =
            groups(&plan).iter().map(|group| step_name(&plan, &plan.steps[group.first.index()])).collect();
        assert_eq!(heads, ["release c smtp", "release a im", "claim a smtp", "claim d im"]);
    }
}
