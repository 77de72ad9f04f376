//! Where the store is, and opening it.

use std::borrow::Cow;
use std::fmt;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::{Migrate as _, MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, Row as _, SqlSafeStr as _, SqliteConnection};
use tokio::sync::Mutex;

use crate::model::Remedy;

/// The database in the store's folder.
const FILE: &str = "icewarden.db";

/// How long to wait for another process that writes. Each transaction is some milliseconds.
const BUSY: Duration = Duration::from_secs(20);

/// The table in which sqlx keeps which migrations were applied.
const APPLIED: &str = "_sqlx_migrations";

/// An open store. One connection, used by one task at a time: SQLite has one writer anyhow.
#[derive(Debug)]
pub struct Store {
    pub folder: PathBuf,
    pub(super) connection: Mutex<SqliteConnection>,
}

/// Why the store cannot be used. Nothing was changed in it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(
        "the store {path} was written by a newer icewarden (its schema is {found}, this one knows {known})"
    )]
    Newer { path: String, found: i64, known: i64 },
    #[error("the store {path} is damaged: {why}")]
    Damaged { path: String, why: String },
    #[error("the store {path} cannot be used: {why}")]
    Unusable { path: String, why: String },
    #[error("there is no place for the store: neither XDG_STATE_HOME nor HOME is set")]
    NoPlace,
}

impl StoreError {
    /// What to do next.
    pub fn remedy(&self) -> Remedy {
        match self {
            StoreError::Newer { .. } => Remedy::Check(
                "which icewarden wrote it, and use that version or a newer one; or another folder with --store DIR"
                    .into(),
            ),
            StoreError::Damaged { path, .. } => Remedy::Check(format!(
                "the disk; then restore {path} from a backup, or move it away (a new one is begun; the history, and \
                 what shrank since the last run, are then not known)"
            )),
            StoreError::Unusable { .. } => {
                Remedy::Check("that the folder may be written and the disk is not full; or name another with --store DIR".into())
            }
            StoreError::NoPlace => {
                Remedy::Check("where the store may be kept, and say --store DIR or set ICEWARDEN_STORE".into())
            }
        }
    }

    pub(super) fn unusable(path: &Path, why: impl fmt::Display) -> StoreError {
        StoreError::Unusable { path: path.display().to_string(), why: why.to_string() }
    }

    fn of(path: &Path, error: &sqlx::Error) -> StoreError {
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        // The low byte is SQLite's primary code: 11 is a malformed file, 26 no database at all.
        let primary = code.and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xff);
        let why = match error.as_database_error() {
            Some(error) => error.message().to_owned(),
            None => error.to_string(),
        };
        match primary {
            Some(11 | 26) => StoreError::Damaged { path: path.display().to_string(), why },
            _ => StoreError::unusable(path, why),
        }
    }
}

/// The folder of the store: the option, else `ICEWARDEN_STORE`, else where this user's programs keep their state.
pub fn folder(option: Option<&Path>) -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || {
        let state = set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")));
        state.map(|state| state.join("icewarden"))
    };
    option.map(Path::to_owned).or_else(|| set("ICEWARDEN_STORE")).or_else(home)
}

impl Store {
    /// Opens the store to write in it, and makes it where there is none.
    ///
    /// # Errors
    /// A store that cannot be had, is damaged, or was written by a newer version. None of them is altered.
    pub async fn open(folder: &Path) -> Result<Store, StoreError> {
        make_folder(folder).map_err(|error| StoreError::unusable(folder, error))?;
        make_folder(&folder.join("locks")).map_err(|error| StoreError::unusable(folder, error))?;
        let path = folder.join(FILE);
        // Two first runs at once would both make the tables.
        let making = private(&folder.join("locks/store.lock"))
            .and_then(|file| file.lock().map(|()| file))
            .map_err(|error| StoreError::unusable(folder, error))?;
        // Made here so that it is private from its first byte; SQLite's own companions take over its mode.
        private(&path).map_err(|error| StoreError::unusable(&path, error))?;
        let options = SqliteConnectOptions::new().filename(&path).create_if_missing(false);
        let mut connection = connect(&path, options, SqliteJournalMode::Wal).await?;
        migrate(&path, &mut connection).await?;
        drop(making);
        Ok(Store { folder: folder.to_owned(), connection: Mutex::new(connection) })
    }

