//! What a person should know of a plan beside its changes.

use std::collections::BTreeMap;

use super::block::{mode_remedy, unheeded_among, unheeded_words};
use super::made::Inputs;
use super::step::SwitchStep;
use crate::diff::compare::Differences;
use crate::diff::narrowing::Stray;
use crate::diff::{Direction, remarks_on_secrets, unheeded};
use crate::lifecycle::periods::TRIAL_DAYS;
use crate::model::{
    Allowed, BackupKey, Finding, ModuleIndex, Observed, Reading, Remedy, Row, RuleIndex, Service, ServiceSet,
    counted,
};
use crate::policy::Assignment;
use crate::seats::{LedgerRow, Modules};
use crate::spec::meaning::SupportSense;

/// How many accounts a remark names.
const NAMED: usize = 5;

/// What could not be read or compared, what is so for everybody anyway, and what is not in effect.
pub fn on_differences(
    differences: &Differences,
    assignment: &Assignment,
    observed: &Observed,
) -> Vec<Finding> {
    let mut findings = unread(differences, observed);
    findings.extend(unfit(differences, assignment, observed));
    for (service, at) in Service::ALL.into_iter().zip(0..) {
        findings.extend(of_service(service, at, differences, observed));
    }
    findings
}

fn of_service(service: Service, at: usize, differences: &Differences, observed: &Observed) -> Vec<Finding> {
    let mut findings = Vec::new();
    let accounts = |count: u32| counted(u64::from(count), "account");
    if differences.everybody[at] > 0 {
        let text = format!(
            "the access mode of {service} is `all accounts`: everybody has it, {} with a switch that is off among \
             them",
            accounts(differences.everybody[at])
        );
        findings.push(Finding::warning("on-for-everybody", text));
    }
    if differences.without_effect[at] > 0 {
        let text = format!(
            "{service} is switched on as declared and not in effect for {}",
            accounts(differences.without_effect[at])
        );
        let remedy =
            Remedy::Check("what forbids it on the server: access mode, domain, mailbox protocol".into());
        findings.push(Finding::warning("not-in-effect", text).remedy(remedy));
    }
    if differences.still_in_effect[at] > 0 {
        let text = format!(
            "{service} is switched off as declared, and its effective value is still on for {}; whether that means \
             more than that they could have it is not known (U-32)",
            accounts(differences.still_in_effect[at])
        );
        findings.push(Finding::info("still-in-effect", text));
    }
    if let Some(Reading::Unread(why)) = observed.modes.get(&service) {
        let text = format!(
            "the access mode of {service} was not read ({why}); whether accounts may choose is taken from each \
             account (U-14)"
        );
        findings.push(Finding::info("mode-unread", text));
    }
    findings
}

fn unread(differences: &Differences, observed: &Observed) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (service, count) in Service::ALL.into_iter().zip(differences.unread) {
        if count > 0 && !observed.not_offered.contains(service) {
            let accounts = counted(u64::from(count), "account");
            let text = format!("{service} was not read for {accounts}, so nothing changes there");
            let remedy =
                Remedy::Check("whether the account we log in with may read the accounts' settings".into());
            findings.push(Finding::warning("switch-unread", text).remedy(remedy));
        }
    }
    for why in &observed.unread {
        findings.push(Finding::warning("accounts-unread", why.clone()));
    }
    for why in &observed.directory.incomplete {
        let text =
            format!("{why}; nothing is switched off, and no counted seat is taken, until it is read whole");
        findings.push(
            Finding::warning("list-incomplete", text)
                .remedy(Remedy::Rerun("`icewarden plan`, when nobody changes accounts".into())),
        );
    }
    findings
}

/// What is wanted for accounts that only speak POP3, by the rule that wants it.
fn unfit(differences: &Differences, assignment: &Assignment, observed: &Observed) -> Vec<Finding> {
    let mut by_rule: BTreeMap<RuleIndex, Vec<Row>> = BTreeMap::new();
    for unfit in &differences.unfit {
        let rule = assignment.of(unfit.row).by[unfit.service as usize];
        by_rule.entry(rule).or_default().push(unfit.row);
    }
    let finding = |(rule, rows): (RuleIndex, Vec<Row>)| {
        let rule = &assignment.rules[rule.index()];
        let named: Vec<&str> = rows.iter().take(NAMED).map(|row| observed.directory.address(*row)).collect();
        let more = rows.len() - named.len();
        let text = format!(
            "{}{} only {} POP3 and cannot have {}; nothing changes there",
            named.join(", "),
            if more > 0 { format!(" and {more} more") } else { String::new() },
            if rows.len() == 1 { "speaks" } else { "speak" },
            rule.service
        );
        let remedy =
            Remedy::EditSpec("except the account, or change its mailbox protocol on the server".into());
        Finding::warning("pop3-only", text).at(rule.place.clone()).remedy(remedy)
    };
    by_rule.into_iter().map(finding).collect()
}

