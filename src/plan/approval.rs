//! A plan that was just made against the one that was approved: what is done must be what somebody has seen.
//!
//! The two are compared by their effects digest. Where it differs this says how, so that a person need not look for
//! it. What else the server holds makes no plan stale; accounts that came or went are told as [`News`].

use std::collections::{BTreeMap, BTreeSet};

use super::file::{PlanFile, PlanOutcomeFile, ServerFile, StepFile};

/// What became of an approved plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approval {
    /// It still does the same.
    Same(News),
    /// Some of its claims find no seat any more; the rest is the same.
    SeatsGone,
    Stale(Stale),
}

/// Why a plan is not the approved one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stale {
    /// The approved file does not hold this server.
    NotInFile,
    /// The server could not be planned when the file was saved.
    NotPlanned,
    /// Nothing is left to do: it was applied already, or somebody else did it.
    NothingLeft,
    /// Steps by action and address: those it no longer has, and those that are new. Both are empty where only what a
    /// step expects has changed.
    Differs { gone: Vec<String>, new: Vec<String> },
    /// A digest was reviewed for other servers, and none for this.
    NotReviewed,
    /// Another digest was reviewed.
    ReviewedOther { now: String, reviewed: String },
}

/// What is new on the server since a plan was approved, and is not touched by it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// How many accounts there were, and are.
    pub accounts: (u64, u64),
    /// Addresses, where both plans name them; a plan of many accounts does not.
    pub came: Vec<String>,
    pub went: Vec<String>,
}

/// Compares an approved plan with the one that was just made for the same server.
pub fn compare(approved: &PlanFile, now: &ServerFile) -> Approval {
    let Some(then) = approved.servers.iter().find(|server| server.server == now.server) else {
        return Approval::Stale(Stale::NotInFile);
    };
    // An outcome of a later version may mean that what it approves is more than this one can do.
    let not_planned = matches!(
        then.outcome,
        PlanOutcomeFile::Failed | PlanOutcomeFile::Invalid | PlanOutcomeFile::Other(_)
    );
    if not_planned {
        return Approval::Stale(Stale::NotPlanned);
    }
    if then.effects_digest == now.effects_digest {
        return Approval::Same(news(then, now));
    }
    if then.wish_digest == now.wish_digest && only_lacks(then, now) {
        return Approval::SeatsGone;
    }
    if now.outcome == PlanOutcomeFile::NothingToDo {
        return Approval::Stale(Stale::NothingLeft);
    }
    let (then, now) = (named(then), named(now));
    let only = |one: &BTreeSet<String>, other: &BTreeSet<String>| one.difference(other).cloned().collect();
    Approval::Stale(Stale::Differs { gone: only(&then, &now), new: only(&now, &then) })
}

/// Whether every step there is now was approved as it is, and some that were are missing.
fn only_lacks(then: &ServerFile, now: &ServerFile) -> bool {
    let effects = |file: &ServerFile| -> BTreeSet<String> {
        let effect = |step: &StepFile| {
            let StepFile { action, address, seats, expects, before, after, .. } = step;
            format!("{action} {address} {seats} {expects:?} {before:?} {after:?}")
        };
        file.steps.iter().map(effect).collect()
    };
    let (then, now) = (effects(then), effects(now));
    now.len() < then.len() && now.is_subset(&then)
}

fn named(file: &ServerFile) -> BTreeSet<String> {
    file.steps.iter().map(|step| format!("{} {}", step.action, step.address)).collect()
}

fn news(then: &ServerFile, now: &ServerFile) -> News {
    let accounts = (then.accounts.count, now.accounts.count);
    let (Some(then), Some(now)) = (&then.accounts.addresses, &now.accounts.addresses) else {
        return News { accounts, ..News::default() };
    };
    let set = |addresses: &[String]| -> BTreeSet<String> { addresses.iter().cloned().collect() };
    let (then, now) = (set(then), set(now));
    let only = |one: &BTreeSet<String>, other: &BTreeSet<String>| one.difference(other).cloned().collect();
    News { accounts, came: only(&now, &then), went: only(&then, &now) }
}

/// The effects that were reviewed, by server; nothing where none were named.
#[derive(Debug, Default)]
pub struct Reviewed(BTreeMap<String, String>);

