//! A saved plan against the server as it is now.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::args::{NARROW_HELP, NarrowArgs};
use super::exit::Exit;
use super::load::{self, Loaded};
use super::output::Output;
use super::plan::seal;
use crate::diff::{Narrowing, Strictness};
use crate::edge::saved;
use crate::model::{Guardrail, Pattern, counted};
use crate::plan::Allow;
use crate::plan::file::{FORMAT_VERSION, NarrowedFile, OutcomeFile, PlanFile, ServerFile, StepFile};
use crate::spec::meaning::{ServerSpec, Source};

/// What an apply starts from.
pub struct Prepared {
    pub loaded: Loaded,
    pub allows: Vec<Allow>,
    pub narrowing: Narrowing,
    /// The plan that was approved, where one was saved.
    pub saved: Option<PlanFile>,
}

/// What became of an approved plan.
pub enum Approved {
    /// It still does the same. Lines on what is new elsewhere.
    Same {
        news: Vec<String>,
    },
    SeatsGone(String),
    Stale(String),
}

/// How many new accounts are named.
const NAMED: usize = 10;

/// Opens what is to be applied: a spec, or a saved plan.
///
/// # Errors
/// The exit, after saying why.
pub fn open(path: &Path, allows: Vec<Allow>, narrow: &NarrowArgs, output: &Output) -> Result<Prepared, Exit> {
    let is_spec = path.is_dir()
        || path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml")
        || !path.exists();
    if is_spec {
        let loaded = load::read_or_say(path, output)?;
        let narrowing =
            narrow.meant(&loaded.spec.servers).map_err(|problem| output.usage(&problem, NARROW_HELP))?;
        return Ok(Prepared { loaded, allows, narrowing, saved: None });
    }
    for (given, option, what) in [
        (!allows.is_empty(), "--allow", "overrides"),
        (!narrow.target.is_empty(), "--target", "targets"),
        (!narrow.exclude.is_empty(), "--exclude", "exclusions"),
    ] {
        if given {
            let next = format!(
                "give {option} to `plan --out`: a saved plan carries its {what} and is approved with them"
            );
            output.error(&format!("{option} does not go with a saved plan"), Some(&next));
            return Err(Exit::Usage);
        }
    }
    let file = read_file(path).map_err(|(problem, next)| {
        output.error(&format!("{}: {problem}", path.display()), Some(&next));
        Exit::SpecInvalid
    })?;
    let sources = file.sources.iter().flatten();
    let sources: Vec<Source> = sources
        .map(|source| Source { name: source.name.as_str().into(), text: source.text.as_str().into() })
        .collect();
    let loaded = load::parse_sources(sources)
        .map_err(|(found, sources)| load::say_invalid(&found, &sources, output))?;
    let allows = file.allows.iter().filter_map(|allow| {
        let guardrail = Guardrail::parse(&allow.guardrail)?;
        Some(Allow { guardrail, value: allow.value.clone(), reason: allow.reason.clone() })
    });
    let narrowing = narrowing_of(&file).map_err(|problem| {
        output.error(&format!("{}: {problem}", path.display()), Some("plan again"));
        Exit::SpecInvalid
    })?;
    Ok(Prepared { loaded, allows: allows.collect(), narrowing, saved: Some(file) })
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

/// Whether a text begins as a plan of ours does.
pub fn begins_as_plan(head: &str) -> bool {
    head.trim_start().starts_with('{')
        && head.contains("\"format_version\"")
        && head.contains("\"icewarden_version\"")
}

/// Whether a saved plan lies there.
pub fn is_plan(path: &Path) -> bool {
    path.is_file() && saved::head(path).is_ok_and(|head| begins_as_plan(&head))
}

/// Reads a saved plan; an error comes with the next act.
fn read_file(path: &Path) -> Result<PlanFile, (String, String)> {
    let again = || "make a new one with `icewarden plan DIR --out FILE`".to_owned();
    let text = saved::read(path, PLAN_BYTES).map_err(|error| {
        let next = match error.kind() {
            std::io::ErrorKind::PermissionDenied => "let whoever runs this read the file".to_owned(),
            _ => again(),
        };
        (error.to_string(), next)
    })?;
    let value: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| (format!("this is no saved plan: {error}"), again()))?;
    let Some(version) = value.get("format_version").and_then(serde_json::Value::as_str) else {
        return Err(("this is no saved plan: it has no format_version".into(), again()));
    };
    let major = |version: &str| version.split('.').next().unwrap_or_default().to_owned();
    if major(version) != major(FORMAT_VERSION) {
        let problem = format!("this plan has the format {version}, and this program reads {FORMAT_VERSION}");
        return Err((problem, "use the version of icewarden that wrote it, or plan again".into()));
    }
    let sum = seal(&value);
    let file: PlanFile = serde_json::from_value(value)
        .map_err(|error| (format!("this is no saved plan: {error}"), again()))?;
    if file.sources.is_none() {
        let next = "save one with `--out`; the output of `--format json` does not hold the spec".to_owned();
        return Err(("this plan was shown, not saved".into(), next));
    }
    if file.seal.as_deref() != Some(sum.as_str()) {
        return Err(("the plan was changed after it was saved".into(), again()));
    }
    Ok(file)
}

/// The largest saved plan that is read: a million steps are some 700 MB of JSON, which nobody reviews.
const PLAN_BYTES: u64 = 1 << 30;

