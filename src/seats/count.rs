//! Who uses a module, and what one switch does to that.

use super::modules::{ModuleSeats, Modules};
use crate::diff::{Direction, unheeded};
use crate::model::observed::ServiceBits;
use crate::model::{AccountFacts, Observed, Service, ServiceSet};

/// How many accounts use a module, by both counts (U-36).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Used {
    /// Accounts with a switch stored on, or not read.
    pub stored: u64,
    /// Accounts for which a service is effectively on, or may be.
    pub effective: u64,
    /// Of these, accounts with a switch that was not read, and accounts that no list has and the server counts:
    /// counted as taken, so that nothing rests on them.
    pub unread: u64,
    /// Of these, accounts that are disabled or guests: counted, though a server may not (U-5).
    pub doubtful: u64,
}

impl Used {
    /// The larger of the two counts: which of them the server goes by is not known (U-36).
    pub fn larger(self) -> u64 {
        self.stored.max(self.effective)
    }
}

/// Counts every module whose services were all asked for; `None` for the others, and the number of user
/// accounts for the mail server itself (reference 4.4).
pub fn used(modules: &Modules, observed: &Observed) -> Vec<Option<Used>> {
    let unheeded = unheeded(observed);
    // A service that this release does not have is nobody's (U-19).
    let asked = observed.asked.without(observed.not_offered);
    let mut counts: Vec<Option<Used>> =
        modules.list.iter().map(|module| counted(module, observed.asked).then(Used::default)).collect();
    for (row, bits) in observed.columns.bits.iter().enumerate() {
        let seats = AccountSeats::new(*bits, unheeded, asked);
        let doubtful = !certain(observed.columns.facts[row]);
        for (module, count) in modules.list.iter().zip(&mut counts) {
            let Some(count) = count else { continue };
            let stored = !seats.stored.intersection(module.services).is_empty();
            let effective = !seats.effective.intersection(module.services).is_empty();
            count.stored += u64::from(stored);
            count.effective += u64::from(effective);
            if stored || effective {
                let unread = asked.intersection(module.services).without(bits.known);
                count.unread += u64::from(!unread.is_empty());
                count.doubtful += u64::from(doubtful);
            }
        }
    }
    // LIC-7, reference 4.4: of the mail server the account itself is the seat, whatever is switched on.
    for (module, count) in modules.list.iter().zip(&mut counts) {
        if module.module.as_str() == crate::model::Module::MAIL_SERVER {
            let users = observed.directory.len() as u64;
            *count = Some(Used { stored: users, effective: users, ..Used::default() });
        }
    }
    let unlisted = unlisted(observed);
    for count in counts.iter_mut().flatten() {
        count.stored += unlisted;
        count.effective += unlisted;
        count.unread += unlisted;
    }
    counts
}

/// Accounts that the server counts towards its licence and that no list has: each may hold a seat of any module.
/// What else the server may count there is not known (U-5, U-20); a claim must not rest on that it is nothing.
pub fn unlisted(observed: &Observed) -> u64 {
    // Where it counts fewer, nothing follows: it may leave out disabled accounts, or whoever never connected.
    let theirs = observed.licence.active_users.read().copied().unwrap_or_default();
    theirs.saturating_sub(observed.directory.len() as u64)
}

/// Whether each service of a module was asked for: one that nobody asked for may be on for everybody (SEAT-7), and a
/// count without it would be too low.
fn counted(module: &ModuleSeats, asked: ServiceSet) -> bool {
    !module.services.is_empty() && module.services.without(asked).is_empty()
}

/// Whether an account surely counts (U-5), and no guest of the server's own domain (U-43).
pub fn certain(facts: AccountFacts) -> bool {
    facts.certain()
}

/// One account's services, by both counts, while a plan moves them.
///
/// What was not read counts as held where a release is booked, and as not held where a claim is: a claim must not
/// look free because of a switch that nobody could read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountSeats {
    /// On, or not read.
    pub stored: ServiceSet,
    pub effective: ServiceSet,
    /// Read to be on.
    sure_stored: ServiceSet,
    sure_effective: ServiceSet,
}

impl AccountSeats {
    /// The seats of an account by what was read of it; only services that were `asked` for can hold one. Of those in
    /// `unheeded` the account's own switch does not say whether they do (U-13, U-35).
    pub fn new(bits: ServiceBits, unheeded: ServiceSet, asked: ServiceSet) -> AccountSeats {
        // Only what was read to be on is surely held.
        let sure_stored = bits.on.intersection(bits.known).intersection(asked);
        // What was not read counts as on: by default every service is (SEAT-7).
        let stored = asked.intersection(ServiceSet(bits.on.0 | !bits.known.0));
        // Where no effective value was read, the stored switch is all there is; under a mode that heeds no account
        // everybody may count, and nobody surely does (U-13, U-35).
        let supported = bits.support.intersection(bits.support_known);
        let effective = supported.union(stored.without(bits.support_known)).union(unheeded);
        let sure_effective = supported.union(sure_stored.without(bits.support_known)).without(unheeded);
        AccountSeats {
            stored,
            effective: effective.intersection(asked),
            sure_stored,
            sure_effective: sure_effective.intersection(asked),
        }
    }

