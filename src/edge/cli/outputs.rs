//! What came of a plan, for the next step of a pipeline.

use std::io::Write as _;
use std::path::Path;

use super::error::CliError;
use super::exit::Exit;
use crate::edge::saved;
use crate::plan::file::{LicenceOutcomeFile, PlanFile, PlanOutcomeFile, ServerFile};
use crate::spec::meaning::Source;

/// Appends `changes`, `blocked`, `licence` and `effects-digest`. All are empty where a server could not be planned: half an
/// answer must not be taken for a whole one.
///
/// # Errors
/// It must not be written there, or cannot.
pub fn append(path: &Path, plan: &PlanFile) -> Result<(), CliError> {
    let file = saved::append(path);
    file.and_then(|mut file| file.write_all(lines(plan).as_bytes())).map_err(|error| {
        CliError::new(Exit::Failed, format!("{} could not be written: {error}", path.display()))
            .next("choose another path for --outputs")
    })
}

/// Whether they may be appended there: a path that was mistyped must not spoil the spec. What else is in the file is
/// left, since a pipeline's own file holds lines of others.
///
/// # Errors
/// It must not be written there, or cannot.
pub fn may_append(path: &Path, sources: &[Source]) -> Result<(), CliError> {
    if sources.iter().any(|source| saved::is_same(path, Path::new(&*source.name))) {
        let problem = "this is a file of the spec, and it stays as it is";
        return Err(CliError::at(Exit::Usage, "--outputs", path, problem)
            .next("name the file that the pipeline reads, such as $GITHUB_OUTPUT"));
    }
    Ok(())
}

fn lines(plan: &PlanFile) -> String {
    let servers = &plan.servers;
    let (mut changes, mut blocked, mut licence) = (String::new(), String::new(), String::new());
    let mut digests = String::new();
    if servers.iter().all(|server| server.error.is_none()) {
        let held =
            |outcome: &PlanOutcomeFile| matches!(outcome, PlanOutcomeFile::Blocked | PlanOutcomeFile::Closed);
        changes = servers.iter().any(ServerFile::can_be_applied).to_string();
        blocked = servers.iter().any(|server| held(&server.outcome)).to_string();
        // The worst of them, in this order.
        let worst = [LicenceOutcomeFile::Closed, LicenceOutcomeFile::Differs, LicenceOutcomeFile::Due];
        let worst =
            worst.into_iter().find(|word| servers.iter().any(|server| server.licence.as_ref() == Some(word)));
        licence = worst.unwrap_or(LicenceOutcomeFile::Ok).to_string();
        // Names of servers have neither `=` nor `,` (the spec sees to it), nor any line end.
        let digest = servers.iter().map(|server| format!("{}={}", server.server, server.effects_digest));
        digests = digest.collect::<Vec<_>>().join(",");
    }
    format!("changes={changes}\nblocked={blocked}\nlicence={licence}\neffects-digest={digests}\n")
}
