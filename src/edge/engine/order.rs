//! What is to be applied to one server, and what was approved of it.

use std::path::Path;

use super::job::Job;
use super::keep::Keep;
use super::resume::Resumed;
use crate::edge::git::Commit;
use crate::plan::approval::Reviewed;
use crate::plan::file::PlanFile;
use crate::spec::meaning::Source;

/// A plan to be made and performed on one server.
pub struct Order<'a> {
    pub job: Job<'a>,
    pub keep: &'a Keep,
    pub before: Before<'a>,
    pub consent: Consent,
    pub reviewed: &'a Reviewed,
    /// The text of the spec, for the journal.
    pub sources: &'a [Source],
    /// The commit that the spec was taken from.
    pub commit: Option<&'a Commit>,
    /// The folder that the work was started in: paths in the spec may be relative to it.
    pub folder: &'a Path,
}

/// What was approved before the server is read.
#[derive(Clone, Copy)]
pub enum Before<'a> {
    Nothing,
    Saved(&'a PlanFile),
    /// A run that was cut off, or ended in part.
    Run(&'a Resumed),
}

impl<'a> Before<'a> {
    /// The run that is gone on with.
    pub(super) fn run(self) -> Option<&'a Resumed> {
        match self {
            Before::Run(resumed) => Some(resumed),
            Before::Nothing | Before::Saved(_) => None,
        }
    }
}

/// Whether somebody is asked before a plan is performed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// It was given beforehand.
    Given,
    /// Whoever ordered it asks once the plan is shown.
    Asked,
}

impl Order<'_> {
    /// How the plan was approved, for the journal.
    pub(super) fn approval(&self) -> &'static str {
        match (self.before, self.consent) {
            (Before::Saved(_), Consent::Given) => "saved plan",
            (Before::Saved(_), Consent::Asked) => "saved plan, asked",
            (_, Consent::Given) => "auto-approve",
            (_, Consent::Asked) => "asked",
        }
    }
}
