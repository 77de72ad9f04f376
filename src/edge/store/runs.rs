//! Reading back what was written down of runs.

use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use super::open::{Store, StoreError};
use super::step::StepRow;
use crate::diff::{Narrowing, Strictness};
use crate::edge::git::Commit;
use crate::flow::Word;
use crate::model::Pattern;
use crate::plan::file::AllowFile;
use crate::spec::meaning::Source;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndWord {
    /// Every step was done.
    Complete,
    /// Some steps were not done, or are in doubt. It can be resumed.
    Partial,
    /// Nothing was left of it to do.
    Settled,
    /// Another run went on with it.
    Resumed,
    /// A later plan took its place.
    Superseded,
}

impl EndWord {
    const ALL: [EndWord; 5] =
        [EndWord::Complete, EndWord::Partial, EndWord::Settled, EndWord::Resumed, EndWord::Superseded];

    /// As the journal spells it; a word that was once written must be read for ever.
    pub const fn word(self) -> &'static str {
        match self {
            EndWord::Complete => "complete",
            EndWord::Partial => "partial",
            EndWord::Settled => "settled",
            EndWord::Resumed => "resumed",
            EndWord::Superseded => "superseded",
        }
    }
}

/// When and how a run ended, as the journal has it; `at` is a moment in UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    pub at: String,
    pub word: EndWord,
    pub detail: String,
}

/// A run as it was written down.
#[derive(Debug, Clone)]
pub struct RunRow {
    pub id: i64,
    pub server: String,
    pub server_key: String,
    pub url: String,
    pub reference_id: Option<String>,
    pub started: String,
    pub who: String,
    pub pid: i64,
    pub version: String,
    pub approval: String,
    pub effects: String,
    pub folder: String,
    pub commit: Option<Commit>,
    pub resumes: Option<i64>,
    /// How it ended last; `None` where it was cut off, or is under way.
    pub ending: Option<Ending>,
    /// When it ended by itself, or was last heard of.
    pub last: String,
    pub steps: i64,
    /// Steps that were done.
    pub done: i64,
    /// Steps that were begun and whose end is not known, or in doubt.
    pub open: i64,
}

impl RunRow {
    /// Whether it can be resumed: it was cut off, or ended in part.
    pub fn is_unfinished(&self) -> bool {
        self.ending.as_ref().is_none_or(|ending| ending.word == EndWord::Partial)
    }
}

/// A step and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepTold {
    pub step: StepRow,
    /// When it was begun; `None` where it never was.
    pub begun: Option<String>,
    /// What came of it; `None` where nobody wrote that down.
    pub outcome: Option<Came>,
}

impl StepTold {
    /// Whether it was done by its run, as far as anybody can tell.
    pub fn is_done(&self) -> bool {
        self.outcome.as_ref().is_some_and(|came| came.word.is_done())
    }
}

/// What came of a step, as it was written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Came {
    pub at: String,
    pub word: Word,
    /// Why so; empty where there is nothing to say.
    pub detail: String,
}

/// The words that something holds for, as a list in SQL. They are our own and hold no quotation mark.
fn listed(holds: impl Fn(Word) -> bool) -> String {
    let words = Word::ALL.into_iter().filter(|word| holds(*word)).map(|word| format!("'{}'", word.text()));
    format!("({})", words.collect::<Vec<_>>().join(", "))
}

