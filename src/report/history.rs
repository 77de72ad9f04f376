//! What `history --format json` and `history show RUN --format json` print.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plan::file::{ActionFile, AllowFile};

/// The version of both forms. Readers ignore fields that they do not know, and refuse another major number.
pub const FORMAT_VERSION: &str = "1.0";

/// Either of the two documents: `runs` is in the one, `run` in the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum HistoryFile {
    Runs(RunsFile),
    Run(Box<WholeRunFile>),
}

impl HistoryFile {
    /// The newest runs, the newest first.
    pub fn runs(runs: Vec<RunFile>) -> HistoryFile {
        HistoryFile::Runs(RunsFile { format_version: FORMAT_VERSION.to_owned(), runs })
    }
}

/// The newest runs, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunsFile {
    /// `MAJOR.MINOR` of this form.
    pub format_version: String,
    pub runs: Vec<RunFile>,
}

/// All of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WholeRunFile {
    /// `MAJOR.MINOR` of this form.
    pub format_version: String,
    pub run: RunFile,
    /// Guardrails that were overridden.
    pub allows: Vec<AllowFile>,
    /// The globs that its plan was narrowed to; all changes where there is none.
    pub targets: Vec<String>,
    /// The globs that were left out of its plan.
    pub excludes: Vec<String>,
    /// In the order of the plan.
    pub steps: Vec<RunStepFile>,
}

/// A run as it was written down. Moments are RFC 3339, UTC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunFile {
    /// Its number in its store.
    pub run: i64,
    /// The server's name in the spec.
    pub server: String,
    pub url: String,
    /// The server's own mark; null where it tells none.
    pub reference_id: Option<String>,
    pub started: String,
    /// When it ended by itself, or was last heard of.
    pub last: String,
    /// The user and the machine.
    pub who: String,
    /// Its process there.
    pub pid: i64,
    /// How it was approved, in words.
    pub approval: String,
    /// The run that it went on with.
    pub resumes: Option<i64>,
    /// The commit of the spec's folder; null where none is known.
    pub commit: Option<CommitFile>,
    /// What it was approved to do.
    pub effects_digest: String,
    /// The version of icewarden that performed it.
    pub icewarden_version: String,
    /// `complete`, `in part`, `settled`, `resumed`, `superseded`, `under way` or `cut off`.
    pub state: String,
    /// When and why it ended; null where it did not end by itself.
    pub ended: Option<EndedFile>,
    /// How many steps it has.
    pub steps: i64,
    /// How many of them were done, or were so already.
    pub done: i64,
    /// How many were begun without their end being known.
    pub in_doubt: i64,
}

/// Where the spec came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommitFile {
    pub id: String,
    /// Whether there were changes that were not committed.
    pub dirty: bool,
}

/// When and why a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EndedFile {
    pub at: String,
    pub detail: String,
}

/// A step of a run, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunStepFile {
    /// `claim`, `release` or `change`.
    pub action: ActionFile,
    /// `SERVER/ACCOUNT/SERVICE` or `SERVER/backup/SETTING`.
    pub address: String,
    /// Null for a secret.
    pub before: Option<String>,
    /// Null for a secret.
    pub after: Option<String>,
    /// Where a secret came from.
    pub secret: Option<String>,
    pub policy: Option<String>,
    /// `FILE:LINE:COLUMN` in the spec.
    pub place: String,
    /// What an exception says of itself.
    pub why: Option<String>,
    /// When it was begun; null where it never was.
    pub begun: Option<String>,
    /// Null where nobody wrote it down.
    pub outcome: Option<StepEndFile>,
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StepEndFile {
    pub at: String,
    /// `done`, `said`, `already so`, `found otherwise`, `refused`, `no effect`, `in doubt`, `not sent`, `not tried`,
    /// `found`, `no need` or `blocked`. The set is open.
    pub word: String,
    /// Why so; empty where there is nothing to say.
    pub detail: String,
}
