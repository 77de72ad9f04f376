//! The command `plan`: reads, plans, shows, saves.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;

use super::addresses::Addresses;
use super::args::{ALLOW_HELP, NARROW_HELP, PlanArgs, PlanFormat};
use super::error::CliError;
use super::events::Events;
use super::exit::Exit;
use super::output::Output;
use super::runtime::{session_runtime, side_by_side};
use super::teller::Teller;
use super::{keep, load, outputs, prepare, trust};
use crate::diff::Narrowing;
use crate::edge::engine::plan::{plan_of, read_to_plan};
use crate::edge::engine::{Ear, Failure, Job};
use crate::edge::icewarp::Rpc;
use crate::edge::port::Server as _;
use crate::edge::store::Store;
use crate::edge::{plan_file, saved};
use crate::model::{Directory, Pattern};
use crate::plan::file::{
    AccountsFile, AllowFile, CountsFile, ErrorFile, LicenceOutcomeFile, NarrowedFile, PlanFile,
    PlanOutcomeFile, ServerFile, SourceFile, UnmanagedFile,
};
use crate::plan::{Allow, Plan};
use crate::report::groups::Detail;
use crate::report::remedy::text as words;
use crate::report::schema::document;
use crate::report::servers::{self, ServerRow};
use crate::report::{markdown, text, view};
use crate::spec::meaning::{ServerSpec, Source};

impl PlanArgs {
    /// How much of each plan must be put into words: what is saved, and what programs read, is whole.
    fn detail(&self) -> Detail {
        match self.format {
            _ if self.out.is_some() => Detail::All,
            PlanFormat::Json => Detail::All,
            PlanFormat::Text if self.show.full => Detail::All,
            PlanFormat::Text => Detail::Some(text::SAMPLE),
            PlanFormat::Markdown => Detail::Some(markdown::SAMPLE),
        }
    }
}

/// The command.
///
/// # Errors
/// No server was asked, or the plan was not kept as it should be.
pub fn run(options: &PlanArgs, output: &Output) -> Result<Exit, CliError> {
    let allows = options.allow.meant().map_err(|problem| CliError::usage(problem, ALLOW_HELP))?;
    let output = &output.with_addresses(options.show.addresses)?;
    if plan_file::is_plan(&options.path) {
        let path = options.path.display();
        let next = format!("do what it says with `icewarden apply {path}`, or plan the spec again");
        return Err(CliError::usage(format!("{path} is a saved plan, no spec"), next));
    }
    let loaded = load::read_or_error(&options.path)?;
    load::say_findings(&loaded, output);
    if let Some(out) = &options.out {
        can_be_saved(out, &loaded.sources)?;
    }
    if let Some(path) = &options.outputs {
        outputs::may_append(path, &loaded.sources)?;
    }
    let narrowing = options
        .narrow
        .meant(&loaded.spec.servers)
        .map_err(|problem| CliError::usage(problem, NARROW_HELP))?;
    let trust = trust::open(&options.trust)?;
    let (runtime, stop) = session_runtime()?;
    let store = runtime.block_on(keep::open_to_read(options.store.store.as_deref()))?;
    let events = Events::default();
    let planned = runtime.block_on(side_by_side(&loaded.spec.servers, async |server| {
        let teller = Teller::new(server, output, &events, &options.show);
        let job = Job {
            server,
            allows: &allows,
            narrowing: &narrowing,
            trust: &trust,
            tell: &teller,
            ear: Ear::new(&stop),
        };
        plan_one(&job, options, store.as_deref(), Showing { output, sources: &loaded.sources }).await
    }));
    let exits: Vec<Exit> = planned.iter().map(|planned| planned.exit).collect();
    let allows: Vec<AllowFile> = allows.iter().map(Allow::file).collect();
    let (servers, shown) = planned.into_iter().map(|planned| (planned.file, planned.shown)).unzip();
    let mut file = plan_file_of(allows, narrowed_file(&narrowing), servers);
    let addresses: Vec<_> = file.servers.iter_mut().map(|server| server.accounts.addresses.take()).collect();
    show(&file, shown, &exits, options, output);
    for (server, addresses) in file.servers.iter_mut().zip(addresses) {
        server.accounts.addresses = addresses;
    }
    if let Some(path) = &options.outputs {
        outputs::append(path, &file)?;
    }
    if let Some(out) = &options.out {
        save(file, &loaded.sources, out, output)?;
    }
    Ok(Exit::of_all(&exits))
}

