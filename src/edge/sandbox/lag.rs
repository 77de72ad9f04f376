//! What a write leaves to be seen for a while: the value before (U-15). Counted in reads, so that the same calls
//! give the same answers.

use std::collections::BTreeMap;

use super::switches::Lag;
use super::variables;

/// What is still shown as it was.
#[derive(Clone, Debug, Default)]
pub(super) struct Lags {
    accounts: BTreeMap<u32, Late<u32>>,
    server: BTreeMap<u16, Late<Box<str>>>,
}

#[derive(Clone, Debug)]
struct Late<T> {
    before: T,
    reads_left: u32,
}

impl Lags {
    /// Keeps what the switches of an account were before a write.
    pub(super) fn keep_account(&mut self, id: u32, before: u32, lag: Lag) {
        let reads_left = reads(lag);
        if reads_left > 0 {
            let late = self.accounts.entry(id).or_insert(Late { before, reads_left });
            late.reads_left = reads_left;
        }
    }

    /// Keeps what a server variable was before a write.
    pub(super) fn keep_server(&mut self, index: u16, before: &str, lag: Lag) {
        let reads_left = reads(lag);
        if reads_left > 0 {
            let late = self.server.entry(index).or_insert(Late { before: before.into(), reads_left });
            late.reads_left = reads_left;
        }
    }

    /// What the switches of an account still show.
    pub(super) fn account(&self, id: u32) -> Option<u32> {
        self.accounts.get(&id).map(|late| late.before)
    }

    /// What a server variable still shows.
    pub(super) fn server(&self, index: u16) -> Option<&str> {
        self.server.get(&index).map(|late| &*late.before)
    }

    /// Lists show the value before as well, and do not count as a read.
    pub(super) fn account_was_read(&mut self, id: u32) {
        if let Some(late) = self.accounts.get_mut(&id) {
            late.reads_left -= 1;
            if late.reads_left == 0 {
                self.accounts.remove(&id);
            }
        }
    }

    pub(super) fn server_was_read(&mut self, names: &[String]) {
        for index in names.iter().filter_map(|name| variables::find(name)).map(|variable| variable.index) {
            if let Some(late) = self.server.get_mut(&index) {
                late.reads_left -= 1;
                if late.reads_left == 0 {
                    self.server.remove(&index);
                }
            }
        }
    }
}

/// How often what was written still shows the value before.
fn reads(lag: Lag) -> u32 {
    match lag {
        Lag::None => 0,
        Lag::TwoReads => 2,
        Lag::TwentyReads => 20,
    }
}
