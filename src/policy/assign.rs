//! The policies laid over each other, the weakest first.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::memory::{Memory, Recalling, SelectorId};
use super::named::services_of;
use super::profile::{Profile, Profiles};
use super::select::{Chosen, Emptiness, Lack, Selected, Selecting};
use crate::model::address::shown_domain;
use crate::model::{
    AccountFacts, Allowed, Directory, Finding, Observed, Place, Remedy, Row, Rows, RuleIndex, Service,
    ServiceSet, counted,
};
use crate::spec::meaning::{Exception, Others, PolicySpec, ServiceRule, Switch, Want};

/// How many days before its end an exception is remarked on.
const NOTICE_DAYS: i32 = 7;

/// A sentence of a policy that decides one service for some accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Index of the policy in the order it was given in.
    pub policy: u32,
    pub priority: i64,
    pub service: Service,
    pub kind: RuleKind,
    pub place: Place,
}

/// What a rule says, as its policy writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleKind {
    /// `im: enabled`
    Everyone(Switch),
    /// `enable: …`
    Enable,
    /// `others: disabled`
    Others,
    Exception {
        set: Switch,
        until: Option<Date>,
        why: Option<String>,
    },
    /// The policy is held, so this service is undecided.
    Held,
}

/// A policy that decides nothing this time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub policy: String,
    pub why: String,
    pub place: Place,
    pub remedy: Remedy,
}

/// Two policies of one priority that say different things of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    pub service: Service,
    /// The first account it concerns, and how many there are.
    pub account: String,
    pub accounts: usize,
    pub rules: (RuleIndex, RuleIndex),
}

/// What the policies say of every account.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// For each row of the directory the number of its profile.
    pub rows: Vec<u32>,
    pub profiles: Vec<Profile>,
    pub rules: Vec<Rule>,
    pub held: Vec<Held>,
    pub conflicts: Vec<Conflict>,
    pub findings: Vec<Finding>,
    /// What the selectors match, of policies that are not held.
    pub matched: BTreeMap<SelectorId, u64>,
}

impl Assignment {
    /// What the policies say of the account in a row of the directory that was assigned.
    pub fn of(&self, row: Row) -> &Profile {
        &self.profiles[self.rows[row.index()] as usize]
    }

    /// Every service that any policy speaks of for any account.
    pub fn spoken(&self) -> ServiceSet {
        self.profiles.iter().fold(ServiceSet::EMPTY, |all, profile| all.union(profile.spoken()))
    }
}

/// The accounts that there are, and what was read of them.
#[derive(Debug, Clone, Copy)]
pub struct People<'a> {
    pub directory: &'a Directory,
    /// One for each row; where there is none, nothing was read.
    pub facts: &'a [AccountFacts],
}

impl<'a> People<'a> {
    /// Those of a server that was read.
    pub fn of(observed: &'a Observed) -> People<'a> {
        People { directory: &observed.directory, facts: &observed.columns.facts }
    }
}

/// Resolves policies for every account of a directory, as of `today` (UTC).
///
/// `shrink_allowed` names the policies whose selectors may match fewer than `memory` has of them, and how many they must
/// match still.
pub fn assign(
    policies: &[PolicySpec],
    people: People<'_>,
    today: Date,
    shrink_allowed: &BTreeMap<&str, u64>,
    memory: &Memory,
) -> Assignment {
    let mut order: Vec<usize> = (0..policies.len()).collect();
    order.sort_by_key(|index| policies[*index].priority);
    let mut laying = Laying {
        directory: people.directory,
        facts: people.facts,
        today,
        profiles: Profiles::default(),
        rows: vec![0; people.directory.len()],
        own: vec![0; people.directory.len()],
        rules: Vec::new(),
        held: Vec::new(),
        findings: Vec::new(),
        matched: BTreeMap::new(),
    };
    for index in order {
        let policy = &policies[index];
        let allowed = shrink_allowed.get(policy.name.as_str()).copied();
        laying.lay(index, policy, Recalling { policy: &policy.name, memory, allowed, matched: Vec::new() });
    }
    laying.finish()
}

/// One policy's rules over the rows of each.
type RuledRows = (Rule, Ruled);

/// Whom a rule is about. An exception is about one account, and there may be many: a whole set for each would be
/// their square.
enum Ruled {
    Set(Rows),
    One(Row),
}

/// Why a policy is held, and over which rows.
type HeldRows = (Held, Rows);

struct Laying<'a> {
    directory: &'a Directory,
    facts: &'a [AccountFacts],
    today: Date,
    profiles: Profiles,
    rows: Vec<u32>,
    /// What the policy at hand says of each row; 0 everywhere between two policies. One for all of them: each would
    /// otherwise touch fresh memory for every account of the server.
    own: Vec<u32>,
    rules: Vec<Rule>,
    held: Vec<Held>,
    findings: Vec<Finding>,
    matched: BTreeMap<SelectorId, u64>,
}

