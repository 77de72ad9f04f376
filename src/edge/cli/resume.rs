//! `apply --resume`: goes on with a run that was cut off, or ended in part.
//!
//! The run is not replayed. The server is read again and planned again, from the spec and the overrides that the run
//! was begun with; what is in doubt is settled by that reading. It goes on only if all that is then left was
//! approved: each step by what it does and to whom, since what a step expects beside that changes as work is done.

use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;

use super::apply::{Applying, Before, can_ask, open_events, outputs, perform_all};
use super::args::{ApplyArgs, NarrowArgs};
use super::exit::Exit;
use super::job::Job;
use super::keep::{Keep, minute, say_store, server_key};
use super::load::{self, Loaded};
use super::output::Output;
use super::record::{self, Spec};
use super::signals::Ear;
use super::stale::{self, Reviewed};
use super::trust::Trust;
use crate::diff::Narrowing;
use crate::edge::git::Commit;
use crate::edge::store::{Entry, RunRow, StepTold, Store, StoreError};
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
    spec: Spec,
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
    let output = &outputs(options, output)?;
    nothing_else_given(options, output)?;
    let trust = Trust::open(&options.trust, output)?;
    let reviewed = Reviewed::default();
    let runtime = super::session_runtime()?;
    let (keep, found) = runtime.block_on(async {
        let keep = Keep::open(options.store.store.as_deref(), options.lock_timeout, output).await?;
        let found = find(path, &keep.store, output).await?;
        Ok((keep, found))
    })?;
    let Found { mut runs, mut exits, others } = found;
    let sources: Vec<Source> = runs.iter().flat_map(|resumed| resumed.loaded.sources.clone()).collect();
    let events = open_events(options, &sources, output)?;
    if runs.is_empty() && exits.is_empty() {
        let of = if others { " of the servers of this spec" } else { "" };
        output.data(&format!("nothing to resume: no run{of} was cut off or ended in part.\n"));
    }
    while !runs.is_empty() {
        // One run of each server at a time, the newest first: an older one is open only beside narrowed ones.
        let mut keys = BTreeSet::new();
        let (mut round, rest): (Vec<_>, Vec<_>) =
            runs.into_iter().partition(|resumed| keys.insert(resumed.run.server_key.clone()));
        round.sort_by_key(|resumed| resumed.run.id);
        let apply = round.iter().filter_map(|resumed| {
            let Resumed { allows, narrowing, loaded, .. } = resumed;
            let server = resumed.server()?;
            let job = Job { server, allows, narrowing, trust: &trust, output, ear: Ear::default() };
            let (before, commit) = (Before::Run(resumed), resumed.commit());
            let (reviewed, keep, events) = (&reviewed, &keep, &events);
            Some(Applying { job, before, reviewed, loaded, commit, keep, options, events })
        });
        let applying: Vec<Applying<'_>> = apply.collect();
        let exit = perform_all(&runtime, &applying, output);
        exits.push(exit);
        if !matches!(exit, Exit::Done | Exit::Blocked) {
            for resumed in &rest {
                output.say(&format!("{}: run {} was left as it is", resumed.run.server, resumed.run.id));
            }
            break;
        }
        runs = runtime.block_on(still_open(rest, &keep.store)).map_err(|error| say_store(&error, output))?;
    }
    runtime.block_on(keep.close());
    Ok(Exit::of_all(&exits))
}

/// # Errors
/// The exit, after saying which option a run that goes on has already.
fn nothing_else_given(options: &ApplyArgs, output: &Output) -> Result<(), Exit> {
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
    Ok(())
}

/// The runs that no other has settled or taken the place of meanwhile.
async fn still_open(runs: Vec<Resumed>, store: &Store) -> Result<Vec<Resumed>, StoreError> {
    let mut open = Vec::new();
    for resumed in runs {
        if store.run(resumed.run.id).await?.is_some_and(|run| run.is_unfinished()) {
            open.push(resumed);
        }
    }
    Ok(open)
}

/// What was found to go on with.
struct Found {
    /// The newest first.
    runs: Vec<Resumed>,
    /// The exits of runs that cannot go on, after saying why.
    exits: Vec<Exit>,
    /// Whether there are runs of servers that the given spec says nothing of.
    others: bool,
}

