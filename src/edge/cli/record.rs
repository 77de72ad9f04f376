//! A run in the journal: how it began, how it ended, and what is remembered after it.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::apply::{Applying, Before};
use super::exit::Exit;
use super::job::Job;
use super::keep::{here, say_store};
use crate::edge::store::{Beginning, EndWord, Entry, Journal, StepRow, StepTold, StoreError};
use crate::flow::{Run, StepState};
use crate::model::counted;
use crate::plan::file::ServerFile;
use crate::plan::{Allow, Plan};
use crate::report::groups::Detail;
use crate::report::run::{self as report, RunCounts};
use crate::report::view;

/// Writes a run down before its first step.
///
/// # Errors
/// The exit, after saying why: what cannot be written down is not done.
pub async fn begin(applying: &Applying<'_>, plan: &Plan<'_>) -> Result<Journal, Exit> {
    let server = applying.job.server;
    let file = view::server(plan, Detail::All);
    let resumes = match applying.before {
        Before::Run(resumed) => Some(resumed.run.id),
        Before::Nothing | Before::Saved(_) => None,
    };
    let approval = match (applying.before, applying.options.auto_approve) {
        (Before::Saved(_), true) => "saved plan",
        (Before::Saved(_), false) => "saved plan, asked",
        (_, true) => "auto-approve",
        (_, false) => "asked",
    };
    let folder = match applying.before {
        Before::Run(resumed) => resumed.run.folder.clone(),
        Before::Nothing | Before::Saved(_) => here().to_string_lossy().into_owned(),
    };
    let found = match applying.before {
        Before::Run(resumed) => Some((resumed.run.id, resumed.settled(&file))),
        Before::Nothing | Before::Saved(_) => None,
    };
    let beginning = Beginning {
        server: &server.name,
        server_key: &super::keep::server_key(server),
        url: &server.connection.url,
        reference_id: file.reference_id.as_deref(),
        who: &applying.keep.who,
        now: Timestamp::now(),
        approval,
        effects: &file.effects_digest,
        folder: &folder,
        commit: applying.commit,
        resumes,
        allows: applying.job.allows,
        narrowing: applying.job.narrowing,
        sources: &applying.loaded.sources,
        steps: file.steps.into_iter().map(StepRow::from).collect(),
    };
    let begun = async {
        let journal = Journal::begin(&applying.keep.store, &beginning).await?;
        if let Some(found) = found {
            let store = &applying.keep.store;
            store.write(found.0, beginning.server_key, beginning.now, &found.1).await?;
        }
        remember(applying, plan, Remembering::Begun).await?;
        Ok(journal)
    };
    begun.await.map_err(|error| {
        let exit = say_store(&error, applying.job.output);
        applying.job.output.say(&format!("{}: nothing was changed.", server.name));
        exit
    })
}

/// Writes down how a run ended. What cannot be written down leaves it open, and it can be resumed.
pub async fn end(
    applying: &Applying<'_>,
    journal: &Journal,
    plan: &Plan<'_>,
    run: &Run<'_>,
    exit: Exit,
) -> Exit {
    let counts = report::counts(run);
    let whole = counts.done == run.states().len();
    let word = if whole { EndWord::Complete } else { EndWord::Partial };
    let written = async {
        let now = Timestamp::now();
        journal.write(now, &not_tried(run)).await?;
        journal.end(now, word, &detail(counts, run, exit)).await?;
        // What was tried to its end was applied, even if an account refuses it for ever.
        if run.halted().is_none() { remember(applying, plan, Remembering::Ended).await } else { Ok(()) }
    };
    match written.await {
        Ok(()) => exit,
        Err(error) => {
            say_store(&error, applying.job.output);
            let known = exit != Exit::Done && exit != Exit::Blocked;
            if known { exit } else { Exit::Partial }
        }
    }
}

/// The steps that were never tried, and why.
fn not_tried(run: &Run<'_>) -> Vec<Entry> {
    let stopped = |(step, state): (usize, &StepState)| match state {
        StepState::Stopped(why) => Some(Entry::Outcome { step, word: "not tried", detail: why.clone() }),
        StepState::Waiting | StepState::UnderWay | StepState::Ended(_) => None,
    };
    run.states().iter().enumerate().filter_map(stopped).collect()
}