impl Laying<'_> {
    /// Lays one policy over all that were laid before, none of which is stronger.
    fn lay(&mut self, index: usize, policy: &PolicySpec, mut recalling: Recalling<'_>) {
        let emptiness = if recalling.allowed == Some(0) { Emptiness::Allowed } else { Emptiness::Holds };
        let (directory, facts) = (self.directory, self.facts);
        let mut selecting = Selecting { directory, facts, emptiness, findings: Vec::new() };
        let ruled = match resolve(policy, index, &mut selecting, &mut recalling) {
            Ok((scope, mut ruled)) => {
                self.matched.append(&mut recalling.matched.into_iter().collect());
                ruled.extend(self.exceptions(policy, index, &scope));
                if !scope.unsure.is_empty() {
                    ruled.extend(hold(policy, index, &scope.unsure));
                }
                ruled
            }
            Err(held) => {
                let (held, rows) = *held;
                self.held.push(held);
                hold(policy, index, &rows)
            }
        };
        self.findings.append(&mut selecting.findings);
        let spoken = self.overlay(ruled);
        self.combine(&spoken);
    }

    /// The exceptions that hold today, each over its one account.
    fn exceptions(&mut self, policy: &PolicySpec, index: usize, scope: &Chosen) -> Vec<RuledRows> {
        let mut ruled = Vec::new();
        for exception in &policy.exceptions {
            if !self.holds_today(exception) {
                continue;
            }
            let found = self.directory.resolved(exception.account.as_str());
            if found.is_some_and(|row| scope.unsure.contains(row)) {
                // Nothing is decided of it, and why is told of all such accounts together.
                continue;
            }
            let Some(row) = found.filter(|row| scope.rows.contains(*row)) else {
                self.findings.push(idle(exception, policy, found.is_some()));
                continue;
            };
            let kind = RuleKind::Exception {
                set: exception.set,
                until: exception.until,
                why: exception.why.clone(),
            };
            let rule = rule(policy, index, exception.service, kind, &exception.place);
            ruled.push((rule, Ruled::One(row)));
        }
        ruled
    }

    /// Whether an exception is in force; says so where it is about to end.
    fn holds_today(&mut self, exception: &Exception) -> bool {
        let Some(until) = exception.until else { return true };
        let days = until.since((jiff::Unit::Day, self.today)).map(|span| span.get_days()).unwrap_or_default();
        if days < 0 {
            let text = format!(
                "the exception of {} for {} ended on {until}; the policy rules again",
                exception.account, exception.service
            );
            let ended = Finding::info("exception-ended", text).at(exception.place.clone());
            self.findings.push(ended.remedy(Remedy::EditSpec("take it out of the spec".into())));
            return false;
        }
        if days <= NOTICE_DAYS {
            let left = match days {
                0 => "today".to_owned(),
                days => format!("in {}", counted(u64::from(days.unsigned_abs()), "day")),
            };
            let text = format!(
                "the exception of {} for {} ends after {until}, {left}",
                exception.account, exception.service
            );
            self.findings.push(Finding::warning("exception-ends-soon", text).at(exception.place.clone()));
        }
        true
    }

    /// Writes into `own` what one policy alone says, and tells of whom: its later rules beat its earlier ones.
    fn overlay(&mut self, ruled: Vec<RuledRows>) -> Rows {
        let mut spoken = Rows::none(self.directory.len());
        for (rule, about) in ruled {
            let id = RuleIndex::new(self.rules.len());
            match about {
                Ruled::One(row) => {
                    let own = &mut self.own[row.index()];
                    *own = self.profiles.intern(said(self.profiles.at(*own), &rule, id));
                    spoken.insert(row);
                }
                Ruled::Set(rows) => {
                    let mut next: Vec<Option<u32>> = vec![None; self.profiles.count()];
                    for row in rows.iter() {
                        let own = &mut self.own[row.index()];
                        let after = match next[*own as usize] {
                            Some(after) => after,
                            None => self.profiles.intern(said(self.profiles.at(*own), &rule, id)),
                        };
                        next[*own as usize] = Some(after);
                        *own = after;
                    }
                    spoken.unite(&rows);
                }
            }
            self.rules.push(rule);
        }
        spoken
    }

    /// Lays what one policy says over the rows, remembering each pair of profiles that was met, and clears `own`.
    fn combine(&mut self, spoken: &Rows) {
        let mut met = Met::default();
        for row in spoken.iter() {
            let (under, over) = (self.rows[row.index()], std::mem::take(&mut self.own[row.index()]));
            self.rows[row.index()] = match met.get(under, over) {
                Some(known) => known,
                None => {
                    let laid = lay_over(self.profiles.at(under), self.profiles.at(over), &self.rules);
                    let number = self.profiles.intern(laid);
                    met.set(under, over, number);
                    number
                }
            };
        }
    }

    fn finish(self) -> Assignment {
        let profiles = self.profiles.into_list();
        let conflicts = conflicts(&self.rows, &profiles, self.directory);
        let mut findings = self.findings;
        findings.extend(two_forms(&self.rows, self.directory));
        // The same may be said of a group or an account wherever it is named; there may be a finding for each exception.
        let mut told: BTreeSet<(&'static str, String)> = BTreeSet::new();
        findings.retain(|finding| told.insert((finding.code, finding.message.clone())));
        Assignment {
            rows: self.rows,
            profiles,
            rules: self.rules,
            held: self.held,
            conflicts,
            findings,
            matched: self.matched,
        }
    }
}

