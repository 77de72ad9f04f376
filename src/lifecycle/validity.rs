//! Re-validation of a licence through time (REV-1 to REV-6), and what else ends a licence (LIC-4).
//!
//! A machine without a clock: [`Validity::advance`] takes it to a moment, with what the licence server answers until
//! then, and tells in order what happened. Moments are those of the server's own clock on the wall; midnight is its
//! midnight.
//!
//! The manual leaves two things open, and both are taken for the server that goes on trying: whether it tries beyond the
//! 48 hours where the grace is longer, and whether it tries in Emergency Mode. A key is then taken as it always is
//! (REV-3), so nothing that the program plans rests on it.

use jiff::ToSpan;
use jiff::civil::{DateTime, Time};

use super::periods::{
    EMERGENCY_DAYS, FAILURE_NOTICE_HOURS, MISMATCH_DAYS, RETRIES_HOURS, RETRY_HOURS, REVALIDATION_DAYS,
};

/// The words of the error log when Emergency Mode ends without success (REV-5).
pub const LOGGED_AT_THE_END: &str =
    "All attempts to validate the license failed. As a result, the services will be stopped.";

/// What the licence server does when it is asked for a new key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It gives one (REV-1).
    Key,
    /// Nobody answers, or the way to it is closed (REV-2).
    Nothing,
}

/// What is to be known of a licence to follow it through time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// How long it stays in force while re-validation fails, in days; two to seven, by licence (REV-4).
    pub grace_days: i64,
    /// The moment at which it ends whatever is answered: an evaluation's (LIC-4). `None` for a full licence.
    pub ends: Option<DateTime>,
}

impl Terms {
    /// A full licence of the standard period (REV-2), which is the shortest grace (REV-4).
    pub const STANDARD: Terms = Terms { grace_days: RETRIES_HOURS / 24, ends: None };
}

/// Where a licence stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// In force; re-validated next at this moment (REV-1).
    Valid { next: DateTime },
    /// In force, and re-validation fails since then (REV-2).
    Failing { since: DateTime },
    /// Emergency Mode: services work on, and no setting can be changed (REV-4).
    Emergency { since: DateTime },
    /// On a machine that it was not issued for: services work on for seven days (LIC-4).
    Mismatch { since: DateTime },
    /// Ended. Services stop at the next midnight, and at each midnight again if somebody starts them (REV-5).
    Ended { since: DateTime },
}

/// Who gets a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recipient {
    Postmaster,
    LicenceHolder,
    Vendor,
}

/// What happens to a licence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// A new key was applied; nobody notices (REV-1).
    Revalidated,
    /// No key was to be had (REV-2).
    RevalidationFailed,
    /// It fails for this many hours (REV-2).
    FailureMailed { hours: i64, to: &'static [Recipient] },
    /// Emergency Mode begins, with a mail (REV-4).
    EmergencyBegins { to: &'static [Recipient] },
    /// A line in the error log, and mails (REV-5).
    EndLogged { line: &'static str, to: &'static [Recipient] },
    /// An evaluation, or the days on a strange machine, are over (LIC-4).
    Ended,
    /// All services stop (REV-5).
    ServicesStopped,
}

/// A happening and its moment.
pub type At = (DateTime, Happening);

const HOLDER: &[Recipient] = &[Recipient::Postmaster, Recipient::LicenceHolder];
const EVERYBODY: &[Recipient] = &[Recipient::Postmaster, Recipient::LicenceHolder, Recipient::Vendor];

/// A licence at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    pub terms: Terms,
    pub phase: Phase,
    /// Up to when it was followed; all before is told.
    pub now: DateTime,
}

impl Validity {
    /// A licence that was issued, or given a new key, at this moment.
    pub fn issued(terms: Terms, at: DateTime) -> Validity {
        Validity { terms, phase: Phase::Valid { next: next_revalidation(at) }, now: at }
    }

