//! The command `apply`: asks on the terminal, and says exactly what the engine did.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::Path;

use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::args::{ALLOW_HELP, ApplyArgs};
use super::error::CliError;
use super::events::Events;
use super::exit::Exit;
use super::output::Output;
use super::runtime::{session_runtime, side_by_side};
use super::teller::Teller;
use super::{keep, load, prepare, trust};
use crate::edge::engine::{
    Applied, Asked, Before, Begun, Consent, Ear, End, Job, Order, Stop, Tell, begin, confirmed,
};
use crate::edge::icewarp::{Rpc, RpcServer};
use crate::edge::port::Calls;
use crate::edge::{git, plan_file, saved};
use crate::flow::Counts;
use crate::model::counted;
use crate::plan::approval::Reviewed;
use crate::report::servers::{self, ServerRow};
use crate::spec::meaning::Source;

/// The command.
///
/// # Errors
/// No server was asked.
pub fn run(options: &ApplyArgs, output: &Output) -> Result<Exit, CliError> {
    can_ask(options)?;
    // Without --resume it is required.
    let path = options.path.as_deref().unwrap_or(Path::new("."));
    let output = &outputs(options, output)?;
    let allows = options.allow.meant().map_err(|problem| CliError::usage(problem, ALLOW_HELP))?;
    let prepared = prepare::open(path, allows, &options.narrow)?;
    let loaded = &prepared.loaded;
    let events = open_events(options, &loaded.sources)?;
    load::say_findings(loaded, output);
    let trust = trust::open(&options.trust)?;
    let names: Vec<&str> = loaded.spec.servers.iter().map(|server| server.name.as_str()).collect();
    let reviewed = Reviewed::read(&options.effects, &names).map_err(|problem| {
        CliError::usage(problem, "give the digest that the reviewed plan shows as its effects")
    })?;
    let (runtime, stop) = session_runtime()?;
    let keep = runtime.block_on(keep::open(options.store.store.as_deref(), options.lock_timeout))?;
    // A saved plan carries its spec with it: where it lies says nothing about that.
    let commit = match prepared.saved {
        Some(_) => None,
        None => runtime.block_on(git::commit(path)),
    };
    let folder = prepare::here();
    let tellers: Vec<Teller<'_>> = loaded
        .spec
        .servers
        .iter()
        .map(|server| Teller::new(server, output, &events, &options.show))
        .collect();
    let order = |(server, teller)| Order {
        job: Job {
            server,
            allows: &prepared.allows,
            narrowing: &prepared.narrowing,
            trust: &trust,
            tell: teller,
            ear: Ear::new(&stop),
        },
        keep: &keep,
        before: prepared.saved.as_ref().map_or(Before::Nothing, Before::Saved),
        consent: consent(options),
        reviewed: &reviewed,
        sources: &loaded.sources,
        commit: commit.as_ref(),
        folder: &folder,
    };
    let tells = tellers.iter().map(|teller| teller as &dyn Tell);
    let orders: Vec<Order<'_>> = loaded.spec.servers.iter().zip(tells).map(order).collect();
    let work: Vec<Applying<'_, '_>> = orders
        .iter()
        .zip(&tellers)
        .map(|(order, teller)| Applying { order, teller, output, options })
        .collect();
    let exit = perform_all(&runtime, &work, &stop);
    drop(work);
    drop(orders);
    runtime.block_on(keep.close());
    Ok(exit)
}

/// Where words for people go: standard output may belong to the events.
///
/// # Errors
/// What is missing to show addresses as was asked.
pub fn outputs(options: &ApplyArgs, output: &Output) -> Result<Output, CliError> {
    let output = output.with_addresses(options.show.addresses)?;
    let events = options.events.as_deref() == Some(Path::new("-"));
    Ok(if events { output.all_on_stderr() } else { output })
}

/// Opens what is written for programs, once it is known which files it must not touch.
///
/// # Errors
/// It must not be written there, or cannot.
pub fn open_events(options: &ApplyArgs, sources: &[Source]) -> Result<Events, CliError> {
    let Some(path) = options.events.as_deref() else { return Ok(Events::default()) };
    let store = options.store.store.as_deref();
    let checked = match store.is_some_and(|store| saved::is_same(path, store)) {
        true => Err("this is the store, and it stays as it is".to_owned()),
        false => Events::may_stand_at(path, options.path.as_deref(), sources),
    };
    checked.map_err(|problem| {
        CliError::at(Exit::Usage, "--events", path, &problem)
            .next("name a file that does not exist yet, or one of events")
    })?;
    Events::open(path).map_err(|problem| {
        CliError::new(Exit::Failed, format!("the events of the run cannot be written: {problem}"))
            .next("choose another path for --events")
    })
}

/// Whether somebody can be asked, or need not be.
///
/// # Errors
/// Neither.
pub fn can_ask(options: &ApplyArgs) -> Result<(), CliError> {
    if options.auto_approve || std::io::stdin().is_terminal() {
        return Ok(());
    }
    let saved = options.path.as_deref().is_some_and(plan_file::is_plan);
    let next = if saved {
        "review the saved plan, then add --auto-approve"
    } else {
        "review the plan, then add --auto-approve; or apply a plan saved by `plan --out`, also with it"
    };
    Err(CliError::usage("there is no terminal to ask on", next))
}

