//! Reads one server: logs in, resolves its secrets, asks for all that a plan needs.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use super::failure::{Failure, FailureKind};
use super::job::Job;
use super::keep::Known;
use super::tell::Told;
use crate::diff::{SecretMatch, SecretsMet};
use crate::edge::port::{Access, Connect, Failed, Server, Wanted};
use crate::edge::secrets::{self, Secret};
use crate::model::observed::ServiceBits;
use crate::model::secret::is_masked;
use crate::model::{Address, BackupKey, Observed, Place, Reading, SecretRef};
use crate::plan::{Inputs, asks};
use crate::policy::{groups_of, named_in, services_of};
use crate::report::chain;
use crate::seats;
use crate::spec::meaning::{BackupValue, ServerSpec, SupportSense};

/// A server that was read, with the session still open.
pub struct Read<S> {
    pub server: S,
    pub observed: Observed,
    pub met: SecretsMet,
    pub known: Known,
    pub secrets: Arc<BTreeMap<BackupKey, Secret>>,
    pub today: Date,
}

impl<S: Server> Read<S> {
    /// What a plan of this server is made of.
    pub fn inputs<'r>(&'r self, job: &Job<'r>) -> Inputs<'r> {
        job.inputs(&self.observed, self.today, &self.met, &self.known.memory)
    }

    /// Reads the server once more. One that was logged out logs in again by itself, with the password that it has:
    /// nothing is resolved twice.
    ///
    /// # Errors
    /// It cannot be read now; what was read before is as it was.
    pub async fn again(&mut self, job: &Job<'_>) -> Result<(), Failure> {
        let read = unless_interrupted(job, read_all(&self.server, job, &self.secrets, &self.known));
        (self.observed, self.met, self.today) = read.await?;
        Ok(())
    }

    /// Logs out, unless somebody wants the end at once: a session that stays open ends by itself.
    pub async fn log_out(&self, job: &Job<'_>) {
        log_out(&self.server, job).await;
    }
}

/// Logs in and reads all that a plan needs. On every path but success the session is closed.
///
/// # Errors
/// Why the server could not be read; nothing was changed.
pub async fn read<C: Connect>(job: &Job<'_>, connect: &C, known: Known) -> Result<Read<C::Server>, Failure> {
    if job.ear.stop().is_asked() {
        return Err(Failure::interrupted("before the server was read"));
    }
    let (server, secrets) = unless_interrupted(job, log_in(job, connect)).await?;
    if let Some(caller) = server.caller() {
        job.told(Told::LoggedIn(&caller));
    }
    let read = unless_interrupted(job, read_all(&server, job, &secrets, &known)).await;
    job.told(Told::Read);
    match read {
        Ok((observed, met, today)) => {
            Ok(Read { server, observed, met, known, secrets: Arc::new(secrets), today })
        }
        Err(failure) => {
            log_out(&server, job).await;
            Err(Failure { calls: server.calls(), ..failure })
        }
    }
}

/// Logs in as it is trusted for this server.
async fn log_in<C: Connect>(
    job: &Job<'_>,
    connect: &C,
) -> Result<(C::Server, BTreeMap<BackupKey, Secret>), Failure> {
    let access = job.trust.access(job.server)?;
    let connection = &access.connection;
    let (key, reference) = connection.secret();
    let secret = resolve(key, reference, &connection.place).await?;
    let backup_secrets = resolve_backup(job.server, access).await?;
    if let Some(warning) = connect.warning(connection) {
        job.told(Told::Warning(&warning));
    }
    Ok((connect.connect(Access { connection, secret }).await?, backup_secrets))
}

async fn unless_interrupted<T, E>(
    job: &Job<'_>,
    read: impl Future<Output = Result<T, E>>,
) -> Result<T, Failure>
where
    Failure: From<E>,
{
    tokio::select! {
        read = read => read.map_err(Failure::from),
        () = job.ear.interrupted() => Err(Failure::interrupted("while the server was read")),
    }
}

async fn log_out(server: &impl Server, job: &Job<'_>) {
    if job.ear.stop().is_urgent() {
        return;
    }
    tokio::select! {
        () = server.log_out() => {}
        () = job.ear.interrupted() => {}
    }
}

