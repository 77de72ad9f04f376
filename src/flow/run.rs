//! The machine.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::refusals::{Refusal, Refusals, Subject, Verdict};
use super::tally::Tally;
use super::word::Word;
use crate::diff::Direction;
use crate::model::{Row, StepIndex};
use crate::plan::{Plan, Step};

/// What came of a step, as far as reading back can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Written, and read back as wanted. `effective` is what the effective value says, where it was read.
    Done { effective: Option<bool> },
    /// Written, and the server said it was done; it lets nobody read what is there, so its word is all there is (U-12).
    Said,
    /// It was found as wanted before the write, by somebody else's hand; nothing was written. `effective` as above.
    Already { effective: Option<bool> },
    /// What was found before the write was not what the plan expects; nothing was written (U-17).
    Differs(String),
    /// The server did not do it, and reading back shows it unchanged.
    Refused(String),
    /// The server said it was done, and reading back shows it unchanged: it may lag (U-15), ignore the write (U-6)
    /// or take no changes (U-22).
    Ineffective(String),
    /// Whether it was done cannot be told: no answer came, or it could not be read back.
    Doubt(String),
    /// It was never sent: reading before it failed.
    NotSent(String),
}

impl Outcome {
    /// Whether it counts as done, for what needs it and for the count at the end.
    pub const fn is_done(&self) -> bool {
        self.word().is_done()
    }

    /// What it is called, wherever it is told.
    pub const fn word(&self) -> Word {
        match self {
            Outcome::Done { .. } => Word::Done,
            Outcome::Said => Word::Said,
            Outcome::Already { .. } => Word::Already,
            Outcome::Differs(_) => Word::Differs,
            Outcome::Refused(_) => Word::Refused,
            Outcome::Ineffective(_) => Word::Ineffective,
            Outcome::Doubt(_) => Word::Doubt,
            Outcome::NotSent(_) => Word::NotSent,
        }
    }

    /// Why; empty where there is nothing to say.
    pub fn detail(&self) -> &str {
        match self {
            Outcome::Done { .. } | Outcome::Said | Outcome::Already { .. } => "",
            Outcome::Differs(why)
            | Outcome::Refused(why)
            | Outcome::Ineffective(why)
            | Outcome::Doubt(why)
            | Outcome::NotSent(why) => why,
        }
    }
}

/// Where a step stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepState {
    Waiting,
    UnderWay,
    Ended(Outcome),
    /// Not tried: why.
    Stopped(String),
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Perform the step of this index.
    Perform(StepIndex),
    /// Read the licence status again and tell [`Run::standing`]: a write was refused (U-22).
    AskStanding,
    /// Read the lists again and tell [`Run::looked`]: what the claims to come rest on may have changed.
    LookAgain,
    /// Nothing can start until an outcome is recorded.
    Wait,
    Finished,
}

/// Why a run ended before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Halt {
    /// The plan is held back: nothing of it may be done.
    Held(String),
    /// The server takes no more changes (U-22).
    Closed(String),
    /// So many steps in a row, of several services and settings, were refused or had no effect, and its status does not
    /// say why.
    InVain(String),
    /// So many steps in a row were refused for want of rights (U-39).
    Forbidden(String),
    /// So many steps in a row got no answer.
    Unreached(String),
    /// Whether the server still takes changes could not be read.
    Unclear(String),
    /// So many steps in a row found no session that lasted.
    SessionLost(String),
    /// Whoever started it wanted it to end.
    Interrupted,
    /// What is done can no longer be written down, so nothing more is done.
    Unjournalled(String),
}

impl fmt::Display for Halt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Halt::Held(why) | Halt::Closed(why) => f.write_str(why),
            Halt::InVain(why)
            | Halt::Forbidden(why)
            | Halt::Unreached(why)
            | Halt::Unclear(why)
            | Halt::SessionLost(why) => f.write_str(why),
            Halt::Interrupted => f.write_str("the run was interrupted"),
            Halt::Unjournalled(why) => write!(f, "the journal could not be written: {why}"),
        }
    }
}

/// What the calls of a step say of the steps to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// The server answered, whatever it said.
    Answer,
    /// It could not be reached, or did not answer: why.
    Silence(String),
    /// The account we log in with may not do this: why.
    Forbidden(String),
    /// The licence lets the server take no changes: why.
    Closed(String),
    /// Each session was lost before it was of use: why.
    Lost(String),
}

/// After so many steps in a row that found no session that lasted there is no use in going on: each has logged in anew.
const LOST_MAX: usize = 3;

