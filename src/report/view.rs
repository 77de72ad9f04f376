//! A plan as the outside sees it: every number looked up, every reason and remedy worded. All formats show this.

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::{Direction, SwitchChange};
use crate::model::address::domain_of;
use crate::model::{
    BackupKey, Finding, ModuleIndex, Remedy, Row, RuleIndex, Seats, SeatsSource, Service, ServiceSet,
    StepIndex,
};
use crate::plan::block::{self, BlockReason, Blocked};
use crate::plan::file::{
    AccountsFile, ActionFile, BlockedFile, CountsFile, DomainCountFile, FindingFile, GroupFile, HeldFile,
    HoldFile, HoldKindFile, LedgerFile, ObstacleFile, PlanOutcomeFile, ReasonFile, RuleFile, SeatsSourceFile,
    ServerFile, StepFile, UnmanagedFile,
};
use crate::plan::{Hold, HoldKind, Plan, SettingStep, Step, SwitchStep};
use crate::policy::{Rule, RuleKind};
use crate::spec::meaning::Switch;

use super::groups::{self, Detail, Group};
use super::harm;
use super::remedy::text as words;

/// Up to how many accounts a saved plan names them all.
const ACCOUNTS_NAMED: usize = 10_000;

/// One server's plan in full words; its steps and blocked changes as far as they are to be shown.
pub fn server(plan: &Plan<'_>, detail: Detail) -> ServerFile {
    let groups = groups::groups(plan);
    let picked = groups::picked(plan, &groups, detail);
    let steps: Vec<StepFile> = picked.iter().map(|step| step_file(plan, &plan.steps[step.index()])).collect();
    let (obstacles, blocked) = obstacles(plan, detail);
    let licence = &plan.observed.licence;
    ServerFile {
        server: plan.server.name.clone(),
        url: plan.server.connection.target().to_owned(),
        outcome: outcome(plan),
        error: None,
        version: plan.observed.version.read().cloned(),
        reference_id: licence.reference.read().cloned(),
        order_id: licence.order_id.read().cloned(),
        licence: Some(plan.licence.into()),
        effects_digest: plan.effects.to_string(),
        wish_digest: plan.wish.to_string(),
        counts: counts(plan),
        ledger: ledger(plan),
        harm: harm::rows(plan),
        changes: groups.iter().map(|group| changes_file(plan, group)).collect(),
        steps,
        obstacles,
        blocked,
        held_policies: held(plan),
        holds: plan.holds.iter().map(hold_file).collect(),
        findings: findings(plan),
        unmanaged: UnmanagedFile {
            accounts: plan.unmanaged.accounts,
            services: plan.unmanaged.services.iter().map(|(service, n)| (service.to_string(), *n)).collect(),
        },
        left_out: plan.left_out,
        accounts: AccountsFile { count: plan.observed.directory.len() as u64, addresses: None },
        calls: BTreeMap::new(),
    }
}

/// All user accounts of a plan, where they are few enough to be named.
pub fn addresses(plan: &Plan<'_>) -> Option<Vec<String>> {
    let directory = &plan.observed.directory;
    (directory.len() <= ACCOUNTS_NAMED)
        .then(|| directory.rows().map(|row| directory.address(row).to_owned()).collect())
}

/// A finding in full words.
pub fn finding_file(finding: &Finding) -> FindingFile {
    FindingFile {
        severity: finding.severity.into(),
        code: finding.code.to_owned(),
        message: finding.message.clone(),
        places: finding.places.iter().map(|(place, _)| place.to_string()).collect(),
        remedy: finding.remedy.as_ref().map(words),
    }
}

fn outcome(plan: &Plan<'_>) -> PlanOutcomeFile {
    if plan.holds.iter().any(|hold| hold.kind == HoldKind::Standing) {
        PlanOutcomeFile::Closed
    } else if plan.is_blocked() {
        PlanOutcomeFile::Blocked
    } else if plan.has_steps() {
        PlanOutcomeFile::Changes
    } else {
        PlanOutcomeFile::NothingToDo
    }
}

/// How many steps of each kind a plan has, and what it leaves.
pub fn counts(plan: &Plan<'_>) -> CountsFile {
    let mut counts =
        CountsFile { blocked: plan.blocked.len() as u64, unread: plan.unread, ..CountsFile::default() };
    for step in &plan.steps {
        match step {
            Step::Switch(step) if step.direction == Direction::Claim => counts.claims += 1,
            Step::Switch(_) => counts.releases += 1,
            Step::Setting(_) => counts.settings += 1,
        }
    }
    counts
}

