//! What a run did, and what it did not.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::layout::{Layout, wrap};
use super::paint::{Colour, Tone};
use super::remedy;
use super::view::step_address;
use crate::diff::Direction;
use crate::flow::{Counts, Halt, Outcome, Run, StepState};
use crate::model::{Remedy, StepIndex, counted, visible};
use crate::plan::{Plan, Step};

/// How a step stands, in a tone, a word, and why.
fn told(state: &StepState) -> (Tone, &'static str, &str) {
    match state {
        StepState::Ended(Outcome::Done { .. }) => (Tone::Good, "done", ""),
        StepState::Ended(Outcome::Said) => {
            (Tone::Good, "done", "the server says so, and lets nobody read it back")
        }
        StepState::Ended(Outcome::Already { .. }) => {
            (Tone::Good, "already so", "it was found so, and nothing was written")
        }
        StepState::Ended(Outcome::Differs(why)) => (Tone::Bad, "found otherwise", why),
        StepState::Ended(Outcome::Refused(why)) => (Tone::Bad, "refused", why),
        StepState::Ended(Outcome::Ineffective(why)) => (Tone::Bad, "no effect", why),
        StepState::Ended(Outcome::Doubt(why)) => (Tone::Bad, "in doubt", why),
        StepState::Ended(Outcome::NotSent(why)) => (Tone::Bad, "not sent", why),
        StepState::Stopped(why) => (Tone::Careful, "not tried", why),
        StepState::Waiting | StepState::UnderWay => (Tone::Careful, "not ended", ""),
    }
}

/// The address of a step, as it may be shown.
fn address(plan: &Plan<'_>, step: &Step) -> String {
    visible(&step_address(plan, step)).into_owned()
}

fn action(step: &Step) -> &'static str {
    match step {
        Step::Switch(step) => step.direction.word(),
        Step::Setting(_) => "change",
    }
}

/// What is to be said of a step that is done and whose effective value says otherwise.
fn not_in_effect(step: &Step, state: &StepState) -> Option<&'static str> {
    let (
        Step::Switch(step),
        StepState::Ended(
            Outcome::Done { effective: Some(effective) } | Outcome::Already { effective: Some(effective) },
        ),
    ) = (step, state)
    else {
        return None;
    };
    let claim = step.direction == Direction::Claim;
    (*effective != claim).then_some(if claim {
        "it is not in effect for the account (the effective value says so)"
    } else {
        "it is still in effect (the effective value says so)"
    })
}

/// Tells of steps as they end, each in a line. Why one failed is told at the end, once for all that failed like it.
#[derive(Debug)]
pub struct Telling {
    colour: Colour,
    width: usize,
    /// How many of those that were told had failed.
    failed: usize,
}

impl Telling {
    /// Nothing was told yet; `width` is that of the terminal, in columns.
    pub fn new(colour: Colour, width: usize) -> Telling {
        Telling { colour, width, failed: 0 }
    }

    /// What is said of a step that ended; nothing where so many failed before it.
    pub fn line(&mut self, plan: &Plan<'_>, step: StepIndex, state: &StepState) -> Option<String> {
        let step = &plan.steps[step.index()];
        let (tone, word, why) = told(state);
        let sign = if tone == Tone::Good { '*' } else { 'x' };
        if tone != Tone::Good {
            self.failed += 1;
            if self.failed > NAMED {
                let more = "  … what else fails is told at the end";
                return (self.failed == NAMED + 1).then(|| more.to_owned());
            }
        }
        let why = visible(why);
        let mut text = format!("{:<7} {}", action(step), address(plan, step));
        // The end has nothing more on what is done.
        if tone == Tone::Good && !why.is_empty() {
            let _ = write!(text, ": {why}");
        }
        if let Some(but) = not_in_effect(step, state) {
            let _ = write!(text, ", but {but}");
        }
        let sign = self.colour.paint(tone, &format!("{sign} {word:<9}"));
        Some(format!("  {sign} {}", beside(&text, self.width)))
    }
}

/// A step and what is said of it, beside a sign; what is longer than the line goes on below the address.
fn beside(text: &str, width: usize) -> String {
    // The columns between action and address stay as they are: `wrap` would take them for one space.
    let (action, rest) = text.split_at(text.len().min(8));
    format!("{action}{}", wrap(rest, width, 22).trim_start())
}

/// How a summary is laid out.
#[derive(Debug, Clone, Copy)]
pub struct SummaryLayout {
    pub layout: Layout,
    /// Whether the steps are named; where addresses are not to be shown they are counted.
    pub named: bool,
}

/// How many steps of one outcome are named without `--full`.
const NAMED: usize = 20;

