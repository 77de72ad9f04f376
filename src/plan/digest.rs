//! A name for what a plan does.

use std::fmt::{self, Write as _};

use sha2::{Digest as _, Sha256};

use super::block::Blocked;
use super::step::{SettingStep, Step, SwitchStep};
use crate::model::{ModuleIndex, Observed, Row, SecretRef};

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
    pub module_name: &'a dyn Fn(ModuleIndex) -> &'a str,
}

impl Effects<'_> {
    /// Names the steps, what they expect, and what each does to the seats. Counts of used or free seats are not
    /// in it: a new account elsewhere leaves it as it is.
    pub fn of_steps(&self, steps: &[Step]) -> Digest {
        let mut hash = self.begin("effects");
        let mut lines = String::new();
        for step in steps {
            match step {
                Step::Switch(step) => self.switch(&mut lines, step),
                Step::Setting(step) => setting(&mut lines, step),
            }
            drain(&mut hash, &mut lines, LINES_BYTES);
        }
        drain(&mut hash, &mut lines, 0);
        finish(hash)
    }

    /// Names what is wished whether or not there are seats for it. Where the effects differ and this does not,
    /// only the seats are gone.
    pub fn of_wish(&self, steps: &[Step], blocked: &[Blocked]) -> Digest {
        let mut wished: Vec<(Row, u8)> = Vec::new();
        let mut hash = self.begin("wish");
        let mut lines = String::new();
        for step in steps {
            match step {
                Step::Switch(step) => wished.push((step.row, step.service as u8)),
                Step::Setting(step) => setting(&mut lines, step),
            }
        }
        let by_seats = blocked.iter().filter(|blocked| blocked.reason.is_seats());
        wished.extend(by_seats.map(|blocked| (blocked.change.row, blocked.change.service as u8)));
        wished.sort_unstable();
        for (row, service) in wished {
            let address = self.observed.directory.address(row);
            let on = self.observed.columns.bits[row.index()].on.0 >> service & 1;
            let _ = writeln!(lines, "{address}\t{service}\t{on}");
            drain(&mut hash, &mut lines, LINES_BYTES);
        }
        drain(&mut hash, &mut lines, 0);
        finish(hash)
    }

    fn begin(&self, what: &str) -> Sha256 {
        Sha256::new_with_prefix(format!("icewarden {what} 1\n{}\n{}\n", self.server, self.reference))
    }

    fn switch(&self, lines: &mut String, step: &SwitchStep) {
        let address = self.observed.directory.address(step.row);
        let module = step.module.map_or("", |module| (self.module_name)(module));
        let _ = write!(
            lines,
            "{}\t{address}\t{}\t{:x}\t{:x}\t{module}\t{}\t{}",
            step.direction.word(),
            step.service,
            step.expect.of.0,
            step.expect.on.0,
            step.delta,
            step.needs.map_or(-1, |needed| i64::try_from(needed.index()).unwrap_or(i64::MAX))
        );
        if let Some(also) = step.also {
            let _ = write!(lines, "\t{}\t{}", (self.module_name)(also.module), also.delta);
        }
        lines.push('\n');
    }
}

fn setting(lines: &mut String, step: &SettingStep) {
    let change = &step.change;
    let text = |value: &Option<String>| value.as_ref().map_or("?".to_owned(), |value| format!("={value}"));
    let secret = change.secret.as_ref().map(SecretRef::to_string).unwrap_or_default();
    let (before, after) = (text(&change.before), text(&change.after));
    let _ = writeln!(lines, "set\t{}\t{before}\t{after}\t{secret}", change.key);
}

/// How much text is gathered before it is hashed.
const LINES_BYTES: usize = 1 << 16;

/// Hashes what was gathered, once it is more than `most`.
fn drain(hash: &mut Sha256, lines: &mut String, most: usize) {
    if lines.len() > most {
        hash.update(&*lines);
        lines.clear();
    }
}

fn finish(hash: Sha256) -> Digest {
    Digest(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
