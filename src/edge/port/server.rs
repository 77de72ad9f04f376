//! The trait, and what goes through it.

use std::collections::BTreeMap;
use std::future::Future;

use jiff::civil::Date;

use super::calls::{Calls, Phase};
use super::failed::Failed;
use crate::edge::secrets::Secret;
use crate::model::observed::{DomainSwitches, ServiceBits};
use crate::model::{Address, BackupKey, Directory, Observed, Reading, Service, ServiceSet};
use crate::spec::meaning::Connection;

/// What is to be read. Domains, licence status, reference and version are always read.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub services: ServiceSet,
    /// List the accounts; with `services` not empty, read each user account too.
    pub accounts: bool,
    /// Groups whose members are read, and those of groups found in them. Needs the accounts to be listed, and so
    /// lists them.
    pub groups: Vec<Address>,
    /// Other addresses that a spec names one by one: each may be an alias (U-45).
    pub named: Vec<Address>,
    /// Domains that a spec names one by one: each may be an alias.
    pub domains: Vec<String>,
    /// The day in UTC, without which it is not known who has expired.
    pub today: Option<Date>,
    /// The licence's text, order id and counters.
    pub licence: bool,
    pub backup: Vec<BackupKey>,
}

/// How far a read has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub phase: Phase,
    pub done: u64,
    pub total: Option<u64>,
}

/// What the answer to a write says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The server says it was done. Whether it had effect is told only by reading it back.
    Applied,
    NotApplied,
}

/// A server that was logged in to.
pub trait Server: Clone + Send + Sync + 'static {
    /// Reads what is wanted.
    ///
    /// # Errors
    /// A part of a server is never taken for the whole.
    fn observe(
        &self,
        wanted: &Wanted,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> impl Future<Output = Result<Observed, Failed>> + Send;

    /// Reads the lists once more, and says what differs from before; nothing where both passes agree (U-9).
    fn recheck(
        &self,
        wanted: &Wanted,
        before: &Directory,
    ) -> impl Future<Output = Result<Vec<String>, Failed>> + Send;

    /// Reads the own switches of domains.
    fn domain_switches(
        &self,
        domains: &[&str],
        services: ServiceSet,
    ) -> impl Future<Output = Result<BTreeMap<Box<str>, DomainSwitches>, Failed>> + Send;

    /// Reads switches of one account again, and the effective values of the services in `effective`.
    fn read_switches(
        &self,
        address: &str,
        switches: ServiceSet,
        effective: ServiceSet,
    ) -> impl Future<Output = Result<ServiceBits, Failed>> + Send;

    /// Writes one switch of one account, and nothing else in the same call (U-7).
    fn write_switch(
        &self,
        address: &str,
        service: Service,
        on: bool,
    ) -> impl Future<Output = Result<Written, Failed>> + Send;

    /// Reads one setting of the backup again.
    fn read_setting(&self, key: BackupKey) -> impl Future<Output = Result<Reading<String>, Failed>> + Send;

    /// Writes one setting of the backup, as text of the wire.
    fn write_setting(
        &self,
        key: BackupKey,
        text: &str,
    ) -> impl Future<Output = Result<Written, Failed>> + Send;

    /// Reads the number of the licence's status again (U-4).
    fn standing(&self) -> impl Future<Output = Result<Reading<i64>, Failed>> + Send;

    /// Who is logged in and with which rights, in the server's own words; `None` where it does not say.
    fn caller(&self) -> Option<String>;

    /// From here on nothing that went unanswered is sent again: somebody waits for the end.
    fn wind_up(&self);

    /// Logs out. Best effort, and bounded: a session that stays open ends by itself.
    fn log_out(&self) -> impl Future<Output = ()> + Send;

    /// The calls that were sent so far.
    fn calls(&self) -> Calls;
}

/// What is needed to log in.
#[derive(Debug)]
pub struct Access<'a> {
    pub connection: &'a Connection,
    /// The one that [`Connection::secret`] names.
    pub secret: Secret,
}

/// Logs in to servers of one kind.
pub trait Connect: Sync {
    type Server: Server;

    /// Logs in.
    ///
    /// # Errors
    /// Nobody is logged in then.
    fn connect(&self, access: Access<'_>) -> impl Future<Output = Result<Self::Server, Failed>> + Send;

    /// What whoever stands between here and the server could do; told on every run.
    fn warning(&self, connection: &Connection) -> Option<String>;
}