fn plan_file_of(
    allows: Vec<AllowFile>,
    narrowed: Option<NarrowedFile>,
    servers: Vec<ServerFile>,
) -> PlanFile {
    PlanFile {
        created: Timestamp::now().round(jiff::Unit::Second).unwrap_or_default().to_string(),
        allows,
        narrowed,
        servers,
        ..PlanFile::empty()
    }
}

/// Shows the plan; `veiled` holds each server as it is shown where addresses are not.
fn show(
    file: &PlanFile,
    veiled: Vec<Option<ServerFile>>,
    exits: &[Exit],
    options: &PlanArgs,
    output: &Output,
) {
    let veiled = output.addresses.veiled(None, |veil| {
        let (mut allows, mut narrowed) = (file.allows.clone(), file.narrowed.clone());
        allows.iter_mut().for_each(|allow| allow.value = veil.whole(&allow.value));
        for patterns in
            narrowed.iter_mut().flat_map(|narrowed| [&mut narrowed.targets, &mut narrowed.excludes])
        {
            patterns.iter_mut().for_each(|pattern| *pattern = veil.whole(pattern));
        }
        // One that is missing is left out: nothing is shown in its place.
        let servers = veiled.into_iter().flatten().collect();
        let addresses = Some(output.addresses.word().to_owned().into());
        PlanFile { addresses, ..plan_file_of(allows, narrowed, servers) }
    });
    let file = veiled.as_ref().unwrap_or(file);
    match options.format {
        PlanFormat::Text => {
            output.data(&text::plan(file, output.layout(options.show.full)))
                && output.data(&servers_table(&file.servers, exits, output))
        }
        PlanFormat::Json => output.data(&document(file)),
        PlanFormat::Markdown => output.data(&markdown::plan(file)),
    };
}

/// What came of planning one server.
struct Planned {
    file: ServerFile,
    /// As it is shown, where addresses are not.
    shown: Option<ServerFile>,
    exit: Exit,
}

/// Where planning one server is shown.
#[derive(Clone, Copy)]
struct Showing<'a> {
    output: &'a Output,
    sources: &'a [Source],
}

async fn plan_one(job: &Job<'_>, options: &PlanArgs, store: Option<&Store>, showing: Showing<'_>) -> Planned {
    let Showing { output, .. } = showing;
    let (mut planned, calls) = match read_to_plan(job, &Rpc::default(), store).await {
        Ok(read) => {
            let planned = match plan_of(job, &read) {
                Ok(plan) => of_plan(&plan, options, output),
                Err(failure) => failed(job.server, &failure, options, showing),
            };
            read.log_out(job).await;
            (planned, read.server.calls())
        }
        Err(failure) => (failed(job.server, &failure, options, showing), failure.calls),
    };
    let by_phase: BTreeMap<String, u64> =
        calls.0.iter().map(|(phase, count)| (phase.name().to_owned(), *count)).collect();
    if let Some(shown) = &mut planned.shown {
        shown.calls.clone_from(&by_phase);
    }
    planned.file.calls = by_phase;
    if options.show.stats {
        output.stats(&job.server.name, &calls);
    }
    planned
}

/// The plan of a server that was read, in words.
fn of_plan(plan: &Plan<'_>, options: &PlanArgs, output: &Output) -> Planned {
    let mut file = view::server(plan, options.detail());
    file.accounts.addresses = view::addresses(plan);
    let exit = match exit_of(&file) {
        Exit::Changes if !options.detailed_exitcode => Exit::Done,
        exit => exit,
    };
    Planned { shown: veiled(&file, Some(&plan.observed.directory), output), file, exit }
}