impl Reviewed {
    /// Reads `DIGEST`, for the one server that there is, and `SERVER=DIGEST`.
    ///
    /// # Errors
    /// What is wrong with one of them.
    pub fn read(texts: &[String], servers: &[&str]) -> Result<Reviewed, String> {
        let mut reviewed = BTreeMap::new();
        for text in texts {
            let (name, digest) = match (text.split_once('='), servers) {
                (Some((name, digest)), _) => (name, digest),
                (None, [only]) => (*only, text.as_str()),
                (None, _) => {
                    return Err(format!("--effects {text}: say SERVER=DIGEST, there are several servers"));
                }
            };
            if digest.len() != 64 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(format!("--effects {text}: a digest has 64 hexadecimal digits"));
            }
            if !servers.contains(&name) {
                return Err(format!("--effects {text}: the spec has no server {name}"));
            }
            if reviewed.insert(name.to_owned(), digest.to_lowercase()).is_some() {
                return Err(format!("--effects {text}: {name} has two digests"));
            }
        }
        Ok(Reviewed(reviewed))
    }

    /// Whether a plan does what was reviewed.
    ///
    /// # Errors
    /// It does not, or this server's plan was not among those reviewed.
    pub fn holds(&self, now: &ServerFile) -> Result<(), Stale> {
        match self.0.get(&now.server) {
            None if self.0.is_empty() => Ok(()),
            None => Err(Stale::NotReviewed),
            Some(digest) if *digest == now.effects_digest => Ok(()),
            Some(digest) => {
                Err(Stale::ReviewedOther { now: now.effects_digest.clone(), reviewed: digest.clone() })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A plan of one server that claims these services for one account.
    fn plan(outcome: &str, digests: (&str, &str), services: &[&str]) -> ServerFile {
        let step = |service: &&str| {
            serde_json::json!({
                "address": format!("eu/a@example.com/{service}"), "action": "claim", "before": "disabled",
                "after": "enabled", "seats": 1, "expects": {}, "needs": [],
                "reason": {"action_reason": "enable", "place": "a.yaml:1:1"},
            })
        };
        let plan = serde_json::json!({
            "server": "eu", "url": "", "outcome": outcome, "effects_digest": digests.0, "wish_digest": digests.1,
            "counts": {"claims": 0, "releases": 0, "settings": 0, "blocked": 0}, "ledger": [],
            "steps": services.iter().map(step).collect::<Vec<_>>(), "blocked": [], "held_policies": [],
            "holds": [], "findings": [], "unmanaged": {"accounts": 0, "services": {}},
            "accounts": {"count": 0}, "calls": {},
        });
        serde_json::from_value(plan).expect("a plan")
    }

    fn compared(then: ServerFile, now: &ServerFile) -> Approval {
        compare(&PlanFile { servers: vec![then], ..PlanFile::empty() }, now)
    }

    #[test]
    fn only_a_plan_that_does_the_same_is_approved() {
        let both = || plan("changes", ("e", "w"), &["im", "sip"]);
        assert_eq!(compared(both(), &both()), Approval::Same(News::default()));
        // Of what was approved some seats are gone, and nothing else has changed.
        let less = plan("blocked", ("e2", "w"), &["im"]);
        assert_eq!(compared(both(), &less), Approval::SeatsGone);
        let other = plan("changes", ("e3", "w2"), &["im", "ftp"]);
        let Approval::Stale(Stale::Differs { gone, new }) = compared(both(), &other) else {
            panic!("it does something else")
        };
        assert_eq!(gone, ["claim eu/a@example.com/sip"]);
        assert_eq!(new, ["claim eu/a@example.com/ftp"]);
        let idle = plan("nothing-to-do", ("", "w2"), &[]);
        assert_eq!(compared(both(), &idle), Approval::Stale(Stale::NothingLeft));
    }

    #[test]
    fn what_was_not_planned_or_is_of_a_later_version_approves_nothing() {
        let now = plan("changes", ("e", "w"), &["im"]);
        for outcome in ["failed", "invalid", "a-later-word"] {
            let then = plan(outcome, ("e", "w"), &["im"]);
            assert_eq!(compared(then, &now), Approval::Stale(Stale::NotPlanned), "{outcome}");
        }
        let then = ServerFile { server: "us".to_owned(), ..plan("changes", ("e", "w"), &["im"]) };
        assert_eq!(compared(then, &now), Approval::Stale(Stale::NotInFile));
    }
}
