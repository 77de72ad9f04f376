//! A run in the journal: how it began, how it ended, and what is remembered after it.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::keep::server_key;
use super::order::Order;
use super::resume::{Resumed, approved};
use super::tell::Told;
use crate::edge::store::{Beginning, EndWord, Entry, Journal, StepRow, StoreError};
use crate::flow::resume::{Approved, Came, Settled, SpecOrigin, settled};
use crate::flow::{Counts, Run, StepState, Word};
use crate::model::{StepIndex, counted};
use crate::plan::Plan;
use crate::plan::file::ServerFile;
use crate::report::groups::Detail;
use crate::report::view;

/// Writes a run down before its first step.
///
/// # Errors
/// What cannot be written down is not done.
pub(super) async fn begin(order: &Order<'_>, plan: &Plan<'_>) -> Result<Journal, StoreError> {
    let server = order.job.server;
    let file = view::server(plan, Detail::All);
    let resumed = order.before.run();
    let found = resumed.map(|resumed| (resumed.run.id, entries(resumed.settled(&file, &view::unsure(plan)))));
    let folder = match resumed {
        Some(resumed) => resumed.run.folder.clone(),
        None => order.folder.to_string_lossy().into_owned(),
    };
    let beginning = Beginning {
        server: &server.name,
        server_key: &server_key(server),
        url: server.connection.target(),
        reference_id: file.reference_id.as_deref(),
        who: &order.keep.who,
        now: Timestamp::now(),
        approval: order.approval(),
        effects: &file.effects_digest,
        folder: &folder,
        commit: order.commit,
        resumes: resumed.map(|resumed| resumed.run.id),
        allows: order.job.allows,
        narrowing: order.job.narrowing,
        sources: order.sources,
        steps: file.steps.into_iter().map(StepRow::from).collect(),
    };
    // First what is known of the old run: cut off in between, it is still open, and all that is written of it is so.
    if let Some((run, found)) = found {
        order.keep.store.write(run, beginning.server_key, beginning.now, &found).await?;
    }
    let journal = Journal::begin(&order.keep.store, &beginning).await?;
    remember(order, plan, Remembering::Begun).await?;
    Ok(journal)
}

/// Writes down how a run ended.
///
/// # Errors
/// Then it stays open, and can be resumed.
pub(super) async fn end(
    order: &Order<'_>,
    journal: &Journal,
    plan: &Plan<'_>,
    run: &Run<'_>,
) -> Result<(), StoreError> {
    let counts = Counts::of(run);
    let word = if counts.is_whole() { EndWord::Complete } else { EndWord::Partial };
    let now = Timestamp::now();
    journal.write(now, &not_tried(run)).await?;
    journal.end(now, word, &detail(counts, run)).await?;
    // What was tried to its end was applied, even if an account refuses it for ever.
    if run.halted().is_none() { remember(order, plan, Remembering::Ended).await } else { Ok(()) }
}

/// The steps that were never tried, and why.
fn not_tried(run: &Run<'_>) -> Vec<Entry> {
    let stopped = |(step, state): (StepIndex, &StepState)| match state {
        StepState::Stopped(why) => Some(Entry::Outcome { step, word: Word::NotTried, detail: why.clone() }),
        StepState::Waiting | StepState::UnderWay | StepState::Ended(_) => None,
    };
    run.steps().filter_map(stopped).collect()
}

fn detail(counts: Counts, run: &Run<'_>) -> String {
    let mut text = format!("{} of {} steps done", counts.done, counts.steps());
    for (count, word) in
        [(counts.failed, "failed"), (counts.doubtful, "in doubt"), (counts.stopped, "not tried")]
    {
        if count > 0 {
            text.push_str(&format!(", {count} {word}"));
        }
    }
    if let Some(why) = run.halted() {
        text.push_str(&format!("; {why}"));
    }
    text
}

/// Where nothing is left to send, runs that had not ended are settled, and the counts of today are remembered. What is
/// blocked stays so until a new plan: no run can go on with it.
///
/// # Errors
/// It could not be written down.
pub(super) async fn nothing_to_do(order: &Order<'_>, plan: &Plan<'_>) -> Result<(), StoreError> {
    let store = &order.keep.store;
    let key = server_key(order.job.server);
    let file = view::server(plan, Detail::All);
    let unsure = view::unsure(plan);
    for run in store.all_unfinished(Some(&key)).await? {
        let resumed = order.before.run().filter(|resumed| resumed.run.id == run.id);
        // A run that is gone on with was narrowed just as this plan.
        if resumed.is_none() && !store.covered(run.id, order.job.narrowing).await? {
            continue;
        }
        let steps = store.steps(run.id).await?;
        let approved = approved(&steps);
        // What nobody can tell is not settled, and neither is its run: it can be gone on with once it is told.
        let is_open = |step: &Approved<'_>| step.came != Came::Done && unsure.contains(step.effect.address);
        if approved.iter().any(is_open) {
            continue;
        }
        let settled = match resumed {
            Some(resumed) => resumed.settled(&file, &unsure),
            None => settled(&approved, &file, &unsure, SpecOrigin::Another),
        };
        let blocked = settled.iter().filter(|(_, settled)| *settled == Settled::Blocked).count();
        let why = match blocked {
            0 => "nothing of it is left to do".to_owned(),
            blocked => format!("{} of it blocked, and nothing else is left", is_or_are(blocked)),
        };
        let now = Timestamp::now();
        store.write(run.id, &key, now, &entries(settled)).await?;
        store.end(run.id, now, EndWord::Settled, &why).await?;
        order.job.told(Told::Settled { run: run.id, blocked });
    }
    remember(order, plan, Remembering::Ended).await
}

fn is_or_are(steps: usize) -> String {
    let verb = if steps == 1 { "is" } else { "are" };
    format!("{} {verb}", counted(steps as u64, "step"))
}

impl Resumed {
    /// What is settled of its steps by a plan that goes on with it.
    fn settled(&self, now: &ServerFile, unsure: &BTreeSet<String>) -> Vec<(StepIndex, Settled)> {
        settled(&approved(&self.steps), now, unsure, self.spec)
    }
}

fn entries(settled: Vec<(StepIndex, Settled)>) -> Vec<Entry> {
    let entry = |(step, settled): (StepIndex, Settled)| {
        let word = match settled {
            Settled::Blocked => Word::Blocked,
            Settled::Found => Word::Found,
            Settled::NoNeed => Word::NoNeed,
        };
        Entry::Outcome { step, word, detail: settled.why().to_owned() }
    };
    settled.into_iter().map(entry).collect()
}

/// When the counts are remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remembering {
    /// A run has begun. A policy that may shrink keeps its number until the run has come to its end: one that is
    /// stopped at once, since the override was a slip, must not have lost its guard.
    Begun,
    Ended,
}

/// Remembers whom the selectors matched, for the next plan. Policies that were held keep their number; so do all
/// where the plan was narrowed, since what it left out was not looked at.
async fn remember(order: &Order<'_>, plan: &Plan<'_>, when: Remembering) -> Result<(), StoreError> {
    if !order.job.narrowing.is_none() {
        return Ok(());
    }
    let mut matched = plan.assignment.matched.clone();
    if when == Remembering::Begun {
        let shrinks = order.job.allows.iter().filter_map(|allow| allow.allowed.shrink());
        let shrinks: BTreeSet<&str> = shrinks.map(|(policy, _)| policy).collect();
        matched.retain(|id, _| !shrinks.contains(id.policy.as_str()));
    }
    let key = server_key(order.job.server);
    order.keep.store.remember_matched(&key, Timestamp::now(), &matched).await
}
