//! What can go wrong with a call, sorted by what the caller does next; what a person does next is in
//! [`super::remedies`].

use std::time::Duration;

use super::codec::CodecError;
use super::uids::{Bears, Uid};

/// A call that gave no usable answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Trying again changes nothing.
    #[error("the server refused {}", spoken(.command))]
    Refused {
        command: &'static str,
        #[source]
        why: Refusal,
    },
    /// It may have happened, unless there was no connection: read back.
    #[error("{}", unanswered(.command, .why))]
    Unanswered {
        command: &'static str,
        #[source]
        why: Silence,
    },
    /// No change may rest on it.
    #[error("the answer to {} cannot be read", spoken(.command))]
    Unreadable {
        command: &'static str,
        #[source]
        why: Garble,
    },
}

/// Why trying again changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// `authenticate` was answered with an error id.
    #[error("{0}")]
    Login(Uid),
    /// `authenticate` was answered 0, which tells no reason (reference 1.3).
    #[error("it does not accept the account and its password")]
    LoginZero,
    /// It gives no key to encrypt the password with, and the plain one is not sent instead.
    #[error("it offers no encrypted login: {0}")]
    NoRsa(Uid),
    #[error("the password is too long to be encrypted with the server's key of {bits} bits")]
    TooLong { bits: usize },
    /// The login was accepted, but of a password that must be changed first.
    #[error("the account's password has expired")]
    PasswordExpired,
    /// What must exist came back empty, or was refused (U-39).
    #[error("{0}")]
    NoRights(String),
    /// Any other error id.
    #[error("{0}")]
    Uid(Uid),
    /// An error id that is not listed, in the answer to a call that carried a secret.
    #[error("it answered an error that is not in our list, and not shown because it may hold a secret")]
    Unshown,
    /// A command that reads was answered 0.
    #[error("it answered 0 and no values")]
    Zero,
    #[error("it answered with HTTP status {0}")]
    Http(u16),
    /// Nothing was sent.
    #[error("a value holds the character U+{:04X}, which XML cannot carry", u32::from(*.0))]
    NotSendable(char),
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Silence {
    /// Nothing was sent.
    #[error("{}", connecting(.host, *.kind, .why))]
    NoConnection {
        host: String,
        kind: NoConnection,
        why: String,
        /// The variable of the environment that sends such calls through a proxy, unless `NO_PROXY` names the host.
        proxy: Option<&'static str>,
    },
    #[error("no answer within {} s", .0.as_secs_f32())]
    Late(Duration),
    #[error("the connection ended before an answer came{}", detailed(.0))]
    Closed(String),
    #[error("HTTP status {0}: it cannot answer now")]
    Http(u16),
}

/// Where connecting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoConnection {
    /// The address or the file of certificates is of no use.
    Setup,
    Name,
    Tls,
    Late,
    Other,
}

/// Why an answer is not the server's language. The texts are what came instead, made safe to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Garble {
    #[error("{why}{}", excerpted(.excerpt))]
    Codec { why: CodecError, excerpt: String },
    #[error("the connection ended in the middle of it{}", excerpted(.excerpt))]
    Half { excerpt: String },
    #[error("it is larger than {} MiB", .limit >> 20)]
    TooLarge { limit: usize },
    #[error("it is not HTTP; the port may speak TLS, or serve something else")]
    NotHttp,
    #[error("it sends us elsewhere, to {to}")]
    Redirect { to: String },
    #[error("HTTP status {status}{}", excerpted(.excerpt))]
    Status { status: u16, excerpt: String },
    /// It is the server's language, and says something that the command's answer cannot be.
    #[error("{0}")]
    Shape(String),
}

/// The two commands of a login are not told apart: nobody typed them.
fn spoken(command: &'static str) -> &'static str {
    match command {
        "authenticate" | "getauthchallenge" => "the login",
        other => other,
    }
}

fn unanswered(command: &'static str, why: &Silence) -> String {
    match why {
        Silence::NoConnection { kind: NoConnection::Setup, .. } => {
            "the connection cannot be set up".to_owned()
        }
        Silence::NoConnection { .. } => "the server is not reached".to_owned(),
        Silence::Late(_) | Silence::Closed(_) | Silence::Http(_) => {
            format!("{} went unanswered", spoken(command))
        }
    }
}

/// What the HTTP library adds, unless it only says the same again.
fn detailed(why: &str) -> String {
    if why == "connection closed before message completed" { String::new() } else { format!(": {why}") }
}

fn connecting(host: &str, kind: NoConnection, why: &str) -> String {
    match kind {
        NoConnection::Setup => why.to_owned(),
        NoConnection::Name | NoConnection::Tls | NoConnection::Late | NoConnection::Other => {
            format!("no connection to {host}: {why}")
        }
    }
}

fn excerpted(excerpt: &str) -> String {
    if excerpt.is_empty() { String::new() } else { format!("; it begins `{excerpt}`") }
}

/// What a call's failure means for a whole command: its exit code, and what a person is told first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// There was no connection (exit 69).
    NotReachable,
    /// The login was refused, or the account has no rights (exit 77).
    LoginRefused,
    /// The licence lets the server do nothing more for us (exit 6).
    LicenceClosed,
    /// A session was lost as often as it was opened (exit 1, or as the run decides).
    SessionLost,
    /// Not the server's language (exit 1).
    NotTheLanguage,
    /// Anything else (exit 1, or as the run decides).
    Other,
}

