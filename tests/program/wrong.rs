//! Everything that a user gets wrong, or meets: what is said, how the program ends, and that nothing was changed. The
//! rows stand in `wrong_table`; `docs/wrong-input.md` is written from them (UPDATE=1), or compared.

use std::any::Any;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use super::run::{Desk, Ran};
use super::stand::Stand;
use super::wrong_table;

/// One situation.
pub struct Row {
    pub section: &'static str,
    pub situation: &'static str,
    pub code: i32,
    /// Words that must be there whatever the document says.
    pub words: &'static [&'static str],
    pub scene: Box<dyn Fn() -> Scene + Send + Sync>,
}

/// What the situation is made of.
pub struct Scene {
    pub desk: Desk,
    /// They must be afterwards as they were before.
    pub stands: Vec<Stand>,
    /// What must not end before the program does.
    pub keep: Vec<Box<dyn Any>>,
    pub runs: Runs,
}

/// What is run.
pub enum Runs {
    /// `plan` and `apply --auto-approve`.
    Both,
    /// The same of a spec that is wrong, and `validate`: no server may be asked.
    Spec,
    /// Only this, without a word to any server.
    Typed(&'static [&'static str]),
    /// Only this.
    Only(&'static [&'static str]),
}

impl Scene {
    pub fn new(desk: Desk, stands: Vec<Stand>) -> Scene {
        Scene { desk, stands, keep: Vec::new(), runs: Runs::Both }
    }

    pub fn keep(mut self, kept: impl Any) -> Scene {
        self.keep.push(Box::new(kept));
        self
    }

    pub fn runs(mut self, runs: Runs) -> Scene {
        self.runs = runs;
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Scene {
        self.desk = self.desk.env(name, value);
        self
    }
}

/// What a stand must not have lost or gained. Calls and sessions are no state.
fn state(stands: &[Stand]) -> Vec<Value> {
    let state = |stand: &Stand| {
        let mut state = stand.state();
        for passing in ["calls", "sessions"] {
            state.as_object_mut().expect("an object").remove(passing);
        }
        state
    };
    stands.iter().map(state).collect()
}

/// A command that would change something.
fn writes(command: &str) -> bool {
    ["set", "add", "create", "delete", "rename", "move", "edit"].iter().any(|verb| command.starts_with(verb))
}

/// What a person reads: the first error, and the next act.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    what: String,
    next: String,
}

/// Runs a row, and gives what it said; the error names what is not as it should be.
fn run(row: &Row) -> Result<Said, String> {
    let scene = (row.scene)();
    let before = state(&scene.stands);
    let asked = |scene: &Scene| scene.stands.iter().flat_map(Stand::commands).collect::<Vec<_>>();
    let earlier = asked(&scene).len();
    let plan: &[&str] = &["plan", "spec", "--detailed-exitcode"];
    let apply: &[&str] = &["apply", "spec", "--auto-approve"];
    let runs: Vec<&[&str]> = match scene.runs {
        Runs::Both => vec![plan, apply],
        Runs::Spec => vec![plan, apply, &["validate", "spec"]],
        Runs::Typed(args) | Runs::Only(args) => vec![args],
    };
    let runs_count = runs.len();
    let mut said = None;
    for args in runs {
        let ran = scene.desk.icewarden(args);
        let told = judge(row, args, &ran)?;
        said.get_or_insert(told);
    }
    if state(&scene.stands) != before {
        return Err("the server is not as it was".to_owned());
    }
    let asked = asked(&scene).split_off(earlier);
    let logins = asked.iter().filter(|command| *command == "authenticate").count();
    if row.code == 77 && logins > runs_count {
        return Err(format!("a refused login was tried again: {asked:?}"));
    }
    if let Some(command) = asked.iter().find(|command| writes(command)) {
        return Err(format!("{command} was sent"));
    }
    if matches!(scene.runs, Runs::Spec | Runs::Typed(_)) && !asked.is_empty() {
        return Err(format!("the server was asked: {asked:?}"));
    }
    said.ok_or_else(|| "nothing was run".to_owned())
}