/// Compares an approved plan with the one that was just made for the same server.
pub fn compare(approved: &PlanFile, now: &ServerFile) -> Approved {
    let Some(then) = approved.servers.iter().find(|server| server.server == now.server) else {
        return Approved::Stale(format!("the saved plan does not hold the server {}", now.server));
    };
    if then.outcome == OutcomeFile::Failed || then.outcome == OutcomeFile::Invalid {
        return Approved::Stale(format!("{} could not be planned when the plan was saved", now.server));
    }
    if then.effects_digest == now.effects_digest {
        return Approved::Same { news: news(then, now) };
    }
    if then.wish_digest == now.wish_digest && only_lacks(then, now) {
        return Approved::SeatsGone(format!(
            "{}: the seats that the plan was to take are no longer free; nothing was changed",
            now.server
        ));
    }
    if now.outcome == OutcomeFile::NothingToDo {
        return Approved::Stale(format!(
            "{}: there is nothing left to do: the plan has been applied already, or somebody else did it; \
             nothing was changed",
            now.server
        ));
    }
    Approved::Stale(format!(
        "{}: the plan is stale: what it would do now differs from what was approved; nothing was changed{}",
        now.server,
        difference(then, now)
    ))
}

/// The effects that were reviewed, by server; nothing where none were named.
#[derive(Default)]
pub struct Reviewed(BTreeMap<String, String>);

impl Reviewed {
    /// Reads `DIGEST`, for the one server that there is, and `SERVER=DIGEST`.
    ///
    /// # Errors
    /// What is wrong with one of them.
    pub fn read(texts: &[String], servers: &[ServerSpec]) -> Result<Reviewed, String> {
        let mut reviewed = BTreeMap::new();
        for text in texts {
            let (name, digest) = match (text.split_once('='), servers) {
                (Some((name, digest)), _) => (name, digest),
                (None, [only]) => (only.name.as_str(), text.as_str()),
                (None, _) => {
                    return Err(format!("--effects {text}: say SERVER=DIGEST, there are several servers"));
                }
            };
            if digest.len() != 64 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(format!("--effects {text}: a digest has 64 hexadecimal digits"));
            }
            if !servers.iter().any(|server| server.name == name) {
                return Err(format!("--effects {text}: the spec has no server {name}"));
            }
            if reviewed.insert(name.to_owned(), digest.to_lowercase()).is_some() {
                return Err(format!("--effects {text}: {name} has two digests"));
            }
        }
        Ok(Reviewed(reviewed))
    }

    /// Whether a plan does what was reviewed.
    ///
    /// # Errors
    /// What to say where it does not, or where this server's plan was not among those reviewed.
    pub fn holds(&self, now: &ServerFile) -> Result<(), String> {
        let server = &now.server;
        match self.0.get(server) {
            None if self.0.is_empty() => Ok(()),
            None => Err(format!("{server}: no effects of this server were reviewed; nothing was changed")),
            Some(digest) if *digest == now.effects_digest => Ok(()),
            Some(digest) => Err(format!(
                "{server}: the plan is stale: its effects are {} now, and {} were reviewed; nothing was changed",
                short(&now.effects_digest),
                short(digest)
            )),
        }
    }
}

/// The digits of a digest that a plan shows.
fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

/// Whether every step there is now was approved as it is, and some that were are missing.
fn only_lacks(then: &ServerFile, now: &ServerFile) -> bool {
    let effects = |file: &ServerFile| -> BTreeSet<String> {
        let effect = |step: &StepFile| {
            let StepFile { action, address, seats, expects, before, after, .. } = step;
            format!("{action} {address} {seats} {expects:?} {before:?} {after:?}")
        };
        file.steps.iter().map(effect).collect()
    };
    let (then, now) = (effects(then), effects(now));
    now.len() < then.len() && now.is_subset(&then)
}

/// The first steps that are only in one of the two.
fn difference(then: &ServerFile, now: &ServerFile) -> String {
    let steps = |file: &ServerFile| -> BTreeSet<String> {
        file.steps.iter().map(|step| format!("{} {}", step.action, step.address)).collect()
    };
    let (then, now) = (steps(then), steps(now));
    let mut lines = String::new();
    for (word, only) in [("no longer", then.difference(&now)), ("new", now.difference(&then))] {
        for step in only.take(NAMED) {
            lines.push_str(&format!("\n  {word}: {step}"));
        }
    }
    lines
}

/// Accounts that came or went since the plan, without making it stale.
fn news(then: &ServerFile, now: &ServerFile) -> Vec<String> {
    let (before, after) = (then.accounts.count, now.accounts.count);
    let known = then.accounts.addresses.as_ref().zip(now.accounts.addresses.as_ref());
    let Some((then, now)) = known else {
        return if before == after {
            Vec::new()
        } else {
            vec![format!("note: the server has {after} accounts now, {before} when the plan was made")]
        };
    };
    let set = |addresses: &[String]| -> BTreeSet<String> { addresses.iter().cloned().collect() };
    let (then, now) = (set(then), set(now));
    let mut lines = Vec::new();
    for (word, only) in [("new", now.difference(&then)), ("gone", then.difference(&now))] {
        let only: Vec<&String> = only.collect();
        if !only.is_empty() {
            let named: Vec<&str> = only.iter().take(NAMED).map(|address| address.as_str()).collect();
            lines.push(format!(
                "note: {} {word} since the plan was made, which it does not touch: {}",
                counted(only.len() as u64, "account"),
                named.join(", ")
            ));
        }
    }
    lines
}

/// A plan without servers, for showing one.
pub fn empty_file() -> PlanFile {
    PlanFile {
        format_version: FORMAT_VERSION.to_owned(),
        icewarden_version: env!("CARGO_PKG_VERSION").to_owned(),
        created: String::new(),
        allows: Vec::new(),
        narrowed: None,
        addresses: None,
        servers: Vec::new(),
        sources: None,
        seal: None,
    }
}