/// What pairs of profiles give. Few profiles are many accounts', and are looked up at once; every exception makes one
/// more, of which a table of pairs would be the square.
#[derive(Default)]
struct Met {
    few: Vec<[Option<u32>; Met::FEW]>,
    many: BTreeMap<(u32, u32), u32>,
}

impl Met {
    const FEW: usize = 64;

    fn get(&self, under: u32, over: u32) -> Option<u32> {
        if (under as usize) < Met::FEW && (over as usize) < Met::FEW {
            self.few.get(under as usize).and_then(|row| row[over as usize])
        } else {
            self.many.get(&(under, over)).copied()
        }
    }

    fn set(&mut self, under: u32, over: u32, number: u32) {
        let (row, column) = (under as usize, over as usize);
        if row < Met::FEW && column < Met::FEW {
            if self.few.len() <= row {
                self.few.resize(row + 1, [None; Met::FEW]);
            }
            self.few[row][column] = Some(number);
        } else {
            self.many.insert((under, over), number);
        }
    }
}

/// A profile after one more rule of the same policy.
fn said(before: &Profile, rule: &Rule, id: RuleIndex) -> Profile {
    let mut after = before.clone();
    let service = rule.service;
    for set in [&mut after.managed, &mut after.enabled, &mut after.undecided] {
        set.remove(service);
    }
    after.by[service as usize] = id;
    match rule.kind {
        RuleKind::Held => after.undecided.insert(service),
        RuleKind::Enable
        | RuleKind::Everyone(Switch::Enabled)
        | RuleKind::Exception { set: Switch::Enabled, .. } => {
            after.managed.insert(service);
            after.enabled.insert(service);
        }
        RuleKind::Others
        | RuleKind::Everyone(Switch::Disabled)
        | RuleKind::Exception { set: Switch::Disabled, .. } => after.managed.insert(service),
    }
    after
}

