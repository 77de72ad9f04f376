//! What commands do with the store: open it, take a server's lock, look up what is known of a server.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::exit::Exit;
use super::job::Job;
use super::output::Output;
use super::session::Known;
use crate::edge::lock::{self, Holder, Lock, NoLock};
use crate::edge::store::{self, Key, RunRow, Store, StoreError};
use crate::report::remedy::text as words;
use crate::spec::meaning::ServerSpec;

/// How often a lock that another holds is tried again.
const TRIED_AGAIN: Duration = Duration::from_millis(200);

/// A lock that is held for less than this may be somebody who only looks whether it is: `plan` or `history`.
const GLANCE: Duration = Duration::from_millis(300);

/// The store as `apply` has it.
pub struct Keep {
    pub store: Arc<Store>,
    pub key: Key,
    /// `user@host`.
    pub who: String,
    /// How long to wait for a lock.
    pub lock_timeout: Duration,
}

impl Keep {
    /// Opens the store to write in it.
    pub async fn open(option: Option<&Path>, lock_timeout: Duration, output: &Output) -> Result<Keep, Exit> {
        let opened = async {
            let folder = store::folder(option).ok_or(StoreError::NoPlace)?;
            let store = Store::open(&folder).await?;
            let key = Key::open(&folder)?;
            Ok(Keep { store: Arc::new(store), key, who: who(), lock_timeout })
        };
        opened.await.map_err(|error| say_store(&error, output))
    }

    /// Closes the store, so that all of it is in its one file.
    pub async fn close(self) {
        if let Some(store) = Arc::into_inner(self.store) {
            store.close().await;
        }
    }

    /// Takes the lock of a server, waiting for it as long as was asked for. A signal ends the wait.
    pub async fn lock(&self, job: &Job<'_>) -> Result<Lock, Exit> {
        let Job { server, output, .. } = job;
        let key = server_key(server);
        let began = tokio::time::Instant::now();
        let ends = began + self.lock_timeout;
        let mut told = false;
        loop {
            let holder = match lock::take(&self.store.folder, &key, &self.who, Timestamp::now()) {
                Ok(lock) => return Ok(lock),
                Err(NoLock::Held(holder)) => holder,
                Err(NoLock::Io(path, error)) => {
                    let message =
                        format!("{}: the lock {} cannot be had: {error}", server.name, path.display());
                    output.error(
                        &message,
                        Some("let this user write there, or name another folder with --store DIR"),
                    );
                    return Err(Exit::Failed);
                }
            };
            let now = tokio::time::Instant::now();
            let glance = now < began + GLANCE;
            if now >= ends && !glance {
                say_held(server, &holder, output);
                return Err(Exit::Locked);
            }
            if !glance && !std::mem::replace(&mut told, true) {
                output.say(&format!("{}: waiting for {}", server.name, held_by(&holder)));
            }
            tokio::select! {
                () = tokio::time::sleep(TRIED_AGAIN) => {}
                () = job.ear.interrupted() => {
                    output.say(&format!("{}: interrupted while waiting for the lock; nothing was changed", server.name));
                    return Err(Exit::Failed);
                }
            }
        }
    }
}

/// The store as `plan` and `history` have it: only read, and `None` where there is none.
pub async fn open_to_read(option: Option<&Path>, output: &Output) -> Result<Option<Arc<Store>>, Exit> {
    let Some(folder) = store::folder(option) else { return Ok(None) };
    match Store::open_to_read(&folder).await {
        Ok(store) => Ok(store.map(Arc::new)),
        Err(error) => Err(say_store(&error, output)),
    }
}

/// What is known of a server before it is read.
pub async fn known(store: Option<&Store>, server: &ServerSpec) -> Result<Known, StoreError> {
    let server_key = server_key(server);
    let Some(store) = store else { return Ok(Known { server_key, ..Known::default() }) };
    Ok(Known {
        memory: store.memory(&server_key, Timestamp::now()).await?,
        digests: store.digests(&server_key).await?,
        key: Key::read(&store.folder)?,
        server_key,
    })
}

/// One line on a run of a server that had not ended, if there is one. `held` says that its lock is ours.
pub async fn unfinished(
    store: &Store,
    server: &ServerSpec,
    held: Held,
) -> Result<Option<String>, StoreError> {
    let key = server_key(server);
    let Some(run) = store.unfinished(&key).await? else { return Ok(None) };
    let holder = match held {
        Held::ByUs => None,
        Held::Unknown => lock::holder_of(&store.folder, &key),
    };
    Ok(Some(format!("note: {}: {}", server.name, state_of(&run, holder.as_ref()))))
}

/// Whether the server's lock is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    ByUs,
    Unknown,
}

