//! The order in which no module gets worse, and the claims that do not fit.

use std::collections::BTreeMap;

use crate::diff::{Direction, SwitchChange, unheeded};
use crate::model::{ModuleIndex, Observed, Reading, Row, RuleIndex, Seats, Service, ServiceSet, StepIndex};
use crate::policy::Assignment;
use crate::seats::count::certain;
use crate::seats::{AccountSeats, LedgerRow, Modules, Peak, Used};

use super::block::{BlockReason, Blocked, reason};
use super::queue::Queue;
use super::step::{Booked, Expectation, SwitchStep};

/// The ordered steps, what was blocked, and the ledger they make.
#[derive(Debug, Clone, Default)]
pub struct Ordered {
    pub steps: Vec<SwitchStep>,
    pub blocked: Vec<Blocked>,
    pub ledger: Vec<LedgerRow>,
}

/// What ordering needs to know.
pub struct Ordering<'a> {
    pub assignment: &'a Assignment,
    pub observed: &'a Observed,
    pub modules: &'a Modules,
    /// Modules whose kept seats may be taken this time.
    pub keep_free_allowed: &'a [ModuleIndex],
}

/// The three phases, before they are put one after the other.
struct Phases {
    free_claims: Vec<SwitchStep>,
    releases: Vec<SwitchStep>,
    claims: Queue,
    blocked: Vec<Blocked>,
    /// Some account has several changes of services that share a module: only then is linking worth its while.
    shares: bool,
    /// Accounts and modules with several claims that may take one seat together; ascending.
    joint: Vec<(Row, ModuleIndex)>,
}

/// Orders changes, which come sorted by row, then service.
pub fn order(changes: &[SwitchChange], used: Vec<Option<Used>>, with: &Ordering<'_>) -> Ordered {
    let mut phases = Phases {
        free_claims: Vec::new(),
        releases: Vec::with_capacity(changes.len() / 2),
        claims: Queue::new(&with.assignment.rules),
        blocked: Vec::new(),
        shares: false,
        joint: Vec::new(),
    };
    let sorting = Sorting { with, unheeded: unheeded(with.observed), shared: shared_modules(with.modules) };
    for of_account in changes.chunk_by(|a, b| a.row == b.row) {
        sorting.sort_account(of_account, &mut phases);
    }
    let Phases { free_claims, releases, claims, mut blocked, shares, joint } = phases;

    let mut ledger: Vec<LedgerRow> = with
        .modules
        .list
        .iter()
        .zip(used)
        .map(|(module, used)| LedgerRow { module: module.clone(), used, released: 0, claimed: 0, peak: None })
        .collect();
    // SEAT-8: all releases are done before the first claim that needs a seat, so what they free is there for it.
    for booked in releases.iter().flat_map(SwitchStep::booked).filter(|booked| booked.delta < 0) {
        ledger[booked.module.index()].released += 1;
    }
    let mut steps = free_claims;
    steps.extend(releases);
    let mut admission = Admission { ledger: &mut ledger, keep_free_allowed: with.keep_free_allowed, joint };
    admission.admit(claims.in_order(), &mut steps, &mut blocked);
    if shares {
        link(&mut steps, with);
    }
    for row in &mut ledger {
        row.peak = row.used_now().zip(row.after()).map(|(now, after)| Peak(now.max(after)));
    }
    blocked.sort_by_key(|blocked| (blocked.change.row, blocked.change.service));
    Ordered { steps, blocked, ledger }
}

/// The modules that several services share, by index.
fn shared_modules(modules: &Modules) -> Vec<(ModuleIndex, ServiceSet)> {
    let indexed = modules.list.iter().enumerate();
    indexed
        .filter(|(_, module)| module.services.len() > 1)
        .map(|(index, module)| (ModuleIndex::new(index), module.services))
        .collect()
}

/// What sorting one account needs to know of all.
struct Sorting<'a> {
    with: &'a Ordering<'a>,
    unheeded: ServiceSet,
    /// The modules that several services share.
    shared: Vec<(ModuleIndex, ServiceSet)>,
}

