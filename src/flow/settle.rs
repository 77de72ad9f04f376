//! What two readings around a write say: already so, differs, done, no effect, in doubt.
//!
//! Whoever performs a step reads, asks [`before_switch`] or [`before_setting`] whether to write, writes, reads back,
//! and asks [`after`] what came of it. Everything is decided by what is read, not by what the server says it did
//! (U-3, U-6, U-15). Nothing here waits or calls: the answers of a server are arguments.

use crate::diff::canon::canon;
use crate::diff::{Direction, SettingChange};
use crate::model::observed::ServiceBits;
use crate::model::secret::is_masked;
use crate::model::{Reading, Service, ServiceSet};
use crate::plan::SwitchStep;

use super::run::Outcome;

/// What a reading before the write asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Before {
    /// What is expected is there.
    Write,
    /// Somebody else did just this. Whether it is in effect is told by one more reading.
    Already,
    /// Nothing is written.
    End(Outcome),
}

/// What a reading shows after the write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// The value that was wanted. `effective` is the effective value, where it was read.
    Wanted {
        effective: Option<bool>,
    },
    Otherwise,
    /// The server holds it back, or masks it (U-12).
    Hidden,
    /// The answer does not hold it.
    Unread,
    /// No answer that could be read: why.
    Failed(String),
}

/// What the server answered to the write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    Applied,
    /// It was answered 0.
    NotApplied,
    /// Trying again changes nothing: why.
    Refused(String),
    /// The server says that it did not come to it (U-38): why.
    NotDone(String),
    /// No usable answer, so that it may have happened: why.
    Unclear(String),
}

/// Whether there is time for one more reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    Left,
    Over,
}

/// Whether the value could be read before the write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    Readable,
    /// The server tells it to nobody, so its word for a write is all there ever is (U-12).
    HeldBack,
}

/// Whether a switch may be written: the switch itself and all that share its module must be as the plan expects
/// (U-17).
pub fn before_switch(step: &SwitchStep, found: &ServiceBits) -> Before {
    let unread = step.expect.of.without(found.known);
    if !unread.is_empty() {
        let why = format!("{} could not be read before the write", names(unread));
        return Before::End(Outcome::NotSent(why));
    }
    let on = step.direction == Direction::Claim;
    let differs = ServiceSet(found.on.0 ^ step.expect.on.0).intersection(step.expect.of);
    if differs == ServiceSet::single(step.service) && found.on.contains(step.service) == on {
        return Before::Already;
    }
    if differs.is_empty() {
        return Before::Write;
    }
    Before::End(differing(differs))
}

/// What is said where one more reading does not bear out that somebody else did just this.
pub fn not_already(step: &SwitchStep) -> Outcome {
    differing(ServiceSet::single(step.service))
}

fn differing(services: ServiceSet) -> Outcome {
    Outcome::Differs(format!("{} changed since the plan was made", names(services)))
}

fn names(services: ServiceSet) -> String {
    services.iter().map(Service::name).collect::<Vec<_>>().join(", ")
}

/// What a reading of a switch shows.
pub fn seen_switch(step: &SwitchStep, found: &ServiceBits) -> Seen {
    let (service, on) = (step.service, step.direction == Direction::Claim);
    let effective = found.support_known.contains(service).then(|| found.support.contains(service));
    match found.known.contains(service) {
        false => Seen::Unread,
        true if found.on.contains(service) == on => Seen::Wanted { effective },
        true => Seen::Otherwise,
    }
}

/// A setting as it is to be written.
#[derive(Clone, Copy)]
pub struct Writing<'a> {
    pub change: &'a SettingChange,
    /// What is sent; for a secret the secret itself.
    pub text: &'a str,
    pub secrecy: Secrecy,
}

/// Whether a setting holds a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrecy {
    Open,
    Secret,
}

impl Writing<'_> {
    fn is_wanted(&self, found: &str) -> bool {
        let kind = self.change.key.kind();
        match self.secrecy {
            Secrecy::Secret => found == self.text,
            Secrecy::Open => canon(kind, self.text).is_some() && canon(kind, found) == canon(kind, self.text),
        }
    }

    fn is_hidden(&self, found: &Reading<String>) -> bool {
        self.secrecy == Secrecy::Secret
            && match found {
                Reading::Read(text) => is_masked(text),
                Reading::Unread(_) => found.is_held_back(),
            }
    }
}