fn detail(counts: RunCounts, run: &Run<'_>, exit: Exit) -> String {
    let mut text = format!("exit {}: {} of {} steps done", exit.code(), counts.done, run.states().len());
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
/// The exit, after saying why it could not be written down.
pub async fn nothing_to_do(applying: &Applying<'_>, plan: &Plan<'_>) -> Result<(), Exit> {
    let Job { server, narrowing, output, .. } = &applying.job;
    let store = &applying.keep.store;
    let settled = async {
        let key = super::keep::server_key(server);
        for run in store.all_unfinished(Some(&key)).await? {
            let resumed = match applying.before {
                Before::Run(resumed) => Some(resumed).filter(|resumed| resumed.run.id == run.id),
                Before::Nothing | Before::Saved(_) => None,
            };
            // A run that is gone on with was narrowed just as this plan.
            if resumed.is_none() && !store.covered(run.id, narrowing).await? {
                continue;
            }
            let file = view::server(plan, Detail::All);
            let entries = match resumed {
                Some(resumed) => resumed.settled(&file),
                None => settled(&store.steps(run.id).await?, &file, Spec::Another),
            };
            let blocked = entries
                .iter()
                .filter(|entry| matches!(entry, Entry::Outcome { word: "blocked", .. }))
                .count();
            let why = match blocked {
                0 => "nothing of it is left to do".to_owned(),
                blocked => format!("{} of it blocked, and nothing else is left", is_or_are(blocked)),
            };
            let now = Timestamp::now();
            store.write(run.id, &key, now, &entries).await?;
            store.end(run.id, now, EndWord::Settled, &why).await?;
            output.say(&format!("{}: run {} is settled: {why}.", server.name, run.id));
        }
        remember(applying, plan, Remembering::Ended).await
    };
    settled.await.map_err(|error| say_store(&error, output))
}

fn is_or_are(steps: usize) -> String {
    let verb = if steps == 1 { "is" } else { "are" };
    format!("{} {verb}", counted(steps as u64, "step"))
}

/// From which spec a plan was made that nothing is left of a run in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spec {
    /// The one that the run was begun with: a step that is not in the plan is done.
    Own,
    /// Another, which may want something else: a step that is not in the plan may never have been done.
    Another,
}

/// What is written down of the steps of a run that were not done, once a plan was made that goes on with it or settles
/// it: those that are in the plan stay as they are.
pub fn settled(steps: &[StepTold], now: &ServerFile, spec: Spec) -> Vec<Entry> {
    let left: BTreeSet<(&str, &str)> =
        now.steps.iter().map(|step| (step.action.as_str(), step.address.as_str())).collect();
    let blocked: BTreeSet<&str> = now.blocked.iter().map(|blocked| blocked.address.as_str()).collect();
    let entry = |(index, told): (usize, &StepTold)| {
        let step = &told.step;
        if told.is_done() || left.contains(&(step.action.as_str(), step.address.as_str())) {
            return None;
        }
        let (word, detail) = if blocked.contains(step.address.as_str()) {
            ("blocked", "it was blocked when the run was gone on with or settled")
        } else if told.begun.is_some() && spec == Spec::Own {
            ("found", "it was read to be done when the run was gone on with or settled")
        } else {
            ("no need", "nothing was left to do for it when the run was gone on with or settled")
        };
        Some(Entry::Outcome { step: index, word, detail: detail.to_owned() })
    };
    steps.iter().enumerate().filter_map(entry).collect()
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
async fn remember(applying: &Applying<'_>, plan: &Plan<'_>, when: Remembering) -> Result<(), StoreError> {
    if !applying.job.narrowing.is_none() {
        return Ok(());
    }
    let mut matched = plan.assignment.matched.clone();
    if when == Remembering::Begun {
        let shrinks = applying.job.allows.iter().filter_map(Allow::shrink);
        let shrinks: BTreeSet<&str> = shrinks.map(|(policy, _)| policy).collect();
        matched.retain(|id, _| !shrinks.contains(id.policy.as_str()));
    }
    let key = super::keep::server_key(applying.job.server);
    applying.keep.store.remember_matched(&key, Timestamp::now(), &matched).await
}