    /// By how much *used* of a module changes for certain when a switch moves: 1 where a claim may take a seat by either
    /// count, -1 where a release frees one by both, else 0. That an account may hold one seat by several services
    /// (U-37), that its seat may follow either switch (U-36), and that a service may take it elsewhere (U-18), makes
    /// the two differ.
    pub fn delta(&self, service: Service, direction: Direction, module: &ModuleSeats) -> i8 {
        let has = |set: ServiceSet, of: ServiceSet| !set.intersection(of).is_empty();
        match direction {
            // A claim is free only if the account holds a seat by both counts already (U-36).
            Direction::Claim => {
                let sure = module.services.without(module.unsure);
                i8::from(!(has(self.sure_stored, sure) && has(self.sure_effective, sure)))
            }
            // A release frees a seat only if nothing else holds it, by both counts (U-36, U-37).
            Direction::Release => {
                let rest = module.services.without(ServiceSet::single(service));
                let ends = |set: ServiceSet| has(set, module.services) && !has(set, rest);
                let sure = !module.unsure.contains(service);
                -i8::from(sure && ends(self.stored) && ends(self.effective))
            }
        }
    }

    /// Moves one switch.
    pub fn move_to(&mut self, service: Service, direction: Direction) {
        for set in self.sets() {
            match direction {
                Direction::Claim => set.insert(service),
                Direction::Release => set.remove(service),
            }
        }
    }

    fn sets(&mut self) -> [&mut ServiceSet; 4] {
        [&mut self.stored, &mut self.effective, &mut self.sure_stored, &mut self.sure_effective]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AccessMode, Reading};
    use crate::policy::tests::{World, service};
    use crate::seats::modules;

    fn world(account: &str, mode: Option<AccessMode>) -> Observed {
        let mut observed = World::of("antispam=5", &[account]).observed;
        // Both services of the module were asked for, whatever the line says.
        for (on, mode) in [(Service::AntiSpam, mode), (Service::Quarantine, None)] {
            observed.modes.extend(mode.map(|mode| (on, Reading::Read(mode))));
        }
        observed
    }

    /// The module of both.
    fn antispam(observed: &Observed) -> ModuleSeats {
        let modules = modules(&observed.licence, None, observed.asked);
        modules.list.into_iter().find(|known| known.module.as_str() == "antispam").unwrap()
    }

    #[test]
    fn an_account_is_counted_by_what_is_stored_in_effect_or_not_read() {
        use AccessMode::{All, AllExceptSelected, Group, Other, SelectedAccounts, SelectedDomains};
        for (account, mode, [stored, effective, unread, doubtful]) in [
            ("a antispam:off quarantine:off", None, [0, 0, 0, 0]),
            ("a antispam:on quarantine:off", None, [1, 1, 0, 0]),
            // Two services of one module are one seat (U-37).
            ("a antispam:on quarantine:on", None, [1, 1, 0, 0]),
            ("a antispam:on/off quarantine:off", None, [1, 0, 0, 0]),
            ("a antispam:off/on quarantine:off", None, [0, 1, 0, 0]),
            ("a antispam:on/unread quarantine:off", None, [1, 1, 0, 0]),
            ("a antispam:off/unread quarantine:off", None, [0, 0, 0, 0]),
            ("a antispam:unread quarantine:off", None, [1, 1, 1, 0]),
            ("a antispam:unread/off quarantine:off", None, [1, 0, 1, 0]),
            ("a antispam:on quarantine:unread/off", None, [1, 1, 1, 0]),
            ("a antispam:off quarantine:off disabled", None, [0, 0, 0, 0]),
            ("a antispam:on quarantine:off disabled", None, [1, 1, 0, 1]),
            ("a antispam:on quarantine:off guest", None, [1, 1, 0, 1]),
            ("a antispam:on quarantine:off guest?", None, [1, 1, 0, 1]),
            ("a antispam:on quarantine:off disabled?", None, [1, 1, 0, 1]),
            // Under these modes everybody may count (U-13, U-35).
            ("a antispam:off quarantine:off", Some(All), [0, 1, 0, 0]),
            ("a antispam:off quarantine:off", Some(Group), [0, 1, 0, 0]),
            ("a antispam:off quarantine:off", Some(SelectedDomains), [0, 1, 0, 0]),
            ("a antispam:off quarantine:off", Some(Other(7)), [0, 1, 0, 0]),
            ("a antispam:off quarantine:off", Some(SelectedAccounts), [0, 0, 0, 0]),
            ("a antispam:off quarantine:off", Some(AllExceptSelected), [0, 0, 0, 0]),
        ] {
            let observed = world(account, mode);
            let modules = modules(&observed.licence, None, observed.asked);
            let index = modules.of(Service::AntiSpam).next().unwrap();
            let counted = used(&modules, &observed)[index.index()];
            let expected = Used { stored, effective, unread, doubtful };
            assert_eq!(counted, Some(expected), "{account} under {mode:?}");
            assert_eq!(expected.larger(), stored.max(effective));
        }
    }

