//! The command `apply`: performs a plan, reads everything back, and says exactly what was done.

use std::cell::Cell;
use std::io::{BufRead as _, IsTerminal as _};
use std::path::Path;

use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::addresses::Addresses;
use super::args::{ALLOW_HELP, ApplyArgs};
use super::events::Events;
use super::exit::Exit;
use super::job::{Job, side_by_side};
use super::keep::{self, Held, Keep};
use super::load::Loaded;
use super::output::Output;
use super::plan::{plan_of, say_failure, say_spec_findings, say_stats};
use super::progress::Meter;
use super::record;
use super::resume::Resumed;
use super::session::{self, Failure, Read};
use super::signals::Ear;
use super::stale::{self, Approved, Reviewed};
use super::trust::Trust;
use crate::edge::drive::{Driving, drive};
use crate::edge::git::{self, Commit};
use crate::edge::lock::Lock;
use crate::edge::saved;
use crate::flow::{Halt, Run, StepState};
use crate::model::counted;
use crate::plan::file::{PlanFile, ServerFile};
use crate::plan::{HoldKind, Plan};
use crate::report::events::{self, WhatFile};
use crate::report::groups::Detail;
use crate::report::run::{self as report, RunCounts, SummaryLayout, Telling};
use crate::report::servers::{self, ServerRow};
use crate::report::{text, view};
use crate::spec::meaning::Source;

/// The command.
pub fn run(options: &ApplyArgs, output: &Output) -> Exit {
    if let Err(exit) = can_ask(options, output) {
        return exit;
    }
    applied(options, output).unwrap_or_else(|exit| exit)
}

/// # Errors
/// The exit, after saying why, where no server was asked.
fn applied(options: &ApplyArgs, output: &Output) -> Result<Exit, Exit> {
    // Without --resume it is required.
    let path = options.path.as_deref().unwrap_or(Path::new("."));
    let output = &outputs(options, output)?;
    let allows = options.allow.meant().map_err(|problem| output.usage(&problem, ALLOW_HELP))?;
    let prepared = stale::open(path, allows, &options.narrow, output)?;
    let events = open_events(options, &prepared.loaded.sources, output)?;
    say_spec_findings(&prepared.loaded, output);
    let trust = Trust::open(&options.trust, output)?;
    let reviewed = Reviewed::read(&options.effects, &prepared.loaded.spec.servers).map_err(|problem| {
        output.usage(&problem, "give the digest that the reviewed plan shows as its effects")
    })?;
    let runtime = super::session_runtime()?;
    let keep = runtime.block_on(Keep::open(options.store.store.as_deref(), options.lock_timeout, output))?;
    // A saved plan carries its spec with it: where it lies says nothing about that.
    let commit = match prepared.saved {
        Some(_) => None,
        None => runtime.block_on(git::commit(path)),
    };
    let before = prepared.saved.as_ref().map_or(Before::Nothing, Before::Saved);
    let apply = |server| Applying {
        job: Job {
            server,
            allows: &prepared.allows,
            narrowing: &prepared.narrowing,
            trust: &trust,
            output,
            ear: Ear::default(),
        },
        before,
        reviewed: &reviewed,
        loaded: &prepared.loaded,
        commit: commit.as_ref(),
        keep: &keep,
        options,
        events: &events,
    };
    let applying: Vec<Applying<'_>> = prepared.loaded.spec.servers.iter().map(apply).collect();
    let exit = perform_all(&runtime, &applying, output);
    drop(applying);
    runtime.block_on(keep.close());
    Ok(exit)
}

/// Where words for people go: standard output may belong to the events.
pub fn outputs(options: &ApplyArgs, output: &Output) -> Result<Output, Exit> {
    let output = output.with_addresses(options.show.addresses)?;
    let events = options.events.as_deref() == Some(Path::new("-"));
    Ok(if events { output.all_on_stderr() } else { output })
}

