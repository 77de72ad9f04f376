//! `apply --resume`: goes on with a run that was cut off, or ended in part.
//!
//! The run is not replayed. The server is read again and planned again, from the spec and the overrides that the run
//! was begun with; what is in doubt is settled by that reading. It goes on only if all that is then left was
//! approved: each step by what it does and to whom, since what a step expects beside that changes as work is done.

use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;

use super::apply::{Applying, Before, can_ask, open_outputs, perform_all};
use super::args::{ApplyArgs, NarrowArgs};
use super::exit::Exit;
use super::job::Job;
use super::keep::{Keep, minute, say_store, server_key};
use super::load::{self, Loaded};
use super::output::Output;
use super::signals::Ear;
use super::stale::{self, Reviewed};
use super::trust::Trust;
use crate::diff::Narrowing;
use crate::edge::git::Commit;
use crate::edge::store::{RunRow, StepTold, Store};
use crate::model::{Directory, counted};
use crate::plan::Allow;
use crate::plan::file::ServerFile;
use crate::spec::meaning::{ServerSpec, Source};

/// How many steps are named where there are many.
const NAMED: usize = 10;

/// A run to go on with.
pub struct Resumed {
    pub run: RunRow,
    steps: Vec<StepTold>,
    allows: Vec<Allow>,
    narrowing: Narrowing,
    loaded: Rc<Loaded>,
}

/// The command.
pub fn run(options: &ApplyArgs, output: &Output) -> Exit {
    resumed(options, output).unwrap_or_else(|exit| exit)
}

/// # Errors
/// The exit, after saying why, where no server was asked.
fn resumed(options: &ApplyArgs, output: &Output) -> Result<Exit, Exit> {
    can_ask(options, output)?;
    let path = options.path.as_deref();
    let (output, events) = open_outputs(options, output)?;
    let output = &output;
    let narrow = &options.narrow;
    for (given, option) in [
        (!options.allow.allow.is_empty(), "--allow"),
        (!narrow.target.is_empty(), "--target"),
        (!narrow.exclude.is_empty(), "--exclude"),
        (!options.effects.is_empty(), "--effects"),
    ] {
        if given {
            let next = "leave it out: a run goes on with what it was begun with";
            output.error(&format!("{option} does not go with --resume"), Some(next));
            return Err(Exit::Usage);
        }
    }
    let trust = Trust::open(&options.trust, output)?;
    let reviewed = Reviewed::default();
    let runtime = super::session_runtime()?;
    let (keep, resumed) = runtime.block_on(async {
        let keep = Keep::open(options.store.store.as_deref(), options.lock_timeout, output).await?;
        let resumed = find(path, &keep.store, output).await?;
        Ok((keep, resumed))
    })?;
    if resumed.is_empty() {
        output.data("nothing to resume: no run was cut off or ended in part.\n");
        return Ok(Exit::Done);
    }
    let mut applying = Vec::new();
    for resumed in &resumed {
        let Some(server) = resumed.server() else { continue };
        applying.push(Applying {
            job: Job {
                server,
                allows: &resumed.allows,
                narrowing: &resumed.narrowing,
                trust: &trust,
                output,
                ear: Ear::default(),
            },
            before: Before::Run(resumed),
            reviewed: &reviewed,
            loaded: &resumed.loaded,
            commit: resumed.commit(path),
            keep: &keep,
            options,
            events: &events,
        });
    }
    let exit = perform_all(&runtime, &applying, output);
    drop(applying);
    runtime.block_on(keep.close());
    Ok(exit)
}

/// The runs to go on with: of the servers of a spec, or all that the store holds.
async fn find(path: Option<&Path>, store: &Store, output: &Output) -> Result<Vec<Resumed>, Exit> {
    let given = match path {
        Some(path) => Some(Rc::new(stale::open(path, Vec::new(), &NarrowArgs::default(), output)?.loaded)),
        None => None,
    };
    let runs = store.all_unfinished().await.map_err(|error| say_store(&error, output))?;
    let mut found = Vec::new();
    for run in runs {
        let loaded = match &given {
            Some(loaded) => Rc::clone(loaded),
            None => Rc::new(begun_with(&run, store, output).await?),
        };
        let read = async {
            let narrowing = store.narrowing(run.id).await?;
            Ok((store.steps(run.id).await?, store.allows(run.id).await?, narrowing))
        };
        let (steps, allows, narrowing) = read.await.map_err(|error| say_store(&error, output))?;
        let resumed = Resumed { run, steps, allows, narrowing, loaded };
        if resumed.server().is_some() {
            found.push(resumed);
        }
    }
    Ok(found)
}

