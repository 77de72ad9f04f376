//! Why a server gave no usable answer: refused, unanswered or unreadable, by what the caller does next.

use crate::model::Remedy;

/// A call that gave no usable answer. Its text is a lower-case fragment with all its causes, safe to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// Trying again changes nothing.
    #[error("{message}")]
    Refused { why: Refused, message: String, remedy: Remedy },
    /// It may have happened, unless nothing was sent: read back.
    #[error("{message}")]
    Unanswered { sent: Sent, message: String, remedy: Remedy },
    /// No change may rest on it.
    #[error("{message}")]
    Unreadable { who: Garbled, message: String, remedy: Remedy },
}

/// Why trying again changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The login was refused, or the account has no rights.
    Account,
    /// The licence lets the server take no changes (reference 1.7, U-22).
    Licence,
    /// Each session was lost before it was of use. Nothing was done.
    Session,
    /// The server does not do this one thing.
    Request,
}

/// Whether a call without an answer went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// There was no connection.
    Nothing,
    Maybe,
}

/// Whose answer could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Garbled {
    /// The server's own.
    Server,
    /// Something that answers in its place.
    Other,
}

impl Failed {
    /// What to do next.
    pub fn remedy(&self) -> &Remedy {
        match self {
            Failed::Refused { remedy, .. }
            | Failed::Unanswered { remedy, .. }
            | Failed::Unreadable { remedy, .. } => remedy,
        }
    }

    /// Whether the server could not be reached or did not answer, or something else answered in its place.
    pub fn is_silence(&self) -> bool {
        matches!(self, Failed::Unanswered { .. } | Failed::Unreadable { who: Garbled::Other, .. })
    }
}
