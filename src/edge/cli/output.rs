//! Where words go: data to stdout, talk to stderr, each with the colour that its end can show.

use std::io::{IsTerminal as _, Write as _};

use super::args::ColourArg;
use super::exit::Exit;
use crate::report::Colour;
use crate::report::text::Layout;

/// The two streams.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    pub stdout: Colour,
    pub stderr: Colour,
    pub width: usize,
}

impl Output {
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
            stdout: colour(std::io::stdout().is_terminal()),
            stderr: colour(std::io::stderr().is_terminal()),
            width: width(),
        }
    }

    pub fn layout(&self, full: bool) -> Layout {
        Layout { colour: self.stdout, width: self.width, full }
    }

    /// What was asked for. A reader that went away (`| head`) is no error of ours.
    pub fn data(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// What goes on meanwhile, and what went wrong.
    pub fn say(&self, text: &str) {
        let mut err = std::io::stderr().lock();
        let _ = writeln!(err, "{text}");
    }

    /// Whether a line of talk can be rewritten in place.
    pub fn rewrites(&self) -> bool {
        std::io::stderr().is_terminal()
    }

    /// Puts this in the place of the line that the cursor is in, and stays in it.
    pub fn rewrite(&self, text: &str) {
        let mut err = std::io::stderr().lock();
        let _ = write!(err, "\r{text}\u{1b}[K").and_then(|()| err.flush());
    }

    /// What is wrong with the command line, and the exit for it.
    pub fn usage(&self, problem: &str) -> Exit {
        self.error(problem, None);
        Exit::Usage
    }

    /// An error with its next act.
    pub fn error(&self, message: &str, remedy: Option<&str>) {
        let word = self.stderr.paint(crate::report::paint::Tone::Bad, "error:");
        self.say(&format!("{word} {message}"));
        if let Some(remedy) = remedy {
            self.say(&format!("  next: {remedy}"));
        }
    }
}

/// The columns of the terminal, 60 to 160; 100 where there is none.
fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse::<usize>().ok());
    let columns = columns.or_else(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)));
    columns.unwrap_or(100).clamp(60, 160)
}
