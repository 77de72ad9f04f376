//! The order in which no module gets worse, and the claims that do not fit.

use std::collections::BTreeMap;

use crate::diff::{Direction, SwitchChange};
use crate::model::{Observed, Reading, Seats, ServiceSet};
use crate::policy::Assignment;
use crate::policy::profile::RuleId;
use crate::seats::count::{certain, unheeded};
use crate::seats::{AccountSeats, LedgerRow, Modules, Peak, Used};

use super::block::{BlockReason, Blocked, reason};
use super::step::{Expectation, SwitchStep};

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
    /// Modules, by index, whose kept seats may be taken this time.
    pub keep_free_allowed: &'a [usize],
}

/// The three phases, before they are put one after the other.
#[derive(Default)]
struct Phases {
    free_claims: Vec<SwitchStep>,
    releases: Vec<SwitchStep>,
    claims: Vec<SwitchStep>,
    blocked: Vec<Blocked>,
}

/// Orders changes, which come sorted by row, then service.
pub fn order(changes: &[SwitchChange], used: Vec<Option<Used>>, with: &Ordering<'_>) -> Ordered {
    let mut phases = Phases::default();
    let unheeded = unheeded(with.observed);
    for of_account in changes.chunk_by(|a, b| a.row == b.row) {
        sort_account(of_account, unheeded, with, &mut phases);
    }
    let Phases { free_claims, releases, mut claims, mut blocked } = phases;
    let priority = |step: &SwitchStep| with.assignment.rules[step.rule as usize].priority;
    claims.sort_by_key(|step| (std::cmp::Reverse(priority(step)), step.row, step.service));

    let mut ledger: Vec<LedgerRow> = with
        .modules
        .list
        .iter()
        .zip(used)
        .map(|(module, used)| LedgerRow { module: module.clone(), used, released: 0, claimed: 0, peak: None })
        .collect();
    for step in &releases {
        if let (Some(module), -1) = (step.module, step.delta) {
            ledger[usize::from(module)].released += 1;
        }
    }
    let mut steps = free_claims;
    steps.extend(releases);
    admit(claims, &mut steps, &mut blocked, &mut ledger, with.keep_free_allowed);
    link(&mut steps, with.modules);
    for row in &mut ledger {
        row.peak = row.used_now().zip(row.after()).map(|(now, after)| Peak(now.max(after)));
    }
    blocked.sort_by_key(|blocked| (blocked.change.row, blocked.change.service));
    Ordered { steps, blocked, ledger }
}

/// Sorts one account's changes into the phases, and books what each does to a seat.
fn sort_account(changes: &[SwitchChange], unheeded: ServiceSet, with: &Ordering<'_>, phases: &mut Phases) {
    let row = changes[0].row as usize;
    let observed = with.observed;
    let directory = &observed.directory;
    let domain = &directory.domains()[directory.domain_column()[row] as usize].0;
    let profile = with.assignment.of(row);
    let mut possible: Vec<SwitchChange> = Vec::with_capacity(changes.len());
    for change in changes {
        let rule = profile.by[change.service as usize];
        match reason(*change, observed, domain).or_else(|| seats_unknown(*change, with)) {
            Some(reason) => phases.blocked.push(Blocked { change: *change, rule, reason }),
            None => possible.push(*change),
        }
    }
    let bits = observed.columns.bits[row];
    let asked = observed.asked.without(observed.not_offered);
    let mut account = Account {
        seats: AccountSeats::new(bits, unheeded, asked),
        on: bits.on.intersection(bits.known),
        known: bits.known,
        certain: certain(observed.columns.facts[row]),
        modules: with.modules,
        by: &profile.by,
    };
    let (claims, releases): (Vec<_>, Vec<_>) =
        possible.into_iter().partition(|change| change.direction == Direction::Claim);
    let (free, paying): (Vec<_>, Vec<_>) =
        claims.into_iter().partition(|claim| account.claims_for_free(*claim, &releases));
    phases.free_claims.extend(free.into_iter().map(|change| account.step(change)));
    phases.releases.extend(releases.into_iter().map(|change| account.step(change)));
    // Which of these will be admitted is not known yet, so each is booked as if it were the only one.
    phases.claims.extend(paying.into_iter().map(|change| account.clone().step(change)));
}

fn seats_unknown(change: SwitchChange, with: &Ordering<'_>) -> Option<BlockReason> {
    let index = with.modules.of(change.service).filter(|_| change.direction == Direction::Claim)?;
    let module = index as u8;
    (with.modules.list[index].seats == Seats::Unknown).then(|| match &with.observed.licence.modules {
        Reading::Read(offers)
            if offers.iter().all(|offer| offer.module != with.modules.list[index].module) =>
        {
            BlockReason::NotInLicence { module }
        }
        Reading::Read(_) | Reading::Unread(_) => BlockReason::SeatsUnknown { module },
    })
}