/// Opens what is written for programs, once it is known which files it must not touch.
pub fn open_events(options: &ApplyArgs, sources: &[Source], output: &Output) -> Result<Events, Exit> {
    let Some(path) = options.events.as_deref() else { return Ok(Events::default()) };
    let store = options.store.store.as_deref();
    let checked = match store.is_some_and(|store| saved::is_same(path, store)) {
        true => Err("this is the store, and it stays as it is".to_owned()),
        false => Events::may_stand_at(path, options.path.as_deref(), sources),
    };
    checked.map_err(|problem| {
        let next = "name a file that does not exist yet, or one of events";
        output.usage(&format!("--events {}: {problem}", path.display()), next)
    })?;
    Events::open(path).map_err(|problem| {
        let message = format!("the events of the run cannot be written: {problem}");
        output.error(&message, Some("choose another path for --events"));
        Exit::Failed
    })
}

/// Whether somebody can be asked, or need not be.
pub fn can_ask(options: &ApplyArgs, output: &Output) -> Result<(), Exit> {
    if options.auto_approve || std::io::stdin().is_terminal() {
        return Ok(());
    }
    let saved = options.path.as_deref().is_some_and(stale::is_plan);
    let next = if saved {
        "review the saved plan, then add --auto-approve"
    } else {
        "review the plan, then add --auto-approve; or apply a plan saved by `plan --out`, also with it"
    };
    output.error("there is no terminal to ask on", Some(next));
    Err(Exit::Usage)
}

