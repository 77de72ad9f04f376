//! The words for what came of a step, as they are written down and told.

/// What came of a step, in one word. The journal holds them for ever: a word is added, and never altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Word {
    /// Written, and read back as wanted.
    Done,
    /// Written, and only the server's word says so (U-12).
    Said,
    /// It was so before, and nothing was written.
    Already,
    /// It was not as the plan expects, and nothing was written (U-17).
    Differs,
    /// The server did not do it.
    Refused,
    /// The server said it was done, and it does not show.
    Ineffective,
    /// It cannot be told.
    Doubt,
    /// Reading before it failed.
    NotSent,
    /// The run ended before it.
    NotTried,
    /// A later run read that it was done.
    Found,
    /// A later plan had no need of it.
    NoNeed,
    /// A later plan could not do it.
    Blocked,
}

impl Word {
    /// All there are.
    pub const ALL: [Word; 12] = [
        Word::Done,
        Word::Said,
        Word::Already,
        Word::Differs,
        Word::Refused,
        Word::Ineffective,
        Word::Doubt,
        Word::NotSent,
        Word::NotTried,
        Word::Found,
        Word::NoNeed,
        Word::Blocked,
    ];

    /// The word itself.
    pub const fn text(self) -> &'static str {
        match self {
            Word::Done => "done",
            Word::Said => "said",
            Word::Already => "already so",
            Word::Differs => "found otherwise",
            Word::Refused => "refused",
            Word::Ineffective => "no effect",
            Word::Doubt => "in doubt",
            Word::NotSent => "not sent",
            Word::NotTried => "not tried",
            Word::Found => "found",
            Word::NoNeed => "no need",
            Word::Blocked => "blocked",
        }
    }

    /// The word of a text.
    pub fn parse(text: &str) -> Option<Word> {
        Word::ALL.into_iter().find(|word| word.text() == text)
    }

    /// Whether the step is as it was wanted to be: the one rule for what needs it, for every count, and for what a
    /// run that is gone on with has still to do.
    pub const fn is_done(self) -> bool {
        match self {
            Word::Done | Word::Said | Word::Already | Word::Found => true,
            Word::Differs
            | Word::Refused
            | Word::Ineffective
            | Word::Doubt
            | Word::NotSent
            | Word::NotTried
            | Word::NoNeed
            | Word::Blocked => false,
        }
    }

    /// Whether a later run wrote it down, for a run that was over.
    pub const fn is_later(self) -> bool {
        matches!(self, Word::Found | Word::NoNeed | Word::Blocked)
    }
}
