//! Why a command ended otherwise than it was asked to. It is carried to `main`, and printed there.

use std::path::Path;

use super::exit::Exit;
use crate::edge::engine::{Failure, FailureKind};
use crate::edge::store::StoreError;
use crate::model::Finding;
use crate::report::remedy::text as words;
use crate::spec::meaning::Source;

/// An error with its exit, its next act, and what is wrong with the spec. An empty message is not printed: the findings
/// say it all.
#[derive(Debug)]
pub struct CliError {
    pub exit: Exit,
    pub message: String,
    pub remedy: Option<String>,
    /// Each is shown with its line of `sources`.
    pub findings: Vec<Finding>,
    pub sources: Vec<Source>,
}

impl CliError {
    /// An error that is told by one message.
    pub fn new(exit: Exit, message: impl Into<String>) -> CliError {
        CliError { exit, message: message.into(), remedy: None, findings: Vec::new(), sources: Vec::new() }
    }

    /// What is wrong with the command line, and what to do about it.
    pub fn usage(problem: impl Into<String>, next: impl Into<String>) -> CliError {
        CliError::new(Exit::Usage, problem).next(next)
    }

    /// What makes a spec invalid.
    pub fn invalid(findings: Vec<Finding>, sources: Vec<Source>) -> CliError {
        CliError { findings, sources, ..CliError::new(Exit::SpecInvalid, "") }
    }

    /// The same with its next act.
    pub fn next(mut self, next: impl Into<String>) -> CliError {
        self.remedy = Some(next.into());
        self
    }

    /// A failure of the engine on a server, with the text of its spec.
    pub fn of(server: &str, failure: &Failure, sources: &[Source]) -> CliError {
        let exit = Exit::from(failure.kind);
        let remedy = failure.remedy.as_ref().map(words);
        if has_places(failure) {
            let findings = failure.findings.clone();
            return CliError { exit, ..CliError::invalid(findings, sources.to_vec()) };
        }
        let message = match failure.kind {
            // It is about what was typed, whichever server it does not fit.
            FailureKind::Usage => failure.message.clone(),
            _ => format!("{server}: {}", failure.message),
        };
        CliError { remedy, ..CliError::new(exit, message) }
    }

    /// The same, with what was left as it is.
    pub fn nothing_was_changed(mut self) -> CliError {
        if !self.message.is_empty() {
            self.message.push_str("; nothing was changed");
        }
        self
    }

    /// A path that an option names, and what is wrong with it.
    pub fn at(exit: Exit, option: &str, path: &Path, problem: &str) -> CliError {
        CliError::new(exit, format!("{option} {}: {problem}", path.display()))
    }
}

/// Whether anything of it stands in the spec, beside the message.
fn has_places(failure: &Failure) -> bool {
    let of_spec = matches!(failure.kind, FailureKind::Invalid | FailureKind::Usage | FailureKind::Internal);
    of_spec && failure.findings.iter().any(|finding| !finding.places.is_empty())
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> CliError {
        CliError::new(Exit::Failed, error.to_string()).next(words(&error.remedy()))
    }
}
