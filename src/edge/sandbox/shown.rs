//! What calls see and what their writes leave: late (U-15), and not always in force (U-6, U-26).

use std::borrow::Cow;

use super::entries::Account;
use super::switches::NotEditable;
use super::values::Value;
use super::variables::{Meaning, Variable};
use super::world::World;

impl World {
    /// To be called before the switches of an account are written by a call.
    pub(super) fn lag_account(&mut self, id: u32) {
        if let Some(before) = self.account(id).map(|account| account.switches) {
            self.lags.keep_account(id, before, self.switches.lag);
        }
    }

    /// To be called before a server variable is written by a call.
    pub(super) fn lag_server(&mut self, variable: &Variable) {
        let before = self.server.get(&variable.index).map_or(variable.default.as_str(), AsRef::as_ref);
        self.lags.keep_server(variable.index, before, self.switches.lag);
    }

    /// An account as a call sees it.
    pub(super) fn shown(&self, id: u32) -> Option<Cow<'_, Account>> {
        let account = self.account(id)?;
        let Some(switches) = self.lags.account(id) else { return Some(Cow::Borrowed(account)) };
        Some(Cow::Owned(Account { switches, ..account.clone() }))
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
