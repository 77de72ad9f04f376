//! A plan outside the program: the saved file and the JSON output are one form, with its own version.
//!
//! Readers ignore unknown fields of a known major version and refuse an unknown major. No secret is ever in it;
//! a declared secret appears as the reference that the spec holds.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use super::words::words;
pub use super::words::{
    ActionFile, AddressesFile, HarmKindFile, HoldKindFile, LicenceOutcomeFile, PlanOutcomeFile, RuleFile,
    SeatsSourceFile, SeverityFile,
};

/// The version this program writes.
///
/// 1.1 adds `harm`, `changes`, `obstacles`, `narrowed` and `addresses`, which a plan of 1.0 lacks; 1.2 adds `folder`;
/// 1.3 adds `licence`.
pub const FORMAT_VERSION: &str = "1.3";

/// A plan for one or more servers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanFile {
    /// `MAJOR.MINOR` of this form.
    pub format_version: String,
    /// The version of icewarden that wrote it.
    pub icewarden_version: String,
    /// When it was made: RFC 3339, UTC.
    pub created: String,
    /// Overrides of guardrails that it was made with.
    pub allows: Vec<AllowFile>,
    /// The addresses that were planned; absent where all were. Since 1.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub narrowed: Option<NarrowedFile>,
    /// `hash` or `count` where addresses are not shown; absent where they are, as in every saved plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addresses: Option<AddressesFile>,
    pub servers: Vec<ServerFile>,
    /// The folder that it was made in, which the names of `sources` are relative to; only in a saved plan. Since 1.2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// The spec it was made from, whole, so that it can be planned again; only in a saved plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<SourceFile>>,
    /// SHA-256 over all the rest; only in a saved plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<String>,
}

impl PlanFile {
    /// A plan without servers.
    pub fn empty() -> PlanFile {
        PlanFile {
            format_version: FORMAT_VERSION.to_owned(),
            icewarden_version: env!("CARGO_PKG_VERSION").to_owned(),
            created: String::new(),
            allows: Vec::new(),
            narrowed: None,
            addresses: None,
            servers: Vec::new(),
            folder: None,
            sources: None,
            seal: None,
        }
    }
}

/// Globs over the addresses of changes. An exclusion beats every target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NarrowedFile {
    pub targets: Vec<String>,
    pub excludes: Vec<String>,
}

/// An override that the plan was made with: the guardrail's name, the value as `--allow` takes it, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AllowFile {
    pub guardrail: String,
    pub value: String,
    pub reason: String,
}

/// A file of the spec as it was read: its name as messages show it, and all of its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceFile {
    pub name: String,
    pub text: String,
}

/// The plan of one server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServerFile {
    pub server: String,
    pub url: String,
    pub outcome: PlanOutcomeFile,
    /// Why it could not be planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorFile>,
    /// The version of the server, as it says itself.
    #[serde(rename = "release", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The server's Reference ID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_id: Option<String>,
    /// The licence's order id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// How the licence stands; absent where the server could not be planned. Since 1.3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<LicenceOutcomeFile>,
    /// What the plan does; an approval is bound to it.
    pub effects_digest: String,
    /// What it would do if seats were no matter.
    pub wish_digest: String,
    pub counts: CountsFile,
    pub ledger: Vec<LedgerFile>,
    /// Whom it hits, by service and domain; the biggest harm first.
    #[serde(default)]
    pub harm: Vec<HarmFile>,
    /// The steps of each rule, counted; the biggest harm first.
    #[serde(default)]
    pub changes: Vec<GroupFile>,
    /// In the order in which they are performed.
    pub steps: Vec<StepFile>,
    /// The blocked changes of each reason, counted.
    #[serde(default)]
    pub obstacles: Vec<ObstacleFile>,
    pub blocked: Vec<BlockedFile>,
    /// Policies that decide nothing this time.
    pub held_policies: Vec<HeldFile>,
    /// While any is here nothing is done.
    pub holds: Vec<HoldFile>,
    pub findings: Vec<FindingFile>,
    pub unmanaged: UnmanagedFile,
    /// How many changes a narrowed plan leaves out; absent where the plan is of everything. Since 1.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<u64>,
    pub accounts: AccountsFile,
    /// Calls made, by phase.
    pub calls: BTreeMap<String, u64>,
}

impl ServerFile {
    /// Whether an apply would write anything of it.
    pub fn can_be_applied(&self) -> bool {
        !self.steps.is_empty() && self.holds.is_empty()
    }
}

/// Why a server could not be planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorFile {
    /// The exit code it stands for.
    pub exit: u8,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// How many changes the plan has of each sort. Blocked ones are in none of the others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CountsFile {
    pub claims: u64,
    pub releases: u64,
    pub settings: u64,
    pub blocked: u64,
    /// Declared switches and settings that could not be read.
    #[serde(default)]
    pub unread: u64,
}

