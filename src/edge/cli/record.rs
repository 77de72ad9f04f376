//! A run in the journal: how it began, how it ended, and what is remembered after it.

use jiff::Timestamp;

use super::apply::{Applying, Before};
use super::exit::Exit;
use super::keep::{here, say_store};
use crate::edge::store::{Beginning, EndWord, Entry, Journal, StepRow, StoreError};
use crate::flow::{Run, StepState};
use crate::plan::Plan;
use crate::plan::file::StepFile;
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
        steps: file.steps.into_iter().map(step_row).collect(),
    };
    let begun = Journal::begin(&applying.keep.store, &beginning).await;
    begun.map_err(|error| {
        let exit = say_store(&error, applying.job.output);
        applying.job.output.say(&format!("{}: nothing was changed.", server.name));
        exit
    })
}

/// A step as it is written down: no secret is in it, only where one is kept.
fn step_row(step: StepFile) -> StepRow {
    StepRow {
        action: step.action,
        address: step.address,
        before: step.before,
        after: step.after,
        secret: step.secret,
        policy: step.reason.policy,
        place: step.reason.place,
        why: step.reason.why,
    }
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
        if whole { remember(applying, plan).await } else { Ok(()) }
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

/// Where nothing is left to do, a run that had not ended is settled, and the counts of today are remembered.
pub async fn nothing_to_do(applying: &Applying<'_>, plan: &Plan<'_>) -> Exit {
    let store = &applying.keep.store;
    let settled = async {
        let key = super::keep::server_key(applying.job.server);
        // A narrowed plan says nothing of what it leaves out.
        if let Some(run) = store.unfinished(&key).await?.filter(|_| applying.job.narrowing.is_none()) {
            store.end(run.id, Timestamp::now(), EndWord::Settled, "nothing was left to do").await?;
            let name = &applying.job.server.name;
            applying
                .job
                .output
                .say(&format!("{name}: run {} is settled: nothing of it is left to do.", run.id));
        }
        remember(applying, plan).await
    };
    settled.await.map_or_else(|error| say_store(&error, applying.job.output), |()| Exit::Done)
}

/// Remembers whom the selectors matched, for the next plan. Policies that were held keep their number; so do all
/// where the plan was narrowed, since what it left out was not looked at.
async fn remember(applying: &Applying<'_>, plan: &Plan<'_>) -> Result<(), StoreError> {
    if !applying.job.narrowing.is_none() {
        return Ok(());
    }
    let key = super::keep::server_key(applying.job.server);
    applying.keep.store.remember_matched(&key, Timestamp::now(), &plan.assignment.matched).await
}