impl Sorting<'_> {
    /// Sorts one account's changes into the phases, and books what each does to a seat.
    fn sort_account(&self, changes: &[SwitchChange], phases: &mut Phases) {
        let with = self.with;
        let row = changes[0].row;
        let observed = with.observed;
        let directory = &observed.directory;
        let domain = &directory.domains()[directory.domain_column()[row.index()] as usize].0;
        let profile = with.assignment.of(row);
        let (mut claims, mut releases) = (ServiceSet::EMPTY, ServiceSet::EMPTY);
        for change in changes {
            let rule = profile.by[change.service as usize];
            // Seats are asked of last: what may not be written at all needs none.
            match reason(*change, observed, domain).or_else(|| seats_unknown(*change, with)) {
                Some(reason) => phases.blocked.push(Blocked { change: *change, rule, reason }),
                None if change.direction == Direction::Claim => claims.insert(change.service),
                None => releases.insert(change.service),
            }
        }
        let possible = claims.union(releases);
        for (_, services) in &self.shared {
            phases.shares |= services.intersection(possible).len() > 1;
        }
        let bits = observed.columns.bits[row.index()];
        let asked = observed.asked.without(observed.not_offered);
        let mut account = Account {
            row: changes[0].row,
            seats: AccountSeats::new(bits, self.unheeded, asked),
            on: bits.on.intersection(bits.known),
            known: bits.known,
            certain: certain(observed.columns.facts[row.index()]),
            modules: with.modules,
            by: &profile.by,
        };
        // In this order a seat passes from one service of the account to another, and no other account gets between
        // (U-37): the claim while the release has not freed it, then the releases, then what needs a seat of its own.
        let free: ServiceSet =
            claims.iter().filter(|claim| account.claims_for_free(*claim, releases)).collect();
        for service in free.iter() {
            phases.free_claims.push(account.step(service, Direction::Claim));
        }
        for service in releases.iter() {
            phases.releases.push(account.step(service, Direction::Release));
        }
        // Which of these will be admitted is not known yet, so each is booked as if it were the only one.
        let paying = claims.without(free);
        for (module, services) in &self.shared {
            if services.intersection(paying).len() > 1 {
                phases.joint.push((changes[0].row, *module));
            }
        }
        for service in paying.iter() {
            phases.claims.push(account.clone().step(service, Direction::Claim), account.certain);
        }
    }
}

/// A claim of a module whose seats are not known, or whose users are not: an account that is in no list may hold
/// a seat.
fn seats_unknown(change: SwitchChange, with: &Ordering<'_>) -> Option<BlockReason> {
    // SEAT-8: a release frees a seat or none, whatever is known of the others.
    let modules = with.modules.of(change.service).filter(|_| change.direction == Direction::Claim);
    modules.into_iter().find_map(|module| module_unknown(module, with))
}

fn module_unknown(module: ModuleIndex, with: &Ordering<'_>) -> Option<BlockReason> {
    let row = &with.modules.list[module.index()];
    // U-9: with a list cut short the count is a lower bound, and nothing may rest on it.
    if matches!(row.seats, Seats::Limited(_)) && !with.observed.directory.incomplete.is_empty() {
        return Some(BlockReason::ListIncomplete);
    }
    // U-1: unknown is neither zero nor unlimited. U-18: a readable licence may have the product under another name.
    (row.seats == Seats::Unknown).then(|| match &with.observed.licence.modules {
        Reading::Read(offers) if offers.iter().all(|offer| offer.module != row.module) => {
            BlockReason::NotInLicence { module }
        }
        Reading::Read(_) | Reading::Unread(_) => BlockReason::SeatsUnknown { module },
    })
}

/// One account while its changes are put in order.
#[derive(Clone)]
struct Account<'a> {
    row: Row,
    seats: AccountSeats,
    on: ServiceSet,
    known: ServiceSet,
    certain: bool,
    modules: &'a Modules,
    by: &'a [RuleIndex],
}