/// Whether a setting may be written: it must be as it was when the plan was made (U-17), or already as wanted.
pub fn before_setting(writing: &Writing<'_>, found: &Reading<String>) -> (Before, Visibility) {
    // The server tells it to nobody: there is nothing to expect (U-12). Where there was none before and a masked one
    // is there now, somebody else has set it meanwhile.
    if writing.is_hidden(found) && (writing.change.before.is_none() || found.read().is_none()) {
        return (Before::Write, Visibility::HeldBack);
    }
    let before = match found {
        Reading::Read(found) if writing.is_wanted(found) => Before::Already,
        Reading::Read(found) => match &writing.change.before {
            Some(before) if canon(writing.change.key.kind(), found).as_ref() != Some(before) => {
                Before::End(Outcome::Differs("it changed since the plan was made".into()))
            }
            _ => Before::Write,
        },
        Reading::Unread(why) => {
            Before::End(Outcome::NotSent(format!("it could not be read before the write: {why}")))
        }
    };
    (before, Visibility::Readable)
}

/// What a reading of a setting shows.
pub fn seen_setting(writing: &Writing<'_>, found: &Reading<String>) -> Seen {
    match found {
        Reading::Read(found) if writing.is_wanted(found) => Seen::Wanted { effective: None },
        _ if writing.is_hidden(found) => Seen::Hidden,
        Reading::Read(_) => Seen::Otherwise,
        Reading::Unread(_) => Seen::Unread,
    }
}

/// What came of a write, by what is read after it; `None` asks for one more reading.
pub fn after(reply: &Reply, seen: &Seen, patience: Patience, visibility: Visibility) -> Option<Outcome> {
    let acknowledged = *reply == Reply::Applied;
    Some(match seen {
        Seen::Wanted { effective } => Outcome::Done { effective: *effective },
        // A write may show late (U-15).
        Seen::Otherwise if acknowledged && patience == Patience::Left => return None,
        Seen::Otherwise => not_there(reply),
        Seen::Hidden if acknowledged => Outcome::Said,
        Seen::Hidden => not_there(reply),
        // Reading it back would have told nothing: it was held back before too (U-12). Taking it for a doubt would
        // write it again with every run.
        Seen::Unread | Seen::Failed(_) if acknowledged && visibility == Visibility::HeldBack => Outcome::Said,
        Seen::Unread => Outcome::Doubt("it could not be read back".into()),
        Seen::Failed(why) => Outcome::Doubt(format!("it could not be read back: {why}")),
    })
}

