//! The command `plan`: reads, plans, shows, saves.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::addresses::Addresses;
use super::args::{ALLOW_HELP, NARROW_HELP, PlanArgs, PlanFormat};
use super::exit::Exit;
use super::job::{Job, side_by_side};
use super::keep::{self, Held};
use super::load::{self, Loaded};
use super::output::Output;
use super::outputs;
use super::session::{self, Failure, Known, Read};
use super::signals::Ear;
use super::stale;
use super::trust::Trust;
use crate::diff::Narrowing;
use crate::edge::saved;
use crate::edge::store::{Store, StoreError};
use crate::model::{Directory, Pattern};
use crate::plan::file::{
    AccountsFile, AllowFile, CountsFile, ErrorFile, FORMAT_VERSION, NarrowedFile, OutcomeFile, PlanFile,
    ServerFile, SourceFile, UnmanagedFile,
};
use crate::plan::remarks::STRAY;
use crate::plan::{Allow, Plan, build};
use crate::report::groups::Detail;
use crate::report::remedy::text as words;
use crate::report::servers::{self, ServerRow};
use crate::report::{findings, markdown, text, view};
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
pub fn run(options: &PlanArgs, output: &Output) -> Exit {
    planned_and_shown(options, output).unwrap_or_else(|exit| exit)
}

/// # Errors
/// The exit, after saying why, where no server was asked or the plan was not kept as it should be.
fn planned_and_shown(options: &PlanArgs, output: &Output) -> Result<Exit, Exit> {
    let allows = options.allow.meant().map_err(|problem| output.usage(&problem, ALLOW_HELP))?;
    let output = &output.with_addresses(options.show.addresses)?;
    if stale::is_plan(&options.path) {
        let path = options.path.display();
        let next = format!("do what it says with `icewarden apply {path}`, or plan the spec again");
        return Err(output.usage(&format!("{path} is a saved plan, no spec"), &next));
    }
    let loaded = load::read_or_say(&options.path, output)?;
    say_spec_findings(&loaded, output);
    if let Some(out) = &options.out {
        can_be_saved(out, &loaded.sources, output)?;
    }
    if let Some(path) = &options.outputs {
        outputs::may_append(path, &loaded.sources, output)?;
    }
    let narrowing =
        options.narrow.meant(&loaded.spec.servers).map_err(|problem| output.usage(&problem, NARROW_HELP))?;
    let trust = Trust::open(&options.trust, output)?;
    let runtime = super::session_runtime()?;
    let store = runtime.block_on(keep::open_to_read(options.store.store.as_deref(), output))?;
    let planned = runtime.block_on(side_by_side(&loaded.spec.servers, |server| {
        let job = Job {
            server,
            allows: &allows,
            narrowing: &narrowing,
            trust: &trust,
            output,
            ear: Ear::default(),
        };
        plan_one(job, options, store.as_deref(), &loaded.sources)
    }));
    let exits: Vec<Exit> = planned.iter().map(|planned| planned.exit).collect();
    let allows: Vec<AllowFile> = allows.iter().map(allow_file).collect();
    let (servers, shown) = planned.into_iter().map(|planned| (planned.file, planned.shown)).unzip();
    let mut file = plan_file(allows, narrowed_file(&narrowing), servers);
    let addresses: Vec<_> = file.servers.iter_mut().map(|server| server.accounts.addresses.take()).collect();
    show(&file, shown, &exits, options, output);
    if options.show.stats {
        for server in &file.servers {
            say_stats(&server.server, &server.calls, output);
        }
    }
    for (server, addresses) in file.servers.iter_mut().zip(addresses) {
        server.accounts.addresses = addresses;
    }
    if let Some(path) = &options.outputs {
        outputs::append(path, &file, output)?;
    }
    if let Some(out) = &options.out {
        save(file, &loaded.sources, out, output)?;
    }
    Ok(Exit::of_all(&exits))
}

