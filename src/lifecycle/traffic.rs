//! Limits on outgoing mail under small licences (SMTP-1, SMTP-2).

use super::periods::TRAFFIC_USERS;

/// Whether outgoing mail may be put off. By how much mail is not published, so nothing says when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Traffic {
    /// Under the limit: mail to others may wait for a better ratio, or for midnight. Incoming mail never waits.
    MayBeDelayed,
    Never,
}

/// What a licence for this many users means for outgoing mail.
pub fn traffic(licensed_users: u64) -> Traffic {
    if licensed_users < TRAFFIC_USERS { Traffic::MayBeDelayed } else { Traffic::Never }
}
