//! What can go wrong with a call, sorted by what the caller does next.

use std::time::Duration;

use super::codec::CodecError;
use super::uids::{Bears, Uid};
use crate::model::Remedy;

/// A call that gave no usable answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Trying again changes nothing.
    #[error("the server refused {command}")]
    Refused {
        command: &'static str,
        #[source]
        why: Refusal,
    },
    /// It may have happened, unless there was no connection: read back.
    #[error("{command} went unanswered")]
    Unanswered {
        command: &'static str,
        #[source]
        why: Silence,
    },
    /// No change may rest on it.
    #[error("the answer to {command} cannot be read")]
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
    /// What must exist came back empty, or was refused (U-39).
    #[error("{0}")]
    NoRights(String),
    /// Any other error id.
    #[error("{0}")]
    Uid(Uid),
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
    #[error("no connection to {host}: {why}")]
    NoConnection { host: String, kind: NoConnection, why: String },
    #[error("no answer within {} s", .0.as_secs_f32())]
    Late(Duration),
    #[error("the connection ended before an answer came: {0}")]
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
    #[error("it sends us elsewhere, to {to}")]
    Redirect { to: String },
    #[error("HTTP status {status}{}", excerpted(.excerpt))]
    Status { status: u16, excerpt: String },
    /// It is the server's language, and says something that the command's answer cannot be.
    #[error("{0}")]
    Shape(String),
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
    /// Not the server's language (exit 1).
    NotTheLanguage,
    /// Anything else (exit 1, or as the run decides).
    Other,
}

impl CallError {
    pub fn command(&self) -> &'static str {
        match self {
            CallError::Refused { command, .. }
            | CallError::Unanswered { command, .. }
            | CallError::Unreadable { command, .. } => command,
        }
    }

    pub fn meaning(&self) -> Meaning {
        match self {
            CallError::Refused { why, .. } => match why {
                Refusal::Login(_) | Refusal::LoginZero | Refusal::NoRights(_) | Refusal::Http(_) => {
                    Meaning::LoginRefused
                }
                Refusal::Uid(uid) if matches!(uid.bears(), Bears::Login | Bears::Rights) => {
                    Meaning::LoginRefused
                }
                Refusal::Uid(_) | Refusal::Zero | Refusal::NotSendable(_) => Meaning::Other,
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
                | CallError::Refused { why: Refusal::NotSendable(_), .. }
        )
    }

    /// The error id, where the server gave one.
    pub fn uid(&self) -> Option<&Uid> {
        match self {
            CallError::Refused { why: Refusal::Login(uid) | Refusal::Uid(uid), .. } => Some(uid),
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

    pub(super) fn shape(command: &'static str, what: impl Into<String>) -> CallError {
        CallError::Unreadable { command, why: Garble::Shape(what.into()) }
    }

    /// What to do next.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            CallError::Refused { why, .. } => why.remedy(),
            CallError::Unanswered { why, .. } => Some(why.remedy()),
            CallError::Unreadable { why, .. } => Some(why.remedy()),
        }
    }
}

impl Refusal {
    fn remedy(&self) -> Option<Remedy> {
        let rights = || {
            Remedy::OnServer(
                "use an account with administrator rights for connection.rpc.account, or give it those rights"
                    .to_owned(),
            )
        };
        match self {
            Refusal::Login(uid) | Refusal::Uid(uid) => match uid.bears() {
                Bears::Rights => Some(rights()),
                Bears::Protocol => Some(Remedy::Check(
                    "that connection.rpc.url is the administration interface of an IceWarp server".to_owned(),
                )),
                Bears::Session => Some(Remedy::Check(
                    "whether a proxy between here and the server changes our address from call to call"
                        .to_owned(),
                )),
                Bears::AccountGone | Bears::DomainGone => {
                    Some(Remedy::Rerun("`icewarden plan`: what exists has changed".to_owned()))
                }
                Bears::Login => Some(login_remedy(uid.as_str())),
                Bears::Value => None,
                Bears::Unknown => Some(Remedy::Check("the server's log logs/api for this call".to_owned())),
            },
            Refusal::LoginZero | Refusal::Http(_) => Some(login_remedy("")),
            Refusal::NoRights(_) => Some(rights()),
            Refusal::Zero => None,
            Refusal::NotSendable(_) => {
                Some(Remedy::EditSpec("take the control character out of the value".to_owned()))
            }
        }
    }
}

