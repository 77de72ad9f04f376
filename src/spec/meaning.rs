//! What a spec means once it is checked: one [`ServerSpec`] for each server, with all that speaks of it.
//!
//! Every value that a plan may have to point at carries its [`Place`].

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil::Date;

use crate::model::{AccountState, Address, BackupKey, Finding, Module, Place, SecretRef, Service};

/// One file as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The path as the user gave it, with `/` between its parts.
    pub name: Arc<str>,
    pub text: Arc<str>,
}

/// A whole spec. Servers are sorted by name, and policies by name within a server.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    pub servers: Vec<ServerSpec>,
    /// Remarks that do not make it invalid.
    pub findings: Vec<Finding>,
}

/// A server and every document that names it.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerSpec {
    pub name: String,
    pub place: Place,
    pub labels: BTreeMap<String, String>,
    pub connection: Connection,
    pub identity: Identity,
    pub guardrails: Guardrails,
    pub license: Option<LicenseSpec>,
    pub backup: Option<BackupSpec>,
    pub policies: Vec<PolicySpec>,
}

/// How to reach a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    pub transport: Transport,
    pub place: Place,
}

/// By what a server is reached. A second one, such as the vendor's command line, is a variant here, and the compiler
/// then names every place that must tell the two apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transport {
    Rpc(RpcConnection),
}

/// How to reach a server's RPC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpcConnection {
    /// An absolute `http` or `https` URL.
    pub url: String,
    pub account: Caller,
    pub password: SecretRef,
    /// `None`: plain within TLS or this machine, else encrypted.
    pub login: Option<Login>,
    /// A PEM file of certificates to trust beside the platform's, relative to the folder of the spec's file.
    pub ca_file: Option<PathBuf>,
    pub insecure_skip_verify: bool,
}

/// Who logs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    Account(Address),
    /// The administrator of the whole server, who is in no domain (reference 1.3).
    GlobalAdmin,
}

impl Caller {
    /// The name by which the server knows it.
    pub const GLOBAL_ADMIN: &str = "globaladmin";

    /// Reads an address, or the one name that is none.
    pub fn parse(text: &str) -> Option<Caller> {
        if text.eq_ignore_ascii_case(Caller::GLOBAL_ADMIN) {
            return Some(Caller::GlobalAdmin);
        }
        Address::parse(text).ok().map(Caller::Account)
    }

    /// As it is sent: lower-cased.
    pub fn as_str(&self) -> &str {
        match self {
            Caller::Account(address) => address.as_str(),
            Caller::GlobalAdmin => Caller::GLOBAL_ADMIN,
        }
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Connection {
    /// The RPC of the server, where it is reached so.
    pub fn rpc(&self) -> &RpcConnection {
        let Transport::Rpc(rpc) = &self.transport;
        rpc
    }

    /// Where the server is reached, for people and for what they compare.
    pub fn target(&self) -> &str {
        match &self.transport {
            Transport::Rpc(rpc) => &rpc.url,
        }
    }

    /// What tells this way to a server from another way, in the store and for locks. Its text must not change: an
    /// open run, the memory and the lock of a server are found by it.
    pub fn key(&self) -> String {
        match &self.transport {
            Transport::Rpc(rpc) => format!("url {}", rpc.url),
        }
    }

    /// Who logs in.
    pub fn caller(&self) -> &Caller {
        match &self.transport {
            Transport::Rpc(rpc) => &rpc.account,
        }
    }

    /// The secret that it needs, with its key in the spec.
    pub fn secret(&self) -> (&'static str, &SecretRef) {
        match &self.transport {
            Transport::Rpc(rpc) => ("connection.rpc.password", &rpc.password),
        }
    }
}

/// How the password is sent when logging in (reference 1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    /// Encrypted with a key that the server gives.
    Rsa,
    /// As it is.
    Plain,
}

/// What tells this server from another. Nothing is written to a server unless both are pinned and met.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    pub domain: Option<(String, Place)>,
    pub reference_id: Option<(String, Place)>,
}

/// The limits that a `Server` sets on its plans, the defaults filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Guardrails {
    /// How many accounts may lose one service in one plan. Default 20.
    pub disable_accounts: u64,
    /// The same as a share, in percent, of those that have it on. Default 5.
    pub disable_percent: f64,
    /// Globs of addresses that may lose nothing.
    pub protect: Vec<(String, Place)>,
    /// Where `disable` is set; `None` where the default holds.
    pub disable_place: Option<Place>,
    /// The sense of `C_System_Tools_ExcludeLicense` (U-2).
    pub exclude_license_sense: ExcludeLicenseSense,
    /// What the `Support` variables of the server say (U-32).
    pub support_sense: SupportSense,
}

