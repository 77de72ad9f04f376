//! What a run writes, and reads back.
//!
//! One logical group a call: whether a list with one bad item is applied in part is not known (U-7).

use std::collections::BTreeMap;

use super::accounts;
use super::encode::Params;
use super::error::CallError;
use super::lists::refused;
use super::properties::{self, backup_variable};
use super::readers;
use super::server;
use super::session::Client;
use crate::edge::port::{Phase, Written};
use crate::model::backup::BackupKind;
use crate::model::observed::ServiceBits;
use crate::model::{BackupKey, Reading, Service, ServiceSet};

impl Client {
    /// Reads switches of one account again, and the effective values of the services in `support`: one name that
    /// the server does not know could spoil the whole answer (U-33), so nothing is asked for that was not read
    /// before. An account that is gone is an error here.
    pub async fn read_switches(
        &self,
        address: &str,
        switches: ServiceSet,
        support: ServiceSet,
    ) -> Result<ServiceBits, CallError> {
        let of = |service| properties::of(service);
        let mut names: Vec<&str> = switches.iter().map(|service| of(service).switch).collect();
        names.extend(support.iter().filter_map(|service| of(service).support));
        let properties = accounts::properties_of(self, Phase::Verify, address, &names).await?;
        Ok(readers::service_bits(&properties, switches.union(support)))
    }

    /// Writes one switch of one account. Whether it had effect is told only by reading it back.
    pub async fn write_switch(
        &self,
        address: &str,
        service: Service,
        on: bool,
    ) -> Result<Written, CallError> {
        let address = self.spellings().of(address);
        let params = Params::new().text("accountemail", &address).group("propertyvaluelist", |list| {
            list.value_item(properties::of(service).switch, if on { "1" } else { "0" })
        });
        self.write("setaccountproperties", &params).await
    }

    /// Reads settings of the backup again.
    pub async fn read_settings(
        &self,
        keys: &[BackupKey],
    ) -> Result<BTreeMap<BackupKey, Reading<String>>, CallError> {
        server::backup(self, Phase::Verify, keys).await
    }

    /// Writes one setting of the backup, as text of the wire.
    pub async fn write_setting(&self, key: BackupKey, text: &str) -> Result<Written, CallError> {
        let params =
            Params::new().group("propertyvaluelist", |list| list.value_item(backup_variable(key), text));
        let params = params.secret(key.kind() == BackupKind::Secret);
        self.write("setserverproperties", &params).await
    }

    /// Reads `C_LicenseStatus` again.
    pub async fn read_status(&self) -> Result<Reading<i64>, CallError> {
        server::status(self).await
    }

    async fn write(&self, command: &'static str, params: &Params) -> Result<Written, CallError> {
        let result = self.call(Phase::Write, command, params).await?;
        readers::written(&result).map_err(|misfit| match refused(command, misfit) {
            error if params.is_secret() => error.unshown(),
            error => error,
        })
    }
}
