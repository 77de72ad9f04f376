//! Why a server could not be read, planned or locked.

use crate::edge::lock::{Holder, NoLock};
use crate::edge::port::{Calls, Failed, Refused, Sent};
use crate::edge::store::StoreError;
use crate::model::{Finding, Remedy};

/// An error that ends the work on one server. Nothing was changed on it.
#[derive(Debug)]
pub struct Failure {
    pub kind: FailureKind,
    /// A lower-case fragment with all its causes.
    pub message: String,
    pub remedy: Option<Remedy>,
    /// What is wrong, each with its place, where it stands in the spec or on the command line.
    pub findings: Vec<Finding>,
    /// The calls that were made before it.
    pub calls: Calls,
}

/// What whoever performs does about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// Whoever started it wanted it to end.
    Interrupted,
    /// The spec's connection or its secrets are not the trusted ones.
    NotTrusted,
    /// A secret could not be had.
    Secret,
    /// The login was refused, or the account has no rights.
    LoginRefused,
    NotReached,
    /// The licence lets the server take no changes.
    LicenceClosed,
    /// Any other trouble with the server.
    Server,
    /// The spec does not hold on this server.
    Invalid,
    /// Something on the command line does not hold on this server.
    Usage,
    Store,
    /// Another run has the server's lock.
    Locked,
    /// A mistake in icewarden.
    Internal,
}

impl Failure {
    /// A failure that is told by one sentence.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Failure {
        Failure { kind, message: message.into(), remedy: None, findings: Vec::new(), calls: Calls::default() }
    }

    /// The same with its next act.
    pub fn remedy(mut self, remedy: Remedy) -> Failure {
        self.remedy = Some(remedy);
        self
    }

    pub(super) fn interrupted(when: &str) -> Failure {
        Failure::new(FailureKind::Interrupted, format!("interrupted {when}"))
    }

    /// Another run has the lock.
    pub(super) fn locked(holder: &Holder) -> Failure {
        let remedy = "until it has ended, or let this one wait: --lock-timeout 5m";
        Failure::new(FailureKind::Locked, format!("another run is under way: {holder}"))
            .remedy(Remedy::Wait(remedy.into()))
    }

    /// The run to go on with was gone on with, or ended, by whoever had the lock before us.
    pub(super) fn moved_on(run: i64) -> Failure {
        let message =
            format!("run {run} is not what it was any more: another run went on with it, or ended it");
        let remedy =
            "`icewarden history`, and then `icewarden apply --resume` if anything is left".to_owned();
        Failure::new(FailureKind::Locked, message).remedy(Remedy::Rerun(remedy))
    }

    pub(super) fn no_lock(error: &NoLock) -> Failure {
        match error {
            NoLock::Held(holder) => Failure::locked(holder),
            NoLock::Io(path, error) => {
                let message = format!("the lock {} cannot be had: {error}", path.display());
                let remedy = "that this user may write there, or name another folder with --store DIR";
                Failure::new(FailureKind::Store, message).remedy(Remedy::Check(remedy.into()))
            }
        }
    }
}

impl From<Failed> for Failure {
    fn from(error: Failed) -> Failure {
        let kind = match &error {
            Failed::Refused { why: Refused::Account, .. } => FailureKind::LoginRefused,
            Failed::Refused { why: Refused::Licence, .. } => FailureKind::LicenceClosed,
            Failed::Unanswered { sent: Sent::Nothing, .. } => FailureKind::NotReached,
            Failed::Refused { why: Refused::Request | Refused::Session, .. }
            | Failed::Unanswered { sent: Sent::Maybe, .. }
            | Failed::Unreadable { .. } => FailureKind::Server,
        };
        Failure::new(kind, error.to_string()).remedy(error.remedy().clone())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure::new(FailureKind::Store, error.to_string()).remedy(error.remedy())
    }
}
