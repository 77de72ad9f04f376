//! What came of a plan, for the next step of a pipeline.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use super::exit::Exit;
use super::output::Output;
use crate::plan::file::{OutcomeFile, PlanFile};

/// Appends `changes`, `blocked` and `effects-digest`. All are empty where a server could not be planned: half an
/// answer must not be taken for a whole one.
///
/// # Errors
/// The exit, after saying why.
pub fn append(path: &Path, plan: &PlanFile, output: &Output) -> Result<(), Exit> {
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.and_then(|mut file| file.write_all(lines(plan).as_bytes())).map_err(|error| {
        let message = format!("{} could not be written: {error}", path.display());
        output.error(&message, Some("choose another path for --outputs"));
        Exit::Failed
    })
}

fn lines(plan: &PlanFile) -> String {
    let servers = &plan.servers;
    let (mut changes, mut blocked, mut digests) = (String::new(), String::new(), String::new());
    if servers.iter().all(|server| server.error.is_none()) {
        let held = |outcome| matches!(outcome, OutcomeFile::Blocked | OutcomeFile::Closed);
        changes = servers.iter().any(super::plan::can_be_applied).to_string();
        blocked = servers.iter().any(|server| held(server.outcome)).to_string();
        // Names of servers have neither `=` nor `,` (the spec sees to it), nor any line end.
        let digest = servers.iter().map(|server| format!("{}={}", server.server, server.effects_digest));
        digests = digest.collect::<Vec<_>>().join(",");
    }
    format!("changes={changes}\nblocked={blocked}\neffects-digest={digests}\n")
}