fn plan_file(allows: Vec<AllowFile>, narrowed: Option<NarrowedFile>, servers: Vec<ServerFile>) -> PlanFile {
    PlanFile {
        format_version: FORMAT_VERSION.to_owned(),
        icewarden_version: env!("CARGO_PKG_VERSION").to_owned(),
        created: Timestamp::now().round(jiff::Unit::Second).unwrap_or_default().to_string(),
        allows,
        narrowed,
        addresses: None,
        servers,
        sources: None,
        seal: None,
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
        let addresses = Some(output.addresses.word().to_owned());
        PlanFile { addresses, ..plan_file(allows, narrowed, servers) }
    });
    let file = veiled.as_ref().unwrap_or(file);
    match options.format {
        PlanFormat::Text => {
            output.data(&text::plan(file, output.layout(options.show.full)));
            output.data(&servers_table(&file.servers, exits, output));
        }
        PlanFormat::Json => output.data(&json(file)),
        PlanFormat::Markdown => output.data(&markdown::plan(file)),
    }
}

/// Remarks on the spec itself, before any server is asked.
pub fn say_spec_findings(loaded: &Loaded, output: &Output) {
    if !loaded.spec.findings.is_empty() {
        let text = findings::text(&loaded.spec.findings, &loaded.sources, output.stderr, output.width);
        output.say(text.trim_end());
    }
}

/// What came of planning one server.
struct Planned {
    file: ServerFile,
    /// As it is shown, where addresses are not.
    shown: Option<ServerFile>,
    exit: Exit,
}

async fn plan_one(job: Job<'_>, options: &PlanArgs, store: Option<&Store>, sources: &[Source]) -> Planned {
    let Job { server, output, .. } = job;
    let known = match look_up(server, store, output).await {
        Ok(known) => known,
        Err(error) => return failed(server, &Failure::from(error), output),
    };
    let read = match session::read(&job, known).await {
        Ok(read) => read,
        Err(failure) => {
            // The text shows it by itself; others often go into a file, and a log should say why it failed.
            if options.format != PlanFormat::Text {
                let message = format!("{}: {}", server.name, failure.message);
                output.error(&message, failure.remedy.as_deref());
            }
            return failed(server, &failure, output);
        }
    };
    let mut planned = match planned(&job, &read, options.detail()) {
        Ok(file) => {
            let exit = match exit_of(&file) {
                Exit::Changes if !options.detailed_exitcode => Exit::Done,
                exit => exit,
            };
            Planned { shown: veiled(&file, Some(&read.observed.directory), output), file, exit }
        }
        Err(failure) => {
            // The text has a single one of the command line's faults by itself.
            if options.format != PlanFormat::Text || has_places(&failure) || failure.findings.len() > 1 {
                say_failure(&failure, sources, output);
            }
            failed(server, &failure, output)
        }
    };
    let calls = session::close(read.client, &job).await;
    if let Some(shown) = &mut planned.shown {
        shown.calls.clone_from(&calls);
    }
    planned.file.calls = calls;
    planned
}

/// A plan without addresses, where they are not to be shown.
fn veiled(file: &ServerFile, directory: Option<&Directory>, output: &Output) -> Option<ServerFile> {
    // The list of all accounts is for a saved plan only.
    let accounts = AccountsFile { addresses: None, ..file.accounts.clone() };
    output.addresses.veiled(directory, |veil| {
        let shown = veil.server(&ServerFile { accounts, ..file.clone() });
        shown.unwrap_or_else(|error| {
            let message = format!("the plan cannot be shown without addresses: {error}");
            file_of_failure(&file.server, &file.url, &Failure::internal(message))
        })
    })
}

/// What the store knows of a server; says so where a run of it had not ended.
async fn look_up(server: &ServerSpec, store: Option<&Store>, output: &Output) -> Result<Known, StoreError> {
    if let Some(store) = store
        && let Some(note) = keep::unfinished(store, server, Held::Unknown).await?
    {
        output.say(&note);
    }
    keep::known(store, server).await
}

