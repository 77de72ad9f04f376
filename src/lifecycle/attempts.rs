//! Attempts to register a licence, which are scarce (ACT-4).

use jiff::ToSpan;
use jiff::civil::Date;

use super::periods::{ATTEMPTS_MAX, PARALLEL_MONTHS};

/// How many attempts are left after some. One whose answer was lost counts as well, until it is proven that it was none.
pub fn left(made: u32) -> u32 {
    ATTEMPTS_MAX.saturating_sub(made)
}

/// The last day on which the old server of a licence that moved may still run beside the new one.
pub fn parallel_until(moved: Date) -> Date {
    moved.saturating_add(PARALLEL_MONTHS.months())
}
