//! The file: is it ours, is it free, is it whole; reading it, and writing rows into it.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteLockingMode, SqliteRow, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection, QueryBuilder, Row, Sqlite, SqliteConnection};

use super::super::world::World;
use super::changes::{AccountRow, Changes, DomainRow};
use super::rows::{self, Reading, Unknown};

/// What tells a sandbox's state from any other SQLite file: "iwsb", in the place SQLite has for this.
const APPLICATION_ID: u32 = 0x6977_7362;

/// The shapes of the file, each made from the one before. Never edited, only added to.
const MIGRATIONS: [&str; 1] = [include_str!("0001.sql")];

/// The newest shape that is known here.
const SHAPE: u32 = MIGRATIONS.len() as u32;

/// As many rows of eleven values as SQLite takes in one statement are 2,978; more than a few hundred gain
/// nothing.
const ROWS_AT_ONCE: usize = 500;

/// Why a file is not the state of this sandbox. Nothing in it was changed.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    #[error("it is no sandbox's state")]
    Foreign,
    #[error("its shape is number {found}, and this version knows those up to {known}")]
    Newer { found: u32, known: u32 },
    #[error("another sandbox has it open")]
    Taken,
    #[error("what it says is not understood: {0}")]
    Unknown(String),
    #[error("it cannot be opened")]
    Io(#[from] std::io::Error),
    #[error("it cannot be read or written")]
    Sql(#[from] sqlx::Error),
}

impl From<Unknown> for KeepError {
    fn from(Unknown(what): Unknown) -> KeepError {
        KeepError::Unknown(what)
    }
}

/// The world of a file that is locked, and whether it is new.
pub(super) async fn taken_up(
    connection: &mut SqliteConnection,
    seed: impl FnOnce() -> World,
) -> Result<(World, bool), KeepError> {
    let version: u32 = sqlx::query("PRAGMA user_version").fetch_one(&mut *connection).await?.try_get(0)?;
    if version > SHAPE {
        return Err(KeepError::Newer { found: version, known: SHAPE });
    }
    let seeded = (version == 0).then(seed);
    if version < SHAPE {
        shape(connection, version, seeded.as_ref()).await?;
    }
    let new = seeded.is_some();
    let world = match seeded {
        Some(world) => world,
        None => read(connection).await?,
    };
    // From here on a commit is one write and one wait for the disk. Before, the head of a new file must be in
    // the file itself and not beside it, as it says whose file it is.
    sqlx::query("PRAGMA journal_mode = WAL").execute(connection).await?;
    Ok((world, new))
}

/// What the first bytes of a file say.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// There is no file, or nothing in it.
    Nothing,
    Ours,
    /// SQLite of unknown kind.
    Other,
}

/// Looked at without SQLite, which could roll back or tidy up what is not ours.
pub(super) fn header(path: &Path) -> Result<Header, KeepError> {
    let mut head = Vec::new();
    match std::fs::File::open(path) {
        Ok(file) if !file.metadata()?.is_file() => return Err(KeepError::Foreign),
        Ok(file) => file.take(100).read_to_end(&mut head)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Header::Nothing),
        Err(error) => return Err(error.into()),
    };
    if head.is_empty() {
        return Ok(Header::Nothing);
    }
    // https://www.sqlite.org/fileformat.html#the_database_header
    let number = |at: usize| head.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes);
    let (true, Some(version), Some(application)) =
        (head.starts_with(b"SQLite format 3\0"), number(60), number(68))
    else {
        return Err(KeepError::Foreign);
    };
    match application {
        APPLICATION_ID if version > SHAPE => Err(KeepError::Newer { found: version, known: SHAPE }),
        APPLICATION_ID => Ok(Header::Ours),
        0 => Ok(Header::Other),
        _ => Err(KeepError::Foreign),
    }
}

/// A database without a table was made by nobody, or by a sandbox that did not come further. Opened so that
/// nothing is written, not even beside it.
pub(super) async fn is_empty_database(path: &Path) -> bool {
    let options = SqliteConnectOptions::new().filename(path).read_only(true).immutable(true);
    let Ok(mut connection) = SqliteConnection::connect_with(&options).await else { return false };
    let tables = sqlx::query("SELECT count(*) FROM sqlite_master").fetch_one(&mut connection).await;
    tables.and_then(|row| row.try_get::<i64, _>(0)).is_ok_and(|tables| tables == 0)
}

/// Locked until the process ends; the system frees it however that happens.
pub(super) async fn locked(path: &Path) -> Result<SqliteConnection, KeepError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .locking_mode(SqliteLockingMode::Exclusive)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(false)
        .busy_timeout(Duration::ZERO);
    let told = |error: sqlx::Error| if is_busy(&error) { KeepError::Taken } else { error.into() };
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(told)?;
    match sqlx::raw_sql("BEGIN EXCLUSIVE; COMMIT").execute(&mut connection).await {
        Ok(_) => Ok(connection),
        Err(error) => {
            connection.close().await.ok();
            Err(told(error))
        }
    }
}

/// SQLITE_BUSY and its kin, <https://www.sqlite.org/rescode.html>; the lowest byte is the kind.
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 5)
}

/// Brings the file from the shape it has to the one that is known here; a new one gets the whole world too. One
/// transaction: a process killed meanwhile leaves what was there before, of a new file nothing.
async fn shape(
    connection: &mut SqliteConnection,
    version: u32,
    seeded: Option<&World>,
) -> Result<(), KeepError> {
    let mut work = connection.begin().await?;
    for (_, step) in (0u32..).zip(MIGRATIONS).filter(|(number, _)| *number >= version) {
        sqlx::raw_sql(step).execute(&mut *work).await?;
    }
    let marks = format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {SHAPE}");
    sqlx::raw_sql(AssertSqlSafe(marks)).execute(&mut *work).await?;
    if let Some(world) = seeded {
        write_all(&mut work, world).await?;
    }
    Ok(work.commit().await?)
}

