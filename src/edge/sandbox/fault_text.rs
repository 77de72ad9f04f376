//! What goes wrong on purpose: `KIND[@[COMMAND][/VARIABLE][:N[+]]]`.
//!
//! A fault strikes at the calls of one command or of all, or at those of them that name a variable, and there at each
//! call, at the N-th, or from the N-th on. Calls are counted from 1, from the moment the fault was set; those that a fault keeps from being
//! performed count too.

use std::fmt;

use super::commands;
use super::faults::{Calls, Fault, FaultKind};
use super::variables;

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

fn kind_of(text: &str) -> Result<FaultKind, FaultError> {
    if let Some(delay) = text.strip_prefix("delay=") {
        let ms = delay.parse().ok().filter(|ms| *ms <= DELAY_MS_MAX);
        return ms.map(FaultKind::Delay).ok_or_else(|| FaultError::Delay(delay.to_owned()));
    }
    let plain = [
        ("cut-before", FaultKind::CutBefore),
        ("cut-unanswered", FaultKind::CutUnanswered),
        ("cut-inside", FaultKind::CutInside),
        ("cut-after", FaultKind::CutAfter),
        ("refuse", FaultKind::Refuse),
        ("html", FaultKind::Html),
        ("html-after", FaultKind::HtmlAfter),
        ("truncated", FaultKind::Truncated),
        ("lose-session", FaultKind::LoseSession),
        ("second-admin", FaultKind::SecondAdministrator),
    ];
    if let Some((_, kind)) = plain.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
        return Ok(kind);
    }
    let status = text.parse().ok().filter(|status| (300..600).contains(status));
    status.map(FaultKind::Status).ok_or_else(|| FaultError::Kind(text.to_owned()))
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
            FaultKind::Delay(ms) => write!(f, "delay={ms}")?,
            FaultKind::CutBefore => f.write_str("cut-before")?,
            FaultKind::CutUnanswered => f.write_str("cut-unanswered")?,
            FaultKind::CutInside => f.write_str("cut-inside")?,
            FaultKind::CutAfter => f.write_str("cut-after")?,
            FaultKind::Status(status) => write!(f, "{status}")?,
            FaultKind::Refuse => f.write_str("refuse")?,
            FaultKind::Html => f.write_str("html")?,
            FaultKind::HtmlAfter => f.write_str("html-after")?,
            FaultKind::Truncated => f.write_str("truncated")?,
            FaultKind::LoseSession => f.write_str("lose-session")?,
            FaultKind::SecondAdministrator => f.write_str("second-admin")?,
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
}
