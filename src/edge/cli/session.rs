//! Reads one server, and plans it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use super::exit::Exit;
use super::job::Job;
use super::progress::Meter;
use super::signals;
use crate::diff::{SecretMatch, SecretsMet};
use crate::edge::icewarp::{self, CallError, Client, Limits, Meaning, Options, Wanted, chain};
use crate::edge::secrets::{self, Secret};
use crate::edge::store::{Digests, Key, StoreError};
use crate::model::observed::ServiceBits;
use crate::model::{Address, BackupKey, Finding, Observed, Place, Reading, SecretRef};
use crate::plan::{Inputs, asks};
use crate::policy::{Memory, groups_of, named_in, services_of};
use crate::report::remedy::text as words;
use crate::seats;
use crate::spec::meaning::{BackupValue, Connection, Login, ServerSpec, SupportSense};

/// A server that was read, with the session still open.
pub struct Read {
    pub client: Client,
    pub observed: Observed,
    pub met: SecretsMet,
    pub known: Known,
    pub secrets: Arc<BTreeMap<BackupKey, Secret>>,
    pub today: Date,
}

impl Read {
    /// What a plan of this server is made of.
    pub fn inputs<'r>(&'r self, job: &Job<'r>) -> Inputs<'r> {
        job.inputs(&self.observed, self.today, &self.met, &self.known.memory)
    }

    /// Reads the server once more. A client that was logged out logs in again by itself, with the password that
    /// it has: nothing is resolved twice.
    pub async fn again(&mut self, job: &Job<'_>) -> Result<(), Failure> {
        let read = unless_interrupted(job, read_all(&self.client, job, &self.secrets, &self.known));
        (self.observed, self.met, self.today) = read.await?;
        Ok(())
    }
}

/// What is known of a server before it is read; empty where nothing was ever applied.
#[derive(Default)]
pub struct Known {
    pub server_key: String,
    pub memory: Memory,
    /// Of the secrets that were written, and the key of these digests.
    pub digests: Digests,
    pub key: Option<Key>,
}

impl Known {
    /// Whether a secret was written last as it is declared.
    fn was_written(&self, setting: BackupKey, secret: &Secret) -> bool {
        let written = self.key.as_ref().zip(self.digests.get(setting.path()));
        written.is_some_and(|(key, digest)| key.digest(&self.server_key, setting, secret) == *digest)
    }
}

/// Why a server could not be read.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    pub message: String,
    pub remedy: Option<String>,
    pub findings: Vec<Finding>,
}

impl Failure {
    /// What is our bug.
    pub fn internal(message: String) -> Failure {
        Failure { exit: Exit::Failed, message, remedy: None, findings: Vec::new() }
    }

    fn interrupted(when: &str) -> Failure {
        let message = format!("interrupted {when} the server was read");
        Failure { exit: Exit::Failed, message, remedy: None, findings: Vec::new() }
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Failure {
        let exit = match error.meaning() {
            Meaning::LoginRefused => Exit::LoginRefused,
            Meaning::NotReachable => Exit::Unreachable,
            Meaning::NotTheLanguage | Meaning::Other => Exit::Failed,
        };
        let remedy = Some(words(&error.remedy()));
        Failure { exit, message: chain(&error), remedy, findings: Vec::new() }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        let remedy = Some(words(&error.remedy()));
        Failure { exit: Exit::Failed, message: error.to_string(), remedy, findings: Vec::new() }
    }
}

/// Logs in and reads all that a plan needs. On every path but success the session is closed.
pub async fn read(job: &Job<'_>, known: Known) -> Result<Read, Failure> {
    if signals::was_interrupted() {
        return Err(Failure::interrupted("before"));
    }
    let (client, backup_secrets) = unless_interrupted(job, connect(job)).await?;
    match unless_interrupted(job, read_all(&client, job, &backup_secrets, &known)).await {
        Ok((observed, met, today)) => {
            Ok(Read { client, observed, met, known, secrets: Arc::new(backup_secrets), today })
        }
        Err(error) => {
            log_out(&client, job).await;
            Err(error)
        }
    }
}

/// Logs in as it is trusted for this server.
async fn connect(job: &Job<'_>) -> Result<(Client, BTreeMap<BackupKey, Secret>), Failure> {
    let Job { server, output, .. } = job;
    let access = job.trust.access(server)?;
    let connection = &access.connection;
    let password = resolve("connection.rpc.password", &connection.password, &connection.place).await?;
    let backup_secrets = resolve_backup(server, access).await?;
    if let Some(warning) = warning(connection) {
        output.say(&format!("warning: {}: {warning}", server.name));
    }
    let client = Client::connect(Options {
        url: connection.url.clone(),
        account: connection.account.to_string(),
        password,
        login: connection.login,
        ca_file: connection.ca_file.as_deref().map(|path| file_beside(path, &connection.place)),
        insecure_skip_verify: connection.insecure_skip_verify,
        limits: Limits::default(),
    })
    .await?;
    if let Err(error) = client.check_password().await {
        log_out(&client, job).await;
        return Err(error.into());
    }
    Ok((client, backup_secrets))
}

/// What whoever stands between here and the server could do; told on every run.
fn warning(connection: &Connection) -> Option<String> {
    let url = &connection.url;
    let (hearable, login) = (icewarp::is_hearable(url), connection.login.unwrap_or(Login::Rsa));
    match (hearable, login) {
        (true, Login::Rsa) => Some(format!(
            "{url} is reached without TLS: whoever listens cannot read the password, but can read everything else"
        )),
        (true, Login::Plain) => Some(format!(
            "{url} is reached without TLS: whoever listens can read the password (login: plain)"
        )),
        (false, _) if connection.insecure_skip_verify => Some(format!(
            "{url} is reached without checking its certificate (insecureSkipVerify): whoever sits in between can \
             read the password"
        )),
        (false, _) => None,
    }
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
        () = job.ear.interrupted() => Err(Failure::interrupted("while")),
    }
}