impl CallError {
    /// The wire's name of the command that was called.
    pub fn command(&self) -> &'static str {
        match self {
            CallError::Refused { command, .. }
            | CallError::Unanswered { command, .. }
            | CallError::Unreadable { command, .. } => command,
        }
    }

    /// How bad it is for whoever started the program; an exit code hangs on it.
    pub fn meaning(&self) -> Meaning {
        match self {
            CallError::Refused { .. } if self.bears() == Some(Bears::Licence) => Meaning::LicenceClosed,
            CallError::Refused { .. } if self.session_lost() => Meaning::SessionLost,
            CallError::Refused { why, .. } => match why {
                Refusal::Login(_)
                | Refusal::LoginZero
                | Refusal::NoRsa(_)
                | Refusal::TooLong { .. }
                | Refusal::PasswordExpired
                | Refusal::NoRights(_)
                | Refusal::Http(_) => Meaning::LoginRefused,
                Refusal::Uid(uid) if matches!(uid.bears(), Bears::Login | Bears::Rights) => {
                    Meaning::LoginRefused
                }
                Refusal::Uid(_) | Refusal::Unshown | Refusal::Zero | Refusal::NotSendable(_) => {
                    Meaning::Other
                }
            },
            CallError::Unanswered { why: Silence::NoConnection { .. }, .. } => Meaning::NotReachable,
            CallError::Unanswered { .. } => Meaning::Other,
            CallError::Unreadable { .. } => Meaning::NotTheLanguage,
        }
    }

    /// Whether nothing at all was sent, so that nothing can have happened.
    pub fn not_sent(&self) -> bool {
        matches!(
            self,
            CallError::Unanswered { why: Silence::NoConnection { .. }, .. }
                | CallError::Refused { why: Refusal::NotSendable(_) | Refusal::TooLong { .. }, .. }
        )
    }

    /// Whether the server could not be reached or did not answer, or something else answered in its place.
    pub fn is_silence(&self) -> bool {
        match self {
            CallError::Unanswered { .. } => true,
            CallError::Unreadable { why, .. } => why.is_foreign(),
            CallError::Refused { .. } => false,
        }
    }

    /// The same without any text that came: of an answer to a call that carried a secret nothing is shown, because
    /// what stands in between may have sent back what it was given.
    pub(super) fn unshown(self) -> CallError {
        const SHAPE: &str = "nothing of it is shown, because it may hold a secret";
        match self {
            CallError::Unreadable { command, why } => CallError::Unreadable {
                command,
                why: match why {
                    Garble::Codec { why, .. } => {
                        Garble::Codec { why: why.unquoted(), excerpt: String::new() }
                    }
                    Garble::Shape(_) => Garble::Shape(SHAPE.to_owned()),
                    Garble::Half { .. } => Garble::Half { excerpt: String::new() },
                    Garble::Status { status, .. } => Garble::Status { status, excerpt: String::new() },
                    // Whoever forgot the s of https:// must see where the login is sent.
                    Garble::Redirect { to } if command == "authenticate" => Garble::Redirect { to },
                    Garble::Redirect { .. } => {
                        Garble::Redirect { to: "an address that is not shown".to_owned() }
                    }
                    why @ (Garble::TooLarge { .. } | Garble::NotHttp) => why,
                },
            },
            CallError::Refused { command, why: Refusal::Uid(uid) } if uid.meaning().is_none() => {
                CallError::Refused { command, why: Refusal::Unshown }
            }
            error => error,
        }
    }

    /// The error id, where the server gave one.
    pub fn uid(&self) -> Option<&Uid> {
        match self {
            CallError::Refused {
                why: Refusal::Login(uid) | Refusal::NoRsa(uid) | Refusal::Uid(uid), ..
            } => Some(uid),
            _ => None,
        }
    }

    pub(super) fn bears(&self) -> Option<Bears> {
        self.uid().map(Uid::bears)
    }

    /// All session ids mean the same (U-38). One that answers a login is a refusal, not a reason to log in.
    pub(super) fn session_lost(&self) -> bool {
        matches!(self, CallError::Refused { why: Refusal::Uid(uid), .. } if uid.bears() == Bears::Session)
    }

    /// Whether it speaks of the conversation or of the whole server, and not of what was asked.
    pub(super) fn ends_it_all(&self) -> bool {
        matches!(self.bears(), Some(Bears::Session | Bears::Licence))
    }

    /// Whether a read may be sent once more because of it: nothing came, or something that was cut, or that something
    /// else may have answered for a moment. A redirection stays what it is.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            CallError::Unanswered { .. } => true,
            CallError::Unreadable { why: Garble::Codec { .. } | Garble::Half { .. }, .. } => true,
            CallError::Unreadable { .. } | CallError::Refused { .. } => false,
        }
    }

    pub(super) fn shape(command: &'static str, what: impl Into<String>) -> CallError {
        CallError::Unreadable { command, why: Garble::Shape(what.into()) }
    }
}
