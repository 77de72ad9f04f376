//! Writing down a run: what is meant to be done, each step before it is sent and after it ended, and the end.

use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use sqlx::{Connection as _, Row as _, SqliteConnection};

use super::memory::{delete_digest, upsert_digest};
use super::open::{Store, StoreError};
use super::runs::{EndWord, covered, unfinished};
use super::step::StepRow;
use crate::diff::Narrowing;
use crate::edge::git::Commit;
use crate::flow::Word;
use crate::model::{BackupKey, StepIndex};
use crate::plan::Allow;
use crate::spec::meaning::Source;

/// All that is known of a run before its first step.
pub struct Beginning<'a> {
    pub server: &'a str,
    /// What tells this server from another, in the store and for the lock.
    pub server_key: &'a str,
    pub url: &'a str,
    pub reference_id: Option<&'a str>,
    pub who: &'a str,
    pub now: Timestamp,
    /// How it was approved: `asked`, `auto-approve`, `saved plan`.
    pub approval: &'a str,
    pub effects: &'a str,
    /// The folder it was started in: paths in the spec may be relative to it.
    pub folder: &'a str,
    pub commit: Option<&'a Commit>,
    /// The run that was cut off, and that this one ends.
    pub resumes: Option<i64>,
    pub allows: &'a [Allow],
    pub narrowing: &'a Narrowing,
    pub sources: &'a [Source],
    pub steps: Vec<StepRow>,
}

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// The step is about to be sent.
    Intent {
        step: StepIndex,
    },
    Outcome {
        step: StepIndex,
        word: Word,
        detail: String,
    },
    /// A secret is about to be written: until its step ended nobody knows which one is there (U-12). What is not known
    /// is written once more.
    SecretUnknown {
        setting: BackupKey,
    },
    /// A secret was written: its keyed digest, so that it is known to be there where nobody can read it (U-12).
    Secret {
        setting: BackupKey,
        digest: Vec<u8>,
    },
}

/// The journal of one run.
#[derive(Debug, Clone)]
pub struct Journal {
    store: Arc<Store>,
    pub server_key: String,
    pub run: i64,
}

impl Journal {
    /// Writes down a run that is about to start. Runs of the same server that had
    /// not ended are ended by it where it takes their place.
    ///
    /// # Errors
    /// Then nothing was written, and nothing may be sent.
    pub async fn begin(store: &Arc<Store>, beginning: &Beginning<'_>) -> Result<Journal, StoreError> {
        let mut connection = store.connection.lock().await;
        let write = async {
            let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
            let run = insert_run(&mut transaction, beginning).await?;
            supersede(&mut transaction, beginning, run).await?;
            insert_sources(&mut transaction, run, beginning.sources).await?;
            insert_allows(&mut transaction, run, beginning.allows).await?;
            insert_narrowing(&mut transaction, run, beginning.narrowing).await?;
            insert_steps(&mut transaction, run, &beginning.steps).await?;
            transaction.commit().await?;
            Ok(run)
        };
        let run = write.await.map_err(|error: sqlx::Error| store.error(&error))?;
        drop(connection);
        Ok(Journal { store: Arc::clone(store), server_key: beginning.server_key.to_owned(), run })
    }

    /// Commits some lines together.
    ///
    /// # Errors
    /// Then none of them was written.
    pub async fn write(&self, now: Timestamp, entries: &[Entry]) -> Result<(), StoreError> {
        self.store.write(self.run, &self.server_key, now, entries).await
    }

    /// Writes down how the run ended.
    pub async fn end(&self, now: Timestamp, word: EndWord, detail: &str) -> Result<(), StoreError> {
        self.store.end(self.run, now, word, detail).await
    }
}

impl Store {
    /// Commits some lines of a run together.
    ///
    /// # Errors
    /// Then none of them was written.
    pub async fn write(
        &self,
        run: i64,
        server_key: &str,
        now: Timestamp,
        entries: &[Entry],
    ) -> Result<(), StoreError> {
        if entries.is_empty() {
            return Ok(());
        }
        let mut connection = self.connection.lock().await;
        let write = async {
            let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
            let at = now.to_string();
            for entry in entries {
                let (step, kind, word, detail) = match entry {
                    Entry::Intent { step } => (step, "intent", "", ""),
                    Entry::Outcome { step, word, detail } => (step, "outcome", word.text(), detail.as_str()),
                    Entry::SecretUnknown { setting } => {
                        delete_digest(&mut transaction, server_key, *setting).await?;
                        continue;
                    }
                    Entry::Secret { setting, digest } => {
                        upsert_digest(&mut transaction, server_key, &at, *setting, digest).await?;
                        continue;
                    }
                };
                sqlx::query(
                    "INSERT INTO entries (run, step, at, kind, word, detail) VALUES (?, ?, ?, ?, ?, ?)",
                )
                .bind(run)
                .bind(number(step.index()))
                .bind(&at)
                .bind(kind)
                .bind(word)
                .bind(detail)
                .execute(&mut *transaction)
                .await?;
            }
            transaction.commit().await
        };
        write.await.map_err(|error| self.error(&error))
    }

