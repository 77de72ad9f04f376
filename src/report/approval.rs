//! Why a plan or a run is not what was approved, and what is new beside it.

use crate::flow::resume::{Effect, GoesOn, Refusal};
use crate::model::{counted, visible};
use crate::plan::approval::{News, Stale};

/// How many steps or accounts are named where there are many.
const NAMED: usize = 10;

/// Why nothing was done where the plan is not the approved one.
pub fn stale(server: &str, stale: &Stale) -> String {
    match stale {
        Stale::NotInFile => format!("the saved plan does not hold the server {server}"),
        Stale::NotPlanned => format!("{server} could not be planned when the plan was saved"),
        Stale::NothingLeft => format!(
            "{server}: there is nothing left to do: the plan has been applied already, or somebody else did it; \
             nothing was changed"
        ),
        Stale::Differs { gone, new } => {
            let mut text = format!(
                "{server}: the plan is stale: what it would do now differs from what was approved; nothing was changed"
            );
            for (word, steps) in [("no longer", gone), ("new", new)] {
                for step in steps.iter().take(NAMED) {
                    text.push_str(&format!("\n  {word}: {}", visible(step)));
                }
            }
            text
        }
        Stale::NotReviewed => {
            format!("{server}: no effects of this server were reviewed; nothing was changed")
        }
        Stale::ReviewedOther { now, reviewed } => format!(
            "{server}: the plan is stale: its effects are {} now, and {} were reviewed; nothing was changed",
            short(now),
            short(reviewed)
        ),
    }
}

/// The next act after a plan that was stale.
pub const STALE_NEXT: &str = "plan again, and have the new plan reviewed";

/// The digits of a digest that a plan shows.
fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

/// What is said where the seats of an approved plan are gone.
pub fn seats_gone(server: &str) -> String {
    format!("{server}: the seats that the plan was to take are no longer free; nothing was changed")
}

/// Accounts that came or went since the plan, a line each; they make nothing stale.
pub fn news(news: &News) -> Vec<String> {
    let (before, after) = news.accounts;
    if news.came.is_empty() && news.went.is_empty() {
        return match before == after {
            true => Vec::new(),
            false => {
                vec![format!("note: the server has {after} accounts now, {before} when the plan was made")]
            }
        };
    }
    let mut lines = Vec::new();
    for (word, addresses) in [("new", &news.came), ("gone", &news.went)] {
        if !addresses.is_empty() {
            let named: Vec<&str> = addresses.iter().take(NAMED).map(String::as_str).collect();
            lines.push(format!(
                "note: {} {word} since the plan was made, which it does not touch: {}",
                counted(addresses.len() as u64, "account"),
                named.join(", ")
            ));
        }
    }
    lines
}

/// Why a run cannot go on.
pub fn refusal(server: &str, run: i64, refusal: &Refusal<'_>) -> String {
    let Refusal { undone, others } = refusal;
    let mut whys = Vec::new();
    if !undone.is_empty() {
        whys.push(format!(
            "what it had done was changed since: {}{}",
            counted(undone.len() as u64, "step"),
            named(undone)
        ));
    }
    if !others.is_empty() {
        whys.push(format!(
            "the server has changed since, and {} would be done that the run was not approved for{}",
            counted(others.len() as u64, "step"),
            named(others)
        ));
    }
    format!("{server}: run {run} cannot go on, and nothing was changed: {}", whys.join("\n  "))
}

/// How a run goes on; `begun` is when it was begun.
pub fn goes_on(server: &str, run: i64, begun: &str, on: &GoesOn<'_>) -> Vec<String> {
    let GoesOn { steps, done, left, found, gone } = on;
    let mut lines =
        vec![format!("{server}: run {run} of {begun}: {done} of {steps} steps were done, {left} left to do")];
    if !found.is_empty() {
        lines.push(format!("  {} in doubt, and found done now:{}", found.len(), named(found)));
    }
    if *gone > 0 {
        lines.push(format!("  {gone} that it had not begun: no longer needed, somebody else did that"));
    }
    lines
}

/// Some of them, a line each.
fn named(effects: &[Effect<'_>]) -> String {
    let mut lines = String::new();
    for effect in effects.iter().take(NAMED) {
        lines.push_str(&format!("\n    {} {}", effect.action, visible(effect.address)));
    }
    if effects.len() > NAMED {
        lines.push_str(&format!("\n    and {} more", effects.len() - NAMED));
    }
    lines
}
