//! The store as a run has it: what is known of a server, and its lock.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

use super::failure::Failure;
use super::job::Job;
use super::tell::Told;
use crate::edge::lock::{self, Lock, NoLock};
use crate::edge::secrets::Secret;
use crate::edge::store::{DigestKey, Digests, Store, StoreError};
use crate::model::BackupKey;
use crate::policy::Memory;
use crate::spec::meaning::ServerSpec;

/// How often a lock that another holds is tried again.
const TRIED_AGAIN: Duration = Duration::from_millis(200);

/// A lock that is held for less than this may be somebody who only looks whether it is: `plan` or `history`.
const GLANCE: Duration = Duration::from_millis(300);

/// The store as whoever performs plans has it.
pub struct Keep {
    pub store: Arc<Store>,
    pub key: DigestKey,
    /// `user@host`.
    pub who: String,
    /// How long to wait for a lock.
    pub lock_timeout: Duration,
}

impl Keep {
    /// Opens the store to write in it.
    ///
    /// # Errors
    /// It cannot be had; nothing was changed in it.
    pub async fn open(folder: &Path, who: String, lock_timeout: Duration) -> Result<Keep, StoreError> {
        let store = Store::open(folder).await?;
        let key = DigestKey::open(folder)?;
        Ok(Keep { store: Arc::new(store), key, who, lock_timeout })
    }

    /// Closes the store, so that all of it is in its one file.
    pub async fn close(self) {
        if let Some(store) = Arc::into_inner(self.store) {
            store.close().await;
        }
    }

    /// Takes the lock of a server, waiting for it as long as was asked for. A stop ends the wait.
    ///
    /// # Errors
    /// Somebody else has it still, or it cannot be had.
    pub async fn lock(&self, job: &Job<'_>) -> Result<Lock, Failure> {
        let key = server_key(job.server);
        let began = tokio::time::Instant::now();
        let ends = began + self.lock_timeout;
        let mut told = false;
        loop {
            let holder = match lock::take(&self.store.folder, &key, &self.who, Timestamp::now()) {
                Ok(lock) => return Ok(lock),
                Err(NoLock::Held(holder)) => holder,
                Err(error @ NoLock::Io(..)) => return Err(Failure::no_lock(&error)),
            };
            let now = tokio::time::Instant::now();
            let glance = now < began + GLANCE;
            if now >= ends && !glance {
                return Err(Failure::no_lock(&NoLock::Held(holder)));
            }
            if !glance && !std::mem::replace(&mut told, true) {
                job.told(Told::Waiting(&holder));
            }
            tokio::select! {
                () = tokio::time::sleep(TRIED_AGAIN) => {}
                () = job.ear.interrupted() => return Err(Failure::interrupted("while waiting for the lock")),
            }
        }
    }
}

/// What is known of a server before it is read; empty where nothing was ever applied.
#[derive(Default)]
pub struct Known {
    pub server_key: String,
    pub memory: Memory,
    /// Of the secrets that were written, and the key of these digests.
    pub digests: Digests,
    pub key: Option<DigestKey>,
}

impl Known {
    /// What the store knows; nothing where there is none.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn of(server: &ServerSpec, store: Option<&Store>) -> Result<Known, StoreError> {
        let server_key = server_key(server);
        let Some(store) = store else { return Ok(Known { server_key, ..Known::default() }) };
        Ok(Known {
            memory: store.memory(&server_key, Timestamp::now()).await?,
            digests: store.digests(&server_key).await?,
            key: DigestKey::read(&store.folder)?,
            server_key,
        })
    }

    /// On which day a secret was last written, if that was as it is declared.
    pub fn was_written(&self, setting: BackupKey, secret: &Secret) -> Option<Date> {
        let (key, written) = self.key.as_ref().zip(self.digests.get(setting.path()))?;
        (key.digest(&self.server_key, setting, secret) == written.digest).then_some(written.day)
    }
}

/// Whether the server's lock is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockOwner {
    Us,
    Unknown,
}

/// Tells of a run of a server that has not ended, if there is one.
pub(super) async fn tell_unfinished(
    job: &Job<'_>,
    store: &Store,
    owner: LockOwner,
) -> Result<(), StoreError> {
    let key = server_key(job.server);
    if let Some(run) = store.unfinished(&key).await? {
        let holder = match owner {
            LockOwner::Us => None,
            LockOwner::Unknown => lock::holder_of(&store.folder, &key),
        };
        job.told(Told::Unfinished { run: &run, holder: holder.as_ref() });
    }
    Ok(())
}

/// What tells a server from another in the store: where it is reached, and its Reference ID where one is pinned. Both,
/// since sandboxes and restored machines may share either.
pub fn server_key(server: &ServerSpec) -> String {
    let reference = server.identity.reference_id.as_ref().map_or("", |(reference, _)| reference.trim());
    let what = format!("{}\nreference {reference}", server.connection.key());
    let digest = Sha256::new_with_prefix("icewarden server 1\n").chain_update(what).finalize();
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
