//! `Server`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::values::{AccountGlob, Caller, Count, DomainName, FilePath, SecretReference, Token, Url};

/// The wanted state of one server.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ServerBody {
    /// How to reach the server.
    pub connection: ConnectionShape,
    /// What tells this server from any other. Without it plans are shown and nothing is ever written.
    pub identity: Option<IdentityShape>,
    /// Limits that block a plan until they are overridden by their own name.
    pub guardrails: Option<GuardrailsShape>,
    /// Which of its two readings the server's flag `C_System_Tools_ExcludeLicense` has: the vendor's manual and
    /// the vendor's list of variables contradict each other (U-2). Default: `unknown`.
    pub exclude_license_sense: Option<SenseWord>,
    /// What it means on this server that an account's variable `U_…Support` reads 1 (U-32): that the service is in
    /// effect, or merely that the account may have it. Default: `unknown`, which counts such accounts as users.
    pub support_sense: Option<SupportWord>,
}

/// The ways to reach a server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ConnectionShape {
    /// The administration interface over HTTP.
    pub rpc: RpcShape,
}

/// The administration interface over HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RpcShape {
    /// Where it listens: an absolute `http` or `https` URL. Example: `https://mail.example.com/icewarpapi/`.
    pub url: Url,
    /// The administrator to log in as. Example: `admin@example.com`. `globaladmin` is the one of the whole server,
    /// where the server lets it log in.
    pub account: Caller,
    /// Where that administrator's password is kept. Example: `{env: ICEWARP_PASSWORD}`.
    pub password: SecretReference,
    /// How the password is sent. Default: `plain` where nobody can listen, which is within `https` and on this
    /// machine, else `rsa`.
    pub login: Option<LoginWord>,
    /// A PEM file of certificates to trust beside the platform's, relative to the folder of this file.
    /// Absent: only the platform's. Example: `ca.pem`.
    pub ca_file: Option<FilePath>,
    /// Do not verify the server's certificate: whoever is in between can then read the password and change what
    /// is written. Default: `false`.
    pub insecure_skip_verify: Option<bool>,
}

/// How the password is sent when logging in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum LoginWord {
    /// Encrypted with a key that the server gives. Whoever listens does not learn the password; whoever can also
    /// change what is sent does, and only `https` helps against him.
    Rsa,
    /// As it is. Within `https` nobody reads it; over `http` everybody in between does.
    Plain,
}

/// What tells this server from any other. Nothing is written unless both are given and met; a first plan shows
/// their values.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct IdentityShape {
    /// A standard mail domain that must exist on the server. Example: `example.com`.
    pub domain: Option<DomainName>,
    /// The Reference ID of the machine, as the server's console shows it. Example:
    /// `82811415-0DC1291E-05492B82-877710E7-MW-`.
    pub reference_id: Option<Token>,
}

/// Limits that block a plan until they are overridden by their own name.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct GuardrailsShape {
    /// How many accounts may lose one service in one plan; either limit blocks.
    pub disable: Option<DisableShape>,
    /// Accounts that may lose nothing. Globs are allowed. Absent: only administrators and the like.
    /// Example: `[ceo@example.com]`.
    pub protect: Option<Vec<AccountGlob>>,
}

/// How many accounts may lose one service in one plan, of those that have it on; either limit blocks.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DisableShape {
    /// At most this many accounts. Default: 20.
    pub accounts: Option<Count>,
    /// At most this share of the accounts, in percent from 0 to 100; decimals are allowed. Default: 5.
    #[schemars(range(min = 0, max = 100))]
    pub percent: Option<f64>,
}

/// Which reading the server's flag `C_System_Tools_ExcludeLicense` has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum SenseWord {
    /// As the vendor's manual says: 1 puts the licence into the backup.
    Manual,
    /// As the vendor's list of variables says: 1 leaves the licence out of the backup.
    VariableList,
    /// Nobody has found out; the licence in the backup can then not be declared by intent.
    Unknown,
}

/// What it means that an account's variable `U_…Support` reads 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum SupportWord {
    /// The service is in effect for the account, whatever its switch says.
    Effective,
    /// The account may have the service; whether it has is what its switch says.
    Available,
    /// Nobody has found out; the account is then counted as a user of the service.
    Unknown,
}