/// Logs out, unless somebody wants the program to end at once: a session that stays open ends by itself.
pub async fn log_out(client: &Client, job: &Job<'_>) {
    if signals::must_end_now() {
        return;
    }
    tokio::select! {
        () = client.clone().close() => {}
        () = job.ear.interrupted() => {}
    }
}

/// Logs out, and gives the calls that were made, by phase.
pub async fn close(client: Client, job: &Job<'_>) -> BTreeMap<String, u64> {
    log_out(&client, job).await;
    client.calls().0.into_iter().map(|(phase, count)| (phase.name().to_owned(), count)).collect()
}

/// A reference whose file is looked for beside the spec's file that names it.
fn beside(reference: &SecretRef, place: &Place) -> SecretRef {
    match reference {
        SecretRef::File(path) => SecretRef::File(file_beside(path, place)),
        SecretRef::Env(_) | SecretRef::Exec(_) => reference.clone(),
    }
}

/// A path in a spec is relative to the folder of the file that it stands in.
fn file_beside(path: &Path, place: &Place) -> PathBuf {
    Path::new(&*place.file).parent().unwrap_or(Path::new("")).join(path)
}

/// Gets a secret, or says which one is missing and where the spec wants it.
async fn resolve(key: &str, reference: &SecretRef, place: &Place) -> Result<Secret, Failure> {
    secrets::resolve(&beside(reference, place)).await.map_err(|error| Failure {
        exit: Exit::Failed,
        message: format!("{key} at {}:{}: {}", place.file, place.line, chain(&error)),
        remedy: Some(words(&error.remedy())),
        findings: Vec::new(),
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
    client: &Client,
    job: &Job<'_>,
    backup_secrets: &BTreeMap<BackupKey, Secret>,
    known: &Known,
) -> Result<(Observed, SecretsMet, Date), CallError> {
    let wanted = wanted(job.server);
    let mut observed = {
        let meter = Meter::new(job.output, &job.server.name);
        icewarp::observe(client, &wanted, &|progress| meter.read(progress)).await?
    };
    if job.server.guardrails.support_sense == SupportSense::Available {
        observed.columns.bits.iter_mut().for_each(ServiceBits::take_support_as_available);
    }
    let met = met(backup_secrets, &observed, known);
    let today = jiff::tz::Offset::UTC.to_datetime(Timestamp::now()).date();
    let asks = asks(job.inputs(&observed, today, &met, &known.memory));
    if asks.lists_again {
        // Only two passes that agree show that nothing moved while the lists were read (U-9).
        let moved = icewarp::recheck_lists(client, &wanted, &observed.directory, &|_| {}).await?;
        observed.directory.incomplete.extend(moved);
    }
    if !asks.claim_domains.is_empty() {
        let domains: Vec<&str> = asks.claim_domains.iter().map(String::as_str).collect();
        observed.domain_switches = icewarp::domain_switches(client, &domains, wanted.services).await?;
    }
    Ok((observed, met, today))
}

fn wanted(server: &ServerSpec) -> Wanted {
    let services = services_of(&server.policies);
    let groups = groups_of(&server.policies);
    let named = named_in(&server.policies, server.guardrails.protect.iter().map(|(text, _)| text.as_str()));
    Wanted {
        services: seats::modules::mates(server.license.as_ref(), services),
        accounts: true,
        groups: groups.iter().filter_map(|group| Address::parse(group).ok()).collect(),
        named: named.addresses,
        domains: named.domains,
        today: Some(jiff::tz::Offset::UTC.to_datetime(Timestamp::now()).date()),
        licence: true,
        backup: server.backup.iter().flat_map(|backup| &backup.settings).map(|setting| setting.key).collect(),
    }
}

fn met(backup_secrets: &BTreeMap<BackupKey, Secret>, observed: &Observed, known: &Known) -> SecretsMet {
    let compare = |(key, secret): (&BackupKey, &Secret)| {
        let as_written = || match known.was_written(*key, secret) {
            true => SecretMatch::Same,
            false => SecretMatch::Differs,
        };
        let matched = match observed.backup.get(key)? {
            Reading::Read(live) if live == secret.reveal() => SecretMatch::Same,
            Reading::Read(live) if live.is_empty() => SecretMatch::Empty,
            Reading::Read(live) if icewarp::masked(live) => as_written(),
            Reading::Read(_) => SecretMatch::Differs,
            Reading::Unread(why) if icewarp::held_back(why) => as_written(),
            Reading::Unread(_) => return None,
        };
        Some((*key, matched))
    };
    backup_secrets.iter().filter_map(compare).collect()
}
