//! A remark for a person: what is so, where, and what to do about it.

use super::{Place, Remedy};

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

    pub fn error(code: &'static str, message: impl Into<String>) -> Finding {
        Finding::new(Severity::Error, code, message)
    }

    pub fn warning(code: &'static str, message: impl Into<String>) -> Finding {
        Finding::new(Severity::Warning, code, message)
    }

    pub fn info(code: &'static str, message: impl Into<String>) -> Finding {
        Finding::new(Severity::Info, code, message)
    }

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

    pub fn remedy(mut self, remedy: Remedy) -> Finding {
        self.remedy = Some(remedy);
        self
    }
}

/// A number with its noun: "1 account", "2 accounts".
pub fn counted(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
