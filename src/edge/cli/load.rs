//! Reads a spec, and says all that is wrong with it.

use std::path::Path;

use super::args::Format;
use super::exit::Exit;
use super::output::Output;
use crate::edge::{children, files};
use crate::model::{Finding, Severity};
use crate::report::{findings, view};
use crate::spec::{Spec, meaning::Source, parse};

/// A spec and the files it was read from.
pub struct Loaded {
    pub spec: Spec,
    pub sources: Vec<Source>,
}

/// Reads and checks a spec.
///
/// # Errors
/// Every finding, with the files that could be read.
pub fn read(path: &Path) -> Result<Loaded, (Vec<Finding>, Vec<Source>)> {
    let sources = files::read_folder(path).map_err(|findings| (findings, Vec::new()))?;
    parse_sources(sources)
}

/// Checks a spec whose text is at hand.
pub fn parse_sources(sources: Vec<Source>) -> Result<Loaded, (Vec<Finding>, Vec<Source>)> {
    match parse(&sources) {
        Ok(spec) => {
            children::withhold(&spec);
            Ok(Loaded { spec, sources })
        }
        Err(findings) => Err((findings, sources)),
    }
}

/// Reads a spec, or says what is wrong with it on stderr.
pub fn read_or_say(path: &Path, output: &Output) -> Result<Loaded, Exit> {
    read(path).map_err(|(found, sources)| say_invalid(&found, &sources, output))
}

/// Shows what makes a spec invalid.
pub fn say_invalid(found: &[Finding], sources: &[Source], output: &Output) -> Exit {
    output.say(findings::text(found, sources, output.stderr, output.width).trim_end());
    Exit::SpecInvalid
}

/// The command `validate`.
pub fn validate(path: &Path, format: Format, output: &Output) -> Exit {
    let (found, sources, servers) = match read(path) {
        Ok(loaded) => (loaded.spec.findings, loaded.sources, loaded.spec.servers.len()),
        Err((found, sources)) => (found, sources, 0),
    };
    let invalid = found.iter().any(|finding| finding.severity == Severity::Error);
    if format == Format::Json {
        let value = serde_json::json!({
            "valid": !invalid,
            "findings": found.iter().map(view::finding_file).collect::<Vec<_>>(),
        });
        output.data(&format!("{value:#}\n"));
    } else {
        if !found.is_empty() {
            output.say(findings::text(&found, &sources, output.stderr, output.width).trim_end());
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
