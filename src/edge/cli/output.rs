//! Where words go: data to stdout, talk to stderr, each with the colour that its end can show.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::MultiProgress;

use super::addresses::{Addresses, AddressesArg};
use super::args::ColourArg;
use super::error::CliError;
use super::exit::Exit;
use crate::edge::port::Calls;
use crate::model::Finding;
use crate::model::visible::{visible, visible_lines};
use crate::report::Colour;
use crate::report::findings;
use crate::report::layout::{Layout, hang, wrap};
use crate::report::paint::Tone;
use crate::spec::meaning::Source;

/// The two streams.
#[derive(Debug, Clone)]
pub struct Output {
    pub stdout: Colour,
    pub stderr: Colour,
    pub width: usize,
    /// How addresses are shown. Every text is gone over once more here, whoever made it.
    pub addresses: Addresses,
    /// Where bars are drawn; nowhere but on a terminal.
    pub bars: MultiProgress,
    data: Data,
    /// Whether something that was asked for did not reach where it was to go.
    lost: Arc<AtomicBool>,
    /// Whether a run has begun: from then on what cannot be written does not undo what was done.
    performing: Arc<AtomicBool>,
}

/// Where data goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Data {
    Stdout,
    /// Standard output belongs to the events of a run.
    Stderr,
}