/// Exactly what was done and what was not: what ended in the same way stands together, its reason once.
pub fn summary(plan: &Plan<'_>, run: &Run<'_>, layout: SummaryLayout) -> String {
    let Layout { colour, width, .. } = layout.layout;
    let mut out = String::new();
    let mut groups: BTreeMap<(&str, &str, &str), (Tone, Vec<usize>)> = BTreeMap::new();
    for (index, state) in run.states().iter().enumerate() {
        let step = &plan.steps[index];
        let (tone, word, why) = told(state);
        let (tone, word, why) = match not_in_effect(step, state) {
            Some(but) => (Tone::Careful, "done, but", but),
            None if tone == Tone::Good => continue,
            None => (tone, word, why),
        };
        groups.entry((word, action(step), why)).or_insert((tone, Vec::new())).1.push(index);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, (_, steps))| steps[0]);
    for ((word, action, why), (tone, steps)) in groups {
        let sign = colour.paint(tone, &format!("x {word:<9}"));
        let why = if why.is_empty() { String::new() } else { format!(": {}", visible(why)) };
        // One by itself is a line; several share what is to be said of them.
        let text = match steps.as_slice() {
            [only] if layout.named => {
                beside(&format!("{action:<7} {}{why}", address(plan, &plan.steps[*only])), width)
            }
            steps => {
                let text = format!("{}{why}", counted(steps.len() as u64, action));
                wrap(&text, width, 14).trim_start().to_owned()
            }
        };
        let _ = writeln!(out, "  {sign} {text}");
        if layout.named && steps.len() > 1 {
            let shown = if layout.layout.full { steps.len() } else { steps.len().min(NAMED) };
            for index in &steps[..shown] {
                let _ = writeln!(out, "{:14}{}", "", address(plan, &plan.steps[*index]));
            }
            if steps.len() > shown {
                let _ = writeln!(out, "{:14}… and {} more (--full shows all)", "", steps.len() - shown);
            }
        }
    }
    if let Some(why) = run.halted() {
        let text = wrap(&format!("stopped: {}", visible(&why.to_string())), width, 0);
        let _ = writeln!(out, "{}", text.replacen("stopped:", &colour.paint(Tone::Bad, "stopped:"), 1));
    }
    out.push_str(&last_lines(plan, run, layout.layout));
    out
}

/// How many steps are done, what stands in the way of the rest, and the next act.
fn last_lines(plan: &Plan<'_>, run: &Run<'_>, layout: Layout) -> String {
    let Layout { colour, width, .. } = layout;
    let counts = Counts::of(run);
    let mut out = String::new();
    let mut last = format!("{}: {} of {} steps done", plan.server.name, counts.done, run.states().len());
    for (count, word) in
        [(counts.failed, "failed"), (counts.doubtful, "in doubt"), (counts.stopped, "not tried")]
    {
        if count > 0 {
            let _ = write!(last, ", {count} {word}");
        }
    }
    let whole = counts.is_whole();
    let blocked = stands_in_the_way(plan);
    if let (true, Some(blocked)) = (whole, &blocked) {
        let _ = write!(last, "; {blocked}");
    }
    let last = wrap(&last, width, 0);
    let tone = match (whole, &blocked) {
        (true, None) => Tone::Good,
        (true, Some(_)) => Tone::Careful,
        (false, _) => Tone::Bad,
    };
    let _ = writeln!(out, "{}.", colour.paint(tone, &last));
    if let Some(left_out) = plan.left_out {
        let changes = counted(left_out, "change");
        let _ = writeln!(out, "  narrowed: {changes} left out by --target or --exclude.");
    }
    if !whole {
        let next = format!("next: {}", remedy::text(&next_of(run)));
        let _ = writeln!(out, "{}", wrap(&next, width, 2));
    } else if blocked.is_some() {
        let next = "next: `icewarden plan` names what stands in the way of each, and what to do about it";
        let _ = writeln!(out, "{}", wrap(next, width, 2));
    }
    out
}