/// The spec that a run was begun with. Its files' names are made absolute: what the spec names lies beside them, and
/// this program may have been started elsewhere.
async fn begun_with(run: &RunRow, store: &Store, output: &Output) -> Result<Loaded, Exit> {
    let sources = store.sources(run.id).await.map_err(|error| say_store(&error, output))?;
    let absolute = |source: Source| {
        let name = Path::new(&run.folder).join(&*source.name);
        Source { name: name.to_string_lossy().into(), text: source.text }
    };
    let sources: Vec<Source> = sources.into_iter().map(absolute).collect();
    load::parse_sources(sources).map_err(|(found, sources)| load::say_invalid(&found, &sources, output))
}

impl Resumed {
    /// The run's server in the spec.
    fn server(&self) -> Option<&ServerSpec> {
        self.loaded.spec.servers.iter().find(|server| server_key(server) == self.run.server_key)
    }

    /// The commit that the run's own spec was taken from.
    fn commit(&self, given: Option<&Path>) -> Option<&Commit> {
        self.run.commit.as_ref().filter(|_| given.is_none())
    }

    /// Whether all that is left to do was approved; tells what was found done.
    ///
    /// # Errors
    /// The exit, after saying what differs.
    pub fn goes_on(&self, now: &ServerFile, output: &Output, directory: &Directory) -> Result<(), Exit> {
        let shown = |text: &str| output.addresses.text(Some(directory), text);
        let RunRow { id, server, started, .. } = &self.run;
        let approved: BTreeSet<Effect<'_>> = self.steps.iter().map(Effect::approved).collect();
        let left: BTreeSet<Effect<'_>> = now.steps.iter().map(Effect::left).collect();
        let others: Vec<&Effect<'_>> = left.difference(&approved).collect();
        if !others.is_empty() {
            let message = format!(
                "{server}: run {id} cannot go on: the server has changed since, and {} would be done that the run was \
                 not approved for; nothing was changed{}",
                counted(others.len() as u64, "step"),
                named(&others)
            );
            output.error(
                &shown(&message),
                Some("plan again, and have the new plan reviewed; it takes the run's place"),
            );
            return Err(Exit::Stale);
        }
        let blocked: BTreeSet<&str> = now.blocked.iter().map(|blocked| blocked.address.as_str()).collect();
        let (mut told, mut found, mut gone) = (0, Vec::new(), 0);
        for step in &self.steps {
            let effect = Effect::approved(step);
            if left.contains(&effect) || blocked.contains(effect.address) {
                continue;
            }
            match (&step.outcome, &step.begun) {
                (Some((_, word, _)), _) if ["done", "said", "already so"].contains(&word.as_str()) => {
                    told += 1;
                }
                (_, Some(_)) => found.push(effect),
                (_, None) => gone += 1,
            }
        }
        output.say(&format!(
            "{server}: run {id} of {}: {told} of {} steps were done, {} left to do",
            minute(started),
            self.steps.len(),
            left.len()
        ));
        if !found.is_empty() {
            let found: Vec<&Effect<'_>> = found.iter().collect();
            let message = format!("  {} in doubt, and found done now:{}", found.len(), named(&found));
            output.say(&shown(&message));
        }
        if gone > 0 {
            output.say(&format!("  {gone} that it had not begun: no longer needed, somebody else did that"));
        }
        Ok(())
    }
}

/// What a step does, and to whom.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Effect<'a> {
    action: &'a str,
    address: &'a str,
    before: Option<&'a str>,
    after: Option<&'a str>,
    secret: Option<&'a str>,
}

impl<'a> Effect<'a> {
    fn approved(told: &'a StepTold) -> Effect<'a> {
        let step = &told.step;
        Effect {
            action: &step.action,
            address: &step.address,
            before: step.before.as_deref(),
            after: step.after.as_deref(),
            secret: step.secret.as_deref(),
        }
    }

    fn left(step: &'a crate::plan::file::StepFile) -> Effect<'a> {
        Effect {
            action: &step.action,
            address: &step.address,
            before: step.before.as_deref(),
            after: step.after.as_deref(),
            secret: step.secret.as_deref(),
        }
    }
}

/// Some of them, a line each.
fn named(effects: &[&Effect<'_>]) -> String {
    let mut lines = String::new();
    for effect in effects.iter().take(NAMED) {
        lines.push_str(&format!("\n    {} {}", effect.action, effect.address));
    }
    if effects.len() > NAMED {
        lines.push_str(&format!("\n    and {} more", effects.len() - NAMED));
    }
    lines
}
