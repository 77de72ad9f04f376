//! Whom a plan hits: by service and domain, the biggest harm first.
//!
//! A person who reads only the first lines of a plan should meet what would hurt most. Guardrails hold a plan back;
//! this tells of the same things whether or not they do, and of a plan whose guardrails were overridden too.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::diff::Direction;
use crate::model::Service;
use crate::plan::file::{HarmFile, HarmKindFile};
use crate::plan::guard::{Protecting, weaker};
use crate::plan::{Plan, Step, SwitchStep};

/// What one service loses and gets in one domain.
#[derive(Debug, Clone, Copy, Default)]
struct Hit {
    losing: u64,
    getting: u64,
    having: u64,
    protected: u64,
}

/// All rows, the biggest harm first.
pub fn rows(plan: &Plan<'_>) -> Vec<HarmFile> {
    let protecting = Protecting::of(plan.server, plan.observed);
    let domain_column = plan.observed.directory.domain_column();
    let mut hits: BTreeMap<(Service, u32), Hit> = BTreeMap::new();
    let mut rows: Vec<HarmFile> = Vec::new();
    for step in &plan.steps {
        match step {
            Step::Switch(step) => {
                let hit = hits.entry((step.service, domain_column[step.row.index()])).or_default();
                count(hit, step, &protecting);
            }
            Step::Setting(step) => {
                if let Some(why) = weaker(&step.change, plan.server.guardrails.exclude_license_sense) {
                    rows.push(HarmFile {
                        setting: Some(step.change.key.path().to_owned()),
                        message: Some(why.to_owned()),
                        ..HarmFile::of(HarmKindFile::Backup)
                    });
                }
            }
        }
    }
    having(plan, &mut hits);
    let domains = plan.observed.directory.domains();
    rows.extend(
        hits.iter().map(|((service, domain), hit)| row(*service, &domains[*domain as usize].0, *hit)),
    );
    rows.sort_by(|a, b| {
        order(a).cmp(&order(b)).then_with(|| by_share(a, b)).then_with(|| name(a).cmp(&name(b)))
    });
    rows
}

fn count(hit: &mut Hit, step: &SwitchStep, protecting: &Protecting<'_>) {
    match step.direction {
        Direction::Claim => hit.getting += 1,
        Direction::Release => {
            hit.losing += 1;
            hit.protected += u64::from(protecting.why(step.row).is_some());
        }
    }
}

/// Counts who has each service now, in the domains where something of it changes.
fn having(plan: &Plan<'_>, hits: &mut BTreeMap<(Service, u32), Hit>) {
    let directory = &plan.observed.directory;
    for ((service, domain), hit) in hits {
        let rows = directory.rows_of_domain(*domain as usize).iter();
        let on = rows.filter(|row| plan.observed.columns.bits[row.index()].on.contains(*service));
        hit.having = on.count() as u64;
    }
}

fn row(service: Service, domain: &str, hit: Hit) -> HarmFile {
    let kind = match hit {
        Hit { losing: 0, .. } => HarmKindFile::Gain,
        _ if Service::MAIL.contains(service) => HarmKindFile::Mail,
        Hit { protected: 1.., .. } => HarmKindFile::Protected,
        _ => HarmKindFile::Loss,
    };
    HarmFile {
        kind,
        service: Some(service.to_string()),
        domain: Some(domain.to_owned()),
        setting: None,
        losing: hit.losing,
        getting: hit.getting,
        having: hit.having,
        protected: hit.protected,
        message: None,
    }
}

/// The worst kind first, then the number of people who lose something.
fn order(row: &HarmFile) -> (&HarmKindFile, Reverse<u64>) {
    (&row.kind, Reverse(row.losing))
}

/// The larger share of those who have it first: `a/b > c/d` without a division. Where nobody loses anything, whoever
/// gets the most comes first.
fn by_share(a: &HarmFile, b: &HarmFile) -> std::cmp::Ordering {
    let share = |of: &HarmFile, other: &HarmFile| u128::from(of.losing) * u128::from(other.having);
    share(b, a).cmp(&share(a, b)).then_with(|| b.getting.cmp(&a.getting))
}

fn name(row: &HarmFile) -> (&Option<String>, &Option<String>, &Option<String>) {
    (&row.service, &row.domain, &row.setting)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::BackupKey;
    use crate::plan::tests::planned;
    use crate::policy::tests::World;
    use crate::spec::meaning::BackupValue;

    /// The rows as `KIND WHAT -LOSING +GETTING /HAVING`, `!N` where protected accounts are among them.
    fn told(world: &World) -> Vec<String> {
        let row = |row: &HarmFile| {
            let what = row.service.as_ref().or(row.setting.as_ref()).expect("one of the two");
            let protected = if row.protected > 0 { format!(" !{}", row.protected) } else { String::new() };
            format!("{} {what} -{} +{} /{}{protected}", row.kind, row.losing, row.getting, row.having)
        };
        rows(&planned(world)).iter().map(row).collect()
    }

    #[test]
    fn the_biggest_harm_comes_first() {
        let world = World::of(
            "instantmessaging=9 antispam=9 sip=9 ftp=9",
            &[
                "a im:on->off ftp:off->on antispam:on->off",
                "b im:on->off sip:on smtp:on->off",
                "c im:off sip:on->off antispam:on",
                "postmaster ftp:on->off",
            ],
        )
        .with_backup(&[
            (BackupKey::KeepDays, "30", BackupValue::Number(7)),
            (BackupKey::Enabled, "0", BackupValue::Flag(true)),
        ]);
        assert_eq!(
            told(&world),
            [
                "mail smtp -1 +0 /1",
                "protected ftp -1 +1 /1 !1",
                "backup keepDays -0 +0 /0",
                "loss im -2 +0 /2",
                "loss antispam -1 +0 /2",
                "loss sip -1 +0 /2",
            ]
        );
    }

    #[test]
    fn of_equal_numbers_the_larger_share_comes_first_and_gains_come_last() {
        let world = World::of(
            "instantmessaging=9 antispam=9 sip=9 ftp=9",
            &["a im:on->off antispam:on->off ftp:off->on sip:off->on", "b im:on sip:off->on"],
        );
        assert_eq!(
            told(&world),
            ["loss antispam -1 +0 /1", "loss im -1 +0 /2", "gain sip -0 +2 /0", "gain ftp -0 +1 /0"]
        );
    }

    #[test]
    fn a_plan_without_steps_hits_nobody() {
        assert_eq!(told(&World::of("instantmessaging=9", &["a im:on->on"])), Vec::<String>::new());
    }
}