/// One row for each run. What is in doubt and what was begun and never ended are one: nobody knows.
///
/// Of each step the last outcome counts: what was in doubt may be found done later. When a run was last heard of is told
/// by its own entries, and not by those that a later run wrote down for it.
///
/// Only the entries of the runs that are told are gone through: a store grows old.
fn told_runs() -> AssertSqlSafe<String> {
    let (done, later) = (listed(Word::is_done), listed(Word::is_later));
    let (doubt, complete, partial) = (Word::Doubt.text(), EndWord::Complete.word(), EndWord::Partial.word());
    AssertSqlSafe(format!("
    WITH picked AS (
        SELECT id FROM runs WHERE ?1 IS NULL OR id = ?1 ORDER BY id DESC LIMIT ?2
    ), told AS (
        SELECT run, step, max(CASE WHEN kind = 'outcome' THEN id END) AS last,
               max(CASE WHEN word NOT IN {later} THEN at END) AS at
        FROM entries WHERE run IN (SELECT id FROM picked) GROUP BY run, step
    ), counted AS (
        SELECT told.run, sum(coalesce(entries.word IN {done}, 0)) AS done,
               sum(told.last IS NULL OR entries.word = '{doubt}') AS open, max(told.at) AS at
        FROM told LEFT JOIN entries ON entries.id = told.last GROUP BY told.run
    )
    SELECT runs.*, endings.word, endings.detail, endings.at AS ended_at,
           coalesce(counted.done, 0) AS done, coalesce(counted.open, 0) AS open,
           coalesce(
               (SELECT min(at) FROM endings AS own WHERE own.run = runs.id AND own.word IN ('{complete}', '{partial}')),
               counted.at, runs.started
           ) AS last,
           (SELECT count(*) FROM steps WHERE steps.run = runs.id) AS steps
    FROM runs
    LEFT JOIN counted ON counted.run = runs.id
    LEFT JOIN endings ON endings.id = (SELECT max(id) FROM endings WHERE endings.run = runs.id)
    WHERE runs.id IN (SELECT id FROM picked)
    ORDER BY runs.id DESC"))
}

/// The runs that have not ended, or ended in part.
pub(super) fn unfinished() -> AssertSqlSafe<String> {
    let partial = EndWord::Partial.word();
    AssertSqlSafe(format!(
        "
    SELECT id FROM runs
    WHERE (?1 IS NULL OR server_key = ?1) AND coalesce(
        (SELECT word FROM endings WHERE endings.run = runs.id ORDER BY endings.id DESC LIMIT 1), '{partial}'
    ) = '{partial}'
    ORDER BY id DESC"
    ))
}

/// Whether a plan that was narrowed so looked at all that is left of a run.
pub(super) async fn covered(
    connection: &mut SqliteConnection,
    run: i64,
    narrowing: &Narrowing,
) -> Result<bool, sqlx::Error> {
    if narrowing.is_none() {
        return Ok(true);
    }
    let left = sqlx::query(AssertSqlSafe(format!(
        "SELECT address FROM steps WHERE run = ? AND coalesce( \
         (SELECT word FROM entries WHERE entries.run = steps.run AND entries.step = steps.step AND kind = 'outcome' \
         ORDER BY id DESC LIMIT 1), '') NOT IN {}",
        listed(Word::is_done)
    )));
    for row in left.bind(run).fetch_all(connection).await? {
        let address: String = row.try_get(0)?;
        if !narrowing.covers(&address) {
            return Ok(false);
        }
    }
    Ok(true)
}

impl Store {
    /// The newest runs, the newest first.
    pub async fn runs(&self, limit: i64) -> Result<Vec<RunRow>, StoreError> {
        self.some_runs(None, limit).await
    }

    /// One run.
    pub async fn run(&self, id: i64) -> Result<Option<RunRow>, StoreError> {
        Ok(self.some_runs(Some(id), 1).await?.pop())
    }

    async fn some_runs(&self, id: Option<i64>, limit: i64) -> Result<Vec<RunRow>, StoreError> {
        let mut connection = self.connection.lock().await;
        let rows = sqlx::query(told_runs()).bind(id).bind(limit).fetch_all(&mut *connection).await;
        rows.and_then(|rows| rows.iter().map(run_row).collect()).map_err(|error| self.error(&error))
    }

    /// The newest run of a server that can be resumed.
    pub async fn unfinished(&self, server_key: &str) -> Result<Option<RunRow>, StoreError> {
        Ok(self.all_unfinished(Some(server_key)).await?.into_iter().next())
    }

    /// The runs that can be resumed, of one server or of all, the newest first. A server has several where the newer
    /// ones were narrowed.
    pub async fn all_unfinished(&self, server_key: Option<&str>) -> Result<Vec<RunRow>, StoreError> {
        let ids: Vec<i64> = {
            let mut connection = self.connection.lock().await;
            let rows = sqlx::query(unfinished()).bind(server_key).fetch_all(&mut *connection).await;
            let ids = rows.and_then(|rows| rows.iter().map(|row| row.try_get(0)).collect());
            ids.map_err(|error| self.error(&error))?
        };
        let mut unfinished = Vec::new();
        for id in ids {
            unfinished.extend(self.run(id).await?);
        }
        Ok(unfinished)
    }

    /// Whether a plan that was narrowed so looked at all that is left of a run.
    pub async fn covered(&self, run: i64, narrowing: &Narrowing) -> Result<bool, StoreError> {
        let mut connection = self.connection.lock().await;
        covered(&mut connection, run, narrowing).await.map_err(|error| self.error(&error))
    }

    /// The steps of a run, with what came of each.
    pub async fn steps(&self, run: i64) -> Result<Vec<StepTold>, StoreError> {
        let mut connection = self.connection.lock().await;
        let rows = sqlx::query(
            "SELECT steps.*, begun.at AS begun, ended.at AS ended, ended.word, ended.detail FROM steps \
             LEFT JOIN entries AS begun ON begun.id = (SELECT min(id) FROM entries WHERE entries.run = steps.run \
             AND entries.step = steps.step AND kind = 'intent') \
             LEFT JOIN entries AS ended ON ended.id = (SELECT max(id) FROM entries WHERE entries.run = steps.run \
             AND entries.step = steps.step AND kind = 'outcome') \
             WHERE steps.run = ? ORDER BY steps.step",
        );
        let rows = rows.bind(run).fetch_all(&mut *connection).await;
        rows.and_then(|rows| rows.iter().map(step_told).collect()).map_err(|error| self.error(&error))
    }

    /// The spec of a run, as it was then.
    pub async fn sources(&self, run: i64) -> Result<Vec<Source>, StoreError> {
        let mut connection = self.connection.lock().await;
        let rows = sqlx::query(
            "SELECT name, text FROM sources JOIN texts USING (digest) WHERE run = ? ORDER BY position",
        );
        let rows = rows.bind(run).fetch_all(&mut *connection).await;
        let source = |row: &SqliteRow| -> Result<Source, sqlx::Error> {
            let (name, text): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            Ok(Source { name: name.into(), text: text.into() })
        };
        rows.and_then(|rows| rows.iter().map(source).collect()).map_err(|error| self.error(&error))
    }

    /// The overrides that a run was given.
    pub async fn allows(&self, run: i64) -> Result<Vec<AllowFile>, StoreError> {
        let mut connection = self.connection.lock().await;
        let rows = sqlx::query("SELECT guardrail, value, reason FROM allows WHERE run = ? ORDER BY position");
        let rows = rows.bind(run).fetch_all(&mut *connection).await;
        let allow = |row: &SqliteRow| -> Result<AllowFile, sqlx::Error> {
            Ok(AllowFile { guardrail: row.try_get(0)?, value: row.try_get(1)?, reason: row.try_get(2)? })
        };
        rows.and_then(|rows| rows.iter().map(allow).collect()).map_err(|error| self.error(&error))
    }
}

impl Store {
    /// What a run was narrowed to.
    pub async fn narrowing(&self, run: i64) -> Result<Narrowing, StoreError> {
        let mut connection = self.connection.lock().await;
        let rows = sqlx::query("SELECT kind, pattern FROM narrowed WHERE run = ? ORDER BY position");
        let rows = rows.bind(run).fetch_all(&mut *connection).await;
        let read = |rows: Vec<SqliteRow>| -> Result<Narrowing, sqlx::Error> {
            let mut narrowing = Narrowing { strictness: Strictness::Saved, ..Narrowing::default() };
            for row in &rows {
                let (kind, text): (String, String) = (row.try_get(0)?, row.try_get(1)?);
                let pattern = Pattern::parse(&text).map_err(|_| unknown("glob", &text))?;
                let list = if kind == "target" { &mut narrowing.targets } else { &mut narrowing.excludes };
                list.push(pattern);
            }
            Ok(narrowing)
        };
        rows.and_then(read).map_err(|error| self.error(&error))
    }
}

fn unknown(what: &str, word: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("there is no {what} `{word}`").into())
}

fn run_row(row: &SqliteRow) -> Result<RunRow, sqlx::Error> {
    let word: Option<String> = row.try_get("word")?;
    let ending = match word {
        None => None,
        Some(word) => Some(Ending {
            at: row.try_get("ended_at")?,
            word: EndWord::ALL
                .into_iter()
                .find(|known| known.word() == word)
                .ok_or_else(|| unknown("ending", &word))?,
            detail: row.try_get("detail")?,
        }),
    };
    let commit: Option<String> = row.try_get("commit_id")?;
    let dirty: Option<i64> = row.try_get("commit_dirty")?;
    Ok(RunRow {
        id: row.try_get("id")?,
        server: row.try_get("server")?,
        server_key: row.try_get("server_key")?,
        url: row.try_get("url")?,
        reference_id: row.try_get("reference_id")?,
        started: row.try_get("started")?,
        who: row.try_get("who")?,
        pid: row.try_get("pid")?,
        version: row.try_get("version")?,
        approval: row.try_get("approval")?,
        effects: row.try_get("effects")?,
        folder: row.try_get("folder")?,
        commit: commit.map(|id| Commit { id, dirty: dirty == Some(1) }),
        resumes: row.try_get("resumes")?,
        ending,
        last: row.try_get("last")?,
        steps: row.try_get("steps")?,
        done: row.try_get("done")?,
        open: row.try_get("open")?,
    })
}

fn step_told(row: &SqliteRow) -> Result<StepTold, sqlx::Error> {
    let ended: Option<String> = row.try_get("ended")?;
    Ok(StepTold {
        step: StepRow {
            action: row.try_get("action")?,
            address: row.try_get("address")?,
            before: row.try_get("before")?,
            after: row.try_get("after")?,
            secret: row.try_get("secret")?,
            policy: row.try_get("policy")?,
            place: row.try_get("place")?,
            why: row.try_get("why")?,
        },
        begun: row.try_get("begun")?,
        outcome: match ended {
            Some(at) => {
                let word: String = row.try_get("word")?;
                let word = Word::parse(&word).ok_or_else(|| unknown("outcome", &word))?;
                Some(Came { at, word, detail: row.try_get("detail")? })
            }
            None => None,
        },
    })
}
