//! Lists, page by page, to the end or to the sentence that says why not (U-8, U-9).

use std::collections::HashSet;
use std::future::Future;

use tokio::task::JoinSet;

use super::codec::Element;
use super::encode::Params;
use super::error::{CallError, Refusal, Silence};
use super::excerpt::sanitised;
use super::readers::{self, Misfit, Page, Properties};
use super::session::Client;
use crate::edge::port::Phase;

/// A list of more rows than this is given up: it would fill the machine. Twice what any server is known to have.
const ROWS_MAX: u64 = 2_000_000;

/// A list whose length changed this often while it was read is given up: its end may move for ever.
const CHANGES_MAX: u64 = 10;

/// The rows of a list.
pub(super) struct Listed<T> {
    pub rows: Vec<T>,
    /// Why these are not all, or not surely; each is a sentence.
    pub incomplete: Vec<String>,
    /// The server said that there is nothing, or said nothing at all.
    pub empty: bool,
    /// It said nothing at all: neither a row nor how many there are.
    pub bare: bool,
}

/// A row: what tells it from others, and what it says or why that cannot be read.
pub(super) struct Row<T> {
    pub key: String,
    pub value: Result<T, String>,
}

/// Reads a whole list. `what` names it in sentences.
///
/// Where the server says how many rows there are, that many different ones must come. Where it does not, the list
/// ends with an empty page – a short one may only be the server's largest (U-8) – and is read a second time: it is
/// whole if no row came twice and both passes gave the same. A list that moved while it was read is read once more
/// from its beginning.
pub(super) async fn list<T>(
    client: &Client,
    command: &'static str,
    what: &str,
    params: impl Fn(u64, u64) -> Params,
    row: impl Fn(&Element) -> Row<T>,
) -> Result<Listed<T>, CallError> {
    let mut first = pass(client, command, what, &params, &row).await?;
    if first.moved {
        // Somebody changed an account meanwhile, and will not always.
        first = pass(client, command, what, &params, &row).await?;
    }
    if first.overall.is_some() || !first.incomplete.is_empty() || first.offset == 0 {
        return Ok(first.finish());
    }
    let again = pass(client, command, what, &params, &row).await?;
    Ok(first.agreeing(&again).finish())
}

