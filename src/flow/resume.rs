//! Whether a run that was cut off, or ended in part, may go on, and what counts as settled of it.
//!
//! A run is not replayed. The server is read again and planned again, and the run goes on only if all that is then
//! left was approved: each step by what it does and to whom, since what a step expects beside that changes as work is
//! done. What is no longer in the plan is settled.

use std::collections::BTreeSet;

use crate::model::StepIndex;
use crate::plan::file::{ServerFile, StepFile};

/// What a step does, and to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Effect<'a> {
    pub action: &'a str,
    pub address: &'a str,
    pub before: Option<&'a str>,
    pub after: Option<&'a str>,
    /// Where its secret is kept, for one.
    pub secret: Option<&'a str>,
}

impl<'a> Effect<'a> {
    /// What a step of a plan does.
    pub fn of(step: &'a StepFile) -> Effect<'a> {
        Effect {
            action: step.action.text(),
            address: &step.address,
            before: step.before.as_deref(),
            after: step.after.as_deref(),
            secret: step.secret.as_deref(),
        }
    }

    /// What it does and to whom, whatever is there before.
    fn whom(&self) -> (&'a str, &'a str) {
        (self.action, self.address)
    }
}

/// How far a run had come with a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    Done,
    /// It was begun, and is not known to be done.
    Begun,
    NotBegun,
}

/// A step that was approved with a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Approved<'a> {
    pub effect: Effect<'a>,
    pub came: Came,
}

/// Why a run cannot go on. One of the two is not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal<'a> {
    /// What it had done, and is to be done once more: somebody undid it.
    pub undone: Vec<Effect<'a>>,
    /// What nobody approved.
    pub others: Vec<Effect<'a>>,
}

/// How a run goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoesOn<'a> {
    /// How many steps were approved.
    pub steps: usize,
    /// How many of them the run had done.
    pub done: usize,
    /// How many are left to do.
    pub left: usize,
    /// What was in doubt, and is found done now.
    pub found: Vec<Effect<'a>>,
    /// What was never begun and is no longer needed: somebody else did it.
    pub gone: usize,
}

/// Whether all that is left to do was approved and not done yet.
///
/// `unsure` are addresses of which the plan cannot tell whether they are as declared: what it does not hold of those is
/// still open, and not done.
///
/// # Errors
/// What would be done that was not.
pub fn goes_on<'a>(
    approved: &[Approved<'a>],
    now: &'a ServerFile,
    unsure: &BTreeSet<String>,
) -> Result<GoesOn<'a>, Refusal<'a>> {
    let left: BTreeSet<Effect<'a>> = now.steps.iter().map(Effect::of).collect();
    let open: BTreeSet<Effect<'a>> =
        approved.iter().filter(|step| step.came != Came::Done).map(|step| step.effect).collect();
    let done: BTreeSet<(&str, &str)> =
        approved.iter().filter(|step| step.came == Came::Done).map(|step| step.effect.whom()).collect();
    let (undone, others): (Vec<Effect<'a>>, Vec<Effect<'a>>) =
        left.difference(&open).copied().partition(|effect| done.contains(&effect.whom()));
    if !undone.is_empty() || !others.is_empty() {
        return Err(Refusal { undone, others });
    }
    let blocked: BTreeSet<&str> = now.blocked.iter().map(|blocked| blocked.address.as_str()).collect();
    let mut goes_on = GoesOn { steps: approved.len(), done: 0, left: left.len(), found: Vec::new(), gone: 0 };
    for step in approved {
        let is_unsure = step.came != Came::Done && unsure.contains(step.effect.address);
        if left.contains(&step.effect) || blocked.contains(step.effect.address) || is_unsure {
            continue;
        }
        match step.came {
            Came::Done => goes_on.done += 1,
            Came::Begun => goes_on.found.push(step.effect),
            Came::NotBegun => goes_on.gone += 1,
        }
    }
    Ok(goes_on)
}

/// From which spec a plan was made that nothing is left of a run in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpecOrigin {
    /// The one that the run was begun with: a step that is not in the plan is done.
    OfTheRun,
    /// Another, which may want something else: a step that is not in the plan may never have been done.
    Another,
}

/// What became of a step that a plan has no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    Blocked,
    /// It was begun, and is read to be done.
    Found,
    /// Nothing is left to do for it.
    NoNeed,
}

impl Settled {
    /// Why, for whoever reads the journal.
    pub const fn why(self) -> &'static str {
        match self {
            Settled::Blocked => "it was blocked when the run was gone on with or settled",
            Settled::Found => "it was read to be done when the run was gone on with or settled",
            Settled::NoNeed => "nothing was left to do for it when the run was gone on with or settled",
        }
    }
}