async fn write_all(work: &mut SqliteConnection, world: &World) -> Result<(), KeepError> {
    write(work, &rows::everything(world)).await?;
    let mut portion = Vec::with_capacity(ROWS_AT_ONCE);
    for id in (0u32..).take(world.accounts.len()) {
        portion.extend(AccountRow::of(world, id).map(|row| (id, row)));
        if portion.len() == ROWS_AT_ONCE {
            write_accounts(work, &std::mem::take(&mut portion)).await?;
        }
    }
    write_accounts(work, &portion).await
}

/// Changes of one call or of several, in their order and in one transaction.
pub(super) async fn store<'c>(
    connection: &mut SqliteConnection,
    all: impl Iterator<Item = &'c Changes>,
) -> Result<(), KeepError> {
    let mut work = connection.begin().await?;
    for changes in all {
        write(&mut work, changes).await?;
        let held = changes.accounts.iter().filter_map(|(id, row)| row.as_ref().map(|row| (*id, row)));
        let held: Vec<(u32, &AccountRow)> = held.collect();
        for portion in held.chunks(ROWS_AT_ONCE) {
            write_accounts(&mut work, portion).await?;
        }
    }
    Ok(work.commit().await?)
}

/// Everything but the accounts that are there.
async fn write(work: &mut SqliteConnection, changes: &Changes) -> Result<(), KeepError> {
    for (id, _) in changes.accounts.iter().filter(|(_, row)| row.is_none()) {
        sqlx::query("DELETE FROM accounts WHERE id = ?").bind(*id).execute(&mut *work).await?;
    }
    for (place, row) in &changes.domains {
        match row {
            None => {
                sqlx::query("DELETE FROM domains WHERE place = ?").bind(*place).execute(&mut *work).await?
            }
            Some(row) => {
                let insert = sqlx::query("INSERT OR REPLACE INTO domains VALUES (?, ?, ?, ?, ?)");
                let named = insert.bind(*place).bind(&row.name).bind(row.kind);
                named.bind(row.switches).bind(&row.variables).execute(&mut *work).await?
            }
        };
    }
    for (variable, value) in &changes.server {
        match value {
            None => sqlx::query("DELETE FROM server WHERE variable = ?").bind(*variable),
            Some(value) => {
                sqlx::query("INSERT OR REPLACE INTO server VALUES (?, ?)").bind(*variable).bind(value)
            }
        }
        .execute(&mut *work)
        .await?;
    }
    for (name, value) in &changes.facts {
        let changed = "INSERT INTO facts VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value \
                       WHERE value <> excluded.value";
        sqlx::query(changed).bind(*name).bind(value).execute(&mut *work).await?;
    }
    Ok(())
}

async fn write_accounts<R: std::borrow::Borrow<AccountRow>>(
    work: &mut SqliteConnection,
    portion: &[(u32, R)],
) -> Result<(), KeepError> {
    if portion.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::<Sqlite>::new("INSERT OR REPLACE INTO accounts ");
    query.push_values(portion, |mut values, (id, row)| {
        let row = row.borrow();
        values.push_bind(*id).push_bind(row.domain).push_bind(&row.mailbox).push_bind(&row.name);
        values.push_bind(row.kind).push_bind(row.disabled).push_bind(row.protocol).push_bind(row.flags);
        values.push_bind(row.switches).push_bind(row.trial).push_bind(&row.extra);
    });
    query.build().execute(&mut *work).await?;
    Ok(())
}

async fn read(connection: &mut SqliteConnection) -> Result<World, KeepError> {
    let mut facts = BTreeMap::<String, String>::new();
    for row in sqlx::query("SELECT name, value FROM facts").fetch_all(&mut *connection).await? {
        facts.insert(row.try_get(0)?, row.try_get(1)?);
    }
    let mut reading = Reading::of(&facts)?;
    for row in sqlx::query("SELECT variable, value FROM server").fetch_all(&mut *connection).await? {
        reading.server(row.try_get(0)?, row.try_get(1)?)?;
    }
    for row in sqlx::query("SELECT * FROM domains ORDER BY place").fetch_all(&mut *connection).await? {
        let (kind, switches) = (row.try_get("kind")?, row.try_get("switches")?);
        let held =
            DomainRow { name: row.try_get("name")?, kind, switches, variables: row.try_get("variables")? };
        reading.domain(row.try_get("place")?, &held)?;
    }
    // In portions: a million rows as a list would not fit beside the world.
    let mut last: i64 = -1;
    loop {
        let portion = sqlx::query("SELECT * FROM accounts WHERE id > ? ORDER BY id LIMIT 10000").bind(last);
        let portion = portion.fetch_all(&mut *connection).await?;
        let Some(end) = portion.last() else { return Ok(reading.finish()) };
        last = end.try_get("id")?;
        for row in &portion {
            reading.account(row.try_get("id")?, account_row(row)?)?;
        }
    }
}

fn account_row(row: &SqliteRow) -> Result<AccountRow, sqlx::Error> {
    Ok(AccountRow {
        domain: row.try_get("domain")?,
        mailbox: row.try_get("mailbox")?,
        name: row.try_get("name")?,
        kind: row.try_get("kind")?,
        disabled: row.try_get("disabled")?,
        protocol: row.try_get("protocol")?,
        flags: row.try_get("flags")?,
        switches: row.try_get("switches")?,
        trial: row.try_get("trial")?,
        extra: row.try_get("extra")?,
    })
}
