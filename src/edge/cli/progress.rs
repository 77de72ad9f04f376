//! How far a long read or run has come: on a terminal a bar for each server, elsewhere a plain line now and then.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::output::Output;
use crate::edge::port::{Phase, Progress};
use crate::model::grouped;

/// Reads of fewer accounts are over before a person wonders.
const ROWS_MIN: u64 = 2_000;

/// So are runs of fewer steps.
const STEPS_MIN: u64 = 20;

/// A plain line comes when this has passed, or a tenth more was read.
const PLAIN: Duration = Duration::from_secs(10);

/// Names longer than this are cut, so that a line of 80 columns holds bar and numbers too.
const NAME: usize = 16;

/// Tells how far one server has come. Its bar is gone when it is.
pub struct Meter<'a> {
    output: &'a Output,
    server: &'a str,
    started: Instant,
    shown: Mutex<Shown>,
}

/// What was shown last.
#[derive(Debug, Default)]
struct Shown {
    bar: Option<ProgressBar>,
    last: Option<Last>,
}

#[derive(Debug, Clone, Copy)]
struct Last {
    at: Duration,
    done: u64,
}

impl<'a> Meter<'a> {
    /// Its clock starts here: how far a read has come is told by tenths, or when nothing was said for a while.
    pub fn new(output: &'a Output, server: &'a str) -> Meter<'a> {
        Meter { output, server, started: Instant::now(), shown: Mutex::default() }
    }

    /// How far a read has come.
    pub fn read(&self, progress: Progress) {
        let Progress { phase: Phase::Accounts, done, total: Some(total @ ROWS_MIN..) } = progress else {
            return;
        };
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if self.output.bars.is_hidden() {
            if let Some(line) = line(&mut shown.last, done, total, self.started.elapsed()) {
                self.output.say(&format!("{}: {line}", self.server));
            }
        } else {
            self.bar(&mut shown, "reading accounts", done, total);
        }
    }

    /// How far a run has come. Each step has its line already, so without a terminal there is nothing to add.
    pub fn steps(&self, done: u64, total: u64) {
        if total >= STEPS_MIN {
            let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
            self.bar(&mut shown, "steps", done, total);
        }
    }

    fn bar(&self, shown: &mut Shown, what: &'static str, done: u64, total: u64) {
        // Of nothing no pace can be told, and so not how long the rest takes.
        if done == 0 {
            return;
        }
        let bar = shown.bar.get_or_insert_with(|| {
            let bar = self.output.bars.add(ProgressBar::new(total));
            bar.set_style(style());
            bar.set_prefix(self.server.chars().take(NAME).collect::<String>());
            bar.set_message(what);
            bar
        });
        bar.set_position(done);
    }
}

impl Drop for Meter<'_> {
    fn drop(&mut self) {
        if let Some(bar) = self.shown.get_mut().ok().and_then(|shown| shown.bar.take()) {
            bar.finish_and_clear();
            self.output.bars.remove(&bar);
        }
    }
}

const TEMPLATE: &str = "{prefix}: {msg} [{bar:20}] {human_pos} of {human_len}, {eta} left";

fn style() -> ProgressStyle {
    // A template that could not be read would leave the bar that indicatif has by itself.
    ProgressStyle::with_template(TEMPLATE)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}

/// The plain line that is due, if any. `now` counts from the start of the read.
fn line(last: &mut Option<Last>, done: u64, total: u64, now: Duration) -> Option<String> {
    let before = last.unwrap_or(Last { at: Duration::ZERO, done: 0 });
    let passed = now.saturating_sub(before.at);
    let due = passed >= PLAIN || done.saturating_sub(before.done) >= total.div_ceil(10);
    due.then(|| {
        *last = Some(Last { at: now, done });
        format!("reading accounts: {} of {}", grouped(done), grouped(total))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a read in which every account takes so long.
    fn lines(total: u64, each: Duration) -> Vec<String> {
        let mut last = None;
        let mut now = Duration::ZERO;
        (1..=total)
            .filter_map(|done| {
                now += each;
                line(&mut last, done, total, now)
            })
            .collect()
    }

    #[test]
    fn a_long_read_tells_how_far_it_is_in_tenths_or_when_a_person_would_wonder() {
        let quick = lines(100_000, Duration::from_micros(10));
        assert_eq!((quick.len(), quick[0].as_str()), (10, "reading accounts: 10,000 of 100,000"));
        let slow = lines(2_000, Duration::from_millis(100));
        assert_eq!((slow.len(), slow[0].as_str()), (20, "reading accounts: 100 of 2000"));
    }

    #[test]
    fn the_bar_has_a_template_that_can_be_read() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok());
    }
}