/// What a person should know of the modules' seats.
pub fn on_ledger(ledger: &[LedgerRow], inputs: Inputs<'_>) -> Vec<Finding> {
    let mut findings = over_licence(ledger, inputs.observed);
    findings.extend(by_support_alone(ledger, inputs));
    findings
}

/// Modules that are used beyond their seats, before the plan and after it (SEAT-5). What then happens is not known:
/// the worse is told (U-21).
fn over_licence(ledger: &[LedgerRow], observed: &Observed) -> Vec<Finding> {
    let finding = |row: &LedgerRow| {
        let before = row.used_now().and_then(|used| row.over(used)).filter(|over| *over > 0)?;
        let after = row.after().and_then(|used| row.over(used)).unwrap_or(before);
        let title = &row.module.title;
        let unread = row.used.map_or(0, |used| used.unread);
        if unread > 0 && before <= unread {
            // All that was not read is counted: they may just as well have it switched off.
            let text = format!(
                "whether {title} is used by more accounts than it has seats cannot be told while the switches of {} \
                 are not read",
                counted(unread, "account")
            );
            let remedy =
                Remedy::Check("whether the account we log in with may read the accounts' settings".into());
            return Some(Finding::warning("over-licence", text).remedy(remedy));
        }
        let told = format!("{title} is used by {} more than it has seats", counted(before, "account"));
        // U-13, U-35: who counts by a mode counts whatever a plan does to switches, and may need no seat at all.
        if let Some((service, mode)) = unheeded_among(row.module.services, observed) {
            let text = format!("{told}: {}", unheeded_words((service, mode)));
            return Some(Finding::warning("over-licence", text).remedy(mode_remedy(service, mode)));
        }
        if after == 0 {
            return Some(Finding::info("over-licence", format!("{told}; this plan ends that")));
        }
        let text = format!(
            "{told}{}: whoever is beyond the seats may lose it {TRIAL_DAYS} days after the first access, or the \
             service may not start",
            if after < before { format!(", by {after} after this plan") } else { String::new() }
        );
        let remedy = Remedy::Seats { module: title.clone(), more: after };
        Some(Finding::warning("over-licence", text).remedy(remedy))
    };
    ledger.iter().filter_map(finding).collect()
}

/// Accounts that pass for users of a module by their effective value alone: more than there are, if that merely says
/// what an account may have (U-32, U-36).
fn by_support_alone(ledger: &[LedgerRow], inputs: Inputs<'_>) -> Vec<Finding> {
    if inputs.server.guardrails.support_sense != SupportSense::Unknown {
        return Vec::new();
    }
    let unheeded = unheeded(inputs.observed);
    let finding = |row: &LedgerRow| {
        let used = row.used?;
        let more = used.effective.saturating_sub(used.stored);
        // Where the access mode decides, that is the reason (U-13).
        if more == 0 || !row.module.services.intersection(unheeded).is_empty() {
            return None;
        }
        let text = format!(
            "{} of the users of {} have its switches off and are counted because `Support` reads 1 (U-32)",
            counted(more, "account"),
            row.module.title
        );
        let remedy = Remedy::EditSpec(
            "if `Support` merely says on this server that an account may have a service, say `supportSense: available` \
             in the Server"
                .into(),
        );
        Some(Finding::warning("counted-by-support", text).remedy(remedy))
    };
    ledger.iter().filter_map(finding).collect()
}

/// Claims that the ledger does not hold, because nobody knows a module for their service (reference 4.4). For
/// SMTP, POP3 and IMAP the account itself is the seat.
pub fn without_module(steps: &[SwitchStep]) -> Vec<Finding> {
    let apart = |step: &&SwitchStep| step.direction == Direction::Claim && step.module.is_none();
    let seatless = [Service::Smtp, Service::Pop3Imap];
    let services: ServiceSet = steps.iter().filter(apart).map(|step| step.service).collect();
    let services = services.without(ServiceSet::of(&seatless));
    let finding = |service: Service| {
        let count = steps.iter().filter(apart).filter(|step| step.service == service).count();
        let text = format!("no module is known for {service}: the ledger does not hold its {count} claims");
        let remedy = Remedy::Check(format!(
            "the licence view on the server's console; if a module counts {service}, name it under `moduleOf`"
        ));
        Finding::info("module-unknown", text).remedy(remedy)
    };
    services.iter().map(finding).collect()
}