impl CountsFile {
    /// All writes.
    pub fn steps(&self) -> u64 {
        self.claims + self.releases + self.settings
    }
}

/// One module's seats. Numbers are accounts; absent means unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LedgerFile {
    pub module: String,
    pub title: String,
    /// The seats; absent where unknown, and where `unlimited` is true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seats: Option<u64>,
    pub unlimited: bool,
    /// `licence`, `expect`, `statistics` or `unknown`.
    pub seats_source: SeatsSourceFile,
    /// The larger of the counts by stored and by effective switch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<u64>,
    pub released: u64,
    pub claimed: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free: Option<u64>,
    pub keep_free: u64,
    /// By how much it is used beyond its seats, before and after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_before: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_after: Option<u64>,
    /// Claims that found no seat.
    pub blocked: u64,
    /// The services that take a seat of it.
    pub services: Vec<String>,
    /// Of the used ones, those with a switch that was not read.
    pub unread: u64,
    /// Of the used ones, disabled and guest accounts.
    pub doubtful: u64,
}

/// Whom a plan hits: a service in a domain, or a setting of the backup that is made weaker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HarmFile {
    /// `mail`, `protected`, `backup`, `loss` or `gain`, from the worst to none. The set is open.
    pub kind: HarmKindFile,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
    /// Accounts of the domain that lose the service.
    pub losing: u64,
    /// Accounts of the domain that get it.
    pub getting: u64,
    /// Accounts of the domain whose switch is on now.
    pub having: u64,
    /// Of the losing ones, those that are protected: administrators, postmasters, whoever is listed.
    pub protected: u64,
    /// For a setting why it is harm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl HarmFile {
    /// A row of this kind that hits nobody yet.
    pub fn of(kind: HarmKindFile) -> HarmFile {
        HarmFile {
            kind,
            service: None,
            domain: None,
            setting: None,
            losing: 0,
            getting: 0,
            having: 0,
            protected: 0,
            message: None,
        }
    }
}

/// The steps of one rule, or all settings of one backup policy, counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GroupFile {
    /// `claim`, `release` or `change`.
    pub action: ActionFile,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// For settings that of the first.
    pub reason: ReasonFile,
    pub count: u64,
    /// The most first; none for settings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<DomainCountFile>,
}

/// How many of a rule's changes are in one domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DomainCountFile {
    pub domain: String,
    pub count: u64,
}

/// Blocked changes that one thing blocks, counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ObstacleFile {
    pub action: ActionFile,
    pub service: String,
    /// A stable name for the reason.
    pub blocked_by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    pub message: String,
    pub remedy: String,
    /// Where the spec wishes the first of them.
    pub place: String,
    pub count: u64,
}

/// One write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StepFile {
    /// `SERVER/ACCOUNT/SERVICE` or `SERVER/backup/SETTING`.
    pub address: String,
    /// `claim`, `release` or `change`.
    pub action: ActionFile,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
    /// Absent for a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Where a secret comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// By how much `used` of the module changes for certain.
    pub seats: i8,
    /// The account's switches that must be found so before.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub expects: BTreeMap<String, bool>,
    /// Steps, by position, that must have been confirmed before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<u32>,
    pub reason: ReasonFile,
}

/// Why a step is in the plan. The set of words in `action_reason` is open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct ReasonFile {
    /// `everyone`, `enable`, `others`, `exception` or `setting`.
    pub action_reason: RuleFile,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// `FILE:LINE:COLUMN` in the spec.
    pub place: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// A difference that the plan leaves as it is, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BlockedFile {
    pub address: String,
    pub action: ActionFile,
    pub account: String,
    pub service: String,
    /// A stable name for the reason.
    pub blocked_by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    pub message: String,
    pub remedy: String,
    pub reason: ReasonFile,
}

/// A policy that decides nothing this time, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HeldFile {
    pub policy: String,
    pub message: String,
    pub place: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// Why nothing of the plan may be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HoldFile {
    /// `identity`, `standing`, or the name of a guardrail.
    pub kind: HoldKindFile,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    pub remedy: String,
    /// The first few accounts it concerns.
    pub accounts: Vec<String>,
    pub accounts_count: u64,
}

/// A remark: what is to be looked at, where, and the next act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindingFile {
    /// `error`, `warning` or `info`.
    pub severity: SeverityFile,
    pub code: String,
    pub message: String,
    pub places: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// What no policy speaks of, and is left alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnmanagedFile {
    /// Accounts of which no policy speaks at all.
    pub accounts: u64,
    /// For each managed service the accounts whose switch is left as it is.
    pub services: BTreeMap<String, u64>,
}

/// The user accounts that the server has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountsFile {
    pub count: u64,
    /// All user accounts, so that new ones can be named later; only in a saved plan, and only up to 10,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addresses: Option<Vec<String>>,
}