/// A server that could not be planned.
fn failed(server: &ServerSpec, failure: &Failure, options: &PlanArgs, showing: Showing<'_>) -> Planned {
    let Showing { output, sources } = showing;
    let error = CliError::of(&server.name, failure, sources);
    // The text shows a single message by itself; other formats often go into a file, and a log should say why it
    // failed.
    if options.format != PlanFormat::Text || !error.findings.is_empty() {
        output.report(&error);
    } else if failure.findings.len() > 1 {
        failure.findings.iter().for_each(|finding| {
            output.error(&finding.message, finding.remedy.as_ref().map(words).as_deref());
        });
    }
    let file = file_of_failure(server, failure);
    Planned { shown: veiled(&file, None, output), file, exit: Exit::from(failure.kind) }
}

/// A plan without addresses, where they are not to be shown.
fn veiled(file: &ServerFile, directory: Option<&Directory>, output: &Output) -> Option<ServerFile> {
    // The list of all accounts is for a saved plan only.
    let accounts = AccountsFile { addresses: None, ..file.accounts.clone() };
    output.addresses.veiled(directory, |veil| {
        let shown = veil.server(&ServerFile { accounts, ..file.clone() });
        shown.unwrap_or_else(|error| {
            let message = format!("the plan cannot be shown without addresses: {error}");
            let error = ErrorFile { exit: Exit::Failed.code(), message, remedy: None };
            unplanned(&file.server, &file.url, error)
        })
    })
}

/// What came of each server, where there are several.
fn servers_table(servers: &[ServerFile], exits: &[Exit], output: &Output) -> String {
    let rows = servers.iter().zip(exits).map(|(server, exit)| {
        let counts = &server.counts;
        let numbers = [counts.claims, counts.releases, counts.settings, counts.blocked];
        let outcome = match server.outcome {
            PlanOutcomeFile::NothingToDo if text::licence(server).is_some() => "licence",
            PlanOutcomeFile::NothingToDo => "nothing to do",
            PlanOutcomeFile::Changes => Exit::Changes.word(),
            _ => exit.word(),
        };
        ServerRow {
            server: server.server.clone(),
            outcome,
            numbers: server.error.is_none().then_some(numbers),
            exit: exit.code(),
        }
    });
    let rows: Vec<ServerRow> = rows.collect();
    servers::table(["claims", "releases", "settings", "blocked"], &rows, output.layout(false))
}

/// How a plan ends the program. What the licence lacks is something to do, though no step does it: nobody who asks
/// whether all is as declared may be told that it is.
pub fn exit_of(file: &ServerFile) -> Exit {
    let licence_is_ok = matches!(file.licence, None | Some(LicenceOutcomeFile::Ok));
    match file.outcome {
        PlanOutcomeFile::NothingToDo if !licence_is_ok => Exit::Changes,
        PlanOutcomeFile::Closed => Exit::Closed,
        PlanOutcomeFile::Blocked => Exit::Blocked,
        PlanOutcomeFile::Changes => Exit::Changes,
        PlanOutcomeFile::NothingToDo => Exit::Done,
        PlanOutcomeFile::Invalid => Exit::SpecInvalid,
        PlanOutcomeFile::Failed | PlanOutcomeFile::Other(_) => Exit::Failed,
    }
}

fn file_of_failure(server: &ServerSpec, failure: &Failure) -> ServerFile {
    let error = ErrorFile {
        exit: Exit::from(failure.kind).code(),
        message: failure.message.clone(),
        remedy: failure.remedy.as_ref().map(words),
    };
    ServerFile {
        findings: failure.findings.iter().map(view::finding_file).collect(),
        ..unplanned(&server.name, server.connection.target(), error)
    }
}

