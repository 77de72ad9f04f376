//! What a command starts from: a spec, or a saved plan with the spec that it carries.

use std::path::{Path, PathBuf};

use super::args::{NARROW_HELP, NarrowArgs};
use super::error::CliError;
use super::exit::Exit;
use super::load;
use crate::diff::{Narrowing, Strictness};
use crate::edge::engine::load::{Loaded, parse_sources};
use crate::edge::plan_file;
use crate::model::Pattern;
use crate::plan::Allow;
use crate::plan::file::{NarrowedFile, PlanFile};
use crate::spec::meaning::Source;

/// What an apply starts from.
pub struct Prepared {
    pub loaded: Loaded,
    pub allows: Vec<Allow>,
    pub narrowing: Narrowing,
    /// The plan that was approved, where one was saved.
    pub saved: Option<PlanFile>,
}

/// Opens what is to be applied.
///
/// # Errors
/// It is neither a spec that holds nor a plan of ours, or the options do not go with it.
pub fn open(path: &Path, allows: Vec<Allow>, narrow: &NarrowArgs) -> Result<Prepared, CliError> {
    let is_spec = path.is_dir()
        || path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml")
        || !path.exists();
    if is_spec {
        let loaded = load::read_or_error(path)?;
        let narrowing =
            narrow.meant(&loaded.spec.servers).map_err(|problem| CliError::usage(problem, NARROW_HELP))?;
        return Ok(Prepared { loaded, allows, narrowing, saved: None });
    }
    carries_its_own(&allows, narrow)?;
    let wrong = |problem: String, next: String| {
        CliError::new(Exit::SpecInvalid, format!("{}: {problem}", path.display())).next(next)
    };
    let file = plan_file::read(path).map_err(|(problem, next)| wrong(problem, next))?;
    let loaded =
        parse_sources(sources_of(&file)).map_err(|(found, sources)| CliError::invalid(found, sources))?;
    let allows: Result<Vec<Allow>, String> = file.allows.iter().map(Allow::of).collect();
    let allows = allows.map_err(|problem| wrong(problem, "plan again".into()))?;
    let narrowing = narrowing_of(&file).map_err(|problem| wrong(problem, "plan again".into()))?;
    Ok(Prepared { loaded, allows, narrowing, saved: Some(file) })
}

/// # Errors
/// An option that a saved plan has already.
fn carries_its_own(allows: &[Allow], narrow: &NarrowArgs) -> Result<(), CliError> {
    for (given, option, what) in [
        (!allows.is_empty(), "--allow", "overrides"),
        (!narrow.target.is_empty(), "--target", "targets"),
        (!narrow.exclude.is_empty(), "--exclude", "exclusions"),
    ] {
        if given {
            let next = format!(
                "give {option} to `plan --out`: a saved plan carries its {what} and is approved with them"
            );
            return Err(CliError::usage(format!("{option} does not go with a saved plan"), next));
        }
    }
    Ok(())
}

/// The spec of a saved plan. What it names lies beside its files, in the folder that the plan was made in: where this
/// program was started in another, the files' names are made absolute.
fn sources_of(file: &PlanFile) -> Vec<Source> {
    let elsewhere = file.folder.as_ref().map(PathBuf::from).filter(|folder| *folder != here());
    let name = |name: &str| match &elsewhere {
        Some(folder) => folder.join(name).to_string_lossy().into(),
        None => name.into(),
    };
    let sources = file.sources.iter().flatten();
    sources.map(|source| Source { name: name(&source.name), text: source.text.as_str().into() }).collect()
}

/// What a saved plan was narrowed to.
fn narrowing_of(file: &PlanFile) -> Result<Narrowing, String> {
    let read = |texts: &[String]| -> Result<Vec<Pattern>, String> {
        texts.iter().map(|text| Pattern::parse(text)).collect()
    };
    match &file.narrowed {
        Some(NarrowedFile { targets, excludes }) => Ok(Narrowing {
            targets: read(targets)?,
            excludes: read(excludes)?,
            strictness: Strictness::Saved,
        }),
        None => Ok(Narrowing::default()),
    }
}

/// The folder that the program was started in.
pub fn here() -> PathBuf {
    std::env::current_dir().unwrap_or_default()
}
