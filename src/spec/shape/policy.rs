//! `ServicePolicy`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::services::{ServiceMap, ServiceName};
use super::values::{AccountAddress, Day, INTEGER_MAX, Name, Selector, Text};

/// Which accounts may use which services.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ServicePolicyBody {
    /// The `metadata.name` of the server this speaks of. Example: `eu`.
    pub server: Name,
    /// The accounts this policy speaks of. Example: `{domains: [example.com]}`.
    pub scope: Selector,
    /// Of two policies that say different things of one account and service, the one with the higher priority
    /// wins; equal priorities are an error. Default: 0.
    #[schemars(range(min = -INTEGER_MAX, max = INTEGER_MAX))]
    pub priority: Option<i64>,
    /// What holds for the accounts in scope, by service: `enabled`, `disabled`, or whom to enable. A service that
    /// is absent is not managed by this policy.
    pub services: Option<ServiceMap<ServiceWant>>,
    /// What holds for single accounts instead, whatever `services` says. Absent: no exceptions.
    pub exceptions: Option<Vec<ExceptionShape>>,
}

/// `enabled`, `disabled`, or whom to enable and what holds for the others.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ServiceWant {
    Everyone(SwitchWord),
    Selected(SelectedShape),
}

/// `enabled` or `disabled`; not `on` or `off`, which some YAML readers turn into booleans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum SwitchWord {
    /// The service is on.
    Enabled,
    /// The service is off.
    Disabled,
}

/// Whom to enable, and what holds for the others in scope.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SelectedShape {
    /// The accounts, within the policy's scope, that get the service.
    /// Example: `{groups: [sales@example.com]}`.
    pub enable: Selector,
    /// What holds for the other accounts in scope: `disabled`, or `leave` as it is.
    pub others: OthersWord,
}

/// What holds for the accounts in scope that `enable` does not select.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OthersWord {
    /// The service is off for them.
    Disabled,
    /// They are not managed.
    Leave,
}

/// What holds for one account and one service, whatever the policy says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ExceptionShape {
    /// The account; globs are not allowed. Example: `bob@example.com`.
    pub account: AccountAddress,
    /// The service. Example: `activesync`.
    pub service: ServiceName,
    /// What holds: `enabled` or `disabled`.
    pub set: SwitchWord,
    /// The last day on which the exception holds, in UTC; after it the policy rules again. Absent: for ever.
    /// Example: `2027-03-31`.
    pub until: Option<Day>,
    /// Why, for whoever reads the plan. Example: `second phone until the audit`.
    pub why: Option<Text>,
}
