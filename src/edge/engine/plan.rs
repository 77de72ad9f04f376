//! Reads one server and plans it.

use super::failure::{Failure, FailureKind};
use super::job::Job;
use super::keep::{Known, LockOwner, tell_unfinished};
use super::read::{Read, read};
use crate::edge::port::{Calls, Connect, Server};
use crate::edge::store::Store;
use crate::plan::remarks::STRAY;
use crate::plan::{Plan, build};

/// Reads a server for a plan that is only shown; `store` is what is remembered, where anything is.
///
/// # Errors
/// Why it could not be read.
pub async fn read_to_plan<C: Connect>(
    job: &Job<'_>,
    connect: &C,
    store: Option<&Store>,
) -> Result<Read<C::Server>, Failure> {
    if let Some(store) = store {
        tell_unfinished(job, store, LockOwner::Unknown).await?;
    }
    read(job, connect, Known::of(job.server, store).await?).await
}

/// The plan of a server that was read.
///
/// # Errors
/// Why there is none: what the spec or the options say does not hold on this server.
pub fn plan_of<'r, S: Server>(job: &Job<'r>, read: &'r Read<S>) -> Result<Plan<'r>, Failure> {
    build(read.inputs(job)).map_err(|findings| {
        let with = |code: &str| findings.iter().any(|finding| finding.code == code);
        let kind = match (with("internal"), with(STRAY)) {
            (true, _) => FailureKind::Internal,
            // The command line is mended first: what else there is to say depends on it.
            (false, true) => FailureKind::Usage,
            (false, false) => FailureKind::Invalid,
        };
        let (message, remedy) = match findings.as_slice() {
            [only] => (only.message.clone(), only.remedy.clone()),
            _ => (format!("the spec does not hold on this server: {} errors", findings.len()), None),
        };
        Failure { kind, message, remedy, findings, calls: Calls::default() }
    })
}
