//! What a write leaves to be seen for a while: the value before (U-15). Counted in reads, so that the same calls
//! give the same answers.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::entries::Account;
use super::switches::{Lag, NotEditable};
use super::values::Value;
use super::variables::{self, Meaning, Variable};
use super::world::World;

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

/// How often what was written still shows the value before.
fn reads(lag: Lag) -> u32 {
    match lag {
        Lag::None => 0,
        Lag::TwoReads => 2,
        Lag::TwentyReads => 20,
    }
}

impl Lags {
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

impl World {
    /// To be called before the switches of an account are written by a call.
    pub(super) fn lag_account(&mut self, id: u32) {
        let (reads_left, Some(account)) = (reads(self.switches.lag), self.account(id)) else { return };
        let before = account.switches;
        if reads_left > 0 {
            let late = self.lags.accounts.entry(id).or_insert(Late { before, reads_left });
            late.reads_left = reads_left;
        }
    }

    /// To be called before a server variable is written by a call.
    pub(super) fn lag_server(&mut self, variable: &Variable) {
        let reads_left = reads(self.switches.lag);
        if reads_left > 0 {
            let before = self.server.get(&variable.index).map_or(variable.default.as_str(), AsRef::as_ref);
            let before = before.into();
            let late = self.lags.server.entry(variable.index).or_insert(Late { before, reads_left });
            late.reads_left = reads_left;
        }
    }

    /// An account as a call sees it.
    pub(super) fn shown(&self, id: u32) -> Option<Cow<'_, Account>> {
        let account = self.account(id)?;
        let Some(late) = self.lags.accounts.get(&id) else { return Some(Cow::Borrowed(account)) };
        Some(Cow::Owned(Account { switches: late.before, ..account.clone() }))
    }

    /// Stores what a call writes: a switch that may not be chosen is ignored or waits (U-6), and one that is
    /// written no longer sleeps (U-26).
    pub(super) fn store_called(&mut self, id: u32, variable: &Variable, value: &Value) -> bool {
        let Meaning::Switch(index) = variable.meaning else { return self.store_account(id, variable, value) };
        let Some(account) = self.account(id) else { return false };
        let locked = self.is_locked(account, index);
        if locked && self.switches.not_editable == NotEditable::Ignored {
            return true;
        }
        self.edit_account(id, |account| {
            if locked {
                account.extra_mut().deferred |= 1 << index;
            }
            if let Some(extra) = &mut account.extra {
                extra.dormant &= !(1 << index);
                extra.deferred &= if locked { u32::MAX } else { !(1 << index) };
            }
        });
        self.store_account(id, variable, value)
    }
}
