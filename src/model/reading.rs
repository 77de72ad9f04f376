//! What came of asking a server: a value, or the reason why there is none.

/// Why a value is unread that the server gives to nobody, as it may do with a password (U-12).
pub const NO_VALUE: &str = "the server gave no value";

/// A value as it was read. *Unread* is not absent: no change may rest on it (`uncertainties.md`, throughout).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading<T> {
    Read(T),
    /// Why there is no value, as a lower-case fragment: "the server gave no value".
    Unread(String),
}

impl<T> Reading<T> {
    /// The value, where there is one. Whoever takes nothing for an empty value breaks the rule above.
    pub fn read(&self) -> Option<&T> {
        match self {
            Reading::Read(value) => Some(value),
            Reading::Unread(_) => None,
        }
    }

    /// Whether it was not read because the server gives it to nobody (U-12); not because something went wrong.
    pub fn is_held_back(&self) -> bool {
        matches!(self, Reading::Unread(why) if why == NO_VALUE)
    }

    /// Reads the value as something else; why there is none stays as it is.
    pub fn map<U>(self, with: impl FnOnce(T) -> U) -> Reading<U> {
        match self {
            Reading::Read(value) => Reading::Read(with(value)),
            Reading::Unread(why) => Reading::Unread(why),
        }
    }
}

/// A flag as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tri {
    No,
    Yes,
    #[default]
    Unread,
}

impl Tri {
    /// `Yes`, or not read: for whatever must be assumed unless it is ruled out.
    pub fn possible(self) -> bool {
        self != Tri::No
    }

    /// `Yes` as it was read: for whatever must be known and not assumed.
    pub fn certain(self) -> bool {
        self == Tri::Yes
    }
}

impl From<bool> for Tri {
    fn from(value: bool) -> Tri {
        if value { Tri::Yes } else { Tri::No }
    }
}