    #[test]
    fn a_module_is_counted_only_if_each_of_its_services_was_asked_for() {
        for (accounts, counted) in [
            (&["a antispam:on quarantine:off"][..], Some(1)),
            (&["a antispam:on"], None),
            (&["a quarantine:on"], None),
            (&["a im:on"], None),
            (&["a antispam:on quarantine:on", "b antispam:off/on", "c quarantine:on"], Some(3)),
        ] {
            let observed = World::of("antispam=5", accounts).observed;
            let modules = modules(&observed.licence, None, observed.asked);
            let all = used(&modules, &observed);
            let of = |name: &str| {
                let index = modules.list.iter().position(|module| module.module.as_str() == name).unwrap();
                all[index].map(Used::larger)
            };
            assert_eq!(of("antispam"), counted, "{accounts:?}");
            assert_eq!(of("mailserver"), Some(accounts.len() as u64), "{accounts:?}");
        }
    }

    #[test]
    fn a_claim_is_free_and_a_release_frees_only_where_both_counts_and_what_was_read_say_so() {
        use Direction::{Claim, Release};
        for (account, moves, expected) in [
            ("a antispam:off quarantine:off", &[("antispam", Claim)][..], &[1][..]),
            ("a antispam:off quarantine:off", &[("antispam", Claim), ("quarantine", Claim)], &[1, 0]),
            ("a antispam:off quarantine:on", &[("antispam", Claim)], &[0]),
            // Held by one count only, or by what nobody could read: it may take a seat.
            ("a antispam:off quarantine:on/off", &[("antispam", Claim)], &[1]),
            ("a antispam:off quarantine:off/on", &[("antispam", Claim)], &[1]),
            ("a antispam:off quarantine:unread", &[("antispam", Claim)], &[1]),
            ("a antispam:off quarantine:unread/on", &[("antispam", Claim)], &[1]),
            ("a antispam:off quarantine:on/unread", &[("antispam", Claim)], &[0]),
            ("a antispam:off/on quarantine:off", &[("antispam", Claim)], &[1]),
            ("a antispam:on quarantine:off", &[("antispam", Release)], &[-1]),
            ("a antispam:on quarantine:on", &[("antispam", Release)], &[0]),
            ("a antispam:on quarantine:on", &[("antispam", Release), ("quarantine", Release)], &[0, -1]),
            ("a antispam:on quarantine:off/on", &[("antispam", Release)], &[0]),
            ("a antispam:on quarantine:unread", &[("antispam", Release)], &[0]),
            ("a antispam:on quarantine:unread/off", &[("antispam", Release)], &[0]),
            // Not in effect: by that count there is no seat to free.
            ("a antispam:on/off quarantine:off", &[("antispam", Release)], &[0]),
            ("a antispam:on quarantine:off", &[("quarantine", Claim), ("antispam", Release)], &[0, 0]),
            ("a antispam:on quarantine:off", &[("antispam", Release), ("quarantine", Claim)], &[-1, 1]),
        ] {
            let observed = world(account, None);
            let mut seats = AccountSeats::new(observed.columns.bits[0], unheeded(&observed), observed.asked);
            let antispam = antispam(&observed);
            let mut book = |name: &str, direction| {
                let delta = seats.delta(service(name), direction, &antispam);
                seats.move_to(service(name), direction);
                delta
            };
            let booked: Vec<i8> = moves.iter().map(|(name, direction)| book(name, *direction)).collect();
            assert_eq!(booked, expected, "{moves:?} of {account}");
        }
    }

    #[test]
    fn under_a_mode_that_heeds_no_account_nothing_is_free_and_nothing_is_freed() {
        let observed = world("a antispam:off quarantine:on", Some(AccessMode::All));
        let seats = AccountSeats::new(observed.columns.bits[0], unheeded(&observed), observed.asked);
        assert_eq!(seats.delta(Service::Quarantine, Direction::Release, &antispam(&observed)), 0);
        let observed = world("a antispam:off quarantine:off", Some(AccessMode::All));
        let seats = AccountSeats::new(observed.columns.bits[0], unheeded(&observed), observed.asked);
        assert_eq!(seats.delta(Service::Quarantine, Direction::Claim, &antispam(&observed)), 1);
    }

    #[test]
    fn an_account_surely_counts_only_if_read_to_be_neither_disabled_nor_a_guest() {
        for (account, expected) in [
            ("a", true),
            ("a disabled", false),
            ("a guest", false),
            ("a disabled?", false),
            ("a guest?", false),
        ] {
            assert_eq!(certain(World::of("", &[account]).observed.columns.facts[0]), expected, "{account}");
        }
    }
}
