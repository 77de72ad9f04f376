//! A remark for a person: what is so, where, and what to do about it.

use super::{Place, Remedy};

/// How bad a finding is. A spec with an error is not planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Info,
    Warning,
    Error,
}

/// A remark with severity, place and remedy. `report` words it; nothing else prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub severity: Severity,
    /// A stable name for machines, in kebab case: `unknown-key`, `licence-order`.
    pub code: &'static str,
    /// A lower-case fragment without its place.
    pub message: String,
    /// The place it speaks of, then other places that bear on it, each with a label.
    pub places: Vec<(Place, String)>,
    pub remedy: Option<Remedy>,
    /// Places of the author's text that must not be shown, in this finding or any other: a secret stands there.
    pub hidden: Vec<Place>,
}

impl Finding {
    /// A finding without a place and a next act; both are added by the calls below. `code` is stable, and part of the
    /// JSON.
    pub fn new(severity: Severity, code: &'static str, message: impl Into<String>) -> Finding {
        Finding {
            severity,
            code,
            message: message.into(),
            places: Vec::new(),
            remedy: None,
            hidden: Vec::new(),
        }
    }

    /// A finding that keeps the spec, or a part of it, from being used.
    pub fn error(code: &'static str, message: impl Into<String>) -> Finding {
        Finding::new(Severity::Error, code, message)
    }

    /// A finding that somebody should look at before applying.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Finding {
        Finding::new(Severity::Warning, code, message)
    }

    /// A finding that only explains.
    pub fn info(code: &'static str, message: impl Into<String>) -> Finding {
        Finding::new(Severity::Info, code, message)
    }

    /// Adds a place; the first is where a person is sent.
    pub fn at(mut self, place: Place) -> Finding {
        self.places.push((place, String::new()));
        self
    }

    /// Adds another place, with a word on what it is there.
    pub fn also_at(mut self, place: Place, label: impl Into<String>) -> Finding {
        self.places.push((place, label.into()));
        self
    }

    /// Says that a secret stands at this place, so that no rendering shows it.
    pub fn hide(mut self, place: Place) -> Finding {
        self.hidden.push(place);
        self
    }

    /// Sets the next act, in the place of any that was set before.
    pub fn remedy(mut self, remedy: Remedy) -> Finding {
        self.remedy = Some(remedy);
        self
    }
}

/// A number with its noun: "1 account", "2 accounts".
pub fn counted(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{} {noun}s", grouped(number)) }
}

/// A number as a person reads it: with separators from five digits on, `9999` and `10,000`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