/// Secrets of the backup that are left as they were written, since nobody can read them.
pub fn on_secrets(inputs: Inputs<'_>) -> Vec<Finding> {
    let within = |key: BackupKey| inputs.narrowing.setting(&inputs.server.name, key);
    let backup = inputs.server.backup.iter();
    backup.flat_map(|backup| remarks_on_secrets(backup, inputs.secrets, &within)).collect()
}

/// Patterns of `--target` and `--exclude` that match nothing here.
pub fn strays(inputs: Inputs<'_>) -> Vec<Finding> {
    let finding = |stray: Stray| {
        let near = stray.near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        let text = format!("{} matches nothing on {}{near}", stray.option, inputs.server.name);
        let finding = if stray.refused { Finding::error(STRAY, text) } else { Finding::warning(STRAY, text) };
        finding.remedy(Remedy::Check(
            "the pattern: it is held against whole addresses, SERVER/ACCOUNT/SERVICE or SERVER/backup/SETTING".into(),
        ))
    };
    inputs.narrowing.strays(&inputs.server.name, inputs.observed).into_iter().map(finding).collect()
}

/// The code of a pattern that matches nothing: the fault is the command line's, not the spec's.
pub const STRAY: &str = "pattern-matches-nothing";

/// Overrides that nothing needed: a reviewer should not believe that they did something.
pub fn unneeded(
    inputs: Inputs<'_>,
    needed: &[bool],
    keep_free: &[ModuleIndex],
    modules: &Modules,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (allow, needed) in inputs.allows.iter().zip(needed) {
        let used = match &allow.allowed {
            Allowed::Shrink { policy, .. } => {
                inputs.server.policies.iter().any(|known| known.name == *policy)
            }
            Allowed::KeepFree(module) => {
                keep_free.iter().any(|index| modules.list[index.index()].module == *module)
            }
            Allowed::Disable(_) | Allowed::Mail(_) | Allowed::Protect(_) | Allowed::Backup(_) => *needed,
        };
        if !used {
            let text = format!("--allow {} was not needed", allow.allowed);
            findings.push(Finding::info("allow-unneeded", text));
        }
    }
    findings
}

/// A licence with more modules than a plan can hold: those beyond are not counted, and the claims of their services
/// neither. No known licence has a tenth of that.
pub fn too_many_modules(modules: &Modules) -> Option<Finding> {
    (modules.left_out > 0).then(|| {
        let text = format!("the licence names {} more modules than can be counted", modules.left_out);
        Finding::warning("modules-left-out", text)
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use crate::diff::{SecretMatch, SecretsMet};
    use crate::model::{BackupKey, Remedy, SecretRef};
    use crate::plan::tests::{planned, planned_met};
    use crate::policy::tests::World;
    use crate::spec::meaning::BackupValue;

    #[test]
    fn nobody_orders_seats_for_switches_that_were_not_read() {
        for (accounts, orders) in
            [(&["a im:unread->on", "b im:unread->on"][..], false), (&["a im:on->on", "b im:on->on"], true)]
        {
            let world = World::of("instantmessaging=1", accounts);
            let plan = planned(&world);
            let found =
                plan.findings.iter().find(|finding| finding.code == "over-licence").expect("over by one");
            assert_eq!(matches!(found.remedy, Some(Remedy::Seats { .. })), orders, "{found:?}");
            assert_eq!(found.message.contains("cannot be told"), !orders, "{found:?}");
        }
    }

    #[test]
    fn a_secret_that_nobody_can_read_is_left_alone_with_a_reservation() {
        let secret = BackupValue::Secret(SecretRef::Env("BACKUP_PASSWORD".to_owned()));
        let world = World::of("", &["a"]).with_backup(&[(BackupKey::Password, "", secret)]);
        for (matched, steps, told) in [
            (SecretMatch::Same, 0, None),
            (SecretMatch::Differs, 1, None),
            (SecretMatch::Empty, 1, None),
            (SecretMatch::AsWritten(date(2026, 11, 20)), 0, Some("it was last written on 2026-11-20")),
        ] {
            let met = SecretsMet::from([(BackupKey::Password, matched)]);
            let plan = planned_met(&world, &met);
            assert_eq!(plan.steps.len(), steps, "{matched:?}");
            assert_eq!(plan.unread, 0, "{matched:?}: what was written is not what could not be read");
            let found = plan.findings.iter().find(|finding| finding.code == "secret-as-written");
            assert_eq!(found.is_some(), told.is_some(), "{matched:?}");
            assert!(found.is_none_or(|found| found.message.contains(told.unwrap_or_default())), "{found:?}");
        }
    }
}
