//! What plans compare with beside the server itself: how many accounts each selector matched when it was last applied,
//! and what narrowed runs took away lately.
//!
//! A selector that lost many accounts since then holds its policy: an emptied group must not switch off a company. It is
//! the number that is looked at, not the text: a selector that its author narrowed on purpose is held as one that shrank
//! by itself, once. A slip in a selector looks just like a purpose, and `--allow shrink=POLICY:N` says which it was, and
//! how many must be left; the apply that it is given to remembers the new number, and nothing is held any more.
//!
//! A number is remembered twice, under the policy's name and beside it under the selector's own text. So a policy that is
//! given another name is still known by what it selects. One that is renamed and rewritten at once is new to us.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use crate::model::{Place, Service};
use crate::spec::meaning::Selector;

/// A selector of a policy: its `scope`, or what `enable`s a service, by the service's name. Followed by `#` and a
/// fingerprint it is the selector of that text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SelectorId {
    pub policy: String,
    pub selector: String,
}

/// What a selector matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matched {
    pub accounts: u64,
    /// The day (UTC) of the apply that remembered it.
    pub since: String,
}

/// What is remembered of one server; empty where nothing was applied yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Memory {
    /// What its selectors matched.
    pub matched: BTreeMap<SelectorId, Matched>,
    /// The accounts from which narrowed runs of the last day took a service, without an override that says so. Several
    /// narrowed plans, each within the limit of `disable`, are one change.
    pub taken: BTreeMap<Service, BTreeSet<String>>,
}

impl Memory {
    /// Nothing is remembered.
    pub const fn new() -> Memory {
        Memory { matched: BTreeMap::new(), taken: BTreeMap::new() }
    }

    /// What a policy's selector matched, or a selector of just this text under another policy's name: the newest of
    /// those, and of one day the largest.
    fn before(&self, id: &SelectorId, by_text: &SelectorId) -> Option<&Matched> {
        let same_text = || {
            let others = self.matched.iter().filter(|(other, _)| other.selector == by_text.selector);
            others.map(|(_, matched)| matched).max_by_key(|matched| (&matched.since, matched.accounts))
        };
        self.matched.get(id).or_else(same_text)
    }
}

/// What tells selectors from each other wherever they stand: all that is written in them, in any order.
fn fingerprint(selectors: &[&Selector]) -> String {
    let mut hash = Sha256::new_with_prefix("icewarden selector 1");
    for selector in selectors {
        let Selector { domains, groups, accounts, except, states, place: _ } = selector;
        let states = states.as_ref().map(|states| format!("\nstates {states:?}")).unwrap_or_default();
        hash.update(states);
        for (key, entries) in [
            ("domains", domains),
            ("groups", groups),
            ("accounts", accounts),
            ("except", &Some(except.clone())),
        ] {
            let sorted = |entries: &Vec<(String, Place)>| -> BTreeSet<String> {
                entries.iter().map(|(text, _)| text.clone()).collect()
            };
            // A name holds no line end.
            let lines: Vec<String> = entries.iter().flat_map(sorted).collect();
            hash.update(format!("\n{key} {}\n{}", entries.is_some(), lines.join("\n")));
        }
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// How many percent of its accounts a selector may lose from one apply to the next.
pub const SHRINK_PERCENT_MAX: u64 = 20;

/// Holds what selectors match now against what they matched.
#[derive(Debug)]
pub struct Recalling<'a> {
    pub policy: &'a str,
    pub memory: &'a Memory,
    /// Of `--allow shrink=POLICY:N` the number.
    pub allowed: Option<u64>,
    /// What the policy's selectors match now.
    pub matched: Vec<(SelectorId, u64)>,
}

impl Recalling<'_> {
    /// Notes what a selector matches; says so where it lost too many. `texts` are the selectors that it is made of.
    pub fn shrank(&mut self, selector: &str, texts: &[&Selector], accounts: usize) -> Option<String> {
        let accounts = accounts as u64;
        let id = SelectorId { policy: self.policy.to_owned(), selector: selector.to_owned() };
        let selector_by_text = format!("{selector}#{}", fingerprint(texts));
        let by_text = SelectorId { policy: self.policy.to_owned(), selector: selector_by_text };
        let before = self.memory.before(&id, &by_text);
        let held = before.filter(|before| {
            before.lost_too_many(accounts) && self.allowed.is_none_or(|least| accounts < least)
        }).map(|before| {
            let what = if selector == "scope" { "its scope" } else { &format!("what enables {selector}") };
            format!(
                "{what} matches {accounts} accounts, and matched {} when it was last applied ({}): more than \
                 {SHRINK_PERCENT_MAX} % fewer",
                before.accounts, before.since
            )
        });
        self.matched.extend([(id, accounts), (by_text, accounts)]);
        held
    }
}

