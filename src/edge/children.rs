//! Other programs that we start.
//!
//! They get our environment, because a password manager's own token is in there as often as not, and a proxy's
//! address; but not the variables that the spec names as secrets. Those are meant for the mail servers, and whoever
//! writes a command into a spec need not see what another line of it keeps. A command that does need one is
//! given it under a name of its own.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
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
        secrets.chain([server.connection.secret().1])
    });
    let names = references.filter_map(|reference| match reference {
        SecretRef::Env(name) => Some(name.clone()),
        SecretRef::File(_) | SecretRef::Exec(_) => None,
    });
    WITHHELD.lock().unwrap_or_else(PoisonError::into_inner).extend(names);
}

/// The variable with the key that addresses are hashed by: whoever has it can tell which hash is whose.
pub const ADDRESS_KEY: &str = "ICEWARDEN_ADDRESS_KEY";

/// A program to start; the one way to start one that needs our environment.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_remove(ADDRESS_KEY);
    for name in &*WITHHELD.lock().unwrap_or_else(PoisonError::into_inner) {
        command.env_remove(name);
    }
    command
}

/// A program with all that it starts in turn. Dropped before the program has ended, all of them end: what a shell line
/// started must not go on asking for passwords when nobody waits for the answer. What a program that ended by itself
/// leaves running, such as an agent, it leaves on purpose.
pub struct Family {
    pub child: tokio::process::Child,
    #[cfg(unix)]
    group: Option<rustix::process::Pid>,
}

impl Family {
    /// Starts a program as the head of a process group of its own.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(mut command: tokio::process::Command) -> io::Result<Family> {
        command.kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let child = command.spawn()?;
        Ok(Family {
            #[cfg(unix)]
            group: child.id().and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?)),
            child,
        })
    }
}

#[cfg(unix)]
impl Drop for Family {
    fn drop(&mut self) {
        // A child that was waited for has no number any more, and its group's could be another's by now.
        if let Some(group) = self.group.take()
            && self.child.id().is_some()
        {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}
