//! Reads a spec, and says all that is wrong with it.

use std::path::Path;

use super::args::Format;
use super::error::CliError;
use super::exit::Exit;
use super::output::Output;
use crate::edge::engine::load::{Loaded, named_files, read};
use crate::model::{Finding, Severity};
use crate::report::schema::document;
use crate::report::validation::ValidationFile;

/// Reads and checks a spec.
///
/// # Errors
/// All that is wrong with it.
pub fn read_or_error(path: &Path) -> Result<Loaded, CliError> {
    read(path).map_err(|(found, sources)| CliError::invalid(found, sources))
}

/// Remarks on the spec itself, before any server is asked.
pub fn say_findings(loaded: &Loaded, output: &Output) {
    if !loaded.spec.findings.is_empty() {
        output.findings(&loaded.spec.findings, &loaded.sources);
    }
}

/// The command `validate`.
pub fn validate(path: &Path, format: Format, output: &Output) -> Exit {
    let (found, sources, servers): (Vec<Finding>, _, _) = match read(path) {
        Ok(loaded) => {
            let named = named_files(&loaded.spec);
            let found = loaded.spec.findings.into_iter().chain(named).collect();
            (found, loaded.sources, loaded.spec.servers.len())
        }
        Err((found, sources)) => (found, sources, 0),
    };
    let invalid = found.iter().any(|finding| finding.severity == Severity::Error);
    if format == Format::Json {
        output.data(&document(&ValidationFile::of(&found)));
    } else {
        if !found.is_empty() {
            output.findings(&found, &sources);
        }
        if !invalid {
            let count =
                |number: usize, one: &str| format!("{number} {one}{}", if number == 1 { "" } else { "s" });
            let (servers, files) = (count(servers, "server"), count(sources.len(), "file"));
            output.data(&format!("valid: {servers} in {files}\n"));
        }
    }
    if invalid { Exit::SpecInvalid } else { Exit::Done }
}
