//! Every period and limit of the licence manual, each with the fact that says it. Where the manual gives none, the
//! constant says that it is ours.

use std::ops::RangeInclusive;

/// How long a user beyond the seats may use a service, in days from the first access (TRI-2).
pub const TRIAL_DAYS: i64 = 14;

/// How often the Control service re-validates the licence: about a month, counted from the issue date (REV-1). Thirty
/// days is ours.
pub const REVALIDATION_DAYS: i64 = 30;

/// After a failure it is tried again every hour (REV-2).
pub const RETRY_HOURS: i64 = 1;

/// The standard period of these tries (REV-2), which is the shortest grace too (REV-4).
pub const RETRIES_HOURS: i64 = 48;

/// When postmaster and the licence holder are told that it still fails (REV-2).
pub const FAILURE_NOTICE_HOURS: [i64; 3] = [12, 24, 36];

/// How long a failing licence stays in force, by licence (REV-4).
pub const GRACE_DAYS: RangeInclusive<i64> = 2..=7;

/// How long Emergency Mode lasts until the services stop (REV-5).
pub const EMERGENCY_DAYS: i64 = 7;

/// How long services run on a machine that the licence was not issued for (LIC-4).
pub const MISMATCH_DAYS: i64 = 7;

/// When the system itself tells that maintenance ends (SEAT-6).
pub const RENEWAL_NOTICE_DAYS: [i64; 2] = [14, 7];

/// From how many days ahead we tell that a module ends: before the manual's own notices. Ours.
pub const RENEWAL_AHEAD_DAYS: i64 = 30;

/// From which part of its seats on a module is nearly full, in percent. The manual gives none (SEAT-6); ours.
pub const NEARLY_FULL_PERCENT: u64 = 90;

/// How often a licence may be registered in its life (ACT-4).
pub const ATTEMPTS_MAX: u32 = 3;

/// How long two servers may run in parallel while one moves to the other, in months (ACT-4).
pub const PARALLEL_MONTHS: i64 = 1;

/// From how many licensed users on outgoing mail is never put off (SMTP-2).
pub const TRAFFIC_USERS: u64 = 50;