fn ledger(plan: &Plan<'_>) -> Vec<LedgerFile> {
    let mut blocked = vec![0u64; plan.ledger.len()];
    for entry in &plan.blocked {
        if let Some(module) = entry.reason.module() {
            blocked[module.index()] += 1;
        }
    }
    let rows = plan.ledger.iter().zip(blocked);
    rows.map(|(row, blocked)| LedgerFile {
        module: row.module.module.to_string(),
        title: row.module.title.clone(),
        seats: match row.module.seats {
            Seats::Limited(seats) => Some(seats),
            Seats::Unlimited | Seats::Unknown => None,
        },
        unlimited: row.module.seats == Seats::Unlimited,
        seats_source: match row.module.source {
            SeatsSource::LicenceText => SeatsSourceFile::Licence,
            SeatsSource::Expect => SeatsSourceFile::Expect,
            SeatsSource::Statistics => SeatsSourceFile::Statistics,
            SeatsSource::Nowhere => SeatsSourceFile::Unknown,
        },
        used: row.used_now(),
        released: row.released,
        claimed: row.claimed,
        peak: row.peak.map(|peak| peak.0),
        after: row.after(),
        free: row.free(),
        keep_free: row.module.keep_free,
        over_before: row.used_now().and_then(|used| row.over(used)),
        over_after: row.after().and_then(|used| row.over(used)),
        blocked,
        services: row.module.services.iter().map(|service| service.name().to_owned()).collect(),
        unread: row.used.map_or(0, |used| used.unread),
        doubtful: row.used.map_or(0, |used| used.doubtful),
    })
    .collect()
}

/// A step in full words.
pub fn step_file(plan: &Plan<'_>, step: &Step) -> StepFile {
    match step {
        Step::Switch(step) => switch_file(plan, step),
        Step::Setting(step) => setting_file(plan, step),
    }
}

/// `SERVER/ACCOUNT/SERVICE`, the address of a switch in every output.
pub fn switch_address(plan: &Plan<'_>, row: Row, service: Service) -> String {
    format!("{}/{}/{service}", plan.server.name, plan.observed.directory.address(row))
}

/// `SERVER/backup/KEY`, the address of a setting in every output.
fn setting_address(plan: &Plan<'_>, key: BackupKey) -> String {
    format!("{}/backup/{key}", plan.server.name)
}

/// The address of a step in every output.
pub fn step_address(plan: &Plan<'_>, step: &Step) -> String {
    match step {
        Step::Switch(step) => switch_address(plan, step.row, step.service),
        Step::Setting(step) => setting_address(plan, step.change.key),
    }
}

/// Every address of which the plan cannot tell whether it is as declared: its policy is held or contradicted, or it was
/// not read.
pub fn unsure(plan: &Plan<'_>) -> BTreeSet<String> {
    let observed = plan.observed;
    let switches = observed.directory.rows().flat_map(|row| {
        let profile = plan.assignment.of(row);
        let known = observed.columns.bits.get(row.index()).map_or(ServiceSet::EMPTY, |bits| bits.known);
        let open = profile.managed.without(known).union(profile.undecided).union(profile.disputed);
        open.iter().map(move |service| switch_address(plan, row, service)).collect::<Vec<_>>()
    });
    let settings = plan.uncompared.iter().map(|key| setting_address(plan, *key));
    switches.chain(settings).collect()
}

fn action(direction: Direction) -> ActionFile {
    match direction {
        Direction::Claim => ActionFile::Claim,
        Direction::Release => ActionFile::Release,
    }
}

fn switch_file(plan: &Plan<'_>, step: &SwitchStep) -> StepFile {
    let on = step.direction == Direction::Release;
    let word = |on: bool| if on { "enabled" } else { "disabled" }.to_owned();
    StepFile {
        address: switch_address(plan, step.row, step.service),
        action: action(step.direction),
        account: Some(plan.observed.directory.address(step.row).to_owned()),
        service: Some(step.service.to_string()),
        setting: None,
        before: Some(word(on)),
        after: Some(word(!on)),
        secret: None,
        module: step.module.map(|module| plan.modules.list[module.index()].module.to_string()),
        seats: step.delta,
        expects: step
            .expect
            .of
            .iter()
            .map(|service| (service.to_string(), step.expect.on.contains(service)))
            .collect(),
        needs: positions(step.needs.as_slice()),
        reason: reason(plan, step.rule),
    }
}