/// A run of one plan.
#[derive(Debug, Clone)]
pub struct Run<'p> {
    plan: &'p Plan<'p>,
    states: Vec<StepState>,
    tally: Tally,
    /// The first step that was not started yet; the end of the plan where there is none.
    cursor: StepIndex,
    under_way: usize,
    busy: BTreeSet<Row>,
    ask_standing: bool,
    refusals: Refusals,
    /// Whether the last step got no answer.
    in_silence: bool,
    /// How many steps in a row found no session that lasted.
    lost: usize,
    /// What the calls of the step whose outcome comes next were answered.
    heard: Option<Heard>,
    /// Why nothing more may start.
    halted: Option<Halt>,
    looking: Looking,
    /// Claims that nobody asks for any more, and why.
    withdrawn: BTreeMap<StepIndex, String>,
}

/// When the lists are read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Looking {
    Never,
    /// Before the next claim: releases were made since the last look, and may have taken hours.
    Next,
    /// After so many claims since the last look.
    After(usize),
}

/// So many claims are made between two looks at the lists: a look costs the pages of all lists, a claim three calls.
const CLAIMS_A_LOOK: usize = 500;

impl<'p> Run<'p> {
    /// Starts a run. A plan that is held back has nothing to perform: each of its steps is stopped.
    pub fn new(plan: &'p Plan<'p>) -> Run<'p> {
        let halted = plan.holds.first().map(|hold| Halt::Held(hold.message.clone()));
        Run {
            plan,
            states: vec![StepState::Waiting; plan.steps.len()],
            tally: Tally::of(plan),
            cursor: StepIndex::FIRST,
            under_way: 0,
            busy: BTreeSet::new(),
            ask_standing: false,
            refusals: Refusals::of(&plan.steps),
            in_silence: false,
            lost: 0,
            heard: None,
            halted,
            looking: Looking::Never,
            withdrawn: BTreeMap::new(),
        }
    }

    /// The same run, which asks for the lists to be read again before its claims.
    pub fn looking_again(mut self) -> Run<'p> {
        // What was planned a moment ago needs no second look.
        self.looking = Looking::After(0);
        self
    }

    fn at_cursor(&self) -> &'p Step {
        &self.plan.steps[self.cursor.index()]
    }

    /// Whether the lists are read before the step at the cursor.
    fn look_is_due(&self) -> bool {
        let claims = matches!(self.at_cursor(), Step::Switch(step) if step.direction == Direction::Claim);
        claims
            && match self.looking {
                Looking::Never => false,
                Looking::Next => true,
                Looking::After(claims) => claims >= CLAIMS_A_LOOK,
            }
    }

    /// Tells what reading the lists again gave: claims that nobody asks for any more. `Err` says why they could not be
    /// read; then no claim is made.
    pub fn looked(&mut self, looked: Result<BTreeMap<StepIndex, String>, String>) {
        self.looking = Looking::After(0);
        match looked {
            Ok(withdrawn) => self.withdrawn = withdrawn,
            Err(why) => {
                let why = format!("whether it is still asked for could not be read: {why}");
                let claims = self.plan.steps.iter().enumerate().skip(self.cursor.index()).filter(
                    |(_, step)| matches!(step, Step::Switch(step) if step.direction == Direction::Claim),
                );
                self.withdrawn = claims.map(|(index, _)| (StepIndex::new(index), why.clone())).collect();
            }
        }
    }

    /// What to do next. Steps start in the plan's order; releases are all settled before a claim starts.
    pub fn next(&mut self) -> Next {
        if self.ask_standing && self.halted.is_none() {
            if self.under_way > 0 {
                return Next::Wait;
            }
            return Next::AskStanding;
        }
        while self.cursor.index() < self.states.len() {
            if let Some(why) = &self.halted {
                self.stop(why.to_string());
                continue;
            }
            if self.must_wait() {
                return Next::Wait;
            }
            if self.look_is_due() {
                return if self.under_way > 0 { Next::Wait } else { Next::LookAgain };
            }
            if let Some(why) = self.stopped_by() {
                self.stop(why);
                continue;
            }
            return Next::Perform(self.start());
        }
        if self.under_way > 0 { Next::Wait } else { Next::Finished }
    }

    fn start(&mut self) -> StepIndex {
        let started = self.cursor;
        if let Step::Switch(step) = self.at_cursor() {
            match (&mut self.looking, step.direction) {
                (Looking::After(claims), Direction::Claim) => *claims += 1,
                (looking @ Looking::After(_), Direction::Release) => *looking = Looking::Next,
                (Looking::Never | Looking::Next, _) => {}
            }
            self.tally.start(step);
            self.busy.insert(step.row);
        }
        self.states[started.index()] = StepState::UnderWay;
        self.under_way += 1;
        self.cursor = started.following();
        started
    }

    fn stop(&mut self, why: String) {
        self.refusals.closed(Subject::of(self.at_cursor()));
        self.states[self.cursor.index()] = StepState::Stopped(why);
        self.cursor = self.cursor.following();
    }

    /// A claim waits for every release, a step for what it needs and for its own account, a setting for all.
    fn must_wait(&self) -> bool {
        if self.under_way == 0 {
            return false;
        }
        match self.at_cursor() {
            // U-7: one group of settings at a time, read back before the next.
            Step::Setting(_) => true,
            // SEAT-8: what a release frees is there when it was read back. U-17: two steps of one account would each
            // find the other's doing.
            Step::Switch(step) => self.busy.contains(&step.row) || self.phase_ends(),
        }
    }

    /// Whether the step at the cursor goes the other way than the one before it.
    fn phase_ends(&self) -> bool {
        let direction = |index: usize| match &self.plan.steps[index] {
            Step::Switch(step) => Some(step.direction),
            Step::Setting(_) => None,
        };
        let at = self.cursor.index();
        at > 0 && direction(at) != direction(at - 1)
    }

    /// Why the step at the cursor must not be tried.
    fn stopped_by(&self) -> Option<String> {
        // Who left meanwhile must not get a seat that somebody else waits for.
        if let Some(why) = self.withdrawn.get(&self.cursor) {
            return Some(why.clone());
        }
        if let Some(why) = self.refusals.given_up(Subject::of(self.at_cursor())) {
            return Some(why.to_owned());
        }
        let confirmed = |step: StepIndex| matches!(&self.states[step.index()], StepState::Ended(ended) if ended.is_done());
        match self.at_cursor() {
            // A backup that is switched on without its path or password is worse than none.
            Step::Setting(step) => step
                .needs
                .iter()
                .any(|needed| !confirmed(*needed))
                .then(|| "a setting that it needs was not confirmed".to_owned()),
            // U-37: what it does to the account's seat was reckoned from what that step leaves.
            Step::Switch(step) if step.needs.is_some_and(|needed| !confirmed(needed)) => {
                Some("the account's step before it was not confirmed".to_owned())
            }
            // SEAT-5, U-21: a release that failed, or is in doubt, has freed no seat, so its claim is not begun.
            Step::Switch(step) => (!self.tally.admits(step))
                .then(|| "the seat it was to take was not freed, or is no longer there".to_owned()),
        }
    }

    /// Records what came of a step that was under way.
    pub fn record(&mut self, step: StepIndex, outcome: Outcome) {
        let index = step.index();
        self.under_way -= 1;
        if let Step::Switch(step) = &self.plan.steps[index] {
            self.busy.remove(&step.row);
            match (&outcome, step.direction) {
                // Off by its switch and on by its effective value: the seat may still be held (U-32, U-36).
                (
                    Outcome::Done { effective: Some(true) } | Outcome::Already { effective: Some(true) },
                    Direction::Release,
                ) => {}
                (Outcome::Done { .. } | Outcome::Already { .. }, Direction::Release) => {
                    self.tally.released(step);
                }
                // What differs may be that the seat was taken already, and what was refused may still show later
                // (U-15): only a claim that was never sent gives its seat back.
                (Outcome::NotSent(_), Direction::Claim) => self.tally.claim_failed(step),
                _ => {}
            }
        }
        self.weigh(Subject::of(&self.plan.steps[index]), &outcome);
        self.states[index] = StepState::Ended(outcome);
    }

    /// What an outcome says of its service or setting, and of the whole server (U-22).
    fn weigh(&mut self, subject: Subject, outcome: &Outcome) {
        let (mut rights, mut silence) = (None, None);
        match self.heard.take() {
            Some(Heard::Forbidden(why)) => rights = Some(Refusal::Rights(why)),
            Some(Heard::Silence(why)) => silence = Some(why),
            Some(Heard::Answer | Heard::Closed(_) | Heard::Lost(_)) | None => {}
        }
        match silence {
            Some(_) => self.refusals.unanswered(subject),
            None => self.refusals.answered(subject),
        }
        self.refusals.closed(subject);
        match outcome {
            // U-22: it may take no changes at all, which its status may say.
            Outcome::Refused(_) | Outcome::Ineffective(_) => {
                self.ask_standing = true;
                self.refusals.refused(subject, rights.unwrap_or(Refusal::Plain));
            }
            Outcome::Done { .. } | Outcome::Said => self.refusals.done(subject),
            // By themselves they say nothing either way.
            Outcome::Already { .. } | Outcome::Differs(_) | Outcome::Doubt(_) | Outcome::NotSent(_) => {
                if let Some(rights) = rights {
                    self.refusals.refused(subject, rights);
                }
            }
        }
        match self.refusals.verdict() {
            Some(Verdict::TakesNothing(count)) => {
                let why = format!(
                    "the server did not do {count} steps in a row: the account we log in with may lack the rights, or \
                     the server takes no changes at all (licence, emergency mode)"
                );
                self.halt(Halt::InVain(why));
            }
            Some(Verdict::Gone(count)) => {
                let why = silence.unwrap_or_default();
                self.halt(Halt::Unreached(format!(
                    "the server did not answer {count} steps in a row: {why}"
                )));
            }
            Some(Verdict::Rights(count, why)) => {
                self.halt(Halt::Forbidden(format!("the server refused {count} steps in a row: {why}")));
            }
            None => {}
        }
    }

    /// Tells what the calls of a step were answered, before its outcome is recorded.
    pub fn heard(&mut self, heard: Heard) {
        self.in_silence = matches!(heard, Heard::Silence(_));
        self.lost = if matches!(heard, Heard::Lost(_)) { self.lost + 1 } else { 0 };
        match &heard {
            // One word of the licence is for the whole server (reference 1.7, U-22).
            Heard::Closed(why) => self.halt(Halt::Closed(why.clone())),
            // U-38: all session ids mean the same, and each step has logged in anew.
            Heard::Lost(why) if self.lost >= LOST_MAX => {
                let why = format!("the session was lost at {} steps in a row: {why}", self.lost);
                self.halt(Halt::SessionLost(why));
            }
            // What else was heard bears on the service of the step, and is weighed with its outcome.
            Heard::Answer | Heard::Silence(_) | Heard::Forbidden(_) | Heard::Lost(_) => {}
        }
        self.heard = Some(heard);
    }

    /// The services that the run gave up, and went on without.
    pub fn given_up(&self) -> impl Iterator<Item = Subject> {
        self.refusals.all_given_up()
    }

    /// Whether the last step got no answer. Then one at a time is enough to see whether the server is there again.
    pub fn in_silence(&self) -> bool {
        self.in_silence
    }

    /// Tells what reading the licence status again gave: `Err` says why the server takes no more changes.
    pub fn standing(&mut self, open: Result<(), String>) {
        self.ask_standing = false;
        if let Err(why) = open {
            self.halted = Some(Halt::Closed(why));
        }
    }

    /// Lets nothing more start; what is under way is still to be recorded.
    pub fn halt(&mut self, why: Halt) {
        self.halted.get_or_insert(why);
    }

    /// Likewise, whatever halted it before: this is what a person must know.
    pub fn halt_at_once(&mut self, why: Halt) {
        self.halted = Some(why);
    }

    /// What has become of one step so far.
    pub fn state(&self, step: StepIndex) -> &StepState {
        &self.states[step.index()]
    }

    /// What has become of each step so far, each with its place in the plan.
    pub fn steps(&self) -> impl Iterator<Item = (StepIndex, &StepState)> {
        self.states.iter().enumerate().map(|(index, state)| (StepIndex::new(index), state))
    }

    /// What has become of each step so far, in the order of the plan.
    pub fn states(&self) -> &[StepState] {
        &self.states
    }

    /// The seats as the run has booked them.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Why the run was halted.
    pub fn halted(&self) -> Option<&Halt> {
        self.halted.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::BackupKey;
    use crate::plan::tests::{planned, step_name};
    use crate::policy::tests::World;
    use crate::spec::meaning::BackupValue;

    fn outcome(word: &str) -> Outcome {
        let why = || "why".to_owned();
        match word {
            "done" => Outcome::Done { effective: None },
            "done-and-off" => Outcome::Done { effective: Some(false) },
            "done-still-on" => Outcome::Done { effective: Some(true) },
            "already" => Outcome::Already { effective: None },
            "already-still-on" => Outcome::Already { effective: Some(true) },
            "differs" => Outcome::Differs(why()),
            "refused" => Outcome::Refused(why()),
            "ineffective" => Outcome::Ineffective(why()),
            "doubt" => Outcome::Doubt(why()),
            "not-sent" => Outcome::NotSent(why()),
            "said" => Outcome::Said,
            other => panic!("{other} is no outcome"),
        }
    }

    /// Follows a run line by line. `> STEP` is what must start next, `wait`, `ask` and `finished` what else must be
    /// said; `< STEP: OUTCOME` ends a step, `open`, `closed` and `interrupt` tell the run something; `x STEP: WHY`
    /// is how a step must stand that was not tried.
    fn follow(plan: &Plan<'_>, lines: &[&str]) {
        let names: Vec<String> = plan.steps.iter().map(|step| step_name(plan, step)).collect();
        let at = |name: &str| {
            let index = names.iter().position(|known| known == name);
            StepIndex::new(index.unwrap_or_else(|| panic!("{name} of {names:?}")))
        };
        let mut run = Run::new(plan);
        for (number, line) in lines.iter().enumerate() {
            let said = |run: &mut Run<'_>| match run.next() {
                Next::Perform(index) => format!("> {}", names[index.index()]),
                Next::AskStanding => "ask".to_owned(),
                Next::LookAgain => "look".to_owned(),
                Next::Wait => "wait".to_owned(),
                Next::Finished => "finished".to_owned(),
            };
            let what = format!("line {number} of {lines:?}");
            if let Some(ended) = line.strip_prefix("< ") {
                let (name, word) = ended.split_once(": ").expect(line);
                let index = at(name);
                assert_eq!(*run.state(index), StepState::UnderWay, "{what}");
                run.record(index, outcome(word));
                assert_eq!(*run.state(index), StepState::Ended(outcome(word)), "{what}");
            } else if let Some(stopped) = line.strip_prefix("x ") {
                let (name, why) = stopped.split_once(": ").expect(line);
                let state = run.state(at(name));
                assert!(matches!(state, StepState::Stopped(told) if told.contains(why)), "{what}: {state:?}");
            } else {
                match *line {
                    "open" => run.standing(Ok(())),
                    "closed" => run.standing(Err("status 1".to_owned())),
                    "interrupt" => run.halt(Halt::Interrupted),
                    "look again" => run = run.looking_again(),
                    "unread" => run.looked(Err("late".to_owned())),
                    gone if gone.starts_with("gone ") => {
                        run.looked(Ok(BTreeMap::from([(at(&gone["gone ".len()..]), "left".to_owned())])));
                    }
                    expected => assert_eq!(said(&mut run), expected, "{what}"),
                }
            }
        }
    }

    fn check(seats: &str, accounts: &[&str], lines: &[&str]) {
        follow(&planned(&World::of(seats, accounts)), lines);
    }

    const NO_SEAT: &str = "x claim a im: the seat it was to take was not freed";

    #[test]
    fn a_release_frees_its_seat_only_when_it_is_done_and_not_still_in_effect() {
        let accounts = &["a im:off->on", "b im:on->off"];
        for word in ["done", "done-and-off", "already"] {
            let end = format!("< release b im: {word}");
            let lines =
                ["> release b im", "wait", &end, "> claim a im", "wait", "< claim a im: done", "finished"];
            check("instantmessaging=1", accounts, &lines);
        }
        for (word, asks) in [
            ("done-still-on", false),
            ("already-still-on", false),
            ("differs", false),
            ("doubt", false),
            ("not-sent", false),
            ("refused", true),
            ("ineffective", true),
        ] {
            let end = format!("< release b im: {word}");
            let mut lines = vec!["> release b im", &end];
            // A server that did not do what it was asked to is asked whether it takes changes at all (U-22).
            lines.extend(if asks { &["ask", "open"][..] } else { &[] });
            lines.extend(["finished", NO_SEAT]);
            check("instantmessaging=1", accounts, &lines);
        }
    }

    #[test]
    fn a_claim_keeps_its_seat_whatever_came_of_it_unless_it_was_never_sent() {
        // One of the two releases does not free its seat, so the two claims have one.
        let accounts = &["a im:off->on", "b im:off->on", "c im:on->off", "d im:on->off"];
        let first = ["> release c im", "> release d im", "wait", "< release c im: doubt", "wait"];
        let first = [&first[..], &["< release d im: done", "> claim a im"]].concat();
        for (word, asks, kept) in [
            ("done", false, true),
            ("done-still-on", false, true),
            // Somebody else took that seat.
            ("already", false, true),
            ("differs", false, true),
            ("doubt", false, true),
            ("refused", true, true),
            ("ineffective", true, true),
            ("not-sent", false, false),
        ] {
            let end = format!("< claim a im: {word}");
            let mut lines = [&first[..], &[&end]].concat();
            lines.extend(if asks { &["ask", "open"][..] } else { &[] });
            if kept {
                lines.extend(["finished", "x claim b im: the seat it was to take"]);
            } else {
                lines.extend(["> claim b im", "< claim b im: done", "finished"]);
            }
            check("instantmessaging=2", accounts, &lines);
        }
        // While it is under way its seat is taken too.
        let lines =
            [&first[..], &["wait", "x claim b im: the seat", "< claim a im: done", "finished"]].concat();
        check("instantmessaging=2", accounts, &lines);
    }

    #[test]
    fn seats_to_be_kept_free_are_kept_free_during_the_run_too() {
        let accounts = &["a im:off->on", "b im:on->off", "c im:on"];
        // Two of four are kept free and two are used: with the release in doubt the claim would take a third.
        let lines = ["> release b im", "< release b im: doubt", "finished", NO_SEAT];
        check("instantmessaging=4-2", accounts, &lines);
        let lines =
            ["> release b im", "< release b im: doubt", "> claim a im", "< claim a im: done", "finished"];
        check("instantmessaging=4-1", accounts, &lines);
        check("instantmessaging=4", accounts, &lines);
        let lines =
            ["> release b im", "< release b im: done", "> claim a im", "< claim a im: done", "finished"];
        check("instantmessaging=4-2", accounts, &lines);
    }

    #[test]
    fn a_claim_starts_when_all_releases_have_ended_and_an_account_has_one_step_at_a_time() {
        let seats = "instantmessaging=9 sip=9";
        check(
            seats,
            &["a im:off->on", "b im:on->off", "c im:on->off"],
            &[
                "> release b im",
                "> release c im",
                "wait",
                "< release c im: done",
                "wait",
                "< release b im: done",
                "> claim a im",
                "wait",
            ],
        );
        check(
            seats,
            &["a im:on->off sip:on->off", "b im:on->off"],
            &[
                "> release a im",
                "wait",
                "< release a im: done",
                "> release a sip",
                "> release b im",
                "wait",
                "< release b im: done",
                "wait",
                "< release a sip: refused",
                "ask",
            ],
        );
    }

    #[test]
    fn before_the_claims_the_lists_are_read_again_and_who_left_gets_no_seat() {
        let accounts = &["a im:off->on", "b im:off->on", "c im:on->off"];
        let releases = ["look again", "> release c im", "wait", "< release c im: done"];
        let rest = [
            "look",
            "gone claim a im",
            "> claim b im",
            "x claim a im: left",
            "< claim b im: done",
            "finished",
        ];
        check("instantmessaging=2", accounts, &[&releases[..], &rest].concat());
        let unread =
            ["look", "unread", "finished", "x claim a im: could not be read: late", "x claim b im: late"];
        check("instantmessaging=2", accounts, &[&releases[..], &unread].concat());
        // What was planned a moment ago needs no second look.
        check("instantmessaging=9", &accounts[..2], &["look again", "> claim a im", "> claim b im"]);
    }

    #[test]
    fn a_step_is_stopped_unless_the_step_that_it_needs_was_done() {
        let accounts = &["a antispam:off->on quarantine:on->off"];
        for word in ["differs", "doubt", "not-sent"] {
            let end = format!("< claim a antispam: {word}");
            let lines = [
                "> claim a antispam",
                &end,
                "finished",
                "x release a quarantine: the account's step before it",
            ];
            check("antispam=1", accounts, &lines);
        }
        let lines = ["> claim a antispam", "wait", "< claim a antispam: done", "> release a quarantine"];
        check("antispam=1", accounts, &lines);
    }

    #[test]
    fn a_halted_run_starts_nothing_and_still_waits_for_what_is_under_way() {
        let accounts = &["a im:on->off", "b im:on->off", "c im:on->off"];
        check(
            "instantmessaging=9",
            accounts,
            &[
                "> release a im",
                "interrupt",
                "wait",
                "< release a im: refused",
                "finished",
                "x release b im: interrupted",
                "x release c im: interrupted",
            ],
        );
        // A refused write asks whether the server takes changes, as soon as nothing is under way.
        check(
            "instantmessaging=9",
            accounts,
            &[
                "> release a im",
                "> release b im",
                "< release b im: ineffective",
                "wait",
                "< release a im: done",
                "ask",
                "ask",
                "closed",
                "finished",
                "x release c im: status 1",
            ],
        );
        check("instantmessaging=9", accounts, &["interrupt", "finished", "x release a im: interrupted"]);
    }

    #[test]
    fn a_plan_that_is_held_back_has_nothing_to_perform() {
        let mut world = World::of("instantmessaging=9", &["a im:on->off", "b im:off->on"]);
        world.server.guardrails.disable_accounts = 0;
        let plan = planned(&world);
        follow(&plan, &["finished", "x release a im: would lose it", "x claim b im: would lose it"]);
        assert!(matches!(Run::new(&plan).halted(), Some(Halt::Held(_))));
    }

    /// Performs a plan; a letter for each step that is tried says what came of it. How many were tried, and the run.
    fn perform<'p>(plan: &'p Plan<'p>, came: &mut dyn FnMut(&Step) -> Outcome) -> (usize, Run<'p>) {
        let mut run = Run::new(plan);
        let mut count = 0;
        loop {
            match run.next() {
                Next::Perform(index) => {
                    run.record(index, came(&plan.steps[index.index()]));
                    count += 1;
                }
                Next::AskStanding => run.standing(Ok(())),
                Next::LookAgain => run.looked(Ok(BTreeMap::new())),
                Next::Wait => panic!("nothing is under way"),
                Next::Finished => return (count, run),
            }
        }
    }

    #[test]
    fn ten_steps_in_a_row_in_vain_end_a_service_and_nine_do_not() {
        let accounts: Vec<String> = (0..12).map(|number| format!("u{number:02} im:on->off")).collect();
        let accounts: Vec<&str> = accounts.iter().map(String::as_str).collect();
        let world = World::of("instantmessaging=99", &accounts);
        let plan = planned(&world);
        // The outcomes of the first steps, and how many are tried.
        for (outcomes, tried) in [
            ([("refused", 10), ("done", 0), ("refused", 0)], 10),
            ([("ineffective", 10), ("done", 0), ("refused", 0)], 10),
            ([("refused", 5), ("ineffective", 5), ("done", 0)], 10),
            ([("refused", 9), ("done", 1), ("refused", 2)], 12),
            ([("done", 1), ("refused", 9), ("done", 2)], 12),
            ([("done", 1), ("refused", 10), ("done", 0)], 11),
            // What is in doubt says nothing either way.
            ([("refused", 9), ("doubt", 1), ("refused", 1)], 11),
            ([("refused", 9), ("differs", 1), ("refused", 1)], 11),
            ([("doubt", 12), ("done", 0), ("done", 0)], 12),
        ] {
            let words = outcomes.iter().flat_map(|(word, times)| std::iter::repeat_n(*word, *times));
            let words: Vec<&str> = words.collect();
            let mut words = words.iter();
            let (count, run) = perform(&plan, &mut |_| outcome(words.next().expect("it went on too long")));
            assert_eq!(count, tried, "steps that were tried with {outcomes:?}");
            assert!(run.halted().is_none(), "one service is no server: {:?}", run.halted());
            let given_up: Vec<String> = run.given_up().map(|subject| subject.to_string()).collect();
            assert_eq!(given_up.is_empty(), tried == 12, "{outcomes:?}: {given_up:?}");
        }
    }

    /// A server that refuses some services and settings does all others, wherever they stand in the plan.
    #[test]
    fn what_is_refused_starves_nothing_else() {
        let line = |number: i32| format!("u{number:02} im:on->off sip:off->on ftp:on->off");
        let accounts: Vec<String> = (0..12).map(line).collect();
        let accounts: Vec<&str> = accounts.iter().map(String::as_str).collect();
        let world = World::of("instantmessaging=99 sip=99 ftp=99", &accounts).with_backup(&[
            (BackupKey::KeepDays, "7", BackupValue::Number(30)),
            (BackupKey::Logs, "0", BackupValue::Flag(true)),
        ]);
        let plan = planned(&world);
        // What is refused; how many of the 38 steps are done; whether that is the whole server.
        for (refused, done, halted) in [
            (&["im"][..], 26, false),
            (&["sip"], 26, false),
            (&["im", "sip"], 14, false),
            (&["im", "backup keepDays"], 25, false),
            (&["im", "ftp", "sip"], 2, false),
            (&["backup logs", "backup keepDays"], 36, false),
            (&["im", "sip", "ftp", "backup logs"], 1, false),
            (&["im", "sip", "ftp", "backup logs", "backup keepDays"], 0, true),
            // Once it did something, and then nothing more.
            (&["sip", "backup logs", "backup keepDays"], 24, false),
            (&["im", "sip", "backup logs", "backup keepDays"], 12, false),
        ] {
            let mut came = 0;
            let (_, run) = perform(&plan, &mut |step| {
                let refused = refused.contains(&Subject::of(step).to_string().as_str());
                came += usize::from(!refused);
                outcome(if refused { "refused" } else { "done" })
            });
            assert_eq!(came, done, "{refused:?}");
            assert_eq!(
                matches!(run.halted(), Some(Halt::InVain(_))),
                halted,
                "{refused:?}: {:?}",
                run.halted()
            );
            let stopped = |state: &&StepState| matches!(state, StepState::Stopped(_));
            let why = format!("{:?}", run.states().iter().find(stopped));
            let expected = if halted || refused.iter().all(|word| word.starts_with("backup")) {
                ""
            } else {
                "given up on"
            };
            assert!(why.contains(expected), "{refused:?}: {why}");
        }
    }

    #[test]
    fn five_steps_in_a_row_without_an_answer_and_ten_without_rights_end_the_run() {
        let accounts: Vec<String> = (0..14).map(|number| format!("u{number:02} im:on->off")).collect();
        let accounts: Vec<&str> = accounts.iter().map(String::as_str).collect();
        let world = World::of("instantmessaging=99", &accounts);
        let plan = planned(&world);
        // `.` was answered, `s` not, `f` refused for want of rights; how many are tried, and what ends it.
        for (heard, tried, halted) in [
            ("sssss", 5, "unreached"),
            ("ssss.ssss.s.s.", 14, ""),
            (".sssss", 6, "unreached"),
            ("ffffffffff", 10, "forbidden"),
            ("fffffffff.ffff", 14, ""),
            // No answer says nothing of the rights.
            ("ffffsffffsffff", 12, "forbidden"),
            ("..............", 14, ""),
        ] {
            let mut letters = heard.chars();
            let mut run = Run::new(&plan);
            let mut count = 0;
            while let Next::Perform(index) = run.next() {
                let why = || "why".to_owned();
                let (heard, outcome) = match letters.next().expect("it went on too long") {
                    's' => (Heard::Silence(why()), Outcome::NotSent(why())),
                    'f' => (Heard::Forbidden(why()), Outcome::Doubt(why())),
                    _ => (Heard::Answer, Outcome::Done { effective: None }),
                };
                let silence = matches!(heard, Heard::Silence(_));
                run.heard(heard);
                assert_eq!(run.in_silence(), silence);
                run.record(index, outcome);
                count += 1;
            }
            let found = match run.halted() {
                Some(Halt::Unreached(_)) => "unreached",
                Some(Halt::Forbidden(_)) => "forbidden",
                None => "",
                other => panic!("{heard}: {other:?}"),
            };
            assert_eq!((count, found), (tried, halted), "{heard}");
        }
    }

    /// A server that answers nothing to one service is there all the same.
    #[test]
    fn a_service_without_an_answer_starves_no_other() {
        let accounts: Vec<String> =
            (0..9).map(|number| format!("u{number} im:on->off ftp:on->off")).collect();
        let accounts: Vec<&str> = accounts.iter().map(String::as_str).collect();
        let world = World::of("instantmessaging=99 ftp=99", &accounts);
        let plan = planned(&world);
        // Which services get no answer, how many of the 18 steps are tried, and whether the server is gone.
        for (silent, tried, gone) in
            [(&["im"][..], 14, false), (&["ftp"], 14, false), (&["im", "ftp"], 5, true)]
        {
            let mut run = Run::new(&plan);
            let mut count = 0;
            while let Next::Perform(index) = run.next() {
                let silent = silent.contains(&Subject::of(&plan.steps[index.index()]).to_string().as_str());
                run.heard(if silent { Heard::Silence("why".to_owned()) } else { Heard::Answer });
                run.record(index, outcome(if silent { "not-sent" } else { "done" }));
                count += 1;
            }
            assert_eq!(count, tried, "{silent:?}");
            assert_eq!(
                matches!(run.halted(), Some(Halt::Unreached(_))),
                gone,
                "{silent:?}: {:?}",
                run.halted()
            );
        }
    }

    #[test]
    fn a_setting_is_written_alone_and_a_switch_after_the_values_that_it_needs() {
        let world = World::of("instantmessaging=9", &["a im:off->on"]).with_backup(&[
            (BackupKey::Enabled, "0", BackupValue::Flag(true)),
            (BackupKey::KeepDays, "7", BackupValue::Number(30)),
            (BackupKey::EmailsSkipLargerMb, "5", BackupValue::Number(9)),
        ]);
        let plan = planned(&world);
        let values = ["> claim a im", "wait", "< claim a im: doubt", "> set keepDays", "wait"];
        let rest = ["> set emails.skipLargerMb", "wait", "< set emails.skipLargerMb: done"];
        let done = [&values[..], &["< set keepDays: done"], &rest].concat();
        follow(&plan, &[&done[..], &["> set enabled", "wait", "< set enabled: done", "finished"]].concat());
        let said = [&values[..], &["< set keepDays: said"], &rest].concat();
        follow(&plan, &[&said[..], &["> set enabled", "wait", "< set enabled: done", "finished"]].concat());
        let failed = [&values[..], &["< set keepDays: differs"], &rest].concat();
        let stopped = ["finished", "x set enabled: a setting that it needs was not confirmed"];
        follow(&plan, &[&failed[..], &stopped].concat());
    }
}