/// What it means that the wanted value is not there after a write.
fn not_there(reply: &Reply) -> Outcome {
    match reply {
        Reply::Applied => {
            Outcome::Ineffective("the server said it was done, but reading back shows it unchanged".into())
        }
        Reply::NotApplied => Outcome::Refused("the server did not apply it (result 0)".into()),
        Reply::Refused(why) => Outcome::Refused(why.clone()),
        Reply::NotDone(why) => Outcome::NotSent(why.clone()),
        // The write may still arrive: until the next plan nobody can tell.
        Reply::Unclear(why) => Outcome::Doubt(format!("no usable answer came, and it does not show: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reading::NO_VALUE;
    use crate::model::{BackupKey, Place, Row, RuleIndex};
    use crate::plan::Expectation;

    fn step(direction: Direction, of: &[Service], on: &[Service]) -> SwitchStep {
        SwitchStep {
            row: Row::FIRST,
            service: Service::Im,
            direction,
            rule: RuleIndex::FIRST,
            module: None,
            delta: 0,
            also: Default::default(),
            expect: Expectation { of: ServiceSet::of(of), on: ServiceSet::of(on) },
            needs: None,
        }
    }

    fn bits(known: &[Service], on: &[Service]) -> ServiceBits {
        ServiceBits { known: ServiceSet::of(known), on: ServiceSet::of(on), ..ServiceBits::default() }
    }

    #[test]
    fn a_switch_is_written_only_where_all_that_share_its_module_are_as_expected() {
        use Service::{Im, Sip};
        let claim = step(Direction::Claim, &[Im, Sip], &[Sip]);
        let check = |known: &[Service], on: &[Service]| before_switch(&claim, &bits(known, on));
        assert_eq!(check(&[Im, Sip], &[Sip]), Before::Write);
        assert_eq!(check(&[Im, Sip], &[Im, Sip]), Before::Already);
        assert!(matches!(check(&[Im, Sip], &[]), Before::End(Outcome::Differs(_))));
        // It is as wanted, and so is something else that is not: then nobody did *just* this.
        assert!(matches!(check(&[Im, Sip], &[Im]), Before::End(Outcome::Differs(_))));
        assert!(matches!(check(&[Im], &[]), Before::End(Outcome::NotSent(_))));
    }

    fn change(before: Option<&str>) -> SettingChange {
        SettingChange {
            key: BackupKey::AccountsTarget,
            before: before.map(str::to_owned),
            after: None,
            secret: None,
            place: Place { file: "a.yaml".into(), line: 1, column: 1, start: 0, end: 0 },
        }
    }

    #[test]
    fn what_was_read_back_decides_and_not_the_answer() {
        let applied = &Reply::Applied;
        let zero = &Reply::NotApplied;
        let unclear = &Reply::Unclear("cut".to_owned());
        let wanted = &Seen::Wanted { effective: Some(true) };
        let failed = &Seen::Failed("late".to_owned());
        for (reply, seen, patience, visibility, expected) in [
            (applied, wanted, Patience::Left, Visibility::Readable, Some("done")),
            (zero, wanted, Patience::Left, Visibility::Readable, Some("done")),
            (unclear, wanted, Patience::Left, Visibility::Readable, Some("done")),
            (applied, &Seen::Otherwise, Patience::Left, Visibility::Readable, None),
            (applied, &Seen::Otherwise, Patience::Over, Visibility::Readable, Some("no effect")),
            (zero, &Seen::Otherwise, Patience::Left, Visibility::Readable, Some("refused")),
            (unclear, &Seen::Otherwise, Patience::Left, Visibility::Readable, Some("in doubt")),
            (applied, &Seen::Hidden, Patience::Left, Visibility::HeldBack, Some("said")),
            (zero, &Seen::Hidden, Patience::Left, Visibility::HeldBack, Some("refused")),
            (unclear, &Seen::Hidden, Patience::Left, Visibility::HeldBack, Some("in doubt")),
            (applied, failed, Patience::Left, Visibility::Readable, Some("in doubt")),
            (applied, failed, Patience::Left, Visibility::HeldBack, Some("said")),
            (unclear, failed, Patience::Left, Visibility::HeldBack, Some("in doubt")),
            (applied, &Seen::Unread, Patience::Left, Visibility::Readable, Some("in doubt")),
        ] {
            let outcome = after(reply, seen, patience, visibility);
            assert_eq!(
                outcome.as_ref().map(|outcome| outcome.word().text()),
                expected,
                "{reply:?} {seen:?} {patience:?} {visibility:?}"
            );
        }
    }

    #[test]
    fn a_secret_that_is_there_already_is_not_written_again() {
        let change = change(Some(""));
        let writing = Writing { change: &change, text: "new", secrecy: Secrecy::Secret };
        let check = |found: Reading<String>| before_setting(&writing, &found);
        assert_eq!(check(Reading::Read("new".into())), (Before::Already, Visibility::Readable));
        assert_eq!(check(Reading::Read(String::new())), (Before::Write, Visibility::Readable));
        assert!(matches!(check(Reading::Read("other".into())), (Before::End(Outcome::Differs(_)), _)));
        assert!(matches!(check(Reading::Read("****".into())), (Before::End(Outcome::Differs(_)), _)));
        assert_eq!(check(Reading::Unread(NO_VALUE.into())), (Before::Write, Visibility::HeldBack));
        assert!(matches!(check(Reading::Unread("late".into())), (Before::End(Outcome::NotSent(_)), _)));
    }
}