/// What two policies say together; `over` is as strong as `under`, or stronger.
fn lay_over(under: &Profile, over: &Profile, rules: &[Rule]) -> Profile {
    let mut laid = under.clone();
    for service in over.spoken().iter() {
        let index = service as usize;
        let stronger = !under.spoken().contains(service)
            || rules[over.by[index].index()].priority > rules[under.by[index].index()].priority;
        if stronger {
            laid.take(service, over);
        } else if over.undecided.contains(service) {
            // Of equals, the one that cannot be told makes the whole untold.
            laid.take(service, over);
        } else if !under.undecided.contains(service)
            && under.enabled.contains(service) != over.enabled.contains(service)
            && !under.disputed.contains(service)
        {
            laid.disputed.insert(service);
            laid.against[index] = over.by[index];
        }
    }
    laid
}

/// Domains that have two forms, where policies speak of their accounts: a person reads the one, and sees the other in
/// the plan (U-44).
fn two_forms(rows: &[u32], directory: &Directory) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, (name, _)) in directory.domains().iter().enumerate() {
        let Some(shown) = shown_domain(name) else { continue };
        if directory.rows_of_domain(index).iter().any(|row| rows[row.index()] != 0) {
            let text = format!("{name} is the domain {shown}");
            findings.push(Finding::info("domain-in-two-forms", text));
        }
    }
    findings
}

fn conflicts(rows: &[u32], profiles: &[Profile], directory: &Directory) -> Vec<Conflict> {
    let mut found: Vec<Conflict> = Vec::new();
    if profiles.iter().all(|profile| profile.disputed.is_empty()) {
        return found;
    }
    for (row, number) in directory.rows().zip(rows) {
        let profile = &profiles[*number as usize];
        for service in profile.disputed.iter() {
            let rules = (profile.by[service as usize], profile.against[service as usize]);
            match found.iter_mut().find(|known| known.rules == rules && known.service == service) {
                Some(known) => known.accounts += 1,
                None => found.push(Conflict {
                    service,
                    account: directory.address(row).to_owned(),
                    accounts: 1,
                    rules,
                }),
            }
        }
    }
    found
}

fn rule(policy: &PolicySpec, index: usize, service: Service, kind: RuleKind, place: &Place) -> Rule {
    Rule { policy: index as u32, priority: policy.priority, service, kind, place: place.clone() }
}

/// The rows of a policy's scope and of its rules, or why it is held and over which rows.
fn resolve(
    policy: &PolicySpec,
    index: usize,
    selecting: &mut Selecting<'_>,
    recalling: &mut Recalling<'_>,
) -> Result<(Chosen, Vec<RuledRows>), Box<HeldRows>> {
    // Whom a scope that lacks something means is not known: a weaker policy must not decide for them instead.
    let scope = match selecting.select(&policy.scope) {
        Selected::Rows(chosen) => chosen,
        Selected::Nobody(Lack { why, place, at_most, correct }) => {
            return Err(Box::new((held_as_lacking(policy, why, place, correct), at_most)));
        }
        Selected::Unread(mut lack) => {
            let at_most = std::mem::take(&mut lack.at_most);
            return Err(Box::new((held_as_unread(policy, lack, selecting.directory), at_most)));
        }
    };
    if let Some(why) = recalling.shrank("scope", &[&policy.scope], scope.count()) {
        // Who left is not known, and a weaker policy must not decide for them either.
        let anybody = selecting.directory.planned_on();
        let held = held_as_empty(policy, why, policy.scope.place.clone(), scope.count());
        return Err(Box::new((held, anybody)));
    }
    selecting.tell_unsure(policy, &scope.unsure);
    let mut ruled = Vec::new();
    for service_rule in &policy.services {
        let service = service_rule.service;
        match &service_rule.want {
            Want::Everyone(switch) => {
                let kind = RuleKind::Everyone(*switch);
                let rule = rule(policy, index, service, kind, &service_rule.place);
                ruled.push((rule, Ruled::Set(scope.rows.clone())));
            }
            Want::Selected { .. } => {
                let policy = Within { policy, index, scope: &scope };
                ruled.extend(policy.selected(service_rule, selecting, recalling)?);
            }
        }
    }
    Ok((scope, ruled))
}