/// What it says that an account's `Support` of a service reads 1 (U-32). Where it reads 0 the account has not got it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SupportSense {
    /// The service is effectively on, whatever the switch says.
    Effective,
    /// The account may have it: whether it has is what the switch says.
    Available,
    /// Taken for `Effective` where seats are counted, since that counts more of them.
    #[default]
    Unknown,
}

/// Which of its two readings `C_System_Tools_ExcludeLicense` has (U-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExcludeLicenseSense {
    /// 1 puts the licence into the backup (BAK-3).
    Manual,
    /// 1 leaves the licence out of the backup (reference 5.3).
    VariableList,
    #[default]
    Unknown,
}

/// How a licence gets onto a server (ACT-1, ACT-2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Activation {
    /// The server fetches it by itself.
    Online,
    /// From a file, relative to the folder of the spec's file.
    Offline(PathBuf),
}

/// What a `License` says: what the server's licence must be and offer. Nothing of it is written to a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicenseSpec {
    pub name: String,
    pub place: Place,
    pub order_id: Option<(String, Place)>,
    /// Where it says that the licence is an evaluation; `None` where it does not.
    pub evaluation: Option<Place>,
    /// How the licence would get onto the server, and where that is said: nothing is activated yet.
    pub activation: Option<(Activation, Place)>,
    /// Whether the document has a `revalidation`, and where: nothing is done about it yet.
    pub revalidation: Option<Place>,
    pub expect: BTreeMap<Module, Expect>,
    pub module_of: BTreeMap<Service, (Module, Place)>,
}

/// What the licence must offer of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expect {
    pub seats: Option<u64>,
    pub keep_free: u64,
    pub place: Place,
}

/// What a `BackupPolicy` manages. A setting that is not in the list is never touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupSpec {
    pub name: String,
    pub place: Place,
    /// The managed settings, each once, sorted by key. `licenseInBackup` is resolved to the raw flag.
    pub settings: Vec<BackupSetting>,
}

/// A managed setting: what it shall be, and where that is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupSetting {
    pub key: BackupKey,
    pub value: BackupValue,
    pub place: Place,
}

/// A value in the form that the setting has; of a secret only where it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupValue {
    Flag(bool),
    Number(u64),
    Text(String),
    Secret(SecretRef),
}

/// What a `ServicePolicy` says of the accounts in its scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicySpec {
    pub name: String,
    pub place: Place,
    pub priority: i64,
    pub scope: Selector,
    /// Each service at most once.
    pub services: Vec<ServiceRule>,
    pub exceptions: Vec<Exception>,
}

/// Which accounts are meant. The keys that are given intersect, the entries of one key unite, `except` subtracts.
/// At least one of `domains`, `groups`, `accounts` is given, and none that is given is empty. All are lower-cased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    /// Names of domains; globs match the whole name.
    pub domains: Option<Vec<(String, Place)>>,
    /// Addresses of groups; no globs.
    pub groups: Option<Vec<(String, Place)>>,
    /// Addresses; globs match the whole address.
    pub accounts: Option<Vec<(String, Place)>>,
    /// Addresses; globs match the whole address.
    pub except: Vec<(String, Place)>,
    /// Only accounts in one of these states; in any where it is absent.
    pub states: Option<Vec<AccountState>>,
    pub place: Place,
}

/// What a policy wants of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceRule {
    pub service: Service,
    pub want: Want,
    pub place: Place,
}

/// Who in the scope shall have a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Want {
    /// Everyone in scope.
    Everyone(Switch),
    /// `enable` selects within the scope.
    Selected { enable: Selector, others: Others, others_place: Place },
}

/// What becomes of the accounts in scope that are not selected; the spec must say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    Disabled,
    Leave,
}

/// What a switch shall be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    Enabled,
    Disabled,
}

/// What one account shall have instead of what the policies say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    pub account: Address,
    pub service: Service,
    pub set: Switch,
    /// The last day on which it holds, UTC; for ever where absent.
    pub until: Option<Date>,
    pub why: Option<String>,
    pub place: Place,
}
