//! `apply --resume`: goes on with runs that were cut off, or ended in part.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::apply::{Applying, can_ask, consent, open_events, outputs, perform_all};
use super::args::{ApplyArgs, NarrowArgs};
use super::error::CliError;
use super::exit::Exit;
use super::output::Output;
use super::runtime::session_runtime;
use super::teller::Teller;
use super::{keep, prepare, trust};
use crate::edge::engine::load::{Loaded, parse_sources};
use crate::edge::engine::resume::{Resumed, sources_of, still_open};
use crate::edge::engine::{Before, Ear, Job, Order, Tell};
use crate::edge::store::{RunRow, Store};
use crate::flow::resume::SpecOrigin;
use crate::plan::approval::Reviewed;
use crate::spec::meaning::{ServerSpec, Source};

/// The command.
///
/// # Errors
/// No server was asked.
pub fn run(options: &ApplyArgs, output: &Output) -> Result<Exit, CliError> {
    can_ask(options)?;
    let output = &outputs(options, output)?;
    nothing_else_given(options)?;
    let trust = trust::open(&options.trust)?;
    let reviewed = Reviewed::default();
    let (runtime, stop) = session_runtime()?;
    let (keep, found) = runtime.block_on(async {
        let keep = keep::open(options.store.store.as_deref(), options.lock_timeout).await?;
        let found = find(options.path.as_deref(), &keep.store, output).await?;
        Ok::<_, CliError>((keep, found))
    })?;
    let Found { mut runs, mut exits, others } = found;
    let sources: Vec<Source> = runs.iter().flat_map(|resumed| resumed.loaded.sources.clone()).collect();
    let events = open_events(options, &sources)?;
    if runs.is_empty() && exits.is_empty() {
        let of = if others { " of the servers of this spec" } else { "" };
        output.data(&format!("nothing to resume: no run{of} was cut off or ended in part.\n"));
    }
    let folder = prepare::here();
    while !runs.is_empty() {
        // One run of each server at a time, the newest first: an older one is open only beside narrowed ones.
        let mut keys = BTreeSet::new();
        let (mut round, rest): (Vec<_>, Vec<_>) =
            runs.into_iter().partition(|resumed| keys.insert(resumed.run.server_key.clone()));
        round.sort_by_key(|resumed| resumed.run.id);
        let servers: Vec<(&Resumed, &ServerSpec)> =
            round.iter().filter_map(|resumed| Some((resumed, resumed.server()?))).collect();
        let teller = |(_, server)| Teller::new(server, output, &events, &options.show);
        let tellers: Vec<Teller<'_>> = servers.iter().copied().map(teller).collect();
        let order = |((resumed, server), tell)| {
            let Resumed { allows, narrowing, loaded, .. }: &Resumed = resumed;
            let job = Job { server, allows, narrowing, trust: &trust, tell, ear: Ear::new(&stop) };
            Order {
                job,
                keep: &keep,
                before: Before::Run(resumed),
                consent: consent(options),
                reviewed: &reviewed,
                sources: &loaded.sources,
                commit: resumed.commit(),
                folder: &folder,
            }
        };
        let orders: Vec<Order<'_>> = servers
            .iter()
            .copied()
            .zip(tellers.iter().map(|teller| teller as &dyn Tell))
            .map(order)
            .collect();
        let work =
            orders.iter().zip(&tellers).map(|(order, teller)| Applying { order, teller, output, options });
        let exit = perform_all(&runtime, &work.collect::<Vec<_>>(), &stop);
        exits.push(exit);
        if !matches!(exit, Exit::Done | Exit::Blocked) {
            for resumed in &rest {
                output.say(&format!("{}: run {} was left as it is", resumed.run.server, resumed.run.id));
            }
            break;
        }
        runs = runtime.block_on(still_open(rest, &keep.store))?;
    }
    runtime.block_on(keep.close());
    Ok(Exit::of_all(&exits))
}

/// # Errors
/// An option that a run that goes on has already.
fn nothing_else_given(options: &ApplyArgs) -> Result<(), CliError> {
    let narrow = &options.narrow;
    for (given, option) in [
        (!options.allow.allow.is_empty(), "--allow"),
        (!narrow.target.is_empty(), "--target"),
        (!narrow.exclude.is_empty(), "--exclude"),
        (!options.effects.is_empty(), "--effects"),
    ] {
        if given {
            let next = "leave it out: a run goes on with what it was begun with";
            return Err(CliError::usage(format!("{option} does not go with --resume"), next));
        }
    }
    Ok(())
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
async fn find(path: Option<&Path>, store: &Store, output: &Output) -> Result<Found, CliError> {
    let given = match path {
        Some(path) => Some(Arc::new(prepare::open(path, Vec::new(), &NarrowArgs::default())?.loaded)),
        None => None,
    };
    let mut found = Found { runs: Vec::new(), exits: Vec::new(), others: false };
    for run in store.all_unfinished(None).await? {
        let loaded = match &given {
            Some(loaded) => Arc::clone(loaded),
            None => match begun_with(&run, store).await {
                Ok(loaded) => Arc::new(loaded),
                Err(error) => {
                    output.report(&error);
                    found.exits.push(error.exit);
                    continue;
                }
            },
        };
        let spec = if given.is_some() { SpecOrigin::Another } else { SpecOrigin::OfTheRun };
        let resumed = Resumed::of(run, loaded, spec, store).await?;
        if resumed.server().is_some() {
            found.runs.push(resumed);
        } else if let Some(other) = resumed.mistaken() {
            let error = mistaken(&resumed.run, other);
            output.report(&error);
            found.exits.push(error.exit);
        } else {
            let RunRow { id, server, .. } = &resumed.run;
            output.say(&format!("note: {server}: run {id} has not ended; its server is not in this spec"));
            found.others = true;
        }
    }
    Ok(found)
}

/// The spec that a run was begun with.
async fn begun_with(run: &RunRow, store: &Store) -> Result<Loaded, CliError> {
    parse_sources(sources_of(run, store).await?).map_err(|(found, sources)| {
        let message =
            format!("{}: run {} cannot go on with the spec that it was begun with", run.server, run.id);
        CliError { message, ..CliError::invalid(found, sources) }
            .next("plan again; the new plan takes the run's place")
    })
}

/// What is said where the spec has a server that looks like the run's and is none.
fn mistaken(run: &RunRow, other: &ServerSpec) -> CliError {
    let RunRow { id, server, url, reference_id, .. } = run;
    let reference =
        |id: Option<&str>| id.map_or("no Reference ID".to_owned(), |id| format!("Reference ID {id}"));
    let pinned = other.identity.reference_id.as_ref().map(|(id, _)| id.trim());
    let message = format!(
        "{server}: run {id} was not gone on with: it was begun on {url} with {}, and the spec's {} is {} with {}",
        reference(reference_id.as_deref()),
        other.name,
        other.connection.target(),
        reference(pinned)
    );
    CliError::new(Exit::Failed, message).next(
        "leave out the path, and the run goes on with the spec that it was begun with; or, if the server is another \
         by now, plan again",
    )
}