/// What came of each server, where there are several.
fn servers_table(servers: &[ServerFile], exits: &[Exit], output: &Output) -> String {
    let rows = servers.iter().zip(exits).map(|(server, exit)| {
        let counts = &server.counts;
        let numbers = [counts.claims, counts.releases, counts.settings, counts.blocked];
        let outcome = match server.outcome {
            OutcomeFile::NothingToDo => "nothing to do",
            OutcomeFile::Changes => Exit::Changes.word(),
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
    servers::table(["claims", "releases", "changes", "blocked"], &rows, output.layout(false))
}

/// The plan of a server that was read, in words.
fn planned(job: &Job<'_>, read: &Read, detail: Detail) -> Result<ServerFile, Failure> {
    let plan = plan_of(job, read)?;
    let mut file = view::server(&plan, detail);
    file.accounts.addresses = view::addresses(&plan);
    Ok(file)
}

/// Whether anything of it stands in the spec.
fn has_places(failure: &Failure) -> bool {
    failure.findings.iter().any(|finding| !finding.places.is_empty())
}

/// Says why a server could not be planned: with the lines of the spec, or as the command line's fault.
pub fn say_failure(failure: &Failure, sources: &[Source], output: &Output) {
    if has_places(failure) {
        output.say(findings::text(&failure.findings, sources, output.stderr, output.width).trim_end());
        return;
    }
    for finding in &failure.findings {
        output.error(&finding.message, finding.remedy.as_ref().map(words).as_deref());
    }
}

/// The plan of a server that was read.
pub fn plan_of<'r>(job: &Job<'r>, read: &'r Read) -> Result<Plan<'r>, Failure> {
    build(read.inputs(job)).map_err(|found| {
        let with = |code: &str| found.iter().any(|finding| finding.code == code);
        let exit = match (with("internal"), with(STRAY)) {
            (true, _) => Exit::Failed,
            // The command line is mended first: what else there is to say depends on it.
            (false, true) => Exit::Usage,
            (false, false) => Exit::SpecInvalid,
        };
        let remedy = match found.as_slice() {
            [only] => only.remedy.as_ref().map(words),
            _ => None,
        };
        let message = match found.as_slice() {
            [only] => only.message.clone(),
            _ => format!("the spec does not hold on this server: {} errors", found.len()),
        };
        Failure { exit, message, remedy, findings: found }
    })
}

/// How a plan ends the program.
pub fn exit_of(file: &ServerFile) -> Exit {
    match file.outcome {
        OutcomeFile::Closed => Exit::Closed,
        OutcomeFile::Blocked => Exit::Blocked,
        OutcomeFile::Changes => Exit::Changes,
        OutcomeFile::NothingToDo => Exit::Done,
        OutcomeFile::Invalid => Exit::SpecInvalid,
        OutcomeFile::Failed => Exit::Failed,
    }
}

/// A server that could not be planned.
fn failed(server: &ServerSpec, failure: &Failure, output: &Output) -> Planned {
    let file = file_of_failure(&server.name, &server.connection.url, failure);
    Planned { shown: veiled(&file, None, output), file, exit: failure.exit }
}

fn file_of_failure(server: &str, url: &str, failure: &Failure) -> ServerFile {
    ServerFile {
        server: server.to_owned(),
        url: url.to_owned(),
        outcome: if failure.exit == Exit::SpecInvalid { OutcomeFile::Invalid } else { OutcomeFile::Failed },
        error: Some(ErrorFile {
            exit: failure.exit.code(),
            message: failure.message.clone(),
            remedy: failure.remedy.clone(),
        }),
        release: None,
        reference_id: None,
        order_id: None,
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
        findings: failure.findings.iter().map(view::finding_file).collect(),
        unmanaged: UnmanagedFile::default(),
        left_out: None,
        accounts: AccountsFile::default(),
        calls: BTreeMap::new(),
    }
}

pub fn allow_file(allow: &Allow) -> AllowFile {
    AllowFile {
        guardrail: allow.guardrail.to_string(),
        value: allow.value.clone(),
        reason: allow.reason.clone(),
    }
}

fn narrowed_file(narrowing: &Narrowing) -> Option<NarrowedFile> {
    let texts = |patterns: &[Pattern]| patterns.iter().map(|pattern| pattern.as_str().to_owned()).collect();
    let Narrowing { targets, excludes, .. } = narrowing;
    (!narrowing.is_none()).then(|| NarrowedFile { targets: texts(targets), excludes: texts(excludes) })
}

fn json(file: &PlanFile) -> String {
    match serde_json::to_string_pretty(file) {
        Ok(text) => text + "\n",
        Err(error) => format!("{{\"error\": \"{error}\"}}\n"),
    }
}

/// Whether a plan may be saved there: a path that was mistyped must cost nobody a file.
///
/// # Errors
/// The exit, after saying why.
fn can_be_saved(out: &Path, sources: &[Source], output: &Output) -> Result<(), Exit> {
    let checked = match sources.iter().any(|source| saved::is_same(out, Path::new(&*source.name))) {
        true => Err("this is a file of the spec, and it stays as it is".to_owned()),
        false => saved::may_replace(out, "saved plan", stale::begins_as_plan),
    };
    checked.map_err(|problem| {
        output.usage(
            &format!("--out {}: {problem}", out.display()),
            "name a file that does not exist yet, or an older saved plan",
        )
    })
}

/// Saves a plan with the spec it was made from, all at once or not at all.
///
/// # Errors
/// The exit, after saying why. A plan that lacks a server is not saved: it could not be applied as a whole.
fn save(mut file: PlanFile, sources: &[Source], out: &Path, output: &Output) -> Result<(), Exit> {
    if let Some(server) = file.servers.iter().find(|server| server.error.is_some()) {
        output.say(&format!("not saved: {} could not be planned{}", server.server, older(out)));
        return Ok(());
    }
    let source =
        |source: &Source| SourceFile { name: source.name.to_string(), text: source.text.to_string() };
    file.sources = Some(sources.iter().map(source).collect());
    file.seal = serde_json::to_value(&file).ok().as_ref().map(seal);
    can_be_saved(out, sources, output)?;
    let written = saved::write(out, json(&file).as_bytes());
    match written {
        Ok(()) => {
            let out = out.display();
            let idle = file.servers.iter().all(|server| server.outcome == OutcomeFile::NothingToDo);
            output.say(&if idle {
                format!("saved: {out}; there is nothing to do in it")
            } else if file.servers.iter().any(can_be_applied) {
                format!("saved: {out}; do exactly this with `icewarden apply {out}`")
            } else {
                format!("saved: {out}; nothing in it can be applied")
            });
            if !matches!(output.addresses, Addresses::Full) {
                output.say("note: the saved plan holds all addresses, or it could not be applied; keep it to yourself");
            }
            Ok(())
        }
        Err(error) => {
            output.error(
                &format!("the plan could not be saved as {}: {error}{}", out.display(), older(out)),
                Some("choose another path for --out"),
            );
            Err(Exit::Failed)
        }
    }
}

/// What to say where something stands already at the path that was not written.
fn older(out: &Path) -> String {
    if out.is_file() {
        format!("; an older plan is still there, do not apply it: {}", out.display())
    } else {
        String::new()
    }
}

/// Whether an apply would write anything of it.
pub fn can_be_applied(server: &ServerFile) -> bool {
    !server.steps.is_empty() && server.holds.is_empty()
}

/// A sum over the whole plan but itself: one that was edited by hand no longer has it. Whoever reviewed the plan
/// went by its seats and findings as much as by its steps.
pub fn seal(plan: &serde_json::Value) -> String {
    let mut plan = plan.clone();
    if let Some(fields) = plan.as_object_mut() {
        fields.shift_remove("seal");
    }
    let mut hash = Sha256::new_with_prefix("icewarden plan 1\n");
    hash.update(plan.to_string());
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Calls by phase, on stderr.
pub fn say_stats(server: &str, calls: &BTreeMap<String, u64>, output: &Output) {
    let phases: Vec<String> = calls.iter().map(|(phase, count)| format!("{phase} {count}")).collect();
    let total: u64 = calls.values().sum();
    output.say(&format!("calls to {server}: {total} ({})", phases.join(", ")));
}

/// The JSON Schema of the plan.
pub fn schema_text() -> String {
    let settings = schemars::generate::SchemaSettings::draft07();
    let schema = settings.into_generator().into_root_schema_for::<PlanFile>();
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}