/// What is settled of a run's steps by a plan that goes on with it or has nothing left, by their indices: those that
/// are done, that are in the plan, or of which the plan is `unsure`, stay as they are.
pub fn settled(
    approved: &[Approved<'_>],
    now: &ServerFile,
    unsure: &BTreeSet<String>,
    spec: SpecOrigin,
) -> Vec<(StepIndex, Settled)> {
    let left: BTreeSet<(&str, &str)> = now.steps.iter().map(|step| Effect::of(step).whom()).collect();
    let blocked: BTreeSet<&str> = now.blocked.iter().map(|blocked| blocked.address.as_str()).collect();
    let of = |(index, step): (usize, &Approved<'_>)| {
        let stays = left.contains(&step.effect.whom()) || unsure.contains(step.effect.address);
        if step.came == Came::Done || stays {
            return None;
        }
        let settled = if blocked.contains(step.effect.address) {
            Settled::Blocked
        } else if step.came == Came::Begun && spec == SpecOrigin::OfTheRun {
            Settled::Found
        } else {
            Settled::NoNeed
        };
        Some((StepIndex::new(index), settled))
    };
    approved.iter().enumerate().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A plan that takes IM from these accounts.
    fn left(accounts: &[&str]) -> ServerFile {
        let step = |account: &&str| {
            serde_json::json!({
                "address": format!("eu/{account}@example.com/im"), "action": "release", "before": "enabled",
                "after": "disabled", "seats": -1, "expects": {}, "needs": [],
                "reason": {"action_reason": "others", "place": "a.yaml:1:1"},
            })
        };
        let plan = serde_json::json!({
            "server": "eu", "url": "", "outcome": "changes", "effects_digest": "", "wish_digest": "",
            "counts": {"claims": 0, "releases": 0, "settings": 0, "blocked": 0}, "ledger": [],
            "steps": accounts.iter().map(step).collect::<Vec<_>>(), "blocked": [], "held_policies": [],
            "holds": [], "findings": [], "unmanaged": {"accounts": 0, "services": {}},
            "accounts": {"count": 0}, "calls": {},
        });
        serde_json::from_value(plan).expect("a plan")
    }

    fn approve<'a>(plan: &'a ServerFile, came: &[Came]) -> Vec<Approved<'a>> {
        assert_eq!(plan.steps.len(), came.len());
        plan.steps
            .iter()
            .zip(came)
            .map(|(step, came)| Approved { effect: Effect::of(step), came: *came })
            .collect()
    }

    #[test]
    fn a_run_goes_on_with_what_was_approved_and_not_done() {
        let plan = left(&["a", "b", "c", "d"]);
        let approved = approve(&plan, &[Came::Done, Came::Begun, Came::NotBegun, Came::NotBegun]);
        // One that was in doubt is done, one that was not begun was done by somebody else.
        let now = left(&["d"]);
        let on = goes_on(&approved, &now, &BTreeSet::new()).expect("all that is left was approved");
        assert_eq!((on.steps, on.done, on.left, on.gone), (4, 1, 1, 1));
        assert_eq!(on.found.iter().map(|effect| effect.address).collect::<Vec<_>>(), ["eu/b@example.com/im"]);
        assert_eq!(
            settled(&approved, &now, &BTreeSet::new(), SpecOrigin::OfTheRun),
            [(StepIndex::new(1), Settled::Found), (StepIndex::new(2), Settled::NoNeed)]
        );
        assert_eq!(
            settled(&approved, &now, &BTreeSet::new(), SpecOrigin::Another),
            [(StepIndex::new(1), Settled::NoNeed), (StepIndex::new(2), Settled::NoNeed)]
        );
    }

    /// Somebody undid it, and now no seat is free: it is neither done nor left to do.
    #[test]
    fn what_was_done_and_is_blocked_now_is_not_counted_as_done() {
        let plan = left(&["a", "b"]);
        let approved = approve(&plan, &[Came::Done, Came::Done]);
        let mut now = left(&[]);
        let blocked = serde_json::json!({
            "address": "eu/a@example.com/im", "action": "claim", "account": "a@example.com", "service": "im",
            "blocked_by": "no-seat", "message": "", "remedy": "",
            "reason": {"action_reason": "everyone", "place": "a.yaml:1:1"},
        });
        now.blocked.push(serde_json::from_value(blocked).expect("a blocked change"));
        let on = goes_on(&approved, &now, &BTreeSet::new()).expect("nothing is left");
        assert_eq!((on.done, on.left, on.gone, on.found.len()), (1, 0, 0, 0));
    }

    /// What no plan can tell – its policy is held, its switch was not read – is not done because no plan does it.
    #[test]
    fn what_the_plan_cannot_tell_stays_open() {
        let plan = left(&["a", "b", "c"]);
        let approved = approve(&plan, &[Came::Begun, Came::NotBegun, Came::Done]);
        let unsure: BTreeSet<String> =
            ["eu/a@example.com/im", "eu/b@example.com/im", "eu/c@example.com/im"].map(str::to_owned).into();
        let now = left(&[]);
        let on = goes_on(&approved, &now, &unsure).expect("nothing is left that was not approved");
        assert_eq!((on.done, on.left, on.gone, on.found.len()), (1, 0, 0, 0));
        for origin in [SpecOrigin::OfTheRun, SpecOrigin::Another] {
            assert_eq!(settled(&approved, &now, &unsure, origin), []);
        }
    }

    #[test]
    fn a_run_does_not_go_on_with_what_it_had_done_or_nobody_approved() {
        let plan = left(&["a", "b"]);
        let approved = approve(&plan, &[Came::Done, Came::NotBegun]);
        let now = left(&["a", "b", "c"]);
        let refusal = goes_on(&approved, &now, &BTreeSet::new()).expect_err("somebody changed the server");
        let names = |effects: &[Effect<'_>]| {
            effects.iter().map(|effect| effect.address.to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(&refusal.undone), ["eu/a@example.com/im"]);
        assert_eq!(names(&refusal.others), ["eu/c@example.com/im"]);
    }
}
