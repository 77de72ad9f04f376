//! Who comes first where claims compete for seats.

use super::doubtful::comes_last;
use super::step::SwitchStep;
use crate::model::Observed;
use crate::policy::{Assignment, Rule};

/// The claims in the order in which they get the seats. Who gets the last ones is the author's word, not the order of
/// files: the higher priority first. The author's word counts before ours: a doubtful account comes last among those of
/// its priority (U-5). They come by address, then service, and stay so among themselves.
pub fn by_priority(claims: &[SwitchStep], assignment: &Assignment, observed: &Observed) -> Vec<SwitchStep> {
    let rules = &assignment.rules;
    let mut priorities: Vec<i64> = rules.iter().map(|rule| rule.priority).collect();
    priorities.sort_unstable_by_key(|priority| std::cmp::Reverse(*priority));
    priorities.dedup();
    let rank = |rule: &Rule| priorities.partition_point(|priority| *priority > rule.priority);
    let ranks: Vec<usize> = rules.iter().map(rank).collect();
    let place =
        |step: &SwitchStep| 2 * ranks[step.rule.index()] + usize::from(comes_last(observed, step.row));
    // There are few priorities and maybe a million claims, so they are counted out rather than compared.
    let mut next = vec![0; 2 * priorities.len() + 1];
    claims.iter().for_each(|step| next[place(step) + 1] += 1);
    for at in 1..next.len() {
        next[at] += next[at - 1];
    }
    let mut ordered = claims.to_vec();
    for step in claims {
        let at = &mut next[place(step)];
        ordered[*at] = *step;
        *at += 1;
    }
    ordered
}
