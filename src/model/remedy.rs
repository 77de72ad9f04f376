//! The next act. Typed here, worded once in `report`.

use super::Allowed;

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// Override one guardrail: `--allow NAME=VALUE --reason TEXT`.
    Allow(Allowed),
    /// Did you mean this word?
    DidYouMean(String),
    /// Change the spec in this way.
    EditSpec(String),
    /// Change this on the server's console first.
    OnServer(String),
    /// Get, or free, this many seats of the module.
    Seats { module: String, more: u64 },
    /// Run the command again as said.
    Rerun(String),
    /// Look at this, then decide.
    Check(String),
    /// Wait for this.
    Wait(String),
}
