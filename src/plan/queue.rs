//! Who comes first where claims compete for seats.

use std::cmp::Reverse;

use super::step::SwitchStep;
use crate::policy::Rule;

/// The claims that need a seat, in the order in which they get one. Who gets the last ones is the author's word, not the
/// order of files: the higher priority first. The author's word counts before ours: a doubtful account comes last among
/// those of its priority (U-5). Claims that are equal in both keep the order in which they come, by address, then
/// service.
///
/// There are few priorities and maybe a million claims, so each is put where it belongs and none is compared.
pub struct Queue {
    /// For each rule, how many priorities are higher than its own.
    ranks: Vec<usize>,
    /// For each priority the claims of certain accounts, then those of doubtful ones.
    places: Vec<Vec<SwitchStep>>,
}

impl Queue {
    /// An empty queue for claims that these rules decided.
    pub fn new(rules: &[Rule]) -> Queue {
        let mut priorities: Vec<i64> = rules.iter().map(|rule| rule.priority).collect();
        priorities.sort_unstable_by_key(|priority| Reverse(*priority));
        priorities.dedup();
        let rank = |rule: &Rule| priorities.partition_point(|priority| *priority > rule.priority);
        Queue { ranks: rules.iter().map(rank).collect(), places: vec![Vec::new(); 2 * priorities.len()] }
    }

    /// Puts a claim behind those that come before it; `certain` says whether its account surely counts.
    pub fn push(&mut self, claim: SwitchStep, certain: bool) {
        self.places[2 * self.ranks[claim.rule.index()] + usize::from(!certain)].push(claim);
    }

    /// The claims, first come first.
    pub fn in_order(self) -> impl Iterator<Item = SwitchStep> {
        self.places.into_iter().flatten()
    }
}
