//! The sandbox's own count of seats: never the client's, so that each can show the other wrong.
//!
//! Used = user accounts with any switch of the module's services stored on (SEAT-2, SEAT-8), unless a switch of
//! the server has another opinion: who counts (U-5), what a used seat is (U-20), whether it follows the stored
//! or the effective switch (U-36), what antispam and quarantine take together (U-37). Under access mode 0 every
//! user counts (U-13). A claim beyond the seats is accepted and the account is on trial (TRI-1, SEAT-5), unless
//! the server refuses it (U-30); a seat that becomes free goes to the account on trial that was created first –
//! which one the real server takes is not known.

use super::entries::{Account, FLAG_GUEST, USER};
use super::services::{self, MODULE_COUNT, MODULES, Module, SERVICES, module_of_product};
use super::switches::{AntispamSeats, InternalGuests, SeatBasis, SeatFollows, WhoCounts};
use super::world::World;

/// A second seat of [`Module::AntiSpam`] (U-37), as a bit beyond those of the modules.
const ANTISPAM_TWICE: u16 = 1 << MODULE_COUNT;

impl World {
    /// Seats in use of a product of the licence; 0 for a product that counts nothing.
    #[must_use]
    pub fn used(&self, product: &str) -> u64 {
        module_of_product(product).map_or(0, |module| self.counts.used[module as usize])
    }

    /// By how much a product is used beyond its seats. A product the licence does not list has no seats.
    #[must_use]
    pub fn over(&self, product: &str) -> u64 {
        module_of_product(product).map_or(0, |module| self.over_by(module))
    }

    /// The highest [`World::over`] since [`World::reset_highest`], looked at after each single write.
    #[must_use]
    pub fn over_highest(&self, product: &str) -> u64 {
        module_of_product(product).map_or(0, |module| self.counts.highest[module as usize])
    }

    /// Starts a new measurement of the highest over: from what it is now.
    pub fn reset_highest(&mut self) {
        for (module, _) in MODULES {
            self.counts.highest[module as usize] = self.over_by(module);
        }
    }

    /// Every product with its used seats, counted afresh from the accounts: what the kept counters must
    /// equal.
    #[must_use]
    pub fn recount(&self) -> Vec<(&'static str, u64)> {
        let used = self.count_afresh();
        MODULES.iter().map(|(module, product)| (*product, used[*module as usize])).collect()
    }

    pub(super) fn count_afresh(&self) -> [u64; MODULE_COUNT] {
        let mut used = [0; MODULE_COUNT];
        for account in self.accounts.iter().flatten() {
            for module in each(self.modules_of(account)) {
                used[module] += 1;
            }
        }
        used
    }

    pub(super) fn over_by(&self, module: Module) -> u64 {
        let used = self.counts.used[module as usize];
        self.licence.seats(module).map_or(0, |seats| used.saturating_sub(seats))
    }

    /// Whether an account counts at all (U-5, U-43).
    pub(super) fn counts(&self, account: &Account) -> bool {
        let left_out = match self.switches.who_counts {
            WhoCounts::Everyone => false,
            WhoCounts::NoDisabled => account.disabled != 0,
            WhoCounts::NoGuests => account.flags & FLAG_GUEST != 0,
        };
        let internal = || self.domain(account.domain).is_some_and(|domain| domain.name.starts_with("##"));
        let uncounted = self.switches.internal_guests == InternalGuests::NotCounted && internal();
        account.kind == USER && !left_out && !uncounted
    }

    /// The services by which an account takes seats (U-20, U-36).
    fn counted_switches(&self, account: &Account) -> u32 {
        let mut switches = account.switches;
        if self.switches.seat_follows == SeatFollows::Effective {
            let effective = (0u8..32).filter(|index| switches >> index & 1 == 1);
            switches = effective
                .filter(|index| self.is_effective(account, *index))
                .fold(0, |bits, index| bits | 1 << index);
        }
        switches |= self.forced;
        match self.switches.seat_basis {
            SeatBasis::Policy => switches,
            SeatBasis::Connected => account.connected,
            SeatBasis::Both => switches & account.connected,
        }
    }

