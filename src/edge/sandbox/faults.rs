//! What goes wrong on purpose: `KIND[@[COMMAND][/VARIABLE][:N[+]]]`.
//!
//! A fault strikes at the calls of one command or of all, or at those of them that name a variable, and there at each
//! call, at the N-th, or from the N-th on. Calls are counted from 1, from the moment the fault was set; those that a fault keeps from being
//! performed count too.

use std::fmt;

use super::call::{Answer, Cut, Exchange};
use super::commands;
use super::variables;
use super::world::World;

/// The form of a fault, for whoever wrote another.
pub const FAULT_FORM: &str = "KIND[@[COMMAND][/VARIABLE][:N[+]]], such as cut-unanswered@setaccountproperties:3, delay=500, 503@:10+ or refuse@/U_IM";

/// Every kind, as it is written, and what it does.
pub const FAULTS: [(&str, &str); 12] = [
    ("delay=MS", "the answer waits so many milliseconds, at most 600000"),
    ("cut-before", "the connection ends before the command is performed"),
    ("cut-unanswered", "the command is performed, and the connection ends without an answer"),
    ("cut-inside", "the command is performed, and the connection ends inside the answer"),
    ("cut-after", "the command is performed and answered, and then the connection ends"),
    ("STATUS", "this HTTP status from 300 to 599 and no answer, such as 500; the command is not performed"),
    ("refuse", "the answer is the result 0; the command is not performed"),
    ("html", "a web page with status 200; the command is not performed"),
    ("html-after", "the command is performed, and answered with a web page"),
    (
        "truncated",
        "the command is performed, and only the first half of the XML is sent, as if it were whole",
    ),
    ("lose-session", "the session of the call is lost before it"),
    (
        "second-admin",
        "another administrator flips what the call is about, just before it; no seat that is not free",
    ),
];

/// The longest delay, milliseconds: a test that waits for more has gone astray.
const DELAY_MS_MAX: u64 = 600_000;

/// One fault, and where it strikes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    kind: Kind,
    /// Lower case; `None` is any.
    command: Option<&'static str>,
    /// Lower case; `None` is any call.
    variable: Option<&'static str>,
    calls: Calls,
    /// Calls that could have been meant, so far.
    seen: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
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
enum Calls {
    All,
    Nth(u64),
    From(u64),
}

/// Why a text is no fault; its display says what there is instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    #[error("there is no fault `{0}`; there are {kinds}. The form is {FAULT_FORM}", kinds = kinds())]
    Kind(String),
    #[error("the delay `{0}` is no number of milliseconds up to {DELAY_MS_MAX}")]
    Delay(String),
    #[error("the server has no command `{0}`. The form is {FAULT_FORM}")]
    Command(String),
    #[error("the server has no variable `{0}`. The form is {FAULT_FORM}")]
    Variable(String),
    #[error("`{0}` is no number of a call, counted from 1. The form is {FAULT_FORM}")]
    Number(String),
}

fn kinds() -> String {
    FAULTS.map(|(kind, _)| kind).join(", ")
}

impl Fault {
    /// Reads a fault.
    ///
    /// # Errors
    /// Its kind, command or number is none.
    pub fn parse(text: &str) -> Result<Fault, FaultError> {
        let (kind, place) = text.split_once('@').map_or((text, None), |(kind, place)| (kind, Some(place)));
        let kind = kind_of(kind.trim())?;
        let fault = Fault { kind, command: None, variable: None, calls: Calls::All, seen: 0 };
        place.map_or(Ok(fault.clone()), |place| fault.at(place))
    }

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

fn kind_of(text: &str) -> Result<Kind, FaultError> {
    if let Some(delay) = text.strip_prefix("delay=") {
        let ms = delay.parse().ok().filter(|ms| *ms <= DELAY_MS_MAX);
        return ms.map(Kind::Delay).ok_or_else(|| FaultError::Delay(delay.to_owned()));
    }
    let plain = [
        ("cut-before", Kind::CutBefore),
        ("cut-unanswered", Kind::CutUnanswered),
        ("cut-inside", Kind::CutInside),
        ("cut-after", Kind::CutAfter),
        ("refuse", Kind::Refuse),
        ("html", Kind::Html),
        ("html-after", Kind::HtmlAfter),
        ("truncated", Kind::Truncated),
        ("lose-session", Kind::LoseSession),
        ("second-admin", Kind::SecondAdministrator),
    ];
    if let Some((_, kind)) = plain.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
        return Ok(kind);
    }
    let status = text.parse().ok().filter(|status| (300..600).contains(status));
    status.map(Kind::Status).ok_or_else(|| FaultError::Kind(text.to_owned()))
}

impl Fault {
    /// The same at `[COMMAND][/VARIABLE][:N[+]]`.
    fn at(mut self, text: &str) -> Result<Fault, FaultError> {
        let (place, number) =
            text.split_once(':').map_or((text, None), |(place, number)| (place, Some(number)));
        let (name, variable) =
            place.split_once('/').map_or((place, None), |(name, variable)| (name, Some(variable)));
        self.command = match name.trim() {
            "" if number.is_some() || variable.is_some() => None,
            name => match commands::find(name) {
                Some(command) => Some(command.name),
                None => return Err(FaultError::Command(name.to_owned())),
            },
        };
        if let Some(name) = variable.map(str::trim) {
            let found = variables::find(name).ok_or_else(|| FaultError::Variable(name.to_owned()))?;
            self.variable = Some(&found.lower);
        }
        if let Some(number) = number {
            self.calls = calls_of(number.trim())?;
        }
        Ok(self)
    }
}