/// One account while its changes are put in order.
#[derive(Clone)]
struct Account<'a> {
    seats: AccountSeats,
    on: ServiceSet,
    known: ServiceSet,
    certain: bool,
    modules: &'a Modules,
    by: &'a [RuleId],
}

impl Account<'_> {
    fn mates(&self, change: SwitchChange) -> ServiceSet {
        match self.modules.of(change.service) {
            Some(index) => self.modules.list[index].services,
            None => ServiceSet::single(change.service),
        }
    }

    /// Whether a claim takes no seat because the account holds one by a service it is about to give up. Done
    /// first, it never raises what is used; done after the release it would need a free seat.
    fn claims_for_free(&self, claim: SwitchChange, releases: &[SwitchChange]) -> bool {
        let mates = self.mates(claim);
        let mut seats = self.seats;
        self.modules.of(claim.service).is_some()
            && releases.iter().any(|release| mates.contains(release.service))
            && seats.book(claim.service, Direction::Claim, mates) == 0
    }

    /// The step of a change, booked after all that were made before it.
    fn step(&mut self, change: SwitchChange) -> SwitchStep {
        let mates = self.mates(change);
        let module = self.modules.of(change.service);
        let of = mates.intersection(self.known);
        let expect = Expectation { of, on: self.on.intersection(of) };
        let booked = self.seats.book(change.service, change.direction, mates);
        match change.direction {
            Direction::Claim => self.on.insert(change.service),
            Direction::Release => self.on.remove(change.service),
        }
        // Whether a disabled account or a guest holds a seat is not known (U-5): its release frees none for certain.
        let frees_nothing = change.direction == Direction::Release && !self.certain;
        SwitchStep {
            row: change.row,
            service: change.service,
            direction: change.direction,
            rule: self.by[change.service as usize],
            module: module.and_then(|index| u8::try_from(index).ok()),
            delta: if module.is_none() || frees_nothing { 0 } else { booked },
            expect,
            needs: None,
        }
    }
}

/// Admits the claims that fit, in their order, and blocks the others. Claims of one account that share a module
/// take one seat together (U-37): the first that is admitted takes it.
fn admit(
    claims: Vec<SwitchStep>,
    steps: &mut Vec<SwitchStep>,
    blocked: &mut Vec<Blocked>,
    ledger: &mut [LedgerRow],
    keep_free_allowed: &[usize],
) {
    let mut admitted: BTreeMap<(u32, u8), (i8, ServiceSet)> = BTreeMap::new();
    for mut claim in claims {
        let Some(module) = claim.module else {
            steps.push(claim);
            continue;
        };
        let index = usize::from(module);
        let shared = ledger[index].module.services.len() > 1;
        if shared && let Some((taken, services)) = admitted.get(&(claim.row, module)) {
            claim.delta -= taken;
            claim.expect.on = claim.expect.on.union(*services);
        }
        if let Some(reason) =
            seat_reason(&ledger[index], module, claim.delta, keep_free_allowed.contains(&index))
        {
            let change = SwitchChange { row: claim.row, service: claim.service, direction: Direction::Claim };
            blocked.push(Blocked { change, rule: claim.rule, reason });
            continue;
        }
        ledger[index].claimed += u64::from(claim.delta.unsigned_abs());
        if shared {
            let (taken, services) = admitted.entry((claim.row, module)).or_default();
            *taken += claim.delta;
            services.insert(claim.service);
        }
        steps.push(claim);
    }
}

/// Where services share a module, what one step does to the account's seat rests on the account's step before
/// it: that one must have been confirmed.
fn link(steps: &mut [SwitchStep], modules: &Modules) {
    let mut last: BTreeMap<(u32, u8), u32> = BTreeMap::new();
    for (index, step) in steps.iter_mut().enumerate() {
        let Some(module) = step.module else { continue };
        if modules.list[usize::from(module)].services.len() > 1 {
            step.needs = last.insert((step.row, module), index as u32);
        }
    }
}

/// Why a claim does not fit; `None` where it does.
fn seat_reason(row: &LedgerRow, module: u8, delta: i8, keep_free_allowed: bool) -> Option<BlockReason> {
    if delta == 0 {
        return None;
    }
    let seats = match row.module.seats {
        Seats::Unlimited => return None,
        Seats::Unknown => return Some(BlockReason::SeatsUnknown { module }),
        Seats::Limited(seats) => seats,
    };
    let Some(after) = row.after() else { return Some(BlockReason::SeatsUnknown { module }) };
    let kept = if keep_free_allowed { 0 } else { row.module.keep_free };
    if after < seats.saturating_sub(kept) {
        None
    } else if after < seats {
        Some(BlockReason::KeepFree { module })
    } else {
        Some(BlockReason::NoSeat { module })
    }
}
