//! One run at a time on a server: a lock on a file in the store's folder.
//!
//! The operating system holds the lock for this process and lets go of it when the process ends, however it ends: a
//! lock never outlives a `kill -9`. The file's text only tells people who holds it. Where it has a text and nobody
//! holds the lock, its owner died.

use std::fmt;
use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::store::open::private;
use crate::report::time::minute;

/// Who holds a lock, as far as its file tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holder {
    /// `user@host, process 123`; empty where the file tells nothing.
    pub who: String,
    pub since: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.who.as_str(), self.since.as_str()) {
            ("", _) => f.write_str("another run, which has the lock"),
            (who, since) => write!(f, "{who}, which has had the lock since {}", minute(since)),
        }
    }
}

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// Why there is no lock.
#[derive(Debug)]
pub enum NoLock {
    Held(Holder),
    Io(PathBuf, io::Error),
}

/// Takes the lock of a server, if nobody has it. One whose owner died is taken over.
///
/// # Errors
/// Who has it.
pub fn take(folder: &Path, server_key: &str, who: &str, now: Timestamp) -> Result<Lock, NoLock> {
    let path = file_of(folder, server_key);
    let failed = |error| NoLock::Io(path.clone(), error);
    let mut file = private(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {
            told(&mut file, &format!("{who}, process {}\n{now}\n", std::process::id())).map_err(failed)?;
            Ok(Lock { file })
        }
        Err(TryLockError::WouldBlock) => Err(NoLock::Held(holder(&mut file))),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Who holds the lock of a server now, if anybody does.
pub fn holder_of(folder: &Path, server_key: &str) -> Option<Holder> {
    let mut file = File::open(file_of(folder, server_key)).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(holder(&mut file)),
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

fn file_of(folder: &Path, server_key: &str) -> PathBuf {
    folder.join("locks").join(format!("{server_key}.lock"))
}

fn told(file: &mut File, text: &str) -> io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(text.as_bytes())?;
    file.flush()
}

fn holder(file: &mut File) -> Holder {
    let mut text = String::new();
    // On some systems a locked file cannot be read; then nobody is named.
    let _ = file.take(1024).read_to_string(&mut text);
    let mut lines = text.lines();
    let mut line = || lines.next().unwrap_or_default().to_owned();
    Holder { who: line(), since: line() }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The file stays: taking it away could take it from somebody who has just opened it.
        let _ = told(&mut self.file, "");
        let _ = self.file.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_by_one_until_it_is_let_go() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("locks")).expect("a folder");
        let now: Timestamp = "2026-11-24T10:00:00Z".parse().expect("a time");
        let take = |key: &str, who: &str| take(folder.path(), key, who, now);
        assert_eq!(holder_of(folder.path(), "eu"), None);
        let first = take("eu", "anna@desk").expect("nobody has it");
        let process = std::process::id();
        let holder = Holder { who: format!("anna@desk, process {process}"), since: now.to_string() };
        assert_eq!(holder_of(folder.path(), "eu"), Some(holder.clone()));
        let Err(NoLock::Held(held)) = take("eu", "bob@desk") else { panic!("two have one lock") };
        assert_eq!(held, holder);
        let other = take("us", "bob@desk").expect("another server's lock is another");
        drop(first);
        assert_eq!(holder_of(folder.path(), "eu"), None);
        take("eu", "bob@desk").expect("it was let go");
        drop(other);
    }
}