impl Account<'_> {
    /// The services that share a module with this one, itself included.
    fn mates(&self, service: Service) -> ServiceSet {
        self.modules.with_mates(ServiceSet::single(service))
    }

    /// What moving a switch does to the seats of each module that it is counted in.
    fn booked(&self, service: Service, direction: Direction) -> impl Iterator<Item = Booked> {
        let (modules, seats) = (self.modules, self.seats);
        // Whether a disabled account or a guest holds a seat is not known (U-5): its release frees none for certain.
        let frees_nothing = direction == Direction::Release && !self.certain;
        modules.of(service).map(move |module| {
            let row = &modules.list[module.index()];
            let delta = if frees_nothing { 0 } else { seats.delta(service, direction, row) };
            Booked { module, delta }
        })
    }

    /// Whether a claim takes no seat because the account holds one by a service it is about to give up. Done
    /// first, it never raises what is used; done after the release it would need a free seat (U-37).
    fn claims_for_free(&self, claim: Service, releases: ServiceSet) -> bool {
        !releases.intersection(self.mates(claim)).is_empty()
            && self.modules.of(claim).next().is_some()
            && self.booked(claim, Direction::Claim).all(|booked| booked.delta == 0)
    }

    /// The step of a change, booked after all that were made before it.
    fn step(&mut self, service: Service, direction: Direction) -> SwitchStep {
        let of = self.mates(service).intersection(self.known);
        let mut step = SwitchStep {
            row: self.row,
            service,
            direction,
            rule: self.by[service as usize],
            module: None,
            delta: 0,
            also: None,
            expect: Expectation { of, on: self.on.intersection(of) },
            needs: None,
        };
        step.book(self.booked(service, direction));
        self.seats.move_to(service, direction);
        match direction {
            Direction::Claim => self.on.insert(service),
            Direction::Release => self.on.remove(service),
        }
        step
    }
}

/// Where the claims meet the seats.
struct Admission<'a> {
    ledger: &'a mut [LedgerRow],
    keep_free_allowed: &'a [ModuleIndex],
    joint: Vec<(Row, ModuleIndex)>,
}

impl Admission<'_> {
    /// Admits the claims that fit, in their order, and blocks the others. Claims of one account that share a module
    /// take one seat together (U-37): the first that is admitted takes it.
    fn admit(
        &mut self,
        claims: impl Iterator<Item = SwitchStep>,
        steps: &mut Vec<SwitchStep>,
        blocked: &mut Vec<Blocked>,
    ) {
        let mut admitted: BTreeMap<(Row, ModuleIndex), (i8, ServiceSet)> = BTreeMap::new();
        for mut claim in claims {
            let joint = claim.booked().any(|booked| self.is_joint(claim.row, booked.module));
            if joint {
                let rest = |mut booked: Booked| {
                    let (taken, services) =
                        admitted.get(&(claim.row, booked.module)).copied().unwrap_or_default();
                    booked.delta -= taken;
                    (booked, services)
                };
                let rests: Vec<(Booked, ServiceSet)> = claim.booked().map(rest).collect();
                claim.book(rests.iter().map(|(booked, _)| *booked));
                claim.expect.on = rests.iter().fold(claim.expect.on, |on, (_, services)| on.union(*services));
            }
            if let Some(reason) = claim.booked().find_map(|booked| self.reason(booked)) {
                let change =
                    SwitchChange { row: claim.row, service: claim.service, direction: Direction::Claim };
                blocked.push(Blocked { change, rule: claim.rule, reason });
                continue;
            }
            for booked in claim.booked() {
                self.ledger[booked.module.index()].claimed += u64::from(booked.delta.unsigned_abs());
                if joint && self.is_joint(claim.row, booked.module) {
                    let (taken, services) = admitted.entry((claim.row, booked.module)).or_default();
                    services.insert(claim.service);
                    // Whoever may have taken a seat elsewhere has none here for the next (U-18).
                    let unsure = self.ledger[booked.module.index()].module.unsure;
                    *taken += if unsure.contains(claim.service) { 0 } else { booked.delta };
                }
            }
            steps.push(claim);
        }
    }

    /// Whether an account has several claims that may take one seat of a module together.
    fn is_joint(&self, row: Row, module: ModuleIndex) -> bool {
        let several = !self.joint.is_empty() && self.ledger[module.index()].module.services.len() > 1;
        several && self.joint.binary_search(&(row, module)).is_ok()
    }

    fn reason(&self, booked: Booked) -> Option<BlockReason> {
        let row = &self.ledger[booked.module.index()];
        seat_reason(row, booked, self.keep_free_allowed.contains(&booked.module))
    }
}

