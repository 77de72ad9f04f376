//! A second administrator, who writes while somebody else does (U-17).
//!
//! He flips the first switch of the account, or the first simple variable of the server, that a call is about to
//! read or write, and does it just before that call. He never takes a seat that is not free, so that whoever
//! finds a module over its licence has done it himself. The state report lists what he did.

use super::call::Call;
use super::parts::Interference;
use super::switches::SecondWriter;
use super::values::bit;
use super::variables::{self, Meaning, Scope, Variable, VariableKind};
use super::world::World;

/// How often he writes where a switch of the server lets him.
const TIMES: usize = 3;

impl World {
    /// Lets him write before this call, if it is his turn.
    pub(super) fn second_administrator(&mut self, command: &str, call: &Call<'_, '_>) {
        let second = &mut self.second;
        let turn = match (self.switches.second_writer, command) {
            (SecondWriter::BeforeReads, "getaccountproperties") => {
                second.reads += 1;
                second.reads.is_multiple_of(13)
            }
            (SecondWriter::BeforeWrites, "setaccountproperties") => {
                second.writes += 1;
                second.writes.is_multiple_of(2)
            }
            _ => false,
        };
        if turn && second.done.len() < TIMES {
            self.interfere(call);
        }
    }

    /// Lets him write what this call is about.
    pub(super) fn interfere(&mut self, call: &Call<'_, '_>) {
        let named = call.params.into_iter().flat_map(|params| params.descendants());
        let named = named.filter(|node| node.tag_name().name() == "propname");
        let named: Vec<&'static Variable> =
            named.filter_map(|node| variables::find(node.text().unwrap_or_default().trim())).collect();
        match self.account_id(&call.text("accountemail")) {
            Some(id) => {
                let switch = named.iter().find_map(|variable| match variable.meaning {
                    Meaning::Switch(index) => Some((*variable, index)),
                    _ => None,
                });
                if let Some((variable, index)) = switch {
                    self.flip_switch(id, variable, index);
                }
            }
            None => {
                let flat = |variable: &&&Variable| {
                    let simple = matches!(variable.kind, VariableKind::Bool | VariableKind::Int);
                    variable.scope == Scope::Server && simple && !variable.read_only
                };
                if let Some(variable) = named.iter().find(flat) {
                    self.flip_server(variable);
                }
            }
        }
    }

    fn flip_switch(&mut self, id: u32, variable: &'static Variable, index: u8) {
        let Some(before) = self.account(id) else { return };
        let mut after = before.clone();
        after.switches ^= 1 << index;
        if self.lacks_seat(before, &after) {
            return;
        }
        let on = after.switches >> index & 1 == 1;
        let address = self.address(before);
        self.edit_account(id, |account| account.switches = after.switches);
        self.second.done.push(Interference { address, variable: &variable.lower, value: bit(on).to_owned() });
    }

    fn flip_server(&mut self, variable: &'static Variable) {
        let number = self.server.get(&variable.index).map_or(variable.default.as_str(), AsRef::as_ref);
        let number: i64 = number.parse().unwrap_or(0);
        let value = if variable.kind == VariableKind::Bool { i64::from(number == 0) } else { number + 1 };
        let value = value.to_string();
        self.store_server(variable, &value);
        self.second.done.push(Interference { address: String::new(), variable: &variable.lower, value });
    }
}
