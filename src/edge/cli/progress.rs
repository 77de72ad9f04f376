//! How far a long read has come: on a terminal one line, rewritten in place; elsewhere a plain line now and then.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::output::Output;
use crate::edge::icewarp::{Phase, Progress};

/// Reads of fewer accounts are over before a person wonders.
const ROWS_MIN: u64 = 2_000;

/// How often the line on a terminal is rewritten.
const REWRITTEN: Duration = Duration::from_millis(200);

/// A plain line comes when this has passed, or a tenth more was read.
const PLAIN: Duration = Duration::from_secs(10);

/// Tells how far one read has come. Its line is gone when it is.
pub struct Meter<'a> {
    output: &'a Output,
    rewrites: bool,
    started: Instant,
    last: Mutex<Option<Last>>,
}

/// The line that was shown last.
#[derive(Debug, Clone, Copy)]
struct Last {
    at: Duration,
    done: u64,
}

impl<'a> Meter<'a> {
    pub fn new(output: &'a Output) -> Meter<'a> {
        Meter { output, rewrites: output.rewrites(), started: Instant::now(), last: Mutex::new(None) }
    }

    pub fn tell(&self, progress: Progress) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(line) = line(&mut last, progress, self.started.elapsed(), self.rewrites) else { return };
        if self.rewrites {
            self.output.rewrite(&line);
        } else {
            self.output.say(&line);
        }
    }
}

impl Drop for Meter<'_> {
    fn drop(&mut self) {
        let shown = self.last.get_mut().is_ok_and(|last| last.is_some());
        if shown && self.rewrites {
            self.output.rewrite("");
        }
    }
}

/// The line that is due, if any. `now` counts from the start of the read.
fn line(last: &mut Option<Last>, progress: Progress, now: Duration, rewrites: bool) -> Option<String> {
    let Progress { phase: Phase::Accounts, done, total: Some(total @ ROWS_MIN..) } = progress else {
        return None;
    };
    let before = last.unwrap_or(Last { at: Duration::ZERO, done: 0 });
    let passed = now.saturating_sub(before.at);
    let due = if rewrites {
        passed >= REWRITTEN
    } else {
        passed >= PLAIN || done.saturating_sub(before.done) >= total.div_ceil(10)
    };
    due.then(|| {
        *last = Some(Last { at: now, done });
        format!("reading accounts: {} of {}", thousands(done), thousands(total))
    })
}

/// 12,000.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a read in which every account takes so long.
    fn lines(total: u64, each: Duration, rewrites: bool) -> Vec<String> {
        let mut last = None;
        let at = |done: u64| Progress { phase: Phase::Accounts, done, total: Some(total) };
        let mut now = Duration::ZERO;
        (1..=total)
            .filter_map(|done| {
                now += each;
                line(&mut last, at(done), now, rewrites)
            })
            .collect()
    }

    #[test]
    fn a_long_read_tells_how_far_it_is_and_a_short_one_does_not() {
        let ms = Duration::from_millis;
        assert_eq!(lines(1_999, ms(100), false), Vec::<String>::new());
        assert_eq!(lines(1_999, ms(100), true), Vec::<String>::new());
        let quick = lines(100_000, Duration::from_micros(10), false);
        assert_eq!((quick.len(), quick[0].as_str()), (10, "reading accounts: 10,000 of 100,000"));
        let slow = lines(2_000, ms(100), false);
        assert_eq!((slow.len(), slow[0].as_str()), (20, "reading accounts: 100 of 2,000"));
        let live = lines(2_000, ms(10), true);
        assert_eq!((live.len(), live[99].as_str()), (100, "reading accounts: 2,000 of 2,000"));
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, expected) in [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345_678, "12,345,678")] {
            assert_eq!(thousands(number), expected);
        }
    }
}
