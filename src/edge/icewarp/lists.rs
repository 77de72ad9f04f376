//! Lists, page by page, to the end or to the sentence that says why not (U-8, U-9).

use std::collections::HashSet;
use std::future::Future;

use tokio::task::JoinSet;

use super::codec::Element;
use super::encode::Params;
use super::error::{CallError, Refusal, Silence, sanitised};
use super::readers::{self, Misfit};
use super::rpc::Phase;
use super::session::Client;

/// A server may give fewer rows than were asked for (U-8). At 100 rows a page this is a million; beyond it the
/// list is not read to its end rather than for ever.
pub const PAGES_MAX: u64 = 10_000;

/// A list whose length changed this often while it was read is given up: its end may move for ever.
const CHANGES_MAX: u64 = 10;

/// The rows of a list.
pub(super) struct Listed<T> {
    pub rows: Vec<T>,
    /// Why these are not all, or not surely; each is a sentence.
    pub incomplete: Vec<String>,
    /// The server said that there is nothing, or said nothing at all.
    pub empty: bool,
}

/// A row: what tells it from others, and what it says or why that cannot be read.
pub(super) struct Row<T> {
    pub key: String,
    pub value: Result<T, String>,
}

/// Reads a whole list. `what` names it in sentences.
pub(super) async fn list<T>(
    client: &Client,
    command: &'static str,
    what: &str,
    params: impl Fn(u64, u64) -> Params,
    row: impl Fn(&Element) -> Row<T>,
) -> Result<Listed<T>, CallError> {
    let mut gathering = Gathering::new(what);
    for _ in 0..PAGES_MAX {
        let params = params(gathering.offset, client.limits().page);
        let result = client.read(Phase::Lists, command, &params).await?;
        match gathering.page(&result, &row) {
            Ok(More::Yes) => {}
            Ok(More::No) => return Ok(gathering.finish()),
            Err(misfit) => return Err(refused(command, misfit)),
        }
    }
    gathering.say(&format!("is longer than {PAGES_MAX} pages"));
    Ok(gathering.finish())
}

/// What a misfit means for the command that was sent.
pub(super) fn refused(command: &'static str, misfit: Misfit) -> CallError {
    match misfit {
        Misfit::Zero => CallError::Refused { command, why: Refusal::Zero },
        Misfit::Shape(what) => CallError::shape(command, what),
    }
}

#[derive(PartialEq, Eq)]
enum More {
    Yes,
    No,
}

struct Gathering<'a, T> {
    what: &'a str,
    /// Rows that came, whatever they say: the next page begins here.
    offset: u64,
    overall: Option<u64>,
    seen: HashSet<String>,
    changes: u64,
    unreadable: u64,
    rows: Vec<T>,
    incomplete: Vec<String>,
}

impl<'a, T> Gathering<'a, T> {
    fn new(what: &'a str) -> Gathering<'a, T> {
        Gathering {
            what,
            offset: 0,
            overall: None,
            seen: HashSet::new(),
            changes: 0,
            unreadable: 0,
            rows: Vec::new(),
            incomplete: Vec::new(),
        }
    }

    fn say(&mut self, rest: &str) {
        self.incomplete.push(format!("{} {rest}", self.what));
    }

    fn page(&mut self, result: &Element, row: &impl Fn(&Element) -> Row<T>) -> Result<More, Misfit> {
        let page = readers::page(result)?;
        if let Some(offset) = page.offset.filter(|offset| *offset != self.offset) {
            self.say(&format!("was answered from row {offset} where row {} was asked for", self.offset));
            return Ok(More::No);
        }
        for item in &page.items {
            self.row(row(item));
        }
        self.offset += page.items.len() as u64;
        let Some(overall) = page.overall else {
            self.say("does not say how many rows it has");
            return Ok(More::No);
        };
        if let Some(before) = self.overall.replace(overall)
            && before != overall
        {
            self.changes += 1;
            if self.changes == 1 {
                self.say(&format!("changed from {before} to {overall} rows while it was read"));
            }
            if self.changes > CHANGES_MAX {
                return Ok(More::No);
            }
        }
        if self.offset >= overall {
            return Ok(More::No);
        }
        if page.items.is_empty() {
            self.say(&format!("ended after {} of {overall} rows with an empty page", self.offset));
            return Ok(More::No);
        }
        Ok(More::Yes)
    }

    /// A row that comes twice counts once (U-34); that there are then too few is told at the end.
    fn row(&mut self, row: Row<T>) {
        if !self.seen.insert(row.key) {
            return;
        }
        match row.value {
            Ok(value) => self.rows.push(value),
            Err(why) => {
                self.unreadable += 1;
                // One sentence with an example says as much as a thousand.
                if self.unreadable == 1 {
                    self.say(&format!("has a row that cannot be read: {}", sanitised(&why)));
                }
            }
        }
    }

    fn finish(mut self) -> Listed<T> {
        let different = self.seen.len() as u64;
        if let Some(overall) = self.overall
            && self.incomplete.is_empty()
            && different != overall
        {
            self.say(&format!("says it has {overall} rows and gave {different} different ones"));
        }
        if self.unreadable > 1 {
            let count = self.unreadable;
            self.say(&format!("has {count} such rows"));
        }
        Listed {
            empty: self.offset == 0 && self.overall.is_none_or(|overall| overall == 0),
            rows: self.rows,
            incomplete: self.incomplete,
        }
    }
}

/// Runs jobs, at most `limit` at once, and hands on what each gives in the order in which they end. The first
/// error ends it; what is then under way is given up, which only ever concerns reads.
pub(super) async fn gather<J, T, F>(
    limit: usize,
    jobs: impl IntoIterator<Item = J>,
    run: impl Fn(J) -> F,
    mut done: impl FnMut(T),
) -> Result<(), CallError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, CallError>> + Send + 'static,
{
    let mut jobs = jobs.into_iter();
    let mut running = JoinSet::new();
    loop {
        while running.len() < limit.max(1)
            && let Some(job) = jobs.next()
        {
            running.spawn(run(job));
        }
        match running.join_next().await {
            None => return Ok(()),
            Some(Ok(Ok(value))) => done(value),
            Some(Ok(Err(error))) => return Err(error),
            Some(Err(error)) => match error.try_into_panic() {
                // A panic is our bug and not an answer of the server.
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(error) => {
                    let why = Silence::Closed(error.to_string());
                    return Err(CallError::Unanswered { command: "a read", why });
                }
            },
        }
    }
}