fn judge(row: &Row, args: &[&str], ran: &Ran) -> Result<Said, String> {
    let fault = |what: String| Err(format!("{args:?} {what}\n{}{}", ran.err, ran.out));
    if ran.code != row.code {
        return fault(format!("ended with {} and not {}", ran.code, row.code));
    }
    let all = squeezed(&format!("{}\n{}", ran.err, ran.out));
    if let Some(word) = row.words.iter().find(|word| !all.contains(&squeezed(word))) {
        return fault(format!("does not say `{word}`"));
    }
    if all.contains("panicked") {
        return fault("is a panic".to_owned());
    }
    let changed = ["apply"].contains(&args[0]) && ![0, 64, 65].contains(&row.code);
    if changed && !all.contains("nothing was changed") {
        return fault("does not say that nothing was changed".to_owned());
    }
    let text = format!("{}\n{}", ran.err, ran.out);
    match said(&text, &MARKS).or_else(|| said(&text, &WARNING)) {
        Some(said) if said.next.is_empty() => fault("tells no next act".to_owned()),
        Some(said) => Ok(said),
        None => fault("says nothing that is an error".to_owned()),
    }
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What begins the telling of something wrong, and how much of it is not part of the message. A warning counts where
/// nothing else is there.
const MARKS: [(&str, &str); 5] =
    [("error: ", "error: "), ("error[", ""), ("x hold ", "x "), ("! held ", "! "), ("! blocked ", "! ")];

const WARNING: [(&str, &str); 2] = [("warning: ", ""), ("info: ", "")];

/// What comes after the telling of what is wrong.
const AFTER: [&str; 6] = ["warning", "info", "Left alone", "Plan:", "eu: ", "Only "];

/// The first block that tells of something wrong, in one line, and the next act in it.
fn said(text: &str, marks: &[(&str, &str)]) -> Option<Said> {
    let mut lines =
        text.lines().map(str::trim).skip_while(|line| !marks.iter().any(|(mark, _)| line.starts_with(mark)));
    let first = lines.next()?;
    let mark = marks.iter().find(|(mark, _)| first.starts_with(mark))?.1;
    let (mut what, mut next) = (vec![first.strip_prefix(mark)?.to_owned()], Vec::new());
    // What clap says goes on after blank lines.
    let usage = text.contains("For more information, try");
    for line in lines.filter(|line| !usage || !(line.is_empty() || line.starts_with("Usage:"))) {
        let act = ["next: ", "= help: ", "tip: ", "For more information, "];
        let act = act.iter().find_map(|act| line.strip_prefix(act));
        if let Some(act) = act {
            next.push(act.to_owned());
        } else if line.is_empty()
            || MARKS.iter().any(|(mark, _)| line.starts_with(mark))
            || AFTER.iter().any(|mark| line.starts_with(mark))
        {
            break;
        } else if let Some(place) = line.strip_prefix("::: ") {
            what.push(format!("(and {place})"));
        } else if let Some(place) = line.strip_prefix("--> ") {
            what.push(format!("({place})"));
        } else if line.starts_with('|')
            || line.starts_with("...")
            || line.split_once(" |").is_some_and(|(n, _)| n.parse::<u32>().is_ok())
            || line == "nothing was changed."
        {
            // The excerpt of the author's own text, and what is said after the message.
        } else if next.is_empty() {
            what.push(line.to_owned());
        } else {
            next.push(line.to_owned());
        }
    }
    Some(Said { what: normal(&what.join(" ")), next: normal(&next.join(" ")) })
}

/// Without what differs from run to run: ports, and a system's own words after its error.
fn normal(text: &str) -> String {
    let mut out = String::new();
    let mut rest = squeezed(text);
    while let Some(at) = rest.find("127.0.0.1:").or_else(|| rest.find("localhost:")) {
        let port = at + rest[at..].find(':').expect("it is there") + 1;
        let end = rest[port..].find(|c: char| !c.is_ascii_digit()).map_or(rest.len(), |end| port + end);
        out.push_str(&rest[..port]);
        // Port 1 is written in the spec, and so always the same.
        out.push_str(if &rest[port..end] == "1" { "1" } else { "PORT" });
        rest = rest[end..].to_owned();
    }
    out.push_str(&rest);
    match out.split_once("failed to lookup address information") {
        Some((before, _)) => format!("{before}failed to lookup address information"),
        None => out,
    }
}

fn document(rows: &[Row], said: &[Said]) -> String {
    let mut text = String::from(HEAD);
    let mut section = "";
    for (row, said) in rows.iter().zip(said) {
        if row.section != section {
            section = row.section;
            let _ = write!(
                text,
                "\n## {section}\n\n| situation | what is said | what to do next | exit | changed |\n"
            );
            text.push_str("|---|---|---|---|---|\n");
        }
        let (what, next) = (cell(&said.what), cell(&said.next));
        let _ = writeln!(text, "| {} | {what} | {next} | {} | nothing |", cell(row.situation), row.code);
    }
    text
}

fn cell(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;").replace('*', "\\*")
}

const HEAD: &str = "# Wrong input, and what comes of it

What a user can get wrong or meet, what icewarden then says, what to do next, and the
[exit code](../src/edge/cli/exit.rs). This file is written by a test (`tests/program/wrong.rs`) that runs every row
with the program itself, as `plan` and as `apply --auto-approve` where both make sense, against a simulated server,
and that looks at the server before and after: nothing was changed in any of them, and no command that changes
anything was even sent. Ports are replaced by `PORT`.

Exit codes: 1 failed · 3 blocked · 4 the plan is stale · 6 the server takes no changes · 64 usage · 65 spec invalid ·
69 server not reachable · 77 login refused.
";

/// So many rows are run side by side; each is two processes or three that mostly wait.
const AT_ONCE: usize = 6;

#[test]
fn every_row_of_the_table_is_told_and_changes_nothing() {
    let rows = wrong_table::rows();
    let next = AtomicUsize::new(0);
    let results = Mutex::new(vec![None; rows.len()]);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(row) = rows.get(at) else { return };
                    let result = run(row);
                    results.lock().expect("no panic")[at] = Some(result);
                }
            });
        }
    });
    let (mut all, mut faults) = (Vec::new(), Vec::new());
    for (row, result) in rows.iter().zip(results.into_inner().expect("no panic")) {
        match result.expect("it was run") {
            Ok(said) => all.push(said),
            Err(fault) => faults.push(format!("--- {}: {}\n{fault}", row.section, row.situation)),
        }
    }
    assert!(faults.is_empty(), "{} of {} rows:\n{}", faults.len(), rows.len(), faults.join("\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/wrong-input.md");
    let wanted = document(&rows, &all);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &wanted).expect("the document is written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = wanted.lines().zip(found.lines()).find(|(wanted, found)| wanted != found);
    assert!(
        wanted == found,
        "docs/wrong-input.md is not what was said; UPDATE=1 rewrites it. First: {differs:#?}"
    );
}

