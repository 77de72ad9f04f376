//! The licence as it was read.

use super::{Module, Reading};

/// What a server's licence says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Licence {
    /// `C_LicenseStatus` as a number; its meaning is `lifecycle`'s (U-4).
    pub status: Reading<i64>,
    /// `C_Reference`, the fingerprint of the machine (LIC-2).
    pub reference: Reading<String>,
    /// The order id in the licence's clear header, or as `getlicenseinfo` gives it (LIC-1).
    pub order_id: Reading<String>,
    /// The products of the licence text; unread where the server does not give the text (U-1).
    pub modules: Reading<Vec<ModuleOffer>>,
    /// `Statistics_LicensedUsers`: the seats of the module *Mail Server* (reference 0.6).
    pub licensed_users: Reading<u64>,
    /// `Statistics_ActiveUsers`: the server's own count of users, one number for the whole server (U-20).
    pub active_users: Reading<u64>,
}

/// One product line of the licence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleOffer {
    pub module: Module,
    /// The name as the licence writes it.
    pub title: String,
    pub seats: Seats,
    /// The licence marks it as a trial (`DEMO` 1); unread where the line has no such mark.
    pub demo: Option<bool>,
    /// The first day on which it no longer holds, in days since 1899-12-30; `None` where it cannot be told.
    pub expires_day: Option<i64>,
}

/// How many accounts a module covers (SEAT-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seats {
    Limited(u64),
    /// `ACCOUNTS` 0 in the licence text (reference 4.1).
    Unlimited,
    /// Never to be treated as zero or unlimited (U-1).
    Unknown,
}

/// Where the number of seats comes from; the plan says which (U-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeatsSource {
    LicenceText,
    Expect,
    Statistics,
    Nowhere,
}
