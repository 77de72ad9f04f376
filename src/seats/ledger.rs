//! What a plan does to each module's seats.

use super::count::Used;
use super::modules::ModuleSeats;
use crate::model::Seats;

/// The most accounts that use a module at any moment of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peak(pub u64);

/// One module's line. All numbers are accounts; `None` where the module was not counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    pub module: ModuleSeats,
    pub used: Option<Used>,
    /// Seats that the plan surely frees.
    pub released: u64,
    /// Seats that the plan may take.
    pub claimed: u64,
    pub peak: Option<Peak>,
}

impl LedgerRow {
    /// Accounts that use the module before the plan, by the larger count.
    pub fn used_now(&self) -> Option<u64> {
        self.used.map(Used::larger)
    }

    /// Accounts that use it after the plan, at most: all claims are taken, and only sure releases are freed.
    pub fn after(&self) -> Option<u64> {
        self.used_now().map(|used| used.saturating_sub(self.released) + self.claimed)
    }

    /// Seats left after the plan; `None` where either number is unknown, and where there is no limit.
    pub fn free(&self) -> Option<u64> {
        match self.module.seats {
            Seats::Limited(seats) => Some(seats.saturating_sub(self.after()?)),
            Seats::Unlimited | Seats::Unknown => None,
        }
    }

    /// How many more seats would let so many more accounts in, and still keep free what is to be kept free.
    pub fn short(&self, wished: u64) -> u64 {
        match self.module.seats {
            Seats::Limited(seats) => {
                (self.after().unwrap_or_default() + wished + self.module.keep_free).saturating_sub(seats)
            }
            Seats::Unlimited | Seats::Unknown => 0,
        }
    }

    /// By how much a number of users is beyond the seats; 0 where there is no limit, `None` where unknown.
    pub fn over(&self, used: u64) -> Option<u64> {
        match self.module.seats {
            Seats::Limited(seats) => Some(used.saturating_sub(seats)),
            // The licence says 0 for it (reference 4.1).
            Seats::Unlimited => Some(0),
            Seats::Unknown => None,
        }
    }
}
