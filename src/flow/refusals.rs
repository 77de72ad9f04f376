//! What refused steps are evidence for: one service, one setting, or the whole server.
//!
//! A server may refuse one variable for ever and take all others, so a refusal speaks of its own service first: after
//! some in a row the run gives up on that service and does the rest. Only refusals of different services and settings
//! with nothing done between them speak of the server (U-22): then, and when nothing is left that was not tried, the
//! run ends. What that costs is bounded: there are some dozens of services and settings.
//!
//! Silence is weighed likewise, and sooner: each step may have taken minutes, so that two subjects are enough.

use std::collections::BTreeMap;
use std::fmt;

use crate::model::{BackupKey, Service};
use crate::plan::Step;

/// What a refusal speaks of first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    Service(Service),
    Setting(BackupKey),
}

impl Subject {
    /// What a step is about.
    pub fn of(step: &Step) -> Subject {
        match step {
            Step::Switch(step) => Subject::Service(step.service),
            Step::Setting(step) => Subject::Setting(step.change.key),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Service(service) => write!(f, "{service}"),
            Subject::Setting(key) => write!(f, "backup {key}"),
        }
    }
}

/// After so many steps in a row that were refused or had no effect, a service is given up; and so many, of several
/// subjects, are evidence for the whole server.
const IN_A_ROW_MAX: usize = 10;

/// So many refusals of one subject count as evidence for the whole server: one alone is never enough.
const OF_ONE_MAX: usize = 5;

/// Why a step was not done, as far as the server said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It was answered no, or had no effect.
    Plain,
    /// The account we log in with may not do this: why (U-39).
    Rights(String),
}

/// After so many steps in a row without an answer a service is given up; and the server is taken to be gone where they
/// are of several subjects, or nothing else is left. Each takes minutes where it hangs: a long plan would take days.
const IN_SILENCE_MAX: usize = 5;

/// What refusals of different subjects show of the whole server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It did so many steps in a row not, and does not say why.
    TakesNothing(usize),
    /// It refused so many for want of rights: why.
    Rights(usize, String),
    /// It did not answer so many.
    Gone(usize),
}

/// The refusals of one subject since something was done last.
#[derive(Debug, Clone, Default)]
struct Refused {
    count: usize,
    /// How many of them were for want of rights.
    rights: usize,
}

/// The refusals of a run.
#[derive(Debug, Clone, Default)]
pub struct Refusals {
    /// How many steps of each subject have not ended.
    open: BTreeMap<Subject, usize>,
    /// Of each subject how many in a row.
    in_a_row: BTreeMap<Subject, usize>,
    /// All since something was done last.
    since: BTreeMap<Subject, Refused>,
    /// Of each subject how many steps in a row got no answer.
    silent: BTreeMap<Subject, usize>,
    /// All of them since the last answer.
    since_answer: BTreeMap<Subject, usize>,
    given_up: BTreeMap<Subject, String>,
    why: String,
}

impl Refusals {
    /// Nothing was refused yet.
    pub fn of(steps: &[Step]) -> Refusals {
        let mut refusals = Refusals::default();
        for step in steps {
            *refusals.open.entry(Subject::of(step)).or_default() += 1;
        }
        refusals
    }

    /// A step ended, or will not be tried.
    pub fn closed(&mut self, subject: Subject) {
        if let Some(open) = self.open.get_mut(&subject) {
            *open = open.saturating_sub(1);
        }
    }

    /// A step was done: so the server takes changes, and those of this subject too.
    pub fn done(&mut self, subject: Subject) {
        self.since.clear();
        self.in_a_row.remove(&subject);
        self.given_up.remove(&subject);
    }

    /// A step was not done.
    pub fn refused(&mut self, subject: Subject, refusal: Refusal) {
        let since = self.since.entry(subject).or_default();
        since.count += 1;
        if let Refusal::Rights(why) = refusal {
            since.rights += 1;
            self.why = why;
        }
        let in_a_row = self.in_a_row.entry(subject).or_default();
        *in_a_row += 1;
        if *in_a_row >= IN_A_ROW_MAX {
            let why =
                format!("given up on {subject}: the server did not do {in_a_row} of its steps in a row");
            self.given_up.insert(subject, why);
        }
    }

    /// A step got an answer, whatever it was.
    pub fn answered(&mut self, subject: Subject) {
        self.silent.remove(&subject);
        self.since_answer.clear();
    }

    /// A step got no answer.
    pub fn unanswered(&mut self, subject: Subject) {
        *self.since_answer.entry(subject).or_default() += 1;
        let silent = self.silent.entry(subject).or_default();
        *silent += 1;
        if *silent >= IN_SILENCE_MAX {
            let why =
                format!("given up on {subject}: the server did not answer {silent} of its steps in a row");
            self.given_up.insert(subject, why);
        }
    }

    /// Why no more steps of a subject are tried.
    pub fn given_up(&self, subject: Subject) -> Option<&str> {
        self.given_up.get(&subject).map(String::as_str)
    }

    /// All that is given up.
    pub fn all_given_up(&self) -> impl Iterator<Item = Subject> {
        self.given_up.keys().copied()
    }