/// Positions in the plan, as they cross the border.
fn positions(steps: &[StepIndex]) -> Vec<u32> {
    steps.iter().map(|step| step.index() as u32).collect()
}

fn setting_file(plan: &Plan<'_>, step: &SettingStep) -> StepFile {
    let change = &step.change;
    StepFile {
        address: setting_address(plan, change.key),
        action: ActionFile::Change,
        account: None,
        service: None,
        setting: Some(change.key.path().to_owned()),
        before: change.before.clone(),
        after: change.after.clone(),
        secret: change.secret.as_ref().map(ToString::to_string),
        module: None,
        seats: 0,
        expects: BTreeMap::new(),
        needs: positions(&step.needs),
        reason: ReasonFile {
            action_reason: RuleFile::Setting,
            policy: plan.server.backup.as_ref().map(|backup| backup.name.clone()),
            place: change.place.to_string(),
            why: None,
            until: None,
        },
    }
}

fn changes_file(plan: &Plan<'_>, group: &Group) -> GroupFile {
    // Its first step says what all have in common.
    let StepFile { action, service, reason, .. } = step_file(plan, &plan.steps[group.first.index()]);
    let names = plan.observed.directory.domains();
    let domains = group.domains.iter().map(|(domain, count)| DomainCountFile {
        domain: names[*domain as usize].0.to_string(),
        count: *count,
    });
    GroupFile { action, service, reason, count: group.count, domains: domains.collect() }
}

/// The obstacles, and the blocked changes as far as they are to be shown, in their order.
fn obstacles(plan: &Plan<'_>, detail: Detail) -> (Vec<ObstacleFile>, Vec<BlockedFile>) {
    let short = short(plan);
    let mut obstacles = Vec::new();
    let mut picked = Vec::new();
    for group in groups::obstacles(plan) {
        let first = blocked_file(plan, &plan.blocked[group[0]], &short);
        obstacles.push(ObstacleFile {
            action: first.action,
            service: first.service,
            blocked_by: first.blocked_by,
            module: first.module,
            message: first.message,
            remedy: first.remedy,
            place: first.reason.place,
            count: group.len() as u64,
        });
        let of_group = match detail {
            Detail::All => group.len(),
            Detail::Some(sample) => sample.of_rule,
        };
        picked.extend(group.into_iter().take(of_group));
    }
    picked.sort_unstable();
    let blocked = picked.into_iter().map(|index| blocked_file(plan, &plan.blocked[index], &short));
    (obstacles, blocked.collect())
}

fn reason(plan: &Plan<'_>, rule: RuleIndex) -> ReasonFile {
    let rule: &Rule = &plan.assignment.rules[rule.index()];
    let (word, why, until) = match &rule.kind {
        RuleKind::Everyone(Switch::Enabled | Switch::Disabled) => (RuleFile::Everyone, None, None),
        RuleKind::Enable => (RuleFile::Enable, None, None),
        RuleKind::Others => (RuleFile::Others, None, None),
        RuleKind::Held => (RuleFile::Held, None, None),
        RuleKind::Exception { until, why, .. } => {
            (RuleFile::Exception, why.clone(), until.map(|until| until.to_string()))
        }
    };
    ReasonFile {
        action_reason: word,
        policy: Some(plan.server.policies[rule.policy as usize].name.clone()),
        place: rule.place.to_string(),
        why,
        until,
    }
}

fn blocked_file(plan: &Plan<'_>, blocked: &Blocked, short: &[u64]) -> BlockedFile {
    let SwitchChange { row, service, direction } = blocked.change;
    let module = blocked.reason.module();
    let seats = module.map(|module| &plan.modules.list[module.index()]);
    let named = seats.map(|seats| &seats.module);
    let names = block::Names {
        domain: domain_of(plan.observed.directory.address(row)),
        module: named,
        title: seats.map_or("", |seats| seats.title.as_str()),
        unheeded: seats.and_then(|seats| block::unheeded_among(seats.services, plan.observed)),
    };
    BlockedFile {
        address: switch_address(plan, row, service),
        action: action(direction),
        account: plan.observed.directory.address(row).to_owned(),
        service: service.to_string(),
        blocked_by: blocked.reason.code().to_owned(),
        message: blocked_words(plan, blocked, module),
        remedy: words(&block::remedy(
            blocked.reason,
            service,
            names,
            module.map_or(0, |module| short[module.index()]),
        )),
        module: named.map(ToString::to_string),
        reason: reason(plan, blocked.rule),
    }
}

