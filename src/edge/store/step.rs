//! A step as the journal holds it.

use serde::Serialize;

use crate::plan::file::StepFile;

/// One approved step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepRow {
    pub action: String,
    pub address: String,
    pub before: Option<String>,
    pub after: Option<String>,
    /// Where the secret is kept, for one.
    pub secret: Option<String>,
    pub policy: Option<String>,
    pub place: String,
    pub why: Option<String>,
}

/// No secret is in it, only where one is kept.
impl From<StepFile> for StepRow {
    fn from(step: StepFile) -> StepRow {
        StepRow {
            action: step.action.into(),
            address: step.address,
            before: step.before,
            after: step.after,
            secret: step.secret,
            policy: step.reason.policy,
            place: step.reason.place,
            why: step.reason.why,
        }
    }
}