/// The rows that must be there, and that none is there twice.
#[test]
fn each_situation_is_there_once() {
    let rows = wrong_table::rows();
    let mut names: Vec<&str> = rows.iter().map(|row| row.situation).collect();
    assert!(names.len() >= 100, "{}", names.len());
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count, "a situation is told twice");
}

/// Twice 2 GB, in less memory than that: the room that the process may take is a fifth of it.
#[test]
fn an_answer_without_end_is_cut_in_bounded_memory() {
    for head in ["Content-Length: 2147483648", "Transfer-Encoding: chunked", "X: without a length"] {
        let stand = Stand::of(super::spec::world(&[("bob@example.com", &[])]));
        stand.twist(move |_, request| {
            (request.command == "getdomainsinfolist").then(|| {
                let spaces = [b"10000\r\n".as_slice(), &vec![b' '; 1 << 16], b"\r\n"].concat();
                super::stand::Reply::Endless(
                    format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n").into_bytes(),
                    spaces,
                )
            })
        });
        let policy =
            super::spec::policy("a", "scope: {accounts: [bob@example.com]}\nservices: {im: enabled}");
        let desk = super::run::desk(&stand, &[policy]);
        let limited = format!("ulimit -v 400000; exec '{}' plan spec", env!("CARGO_BIN_EXE_icewarden"));
        desk.other("sh", &["-c", &limited]).exits(1).says(&["it is larger than 32 MiB"]);
    }
}