    /// Lets every second account have connected with all that it has on: nobody connects in a sandbox, so
    /// this is dealt out when U-20 is switched.
    pub(super) fn connect_half(&mut self) {
        for account in self.accounts.iter_mut().step_by(2).flatten() {
            account.connected = account.switches;
        }
    }

    /// Whether a seat is missing for what an account would then take beyond what it takes now.
    pub(super) fn lacks_seat(&self, before: &Account, after: &Account) -> bool {
        let new = self.modules_of(after) & !self.modules_of(before);
        each(new).any(|place| {
            let module = MODULES[place].0;
            self.licence.seats(module).is_some_and(|seats| self.counts.used[place] + 1 > seats)
        })
    }

    /// The modules an account takes a seat of, one bit each.
    pub(super) fn modules_of(&self, account: &Account) -> u16 {
        if !self.counts(account) {
            return 0;
        }
        let counted = self.counted_switches(account);
        let mut switches = counted;
        let mut modules = 1 << Module::MailServer as u16;
        while switches != 0 {
            let index = switches.trailing_zeros() as usize;
            switches &= switches - 1;
            if let Some(module) = SERVICES.get(index).and_then(|service| service.module) {
                modules |= 1 << module as u16;
            }
        }
        if self.switches.antispam_seats == AntispamSeats::Two {
            let both = services::bit("antispam") | services::bit("quarantine");
            modules |= if counted & both == both { ANTISPAM_TWICE } else { 0 };
        }
        modules
    }

    /// Moves one account from what it counted for to what it counts for now.
    pub(super) fn shift(&mut self, id: u32, before: u16, after: u16) {
        for module in each(before & !after) {
            self.counts.used[module] = self.counts.used[module].saturating_sub(1);
            let trial = &mut self.counts.trial[module];
            if !trial.remove(&id)
                && let Some(seated) = trial.pop_first()
            {
                self.touch_account(seated);
            }
        }
        for module in each(after & !before) {
            self.counts.used[module] += 1;
            let over = self.over_by(MODULES[module].0);
            if over > 0 {
                self.counts.trial[module].insert(id);
            }
            self.counts.highest[module] = self.counts.highest[module].max(over);
        }
    }

    /// Counts everything afresh: after a change of seats, of an access mode, or of very many accounts.
    pub(super) fn recount_all(&mut self) {
        self.counts.used = self.count_afresh();
        for (module, _) in MODULES {
            self.settle_trials(module);
            let over = self.over_by(module);
            let highest = &mut self.counts.highest[module as usize];
            *highest = (*highest).max(over);
        }
    }

    /// Makes the accounts on trial as many as the module is over by: the newest accounts go on trial first,
    /// the oldest come off it first.
    fn settle_trials(&mut self, module: Module) {
        let bit = 1 << module as u16;
        let over = usize::try_from(self.over_by(module)).unwrap_or(usize::MAX);
        let mut trial = std::mem::take(&mut self.counts.trial[module as usize]);
        let before = self.watch.is_some().then(|| trial.clone());
        trial.retain(|id| self.account(*id).is_some_and(|account| self.modules_of(account) & bit != 0));
        while trial.len() > over {
            trial.pop_first();
        }
        for (place, account) in self.accounts.iter().enumerate().rev() {
            if trial.len() >= over {
                break;
            }
            if account.as_ref().is_some_and(|account| self.modules_of(account) & bit != 0) {
                trial.insert(u32::try_from(place).unwrap_or(u32::MAX));
            }
        }
        for id in before.iter().flat_map(|before| before.symmetric_difference(&trial)) {
            self.touch_account(*id);
        }
        self.counts.trial[module as usize] = trial;
    }
}

/// The places in [`MODULES`] of the bits that are set; a second seat of a module is its place once more.
fn each(mut bits: u16) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        (bits != 0).then(|| {
            let place = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            if place == MODULE_COUNT { Module::AntiSpam as usize } else { place }
        })
    })
}
