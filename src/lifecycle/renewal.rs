//! Maintenance of the modules: how long it lasts, and which service its end stops (REN-1 to REN-4, SEAT-6).

use super::periods::{NEARLY_FULL_PERCENT, RENEWAL_AHEAD_DAYS, RENEWAL_NOTICE_DAYS};

/// The console's *Renewal* of a module: days left to the end of its maintenance (REN-1); negative after it.
pub fn renewal(expires_day: i64, today: i64) -> i64 {
    expires_day.saturating_sub(today)
}

/// What the end of maintenance does to a module's service at midnight (REN-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Midnight {
    /// It is started, or left running.
    Runs,
    /// It is stopped: its number is negative, and another module has another one.
    Stops,
    /// Its number is negative and equals every other that was read; that of some module was not.
    MayStop,
}

/// What the next midnight does to each module, by their renewal on that day; `None` is a number that was not read.
///
/// Read literally (REN-4): a service stops when its number is negative *and* differs from that of another licensed
/// module. So of two modules at -10 and -40 both stop, all at -10 run on, and one that is alone runs on.
pub fn at_midnight(renewals: &[Option<i64>]) -> Vec<Midnight> {
    let differs = |own: i64| renewals.iter().flatten().any(|other| *other != own);
    let unread = renewals.iter().any(Option::is_none);
    let of = |renewal: &Option<i64>| match renewal {
        Some(own) if *own < 0 && differs(*own) => Midnight::Stops,
        Some(own) if *own < 0 && unread => Midnight::MayStop,
        _ => Midnight::Runs,
    };
    renewals.iter().map(of).collect()
}

/// In how many days each module's service is stopped for the first time, if nothing is renewed: 0 where this midnight
/// does it already; `None` where it never is, or cannot be told. All numbers fall by one a day, so those that differ
/// today always will.
pub fn gap_in(renewals: &[Option<i64>]) -> Vec<Option<i64>> {
    let differs = |own: i64| renewals.iter().flatten().any(|other| *other != own);
    let of = |renewal: &Option<i64>| renewal.filter(|own| differs(*own)).map(|own| (own + 1).max(0));
    renewals.iter().map(of).collect()
}

/// Whether users should be added: used seats approach a limit of `seats`, or are over it (SEAT-6). Never where nobody
/// uses any.
pub fn nearly_full(used: u64, seats: u64) -> bool {
    // Wide, so that no number of seats wraps.
    used > 0 && u128::from(used) * 100 >= u128::from(seats) * u128::from(NEARLY_FULL_PERCENT)
}

/// Whether the licence should be renewed: the end of maintenance is near, or past (SEAT-6).
pub fn ends_soon(renewal: i64) -> bool {
    renewal <= RENEWAL_AHEAD_DAYS
}

/// How near the end is, by the days of the system's own mails to postmaster: the smallest of them that was reached.
/// Nothing before the first; after the end the last one holds.
pub fn notice(renewal: i64) -> Option<i64> {
    RENEWAL_NOTICE_DAYS.into_iter().filter(|days| renewal <= *days).min()
}
