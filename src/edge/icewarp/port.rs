//! The interface over HTTP as one of the servers that `edge/port` knows.

use std::collections::BTreeMap;

use super::error::{CallError, Meaning};
use super::observe::{domain_switches, observe};
use super::options::{Limits, Options};
use super::recheck;
use super::session::Client;
use super::transport::is_hearable;
use crate::edge::port::{
    Access, Calls, Connect, Failed, Garbled, Progress, Refused, Sent, Server, Wanted, Written,
};
use crate::model::observed::{DomainSwitches, ServiceBits};
use crate::model::{BackupKey, Directory, Observed, Reading, Service, ServiceSet};
use crate::report::chain;
use crate::spec::meaning::{Connection, Login};

/// Logs in over HTTP.
#[derive(Debug, Clone, Default)]
pub struct Rpc {
    pub limits: Limits,
}

/// A server that is reached over HTTP.
#[derive(Clone)]
pub struct RpcServer(pub Client);

impl Connect for Rpc {
    type Server = RpcServer;

    async fn connect(&self, access: Access<'_>) -> Result<RpcServer, Failed> {
        let Access { connection, secret: password } = access;
        let rpc = connection.rpc();
        let client = Client::connect(Options {
            url: rpc.url.clone(),
            account: rpc.account.to_string(),
            password,
            login: rpc.login,
            ca_file: rpc.ca_file.as_deref().map(|path| connection.place.beside(path)),
            insecure_skip_verify: rpc.insecure_skip_verify,
            limits: self.limits.clone(),
        })
        .await?;
        match client.check_password().await {
            Ok(()) => Ok(RpcServer(client)),
            Err(error) => {
                client.close().await;
                Err(error.into())
            }
        }
    }

    fn warning(&self, connection: &Connection) -> Option<String> {
        let rpc = connection.rpc();
        let url = &rpc.url;
        let (hearable, login) = (is_hearable(url), rpc.login.unwrap_or(Login::Rsa));
        match (hearable, login) {
            (true, Login::Rsa) => Some(format!(
                "{url} is reached without TLS: whoever listens cannot read the password, but can read everything else"
            )),
            (true, Login::Plain) => Some(format!(
                "{url} is reached without TLS: whoever listens can read the password (login: plain)"
            )),
            (false, _) if rpc.insecure_skip_verify => Some(format!(
                "{url} is reached without checking its certificate (insecureSkipVerify): whoever sits in between can \
                 read the password"
            )),
            (false, _) => None,
        }
    }
}

impl Server for RpcServer {
    async fn observe(
        &self,
        wanted: &Wanted,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Observed, Failed> {
        self.0.reopen();
        Ok(observe(&self.0, wanted, progress).await?)
    }

    async fn recheck(&self, wanted: &Wanted, before: &Directory) -> Result<Vec<String>, Failed> {
        Ok(recheck::recheck_lists(&self.0, wanted, before, &|_| {}).await?)
    }

    async fn domain_switches(
        &self,
        domains: &[&str],
        services: ServiceSet,
    ) -> Result<BTreeMap<Box<str>, DomainSwitches>, Failed> {
        Ok(domain_switches(&self.0, domains, services).await?)
    }

    async fn read_switches(
        &self,
        address: &str,
        switches: ServiceSet,
        effective: ServiceSet,
    ) -> Result<ServiceBits, Failed> {
        Ok(self.0.read_switches(address, switches, effective).await?)
    }

    async fn write_switch(&self, address: &str, service: Service, on: bool) -> Result<Written, Failed> {
        Ok(self.0.write_switch(address, service, on).await?)
    }

    async fn read_setting(&self, key: BackupKey) -> Result<Reading<String>, Failed> {
        let mut read = self.0.read_settings(&[key]).await?;
        Ok(read.remove(&key).unwrap_or_else(|| Reading::Unread("the answer does not hold it".into())))
    }

    async fn write_setting(&self, key: BackupKey, text: &str) -> Result<Written, Failed> {
        Ok(self.0.write_setting(key, text).await?)
    }

    async fn standing(&self) -> Result<Reading<i64>, Failed> {
        Ok(self.0.read_status().await?)
    }

    fn caller(&self) -> Option<String> {
        self.0.session_info().map(str::to_owned)
    }

    fn wind_up(&self) {
        self.0.wind_up();
    }

    async fn log_out(&self) {
        self.0.clone().close().await;
    }

    fn calls(&self) -> Calls {
        self.0.calls()
    }
}

impl From<CallError> for Failed {
    fn from(error: CallError) -> Failed {
        let (message, remedy) = (chain(&error), error.remedy());
        let silent = error.is_silence();
        match (&error, error.meaning()) {
            (_, Meaning::LicenceClosed) => Failed::Refused { why: Refused::Licence, message, remedy },
            (_, Meaning::SessionLost) => Failed::Refused { why: Refused::Session, message, remedy },
            (_, Meaning::LoginRefused) => Failed::Refused { why: Refused::Account, message, remedy },
            (_, Meaning::NotReachable) => Failed::Unanswered { sent: Sent::Nothing, message, remedy },
            (CallError::Refused { .. }, _) => Failed::Refused { why: Refused::Request, message, remedy },
            (CallError::Unanswered { .. }, _) => Failed::Unanswered { sent: Sent::Maybe, message, remedy },
            (CallError::Unreadable { .. }, _) => {
                let who = if silent { Garbled::Other } else { Garbled::Server };
                Failed::Unreadable { who, message, remedy }
            }
        }
    }
}