fn login_remedy(uid: &str) -> Remedy {
    match uid {
        "auth_two_factor_required" | "auth_two_factor_invalid" => Remedy::OnServer(
            "use an administrator account without two-factor login for connection.rpc.account".to_owned(),
        ),
        "login_ip_invalid" | "account_disabled_1" => {
            Remedy::OnServer("allow the account to log in from this machine's address".to_owned())
        }
        "account_disabled_13" => Remedy::OnServer(
            "look at the licence: it leaves no seat for the account of connection.rpc.account".to_owned(),
        ),
        uid if uid.starts_with("account_disabled_") => {
            Remedy::OnServer("enable the account of connection.rpc.account, or use another".to_owned())
        }
        // Each wrong login makes the server slower to answer the next one, for everybody (U-16).
        _ => Remedy::Check(
            "connection.rpc.account and its password; we do not try again, because servers slow down after \
             each failed login"
                .to_owned(),
        ),
    }
}

/// What the TLS library says, by the words it uses: it has no types for all of it.
fn tls_remedy(why: &str) -> Remedy {
    if why.contains("CA:TRUE") {
        Remedy::OnServer(
            "give it a certificate made without CA:TRUE, and name that one, or its issuer, in \
             connection.rpc.caFile"
                .to_owned(),
        )
    } else if why.contains("expired") {
        Remedy::OnServer("renew its certificate, and see that the clocks here and there are right".to_owned())
    } else {
        Remedy::EditSpec(
            "name the certificate of the issuer in connection.rpc.caFile, or give connection.rpc.url the name \
             that the server's certificate carries"
                .to_owned(),
        )
    }
}

impl Silence {
    fn remedy(&self) -> Remedy {
        match self {
            Silence::NoConnection { kind: NoConnection::Tls, why, .. } => tls_remedy(why),
            Silence::NoConnection { kind: NoConnection::Setup, .. } => {
                Remedy::EditSpec("correct connection.rpc".to_owned())
            }
            Silence::NoConnection { .. } => Remedy::Check(
                "the host and port in connection.rpc.url, and that the server's control service runs"
                    .to_owned(),
            ),
            Silence::Late(_) | Silence::Closed(_) | Silence::Http(_) => {
                Remedy::Rerun("the same, later; what may have happened is not repeated by itself".to_owned())
            }
        }
    }
}

impl Garble {
    fn remedy(&self) -> Remedy {
        match self {
            Garble::Redirect { to } => {
                Remedy::EditSpec(format!("set connection.rpc.url to the address that answers, perhaps {to}"))
            }
            Garble::Status { status: 404, .. }
            | Garble::Codec { why: CodecError::Html | CodecError::Text | CodecError::Root(_), .. } => {
                Remedy::EditSpec(
                    "let connection.rpc.url lead to IceWarp's own web or control port; it ends in /icewarpapi/"
                        .to_owned(),
                )
            }
            Garble::TooLarge { .. } | Garble::Shape(_) | Garble::Codec { .. } | Garble::Status { .. } => {
                Remedy::Check("what connection.rpc.url answers, and the server's log logs/api".to_owned())
            }
            Garble::Half { .. } => Remedy::Rerun("the same, later; the answer was cut off".to_owned()),
        }
    }
}

/// An error and its sources, once each, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let next = error.to_string();
        if !text.contains(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        source = error.source();
    }
    text
}

/// An excerpt is a hint, not a dump.
const EXCERPT_CHARS: usize = 120;

/// The beginning of what came, safe to show: no control characters, no session id, nothing of `hide`.
pub(super) fn excerpt(bytes: &[u8], hide: &[&str]) -> String {
    // Four times the characters that are shown leave room for what is taken out.
    let head = &bytes[..bytes.len().min(EXCERPT_CHARS * 4)];
    let mut text = String::from_utf8_lossy(head).into_owned();
    for secret in hide.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, "…");
    }
    sanitised(&without_sid(&text))
}

/// Takes out the value of every attribute `sid`, whole or cut.
fn without_sid(text: &str) -> String {
    let mut rest = text;
    let mut out = String::with_capacity(text.len());
    while let Some(at) = rest.to_ascii_lowercase().find("sid=") {
        let value = &rest[at + 4..];
        out.push_str(&rest[..at + 4]);
        out.push('…');
        let end = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].find(quote).map_or(value.len(), |end| end + 2),
            _ => value.find([' ', '>', '&']).unwrap_or(value.len()),
        };
        rest = &value[end..];
    }
    out.push_str(rest);
    out
}

/// One line of at most 120 characters, runs of white space and control characters as one space.
pub(super) fn sanitised(text: &str) -> String {
    let mut out = String::new();
    let mut chars = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control() || is_direction(c)) {
        if word.is_empty() {
            continue;
        }
        if chars > 0 {
            out.push(' ');
            chars += 1;
        }
        for character in word.chars() {
            if chars + 1 >= EXCERPT_CHARS {
                out.push('…');
                return out;
            }
            out.push(character);
            chars += 1;
        }
    }
    out
}

/// Characters that turn the direction of a line, and so could show a text that is not there.
fn is_direction(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