    /// A licence that stands on a machine which it was not issued for, from this moment on.
    pub fn mismatched(terms: Terms, at: DateTime) -> Validity {
        Validity { terms, phase: Phase::Mismatch { since: at }, now: at }
    }

    /// Whether settings can be changed. Of a mismatch the manual does not say that they cannot (U-25).
    pub fn takes_changes(&self) -> bool {
        matches!(self.phase, Phase::Valid { .. } | Phase::Failing { .. } | Phase::Mismatch { .. })
    }

    /// The value of `C_LicenseStatus` (LIC-4, in the inferred order of U-4). In Emergency Mode it is the one of an
    /// evaluation; that another may be shown is U-22.
    pub fn status(&self) -> i64 {
        match self.phase {
            Phase::Valid { .. } | Phase::Failing { .. } => i64::from(self.terms.ends.is_some()),
            Phase::Emergency { .. } => 1,
            Phase::Mismatch { .. } => 2,
            Phase::Ended { .. } => 4,
        }
    }

    /// When services stop for good unless something happens before; `None` while nothing threatens them.
    pub fn stops(&self) -> Option<DateTime> {
        let of_phase = match self.phase {
            Phase::Valid { .. } => None,
            Phase::Failing { since } => {
                Some(since.saturating_add((self.terms.grace_days + EMERGENCY_DAYS).days()))
            }
            Phase::Emergency { since } => Some(since.saturating_add(EMERGENCY_DAYS.days())),
            Phase::Mismatch { since } => Some(since.saturating_add(MISMATCH_DAYS.days())),
            Phase::Ended { since } => Some(since),
        };
        let first = of_phase.into_iter().chain(self.terms.ends).min();
        first.map(|end| next_midnight(end.max(self.now)))
    }

    /// Takes it to a moment, and tells what happens until then, that moment included, while the licence server gives
    /// this answer. A moment that is past changes nothing.
    pub fn advance(&mut self, to: DateTime, answer: Answer) -> Vec<At> {
        let mut told = Vec::new();
        while let Some(at) = self.next().filter(|at| *at <= to) {
            self.now = at;
            self.happen(at, answer, &mut told);
        }
        self.now = self.now.max(to);
        told
    }

    /// Tries to re-validate at once, as it does by itself every hour (REV-3). Nothing happens after the end, nor on a
    /// strange machine: there a new licence must be retrieved (LIC-4).
    pub fn revalidate(&mut self, answer: Answer) -> Option<Happening> {
        match (self.phase, answer) {
            (Phase::Mismatch { .. } | Phase::Ended { .. }, _) => None,
            (_, Answer::Key) => {
                self.phase = Phase::Valid { next: next_revalidation(self.now) };
                Some(Happening::Revalidated)
            }
            (Phase::Valid { .. }, Answer::Nothing) => {
                self.phase = Phase::Failing { since: self.now };
                Some(Happening::RevalidationFailed)
            }
            (Phase::Failing { .. } | Phase::Emergency { .. }, Answer::Nothing) => {
                Some(Happening::RevalidationFailed)
            }
        }
    }

    /// The next moment after `now` at which something may happen.
    fn next(&self) -> Option<DateTime> {
        let after = |at: &DateTime| *at > self.now;
        let hours = |since: DateTime, hours: i64| since.saturating_add(hours.hours());
        let days = |since: DateTime, days: i64| since.saturating_add(days.days());
        let mut moments: Vec<DateTime> = match self.phase {
            Phase::Valid { next } => vec![next],
            Phase::Failing { since } => {
                let mut moments: Vec<DateTime> =
                    FAILURE_NOTICE_HOURS.iter().map(|notice| hours(since, *notice)).collect();
                moments.push(self.next_try(since));
                moments.push(days(since, self.terms.grace_days));
                moments
            }
            Phase::Emergency { since } => vec![self.next_try(since), days(since, EMERGENCY_DAYS)],
            Phase::Mismatch { since } => vec![days(since, MISMATCH_DAYS)],
            Phase::Ended { .. } => vec![next_midnight(self.now)],
        };
        // What has ended does not end again.
        moments.extend(self.terms.ends.filter(|_| !matches!(self.phase, Phase::Ended { .. })));
        moments.into_iter().filter(after).min()
    }

