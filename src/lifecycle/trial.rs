//! Automatic trial access of users beyond the seats (TRI-1 to TRI-4).

use jiff::ToSpan;
use jiff::civil::Date;

/// How long a user beyond the seats may use a service, in days from the first access (TRI-2).
pub const TRIAL_DAYS: i64 = 14;

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
