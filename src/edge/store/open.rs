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
use tempfile::TempDir;
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
    /// A copy that is read in place of a store that nobody may write beside; it goes with this.
    _copy: Option<TempDir>,
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
    #[error("the store {path} cannot be read: {why}")]
    Unreadable { path: String, why: String },
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
            StoreError::Unreadable { .. } => {
                Remedy::Check("that you may read this file and its folder; or name another with --store DIR".into())
            }
            StoreError::NoPlace => {
                Remedy::Check("where the store may be kept, and say --store DIR or set ICEWARDEN_STORE".into())
            }
        }
    }

    fn unreadable(path: &Path, why: impl fmt::Display) -> StoreError {
        StoreError::Unreadable { path: path.display().to_string(), why: why.to_string() }
    }

    /// The same where nothing was to be written: a full disk is not the cause.
    fn only_read(self) -> StoreError {
        match self {
            StoreError::Unusable { path, why } => StoreError::Unreadable { path, why },
            other => other,
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
            None => plain(error),
        };
        match primary {
            None if is_of_its_rows(error) => StoreError::Damaged { path: path.display().to_string(), why },
            Some(11 | 26) => StoreError::Damaged { path: path.display().to_string(), why },
            _ => StoreError::unusable(path, why),
        }
    }
}

/// Whether what was read is no row of ours: SQLite found nothing wrong, and what it holds makes no sense.
fn is_of_its_rows(error: &sqlx::Error) -> bool {
    use sqlx::Error;
    match error {
        Error::RowNotFound
        | Error::TypeNotFound { .. }
        | Error::ColumnIndexOutOfBounds { .. }
        | Error::ColumnNotFound(_)
        | Error::ColumnDecode { .. }
        | Error::Decode(_)
        | Error::Protocol(_) => true,
        Error::Io(error) => error.kind() == io::ErrorKind::InvalidData,
        _ => false,
    }
}

/// The words of a library, where they would tell an administrator nothing, as ours.
fn plain(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::InvalidSavePointStatement | sqlx::Error::BeginFailed => {
            "a change before this one could not be ended".to_owned()
        }
        error => {
            let why = error.to_string();
            if why.to_lowercase().contains("utf-8") { "a text in it is not readable".to_owned() } else { why }
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
        refuse_empty(&path)?;
        // Made here so that it is private from its first byte; SQLite's own companions take over its mode.
        private(&path).map_err(|error| StoreError::unusable(&path, error))?;
        let options = SqliteConnectOptions::new().filename(&path).create_if_missing(false);
        let mut connection = connect(&path, options, SqliteJournalMode::Wal).await?;
        migrate(&path, &mut connection).await?;
        drop(making);
        Ok(Store { folder: folder.to_owned(), connection: Mutex::new(connection), _copy: None })
    }

    /// Opens the store to read in it; `None` where there is none. Nothing is made or changed.
    ///
    /// # Errors
    /// As for [`Store::open`].
    pub async fn open_to_read(folder: &Path) -> Result<Option<Store>, StoreError> {
        let path = folder.join(FILE);
        // Who makes one at this moment holds this lock, and is waited for: until then the file is empty.
        if let Ok(making) = File::open(folder.join("locks/store.lock")) {
            making.lock_shared().map_err(|error| StoreError::unreadable(&path, error))?;
        }
        match std::fs::metadata(&path) {
            Ok(_) => refuse_empty(&path)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::unreadable(&path, error)),
        }
        let (mut connection, copy) = connect_to_read(&path).await?;
        let found = schema(&path, &mut connection).await.map_err(StoreError::only_read)?;
        let known = SCHEMA;
        match found {
            found if found > known => {
                Err(StoreError::Newer { path: path.display().to_string(), found, known })
            }
            // Its tables were never made. An older schema is read as it is: it has the same tables, and what shrank must
            // be known before the next apply brings it up to date.
            0 => Ok(None),
            _ => {
                Ok(Some(Store { folder: folder.to_owned(), connection: Mutex::new(connection), _copy: copy }))
            }
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

/// A store always has bytes in it, from the moment when it is made: one without any lost them. To take it for none
/// would give up what is known of selectors that shrink.
fn refuse_empty(path: &Path) -> Result<(), StoreError> {
    match std::fs::metadata(path) {
        Ok(found) if found.len() == 0 => {
            Err(StoreError::Damaged { path: path.display().to_string(), why: "the file is empty".to_owned() })
        }
        _ => Ok(()),
    }
}

/// A connection that only reads. SQLite wants to write beside a file with a log, even to read it; where nobody may (a
/// snapshot, a folder of another user), the file is read as one that nobody changes, or with its log from a copy.
async fn connect_to_read(path: &Path) -> Result<(SqliteConnection, Option<TempDir>), StoreError> {
    let only = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(BUSY);
    let error = match look(only.clone()).await {
        Ok(connection) => return Ok((connection, None)),
        Err(error) => error,
    };
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    let primary = code.and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xff);
    // 8 is a file that may only be read, 14 one (or one beside it) that cannot be opened.
    if !matches!(primary, Some(8 | 14)) {
        return Err(StoreError::of(path, &error).only_read());
    }
    let failed = |error: io::Error| StoreError::unreadable(path, error);
    File::open(path).map_err(failed)?;
    let log = beside(path, "-wal");
    if std::fs::metadata(&log).map_or(0, |log| log.len()) == 0 {
        let connection = look(only.immutable(true)).await;
        return Ok((connection.map_err(|error| StoreError::of(path, &error).only_read())?, None));
    }
    let folder = tempfile::tempdir().map_err(failed)?;
    let copy = folder.path().join(FILE);
    std::fs::copy(path, &copy).map_err(failed)?;
    std::fs::copy(&log, beside(&copy, "-wal")).map_err(failed)?;
    for file in [copy.clone(), beside(&copy, "-wal")] {
        make_writable(&file).map_err(failed)?;
    }
    let connection = look(SqliteConnectOptions::new().filename(&copy).create_if_missing(false)).await;
    Ok((connection.map_err(|error| StoreError::of(path, &error).only_read())?, Some(folder)))
}

/// Connects and reads once: SQLite opens what stands beside a file only when it reads.
async fn look(options: SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    let mut connection = options.connect().await?;
    sqlx::query("SELECT count(*) FROM sqlite_schema").fetch_one(&mut connection).await?;
    Ok(connection)
}

/// A copy takes over the mode of a file that may only be read.
fn make_writable(path: &Path) -> io::Result<()> {
    let mut mode = std::fs::metadata(path)?.permissions();
    #[cfg(unix)]
    std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o600);
    #[cfg(not(unix))]
    mode.set_readonly(false);
    std::fs::set_permissions(path, mode)
}

/// One of the files that SQLite keeps beside a database.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
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
const SCHEMA: i64 = 3;

/// The schema's history. A file that was released is never edited: its sum is in the stores that exist.
fn migrations() -> Vec<Migration> {
    let files = [
        (1, "journal", include_str!("migrations/0001_journal.sql")),
        (2, "words", include_str!("migrations/0002_words.sql")),
        (3, "checked", include_str!("migrations/0003_checked.sql")),
    ];
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