/// Where services share a module, what one step does to the account's seat rests on the account's step before
/// it: that one must have been confirmed. A service that is counted in two modules joins both into one chain.
fn link(steps: &mut [SwitchStep], with: &Ordering<'_>) {
    for services in chained(with.modules) {
        let mut last: Vec<Option<StepIndex>> = vec![None; with.observed.directory.len()];
        for (at, step) in steps.iter_mut().enumerate() {
            if services.contains(step.service) {
                step.needs = last[step.row.index()].replace(StepIndex::new(at));
            }
        }
    }
}

/// The sets of services that hang together by the modules they share.
fn chained(modules: &Modules) -> Vec<ServiceSet> {
    let mut chains: Vec<ServiceSet> = Vec::new();
    for module in &modules.list {
        let (joined, rest): (Vec<ServiceSet>, Vec<ServiceSet>) =
            chains.into_iter().partition(|chain| !chain.intersection(module.services).is_empty());
        chains = rest;
        chains.push(joined.into_iter().fold(module.services, ServiceSet::union));
    }
    chains.retain(|chain| chain.len() > 1);
    chains
}

/// Why a claim does not fit; `None` where it does.
fn seat_reason(row: &LedgerRow, booked: Booked, keep_free_allowed: bool) -> Option<BlockReason> {
    let Booked { module, delta } = booked;
    // It takes no seat of it: the account holds one by another service (U-37).
    if delta == 0 {
        return None;
    }
    let seats = match row.module.seats {
        Seats::Unlimited => return None,
        // U-1: neither zero nor unlimited.
        Seats::Unknown => return Some(BlockReason::SeatsUnknown { module }),
        Seats::Limited(seats) => seats,
    };
    // Seats without a count of who uses them say nothing of whether one is free.
    let Some(after) = row.after() else { return Some(BlockReason::SeatsUnknown { module }) };
    // SEAT-1: up to the seats, less those that the author keeps. Beyond them the account would be on trial (TRI-1), or
    // the service may not start (U-21): none is planned (U-30).
    let kept = if keep_free_allowed { 0 } else { row.module.keep_free };
    if after < seats.saturating_sub(kept) {
        None
    } else if after < seats {
        Some(BlockReason::KeepFree { module })
    } else {
        Some(BlockReason::NoSeat { module })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::model::{Guardrail, Service};
    use crate::plan::Allow;
    use crate::plan::tests::{allow, planned_with, told};
    use crate::policy::tests::{World, license, module, place};

    fn check(seats: &str, accounts: &[&str], allows: &[Allow], expected: &[&str]) {
        let world = World::of(seats, accounts);
        let plan = planned_with(&world, allows).unwrap_or_else(|findings| panic!("{findings:?}"));
        assert_eq!(told(&plan), expected, "{accounts:?} with {seats}");
    }

    #[test]
    fn claims_stop_exactly_where_only_kept_seats_are_left_and_then_where_none_is() {
        let two = &["a im:off->on", "b im:off->on"][..];
        let one_used = &["a im:off->on", "b im:off->on", "c im:on"][..];
        for (seats, accounts, expected) in [
            ("instantmessaging=2", two, ["claim a im 1", "claim b im 1"]),
            ("instantmessaging=1", two, ["claim a im 1", "no-seat b im"]),
            ("instantmessaging=0", two, ["no-seat a im", "no-seat b im"]),
            ("instantmessaging=3-1", two, ["claim a im 1", "claim b im 1"]),
            ("instantmessaging=2-1", two, ["claim a im 1", "keep-free b im"]),
            ("instantmessaging=1-1", two, ["keep-free a im", "keep-free b im"]),
            ("instantmessaging=1-9", two, ["keep-free a im", "keep-free b im"]),
            ("instantmessaging=0-1", two, ["no-seat a im", "no-seat b im"]),
            ("instantmessaging=3-1", one_used, ["claim a im 1", "keep-free b im"]),
            ("instantmessaging=4-1", one_used, ["claim a im 1", "claim b im 1"]),
            ("instantmessaging=2", one_used, ["claim a im 1", "no-seat b im"]),
            ("instantmessaging=1", one_used, ["no-seat a im", "no-seat b im"]),
            ("instantmessaging=unlimited", one_used, ["claim a im 1", "claim b im 1"]),
            ("instantmessaging=unknown", one_used, ["seats-unknown a im", "seats-unknown b im"]),
            ("", one_used, ["not-in-licence a im", "not-in-licence b im"]),
        ] {
            check(seats, accounts, &[], &expected);
        }
        let allowed = [allow(Guardrail::KeepFree, "instantmessaging")];
        check("instantmessaging=2-1", two, &allowed, &["claim a im 1", "claim b im 1"]);
        check("instantmessaging=1-1", two, &allowed, &["claim a im 1", "no-seat b im"]);
        let other = [allow(Guardrail::KeepFree, "activesync")];
        check("instantmessaging=2-1", two, &other, &["claim a im 1", "keep-free b im"]);
    }

    #[test]
    fn a_release_makes_room_for_a_claim_only_where_it_surely_frees_a_seat() {
        for (accounts, expected) in [
            (["a im:off->on", "b im:on->off"], ["release b im -1", "claim a im 1"]),
            (["a im:off->on", "b im:on/unread->off"], ["release b im -1", "claim a im 1"]),
            (["a im:off->on", "b im:on->off disabled"], ["release b im 0", "no-seat a im"]),
            (["a im:off->on", "b im:on->off disabled?"], ["release b im 0", "no-seat a im"]),
            (["a im:off->on", "b im:on->off guest"], ["release b im 0", "no-seat a im"]),
            (["a im:off->on", "b im:on->off guest?"], ["release b im 0", "no-seat a im"]),
            (["a im:off->on guest", "b im:on->off"], ["release b im -1", "claim a im 1"]),
            (["a im:off->on disabled", "b im:on->off"], ["release b im -1", "claim a im 1"]),
            // In use by one of the two counts only: nothing is freed for certain (U-36).
            (["a im:off->on", "b im:on/off->off"], ["release b im 0", "no-seat a im"]),
            (["a im:off/on->on", "b im:on->off"], ["release b im -1", "no-seat a im"]),
            // Somebody's unread switch takes the only seat.
            (["a im:off->on", "b im:unread"], ["no-seat a im", ""]),
            (["a im:off->on", "b im:off/on"], ["no-seat a im", ""]),
        ] {
            let expected: Vec<&str> = expected.into_iter().filter(|line| !line.is_empty()).collect();
            check("instantmessaging=1", &accounts, &[], &expected);
        }
    }

    #[test]
    fn claims_that_compete_go_by_priority_then_address() {
        for (accounts, expected) in [
            (
                ["a im:off->on", "b im:off->on", "c im:off->on"],
                ["claim a im 1", "claim b im 1", "no-seat c im"],
            ),
            (
                ["a im:off->on", "b im:off->on", "c im:off->on@5"],
                ["claim c im 1", "claim a im 1", "no-seat b im"],
            ),
            (
                ["a im:off->on@-1", "b im:off->on@5", "c im:off->on@9"],
                ["claim c im 1", "claim b im 1", "no-seat a im"],
            ),
        ] {
            check("instantmessaging=2", &accounts, &[], &expected);
        }
        // All releases go before all claims that take seats.
        check(
            "instantmessaging=9 sip=9",
            &["a im:off->on sip:on->off", "b im:on->off sip:off->on@5"],
            &[],
            &["release a sip -1", "release b im -1", "claim b sip 1", "claim a im 1"],
        );
    }

    #[test]
    fn who_may_be_away_gets_a_seat_last_among_those_of_one_priority() {
        for (accounts, expected) in [
            (["a im:off->on disabled", "b im:off->on"], ["claim b im 1", "no-seat a im"]),
            (["a im:off->on guest", "b im:off->on"], ["claim b im 1", "no-seat a im"]),
            (["a im:off->on expired", "b im:off->on"], ["claim b im 1", "no-seat a im"]),
            (["a im:off->on expired?", "b im:off->on"], ["claim b im 1", "no-seat a im"]),
            (["a im:off->on expired", "b im:off->on guest"], ["claim a im 1", "no-seat b im"]),
            (["a im:off->on@5 disabled", "b im:off->on"], ["claim a im 1", "no-seat b im"]),
            (["a im:off->on@-5", "b im:off->on guest"], ["claim b im 1", "no-seat a im"]),
        ] {
            check("instantmessaging=1", &accounts, &[], &expected);
            let world = World::of("instantmessaging=1", &accounts);
            let plan = planned_with(&world, &[]).unwrap();
            let told =
                plan.findings.iter().find(|finding| finding.code == "doubtful-claims").expect("it is told");
            assert!(told.message.contains("@example.com ("), "{}", told.message);
        }
        let world = World::of("instantmessaging=1", &["a im:off->on", "b im:off guest"]);
        let plan = planned_with(&world, &[]).unwrap();
        assert!(plan.findings.iter().all(|finding| finding.code != "doubtful-claims"));
    }

    #[test]
    fn services_that_share_a_module_take_one_seat_and_each_step_needs_the_one_before_it() {
        for (seats, accounts, expected) in [
            // Claims of one account take one seat together.
            (
                "antispam=1",
                &["a antispam:off->on quarantine:off->on"][..],
                &["claim a antispam 1", "claim a quarantine 0 after 0"][..],
            ),
            (
                "antispam=1",
                &["a antispam:off->on quarantine:off->on", "b antispam:off->on quarantine:off"],
                &["claim a antispam 1", "claim a quarantine 0 after 0", "no-seat b antispam"],
            ),
            (
                "antispam=1",
                &["a antispam:off->on quarantine:off->on@5", "b antispam:off->on@3 quarantine:off"],
                &["claim a quarantine 1", "claim a antispam 0 after 0", "no-seat b antispam"],
            ),
            (
                "antispam=0",
                &["a antispam:off->on quarantine:off->on"],
                &["no-seat a antispam", "no-seat a quarantine"],
            ),
            // A claim that is free because of what is about to be given up goes before it.
            (
                "antispam=1",
                &["a antispam:off->on quarantine:on->off"],
                &["claim a antispam 0", "release a quarantine 0 after 0"],
            ),
            (
                "antispam=1",
                &["a antispam:off->on quarantine:off", "b antispam:off->on quarantine:on->off"],
                &["claim b antispam 0", "release b quarantine 0 after 0", "no-seat a antispam"],
            ),
            (
                "antispam=2",
                &["a antispam:on->off quarantine:on->off"],
                &["release a antispam 0", "release a quarantine -1 after 0"],
            ),
            // Free because of what stays; a switch that was not read makes nothing free.
            ("antispam=1", &["a antispam:off->on quarantine:on"], &["claim a antispam 0"]),
            ("antispam=2", &["a antispam:off->on quarantine:unread"], &["claim a antispam 1"]),
            ("antispam=1", &["a antispam:off->on quarantine:unread"], &["no-seat a antispam"]),
            ("antispam=1", &["a antispam:off->on quarantine:on/off"], &["no-seat a antispam"]),
            // Not free for certain, so the release goes first, and frees nothing for certain either.
            (
                "antispam=2",
                &["a antispam:off->on quarantine:on/off->off"],
                &["release a quarantine 0", "claim a antispam 1 after 0"],
            ),
            // One seat each, where the modules differ.
            ("instantmessaging=1 sip=1", &["a im:off->on sip:off->on"], &["claim a im 1", "claim a sip 1"]),
        ] {
            check(seats, accounts, &[], expected);
        }
    }

    #[test]
    fn a_service_that_is_counted_in_two_modules_needs_a_seat_of_both() {
        // IM is declared to take seats of Anti-Spam, and the licence has Instant Messaging too.
        const BOTH: &str = "antispam=1 instantmessaging=1";
        for (seats, accounts, expected) in [
            (BOTH, &["a antispam:off im:off->on"][..], &["claim a im 1/1"][..]),
            ("antispam=0 instantmessaging=1", &["a antispam:off im:off->on"], &["no-seat a im"]),
            ("antispam=1 instantmessaging=0", &["a antispam:off im:off->on"], &["no-seat a im"]),
            ("antispam=1", &["a antispam:off im:off->on"], &["claim a im 1"]),
            ("antispam=1 instantmessaging=1-1", &["a antispam:off im:off->on"], &["keep-free a im"]),
            ("antispam=1 instantmessaging=unknown", &["a antispam:off im:off->on"], &["seats-unknown a im"]),
            // Of which module it frees a seat is not known, so it frees none for certain.
            (BOTH, &["a antispam:off im:on->off"], &["release a im 0/0"]),
            ("antispam=1", &["a antispam:off im:on->off"], &["release a im -1"]),
            // What antispam holds is held for im too, and what im holds is held for nobody.
            (BOTH, &["a antispam:on im:off->on", "b im:off->on"], &["claim a im 0/1", "no-seat b im"]),
            (BOTH, &["a antispam:on->off im:off->on"], &["release a antispam -1", "claim a im 1/1 after 0"]),
            (BOTH, &["a antispam:off->on im:on->off"], &["release a im 0/0", "no-seat a antispam"]),
            (BOTH, &["a antispam:off->on im:on"], &["no-seat a antispam"]),
            ("antispam=1", &["a antispam:off->on im:on"], &["claim a antispam 0"]),
            (BOTH, &["a antispam:off->on im:off->on"], &["claim a antispam 1", "claim a im 0/1 after 0"]),
            (BOTH, &["a antispam:off->on im:off->on@5"], &["claim a im 1/1", "no-seat a antispam"]),
            (
                "antispam=2 instantmessaging=1",
                &["a antispam:off->on im:off->on@5"],
                &["claim a im 1/1", "claim a antispam 1 after 0"],
            ),
        ] {
            let accounts: Vec<String> =
                accounts.iter().map(|line| format!("{line} quarantine:off")).collect();
            let accounts: Vec<&str> = accounts.iter().map(String::as_str).collect();
            let mut world = World::of(seats, &accounts);
            let license = world.server.license.get_or_insert_with(|| license(BTreeMap::new()));
            license.module_of.insert(Service::Im, (module("antispam"), place()));
            let plan = planned_with(&world, &[]).unwrap_or_else(|findings| panic!("{findings:?}"));
            assert_eq!(told(&plan), expected, "{accounts:?} with {seats}");
        }
    }

    #[test]
    fn the_ledger_says_what_is_freed_and_taken_and_the_most_there_is_at_once() {
        for (seats, accounts, [now, released, claimed, after, peak]) in [
            ("instantmessaging=9", &["a im:off->on", "b im:on->off", "c im:on"][..], [2, 1, 1, 2, 2]),
            ("instantmessaging=9", &["a im:off->on", "b im:on", "c im:on/off"], [2, 0, 1, 3, 3]),
            ("instantmessaging=9", &["a im:on->off", "b im:on->off guest"], [2, 1, 0, 1, 2]),
            ("instantmessaging=1", &["a im:off->on", "b im:off->on"], [0, 0, 1, 1, 1]),
        ] {
            let world = World::of(seats, accounts);
            let plan = planned_with(&world, &[]).unwrap();
            let row = plan.ledger.iter().find(|row| row.module.title == "instantmessaging").unwrap();
            let most = row.peak.map(|peak| peak.0);
            let told = [row.used_now(), Some(row.released), Some(row.claimed), row.after(), most];
            assert_eq!(told, [now, released, claimed, after, peak].map(Some), "{accounts:?} with {seats}");
        }
    }
}
