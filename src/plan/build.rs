//! The one way to make a plan.

use super::block::Blocked;
use super::digest::{Digest, Effects};
use super::guard::{Allow, Guarding, Hold, HoldKind, Protecting};
use super::made::{Inputs, Plan, Unmanaged};
use super::order::{Ordered, Ordering, order};
use super::step::{SettingStep, Step, SwitchStep};
use super::{doubtful, licence, remarks, settings, verify};
use crate::diff::compare::Differences;
use crate::diff::{
    Direction, Narrowing, SettingChange, Uncompared, compare, compare_settings, narrow, unheeded,
};
use crate::lifecycle::Standing;
use crate::model::address::domain_of;
use crate::model::{
    Allowed, DomainKind, Finding, ModuleIndex, Observed, Reading, Remedy, RuleIndex, ServiceSet, Severity,
};
use crate::policy::{Assignment, People, assign};
use crate::seats::{LedgerRow, Modules, modules, used};
use crate::spec::meaning::ServerSpec;

/// The policies of a server over its whole directory.
fn whole_assignment(inputs: Inputs<'_>) -> Assignment {
    let shrink = inputs.allows.iter().filter_map(|allow| allow.allowed.shrink()).collect();
    assign(&inputs.server.policies, People::of(inputs.observed), inputs.today, &shrink, inputs.memory)
}

/// What more must be read before a plan can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asks {
    /// Something would be switched: the lists must be read once more, and agree (U-9). A claim rests on them too:
    /// an account that is in no list may hold the seat.
    pub lists_again: bool,
    /// The domains in which something would be switched on: their own switches are needed (reference 2.2).
    pub claim_domains: Vec<String>,
}

/// Looks at what differs, and says what more must be read.
pub fn asks(inputs: Inputs<'_>) -> Asks {
    let directory = &inputs.observed.directory;
    let assignment = narrow(whole_assignment(inputs), inputs.observed, inputs.server, inputs.narrowing);
    let differences = compare(&assignment, inputs.observed);
    let mut claimed = vec![false; directory.domains().len()];
    // What an access mode decides is blocked whatever else is read (U-35).
    let unheeded = unheeded(inputs.observed);
    let changes = differences.changes.into_iter().filter(|change| !unheeded.contains(change.service));
    let mut lists_again = false;
    for change in changes {
        lists_again = true;
        if change.direction == Direction::Claim {
            claimed[directory.domain_column()[change.row.index()] as usize] = true;
        }
    }
    let domains = directory.domains().iter().zip(claimed);
    let claim_domains = domains.filter(|(_, claimed)| *claimed).map(|((name, _), _)| name.to_string());
    Asks { lists_again, claim_domains: claim_domains.collect() }
}