/// What a plan left that it could not do, where there is any: a run of which all is done is not all that was wanted.
fn stands_in_the_way(plan: &Plan<'_>) -> Option<String> {
    let mut parts = Vec::new();
    if !plan.blocked.is_empty() {
        let claims = plan.blocked.iter().all(|blocked| blocked.change.direction == Direction::Claim);
        let count = counted(plan.blocked.len() as u64, if claims { "claim" } else { "change" });
        let reasons: BTreeSet<String> =
            plan.blocked.iter().map(|blocked| blocked.reason.code().replace('-', " ")).collect();
        let reasons: Vec<String> = reasons.into_iter().collect();
        let verb = if plan.blocked.len() == 1 { "is" } else { "are" };
        parts.push(format!("{count} {verb} blocked: {}", reasons.join(", ")));
    }
    if !plan.assignment.held.is_empty() {
        let held = plan.assignment.held.len();
        parts.push(format!("{held} {} held", if held == 1 { "policy is" } else { "policies are" }));
    }
    if plan.unread > 0 {
        parts.push(format!("{} could not be read", counted(plan.unread, "declared value")));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// The next act after a run that is not whole.
pub fn next_of(run: &Run<'_>) -> Remedy {
    let given_up: Vec<String> = run.given_up().map(|subject| subject.to_string()).collect();
    if run.halted().is_some() || given_up.is_empty() {
        return next_act(run.halted());
    }
    Remedy::Check(format!(
        "on the server's own console why it does not take {}: the service itself, the rights of the account of \
         connection.rpc.account, the licence; then plan again",
        given_up.join(", ")
    ))
}

/// There is no rollback: the next plan leads on from wherever a run stopped.
pub fn next_act(halted: Option<&Halt>) -> Remedy {
    match halted {
        Some(Halt::Closed(_)) => {
            Remedy::Check("the licence on the server's own console; plan again once its status is 0".into())
        }
        Some(Halt::InVain(_)) => Remedy::Check(
            "on the server's own console the rights of the account of connection.rpc.account, and the licence; then \
             plan again"
                .into(),
        ),
        Some(Halt::Forbidden(_)) => Remedy::OnServer(
            "give the account of connection.rpc.account the rights of an administrator, or use another; then go on \
             with `icewarden apply --resume`"
                .into(),
        ),
        Some(Halt::Unreached(_) | Halt::Unclear(_)) => Remedy::Check(
            "that the server answers, and the way to it; then go on with `icewarden apply --resume`, which reads back \
             what is in doubt first"
                .into(),
        ),
        Some(Halt::SessionLost(_)) => Remedy::Check(
            "whether connection.rpc.url leads to one server and not to several in turn, and how long that one keeps a \
             session; then go on with `icewarden apply --resume`"
                .into(),
        ),
        Some(Halt::Held(_)) => Remedy::Rerun("`icewarden plan`, and look at what holds the plan back".into()),
        Some(Halt::Unjournalled(_)) => Remedy::Check(
            "that the disk of the store is not full and may be written; then go on with `icewarden apply --resume`".into(),
        ),
        Some(Halt::Interrupted) | None => {
            Remedy::Rerun(
            "`icewarden plan`; what was done stays done, and the new plan holds the rest. Or do just what is left of this run \
             with `icewarden apply --resume`"
                .into(),
        )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::planned;
    use crate::policy::tests::World;

    #[test]
    fn a_step_that_ended_is_one_line_and_only_so_many_that_failed_are_told() {
        let world = World::of("instantmessaging=9", &["a im:off->on", "b im:off->on", "c im:off->on"]);
        let plan = planned(&world);
        let why = "the server refused setaccountproperties, and what it said is a long sentence about why";
        let state = StepState::Ended(Outcome::Refused(why.to_owned()));
        let mut telling = Telling::new(Colour::Never, 80);
        let mut lines = |index| telling.line(&plan, StepIndex::new(index), &state);
        assert_eq!(lines(0).as_deref(), Some("  x refused   claim   eu/a@example.com/im"));
        let told: Vec<String> = (0..2 * NAMED).filter_map(|_| lines(1)).collect();
        assert_eq!(told.len(), NAMED);
        assert_eq!(told[NAMED - 2], "  x refused   claim   eu/b@example.com/im");
        assert_eq!(told[NAMED - 1], "  … what else fails is told at the end");
        let done = StepState::Ended(Outcome::Done { effective: Some(false) });
        let line = telling.line(&plan, StepIndex::new(2), &done).expect("what is done is always told");
        assert!(line.contains("* done") && line.contains("but it is not in"), "{line}");
    }

    #[test]
    fn only_a_server_that_takes_no_changes_sends_a_person_to_its_licence() {
        let why = || "why".to_owned();
        for (halted, word) in [
            (None, "run again"),
            (Some(Halt::Interrupted), "run again"),
            (Some(Halt::Held(why())), "run again"),
            (Some(Halt::Closed(why())), "check the licence"),
            (Some(Halt::InVain(why())), "check on the server's own console the rights"),
            (Some(Halt::Forbidden(why())), "on the server's console: give the account"),
            (Some(Halt::Unreached(why())), "check that the server answers"),
            (Some(Halt::Unclear(why())), "check that the server answers"),
            (Some(Halt::Unjournalled(why())), "check that the disk"),
        ] {
            let act = remedy::text(&next_act(halted.as_ref()));
            assert!(act.starts_with(word), "{halted:?}: {act}");
        }
    }
}