impl Matched {
    fn lost_too_many(&self, now: u64) -> bool {
        let lost = self.accounts.saturating_sub(now);
        lost.saturating_mul(100) > self.accounts.saturating_mul(SHRINK_PERCENT_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::tests::{place, scope};

    fn matched(accounts: u64, since: &str) -> Matched {
        Matched { accounts, since: since.to_owned() }
    }

    fn id(policy: &str, selector: &str) -> SelectorId {
        SelectorId { policy: policy.to_owned(), selector: selector.to_owned() }
    }

    fn of(accounts: &[&str]) -> Selector {
        scope(accounts.iter().map(|account| ((*account).to_owned(), place())).collect())
    }

    #[test]
    fn a_fifth_may_be_lost_and_one_more_may_not() {
        for (before, now, held) in [
            (0, 0, false),
            (10, 10, false),
            (10, 30, false),
            (10, 8, false),
            (10, 7, true),
            (1_000_000, 800_000, false),
            (1_000_000, 799_999, true),
            (1, 0, true),
            (4, 3, true),
        ] {
            let id = id("sales", "scope");
            let memory = Memory {
                matched: BTreeMap::from([(id.clone(), matched(before, "2026-11-24"))]),
                ..Memory::new()
            };
            for allowed in [None, Some(now as u64 + 1), Some(now as u64), Some(0)] {
                let mut recalling =
                    Recalling { policy: "sales", memory: &memory, allowed, matched: Vec::new() };
                let said = recalling.shrank("scope", &[&of(&["*"])], now);
                let held = held && allowed.is_none_or(|least| least > now as u64);
                assert_eq!(said.is_some(), held, "{before} -> {now}: {said:?}");
                assert_eq!(recalling.matched[0], (id.clone(), now as u64));
            }
        }
        let mut recalling =
            Recalling { policy: "other", memory: &Memory::new(), allowed: None, matched: Vec::new() };
        assert_eq!(recalling.shrank("im", &[], 0), None, "what was never applied did not shrink");
    }

    /// A policy is known by its name, and by what it selects where the name is new.
    #[test]
    fn a_selector_is_known_by_its_text_under_another_name() {
        let text = |accounts: &[&str]| {
            let mut recalling =
                Recalling { policy: "sales", memory: &Memory::new(), allowed: None, matched: Vec::new() };
            recalling.shrank("im", &[&of(&["a*"]), &of(accounts)], 0);
            recalling.matched[1].0.clone()
        };
        let (own, another) = (text(&["b", "c"]), text(&["b"]));
        assert_eq!(text(&["c", "b", "b"]), own, "the order says nothing");
        assert_ne!(own, another);
        let rows = |rows: &[(&SelectorId, u64, &str)]| Memory {
            matched: rows.iter().map(|(id, count, since)| ((*id).clone(), matched(*count, since))).collect(),
            ..Memory::new()
        };
        let elsewhere = SelectorId { policy: "old".to_owned(), ..own.clone() };
        let older = SelectorId { policy: "older".to_owned(), ..own.clone() };
        // What is remembered, and of how many accounts the policy `sales` is held to have lost some.
        for (memory, before) in [
            (rows(&[]), None),
            (rows(&[(&elsewhere, 10, "2026-11-24")]), Some("10")),
            (rows(&[(&another, 10, "2026-11-24")]), None),
            (rows(&[(&elsewhere, 10, "2026-11-24"), (&older, 90, "2026-11-20")]), Some("10")),
            (rows(&[(&elsewhere, 10, "2026-11-24"), (&older, 90, "2026-11-24")]), Some("90")),
            // Its own name says more, whatever its text was.
            (rows(&[(&elsewhere, 10, "2026-11-24"), (&id("sales", "im"), 20, "2026-01-01")]), Some("20")),
            (rows(&[(&elsewhere, 10, "2026-11-24"), (&id("sales", "im"), 1, "2026-01-01")]), None),
            // The scope of another policy is no answer to whom this one enables.
            (rows(&[(&id("old", "scope"), 10, "2026-11-24")]), None),
        ] {
            let mut recalling =
                Recalling { policy: "sales", memory: &memory, allowed: None, matched: Vec::new() };
            let said = recalling.shrank("im", &[&of(&["a*"]), &of(&["b", "c"])], 1);
            let told = before.map(|count| format!("matches 1 accounts, and matched {count} when"));
            assert_eq!(said.is_some(), told.is_some(), "{memory:?}: {said:?}");
            assert!(said.unwrap_or_default().contains(&told.unwrap_or_default()), "{memory:?}");
        }
    }
}
