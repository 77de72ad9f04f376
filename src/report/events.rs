//! What happens in a run, for other programs: one JSON object a line, each with its version.
//!
//! The types are apart from `flow`'s own: those may change with the program, these only with [`FORMAT`]. Readers ignore
//! fields and events that they do not know. No secret is in them; a setting that holds one has neither `before` nor
//! `after`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::remedy;
use super::run::{next_act, next_of};
use super::view;
use crate::flow::{Event, Outcome, RunEnd, StepState};
use crate::model::{Seats, StepIndex};
use crate::plan::Plan;
use crate::plan::file::words;
use crate::plan::file::{ActionFile, CountsFile, StepFile};
use crate::seats::LedgerRow;

/// The version of every line.
pub const FORMAT: &str = "icewarden.events/1";

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventFile {
    /// `icewarden.events/1`. Another number after the slash is another form.
    pub format: String,
    /// When it happened: RFC 3339, UTC.
    pub time: String,
    /// The server by its name in the spec. Lines of several servers are mixed.
    pub server: String,
    #[serde(flatten)]
    pub what: WhatFile,
}

/// What happened. The set is open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum WhatFile {
    /// The plan's steps are about to be performed.
    RunStarted(RunStartedFile),
    /// A step ended, or will not be tried.
    StepEnded(StepEndedFile),
    /// A module's seats after the run.
    Seats(SeatsFile),
    /// Why nothing more was started before the plan's end.
    RunHalted(RunHaltedFile),
    /// The last line of each server, whether or not a run was started.
    RunEnded(RunEndedFile),
    /// An event of a later version.
    #[serde(other, skip_serializing)]
    #[schemars(skip)]
    Other,
}

/// The run of one server begins; its effects are those that were approved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunStartedFile {
    /// What the plan does; an approval is bound to it.
    pub effects_digest: String,
    pub counts: CountsFile,
    /// How many steps the plan has.
    pub steps: u64,
}

/// What came of one step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StepEndedFile {
    /// Its position in the plan, from 0. Steps end in another order than they stand in.
    pub step: u64,
    /// `SERVER/ACCOUNT/SERVICE` or `SERVER/backup/SETTING`.
    pub address: String,
    /// `claim`, `release` or `change`.
    pub action: ActionFile,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
    /// Absent for a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    pub outcome: StepOutcomeFile,
    /// Why it is not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// For a step that is done: what the account's effective value says, where it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<bool>,
}

words! {
    /// What came of a step, as far as reading back can tell.
    StepOutcomeFile {
        /// Written, and read back as wanted.
        Done "done",
        /// The server says that it was done, and lets nobody read it back (U-12).
        Said "said",
        /// It was found as wanted before the write, and nothing was written.
        Already "already",
        /// What was found before the write was not what the plan expects; nothing was written.
        Differs "differs",
        /// The server did not do it.
        Refused "refused",
        /// The server said it was done, and reading back shows it unchanged.
        Ineffective "ineffective",
        /// Whether it was done cannot be told.
        Doubt "doubt",
        /// It was never sent: reading before it failed.
        NotSent "not-sent",
        /// It was never tried.
        NotTried "not-tried",
    }
}

/// The seats of one module before and after the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SeatsFile {
    pub module: String,
    pub title: String,
    /// Absent where unknown, and where there is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seats: Option<u64>,
    /// Used before the run; absent where it was not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_before: Option<u64>,
    /// Used after it at most: what is in doubt counts as held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_after_max: Option<u64>,
}

/// Nothing more is begun; what is under way still ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunHaltedFile {
    pub message: String,
    /// The next act.
    pub remedy: String,
}

/// The run of one server has ended, or never began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunEndedFile {
    /// The exit code that this server would have alone.
    pub exit: u8,
    pub done: u64,
    pub failed: u64,
    pub in_doubt: u64,
    pub not_tried: u64,
    /// Why it ended before its end, or never began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The next act, where something is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// One event of a run. `exit` is the exit code that a run that ended so gives its server.
pub fn of(plan: &Plan<'_>, event: &Event<'_>, exit: impl Fn(RunEnd) -> u8) -> WhatFile {
    match event {
        Event::Started => WhatFile::RunStarted(RunStartedFile {
            effects_digest: plan.effects.to_string(),
            counts: view::counts(plan),
            steps: plan.steps.len() as u64,
        }),
        Event::Step { step: index, state } => WhatFile::StepEnded(step(plan, *index, state)),
        Event::Seats(used) => WhatFile::Seats(seats(&plan.ledger[used.module.index()], used.used_max)),
        Event::Halted(why) => WhatFile::RunHalted(RunHaltedFile {
            message: why.to_string(),
            remedy: remedy::text(&next_act(Some(why))),
        }),
        Event::Ended(ended) => WhatFile::RunEnded(RunEndedFile {
            exit: exit(ended.how),
            done: ended.counts.done as u64,
            failed: ended.counts.failed as u64,
            in_doubt: ended.counts.doubtful as u64,
            not_tried: ended.counts.stopped as u64,
            message: ended.run.halted().map(ToString::to_string),
            remedy: (!ended.counts.is_whole()).then(|| remedy::text(&next_of(ended.run))),
        }),
    }
}

/// A step that ended, or that will not be tried.
fn step(plan: &Plan<'_>, index: StepIndex, state: &StepState) -> StepEndedFile {
    let (outcome, detail, effective) = match state {
        StepState::Ended(Outcome::Done { effective }) => (StepOutcomeFile::Done, None, *effective),
        StepState::Ended(Outcome::Said) => (StepOutcomeFile::Said, None, None),
        StepState::Ended(Outcome::Already { effective }) => (StepOutcomeFile::Already, None, *effective),
        StepState::Ended(Outcome::Differs(why)) => (StepOutcomeFile::Differs, Some(why), None),
        StepState::Ended(Outcome::Refused(why)) => (StepOutcomeFile::Refused, Some(why), None),
        StepState::Ended(Outcome::Ineffective(why)) => (StepOutcomeFile::Ineffective, Some(why), None),
        StepState::Ended(Outcome::Doubt(why)) => (StepOutcomeFile::Doubt, Some(why), None),
        StepState::Ended(Outcome::NotSent(why)) => (StepOutcomeFile::NotSent, Some(why), None),
        StepState::Stopped(why) => (StepOutcomeFile::NotTried, Some(why), None),
        // Nobody is told of a step before it has ended.
        StepState::Waiting | StepState::UnderWay => (StepOutcomeFile::NotTried, None, None),
    };
    let StepFile { address, action, account, service, setting, before, after, .. } =
        view::step_file(plan, &plan.steps[index.index()]);
    StepEndedFile {
        step: index.index() as u64,
        address,
        action,
        account,
        service,
        setting,
        before,
        after,
        outcome,
        detail: detail.cloned(),
        effective,
    }
}

fn seats(row: &LedgerRow, used_max: u64) -> SeatsFile {
    SeatsFile {
        module: row.module.module.to_string(),
        title: row.module.title.clone(),
        seats: match row.module.seats {
            Seats::Limited(seats) => Some(seats),
            Seats::Unlimited | Seats::Unknown => None,
        },
        used_before: row.used_now(),
        used_after_max: Some(used_max),
    }
}

/// A server whose run never began.
pub fn not_begun(exit: u8, message: Option<String>, remedy: Option<String>) -> WhatFile {
    WhatFile::RunEnded(RunEndedFile { exit, done: 0, failed: 0, in_doubt: 0, not_tried: 0, message, remedy })
}