fn calls_of(number: &str) -> Result<Calls, FaultError> {
    let (digits, onward) = number.strip_suffix('+').map_or((number, false), |digits| (digits, true));
    match digits.parse() {
        Ok(nth @ 1..) if onward => Ok(Calls::From(nth)),
        Ok(nth @ 1..) => Ok(Calls::Nth(nth)),
        _ => Err(FaultError::Number(number.to_owned())),
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Delay(ms) => write!(f, "delay={ms}")?,
            Kind::CutBefore => f.write_str("cut-before")?,
            Kind::CutUnanswered => f.write_str("cut-unanswered")?,
            Kind::CutInside => f.write_str("cut-inside")?,
            Kind::CutAfter => f.write_str("cut-after")?,
            Kind::Status(status) => write!(f, "{status}")?,
            Kind::Refuse => f.write_str("refuse")?,
            Kind::Html => f.write_str("html")?,
            Kind::HtmlAfter => f.write_str("html-after")?,
            Kind::Truncated => f.write_str("truncated")?,
            Kind::LoseSession => f.write_str("lose-session")?,
            Kind::SecondAdministrator => f.write_str("second-admin")?,
        }
        if self.command.is_some() || self.variable.is_some() || self.calls != Calls::All {
            write!(f, "@{}", self.command.unwrap_or_default())?;
        }
        if let Some(variable) = self.variable {
            write!(f, "/{variable}")?;
        }
        match self.calls {
            Calls::All => Ok(()),
            Calls::Nth(nth) => write!(f, ":{nth}"),
            Calls::From(first) => write!(f, ":{first}+"),
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

impl World {
    /// Sets a fault. It strikes from now on, and faults that strike at the same call all do.
    pub fn add_fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Takes all faults away.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// What strikes at a call of this command; `names` says whether it names a variable.
    pub(super) fn struck(&mut self, command: &str, names: &dyn Fn(&str) -> bool) -> Struck {
        let mut struck = Struck::default();
        for fault in &mut self.faults {
            if !fault.strikes(command, names) {
                continue;
            }
            match fault.kind {
                Kind::Delay(ms) => struck.delay_ms += ms,
                Kind::CutBefore => struck.instead = Some((Answer::page(200, String::new()), Cut::Unanswered)),
                Kind::CutUnanswered => struck.cut = Cut::Unanswered,
                Kind::CutInside => struck.cut = Cut::Inside,
                Kind::CutAfter => struck.cut = Cut::After,
                Kind::Status(status) => {
                    struck.instead = Some((Answer::page(status, page(&status.to_string())), Cut::Not));
                }
                Kind::Refuse => struck.refuse = true,
                Kind::Html => struck.instead = Some((Answer::page(200, page("Welcome")), Cut::Not)),
                Kind::HtmlAfter => struck.after = After::Html,
                Kind::Truncated => struck.after = After::Half,
                Kind::LoseSession => struck.lose_session = true,
                Kind::SecondAdministrator => struck.second_administrator = true,
            }
        }
        struck
    }
}

impl Struck {
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
    fn a_fault_is_shown_as_it_is_written() {
        for text in [
            "delay=20",
            "cut-before@setaccountproperties:3",
            "cut-unanswered@getaccountproperties",
            "cut-inside@:7",
            "cut-after@logout:2+",
            "503@:10+",
            "html",
            "html-after",
            "truncated",
            "lose-session@setserverproperties:1",
            "second-admin@getaccountproperties:5",
            "refuse@setaccountproperties/u_im",
            "refuse@/u_im:2+",
        ] {
            assert_eq!(Fault::parse(text).map(|fault| fault.to_string()), Ok(text.to_owned()));
        }
        let odd = Fault::parse(" CUT-before @ SetAccountProperties : 3 + ".replace(" + ", "+").as_str());
        assert_eq!(odd.map(|fault| fault.to_string()), Ok("cut-before@setaccountproperties:3+".to_owned()));
        let odd = Fault::parse("refuse@setaccountproperties / U_IM : 3");
        assert_eq!(odd.map(|fault| fault.to_string()), Ok("refuse@setaccountproperties/u_im:3".to_owned()));
    }

    #[test]
    fn what_is_no_fault_is_told_with_what_there_is() {
        for (text, told) in [
            ("", "there is no fault ``; there are delay=MS"),
            ("cut", "The form is KIND[@"),
            ("200", "there is no fault `200`"),
            ("600", "there is no fault `600`"),
            ("delay", "there is no fault `delay`"),
            ("delay=soon", "`soon` is no number of milliseconds"),
            ("delay=600001", "up to 600000"),
            ("500@", "no command ``"),
            ("500@nothing", "no command `nothing`"),
            ("500@/U_Nothing", "no variable `U_Nothing`"),
            ("500@logout/", "no variable ``"),
            ("500@logout:0", "`0` is no number of a call"),
            ("500@logout:", "`` is no number of a call"),
            ("500@logout:1-2", "`1-2` is no number"),
            ("500@:+", "`+` is no number"),
        ] {
            let error = Fault::parse(text).expect_err(text);
            assert!(error.to_string().contains(told), "{text}: {error}");
        }
    }

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
