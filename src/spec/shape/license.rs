//! `License`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::services::ServiceMap;
use super::values::{Count, FilePath, ModuleName, Name, TextMap, Token};

/// What the licence of a server must be.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct LicenseBody {
    /// The `metadata.name` of the server this speaks of. Example: `eu`.
    pub server: Name,
    /// The order id of the licence, compared with the server's. Absent: not compared. It is text, whatever it
    /// looks like. Example: `EXAMPLE-0001`.
    pub order_id: Option<Token>,
    /// Whether the licence is an evaluation. A server then shows status 1 for as long as it lasts, as one in Emergency
    /// Mode does (LIC-4); without this such a server takes no changes. Default: `false`. Example: `true`.
    pub evaluation: Option<bool>,
    /// How the licence gets onto the server. Absent: it is only compared. Read, and not done yet.
    /// Example: `{online: {}}`.
    pub activation: Option<ActivationShape>,
    /// What to do when the server cannot re-validate its licence by itself. Read, and not done yet.
    pub revalidation: Option<RevalidationWord>,
    /// What the licence must offer, by module. It is compared, and it is the limit of seats where those cannot be
    /// read from the server (U-1). Absent: nothing is expected. Example: `{activesync: {seats: 50, keepFree: 5}}`.
    #[schemars(extend("propertyNames" = {"pattern": "[0-9A-Za-z\\u0080-\\uffff]"}))]
    pub expect: Option<TextMap<ExpectShape>>,
    /// Which module a service takes its seats from, where that differs from what the names suggest. Absent: as
    /// the names suggest. Example: `{webdav: caldav}`.
    pub module_of: Option<ServiceMap<ModuleName>>,
}

/// How the licence gets onto the server: exactly one of `online`, `offline`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct ActivationShape {
    /// The server fetches the licence of the order id from the vendor by itself. Always `{}`.
    pub online: Option<OnlineShape>,
    /// The licence is in a file.
    pub offline: Option<OfflineShape>,
}

/// Activation over the network; it has no settings.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct OnlineShape {}

/// Activation from a file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct OfflineShape {
    /// The licence as the vendor sent it, relative to the folder of this file. Example: `license.xml`.
    pub file: FilePath,
}

/// What to do when the server cannot re-validate its licence by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RevalidationWord {
    /// Say so, and wait for a person.
    Wait,
    /// Enter the same order id again. It may count as an activation (ACT-4, U-40).
    Reenter,
}

/// What the licence must offer of one module.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ExpectShape {
    /// How many seats the licence must have. Absent: any number. Example: `50`.
    pub seats: Option<Count>,
    /// How many seats must stay free: a plan that would take one of them is blocked. Default: 0. Example: `5`.
    pub keep_free: Option<Count>,
}
