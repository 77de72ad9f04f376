//! Who takes which seat, and what a change does to it.
//!
//! [`pairing`] says which service takes a seat of which module. [`modules`] gathers, per module, how many seats
//! there are and where that number comes from. [`count`] counts who uses it. [`ledger`] is what a plan shows.
//!
//! The count is never one number that might be too low. How the real server counts is not known (U-5, U-20,
//! U-36), so *used* is the larger of two counts, by the stored switch and by the effective value, and it
//! includes disabled and guest accounts and every switch that was not read. A change is then booked by what is
//! certain: a claim takes a seat if it takes one by any count, a release frees one only if it frees one by all.

pub mod count;
pub mod ledger;
pub mod modules;
pub mod pairing;

pub use count::{AccountSeats, Used, used};
pub use ledger::{LedgerRow, Peak};
pub use modules::{ModuleSeats, Modules, modules, moved_from};