/// Performs the plans of servers, and tells what came of them.
pub fn perform_all(runtime: &Runtime, applying: &[Applying<'_>], output: &Output) -> Exit {
    let applied = runtime.block_on(apply_all(applying, output));
    let rows: Vec<ServerRow> =
        applying.iter().zip(&applied).map(|(one, applied)| one.row(*applied)).collect();
    output.data(&servers::table(["done", "failed", "in doubt", "not tried"], &rows, output.layout(false)));
    Exit::of_all(&applied.iter().map(|applied| applied.exit).collect::<Vec<_>>())
}

/// Every server, some side by side. Where a person is to be asked, all plans are shown first and one answer holds
/// for all of them.
async fn apply_all(applying: &[Applying<'_>], output: &Output) -> Vec<Applied> {
    let begun = side_by_side(applying, Applying::begin).await;
    let mut steps = 0;
    let mut names: Vec<&str> = Vec::new();
    for (one, begun) in applying.iter().zip(&begun) {
        if let Begun::Ask(asked) = begun {
            steps += asked.steps();
            names.push(&one.job.server.name);
        }
    }
    let yes = !names.is_empty() && asked(steps, &names.join(", "), output).await;
    if !names.is_empty() && !yes {
        output.say("not confirmed; nothing was changed.");
    }
    side_by_side(applying.iter().zip(begun), async |(one, begun)| match begun {
        Begun::Ended(applied) => applied,
        Begun::Ask(asked) if yes => one.confirmed(*asked).await,
        Begun::Ask(_) => one.without_run(Exit::Failed, "not confirmed", None),
    })
    .await
}

/// Asks on the terminal; only `yes` is yes.
async fn asked(steps: usize, names: &str, output: &Output) -> bool {
    let steps = counted(steps as u64, "step");
    output.say(&format!("Perform {steps} on {names}? Only `yes` does it."));
    // A thread of its own: reading cannot be given up, and the runtime would wait for one of its own threads.
    let (answered, answer) = oneshot::channel();
    std::thread::spawn(move || {
        let mut answer = String::new();
        let read = std::io::stdin().lock().read_line(&mut answer);
        let _ = answered.send(read.is_ok() && answer.trim() == "yes");
    });
    let ear = Ear::default();
    tokio::select! {
        biased;
        () = ear.interrupted() => false,
        yes = answer => yes.unwrap_or(false),
    }
}

/// One server while its plan is performed.
pub struct Applying<'a> {
    pub job: Job<'a>,
    pub before: Before<'a>,
    pub reviewed: &'a Reviewed,
    pub loaded: &'a Loaded,
    pub commit: Option<&'a Commit>,
    pub keep: &'a Keep,
    pub options: &'a ApplyArgs,
    pub events: &'a Events,
}

/// What was approved before the server is read.
#[derive(Clone, Copy)]
pub enum Before<'a> {
    Nothing,
    Saved(&'a PlanFile),
    /// A run that was cut off, or ended in part.
    Run(&'a Resumed),
}

/// What came of one server.
#[derive(Debug, Clone, Copy)]
struct Applied {
    exit: Exit,
    /// Where a run was begun.
    counts: Option<RunCounts>,
}

/// What reading, planning and showing ended in.
enum Begun {
    Ended(Applied),
    /// A person is to be asked.
    Ask(Box<Asked>),
}

/// A server whose plan was shown.
struct Asked {
    shown: PlanFile,
    read: Read,
    /// Nobody else changes the server while a person thinks.
    lock: Lock,
}

impl Asked {
    fn steps(&self) -> usize {
        self.shown.servers.iter().map(|server| server.counts.steps() as usize).sum()
    }
}

/// What showing a plan ended in.
enum Shown {
    Ended(Applied),
    Ask(PlanFile),
}

impl Applying<'_> {
    /// Reads, plans and shows; performs at once where nobody is to be asked.
    async fn begin(&self) -> Begun {
        let lock = match self.keep.lock(&self.job).await {
            Ok(lock) => lock,
            Err(exit) => return Begun::Ended(self.refused(exit)),
        };
        let read = match self.read().await {
            Ok(read) => read,
            Err(failure) => return Begun::Ended(self.failed(&failure)),
        };
        match self.show(&read).await {
            Shown::Ended(applied) => {
                self.end(read).await;
                Begun::Ended(applied)
            }
            Shown::Ask(shown) => {
                // No session stays open meanwhile, so there is none to lose and none to end at Ctrl-C.
                session::log_out(&read.client, &self.job).await;
                Begun::Ask(Box::new(Asked { shown, read, lock }))
            }
        }
    }

    /// Reads the server, once it is ours alone.
    async fn read(&self) -> Result<Read, Failure> {
        let (server, store) = (self.job.server, &self.keep.store);
        if !matches!(self.before, Before::Run(_))
            && let Some(note) = keep::unfinished(store, server, Held::ByUs).await?
        {
            self.job.output.say(&note);
        }
        session::read(&self.job, keep::known(Some(store), server).await?).await
    }

    async fn end(&self, read: Read) {
        let calls = session::close(read.client, &self.job).await;
        if self.options.show.stats {
            say_stats(&self.job.server.name, &calls, self.job.output);
        }
    }

    fn failed(&self, failure: &Failure) -> Applied {
        let message = format!("{}: {}; nothing was changed", self.job.server.name, failure.message);
        self.job.output.error(&message, failure.remedy.as_deref());
        self.without_run(failure.exit, &failure.message, failure.remedy.clone())
    }

    /// The end of a server whose plan is not performed.
    fn without_run(&self, exit: Exit, message: &str, remedy: Option<String>) -> Applied {
        self.tell(None, events::not_begun(exit.code(), Some(message.to_owned()), remedy));
        Applied { exit, counts: None }
    }

    fn refused(&self, exit: Exit) -> Applied {
        self.without_run(exit, exit.word(), None)
    }

    fn tell(&self, plan: Option<&Plan<'_>>, what: WhatFile) {
        let directory = plan.map(|plan| &plan.observed.directory);
        self.events.tell(self.job.output, &self.job.server.name, directory, what);
    }

    fn planned<'r>(&'r self, read: &'r Read) -> Result<Plan<'r>, Exit> {
        plan_of(&self.job, read).map_err(|failure| {
            say_failure(&failure, &self.loaded.sources, self.job.output);
            failure.exit
        })
    }

    async fn show(&self, read: &Read) -> Shown {
        let plan = match self.planned(read) {
            Ok(plan) => plan,
            Err(exit) => return Shown::Ended(self.refused(exit)),
        };
        let file = in_words(&plan, self.detail(&plan));
        let same = match self.before {
            Before::Nothing => Ok(()),
            Before::Saved(approved) => self.same(approved, &file, &plan),
            Before::Run(run) => run.goes_on(&file, self.job.output, &plan.observed.directory),
        };
        if let Err(exit) = same {
            return Shown::Ended(self.refused(exit));
        }
        if let Err(message) = self.reviewed.holds(&file) {
            self.job.output.error(&message, Some("plan again, and have the new plan reviewed"));
            return Shown::Ended(self.refused(Exit::Stale));
        }
        let shown = PlanFile { servers: vec![file], ..stale::empty_file() };
        self.say_plan(&shown, &plan);
        if let Some(exit) = self.ends(&plan) {
            // Where nothing is left to send, runs are settled, whatever is blocked.
            let settles = held(&plan).is_none();
            let exit =
                if settles { record::nothing_to_do(self, &plan).await.err().unwrap_or(exit) } else { exit };
            let message = if exit == Exit::Done { "nothing to do" } else { exit.word() };
            return Shown::Ended(self.without_run(exit, message, None));
        }
        if self.options.auto_approve {
            return Shown::Ended(self.perform(&plan, read).await);
        }
        Shown::Ask(shown)
    }

    fn say_plan(&self, shown: &PlanFile, plan: &Plan<'_>) {
        let output = self.job.output;
        let layout = output.layout(self.options.show.full);
        let directory = Some(&plan.observed.directory);
        let veiled = output.addresses.veiled(directory, |veil| {
            let servers = shown.servers.iter().map(|server| veil.server(server)).collect::<Result<_, _>>()?;
            Ok::<_, serde_json::Error>(PlanFile { servers, ..stale::empty_file() })
        });
        match veiled {
            None => output.data(&text::plan(shown, layout)),
            Some(Ok(veiled)) => output.data(&text::plan(&veiled, layout)),
            Some(Err(error)) => output.error(&format!("the plan cannot be shown: {error}"), None),
        }
    }

    /// How much of the plan must be put into words: the whole where it may be compared step by step.
    fn detail(&self, plan: &Plan<'_>) -> Detail {
        let saved = match self.before {
            Before::Nothing => None,
            Before::Saved(saved) => Some(saved),
            Before::Run(_) => return Detail::All,
        };
        let approved = saved.into_iter().flat_map(|file| &file.servers);
        let differs = approved
            .filter(|server| server.server == self.job.server.name)
            .any(|server| server.effects_digest != plan.effects.0);
        if self.options.show.full || !self.options.auto_approve || differs {
            Detail::All
        } else {
            Detail::Some(text::SAMPLE)
        }
    }

    /// Performs what was shown if it is still the same: a person may take an hour to answer.
    async fn confirmed(&self, mut asked: Asked) -> Applied {
        if let Err(failure) = asked.read.again(&self.job).await {
            return self.failed(&failure);
        }
        let applied = self.perform_if_same(&asked).await;
        self.end(asked.read).await;
        drop(asked.lock);
        applied
    }

    async fn perform_if_same(&self, asked: &Asked) -> Applied {
        let plan = match self.planned(&asked.read) {
            Ok(plan) => plan,
            Err(exit) => return self.refused(exit),
        };
        if let Err(exit) = self.same(&asked.shown, &in_words(&plan, Detail::All), &plan) {
            return self.refused(exit);
        }
        if let Some(exit) = held(&plan) {
            let why: Vec<&str> = plan.holds.iter().map(|hold| hold.message.as_str()).collect();
            let message = format!("{}: {}; nothing was changed", self.job.server.name, why.join("; "));
            let message = self.job.output.addresses.text(Some(&plan.observed.directory), &message);
            self.job.output.error(&message, Some("plan again, and look at what holds the plan back"));
            return self.refused(exit);
        }
        self.perform(&plan, &asked.read).await
    }

    /// Whether a plan does what was approved.
    fn same(&self, approved: &PlanFile, now: &ServerFile, plan: &Plan<'_>) -> Result<(), Exit> {
        let output = self.job.output;
        let shown = |text: &str| output.addresses.text(Some(&plan.observed.directory), text);
        match stale::compare(approved, now) {
            Approved::Same { news } => {
                news.iter().for_each(|line| output.say(&shown(line)));
                Ok(())
            }
            Approved::SeatsGone(message) => {
                output.error(&shown(&message), Some("plan again and look at the seats"));
                Err(Exit::Blocked)
            }
            Approved::Stale(message) => {
                output.error(&shown(&message), Some("plan again, and have the new plan reviewed"));
                Err(Exit::Stale)
            }
        }
    }

    /// The exit where there is nothing to perform.
    fn ends(&self, plan: &Plan<'_>) -> Option<Exit> {
        if let Some(exit) = held(plan) {
            self.job.output.say(&format!("{}: nothing was changed.", self.job.server.name));
            return Some(exit);
        }
        if plan.has_steps() {
            return None;
        }
        if plan.is_blocked() {
            self.job.output.say(&format!("{}: nothing was changed.", self.job.server.name));
            return Some(Exit::Blocked);
        }
        Some(Exit::Done)
    }

    async fn perform(&self, plan: &Plan<'_>, read: &Read) -> Applied {
        let journal = match record::begin(self, plan).await {
            Ok(journal) => journal,
            Err(exit) => return self.refused(exit),
        };
        let output = self.job.output;
        let shown = |text: &str| output.addresses.text(Some(&plan.observed.directory), text);
        let counts_only = matches!(output.addresses, Addresses::Count);
        let meter = Meter::new(output, &self.job.server.name);
        let (mut ended, all) = (0, plan.steps.len() as u64);
        let mut telling = Telling::new(output.stderr, output.width);
        let mut seen = |event: &crate::flow::Event| {
            ended += 1;
            if !counts_only && let Some(line) = telling.line(plan, event.step, &event.state) {
                output.say(&shown(&line));
            }
            meter.steps(ended, all);
            if let Some(what) = events::step(plan, event.step, &event.state) {
                self.tell(Some(plan), what);
            }
        };
        let first = Cell::new(true);
        let stop = async || {
            self.job.ear.interrupted().await;
            let name = &self.job.server.name;
            output.say(&if first.replace(false) {
                format!(
                    "{name}: interrupted: what is under way is brought to its end, and nothing more is started; \
                     once more ends at once"
                )
            } else {
                format!("{name}: interrupted again: ending at once")
            });
        };
        let driving = Driving {
            plan,
            client: &read.client,
            secrets: &read.secrets,
            journal: &journal,
            key: &self.keep.key,
        };
        self.tell(Some(plan), events::started(plan));
        let run = drive(&driving, &mut seen, stop).await;
        drop(meter);
        let layout = SummaryLayout { layout: output.layout(self.options.show.full), named: !counts_only };
        output.data(&shown(&report::summary(plan, &run, layout)));
        let exit = record::end(self, &journal, plan, &run, exit_of(plan, &run)).await;
        self.tell_end(plan, &run, exit);
        Applied { exit, counts: Some(report::counts(&run)) }
    }

    /// What only the end shows: steps that were not tried, the seats, how it ended.
    fn tell_end(&self, plan: &Plan<'_>, run: &Run<'_>, exit: Exit) {
        let stopped =
            run.states().iter().enumerate().filter(|(_, state)| matches!(state, StepState::Stopped(_)));
        let stopped = stopped.filter_map(|(index, state)| events::step(plan, index, state));
        let end = events::ended(run, report::counts(run), exit.code());
        stopped.chain(events::seats(plan, run)).chain([end]).for_each(|what| self.tell(Some(plan), what));
    }

    /// Its line in the table of all servers.
    fn row(&self, applied: Applied) -> ServerRow {
        let numbers = applied.counts.map(|counts| {
            [counts.done, counts.failed, counts.doubtful, counts.stopped].map(|count| count as u64)
        });
        let outcome = match (applied.exit, applied.counts) {
            (Exit::Done, None) => "nothing to do",
            (exit, _) => exit.word(),
        };
        ServerRow { server: self.job.server.name.clone(), outcome, numbers, exit: applied.exit.code() }
    }
}

/// A plan as it is shown and compared.
fn in_words(plan: &Plan<'_>, detail: Detail) -> ServerFile {
    let mut file = view::server(plan, detail);
    file.accounts.addresses = view::addresses(plan);
    file
}

/// The exit where nothing of a plan may be done.
fn held(plan: &Plan<'_>) -> Option<Exit> {
    let closed = plan.holds.iter().any(|hold| hold.kind == HoldKind::Standing);
    let blocked = !plan.holds.is_empty();
    if closed { Some(Exit::Closed) } else { blocked.then_some(Exit::Blocked) }
}

/// How a run ends the program.
fn exit_of(plan: &Plan<'_>, run: &Run<'_>) -> Exit {
    let counts = report::counts(run);
    let whole = counts.done == run.states().len();
    match (whole, counts.done > 0 || counts.doubtful > 0) {
        (true, _) if plan.is_blocked() => Exit::Blocked,
        (true, _) => Exit::Done,
        (false, _) if matches!(run.halted(), Some(Halt::Closed(_) | Halt::InVain(_))) => Exit::Closed,
        (false, true) => Exit::Partial,
        (false, false) => match run.halted() {
            Some(Halt::Unreached(_)) => Exit::Unreachable,
            Some(Halt::Forbidden(_)) => Exit::LoginRefused,
            _ => Exit::Failed,
        },
    }
}
