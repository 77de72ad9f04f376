//! What `validate --format json` prints.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::view;
use crate::model::{Finding, Severity};
use crate::plan::file::FindingFile;

/// The version of the form. Readers ignore fields that they do not know, and refuse another major number.
pub const FORMAT_VERSION: &str = "1.0";

/// What is wrong with a spec, or worth a look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ValidationFile {
    /// `MAJOR.MINOR` of this form.
    pub format_version: String,
    /// Whether it holds: no finding is an error.
    pub valid: bool,
    pub findings: Vec<FindingFile>,
}

impl ValidationFile {
    /// The findings, in their order.
    pub fn of(findings: &[Finding]) -> ValidationFile {
        ValidationFile {
            format_version: FORMAT_VERSION.to_owned(),
            valid: findings.iter().all(|finding| finding.severity != Severity::Error),
            findings: findings.iter().map(view::finding_file).collect(),
        }
    }
}