    /// The next try of those that come each hour from `since` on.
    fn next_try(&self, since: DateTime) -> DateTime {
        let past = self.now.since((jiff::Unit::Hour, since)).map_or(0, |span| i64::from(span.get_hours()));
        since.saturating_add(((past / RETRY_HOURS + 1) * RETRY_HOURS).hours())
    }

    fn happen(&mut self, at: DateTime, answer: Answer, told: &mut Vec<At>) {
        let ends = self.terms.ends == Some(at);
        if let Phase::Ended { .. } = self.phase {
            told.push((at, Happening::ServicesStopped));
            return;
        }
        if let Phase::Valid { next } = self.phase
            && next == at
        {
            told.extend(self.revalidate(answer).map(|happening| (at, happening)));
        } else if let Phase::Failing { since } | Phase::Emergency { since } = self.phase
            && self.is_try(since, at)
        {
            told.extend(self.revalidate(answer).map(|happening| (at, happening)));
        }
        // What was mended at this very moment is told no more.
        match self.phase {
            Phase::Failing { since } => self.failing(since, at, told),
            Phase::Emergency { since } if at == since.saturating_add(EMERGENCY_DAYS.days()) => {
                told.push((at, Happening::EndLogged { line: LOGGED_AT_THE_END, to: EVERYBODY }));
                self.phase = Phase::Ended { since: at };
            }
            Phase::Mismatch { since } if at == since.saturating_add(MISMATCH_DAYS.days()) => {
                self.end(at, told);
            }
            _ => {}
        }
        if ends && !matches!(self.phase, Phase::Ended { .. }) {
            self.end(at, told);
        }
    }

    /// Whether one of the tries of each hour falls on this moment.
    fn is_try(&self, since: DateTime, at: DateTime) -> bool {
        let hours = at.since((jiff::Unit::Hour, since)).map_or(0, |span| span.get_hours());
        hours > 0 && since.saturating_add(hours.hours()) == at
    }

    fn failing(&mut self, since: DateTime, at: DateTime, told: &mut Vec<At>) {
        for hours in FAILURE_NOTICE_HOURS {
            if at == since.saturating_add(hours.hours()) {
                told.push((at, Happening::FailureMailed { hours, to: HOLDER }));
            }
        }
        if at == since.saturating_add(self.terms.grace_days.days()) {
            told.push((at, Happening::EmergencyBegins { to: HOLDER }));
            self.phase = Phase::Emergency { since: at };
        }
    }

    fn end(&mut self, at: DateTime, told: &mut Vec<At>) {
        told.push((at, Happening::Ended));
        self.phase = Phase::Ended { since: at };
    }
}

/// When a licence with a key of this moment asks for the next one (REV-1).
fn next_revalidation(key: DateTime) -> DateTime {
    key.saturating_add(REVALIDATION_DAYS.days())
}

