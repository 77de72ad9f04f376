//! How many accounts each selector matched when it was last applied. A selector that lost many since then holds its
//! policy: an emptied group must not switch off a company.
//!
//! It is the number that is looked at, not the text: a selector that its author narrowed on purpose is held as one
//! that shrank by itself, once. A slip in a selector looks just like a purpose, and `--allow shrink=POLICY:N` says
//! which it was, and how many must be left; the apply that it is given to remembers the new number, and nothing is held any more.

use std::collections::BTreeMap;

/// A selector of a policy: its `scope`, or what `enable`s a service, by the service's name.
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

/// What the selectors of one server matched; empty where nothing was applied yet.
pub type Memory = BTreeMap<SelectorId, Matched>;

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
    /// Notes what a selector matches; says so where it lost too many.
    pub fn shrank(&mut self, selector: &str, accounts: usize) -> Option<String> {
        let accounts = accounts as u64;
        let id = SelectorId { policy: self.policy.to_owned(), selector: selector.to_owned() };
        let before = self.memory.get(&id);
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
        self.matched.push((id, accounts));
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
            let id = SelectorId { policy: "sales".to_owned(), selector: "scope".to_owned() };
            let memory =
                Memory::from([(id.clone(), Matched { accounts: before, since: "2026-11-24".to_owned() })]);
            for allowed in [None, Some(now as u64 + 1), Some(now as u64), Some(0)] {
                let mut recalling =
                    Recalling { policy: "sales", memory: &memory, allowed, matched: Vec::new() };
                let said = recalling.shrank("scope", now);
                let held = held && allowed.is_none_or(|least| least > now as u64);
                assert_eq!(said.is_some(), held, "{before} -> {now}: {said:?}");
                assert_eq!(recalling.matched, [(id.clone(), now as u64)]);
            }
        }
        let mut recalling =
            Recalling { policy: "other", memory: &Memory::new(), allowed: None, matched: Vec::new() };
        assert_eq!(recalling.shrank("im", 0), None, "what was never applied did not shrink");
    }
}