/// The runs to go on with: of the servers of a spec, or all that the store holds.
async fn find(path: Option<&Path>, store: &Store, output: &Output) -> Result<Found, Exit> {
    let given = match path {
        Some(path) => Some(Rc::new(stale::open(path, Vec::new(), &NarrowArgs::default(), output)?.loaded)),
        None => None,
    };
    let mut found = Found { runs: Vec::new(), exits: Vec::new(), others: false };
    for run in store.all_unfinished(None).await.map_err(|error| say_store(&error, output))? {
        let loaded = match &given {
            Some(loaded) => Rc::clone(loaded),
            None => match begun_with(&run, store, output).await {
                Ok(loaded) => Rc::new(loaded),
                Err(exit) => {
                    let RunRow { id, server, .. } = &run;
                    let message =
                        format!("{server}: run {id} cannot go on with the spec that it was begun with");
                    output.error(&message, Some("plan again; the new plan takes the run's place"));
                    found.exits.push(exit);
                    continue;
                }
            },
        };
        let read = async {
            let narrowing = store.narrowing(run.id).await?;
            Ok((store.steps(run.id).await?, store.allows(run.id).await?, narrowing))
        };
        let (steps, allows, narrowing) = read.await.map_err(|error| say_store(&error, output))?;
        let spec = if given.is_some() { Spec::Another } else { Spec::Own };
        let resumed = Resumed { run, steps, allows, narrowing, loaded, spec };
        if resumed.server().is_some() {
            found.runs.push(resumed);
        } else if let Some(why) = resumed.mistaken() {
            output.error(&why, Some(MISTAKEN_HELP));
            found.exits.push(Exit::Failed);
        } else {
            let RunRow { id, server, .. } = &resumed.run;
            output.say(&format!("note: {server}: run {id} has not ended; its server is not in this spec"));
            found.others = true;
        }
    }
    Ok(found)
}

/// The next act where a spec is not of the server that a run was begun on.
const MISTAKEN_HELP: &str = "leave out the path, and the run goes on with the spec that it was begun with; or, if the \
    server is another by now, plan again";

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

    /// What is said where the spec has a server that looks like the run's and is none.
    fn mistaken(&self) -> Option<String> {
        let RunRow { id, server, url, reference_id, .. } = &self.run;
        let like = |other: &&ServerSpec| other.name == *server || other.connection.url == *url;
        let other = self.loaded.spec.servers.iter().find(like)?;
        let reference =
            |id: Option<&str>| id.map_or("no Reference ID".to_owned(), |id| format!("Reference ID {id}"));
        let pinned = other.identity.reference_id.as_ref().map(|(id, _)| id.trim());
        Some(format!(
            "{server}: run {id} was not gone on with: it was begun on {url} with {}, and the spec's {} is {} with {}",
            reference(reference_id.as_deref()),
            other.name,
            other.connection.url,
            reference(pinned)
        ))
    }

    /// What is written down of the steps that are not in the plan any more.
    pub fn settled(&self, now: &ServerFile) -> Vec<Entry> {
        record::settled(&self.steps, now, self.spec)
    }

    /// The commit that the run's own spec was taken from.
    fn commit(&self) -> Option<&Commit> {
        self.run.commit.as_ref().filter(|_| self.spec == Spec::Own)
    }

    /// Whether all that is left to do was approved and not done yet.
    fn refuses(&self, left: &BTreeSet<Effect<'_>>) -> Option<String> {
        let RunRow { id, server, .. } = &self.run;
        let approved: BTreeSet<Effect<'_>> =
            self.steps.iter().filter(|step| !step.is_done()).map(Effect::approved).collect();
        let done: BTreeSet<(&str, &str)> = self
            .steps
            .iter()
            .filter(|step| step.is_done())
            .map(|step| Effect::approved(step).whom())
            .collect();
        let others = left.difference(&approved);
        let (undone, others): (Vec<_>, Vec<_>) = others.partition(|effect| done.contains(&effect.whom()));
        let mut whys = Vec::new();
        if !undone.is_empty() {
            whys.push(format!(
                "what it had done was changed since: {}{}",
                counted(undone.len() as u64, "step"),
                named(&undone)
            ));
        }
        if !others.is_empty() {
            whys.push(format!(
                "the server has changed since, and {} would be done that the run was not approved for{}",
                counted(others.len() as u64, "step"),
                named(&others)
            ));
        }
        if whys.is_empty() {
            return None;
        }
        Some(format!("{server}: run {id} cannot go on, and nothing was changed: {}", whys.join("\n  ")))
    }

    /// Whether all that is left to do was approved; tells what was found done.
    ///
    /// # Errors
    /// The exit, after saying what differs.
    pub fn goes_on(&self, now: &ServerFile, output: &Output, directory: &Directory) -> Result<(), Exit> {
        let shown = |text: &str| output.addresses.text(Some(directory), text);
        let RunRow { id, server, started, .. } = &self.run;
        let left: BTreeSet<Effect<'_>> = now.steps.iter().map(Effect::left).collect();
        if let Some(message) = self.refuses(&left) {
            let next = "plan again, and have the new plan reviewed; it takes the run's place";
            output.error(&shown(&message), Some(next));
            return Err(Exit::Stale);
        }
        let blocked: BTreeSet<&str> = now.blocked.iter().map(|blocked| blocked.address.as_str()).collect();
        let (mut told, mut found, mut gone) = (0, Vec::new(), 0);
        for step in &self.steps {
            let effect = Effect::approved(step);
            if left.contains(&effect) || blocked.contains(effect.address) {
                continue;
            }
            match step.begun {
                _ if step.is_done() => told += 1,
                Some(_) => found.push(effect),
                None => gone += 1,
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
    /// What it does and to whom, whatever is there before.
    fn whom(&self) -> (&'a str, &'a str) {
        (self.action, self.address)
    }

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
