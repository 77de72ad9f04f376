//! Other programs that we start.
//!
//! They get our environment, because a password manager's own token is in there as often as not, and a proxy's
//! address; but not the variables that the spec names as secrets. Those are meant for the mail servers, and whoever
//! writes a command into a spec need not see what another line of it keeps. A command that does need one is
//! given it under a name of its own.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::model::SecretRef;
use crate::spec::Spec;
use crate::spec::meaning::BackupValue;

/// The names of all variables that any spec of this process named. One list, as there is one environment: no way
/// to a child can then forget to hand it on.
static WITHHELD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// From here on no child gets the variables that this spec, of whichever server, names as secrets.
pub fn withhold(spec: &Spec) {
    let references = spec.servers.iter().flat_map(|server| {
        let settings = server.backup.iter().flat_map(|backup| &backup.settings);
        let secrets = settings.filter_map(|setting| match &setting.value {
            BackupValue::Secret(reference) => Some(reference),
            BackupValue::Flag(_) | BackupValue::Number(_) | BackupValue::Text(_) => None,
        });
        secrets.chain([&server.connection.password])
    });
    let names = references.filter_map(|reference| match reference {
        SecretRef::Env(name) => Some(name.clone()),
        SecretRef::File(_) | SecretRef::Exec(_) => None,
    });
    WITHHELD.lock().unwrap_or_else(PoisonError::into_inner).extend(names);
}

/// A program to start; the one way to start one that needs our environment.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for name in &*WITHHELD.lock().unwrap_or_else(PoisonError::into_inner) {
        command.env_remove(name);
    }
    command
}