fn state_of(run: &RunRow, holder: Option<&Holder>) -> String {
    let RunRow { id, done, open, steps, .. } = run;
    if let Some(holder) = holder {
        return format!("an apply is under way: {}", held_by(holder));
    }
    let how = if run.ending.is_some() { "ended in part" } else { "was cut off" };
    let doubt = if *open > 0 { format!(", {open} in doubt") } else { String::new() };
    format!(
        "run {id} {how}: {done} of {steps} steps done{doubt}; settle it with `icewarden apply --resume`, or apply a \
         new plan in its place"
    )
}

/// What tells a server from another in the store: where it is reached, and its Reference ID where one is pinned. Both,
/// since sandboxes and restored machines may share either.
pub fn server_key(server: &ServerSpec) -> String {
    let reference = server.identity.reference_id.as_ref().map_or("", |(reference, _)| reference.trim());
    let what = format!("url {}\nreference {reference}", server.connection.url);
    let digest = Sha256::new_with_prefix("icewarden server 1\n").chain_update(what).finalize();
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Who runs this program, for people: nothing is decided by it.
fn who() -> String {
    let set = |names: &[&str]| {
        let values = names.iter().filter_map(|name| std::env::var(name).ok());
        values.map(|value| value.trim().to_owned()).find(|value| !value.is_empty())
    };
    let told = |path: &str| {
        let text = std::fs::read_to_string(path).ok()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let user = set(&["USER", "LOGNAME", "USERNAME"]).or_else(user).unwrap_or_else(|| "somebody".to_owned());
    let host = told("/proc/sys/kernel/hostname").or_else(|| set(&["HOSTNAME", "COMPUTERNAME"]));
    format!("{user}@{}", host.unwrap_or_else(|| "this machine".to_owned()))
}

/// Whose process this is, where nothing in its surroundings says so: containers and CI set no `USER`.
#[cfg(unix)]
fn user() -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    // A process's own folder is its user's.
    let uid = std::fs::metadata("/proc/self").ok()?.uid();
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    Some(named_in(&users, uid).unwrap_or_else(|| format!("uid {uid}")))
}

#[cfg(not(unix))]
fn user() -> Option<String> {
    None
}

/// The name of a user in the text of `/etc/passwd`.
#[cfg(unix)]
fn named_in(users: &str, uid: u32) -> Option<String> {
    let name = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid) && !name.is_empty()).then(|| name.to_owned())
    };
    users.lines().find_map(name)
}

fn held_by(holder: &Holder) -> String {
    match (holder.who.as_str(), holder.since.as_str()) {
        ("", _) => "another run, which has the lock".to_owned(),
        (who, since) => format!("{who}, which has had the lock since {}", minute(since)),
    }
}

fn say_held(server: &ServerSpec, holder: &Holder, output: &Output) {
    let message =
        format!("{}: another run is under way: {}; nothing was changed", server.name, held_by(holder));
    output.error(&message, Some("wait until it has ended, or let this one wait: --lock-timeout 5m"));
}

/// `2026-11-24 10:00 UTC` of an RFC 3339 time.
pub fn minute(time: &str) -> String {
    let shown = time.get(..16).filter(|_| time.ends_with('Z'));
    shown.map_or_else(|| time.to_owned(), |shown| format!("{} UTC", shown.replace('T', " ")))
}

/// Says what is wrong with the store.
pub fn say_store(error: &StoreError, output: &Output) -> Exit {
    output.error(&error.to_string(), Some(&words(&error.remedy())));
    Exit::Failed
}

/// `30s`, `5m`, `1h`, or a number of seconds.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time: write 30s, 5m or 1h");
    let (number, each) = match text.trim().char_indices().last() {
        Some((at, 's')) => (&text.trim()[..at], 1),
        Some((at, 'm')) => (&text.trim()[..at], 60),
        Some((at, 'h')) => (&text.trim()[..at], 3600),
        _ => (text.trim(), 1),
    };
    let number: u32 = number.parse().map_err(|_| wrong())?;
    Ok(Duration::from_secs(u64::from(number) * each))
}

/// The folder that the program was started in.
pub fn here() -> PathBuf {
    std::env::current_dir().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_with_its_unit() {
        for (text, seconds) in [
            ("0s", Some(0)),
            ("30s", Some(30)),
            ("5m", Some(300)),
            ("1h", Some(3600)),
            ("7", Some(7)),
            ("m", None),
            ("", None),
            ("-1s", None),
            ("5 minutes", None),
        ] {
            assert_eq!(duration(text).ok(), seconds.map(Duration::from_secs), "{text}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_user_is_found_by_its_number_alone() {
        let users = "root:x:0:0:root:/root:/bin/sh\n\nodd\nci:x:1001:0::/:/bin/sh\n";
        for (uid, name) in [(0, Some("root")), (1001, Some("ci")), (1, None)] {
            assert_eq!(named_in(users, uid).as_deref(), name, "{uid}");
        }
    }

    #[test]
    fn a_time_is_told_to_the_minute() {
        assert_eq!(minute("2026-11-24T10:01:02.345Z"), "2026-11-24 10:01 UTC");
        assert_eq!(minute("long ago"), "long ago");
    }
}