    /// What all of it shows of the whole server; `None` while something is left that may still be done.
    pub fn verdict(&self) -> Option<Verdict> {
        let left = |subject: &Subject| {
            let open = self.open.get(subject).is_some_and(|open| *open > 0);
            open && !self.given_up.contains_key(subject)
        };
        let silent: usize = self.since_answer.values().sum();
        if silent >= IN_SILENCE_MAX && (self.since_answer.len() > 1 || !self.open.keys().any(left)) {
            return Some(Verdict::Gone(silent));
        }
        if self.open.keys().any(|subject| left(subject) && !self.since.contains_key(subject)) {
            return None;
        }
        let count: usize = self.since.values().map(|refused| refused.count).sum();
        // It says itself that the account is the reason, so one subject is enough.
        if count >= IN_A_ROW_MAX && self.since.values().all(|refused| refused.rights == refused.count) {
            return Some(Verdict::Rights(count, self.why.clone()));
        }
        let evidence: usize = self.since.values().map(|refused| refused.count.min(OF_ONE_MAX)).sum();
        (evidence >= IN_A_ROW_MAX).then_some(Verdict::TakesNothing(count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(letter: char) -> Subject {
        match letter.to_ascii_lowercase() {
            'i' => Subject::Service(Service::Im),
            's' => Subject::Service(Service::Sip),
            'f' => Subject::Service(Service::Ftp),
            'k' => Subject::Setting(BackupKey::KeepDays),
            other => panic!("{other} is no subject"),
        }
    }

    /// Tells what became of steps: `i` was refused, `I` done, `i!` refused for want of rights, `i?` not answered. `open` are the subjects
    /// of which steps are left.
    fn check(course: &str, open: &str) -> (Vec<String>, Option<Verdict>) {
        let mut refusals = Refusals::default();
        for letter in open.chars() {
            *refusals.open.entry(subject(letter)).or_default() += 1;
        }
        let mut letters = course.chars().peekable();
        while let Some(letter) = letters.next() {
            if letters.next_if_eq(&'?').is_some() {
                refusals.unanswered(subject(letter));
                continue;
            }
            refusals.answered(subject(letter));
            let rights = letters.next_if_eq(&'!').is_some();
            match (letter.is_ascii_uppercase(), rights) {
                (true, _) => refusals.done(subject(letter)),
                (false, true) => refusals.refused(subject(letter), Refusal::Rights("why".to_owned())),
                (false, false) => refusals.refused(subject(letter), Refusal::Plain),
            }
        }
        (refusals.all_given_up().map(|subject| subject.to_string()).collect(), refusals.verdict())
    }

    #[test]
    fn a_service_is_given_up_after_ten_in_a_row_whatever_others_do_meanwhile() {
        for (course, given_up) in [
            ("iiiiiiiii", &[][..]),
            ("iiiiiiiiii", &["im"]),
            ("iSiSiSiSiSiSiSiSiSi", &["im"]),
            ("iiiiiiiiiIi", &[]),
            // One that was under way when it was given up, and was done after all.
            ("iiiiiiiiiiI", &[]),
            ("iiiiiiiiiissssssssss", &["im", "sip"]),
            ("i?i?i?i?", &[]),
            ("i?i?i?i?i?", &["im"]),
            ("i?Si?Si?Si?Si?", &["im"]),
            ("i?i?i?i?ii?", &[]),
        ] {
            assert_eq!(check(course, "").0, given_up, "{course}");
        }
    }

    #[test]
    fn only_refusals_of_several_subjects_with_nothing_left_to_try_speak_of_the_server() {
        let nothing = |count| Some(Verdict::TakesNothing(count));
        let rights = |count| Some(Verdict::Rights(count, "why".to_owned()));
        for (course, open, verdict) in [
            ("iiiiiiiiiiii", "i", None),
            ("iiiiiiiiiiik", "", None),
            ("iiiiiiiiiisssss", "", nothing(15)),
            ("iiiiisssss", "is", nothing(10)),
            ("iiiiissss", "is", None),
            ("iiiiissssk", "is", nothing(10)),
            // Something was not tried yet.
            ("iiiiisssss", "isf", None),
            ("iiiiisssss", "isk", None),
            ("iiiiisssssk", "isk", nothing(11)),
            // Something was done between.
            ("iiiiisssssF", "is", None),
            ("iiiiisssssFiiiiisssss", "isf", None),
            ("iiiiiiiiiiFsssssfffff", "isf", nothing(10)),
            // Of the account itself one subject says enough, once nothing else is left to try.
            ("i!i!i!i!i!i!i!i!i!i!", "i", rights(10)),
            ("i!i!i!i!i!i!i!i!i!i!", "is", None),
            ("i!i!i!i!i!i!i!i!i!i!s", "is", None),
            ("i!i!i!i!i!sssss", "is", nothing(10)),
            // Without an answer.
            ("i?i?i?i?", "i", None),
            ("i?i?i?i?i?", "i", Some(Verdict::Gone(5))),
            ("i?i?i?i?i?", "is", None),
            ("i?i?i?i?i?s?", "isf", Some(Verdict::Gone(6))),
            ("i?s?i?s?i?", "isf", Some(Verdict::Gone(5))),
            ("i?i?i?i?i?Ss?", "is", None),
        ] {
            assert_eq!(check(course, open).1, verdict, "{course} with {open} left");
        }
    }
}