/// The findings. A module whose seats are missing for claims too gets one order, not two: the larger holds for both.
fn findings(plan: &Plan<'_>) -> Vec<FindingFile> {
    let short = short(plan);
    let one_order = |finding: &Finding| {
        let mut finding = finding.clone();
        if let Some(Remedy::Seats { module, more }) = &mut finding.remedy
            && let Some(row) = plan.ledger.iter().position(|row| row.module.title == *module)
        {
            *more = (*more).max(short[row]);
        }
        finding_file(&finding)
    };
    plan.findings.iter().map(one_order).collect()
}

/// For each module how many more seats would let every wish through.
fn short(plan: &Plan<'_>) -> Vec<u64> {
    let mut wished = vec![0; plan.ledger.len()];
    let mut last = vec![None; plan.ledger.len()];
    for blocked in &plan.blocked {
        if let BlockReason::NoSeat { module } | BlockReason::KeepFree { module } = blocked.reason {
            // They come by account, and one account takes one seat of a module however many services claim it.
            let account = Some(blocked.change.row);
            let last = std::mem::replace(&mut last[module.index()], account);
            wished[module.index()] += u64::from(last != account);
        }
    }
    plan.ledger.iter().zip(wished).map(|(row, wished)| row.short(wished)).collect()
}

fn blocked_words(plan: &Plan<'_>, blocked: &Blocked, module: Option<ModuleIndex>) -> String {
    let service = blocked.change.service;
    let row = module.map(|module| &plan.ledger[module.index()]);
    let title = row.map_or("", |row| row.module.title.as_str());
    let seats = match row.map(|row| row.module.seats) {
        Some(Seats::Limited(seats)) => seats,
        _ => 0,
    };
    match blocked.reason {
        BlockReason::ListIncomplete => {
            "a list was not read to its end: nothing is switched off, and no counted seat is taken".into()
        }
        BlockReason::Mode(mode) => {
            let mode = block::mode_words(mode);
            format!("the access mode of {service} is {mode}: the account's own switch decides nothing")
        }
        BlockReason::DomainOff => {
            let address = plan.observed.directory.address(blocked.change.row);
            format!("{service} is off for the whole domain {}", domain_of(address))
        }
        BlockReason::NotEditable => format!("the server does not let this account choose {service}"),
        BlockReason::EditableUnread => format!("whether this account may choose {service} was not read"),
        BlockReason::SeatsUnknown { .. } => format!("how many {title} seats there are is not known"),
        BlockReason::NotInLicence { .. } => format!("the licence names no module {title}"),
        BlockReason::NoSeat { .. } => {
            let after = row.and_then(super::super::seats::ledger::LedgerRow::after).unwrap_or_default();
            let services = row.map(|row| row.module.services).unwrap_or_default();
            let why = block::unheeded_among(services, plan.observed);
            let why = why.map(|mode| format!("; {}", block::unheeded_words(mode))).unwrap_or_default();
            format!("no {title} seat is left: {after} of {seats} are used after this plan{why}")
        }
        BlockReason::KeepFree { .. } => {
            let kept = row.map_or(0, |row| row.module.keep_free);
            format!("only {title} seats that are to be kept free are left ({kept} of {seats})")
        }
    }
}

fn held(plan: &Plan<'_>) -> Vec<HeldFile> {
    let held = plan.assignment.held.iter();
    held.map(|held| HeldFile {
        policy: held.policy.clone(),
        message: held.why.clone(),
        place: held.place.to_string(),
        remedy: Some(words(&held.remedy)),
    })
    .collect()
}

fn hold_file(hold: &Hold) -> HoldFile {
    HoldFile {
        kind: match hold.kind {
            HoldKind::Identity => HoldKindFile::Identity,
            HoldKind::Standing => HoldKindFile::Standing,
            HoldKind::Guardrail(guardrail) => guardrail.into(),
        },
        message: hold.message.clone(),
        place: hold.place.as_ref().map(ToString::to_string),
        remedy: words(&hold.remedy),
        accounts: hold.accounts.clone(),
        accounts_count: hold.accounts_count as u64,
    }
}