/// Whether the engine is to wait for a yes.
pub fn consent(options: &ApplyArgs) -> Consent {
    if options.auto_approve { Consent::Given } else { Consent::Asked }
}

/// One server while its plan is performed.
pub struct Applying<'a, 't> {
    pub order: &'a Order<'a>,
    pub teller: &'a Teller<'t>,
    pub output: &'a Output,
    pub options: &'a ApplyArgs,
}

/// What is told of a server in the end.
struct Row {
    exit: Exit,
    counts: Option<Counts>,
}

/// Performs the plans of servers, and tells what came of them.
pub fn perform_all(runtime: &Runtime, work: &[Applying<'_, '_>], stop: &Stop) -> Exit {
    let Some(Applying { output, .. }) = work.first() else { return Exit::Done };
    let rows = runtime.block_on(apply_all(work, stop));
    let exits: Vec<Exit> = rows.iter().map(|row| row.exit).collect();
    let rows: Vec<ServerRow> = work.iter().zip(rows).map(|(one, row)| one.row(&row)).collect();
    let columns = ["done", "failed", "in doubt", "not tried"];
    output.data(&servers::table(columns, &rows, output.layout(false)));
    Exit::of_all(&exits)
}

/// Every server, some side by side. Where a person is to be asked, all plans are shown first and one answer holds
/// for all of them.
async fn apply_all(work: &[Applying<'_, '_>], stop: &Stop) -> Vec<Row> {
    let connect = &Rpc::default();
    let begun = side_by_side(work, |one| begin(one.order, connect)).await;
    let mut steps = 0;
    let mut names: Vec<&str> = Vec::new();
    for (one, begun) in work.iter().zip(&begun) {
        if let Begun::Ask(asked) = begun {
            steps += asked.steps();
            names.push(&one.order.job.server.name);
        }
    }
    let yes = match work.first() {
        Some(Applying { output, .. }) if !names.is_empty() => {
            let yes = asked(steps, &names.join(", "), output, stop).await;
            if !yes {
                output.say("not confirmed; nothing was changed.");
            }
            yes
        }
        _ => false,
    };
    side_by_side(work.iter().zip(begun), async |(one, begun)| match begun {
        Begun::Ended(applied) => one.ended(applied),
        Begun::Ask(asked) if yes => one.ended(confirmed(one.order, *asked).await),
        Begun::Ask(asked) => one.declined(&asked),
    })
    .await
}

/// Asks on the terminal; only `yes` is yes.
async fn asked(steps: u64, names: &str, output: &Output, stop: &Stop) -> bool {
    let steps = counted(steps, "step");
    output.say(&format!("Perform {steps} on {names}? Only `yes` does it."));
    // A thread of its own: reading cannot be given up, and the runtime would wait for one of its own threads.
    let (answered, answer) = oneshot::channel();
    std::thread::spawn(move || {
        let mut answer = String::new();
        let read = std::io::stdin().lock().read_line(&mut answer);
        let _ = answered.send(read.is_ok() && answer.trim() == "yes");
    });
    let ear = Ear::new(stop);
    tokio::select! {
        biased;
        () = ear.interrupted() => false,
        yes = answer => yes.unwrap_or(false),
    }
}

impl Applying<'_, '_> {
    fn declined(&self, asked: &Asked<RpcServer>) -> Row {
        self.teller.not_begun(Exit::Failed, "not confirmed".to_owned(), None);
        self.stats(&asked.calls());
        Row { exit: Exit::Failed, counts: None }
    }

    /// Tells what came of the server, as far as the engine has not.
    fn ended(&self, applied: Applied) -> Row {
        let Applied { end, counts, calls } = applied;
        let exit = Exit::from(&end);
        match &end {
            // The run told its end itself.
            End::Ran { .. } => {}
            End::NothingToDo => self.teller.not_begun(exit, "nothing to do".to_owned(), None),
            End::Blocked | End::Closed | End::Stale => {
                self.teller.not_begun(exit, exit.word().to_owned(), None);
            }
            End::NotShown => {
                let message = "the plan could not be shown, so nothing of it was done";
                self.output.error(
                    &format!("{}: {message}", self.order.job.server.name),
                    Some("let the output be written, then run it again"),
                );
                self.teller.not_begun(exit, message.to_owned(), None);
            }
            End::Failed(failure) => {
                let error = CliError::of(&self.order.job.server.name, failure, self.order.sources);
                let error = error.nothing_was_changed();
                self.teller.not_begun(exit, failure.message.clone(), error.remedy.clone());
                self.output.report(&error);
            }
        }
        self.stats(&calls);
        Row { exit, counts }
    }

    fn stats(&self, calls: &Calls) {
        if self.options.show.stats {
            self.output.stats(&self.order.job.server.name, calls);
        }
    }

    /// Its line in the table of all servers.
    fn row(&self, row: &Row) -> ServerRow {
        let numbers = row.counts.map(|counts| {
            [counts.done, counts.failed, counts.doubtful, counts.stopped].map(|count| count as u64)
        });
        let outcome = match (row.exit, row.counts) {
            (Exit::Done, None) => "nothing to do",
            (exit, _) => exit.word(),
        };
        ServerRow { server: self.order.job.server.name.clone(), outcome, numbers, exit: row.exit.code() }
    }
}