/// A server that has no plan.
fn unplanned(server: &str, target: &str, error: ErrorFile) -> ServerFile {
    let invalid = error.exit == Exit::SpecInvalid.code();
    ServerFile {
        server: server.to_owned(),
        url: target.to_owned(),
        outcome: if invalid { PlanOutcomeFile::Invalid } else { PlanOutcomeFile::Failed },
        error: Some(error),
        version: None,
        reference_id: None,
        order_id: None,
        licence: None,
        effects_digest: String::new(),
        wish_digest: String::new(),
        counts: CountsFile::default(),
        ledger: Vec::new(),
        harm: Vec::new(),
        changes: Vec::new(),
        steps: Vec::new(),
        obstacles: Vec::new(),
        blocked: Vec::new(),
        held_policies: Vec::new(),
        holds: Vec::new(),
        findings: Vec::new(),
        unmanaged: UnmanagedFile::default(),
        left_out: None,
        accounts: AccountsFile::default(),
        calls: BTreeMap::new(),
    }
}

fn narrowed_file(narrowing: &Narrowing) -> Option<NarrowedFile> {
    let texts = |patterns: &[Pattern]| patterns.iter().map(|pattern| pattern.as_str().to_owned()).collect();
    let Narrowing { targets, excludes, .. } = narrowing;
    (!narrowing.is_none()).then(|| NarrowedFile { targets: texts(targets), excludes: texts(excludes) })
}

/// Whether a plan may be saved there: a path that was mistyped must cost nobody a file.
///
/// # Errors
/// What stands there.
fn can_be_saved(out: &Path, sources: &[Source]) -> Result<(), CliError> {
    let checked = match sources.iter().any(|source| saved::is_same(out, Path::new(&*source.name))) {
        true => Err("this is a file of the spec, and it stays as it is".to_owned()),
        false => saved::may_replace(out, "saved plan", plan_file::begins_as_plan),
    };
    checked.map_err(|problem| {
        CliError::at(Exit::Usage, "--out", out, &problem)
            .next("name a file that does not exist yet, or an older saved plan")
    })
}

/// Saves a plan with the spec it was made from. A plan that lacks a server is not saved: it could not be applied as a
/// whole.
///
/// # Errors
/// It could not be written; what stood there before is as it was.
fn save(mut file: PlanFile, sources: &[Source], out: &Path, output: &Output) -> Result<(), CliError> {
    if let Some(server) = file.servers.iter().find(|server| server.error.is_some()) {
        output.say(&format!("not saved: {} could not be planned{}", server.server, older(out)));
        return Ok(());
    }
    let source =
        |source: &Source| SourceFile { name: source.name.to_string(), text: source.text.to_string() };
    file.sources = Some(sources.iter().map(source).collect());
    file.folder = Some(prepare::here().to_string_lossy().into_owned());
    can_be_saved(out, sources)?;
    let idle = file.servers.iter().all(|server| server.outcome == PlanOutcomeFile::NothingToDo);
    let applicable = file.servers.iter().any(ServerFile::can_be_applied);
    plan_file::write(file, out).map_err(|error| {
        let message = format!("the plan could not be saved as {}: {error}{}", out.display(), older(out));
        CliError::new(Exit::Failed, message).next("choose another path for --out")
    })?;
    let out = out.display();
    output.say(&if idle {
        format!("saved: {out}; there is nothing to do in it")
    } else if applicable {
        format!("saved: {out}; do exactly this with `icewarden apply {out}`")
    } else {
        format!("saved: {out}; nothing in it can be applied")
    });
    if !matches!(output.addresses, Addresses::Full) {
        output
            .say("note: the saved plan holds all addresses, or it could not be applied; keep it to yourself");
    }
    Ok(())
}

/// What to say where something stands already at the path that was not written.
fn older(out: &Path) -> String {
    if out.is_file() {
        format!("; an older plan is still there, do not apply it: {}", out.display())
    } else {
        String::new()
    }
}