/// A policy, and whom it speaks of.
struct Within<'a> {
    policy: &'a PolicySpec,
    index: usize,
    scope: &'a Chosen,
}

impl Within<'_> {
    /// The rules of a service that is for some of the scope, or why the policy is held and over which rows.
    fn selected(
        &self,
        service_rule: &ServiceRule,
        selecting: &mut Selecting<'_>,
        recalling: &mut Recalling<'_>,
    ) -> Result<Vec<RuledRows>, Box<HeldRows>> {
        let Want::Selected { enable, others, others_place } = &service_rule.want else {
            return Ok(Vec::new());
        };
        let Within { policy, index, scope } = *self;
        let service = service_rule.service;
        let mut ruled = Vec::new();
        let mut anybody = scope.rows.clone();
        anybody.unite(&scope.unsure);
        let mut enabled = match selecting.select(enable) {
            Selected::Rows(chosen) => chosen,
            Selected::Nobody(Lack { why, place, correct, .. }) => {
                return Err(Box::new((held_as_lacking(policy, why, place, correct), anybody)));
            }
            Selected::Unread(lack) => {
                return Err(Box::new((held_as_unread(policy, lack, selecting.directory), anybody)));
            }
        };
        enabled.rows.intersect(&anybody);
        enabled.unsure.intersect(&anybody);
        if enabled.is_empty() && selecting.emptiness == Emptiness::Holds {
            let what = "nobody in the scope is selected".to_owned();
            return Err(Box::new((held_as_empty(policy, what, enable.place.clone(), 0), anybody)));
        }
        if let Some(why) = recalling.shrank(service.name(), &[&policy.scope, enable], enabled.count()) {
            let held = held_as_empty(policy, why, enable.place.clone(), enabled.count());
            return Err(Box::new((held, anybody)));
        }
        selecting.tell_unsure(policy, &enabled.unsure);
        if *others == Others::Disabled {
            let mut rest = scope.rows.clone();
            rest.subtract(&enabled.rows);
            let rule = rule(policy, index, service, RuleKind::Others, others_place);
            ruled.push((rule, Ruled::Set(rest)));
        }
        enabled.rows.intersect(&scope.rows);
        let rule = rule(policy, index, service, RuleKind::Enable, &service_rule.place);
        ruled.push((rule, Ruled::Set(enabled.rows)));
        if !enabled.unsure.is_empty() {
            ruled.push((rule_held(policy, index, service), Ruled::Set(enabled.unsure)));
        }
        Ok(ruled)
    }
}

/// What a policy says of a service where nobody can tell what it would say.
fn rule_held(policy: &PolicySpec, index: usize, service: Service) -> Rule {
    rule(policy, index, service, RuleKind::Held, &policy.place)
}

/// A held policy's services, all undecided.
fn hold(policy: &PolicySpec, index: usize, rows: &Rows) -> Vec<RuledRows> {
    services_of(std::slice::from_ref(policy))
        .iter()
        .map(|service| (rule_held(policy, index, service), Ruled::Set(rows.clone())))
        .collect()
}

/// `matched` is what the selector matches now: an override speaks of that number, and of no smaller one.
fn held_as_empty(policy: &PolicySpec, why: String, place: Place, matched: usize) -> Held {
    let remedy = Remedy::Allow(Allowed::Shrink { policy: policy.name.clone(), accounts: matched as u64 });
    Held { policy: policy.name.clone(), why, place, remedy }
}

/// Nobody is led to override what is more likely to be corrected.
fn held_as_lacking(policy: &PolicySpec, why: String, place: Place, correct: Option<String>) -> Held {
    match correct {
        Some(act) => Held { policy: policy.name.clone(), why, place, remedy: Remedy::EditSpec(act) },
        None => held_as_empty(policy, why, place, 0),
    }
}

