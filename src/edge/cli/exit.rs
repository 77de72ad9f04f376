//! The exit codes: a public contract. `docs/ci.md` says what to do at each; [`HELP`] and `docs/wrong-input.md` name them
//! in a line. Whoever changes one changes all of these.

use std::process::ExitCode;

use crate::edge::engine::{End, FailureKind};
use crate::flow::RunEnd;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    Failed = 1,
    /// There are changes; only with `--detailed-exitcode`.
    Changes = 2,
    /// By a guardrail, seats, the server's identity or a policy.
    Blocked = 3,
    /// The plan is stale.
    Stale = 4,
    /// Applied in part.
    Partial = 5,
    /// The server takes no changes.
    Closed = 6,
    /// Another run holds the lock.
    Locked = 7,
    /// All of it was done, and what was asked for to tell of it could not be written.
    Untold = 8,
    Usage = 64,
    SpecInvalid = 65,
    Unreachable = 69,
    LoginRefused = 77,
}

/// What `--help` says of them.
pub const HELP: &str = "Exit codes: 0 done or nothing to do · 1 failed · 2 changes (--detailed-exitcode) · 3 blocked · \
    4 plan is stale · 5 applied in part · 6 server takes no changes · 7 another run holds the lock · 8 done but not told · 64 usage · \
    65 spec invalid · 69 server not reachable · 77 login refused";

impl Exit {
    /// With several servers the exit is the first of these that holds for any of them.
    const ORDER: [Exit; 13] = [
        Exit::Usage,
        Exit::LoginRefused,
        Exit::Unreachable,
        Exit::SpecInvalid,
        Exit::Closed,
        Exit::Locked,
        Exit::Stale,
        Exit::Partial,
        Exit::Failed,
        Exit::Untold,
        Exit::Blocked,
        Exit::Changes,
        Exit::Done,
    ];

    /// The exit for several servers.
    pub fn of_all(exits: &[Exit]) -> Exit {
        Exit::ORDER.into_iter().find(|exit| exits.contains(exit)).unwrap_or(Exit::Done)
    }

    /// In a word or three, as a table of servers shows it.
    pub const fn word(self) -> &'static str {
        match self {
            Exit::Done => "done",
            Exit::Failed => "failed",
            Exit::Changes => "changes",
            Exit::Blocked => "blocked",
            Exit::Stale => "plan is stale",
            Exit::Partial => "applied in part",
            Exit::Closed => "takes no changes",
            Exit::Locked => "locked",
            Exit::Untold => "done, not told",
            Exit::Usage => "usage",
            Exit::SpecInvalid => "spec invalid",
            Exit::Unreachable => "not reachable",
            Exit::LoginRefused => "login refused",
        }
    }

    /// What the operating system is told.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

impl From<FailureKind> for Exit {
    fn from(kind: FailureKind) -> Exit {
        match kind {
            FailureKind::NotTrusted => Exit::Blocked,
            FailureKind::LoginRefused => Exit::LoginRefused,
            FailureKind::NotReached => Exit::Unreachable,
            FailureKind::LicenceClosed => Exit::Closed,
            FailureKind::Invalid => Exit::SpecInvalid,
            FailureKind::Usage => Exit::Usage,
            FailureKind::Locked => Exit::Locked,
            FailureKind::Interrupted
            | FailureKind::Secret
            | FailureKind::Server
            | FailureKind::Store
            | FailureKind::Internal => Exit::Failed,
        }
    }
}

impl From<RunEnd> for Exit {
    fn from(end: RunEnd) -> Exit {
        match end {
            RunEnd::Whole => Exit::Done,
            RunEnd::WholeButBlocked => Exit::Blocked,
            RunEnd::Partial => Exit::Partial,
            RunEnd::Closed => Exit::Closed,
            RunEnd::Unreached => Exit::Unreachable,
            RunEnd::Forbidden => Exit::LoginRefused,
            RunEnd::Failed => Exit::Failed,
        }
    }
}

impl From<&End> for Exit {
    fn from(end: &End) -> Exit {
        match end {
            End::NothingToDo => Exit::Done,
            End::Blocked => Exit::Blocked,
            End::Closed => Exit::Closed,
            End::Stale => Exit::Stale,
            End::NotShown => Exit::Failed,
            End::Failed(failure) => Exit::from(failure.kind),
            End::Ran { how, not_recorded } => match Exit::from(*how) {
                // The run stays open, so it is not done: it can be resumed.
                Exit::Done | Exit::Blocked if not_recorded.is_some() => Exit::Partial,
                exit => exit,
            },
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::{Exit, HELP};

    #[test]
    fn the_help_and_the_page_on_ci_know_every_code_and_their_order() {
        let page = include_str!("../../../docs/ci.md");
        let codes = Exit::ORDER.map(|exit| exit.code().to_string());
        for code in &codes {
            assert!(HELP.contains(&format!(" {code} ")), "--help lacks {code}");
            assert!(page.contains(&format!("\n| {code} | ")), "docs/ci.md has no row {code}");
        }
        let order = format!("the first that holds of {}.", codes.join(", "));
        let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(page.contains(&order), "docs/ci.md does not say: {order}");
    }

    #[test]
    fn with_several_servers_the_worst_that_a_person_must_act_on_comes_first() {
        for (exits, expected) in [
            (vec![], Exit::Done),
            (vec![Exit::Done, Exit::Changes], Exit::Changes),
            (vec![Exit::Blocked, Exit::Changes], Exit::Blocked),
            (vec![Exit::Blocked, Exit::Failed], Exit::Failed),
            (vec![Exit::Failed, Exit::Partial], Exit::Partial),
            (vec![Exit::Stale, Exit::Partial, Exit::Closed], Exit::Closed),
            (vec![Exit::SpecInvalid, Exit::Unreachable, Exit::LoginRefused], Exit::LoginRefused),
        ] {
            assert_eq!(Exit::of_all(&exits), expected, "{exits:?}");
        }
    }
}