/// Gets a secret, or says which one is missing and where the spec wants it. A file is looked for beside the spec's file
/// that names it.
async fn resolve(key: &str, reference: &SecretRef, place: &Place) -> Result<Secret, Failure> {
    let beside = match reference {
        SecretRef::File(path) => {
            SecretRef::File(Path::new(&*place.file).parent().unwrap_or(Path::new("")).join(path))
        }
        SecretRef::Env(_) | SecretRef::Exec(_) => reference.clone(),
    };
    secrets::resolve(&beside).await.map_err(|error| {
        let message = format!("{key} at {}:{}: {}", place.file, place.line, chain(&error));
        Failure::new(FailureKind::Secret, message).remedy(error.remedy())
    })
}

/// The secrets that `server` declares, each from where `access` keeps it.
async fn resolve_backup(
    server: &ServerSpec,
    access: &ServerSpec,
) -> Result<BTreeMap<BackupKey, Secret>, Failure> {
    let declared = |key: BackupKey| {
        let mut settings = server.backup.iter().flat_map(|backup| &backup.settings);
        settings.any(|setting| setting.key == key)
    };
    let mut resolved = BTreeMap::new();
    for setting in access.backup.iter().flat_map(|backup| &backup.settings) {
        if let BackupValue::Secret(reference) = &setting.value
            && declared(setting.key)
        {
            resolved.insert(setting.key, resolve(setting.key.path(), reference, &setting.place).await?);
        }
    }
    Ok(resolved)
}

async fn read_all(
    server: &impl Server,
    job: &Job<'_>,
    backup_secrets: &BTreeMap<BackupKey, Secret>,
    known: &Known,
) -> Result<(Observed, SecretsMet, Date), Failed> {
    let wanted = wanted(job.server);
    let mut observed = server.observe(&wanted, &|progress| job.told(Told::Reading(progress))).await?;
    if job.server.guardrails.support_sense == SupportSense::Available {
        observed.columns.bits.iter_mut().for_each(ServiceBits::take_support_as_available);
    }
    let met = met(backup_secrets, &observed, known);
    let today = today();
    let asks = asks(job.inputs(&observed, today, &met, &known.memory));
    if asks.lists_again {
        // Only two passes that agree show that nothing moved while the lists were read (U-9).
        let moved = server.recheck(&wanted, &observed.directory).await?;
        observed.directory.incomplete.extend(moved);
    }
    if !asks.claim_domains.is_empty() {
        let domains: Vec<&str> = asks.claim_domains.iter().map(String::as_str).collect();
        observed.domain_switches = server.domain_switches(&domains, wanted.services).await?;
    }
    Ok((observed, met, today))
}

/// The day, in UTC.
pub(super) fn today() -> Date {
    jiff::tz::Offset::UTC.to_datetime(Timestamp::now()).date()
}

/// What a plan of a server needs of it.
pub(super) fn wanted(server: &ServerSpec) -> Wanted {
    let services = services_of(&server.policies);
    let groups = groups_of(&server.policies);
    let named = named_in(&server.policies, server.guardrails.protect.iter().map(|(text, _)| text.as_str()));
    Wanted {
        services: seats::modules::mates(server.license.as_ref(), services),
        accounts: true,
        groups: groups.iter().filter_map(|group| Address::parse(group).ok()).collect(),
        named: named.addresses,
        domains: named.domains,
        today: Some(today()),
        licence: true,
        backup: server.backup.iter().flat_map(|backup| &backup.settings).map(|setting| setting.key).collect(),
    }
}

/// How each declared secret compares with what the server has; where nobody may read that, with what was written last.
fn met(backup_secrets: &BTreeMap<BackupKey, Secret>, observed: &Observed, known: &Known) -> SecretsMet {
    let compare = |(key, secret): (&BackupKey, &Secret)| {
        let as_written =
            || known.was_written(*key, secret).map_or(SecretMatch::Differs, SecretMatch::AsWritten);
        let read = observed.backup.get(key)?;
        let matched = match read {
            Reading::Read(live) if live == secret.reveal() => SecretMatch::Same,
            Reading::Read(live) if live.is_empty() => SecretMatch::Empty,
            Reading::Read(live) if is_masked(live) => as_written(),
            Reading::Read(_) => SecretMatch::Differs,
            Reading::Unread(_) if read.is_held_back() => as_written(),
            Reading::Unread(_) => return None,
        };
        Some((*key, matched))
    };
    backup_secrets.iter().filter_map(compare).collect()
}