    /// Writes down how a run ended.
    pub async fn end(&self, run: i64, now: Timestamp, word: EndWord, detail: &str) -> Result<(), StoreError> {
        let mut connection = self.connection.lock().await;
        insert_ending(&mut connection, run, now, word, detail).await.map_err(|error| self.error(&error))
    }
}

/// SQLite's numbers are signed.
fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

async fn insert_run(
    connection: &mut SqliteConnection,
    beginning: &Beginning<'_>,
) -> Result<i64, sqlx::Error> {
    let row = sqlx::query(
        "INSERT INTO runs (server, server_key, url, reference_id, started, who, pid, version, approval, effects, \
         folder, commit_id, commit_dirty, resumes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
    )
    .bind(beginning.server)
    .bind(beginning.server_key)
    .bind(beginning.url)
    .bind(beginning.reference_id)
    .bind(beginning.now.to_string())
    .bind(beginning.who)
    .bind(i64::from(std::process::id()))
    .bind(env!("CARGO_PKG_VERSION"))
    .bind(beginning.approval)
    .bind(beginning.effects)
    .bind(beginning.folder)
    .bind(beginning.commit.map(|commit| commit.id.as_str()))
    .bind(beginning.commit.map(|commit| i64::from(commit.dirty)))
    .bind(beginning.resumes)
    .fetch_one(connection)
    .await?;
    row.try_get(0)
}

/// Ends the server's runs before this one that it takes the place of: those of which it looked at all that is left. A
/// plan that was narrowed says nothing of what it leaves out.
async fn supersede(
    connection: &mut SqliteConnection,
    beginning: &Beginning<'_>,
    run: i64,
) -> Result<(), sqlx::Error> {
    let open = sqlx::query(unfinished()).bind(beginning.server_key).fetch_all(&mut *connection).await?;
    for row in open {
        let before: i64 = row.try_get(0)?;
        let word = if beginning.resumes == Some(before) {
            EndWord::Resumed
        } else if before != run && covered(&mut *connection, before, beginning.narrowing).await? {
            EndWord::Superseded
        } else {
            continue;
        };
        insert_ending(&mut *connection, before, beginning.now, word, &format!("by run {run}")).await?;
    }
    Ok(())
}

async fn insert_ending(
    connection: &mut SqliteConnection,
    run: i64,
    now: Timestamp,
    word: EndWord,
    detail: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO endings (run, at, word, detail) VALUES (?, ?, ?, ?)")
        .bind(run)
        .bind(now.to_string())
        .bind(word.word())
        .bind(detail)
        .execute(connection)
        .await?;
    Ok(())
}

/// A spec that was applied often is kept once.
async fn insert_sources(
    connection: &mut SqliteConnection,
    run: i64,
    sources: &[Source],
) -> Result<(), sqlx::Error> {
    for (position, source) in sources.iter().enumerate() {
        let digest: String =
            Sha256::digest(source.text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        sqlx::query("INSERT INTO texts (digest, text) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .bind(&digest)
            .bind(&*source.text)
            .execute(&mut *connection)
            .await?;
        sqlx::query("INSERT INTO sources (run, position, name, digest) VALUES (?, ?, ?, ?)")
            .bind(run)
            .bind(number(position))
            .bind(&*source.name)
            .bind(digest)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn insert_allows(
    connection: &mut SqliteConnection,
    run: i64,
    allows: &[Allow],
) -> Result<(), sqlx::Error> {
    for (position, allow) in allows.iter().enumerate() {
        sqlx::query("INSERT INTO allows (run, position, guardrail, value, reason) VALUES (?, ?, ?, ?, ?)")
            .bind(run)
            .bind(number(position))
            .bind(allow.allowed.guardrail().name())
            .bind(allow.allowed.value())
            .bind(&allow.reason)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn insert_narrowing(
    connection: &mut SqliteConnection,
    run: i64,
    narrowing: &Narrowing,
) -> Result<(), sqlx::Error> {
    let targets = narrowing.targets.iter().map(|pattern| ("target", pattern));
    let excludes = narrowing.excludes.iter().map(|pattern| ("exclude", pattern));
    for (position, (kind, pattern)) in targets.chain(excludes).enumerate() {
        sqlx::query("INSERT INTO narrowed (run, position, kind, pattern) VALUES (?, ?, ?, ?)")
            .bind(run)
            .bind(number(position))
            .bind(kind)
            .bind(pattern.as_str())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// All in one statement: a plan may have a hundred thousand.
async fn insert_steps(
    connection: &mut SqliteConnection,
    run: i64,
    steps: &[StepRow],
) -> Result<(), sqlx::Error> {
    let json = serde_json::to_string(steps).map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query(
        "INSERT INTO steps (run, step, action, address, before, after, secret, policy, place, why) \
         SELECT ?, key, value ->> 'action', value ->> 'address', value ->> 'before', value ->> 'after', \
         value ->> 'secret', value ->> 'policy', value ->> 'place', value ->> 'why' FROM json_each(?)",
    )
    .bind(run)
    .bind(json)
    .execute(connection)
    .await?;
    Ok(())
}