    /// Opens the store to read in it; `None` where there is none. Nothing is made or changed.
    ///
    /// # Errors
    /// As for [`Store::open`].
    pub async fn open_to_read(folder: &Path) -> Result<Option<Store>, StoreError> {
        let path = folder.join(FILE);
        match std::fs::metadata(&path) {
            // It was about to be made.
            Ok(found) if found.len() == 0 => return Ok(None),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::unusable(&path, error)),
        }
        let options = SqliteConnectOptions::new().filename(&path).read_only(true);
        let mut connection =
            options.busy_timeout(BUSY).connect().await.map_err(|error| StoreError::of(&path, &error))?;
        let found = schema(&path, &mut connection).await?;
        let known = SCHEMA;
        match found {
            found if found > known => {
                Err(StoreError::Newer { path: path.display().to_string(), found, known })
            }
            // The next apply brings it up to date; until then nothing in it is relied on.
            found if found < known => Ok(None),
            _ => Ok(Some(Store { folder: folder.to_owned(), connection: Mutex::new(connection) })),
        }
    }

    /// Closes the store. Without it nothing is lost: the next who opens it finds the log beside it.
    pub async fn close(self) {
        // An error leaves just that log.
        let _ = self.connection.into_inner().close().await;
    }

    pub(super) fn error(&self, error: &sqlx::Error) -> StoreError {
        StoreError::of(&self.folder.join(FILE), error)
    }
}

async fn connect(
    path: &Path,
    options: SqliteConnectOptions,
    mode: SqliteJournalMode,
) -> Result<SqliteConnection, StoreError> {
    let options = options.journal_mode(mode).synchronous(SYNCHRONOUS).foreign_keys(true).busy_timeout(BUSY);
    let mut connection = options.connect().await.map_err(|error| StoreError::of(path, &error))?;
    let checked = sqlx::query("PRAGMA quick_check(1)").fetch_one(&mut connection).await;
    let said: String =
        checked.and_then(|row| row.try_get(0)).map_err(|error| StoreError::of(path, &error))?;
    if said != "ok" {
        return Err(StoreError::Damaged { path: path.display().to_string(), why: said });
    }
    Ok(connection)
}

/// Every commit is on the disk before the step that it speaks of is sent, so that the journal holds after a power cut
/// too, and not only after a `kill -9`. A run of 2,000 steps against a sandbox on the same machine (a virtual disk, two
/// busy cores) took 9.9 s with it and 3.7 s with `Normal`: some 3 ms a step, six of which are under way at once, beside
/// three calls to a mail server. A history that leaves out what was done is worth less than that.
const SYNCHRONOUS: SqliteSynchronous = SqliteSynchronous::Full;

/// The newest schema.
const SCHEMA: i64 = 1;

/// The schema's history. A file that was released is never edited: its sum is in the stores that exist.
fn migrations() -> Vec<Migration> {
    let files = [(SCHEMA, "journal", include_str!("migrations/0001_journal.sql"))];
    let migration = |(version, name, sql): (i64, &'static str, &'static str)| {
        Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, sql.into_sql_str(), false)
    };
    files.into_iter().map(migration).collect()
}

/// The version of the schema; 0 where there is none yet.
async fn schema(path: &Path, connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    let failed = |error: sqlx::Error| StoreError::of(path, &error);
    let there = sqlx::query("SELECT count(*) FROM sqlite_schema WHERE name = ?").bind(APPLIED);
    let there: i64 =
        there.fetch_one(&mut *connection).await.and_then(|row| row.try_get(0)).map_err(failed)?;
    if there == 0 {
        return Ok(0);
    }
    let newest = sqlx::query("SELECT coalesce(max(version), 0) FROM _sqlx_migrations");
    newest.fetch_one(connection).await.and_then(|row| row.try_get(0)).map_err(failed)
}

async fn migrate(path: &Path, connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let found = schema(path, connection).await?;
    let known = SCHEMA;
    if found > known {
        return Err(StoreError::Newer { path: path.display().to_string(), found, known });
    }
    let migrator = Migrator::with_migrations(migrations());
    connection.ensure_migrations_table(APPLIED).await.map_err(|error| StoreError::unusable(path, error))?;
    migrator.run_direct(None, connection, false).await.map_err(|error| match error {
        MigrateError::VersionMismatch(version) => StoreError::Damaged {
            path: path.display().to_string(),
            why: format!("its schema {version} is not the one that icewarden made"),
        },
        error => StoreError::unusable(path, error),
    })
}

/// A folder that only its owner may look into. One that is there already keeps the mode that it has.
fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// A file that only its owner may read, made where it is missing and left as it is otherwise.
pub fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
