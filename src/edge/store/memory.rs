//! What the next plan compares with: how many accounts each selector matched, and which secrets were written.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::{Connection as _, Row as _, SqliteConnection};

use super::open::{Store, StoreError};
use crate::model::BackupKey;
use crate::policy::{Matched, Memory, SelectorId};

/// Digests of the secrets of one server, as they were written last.
pub type Digests = BTreeMap<String, Vec<u8>>;

impl Store {
    /// What each selector of a server matched when it was last applied.
    pub async fn matched(&self, server_key: &str) -> Result<Memory, StoreError> {
        let mut connection = self.connection.lock().await;
        let rows = sqlx::query("SELECT policy, selector, accounts, at FROM matched WHERE server_key = ?")
            .bind(server_key)
            .fetch_all(&mut *connection)
            .await
            .map_err(|error| self.error(&error))?;
        let read = |row: &sqlx::sqlite::SqliteRow| -> Result<(SelectorId, Matched), sqlx::Error> {
            let id = SelectorId { policy: row.try_get(0)?, selector: row.try_get(1)? };
            let accounts: i64 = row.try_get(2)?;
            let at: String = row.try_get(3)?;
            let since = at.split('T').next().unwrap_or_default().to_owned();
            Ok((id, Matched { accounts: u64::try_from(accounts).unwrap_or_default(), since }))
        };
        rows.iter().map(read).collect::<Result<_, _>>().map_err(|error| self.error(&error))
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
        let rows = sqlx::query("SELECT setting, digest FROM secrets WHERE server_key = ?")
            .bind(server_key)
            .fetch_all(&mut *connection)
            .await
            .map_err(|error| self.error(&error))?;
        let read = |row: &sqlx::sqlite::SqliteRow| Ok((row.try_get(0)?, row.try_get(1)?));
        rows.iter().map(read).collect::<Result<_, _>>().map_err(|error| self.error(&error))
    }
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