/// Reads a list once, from its beginning.
async fn pass<'a, T>(
    client: &Client,
    command: &'static str,
    what: &'a str,
    params: &impl Fn(u64, u64) -> Params,
    row: &impl Fn(&Element) -> Row<T>,
) -> Result<Gathering<'a, T>, CallError> {
    let mut gathering = Gathering::new(what);
    for _ in 0..client.limits().pages_max {
        let params = params(gathering.offset, client.limits().page);
        let result = client.read(Phase::Lists, command, &params).await?;
        match gathering.page(&result, row) {
            Ok(More::Yes) => {}
            Ok(More::No) => return Ok(gathering.closed()),
            Err(misfit) => return Err(refused(command, misfit)),
        }
    }
    gathering.say_read(&format!("is longer than {} pages", client.limits().pages_max));
    Ok(gathering)
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
    /// The sentence that tells how much was read.
    to_count: Option<usize>,
    /// The pages do not fit each other: another pass may do better.
    moved: bool,
    pages: u64,
    bare: bool,
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
            to_count: None,
            moved: false,
            pages: 0,
            bare: false,
        }
    }

    fn say(&mut self, rest: &str) {
        self.incomplete.push(format!("{} {rest}", self.what));
    }

    /// The same, and at the end with how much of the list was read: a reader of the plan knows then how much may
    /// be missing. Once is enough.
    fn say_read(&mut self, rest: &str) {
        self.to_count.get_or_insert(self.incomplete.len());
        self.say(rest);
    }

    fn say_moved(&mut self, rest: &str) {
        self.moved = true;
        self.say_read(rest);
    }

    fn page(&mut self, result: &Element, row: &impl Fn(&Element) -> Row<T>) -> Result<More, Misfit> {
        let page = readers::page(result)?;
        if let Some(offset) = page.offset.filter(|offset| *offset != self.offset) {
            let asked = self.offset;
            self.say_moved(&format!("was answered from row {offset} where row {asked} was asked for"));
            return Ok(More::No);
        }
        for item in &page.items {
            self.row(row(item));
        }
        let is_first = self.offset == 0;
        self.pages += 1;
        self.offset += page.items.len() as u64;
        if self.offset > ROWS_MAX {
            self.say_read(&format!("is longer than {ROWS_MAX} rows"));
            return Ok(More::No);
        }
        match page.overall {
            Some(overall) if is_first || self.overall.is_some() => Ok(self.counted(&page, overall)),
            None if self.overall.is_none() && result.field("overallcount").is_none() => {
                Ok(self.uncounted(&page))
            }
            _ => {
                self.say_read("does not say on every page how many rows it has");
                Ok(More::No)
            }
        }
    }

    fn counted(&mut self, page: &Page<'_>, overall: u64) -> More {
        if let Some(before) = self.overall.replace(overall)
            && before != overall
        {
            self.changes += 1;
            if self.changes == 1 {
                self.say_moved(&format!("changed from {before} to {overall} rows while it was read"));
            }
            if self.changes > CHANGES_MAX {
                return More::No;
            }
        }
        if self.offset >= overall {
            return More::No;
        }
        if page.items.is_empty() {
            self.say_moved("ended with an empty page");
            return More::No;
        }
        More::Yes
    }

    /// A page of a list that does not say how long it is. A list in which rows come twice has no end that could be
    /// told: a server that heeds no offset gives its first page for ever.
    fn uncounted(&mut self, page: &Page<'_>) -> More {
        if self.offset == 0 {
            self.bare = true;
            self.say("says neither a row nor that there are none");
            return More::No;
        }
        if page.items.is_empty() {
            return More::No;
        }
        if (self.seen.len() as u64) < self.offset {
            self.say_moved("does not say how many rows it has, and gave one more than once");
            return More::No;
        }
        More::Yes
    }

    fn agreeing(mut self, again: &Gathering<'_, T>) -> Self {
        self.incomplete.extend(again.incomplete.iter().cloned());
        if again.incomplete.is_empty() && self.seen != again.seen {
            let (first, second) = (self.seen.len(), again.seen.len());
            self.say(&format!(
                "does not say how many rows it has, and gave {first} rows and then others or {second}"
            ));
        }
        self
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

    /// At the end of a pass: as many different rows as the list says it has. A row that one page gives twice stands
    /// there twice, for nothing moves within a page; that several pages give it twice may be the paging.
    fn closed(mut self) -> Self {
        let different = self.seen.len();
        if self.pages == 1 && self.overall == Some(self.offset) {
            return self;
        }
        if let Some(overall) = self.overall
            && self.incomplete.is_empty()
            && different as u64 != overall
        {
            self.moved = true;
            self.say(&format!("says it has {overall} rows and gave {different} different ones"));
        }
        self
    }

    fn finish(mut self) -> Listed<T> {
        let different = self.seen.len() as u64;
        if let Some(sentence) = self.to_count.and_then(|place| self.incomplete.get_mut(place)) {
            let of = self.overall.map(|overall| format!(" of {overall}")).unwrap_or_default();
            sentence.push_str(&format!("; {different}{of} rows were read"));
        }
        if self.unreadable > 1 {
            let count = self.unreadable;
            self.say(&format!("has {count} such rows"));
        }
        Listed {
            empty: self.offset == 0 && self.overall.is_none_or(|overall| overall == 0),
            rows: self.rows,
            incomplete: self.incomplete,
            bare: self.bare,
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

/// Properties of something that may not be there, or that we may not read: then none. What bears on the session or on
/// the whole server stays an error.
pub(super) fn unless_refused(properties: Result<Properties, CallError>) -> Result<Properties, CallError> {
    match properties {
        Err(error @ CallError::Refused { why: Refusal::Uid(_) | Refusal::Zero, .. })
            if !error.ends_it_all() =>
        {
            Ok(Properties::default())
        }
        other => other,
    }
}
