//! What the engine tells whoever performs with it, and who is told.

use crate::edge::lock::Holder;
use crate::edge::port::Progress;
use crate::edge::store::{RunRow, StoreError};
use crate::flow::resume::{GoesOn, Refusal};
use crate::flow::{Event, Run};
use crate::plan::Plan;
use crate::plan::approval::{News, Stale};
use crate::spec::meaning::ServerSpec;

/// Something that happened while a server was worked on.
pub enum Told<'a> {
    /// Another run holds the server's lock, and is waited for.
    Waiting(&'a Holder),
    /// A run of this server has not ended; `holder` is whoever has its lock.
    Unfinished {
        run: &'a RunRow,
        holder: Option<&'a Holder>,
    },
    /// What whoever stands between here and the server could do.
    Warning(&'a str),
    /// Who is logged in and with which rights, in the server's own words.
    LoggedIn(&'a str),
    Reading(Progress),
    /// The server was read, or reading it failed.
    Read,
    /// A run goes on; `begun` is when it was begun.
    GoesOn {
        run: i64,
        begun: &'a str,
        on: &'a GoesOn<'a>,
        plan: &'a Plan<'a>,
    },
    /// A run cannot go on, and nothing is done.
    CannotGoOn {
        run: i64,
        refusal: &'a Refusal<'a>,
        plan: &'a Plan<'a>,
    },
    /// What is new beside an approved plan that still does the same.
    News {
        news: &'a News,
        plan: &'a Plan<'a>,
    },
    /// The plan is not the approved one, and nothing is done.
    Stale {
        stale: &'a Stale,
        plan: &'a Plan<'a>,
    },
    /// Seats that the approved plan was to take are gone, and nothing is done.
    SeatsGone,
    /// Between its approval and its performance a guardrail came to hold the plan back.
    HeldBack(&'a Plan<'a>),
    /// Nothing of the plan is done: it is held back, or all of it is blocked.
    NothingChanged,
    /// A run of which nothing is left to do has ended; so many of its steps are blocked.
    Settled {
        run: i64,
        blocked: usize,
    },
    /// The end was asked for; `again` for the second time.
    Interrupted {
        again: bool,
    },
    Event {
        plan: &'a Plan<'a>,
        event: Event<'a>,
    },
    /// A run does nothing more; its end is not written down yet.
    Performed {
        plan: &'a Plan<'a>,
        run: &'a Run<'a>,
    },
    /// How a run ended could not be written down: it stays open, and can be resumed.
    NotRecorded(&'a StoreError),
}

/// Whoever is told. Several servers tell it at once.
pub trait Tell: Sync {
    /// Takes note. It must not block for long: what it is told of goes on meanwhile.
    fn tell(&self, server: &ServerSpec, told: Told<'_>);

    /// Shows a plan that is about to be applied or asked about.
    ///
    /// # Errors
    /// It could not be shown. Then nothing of it is done.
    fn show(&self, server: &ServerSpec, plan: &Plan<'_>) -> Result<(), NotShown>;
}

/// A plan that nobody can have seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotShown;

/// Nobody: for work whose outcome is all that matters.
pub struct Silent;

impl Tell for Silent {
    fn tell(&self, _: &ServerSpec, _: Told<'_>) {}

    fn show(&self, _: &ServerSpec, _: &Plan<'_>) -> Result<(), NotShown> {
        Ok(())
    }
}
