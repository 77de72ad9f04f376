//! What goes wrong on purpose, and what becomes of a call at which it strikes. `fault_text` says how it is written.

use super::call::{Answer, Cut, Exchange};

/// One fault, and where it strikes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub(super) kind: FaultKind,
    /// Lower case; `None` is any.
    pub(super) command: Option<&'static str>,
    /// Lower case; `None` is any call.
    pub(super) variable: Option<&'static str>,
    pub(super) calls: Calls,
    /// Calls that could have been meant, so far.
    pub(super) seen: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FaultKind {
    Delay(u64),
    CutBefore,
    CutUnanswered,
    CutInside,
    CutAfter,
    Status(u16),
    Refuse,
    Html,
    HtmlAfter,
    Truncated,
    LoseSession,
    SecondAdministrator,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Calls {
    All,
    Nth(u64),
    From(u64),
}

impl Fault {
    /// Whether it strikes at this call, which counts.
    fn strikes(&mut self, command: &str, names: &dyn Fn(&str) -> bool) -> bool {
        if self.command.is_some_and(|own| own != command) || self.variable.is_some_and(|own| !names(own)) {
            return false;
        }
        self.seen += 1;
        match self.calls {
            Calls::All => true,
            Calls::Nth(nth) => self.seen == nth,
            Calls::From(first) => self.seen >= first,
        }
    }
}

/// What strikes at one call.
#[derive(Clone, Debug, Default)]
pub(super) struct Struck {
    delay_ms: u64,
    /// Answered in the command's place.
    instead: Option<(Answer, Cut)>,
    cut: Cut,
    after: After,
    pub refuse: bool,
    pub lose_session: bool,
    pub second_administrator: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum After {
    #[default]
    Whole,
    Half,
    Html,
}

impl Struck {
    /// What strikes at a call of this command; `names` says whether it names a variable.
    pub(super) fn by(faults: &mut [Fault], command: &str, names: &dyn Fn(&str) -> bool) -> Struck {
        let mut struck = Struck::default();
        for fault in faults {
            if !fault.strikes(command, names) {
                continue;
            }
            match fault.kind {
                FaultKind::Delay(ms) => struck.delay_ms += ms,
                FaultKind::CutBefore => {
                    struck.instead = Some((Answer::page(200, String::new()), Cut::Unanswered));
                }
                FaultKind::CutUnanswered => struck.cut = Cut::Unanswered,
                FaultKind::CutInside => struck.cut = Cut::Inside,
                FaultKind::CutAfter => struck.cut = Cut::After,
                FaultKind::Status(status) => {
                    struck.instead = Some((Answer::page(status, page(&status.to_string())), Cut::Not));
                }
                FaultKind::Refuse => struck.refuse = true,
                FaultKind::Html => struck.instead = Some((Answer::page(200, page("Welcome")), Cut::Not)),
                FaultKind::HtmlAfter => struck.after = After::Html,
                FaultKind::Truncated => struck.after = After::Half,
                FaultKind::LoseSession => struck.lose_session = true,
                FaultKind::SecondAdministrator => struck.second_administrator = true,
            }
        }
        struck
    }

    /// What is answered without performing the command.
    pub(super) fn instead(&self) -> Option<Exchange> {
        let (answer, cut) = self.instead.clone()?;
        Some(Exchange { answer, delay_ms: self.delay_ms, cut })
    }

    /// What becomes of the answer of a command that was performed.
    pub(super) fn bent(&self, mut exchange: Exchange) -> Exchange {
        match self.after {
            After::Whole => {}
            After::Half => {
                let body = &exchange.answer.body;
                let half = (0..=body.len() / 2).rev().find(|end| body.is_char_boundary(*end));
                exchange.answer.body.truncate(half.unwrap_or(0));
            }
            After::Html => exchange.answer = Answer::page(200, page("Welcome")),
        }
        exchange.delay_ms += self.delay_ms;
        exchange.cut = self.cut;
        exchange
    }
}

fn page(title: &str) -> String {
    format!("<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_at_the_calls_that_it_names_and_at_no_other() {
        for (text, calls, struck) in [
            ("500", "aab", "xxx"),
            ("500@logout", "lalal", "x.x.x"),
            ("500@logout:2", "llal", ".x.."),
            ("500@logout:2+", "lalal", "..x.x"),
            ("500@:3", "alalal", "..x..."),
            ("500@:3+", "alal", "..xx"),
            ("500@/U_IM", "aALl", ".xx."),
            ("500@logout/U_IM", "aALlL", "..x.x"),
            ("500@/U_IM:2", "aALlL", "..x.."),
        ] {
            let mut fault = Fault::parse(text).expect(text);
            let command = |letter: char| if letter == 'l' { "logout" } else { "authenticate" };
            // A capital letter names the variable.
            let told: String = calls
                .chars()
                .map(|call| {
                    let names = |name: &str| name == "u_im" && call.is_ascii_uppercase();
                    if fault.strikes(command(call.to_ascii_lowercase()), &names) { 'x' } else { '.' }
                })
                .collect();
            assert_eq!(told, struck, "{text} {calls}");
        }
    }
}
