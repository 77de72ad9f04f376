//! What a run did, and what it did not.

use std::fmt::Write as _;

use super::paint::{Colour, Tone};
use super::remedy;
use super::view::step_address;
use crate::flow::{Halt, Outcome, Run, StepState};
use crate::model::{Remedy, counted};
use crate::plan::{Plan, Step};

/// How many steps of a run ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunCounts {
    pub done: usize,
    pub failed: usize,
    pub doubtful: usize,
    pub stopped: usize,
}

pub fn counts(run: &Run<'_>) -> RunCounts {
    let mut counts = RunCounts::default();
    for state in run.states() {
        match state {
            StepState::Ended(ended) if ended.is_done() => counts.done += 1,
            StepState::Ended(Outcome::Doubt(_)) | StepState::UnderWay => counts.doubtful += 1,
            StepState::Ended(_) => counts.failed += 1,
            StepState::Stopped(_) | StepState::Waiting => counts.stopped += 1,
        }
    }
    counts
}

/// One line for a step that ended, as it happens.
pub fn line(plan: &Plan<'_>, index: usize, state: &StepState, colour: Colour) -> String {
    let step = &plan.steps[index];
    let action = match step {
        Step::Switch(step) => step.direction.word(),
        Step::Setting(_) => "change",
    };
    let (tone, word, why) = match state {
        StepState::Ended(Outcome::Done { effective: None | Some(_) }) => (Tone::Good, "done", ""),
        StepState::Ended(Outcome::Said) => {
            (Tone::Good, "done", "the server says so, and lets nobody read it back")
        }
        StepState::Ended(Outcome::Differs(why)) => (Tone::Bad, "found otherwise", why.as_str()),
        StepState::Ended(Outcome::Refused(why)) => (Tone::Bad, "refused", why.as_str()),
        StepState::Ended(Outcome::Ineffective(why)) => (Tone::Bad, "no effect", why.as_str()),
        StepState::Ended(Outcome::Doubt(why)) => (Tone::Bad, "in doubt", why.as_str()),
        StepState::Ended(Outcome::NotSent(why)) => (Tone::Bad, "not sent", why.as_str()),
        StepState::Stopped(why) => (Tone::Careful, "not tried", why.as_str()),
        StepState::Waiting | StepState::UnderWay => (Tone::Careful, "not ended", ""),
    };
    let sign = if tone == Tone::Good { '*' } else { 'x' };
    let mut line = format!(
        "  {} {action:<7} {}",
        colour.paint(tone, &format!("{sign} {word:<9}")),
        step_address(plan, step)
    );
    if !why.is_empty() {
        let _ = write!(line, ": {why}");
    }
    if let (StepState::Ended(Outcome::Done { effective: Some(effective) }), Step::Switch(step)) =
        (state, step)
    {
        let claim = step.direction == crate::diff::Direction::Claim;
        if *effective != claim {
            let word =
                if claim { "but it is not in effect for the account" } else { "but it is still in effect" };
            let _ = write!(line, ", {word} (the effective value says so)");
        }
    }
    line
}

/// Exactly what was done and what was not.
pub fn summary(plan: &Plan<'_>, run: &Run<'_>, colour: Colour) -> String {
    let counts = counts(run);
    let mut out = String::new();
    for (index, state) in run.states().iter().enumerate() {
        if !matches!(state, StepState::Ended(ended) if ended.is_done()) {
            let _ = writeln!(out, "{}", line(plan, index, state, colour));
        }
    }
    if let Some(why) = run.halted() {
        let _ = writeln!(out, "{} {why}", colour.paint(Tone::Bad, "stopped:"));
    }
    let _ = write!(out, "{}: {} of {} steps done", plan.server.name, counts.done, run.states().len());
    for (count, word) in
        [(counts.failed, "failed"), (counts.doubtful, "in doubt"), (counts.stopped, "not tried")]
    {
        if count > 0 {
            let _ = write!(out, ", {count} {word}");
        }
    }
    out.push_str(".\n");
    if let Some(left_out) = plan.left_out {
        let changes = counted(left_out, "change");
        let _ = writeln!(out, "  narrowed: {changes} left out by --target or --exclude.");
    }
    if counts.done < run.states().len() {
        let _ = writeln!(out, "  next: {}", remedy::text(&next_act(run.halted())));
    }
    out
}

/// There is no rollback: the next plan leads on from wherever a run stopped.
fn next_act(halted: Option<&Halt>) -> Remedy {
    match halted {
        Some(Halt::Closed(_)) => {
            Remedy::Check("the licence on the server's own console; plan again once its status is 0".into())
        }
        Some(Halt::Held(_)) => Remedy::Rerun("plan again, and look at what holds the plan back".into()),
        Some(Halt::Unjournalled(_)) => Remedy::Check(
            "that the disk of the store is not full and may be written; then go on with `icewarden apply --resume`".into(),
        ),
        Some(Halt::Interrupted) | None => {
            Remedy::Rerun("plan again; what was done stays done, and the new plan holds the rest".into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_server_that_takes_no_changes_sends_a_person_to_its_licence() {
        let why = || "why".to_owned();
        for (halted, word) in [
            (None, "run again"),
            (Some(Halt::Interrupted), "run again"),
            (Some(Halt::Held(why())), "run again"),
            (Some(Halt::Closed(why())), "check the licence"),
            (Some(Halt::Unjournalled(why())), "check that the disk"),
        ] {
            let act = remedy::text(&next_act(halted.as_ref()));
            assert!(act.starts_with(word), "{halted:?}: {act}");
        }
    }
}
