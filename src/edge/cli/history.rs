//! The command `history`: the runs that were written down, and all of one.

use std::fmt::Write as _;

use jiff::{SpanRound, Timestamp, Unit};

use super::args::{Format, HistoryArgs};
use super::error::CliError;
use super::exit::Exit;
use super::keep;
use super::output::Output;
use super::runtime::session_runtime;
use crate::diff::Narrowing;
use crate::edge::lock;
use crate::edge::store::{Came, EndWord, RunRow, StepTold, Store};
use crate::flow::Word;
use crate::model::{Pattern, counted, visible};
use crate::plan::file::AllowFile;
use crate::report::history::{
    CommitFile, EndedFile, FORMAT_VERSION, HistoryFile, RunFile, RunStepFile, StepEndFile, WholeRunFile,
};
use crate::report::layout::wrap;
use crate::report::paint::{Colour, Tone};
use crate::report::schema::document;
use crate::report::time::minute;

/// The widths of the table's columns: 80 in all, where a run has fewer than 100,000 steps.
const SERVER: usize = 14;
const WHO: usize = 14;

/// `history`
pub fn list(limit: u32, told: &HistoryArgs, output: &Output) -> Result<Exit, CliError> {
    with_store(told, None, output, async |store| {
        let runs = store.runs(i64::from(limit)).await?;
        output.data(&match told.format {
            Format::Text if runs.is_empty() => "no runs yet.\n".to_owned(),
            Format::Text => table(&runs, store),
            Format::Json => {
                document(&HistoryFile::runs(runs.iter().map(|run| run_file(run, store)).collect()))
            }
        });
        Ok(Exit::Done)
    })
}

/// `history show RUN`
pub fn show(run: &str, told: &HistoryArgs, output: &Output) -> Result<Exit, CliError> {
    with_store(told, Some(run), output, async |store| {
        let found = match run.parse() {
            Ok(id) => store.run(id).await?,
            Err(_) => None,
        };
        let Some(found) = found else {
            let newest = store.runs(1).await?.pop();
            let there = match &newest {
                Some(newest) => format!("the newest is {}; `icewarden history` lists them", newest.id),
                None => "no run was written down yet".to_owned(),
            };
            return Err(CliError::usage(format!("there is no run {run}"), there));
        };
        let given =
            Given { allows: store.allows(found.id).await?, narrowing: store.narrowing(found.id).await? };
        let steps = store.steps(found.id).await?;
        output.data(&match told.format {
            Format::Text => whole(&found, &steps, &given, store, output.stdout),
            Format::Json => document(&whole_file(&found, steps, given, store)),
        });
        Ok(Exit::Done)
    })
}

/// The options that a run was begun with.
struct Given {
    allows: Vec<AllowFile>,
    narrowing: Narrowing,
}

fn with_store(
    told: &HistoryArgs,
    run: Option<&str>,
    output: &Output,
    tell: impl AsyncFnOnce(&Store) -> Result<Exit, CliError>,
) -> Result<Exit, CliError> {
    let (runtime, _) = session_runtime()?;
    runtime.block_on(async {
        match keep::open_to_read(told.store.store.as_deref()).await? {
            Some(store) => tell(&store).await,
            None => none(told, run, output),
        }
    })
}

/// Where there is no store there was no run either; somebody may have looked in the wrong place.
fn none(told: &HistoryArgs, run: Option<&str>, output: &Output) -> Result<Exit, CliError> {
    let there = match crate::edge::store::folder(told.store.store.as_deref()) {
        Some(folder) => format!("no runs yet: there is no store in {}", folder.display()),
        None => "no runs yet: there is no store; name its folder with --store DIR".to_owned(),
    };
    if let Some(run) = run {
        return Err(CliError::usage(format!("there is no run {run}"), there));
    }
    output.say(&there);
    if told.format == Format::Json {
        output.data(&document(&HistoryFile::runs(Vec::new())));
    }
    Ok(Exit::Done)
}

/// How a run ended, in a word.
fn ended(run: &RunRow, store: &Store) -> &'static str {
    match run.ending.as_ref().map(|ending| ending.word) {
        Some(EndWord::Complete) => "complete",
        Some(EndWord::Partial) => "in part",
        Some(EndWord::Settled) => "settled",
        Some(EndWord::Resumed) => "resumed",
        Some(EndWord::Superseded) => "superseded",
        None if is_under_way(run, store) => "under way",
        None => "cut off",
    }
}