impl Output {
    /// Asks once whether there is a terminal, and how wide it is. `Auto` colours each stream by itself, and never where
    /// NO_COLOR is set.
    pub fn new(when: ColourArg) -> Output {
        let colour = |terminal: bool| match when {
            ColourArg::Always => Colour::Always,
            ColourArg::Never => Colour::Never,
            ColourArg::Auto if terminal && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty()) => {
                Colour::Always
            }
            ColourArg::Auto => Colour::Never,
        };
        Output {
            stdout: colour(io::stdout().is_terminal()),
            stderr: colour(io::stderr().is_terminal()),
            width: width(),
            addresses: Addresses::Full,
            bars: MultiProgress::new(),
            data: Data::Stdout,
            lost: Arc::default(),
            performing: Arc::default(),
        }
    }

    /// The same with addresses shown in another way.
    ///
    /// # Errors
    /// What is missing for it.
    pub fn with_addresses(&self, arg: AddressesArg) -> Result<Output, CliError> {
        match Addresses::meant(arg) {
            Ok(addresses) => Ok(Output { addresses, ..self.clone() }),
            Err((problem, next)) => Err(CliError::usage(problem, next)),
        }
    }

    /// The same with everything for people on standard error.
    pub fn all_on_stderr(&self) -> Output {
        Output { stdout: self.stderr, data: Data::Stderr, ..self.clone() }
    }

    /// For texts that go to the standard output; with `full` nothing is left out to keep them short.
    pub fn layout(&self, full: bool) -> Layout {
        Layout { colour: self.stdout, width: self.width, full }
    }

    /// What was asked for; whether it could be written. A reader that went away (`| head`) is no error of ours.
    pub fn data(&self, text: &str) -> bool {
        let text = self.addresses.text(None, text);
        let text = visible_lines(&text);
        let written = |out: &mut dyn io::Write| out.write_all(text.as_bytes()).and_then(|()| out.flush());
        // Both streams may be the terminal that bars are drawn on.
        let written = self.bars.suspend(|| match self.data {
            Data::Stdout => written(&mut io::stdout().lock()),
            Data::Stderr => written(&mut io::stderr().lock()),
        });
        match written {
            Ok(()) => true,
            Err(error) => {
                self.failed(&error);
                error.kind() == io::ErrorKind::BrokenPipe
            }
        }
    }

    /// Takes note of output that could not be written; tells of it once.
    pub fn failed(&self, error: &io::Error) {
        let closed = error.kind() == io::ErrorKind::BrokenPipe;
        if !closed && !self.lost.swap(true, Ordering::Relaxed) {
            let next = match self.performing.load(Ordering::Relaxed) {
                true => {
                    "what was done stays done, and is written down: `icewarden history show` tells all of it"
                }
                false => "make room where it goes, then run it again",
            };
            self.error(&format!("the output could not be written: {error}"), Some(next));
        }
    }

    /// Takes note that a run has begun.
    pub fn performs(&self) {
        self.performing.store(true, Ordering::Relaxed);
    }

    /// Takes note that something did not reach where it was to go; whoever found it tells of it.
    pub fn lost(&self) {
        self.lost.store(true, Ordering::Relaxed);
    }

    /// How the program ends: not as if all were well where what was asked for is missing.
    pub fn ended(&self, exit: Exit) -> Exit {
        match (self.lost.load(Ordering::Relaxed), self.performing.load(Ordering::Relaxed), exit) {
            (false, ..) => exit,
            (true, true, Exit::Done | Exit::Blocked) => Exit::Untold,
            (true, true, exit) => exit,
            (true, false, exit) => Exit::of_all(&[exit, Exit::Failed]),
        }
    }

    /// What goes on meanwhile, and what went wrong: one sentence, which is broken at words. Whatever is in it of others
    /// ends no line of ours.
    pub fn say(&self, text: &str) {
        let text = self.addresses.text(None, text);
        self.lay(&hang(&visible(&text), self.width, 2));
    }

    /// Lines that `report` has laid out, with all that others chose in them made visible there.
    pub fn lay(&self, text: &str) {
        let text = self.addresses.text(None, text);
        let text = visible_lines(&text);
        self.bars.suspend(|| drop(writeln!(io::stderr().lock(), "{text}")));
    }

    /// Findings, each with its line of the spec.
    pub fn findings(&self, found: &[Finding], sources: &[Source]) {
        self.lay(findings::text(found, sources, self.stderr, self.width).trim_end());
    }

    /// An error that ends a command, or the work on one server.
    pub fn report(&self, error: &CliError) {
        if !error.findings.is_empty() {
            self.findings(&error.findings, &error.sources);
        }
        if !error.message.is_empty() {
            self.error(&error.message, error.remedy.as_deref());
        }
    }

    /// The calls that were made to a server, by phase.
    pub fn stats(&self, server: &str, calls: &Calls) {
        let phases: Vec<String> =
            calls.0.iter().map(|(phase, count)| format!("{} {count}", phase.name())).collect();
        match phases.as_slice() {
            [] => self.say(&format!("calls to {server}: none")),
            phases => self.say(&format!("calls to {server}: {} ({})", calls.total(), phases.join(", "))),
        }
    }

    /// An error with its next act.
    pub fn error(&self, message: &str, remedy: Option<&str>) {
        self.error_lines(&visible(message), remedy);
    }

    /// The same with lines below the first that `report` has laid out.
    pub fn error_lines(&self, message: &str, remedy: Option<&str>) {
        let message = self.addresses.text(None, message);
        let message = visible_lines(&message);
        let mut lines = Vec::new();
        for (index, line) in message.lines().enumerate() {
            // Lines below the first have an indent of their own.
            let indent = line.len() - line.trim_start().len() + 2;
            let line = wrap(
                &if index == 0 { format!("error: {line}") } else { line.to_owned() },
                self.width,
                indent,
            );
            lines.push(line.get(2..).unwrap_or_default().to_owned());
        }
        if let Some(remedy) = remedy {
            let remedy = self.addresses.text(None, remedy);
            lines.push(wrap(&format!("next: {}", visible(&remedy)), self.width, 2));
        }
        let word = self.stderr.paint(Tone::Bad, "error:");
        let text = lines.join("\n").replacen("error:", &word, 1);
        self.bars.suspend(|| drop(writeln!(io::stderr().lock(), "{text}")));
    }
}

/// The columns of the terminal, 60 to 160; 100 where there is none.
fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse::<usize>().ok());
    let columns = columns.or_else(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)));
    columns.unwrap_or(100).clamp(60, 160)
}
