//! A name for what a plan does.

use std::fmt;

use sha2::{Digest as _, Sha256};

use super::block::Blocked;
use super::step::{SettingStep, Step, SwitchStep};
use crate::model::{Observed, SecretRef};

/// The SHA-256 of a plan's effects, as 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digest(pub String);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a digest is made of.
pub struct Effects<'a> {
    pub server: &'a str,
    pub reference: &'a str,
    pub observed: &'a Observed,
    pub module_name: &'a dyn Fn(u8) -> String,
}

impl Effects<'_> {
    /// Names the steps, what they expect, and what each does to the seats. Counts of used or free seats are not
    /// in it: a new account elsewhere leaves it as it is.
    pub fn of_steps(&self, steps: &[Step]) -> Digest {
        let mut hash = self.begin("effects");
        for step in steps {
            match step {
                Step::Switch(step) => self.switch(&mut hash, step),
                Step::Setting(step) => setting(&mut hash, step),
            }
        }
        finish(hash)
    }

    /// Names what is wished whether or not there are seats for it. Where the effects differ and this does not,
    /// only the seats are gone.
    pub fn of_wish(&self, steps: &[Step], blocked: &[Blocked]) -> Digest {
        let mut wished: Vec<(u32, u8)> = Vec::new();
        let mut hash = self.begin("wish");
        for step in steps {
            match step {
                Step::Switch(step) => wished.push((step.row, step.service as u8)),
                Step::Setting(step) => setting(&mut hash, step),
            }
        }
        let by_seats = blocked.iter().filter(|blocked| blocked.reason.is_seats());
        wished.extend(by_seats.map(|blocked| (blocked.change.row, blocked.change.service as u8)));
        wished.sort_unstable();
        for (row, service) in wished {
            let address = self.observed.directory.address(row as usize);
            let on = self.observed.columns.bits[row as usize].on.0 >> service & 1;
            hash.update(format!("{address}\t{service}\t{on}\n"));
        }
        finish(hash)
    }

    fn begin(&self, what: &str) -> Sha256 {
        Sha256::new_with_prefix(format!("icewarden {what} 1\n{}\n{}\n", self.server, self.reference))
    }

    fn switch(&self, hash: &mut Sha256, step: &SwitchStep) {
        let address = self.observed.directory.address(step.row as usize);
        let module = step.module.map(|module| (self.module_name)(module)).unwrap_or_default();
        hash.update(format!(
            "{}\t{address}\t{}\t{:x}\t{:x}\t{module}\t{}\t{}\n",
            step.direction.word(),
            step.service,
            step.expect.of.0,
            step.expect.on.0,
            step.delta,
            step.needs.map_or(-1, i64::from)
        ));
    }
}

fn setting(hash: &mut Sha256, step: &SettingStep) {
    let change = &step.change;
    let text = |value: &Option<String>| value.as_ref().map_or("?".to_owned(), |value| format!("={value}"));
    let secret = change.secret.as_ref().map(SecretRef::to_string).unwrap_or_default();
    hash.update(format!(
        "set\t{}\t{}\t{}\t{secret}\n",
        change.key,
        text(&change.before),
        text(&change.after)
    ));
}

fn finish(hash: Sha256) -> Digest {
    Digest(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