/// Whether a run holds its server's lock. Another may hold it beside an older run that was cut off.
fn is_under_way(run: &RunRow, store: &Store) -> bool {
    let holder = lock::holder_of(&store.folder, &run.server_key);
    holder
        .is_some_and(|holder| holder.who.is_empty() || holder.who.ends_with(&format!("process {}", run.pid)))
}

fn table(runs: &[RunRow], store: &Store) -> String {
    let mut out = format!("{:>5}  started (UTC)     {:<SERVER$}  {:<WHO$}  ended\n", "run", "server", "who");
    for run in runs {
        let started = minute(&run.started);
        let _ = writeln!(
            out,
            "{:>5}  {:<16}  {:<SERVER$}  {:<WHO$}  {} {}/{}",
            run.id,
            started.trim_end_matches(" UTC"),
            cut(&visible(&run.server), SERVER),
            cut(&visible(&run.who), WHO),
            ended(run, store),
            run.done,
            run.steps
        );
    }
    out
}

/// A text of at most so many characters.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

fn whole(run: &RunRow, steps: &[StepTold], given: &Given, store: &Store, colour: Colour) -> String {
    let mut out = format!("run {} on {} ({})\n", run.id, visible(&run.server), visible(&run.url));
    let mut line = |name: &str, text: &str| {
        let _ = writeln!(out, "  {name:<10} {}", visible(text));
    };
    if let Some(reference) = &run.reference_id {
        line("reference", reference);
    }
    let took = lasted(run).map(|lasted| format!(", {lasted}")).unwrap_or_default();
    line("started", &format!("{} by {}, process {}{took}", minute(&run.started), run.who, run.pid));
    line("approved", &run.approval);
    if let Some(resumes) = run.resumes {
        line("resumes", &format!("run {resumes}"));
    }
    for pattern in &given.narrowing.targets {
        line("target", pattern.as_str());
    }
    for pattern in &given.narrowing.excludes {
        line("excluded", pattern.as_str());
    }
    for allow in &given.allows {
        line("allowed", &format!("{}={}: {}", allow.guardrail, allow.value, allow.reason));
    }
    line("spec", &commit_words(run));
    line("effects", &run.effects);
    line("icewarden", &run.version);
    line("ended", &ended_words(run, store));
    let _ = writeln!(out, "\n{}:", counted(steps.len() as u64, "step"));
    let prefix = format!("{}/", run.server);
    for same in steps.chunk_by(|one, next| state(one) == state(next)) {
        for step in same {
            out.push_str(&step_words(step, &prefix, colour));
        }
        let (.., why) = state(&same[0]);
        // What many have in common is said once, below the last of them.
        let of = if same.len() > 1 { format!("these {}: ", same.len()) } else { String::new() };
        if !why.is_empty() {
            let _ = writeln!(out, "{}", wrap(&format!("{of}{}", visible(why)), COLUMNS, 6));
        }
    }
    out
}

fn commit_words(run: &RunRow) -> String {
    match &run.commit {
        Some(commit) if commit.dirty => format!("commit {} with changes that were not committed", commit.id),
        Some(commit) => format!("commit {}", commit.id),
        None => "no commit is known".to_owned(),
    }
}

fn ended_words(run: &RunRow, store: &Store) -> String {
    let word = ended(run, store);
    let open = match run.open {
        0 => String::new(),
        open => format!("; what came of {} is not known", counted(open.unsigned_abs(), "step")),
    };
    match &run.ending {
        Some(ending) => format!("{} {word}: {}{open}", minute(&ending.at), ending.detail),
        None if word == "cut off" => format!("{word}: it was last heard of {}{open}", minute(&run.last)),
        None => word.to_owned(),
    }
}

/// How long it took: `3m 12s`.
fn lasted(run: &RunRow) -> Option<String> {
    let (from, to): (Timestamp, Timestamp) = (run.started.parse().ok()?, run.last.parse().ok()?);
    let span = to.since(from).ok()?;
    let smallest = if span.total(Unit::Second).ok()? < 10.0 { Unit::Millisecond } else { Unit::Second };
    let span = span.round(SpanRound::new().smallest(smallest).largest(Unit::Hour)).ok()?;
    Some(format!("{span:#}"))
}

/// What is told of a run goes into tickets and mails: it keeps to this, whatever the terminal has.
const COLUMNS: usize = 80;

