//! What `C_LicenseStatus` says, and whether the server takes changes.

use std::fmt;

use super::periods::{EMERGENCY_DAYS, GRACE_DAYS, MISMATCH_DAYS};

/// A licence status (LIC-4). The order of the numbers is inferred, not confirmed (U-4): this is the one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LicenceStatus {
    Ok,
    /// An evaluation licence, or a full one in Emergency Mode (LIC-4, REV-4).
    Evaluation,
    ReferenceMismatch,
    Revalidation,
    Expired,
    None,
    BuildDate,
    VersionMismatch,
    ServerVersionMismatch,
    /// A number nobody has listed: shown as such, and it blocks changes.
    Unlisted(i64),
}

impl LicenceStatus {
    /// The status of a value of `C_LicenseStatus`; a number that nobody has listed is kept as it is, and blocks
    /// changes.
    pub fn from_number(number: i64) -> LicenceStatus {
        match number {
            0 => LicenceStatus::Ok,
            1 => LicenceStatus::Evaluation,
            2 => LicenceStatus::ReferenceMismatch,
            3 => LicenceStatus::Revalidation,
            4 => LicenceStatus::Expired,
            5 => LicenceStatus::None,
            6 => LicenceStatus::BuildDate,
            7 => LicenceStatus::VersionMismatch,
            8 => LicenceStatus::ServerVersionMismatch,
            other => LicenceStatus::Unlisted(other),
        }
    }
}

impl fmt::Display for LicenceStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            LicenceStatus::Ok => "ok",
            LicenceStatus::Evaluation => "evaluation, or a full licence in Emergency Mode",
            LicenceStatus::ReferenceMismatch => "Reference ID mismatch: services stop after 7 days",
            LicenceStatus::Revalidation => "waiting for re-validation",
            LicenceStatus::Expired => "expired",
            LicenceStatus::None => "no licence",
            LicenceStatus::BuildDate => "the licence does not cover this build",
            LicenceStatus::VersionMismatch => "the licence is for another version",
            LicenceStatus::ServerVersionMismatch => "licence and server versions do not match",
            LicenceStatus::Unlisted(number) => return write!(f, "unlisted status {number}"),
        };
        f.write_str(text)
    }
}

/// Whether anything may be written to the server now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The status was read as 0.
    Open,
    /// Why not, as a lower-case fragment.
    Closed(String),
}

/// What a licence is meant to be. Status 1 means two things (LIC-4), and this tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Licensed {
    Full,
    /// The author says so, and nothing that was read says otherwise.
    Evaluation,
}

/// Whether anything may be written. Only a 0 that was read opens a server with a full licence: in Emergency Mode no
/// setting can be changed (REV-4), and how the mode shows is not known (U-22). An evaluation shows 1 for as long as it
/// lasts (LIC-4).
pub fn standing(status: Result<i64, &str>, licensed: Licensed) -> Standing {
    match (status, licensed) {
        (Ok(0), _) | (Ok(1), Licensed::Evaluation) => Standing::Open,
        (Ok(number), _) => Standing::Closed(format!(
            "its licence status is {number} ({})",
            LicenceStatus::from_number(number)
        )),
        (Err(why), _) => Standing::Closed(format!("its licence status was not read: {why}")),
    }
}

/// What comes next while a status lasts, and by when. When it began is not on the wire (U-24), so it is a bound and no
/// date; `None` where nothing is known to come.
pub fn comes_next(status: LicenceStatus) -> Option<String> {
    let (shortest, longest) = (GRACE_DAYS.start(), GRACE_DAYS.end());
    match status {
        LicenceStatus::Evaluation => Some(format!(
            "an evaluation ends on its day; Emergency Mode lasts {EMERGENCY_DAYS} days, then all services stop at midnight; \
             since when it lasts cannot be read"
        )),
        LicenceStatus::ReferenceMismatch => Some(format!(
            "services stop {MISMATCH_DAYS} days after it began unless a licence for this machine is retrieved; since \
             when it lasts cannot be read"
        )),
        LicenceStatus::Revalidation => Some(format!(
            "Emergency Mode begins {shortest} to {longest} days after the first failure, by licence; the server tries \
             again every hour, so open its way out (HTTP, port 80) and wait that long"
        )),
        LicenceStatus::Expired => Some("all services stop at each midnight".to_owned()),
        _ => None,
    }
}