/// The midnight after a moment; after a midnight it is the next one.
pub fn next_midnight(after: DateTime) -> DateTime {
    after.date().saturating_add(1.day()).to_datetime(Time::midnight())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::super::periods::GRACE_DAYS;
    use super::*;

    const ISSUED: DateTime = date(2027, 1, 1).at(9, 30, 0, 0);

    /// Spans in minutes, each with what the licence server answers in it: up to about four months.
    fn histories() -> impl Strategy<Value = (i64, Option<i64>, Vec<(i64, Answer)>)> {
        let answer = prop_oneof![Just(Answer::Key), Just(Answer::Nothing), Just(Answer::Nothing)];
        let spans = proptest::collection::vec((0_i64..9_000, answer), 1..20);
        (GRACE_DAYS, proptest::option::of(0_i64..100_000), spans)
    }

    fn issued(grace_days: i64, ends: Option<i64>) -> Validity {
        let ends = ends.map(|minutes| ISSUED.saturating_add(minutes.minutes()));
        Validity::issued(Terms { grace_days, ends }, ISSUED)
    }

    proptest! {
        #[test]
        fn whatever_is_answered_a_licence_goes_the_manuals_way((grace, ends, spans) in histories()) {
            let mut licence = issued(grace, ends);
            for (minutes, answer) in spans {
                let before = licence;
                let to = licence.now.saturating_add(minutes.minutes());
                let happened = licence.advance(to, answer);
                prop_assert_eq!(licence.now, to);
                prop_assert!(happened.is_sorted_by_key(|(at, _)| *at));
                prop_assert!(happened.iter().all(|(at, _)| before.now < *at && *at <= to));
                for (at, happening) in &happened {
                    match happening {
                        // REV-5: at midnight only, and only after the end.
                        Happening::ServicesStopped => {
                            prop_assert_eq!(at.time(), Time::midnight());
                            prop_assert!(!licence.takes_changes());
                        }
                        Happening::Revalidated => prop_assert_eq!(answer, Answer::Key),
                        Happening::RevalidationFailed => prop_assert_eq!(answer, Answer::Nothing),
                        _ => {}
                    }
                }
                // Nothing threatens a licence that is answered, unless it ends by its own day.
                if answer == Answer::Key && minutes >= 60 && ends.is_none() {
                    let ended = matches!(before.phase, Phase::Ended { .. });
                    prop_assert!(ended || licence.stops().is_none());
                }
                // Ended is for good, whatever is answered.
                if matches!(before.phase, Phase::Ended { .. }) {
                    prop_assert_eq!(before.phase, licence.phase);
                }
                // REV-4, LIC-4: changes are closed in Emergency Mode and after the end, and the status says so.
                prop_assert_eq!(licence.takes_changes(), !matches!(licence.phase, Phase::Emergency { .. } | Phase::Ended { .. }));
            }
        }

        /// In two halves or at once, the same happens.
        #[test]
        fn time_may_be_cut_anywhere(
            (grace, ends, _) in histories(),
            answer in prop_oneof![Just(Answer::Key), Just(Answer::Nothing)],
            cut in 0_i64..120_000,
            rest in 0_i64..20_000,
        ) {
            let (mut whole, mut halves) = (issued(grace, ends), issued(grace, ends));
            let middle = ISSUED.saturating_add(cut.minutes());
            let end = middle.saturating_add(rest.minutes());
            let at_once = whole.advance(end, answer);
            let mut in_two = halves.advance(middle, answer);
            in_two.extend(halves.advance(end, answer));
            prop_assert_eq!(whole, halves);
            prop_assert_eq!(at_once, in_two);
        }

        /// What is said of the future comes true: as long as what fails goes on failing, services stop at that midnight and
        /// not before.
        #[test]
        fn services_stop_when_it_was_said((grace, ends, spans) in histories()) {
            let mut licence = issued(grace, ends);
            for (minutes, answer) in spans {
                licence.advance(licence.now.saturating_add(minutes.minutes()), answer);
            }
            if let Some(stops) = licence.stops() {
                let mut left_alone = licence;
                let valid = matches!(licence.phase, Phase::Valid { .. });
                let happened = left_alone.advance(stops, if valid { Answer::Key } else { Answer::Nothing });
                let stopped: Vec<DateTime> = happened
                    .iter()
                    .filter(|(_, happening)| *happening == Happening::ServicesStopped)
                    .map(|(at, _)| *at)
                    .collect();
                prop_assert_eq!(stopped, vec![stops]);
            }
        }
    }
}