/// How a step stands: a tone, a sign, a word, and why.
fn state(told: &StepTold) -> (Tone, char, &str, &str) {
    let Some(came) = &told.outcome else {
        return match told.begun {
            Some(_) => (Tone::Bad, '?', Word::Doubt.text(), "the program was ended meanwhile"),
            None => (Tone::Careful, 'x', "not begun", ""),
        };
    };
    let (word, why) = (came.word.text(), came.detail.as_str());
    match came.word {
        Word::Done | Word::Already => (Tone::Good, '*', word, ""),
        Word::Said => {
            (Tone::Good, '*', Word::Done.text(), "the server said so, and lets nobody read it back")
        }
        Word::Found => (Tone::Good, '*', Word::Done.text(), why),
        Word::Doubt => (Tone::Bad, '?', word, why),
        Word::NoNeed => (Tone::Careful, '-', word, why),
        Word::Differs
        | Word::Refused
        | Word::Ineffective
        | Word::NotSent
        | Word::NotTried
        | Word::Blocked => (Tone::Bad, 'x', word, why),
    }
}

fn step_words(told: &StepTold, prefix: &str, colour: Colour) -> String {
    let step = &told.step;
    let value = |value: &Option<String>| match (value, &step.secret) {
        (Some(value), _) if value.is_empty() => "(empty)".to_owned(),
        (Some(value), _) => visible(value).into_owned(),
        (None, Some(_)) => "(secret)".to_owned(),
        (None, None) => "(unknown)".to_owned(),
    };
    let (tone, sign, word, _) = state(told);
    let address = visible(step.address.strip_prefix(prefix).unwrap_or(&step.address));
    // What was not done must not read as if it was.
    let wanted = if tone == Tone::Good { "" } else { "wanted " };
    let values = format!("{wanted}{} -> {}", value(&step.before), value(&step.after));
    let what = format!("{:<7} {address}", step.action);
    let sign = format!("{sign} {word:<9}");
    let fits = 2 + sign.chars().count() + 1 + what.chars().count() + 2 + values.chars().count() <= COLUMNS;
    let between = if fits { "  " } else { "\n      " };
    let mut line = format!("  {} {what}{between}{values}\n", colour.paint(tone, &sign));
    if let Some(secret) = &step.secret {
        let _ = writeln!(line, "{}", wrap(&format!("the secret from {}", visible(secret)), COLUMNS, 6));
    }
    line
}

fn run_file(run: &RunRow, store: &Store) -> RunFile {
    RunFile {
        run: run.id,
        server: run.server.clone(),
        url: run.url.clone(),
        reference_id: run.reference_id.clone(),
        started: run.started.clone(),
        last: run.last.clone(),
        who: run.who.clone(),
        pid: run.pid,
        approval: run.approval.clone(),
        resumes: run.resumes,
        commit: run.commit.as_ref().map(|commit| CommitFile { id: commit.id.clone(), dirty: commit.dirty }),
        effects_digest: run.effects.clone(),
        icewarden_version: run.version.clone(),
        state: ended(run, store).to_owned(),
        ended: run
            .ending
            .as_ref()
            .map(|ending| EndedFile { at: ending.at.clone(), detail: ending.detail.clone() }),
        steps: run.steps,
        done: run.done,
        in_doubt: run.open,
    }
}

fn whole_file(run: &RunRow, steps: Vec<StepTold>, given: Given, store: &Store) -> HistoryFile {
    let patterns = |list: &[Pattern]| list.iter().map(|pattern| pattern.as_str().to_owned()).collect();
    HistoryFile::Run(Box::new(WholeRunFile {
        format_version: FORMAT_VERSION.to_owned(),
        run: run_file(run, store),
        allows: given.allows,
        targets: patterns(&given.narrowing.targets),
        excludes: patterns(&given.narrowing.excludes),
        steps: steps.into_iter().map(step_file).collect(),
    }))
}

fn step_file(told: StepTold) -> RunStepFile {
    let step = told.step;
    let end =
        |came: Came| StepEndFile { at: came.at, word: came.word.text().to_owned(), detail: came.detail };
    RunStepFile {
        action: step.action.into(),
        address: step.address,
        before: step.before,
        after: step.after,
        secret: step.secret,
        policy: step.policy,
        place: step.place,
        why: step.why,
        begun: told.begun,
        outcome: told.outcome.map(end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_keeps_to_its_column() {
        assert_eq!(cut("eu", 4), "eu");
        assert_eq!(cut("europe", 4), "eur…");
        assert_eq!(cut("àéîõ", 4), "àéîõ");
    }
}