/// No override helps: what cannot be read is not known, and cannot be allowed.
fn held_as_unread(policy: &PolicySpec, lack: Lack, directory: &Directory) -> Held {
    let remedy = if directory.incomplete.is_empty() {
        Remedy::EditSpec(
            "name a group whose members are accounts of this server, or mend this one on the server: take out of it \
             who is none; if its list was not read whole, plan again"
                .into(),
        )
    } else {
        Remedy::Rerun("`icewarden plan`, when nobody changes accounts".into())
    };
    Held { policy: policy.name.clone(), why: lack.why, place: lack.place, remedy }
}

/// An exception that changes nothing.
fn idle(exception: &Exception, policy: &PolicySpec, exists: bool) -> Finding {
    let (account, policy) = (&exception.account, &policy.name);
    let (text, remedy) = if exists {
        (
            format!("{account} is not in the scope of policy {policy}, so this exception does nothing"),
            "widen the scope of the policy, or take the exception out",
        )
    } else {
        (
            format!(
                "the server has no user account {account}, so this exception of policy {policy} does nothing"
            ),
            "correct the address, or take the exception out",
        )
    };
    let finding = Finding::warning("exception-outside-scope", text).at(exception.place.clone());
    finding.remedy(Remedy::EditSpec(remedy.into()))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::model::{AccountKind, Address, DirectoryBuilder};
    use crate::policy::tests::{address, place, policy, scope, service};
    use crate::spec::meaning::Selector;
    fn directory(names: impl IntoIterator<Item = String>) -> Directory {
        let mut builder = DirectoryBuilder::default();
        for name in names {
            builder.account(Address::parse(&address(&name)).unwrap(), AccountKind::User);
        }
        builder.build()
    }

    /// `"PRIORITY ACCOUNTS SERVICE on|off [| ACCOUNT on|off [UNTIL]]…"`; the accounts `gone` are a group that is
    /// not there, so whom the policy means is not known.
    fn read(line: &str) -> PolicySpec {
        let mut parts = line.split('|').map(|part| part.split_whitespace().collect::<Vec<_>>());
        let head = parts.next().unwrap();
        let whom = if head[1] == "gone" {
            let groups = Some(vec![(address("gone"), place())]);
            Selector { groups, accounts: None, ..scope(Vec::new()) }
        } else {
            scope(head[1].split(',').map(|name| (address(name), place())).collect())
        };
        let mut policy = policy(head[0].parse().unwrap(), service(head[2]), head[3] == "on", whom);
        policy.name = line.to_owned();
        for part in parts {
            policy.exceptions.push(Exception {
                account: Address::parse(&address(part[0])).unwrap(),
                service: service(head[2]),
                set: if part[1] == "on" { Switch::Enabled } else { Switch::Disabled },
                until: part.get(2).map(|until| until.parse().unwrap()),
                why: None,
                place: place(),
            });
        }
        policy
    }

    /// What the policies say of IM for the accounts a and b.
    fn check(policies: &[&str]) -> String {
        let directory = directory(["a", "b"].map(str::to_owned));
        let policies: Vec<PolicySpec> = policies.iter().map(|line| read(line)).collect();
        let assignment = assign(
            &policies,
            People { directory: &directory, facts: &[] },
            date(2026, 11, 24),
            &BTreeMap::new(),
            &Memory::new(),
        );
        let said = |row: usize| {
            let profile = assignment.of(Row::new(row));
            let im = Service::Im;
            match () {
                () if profile.disputed.contains(im) => "disputed",
                () if profile.undecided.contains(im) => "undecided",
                () if !profile.managed.contains(im) => "-",
                () if profile.enabled.contains(im) => "on",
                () => "off",
            }
        };
        let disputed = (0..2).filter(|row| said(*row) == "disputed").count();
        let told: usize = assignment.conflicts.iter().map(|conflict| conflict.accounts).sum();
        assert_eq!(told, disputed, "conflicts that are told, of {policies:?}");
        format!("{} {}", said(0), said(1))
    }

    #[test]
    fn the_stronger_policy_decides_and_equals_must_agree() {
        for (policies, expected) in [
            (&["0 a im on"][..], "on -"),
            (&["0 a,b im on", "5 a im off"], "off on"),
            (&["5 a im off", "0 a,b im on"], "off on"),
            (&["-1 a im off", "0 a im on"], "on -"),
            (&["0 a im on", "0 a,b im on"], "on on"),
            (&["0 a im on", "0 a,b im off"], "disputed off"),
            // A conflict that a stronger policy decides is none, wherever it stands.
            (&["0 a im on", "0 a,b im off", "5 a im off"], "off off"),
            (&["5 a im on", "0 a im on", "0 a,b im off"], "on off"),
            (&["0 a im on", "5 a im on", "5 a im off"], "disputed -"),
            // A weaker policy has no say in a conflict.
            (&["0 a im on", "5 a im off", "5 a im off"], "off -"),
        ] {
            assert_eq!(check(policies), expected, "{policies:?}");
        }
    }

    #[test]
    fn what_a_held_policy_would_say_is_undecided_unless_a_stronger_one_decides() {
        for (policies, expected) in [
            (&["0 gone im on"][..], "undecided undecided"),
            (&["0 a im on", "0 gone im off"], "undecided undecided"),
            (&["0 gone im off", "0 a im on"], "undecided undecided"),
            (&["0 a im on", "0 b im on", "0 gone im on"], "undecided undecided"),
            (&["5 a im on", "0 gone im off"], "on undecided"),
            (&["0 gone im off", "5 a im on"], "on undecided"),
            (&["0 a im on", "5 gone im off"], "undecided undecided"),
            // It says nothing of other services.
            (&["0 gone sip on", "0 a im on"], "on -"),
            // What cannot be told is told before a conflict.
            (&["0 a im on", "0 a im off", "0 gone im on"], "undecided undecided"),
        ] {
            assert_eq!(check(policies), expected, "{policies:?}");
        }
    }

    #[test]
    fn an_exception_beats_its_policy_until_its_last_day_and_never_a_stronger_policy() {
        for (policies, expected) in [
            (&["0 a,b im on | b off"][..], "on off"),
            (&["0 a,b im off | b on"], "off on"),
            (&["0 a,b im on | b off 2026-11-24"], "on off"),
            (&["0 a,b im on | b off 2026-11-25"], "on off"),
            (&["0 a,b im on | b off 2026-11-23"], "on on"),
            (&["0 a,b im on | b off", "5 a,b im on"], "on on"),
            (&["0 a,b im on", "5 a im on | a off"], "off on"),
            // Outside its policy's scope it does nothing.
            (&["0 a im on | b off"], "on -"),
            // Among equals an exception is a sentence like any other.
            (&["0 a,b im on | b off", "0 b im on"], "on disputed"),
        ] {
            assert_eq!(check(policies), expected, "{policies:?}");
        }
    }

    #[test]
    fn every_exception_makes_one_profile_and_not_a_pair_with_every_other() {
        const EXCEPTIONS: usize = 20_000;
        let names = || (0..EXCEPTIONS).map(|number| format!("u{number:05}"));
        let directory = directory(names());
        let everyone = || scope(vec![("*@example.com".to_owned(), place())]);
        let mut with = policy(0, Service::Im, true, everyone());
        with.exceptions = names()
            .map(|name| Exception {
                account: Address::parse(&address(&name)).unwrap(),
                service: Service::Im,
                set: Switch::Disabled,
                until: None,
                why: None,
                place: place(),
            })
            .collect();
        let policies = [with, policy(5, Service::Sip, true, everyone())];
        let assignment = assign(
            &policies,
            People { directory: &directory, facts: &[] },
            date(2026, 11, 24),
            &BTreeMap::new(),
            &Memory::new(),
        );
        // Nothing, everyone's, each exception's, the second policy's alone, and each exception's under it.
        assert_eq!(assignment.profiles.len(), 1 + 1 + EXCEPTIONS + 1 + EXCEPTIONS);
        assert_eq!(assignment.rules.len(), 2 + EXCEPTIONS);
        let off = (0..EXCEPTIONS).filter(|row| !assignment.of(Row::new(*row)).enabled.contains(Service::Im));
        assert_eq!(off.count(), EXCEPTIONS);
    }
}
