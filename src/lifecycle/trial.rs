//! Automatic trial access of users beyond the seats (TRI-1 to TRI-4).

use jiff::ToSpan;
use jiff::civil::Date;

use super::periods::TRIAL_DAYS;

/// Whether a user who holds no seat may use a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing was used yet: the first access will start the trial.
    NotStarted,
    /// On trial; refused from this day on.
    Trial { until: Date },
    /// The trial is over (TRI-2, SEAT-5).
    Refused { since: Date },
}

/// The access of a user beyond the seats whose first access was on `first`, as of `today`.
pub fn access(first: Option<Date>, today: Date) -> Access {
    let Some(first) = first else { return Access::NotStarted };
    let end = first.saturating_add(TRIAL_DAYS.days());
    if today < end { Access::Trial { until: end } } else { Access::Refused { since: end } }
}

/// The midnight list of a module (TRI-3): who holds no seat, with their access, of users in the order in which they came.
/// Those who came first hold the seats; each is a name and the day of the first access, if there was one.
pub fn beyond_seats<'a>(
    seats: u64,
    in_order: impl IntoIterator<Item = (&'a str, Option<Date>)>,
    today: Date,
) -> Vec<(&'a str, Access)> {
    let seats = usize::try_from(seats).unwrap_or(usize::MAX);
    let beyond = in_order.into_iter().skip(seats);
    beyond.map(|(name, first)| (name, access(first, today))).collect()
}
