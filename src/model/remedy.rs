//! The next act. Typed here, worded once in `report`.

use std::fmt;

/// A named limit that blocks a plan until it is overridden by its own name (`design`: guardrails).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guardrail {
    Disable,
    Mail,
    Protect,
    Backup,
    Shrink,
    KeepFree,
    FewerSeats,
    SpendActivation,
}

impl Guardrail {
    /// All of them, in the order of the messages that list them.
    pub const ALL: [Guardrail; 8] = [
        Guardrail::Disable,
        Guardrail::Mail,
        Guardrail::Protect,
        Guardrail::Backup,
        Guardrail::Shrink,
        Guardrail::KeepFree,
        Guardrail::FewerSeats,
        Guardrail::SpendActivation,
    ];

    /// The name in `--allow NAME=VALUE`, in plans and in the journal; it never changes.
    pub const fn name(self) -> &'static str {
        match self {
            Guardrail::Disable => "disable",
            Guardrail::Mail => "mail",
            Guardrail::Protect => "protect",
            Guardrail::Backup => "backup",
            Guardrail::Shrink => "shrink",
            Guardrail::KeepFree => "keep-free",
            Guardrail::FewerSeats => "fewer-seats",
            Guardrail::SpendActivation => "spend-activation",
        }
    }

    /// The guardrail of a name, to the letter; `None` where there is none.
    pub fn parse(name: &str) -> Option<Guardrail> {
        Guardrail::ALL.into_iter().find(|guardrail| guardrail.name() == name)
    }
}

impl fmt::Display for Guardrail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// Override one guardrail: `--allow NAME=VALUE --reason TEXT`.
    Allow(Guardrail, String),
    /// Did you mean this word?
    DidYouMean(String),
    /// Change the spec in this way.
    EditSpec(String),
    /// Change this on the server's console first.
    OnServer(String),
    /// Get, or free, this many seats of the module.
    Seats { module: String, more: u64 },
    /// Run the command again as said.
    Rerun(String),
    /// Look at this, then decide.
    Check(String),
    /// Wait for this.
    Wait(String),
}