/// Makes a plan: what is wanted is held against what was read, what differs is put in order, guardrails hold the whole
/// back, and a stranger goes over what came of it.
///
/// # Errors
/// Findings that make the spec invalid on this server: policies of one priority that contradict each other, and
/// services that this version does not have (U-19). Nothing is planned then.
pub fn build(inputs: Inputs<'_>) -> Result<Plan<'_>, Vec<Finding>> {
    let whole = whole_assignment(inputs);
    let strays = refused(inputs, &whole)?;
    let unmanaged = unmanaged(&whole);
    let Inputs { server, observed, narrowing, .. } = inputs;
    let modules = modules(&observed.licence, server.license.as_ref(), observed.asked);

    let wanted = narrowed(inputs, whole);
    let differences = compare(&wanted.assignment, observed);
    let ordered = ordered(inputs, &wanted, &modules, &differences);
    let guarded = guarded(inputs, &wanted.assignment, &ordered);

    let licence = licence::look(server.license.as_ref(), observed, &modules, inputs.today);
    let drafted = Drafted { licence, strays, wanted, differences, modules, ordered, guarded };
    let findings = findings(inputs, &drafted);
    let Drafted { licence, wanted, differences, modules, ordered, guarded, .. } = drafted;
    let unread = differences.unread_count() + wanted.uncompared.len() as u64;
    let steps = steps(ordered.switches, ordered.settings);
    let (effects, wish) = digests(inputs, &modules, &steps, &ordered.blocked);
    let plan = Plan {
        server,
        observed,
        effects,
        wish,
        unread,
        uncompared: wanted.uncompared.iter().map(|setting| setting.key).collect(),
        unmanaged,
        narrowing,
        left_out: wanted.left_out,
        assignment: wanted.assignment,
        modules,
        steps,
        blocked: ordered.blocked,
        ledger: ordered.ledger,
        holds: guarded.holds,
        licence: licence.verdict,
        findings,
    };
    verify::verify(&plan).map_err(|fault| vec![bug(&fault)])?;
    Ok(plan)
}

/// A plan before it is put together, so that a person can be told of each part.
struct Drafted {
    licence: licence::Looked,
    strays: Vec<Finding>,
    wanted: Narrowed,
    differences: Differences,
    modules: Modules,
    ordered: Orders,
    guarded: Guarded,
}

/// What is invalid on this server; else the patterns that match nothing and are not refused for it.
fn refused(inputs: Inputs<'_>, whole: &Assignment) -> Result<Vec<Finding>, Vec<Finding>> {
    let mut invalid = contradictions(inputs, whole);
    let strays = remarks::strays(inputs);
    invalid.extend(strays.iter().filter(|finding| finding.severity == Severity::Error).cloned());
    if invalid.is_empty() { Ok(strays) } else { Err(invalid) }
}

/// The steps in their order, what is blocked, and the ledger that they make.
struct Orders {
    switches: Vec<SwitchStep>,
    settings: Vec<SettingStep>,
    blocked: Vec<Blocked>,
    ledger: Vec<LedgerRow>,
    /// Modules whose kept seats may be taken this time.
    keep_free_allowed: Vec<ModuleIndex>,
}

fn ordered(inputs: Inputs<'_>, wanted: &Narrowed, modules: &Modules, differences: &Differences) -> Orders {
    let keep_free_allowed = keep_free_allowed(inputs.allows, modules);
    let ordering = Ordering {
        assignment: &wanted.assignment,
        observed: inputs.observed,
        modules,
        keep_free_allowed: &keep_free_allowed,
    };
    let Ordered { steps, blocked, ledger } =
        order(&differences.changes, used(modules, inputs.observed), &ordering);
    let settings = settings::steps(wanted.settings.clone(), steps.len());
    Orders { switches: steps, settings, blocked, ledger, keep_free_allowed }
}

/// Settings come last: they depend on nothing but each other.
fn steps(switches: Vec<SwitchStep>, settings: Vec<SettingStep>) -> Vec<Step> {
    let settings = settings.into_iter().map(|step| Step::Setting(Box::new(step)));
    switches.into_iter().map(Step::Switch).chain(settings).collect()
}

/// All that a person should know, what matters most first.
fn findings(inputs: Inputs<'_>, drafted: &Drafted) -> Vec<Finding> {
    let Drafted { licence: _, strays, wanted, differences, modules, ordered, guarded } = drafted;
    let Inputs { server, observed, .. } = inputs;
    let mut findings = drafted.licence.findings.clone();
    findings.extend(licence::skew(observed));
    findings.extend(strays.iter().cloned());
    findings.extend(remarks::on_differences(differences, &wanted.assignment, observed));
    findings.extend(wanted.uncompared.iter().map(|setting| setting.finding.clone()));
    findings.extend(Protecting::of(server, observed).idle());
    findings.extend(remarks::on_secrets(inputs));
    findings.extend(remarks::without_module(&ordered.switches));
    findings.extend(doubtful::remarks(&ordered.switches, &ordered.blocked, observed));
    findings.extend(remarks::on_ledger(&ordered.ledger, inputs));
    findings.extend(remarks::unneeded(inputs, &guarded.needed, &ordered.keep_free_allowed, modules));
    findings.extend(wanted.assignment.findings.iter().cloned());
    findings.extend(remarks::too_many_modules(modules));
    findings.extend(guarded.unpinned.clone());
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

/// What is planned of all that is declared.
struct Narrowed {
    assignment: Assignment,
    settings: Vec<SettingChange>,
    /// Each counts as one that could not be read.
    uncompared: Vec<Uncompared>,
    left_out: Option<u64>,
}

fn narrowed(inputs: Inputs<'_>, whole: Assignment) -> Narrowed {
    let Inputs { server, observed, narrowing, .. } = inputs;
    let compared = |within: &Narrowing| match &server.backup {
        Some(backup) => {
            compare_settings(backup, observed, inputs.secrets, &|key| within.setting(&server.name, key))
        }
        None => Default::default(),
    };
    let (settings, uncompared) = compared(narrowing);
    if narrowing.is_none() {
        return Narrowed { assignment: whole, settings, uncompared, left_out: None };
    }
    let count = |assignment: &Assignment, settings: &[SettingChange]| {
        (compare(assignment, observed).changes.len() + settings.len()) as u64
    };
    let all = count(&whole, &compared(Narrowing::none()).0);
    let assignment = narrow(whole, observed, server, narrowing);
    let left_out = Some(all.saturating_sub(count(&assignment, &settings)));
    Narrowed { assignment, settings, uncompared, left_out }
}

/// What the plan does, and what it would do if seats were no matter.
fn digests(inputs: Inputs<'_>, modules: &Modules, steps: &[Step], blocked: &[Blocked]) -> (Digest, Digest) {
    let effects = Effects {
        server: &inputs.server.name,
        reference: inputs.observed.licence.reference.read().map_or("", String::as_str),
        observed: inputs.observed,
        module_name: &|index| modules.list[index.index()].module.as_str(),
    };
    (effects.of_steps(steps), effects.of_wish(steps, blocked))
}

/// What holds the plan back, and which overrides were needed.
struct Guarded {
    holds: Vec<Hold>,
    needed: Vec<bool>,
    /// Said of a spec that pins no identity where there is nothing to hold back.
    unpinned: Option<Finding>,
}

/// Holds all of a plan back where a guardrail, the server's identity or its licence says so. That the server is another
/// than the one that is meant comes first, that it takes no changes last.
fn guarded(inputs: Inputs<'_>, assignment: &Assignment, ordered: &Orders) -> Guarded {
    let mut guarding = Guarding {
        server: inputs.server,
        observed: inputs.observed,
        assignment,
        allows: inputs.allows,
        taken: &inputs.memory.taken,
        used: vec![false; inputs.allows.len()],
    };
    let mut holds = guarding.holds(&ordered.switches, &ordered.settings);
    let has_steps = !ordered.switches.is_empty() || !ordered.settings.is_empty();
    let unpinned = identity(inputs, has_steps, &mut holds);
    if let Standing::Closed(why) = licence::standing(inputs.server.license.as_ref(), inputs.observed)
        && has_steps
    {
        holds.push(standing_hold(&why));
    }
    Guarded { holds, needed: guarding.used, unpinned }
}

/// Policies that contradict each other, and services that the server does not have.
fn contradictions(inputs: Inputs<'_>, assignment: &Assignment) -> Vec<Finding> {
    let policies = &inputs.server.policies;
    let name = |rule: RuleIndex| &policies[assignment.rules[rule.index()].policy as usize].name;
    let mut invalid: Vec<Finding> = assignment
        .conflicts
        .iter()
        .map(|conflict| {
            let (one, other) = conflict.rules;
            let text = format!(
                "policies {} and {} say different things of {} for {}{}, and have the same priority",
                name(one),
                name(other),
                conflict.service,
                conflict.account,
                more(conflict.accounts - 1)
            );
            Finding::error("policy-conflict", text)
                .at(assignment.rules[one.index()].place.clone())
                .also_at(assignment.rules[other.index()].place.clone(), "the other one")
                .remedy(Remedy::EditSpec("give one of them a higher priority".into()))
        })
        .collect();
    let missing = assignment.spoken().intersection(inputs.observed.not_offered);
    let release = match &inputs.observed.version {
        Reading::Read(version) => format!(" ({version})"),
        Reading::Unread(_) => String::new(),
    };
    for service in missing.iter() {
        let place = assignment.rules.iter().find(|rule| rule.service == service).map(|rule| &rule.place);
        let text = format!("the server's release{release} does not have the service {service}");
        let mut finding = Finding::error("service-not-offered", text)
            .remedy(Remedy::EditSpec("remove the service from the policies of this server".into()));
        finding.places.extend(place.map(|place| (place.clone(), String::new())));
        invalid.push(finding);
    }
    invalid
}

fn more(count: usize) -> String {
    if count == 0 { String::new() } else { format!(" and {count} more") }
}

/// The pinned domain must exist as a standard domain and the Reference ID must be the pinned one, else nothing
/// is written.
fn identity(inputs: Inputs<'_>, has_steps: bool, holds: &mut Vec<Hold>) -> Option<Finding> {
    let Inputs { server, observed, .. } = inputs;
    let mut hold = |message: String, place, remedy| {
        holds.insert(
            0,
            Hold {
                kind: HoldKind::Identity,
                message,
                place: Some(place),
                remedy,
                accounts: Vec::new(),
                accounts_count: 0,
            },
        );
    };
    let live = observed.licence.reference.read().map(|reference| reference.trim());
    // LIC-2: two machines never share a Reference ID, so another one is another machine.
    if let Some((pinned, place)) = &server.identity.reference_id
        && live != Some(pinned.as_str())
    {
        let live = live.map_or_else(|| "could not be read".to_owned(), |live| format!("is {live}"));
        let message = format!("the server's Reference ID {live}, the spec pins {pinned}");
        hold(
            message,
            place.clone(),
            Remedy::Check("that the connection leads to the server that is meant".into()),
        );
    }
    // A restored copy may have the same Reference ID for a while; the domain tells whose mail it holds. Only a standard
    // domain is the server's own: aliases and backup domains stand for another's (reference 2.2).
    if let Some((pinned, place)) = &server.identity.domain
        && observed.directory.domain_kind(pinned) != Some(DomainKind::Standard)
    {
        let (message, remedy) = match observed.directory.domain_kind(pinned) {
            Some(DomainKind::Other(_)) => (
                format!("the server does not say of which type the domain {pinned} is, which the spec pins"),
                Remedy::Check("whether the account we log in with may read the domain's settings".into()),
            ),
            // U-9: what is missing from a list that is not whole may be there.
            None if !observed.directory.incomplete.is_empty() => (
                format!("the domain {pinned}, which the spec pins, is not in what was read of the lists"),
                Remedy::Rerun("`icewarden plan`, when nobody changes domains or accounts".into()),
            ),
            _ => (
                format!("the server has no standard domain {pinned}, which the spec pins"),
                Remedy::Check("that the connection leads to the server that is meant".into()),
            ),
        };
        hold(message, place.clone(), remedy);
    }
    // Without both, a wrong line of `connection` would be as good as a right one. Where nothing is to be written a
    // warning is enough.
    if server.identity.domain.is_none() || server.identity.reference_id.is_none() {
        let message = "the spec does not pin the server's identity, so nothing may be written to it";
        let remedy = Remedy::EditSpec(pin(observed, server));
        if !has_steps {
            let finding = Finding::warning("identity-not-pinned", message).at(server.place.clone());
            return Some(finding.remedy(remedy));
        }
        hold(message.to_owned(), server.place.clone(), remedy);
    }
    None
}

/// The lines that pin the server that was read.
fn pin(observed: &Observed, server: &ServerSpec) -> String {
    let domains = observed.directory.domains().iter();
    let standard: Vec<&str> =
        domains.filter(|(_, kind)| *kind == DomainKind::Standard).map(|(name, _)| &**name).collect();
    // The domain of the account that logs in is known to whoever wrote the spec; another may be any customer's.
    let own = domain_of(server.connection.caller().as_str());
    let domain = standard.iter().find(|name| **name == own).or(standard.first()).copied();
    let reference = observed.licence.reference.read().map_or("…", String::as_str);
    let domain = domain.unwrap_or("…");
    format!(
        "if this is the server you mean, write `identity: {{domain: {domain}, referenceId: {reference}}}`"
    )
}

fn standing_hold(why: &str) -> Hold {
    Hold {
        kind: HoldKind::Standing,
        message: format!("the server takes no changes now: {why}"),
        place: None,
        remedy: Remedy::Check(
            "the licence on the server's own console; nothing is written until its status is 0".into(),
        ),
        accounts: Vec::new(),
        accounts_count: 0,
    }
}

fn keep_free_allowed(allows: &[Allow], modules: &Modules) -> Vec<ModuleIndex> {
    let named = allows.iter().filter_map(|allow| match &allow.allowed {
        Allowed::KeepFree(wanted) => modules.list.iter().position(|module| module.module == *wanted),
        _ => None,
    });
    named.map(ModuleIndex::new).collect()
}

fn unmanaged(assignment: &Assignment) -> Unmanaged {
    let mut accounts_by_profile = vec![0u64; assignment.profiles.len()];
    for number in &assignment.rows {
        accounts_by_profile[*number as usize] += 1;
    }
    let with = |meant: &dyn Fn(ServiceSet) -> bool| -> u64 {
        let profiles = assignment.profiles.iter().zip(&accounts_by_profile);
        profiles.filter(|(profile, _)| meant(profile.spoken())).map(|(_, count)| count).sum()
    };
    let services = assignment.spoken().iter();
    Unmanaged {
        accounts: with(&ServiceSet::is_empty),
        services: services.map(|service| (service, with(&|spoken| !spoken.contains(service)))).collect(),
    }
}

fn bug(fault: &str) -> Finding {
    Finding::error("internal", format!("the finished plan does not hold: {fault}"))
        .remedy(Remedy::Check("this is a fault of icewarden; nothing was written. Please report it".into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BackupKey, Pattern};
    use crate::plan::tests::{planned, planned_within, told};
    use crate::policy::tests::World;
    use crate::spec::meaning::BackupValue;

    fn within(targets: &[&str], excludes: &[&str]) -> Narrowing {
        let read = |texts: &[&str]| texts.iter().map(|text| Pattern::parse(text).expect(text)).collect();
        Narrowing { targets: read(targets), excludes: read(excludes), ..Narrowing::default() }
    }

    /// One seat: whom it goes to, what is blocked and what the digest names all follow from what is planned.
    #[test]
    fn a_narrowed_plan_is_a_plan_of_the_rest_alone() {
        let world = World::of("instantmessaging=1", &["a im:off->on", "b im:off->on", "c im:on->off"])
            .with_backup(&[(BackupKey::KeepDays, "7", BackupValue::Number(30))]);
        type Case = (&'static [&'static str], &'static [&'static str], &'static [&'static str], Option<u64>);
        let cases: [Case; 6] = [
            (&[], &[], &["release c im -1", "claim a im 1", "set keepDays", "no-seat b im"], None),
            (&["eu/b@*/im"], &[], &["no-seat b im"], Some(3)),
            (&[], &["eu/a@*"], &["release c im -1", "claim b im 1", "set keepDays"], Some(1)),
            (&["eu/*@example.com/*"], &["*/c@example.com/im"], &["no-seat a im", "no-seat b im"], Some(2)),
            (&["eu/backup/*"], &[], &["set keepDays"], Some(3)),
            (&["*"], &[], &["release c im -1", "claim a im 1", "set keepDays", "no-seat b im"], Some(0)),
        ];
        let whole = planned(&world);
        for (targets, excludes, expected, left_out) in cases {
            let narrowing = within(targets, excludes);
            let plan = planned_within(&world, &narrowing).expect("a plan");
            assert_eq!(told(&plan), expected, "{targets:?} {excludes:?}");
            assert_eq!(plan.left_out, left_out, "{targets:?} {excludes:?}");
            assert_eq!(plan.unmanaged, whole.unmanaged, "what policies speak of stays as it is");
            assert_eq!(plan.effects == whole.effects, expected == told(&whole), "{targets:?} {excludes:?}");
        }
    }

    #[test]
    fn a_step_that_was_to_be_left_out_is_refused() {
        let world = World::of("instantmessaging=9", &["a im:off->on", "b im:off->on"]);
        for excludes in [&["eu/b@*"], &["eu/a@*/im"]] {
            let narrowing = within(&[], excludes);
            let mut plan = planned(&world);
            plan.narrowing = &narrowing;
            let found = verify::verify(&plan).expect_err("it is refused");
            assert!(found.contains("it was to be left out"), "{found}");
        }
    }

    #[test]
    fn a_pattern_that_matches_nothing_lets_nothing_be_planned() {
        let world = World::of("instantmessaging=9", &["anna im:off->on"]);
        let narrowing = within(&[], &["eu/ana@example.com/*"]);
        let found = planned_within(&world, &narrowing).expect_err("it is refused");
        assert_eq!(
            found[0].message,
            "--exclude eu/ana@example.com/* matches nothing on eu; did you mean eu/anna@example.com/*?"
        );
        assert!(found.iter().all(|finding| finding.code == remarks::STRAY));
    }

    /// Not read is not absent (U-9): nobody is told that a domain is missing from a list that was not read whole.
    #[test]
    fn a_pinned_domain_that_was_not_read_is_not_said_to_be_missing() {
        let mut world = World::of("", &["a im:off->on"]);
        let pinned = ("other.test".to_owned(), world.server.place.clone());
        world.server.identity.domain = Some(pinned);
        let held = |world: &World| {
            let plan = planned(world);
            let hold = plan.holds.iter().find(|hold| hold.kind == HoldKind::Identity).expect("it is held");
            hold.message.clone()
        };
        assert_eq!(held(&world), "the server has no standard domain other.test, which the spec pins");
        world.observed.directory.incomplete.push("the list of domains was cut short".to_owned());
        assert_eq!(
            held(&world),
            "the domain other.test, which the spec pins, is not in what was read of the lists"
        );
    }
}
