//! What the next plan compares with: how many accounts each selector matched, what narrowed runs took away lately, and
//! which secrets were written.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection as _, Row as _, SqliteConnection};

use super::open::{Store, StoreError};
use crate::model::{BackupKey, Service};
use crate::policy::{Matched, Memory, SelectorId};

/// The secrets of one server, as they were written last.
pub type Digests = BTreeMap<String, Written>;

/// A secret that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Keyed, so that nobody guesses the secret from it.
    pub digest: Vec<u8>,
    /// On which day (UTC).
    pub day: Date,
}

/// Narrowed runs of so long ago are one change with the next plan: a working day, and the night after it.
const TAKEN_SINCE: SignedDuration = SignedDuration::from_hours(24);

impl Store {
    /// What plans of a server compare with.
    pub async fn memory(&self, server_key: &str, now: Timestamp) -> Result<Memory, StoreError> {
        let mut connection = self.connection.lock().await;
        let read = async {
            let matched = matched(&mut connection, server_key).await?;
            let since = now.checked_sub(TAKEN_SINCE).unwrap_or(Timestamp::MIN);
            let taken = taken(&mut connection, server_key, since).await?;
            Ok(Memory { matched, taken })
        };
        read.await.map_err(|error: sqlx::Error| self.error(&error))
    }

    /// Remembers what selectors matched. Those that are not named keep what they had: their policy was held.
    pub async fn remember_matched(
        &self,
        server_key: &str,
        now: Timestamp,
        matched: &BTreeMap<SelectorId, u64>,
    ) -> Result<(), StoreError> {
        let mut connection = self.connection.lock().await;
        let write = async {
            let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
            for (id, accounts) in matched {
                sqlx::query(
                    "INSERT INTO matched (server_key, policy, selector, accounts, at) VALUES (?, ?, ?, ?, ?) \
                     ON CONFLICT DO UPDATE SET accounts = excluded.accounts, at = excluded.at",
                )
                .bind(server_key)
                .bind(&id.policy)
                .bind(&id.selector)
                .bind(i64::try_from(*accounts).unwrap_or(i64::MAX))
                .bind(now.to_string())
                .execute(&mut *transaction)
                .await?;
            }
            transaction.commit().await
        };
        write.await.map_err(|error| self.error(&error))
    }

    /// The digests of the secrets that were written to a server.
    pub async fn digests(&self, server_key: &str) -> Result<Digests, StoreError> {
        let mut connection = self.connection.lock().await;
        let rows = sqlx::query("SELECT setting, digest, at FROM secrets WHERE server_key = ?")
            .bind(server_key)
            .fetch_all(&mut *connection)
            .await
            .map_err(|error| self.error(&error))?;
        let read = |row: &SqliteRow| {
            let at: String = row.try_get(2)?;
            let at: Timestamp = at.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
            let day = TimeZone::UTC.to_datetime(at).date();
            Ok((row.try_get(0)?, Written { digest: row.try_get(1)?, day }))
        };
        rows.iter().map(read).collect::<Result<_, _>>().map_err(|error| self.error(&error))
    }
}

/// What each selector of a server matched when it was last applied.
async fn matched(
    connection: &mut SqliteConnection,
    server_key: &str,
) -> Result<BTreeMap<SelectorId, Matched>, sqlx::Error> {
    let rows = sqlx::query("SELECT policy, selector, accounts, at FROM matched WHERE server_key = ?");
    let rows = rows.bind(server_key).fetch_all(connection).await?;
    let read = |row: &SqliteRow| {
        let id = SelectorId { policy: row.try_get(0)?, selector: row.try_get(1)? };
        let accounts: i64 = row.try_get(2)?;
        let at: String = row.try_get(3)?;
        let since = at.split('T').next().unwrap_or_default().to_owned();
        Ok((id, Matched { accounts: u64::try_from(accounts).unwrap_or_default(), since }))
    };
    rows.iter().map(read).collect()
}

/// The releases that narrowed runs began since then. Whether one was done is told by the switch as it is now. What an
/// override of `disable` named was seen by a person, and is not counted again.
const TAKEN: &str = "
    SELECT DISTINCT steps.address FROM runs JOIN steps ON steps.run = runs.id
    WHERE runs.server_key = ?1 AND steps.action = 'release'
      AND EXISTS (SELECT 1 FROM narrowed WHERE narrowed.run = runs.id)
      AND EXISTS (SELECT 1 FROM entries WHERE entries.run = steps.run AND entries.step = steps.step
                  AND kind = 'intent' AND at >= ?2)
      AND NOT EXISTS (SELECT 1 FROM allows WHERE allows.run = runs.id AND guardrail = 'disable'
                      AND (instr(value, ':') = 0
                           OR steps.address LIKE '%/' || substr(value, 1, instr(value, ':') - 1)))";

async fn taken(
    connection: &mut SqliteConnection,
    server_key: &str,
    since: Timestamp,
) -> Result<BTreeMap<Service, BTreeSet<String>>, sqlx::Error> {
    let rows = sqlx::query(TAKEN).bind(server_key).bind(since.to_string()).fetch_all(connection).await?;
    let mut taken: BTreeMap<Service, BTreeSet<String>> = BTreeMap::new();
    for row in &rows {
        let address: String = row.try_get(0)?;
        // SERVER/ACCOUNT/SERVICE; an account may have a slash in it.
        let parts = address.split_once('/').and_then(|(_, rest)| rest.rsplit_once('/'));
        if let Some((account, service)) = parts
            && let Some(service) = Service::parse(service)
        {
            taken.entry(service).or_default().insert(account.to_owned());
        }
    }
    Ok(taken)
}

/// Remembers a secret that was written, as a part of what its step came to.
pub(super) async fn upsert_digest(
    connection: &mut SqliteConnection,
    server_key: &str,
    at: &str,
    setting: BackupKey,
    digest: &[u8],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO secrets (server_key, setting, digest, at) VALUES (?, ?, ?, ?) \
         ON CONFLICT DO UPDATE SET digest = excluded.digest, at = excluded.at",
    )
    .bind(server_key)
    .bind(setting.path())
    .bind(digest)
    .bind(at)
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets a secret, in the transaction that says that another is about to be written.
pub(super) async fn delete_digest(
    connection: &mut SqliteConnection,
    server_key: &str,
    setting: BackupKey,
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM secrets WHERE server_key = ? AND setting = ?")
        .bind(server_key)
        .bind(setting.path())
        .execute(connection)
        .await?;
    Ok(())
}
