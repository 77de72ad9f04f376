//! How a server is reached, what is waited for, and how much is taken.

use std::path::PathBuf;
use std::time::Duration;

use crate::edge::secrets::Secret;
use crate::spec::meaning::Login;

/// How to reach a server.
#[derive(Debug)]
pub struct Options {
    pub url: String,
    pub account: String,
    pub password: Secret,
    /// How the password is sent. Where nothing is said: plain within TLS or this machine, else encrypted.
    pub login: Option<Login>,
    /// PEM certificates that are trusted beside the platform's.
    pub ca_file: Option<PathBuf>,
    pub insecure_skip_verify: bool,
    pub limits: Limits,
}

/// What is waited for, and how much is taken.
#[derive(Debug, Clone)]
pub struct Limits {
    pub connect: Duration,
    /// A refused login is answered after 24 to 30 s, and later each time (reference 1.3).
    pub login: Duration,
    pub call: Duration,
    /// A run is over when it is over: a server that does not answer the farewell is not waited for.
    pub logout: Duration,
    /// Before a read that went unanswered is sent again, each time once.
    pub read_again: [Duration; 2],
    /// Before the second, third and fourth login in a row for a command that loses every session; there is no fifth.
    pub log_in_again: [Duration; 3],
    /// Calls that are under way at once.
    pub in_flight: usize,
    /// Rows of a page of a list.
    pub page: u64,
    /// Pages of a list; a list that is longer is not read to its end rather than for ever.
    pub pages_max: u64,
    pub answer_bytes_max: usize,
}

/// A server may give fewer rows than were asked for (U-8). At 100 rows a page this is a million.
const PAGES_MAX: u64 = 10_000;

/// A page of 1,000 accounts is about 1 MiB. 32 hold every page of a server that does as it is asked, and keep
/// eight of them at once from filling a small machine.
pub const ANSWER_BYTES_MAX: usize = 32 << 20;

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connect: Duration::from_secs(10),
            login: Duration::from_secs(90),
            call: Duration::from_secs(60),
            logout: Duration::from_secs(5),
            read_again: [Duration::from_millis(250), Duration::from_millis(1000)],
            log_in_again: [
                Duration::from_millis(250),
                Duration::from_millis(1000),
                Duration::from_millis(2000),
            ],
            in_flight: 8,
            page: 1_000,
            pages_max: PAGES_MAX,
            answer_bytes_max: ANSWER_BYTES_MAX,
        }
    }
}
