//! A whole apply of one server: lock, read, plan, compare with what was approved, show, perform.

use super::failure::Failure;
use super::keep::{Known, LockOwner, tell_unfinished};
use super::order::{Before, Consent, Order};
use super::perform::{Performing, perform};
use super::plan::plan_of;
use super::read::{Read, read};
use super::record;
use super::tell::Told;
use crate::edge::lock::Lock;
use crate::edge::port::{Calls, Connect, Server};
use crate::edge::store::StoreError;
use crate::flow::event::{Ended, ending};
use crate::flow::resume::goes_on;
use crate::flow::{Counts, Event, RunEnd};
use crate::plan::approval::{Approval, compare};
use crate::plan::file::{PlanFile, ServerFile};
use crate::plan::{HoldKind, Plan};
use crate::report::groups::{Detail, Sample};
use crate::report::view;

/// What came of one server.
#[derive(Debug)]
pub struct Applied {
    pub end: End,
    /// Where a run was begun.
    pub counts: Option<Counts>,
    /// The calls that were made.
    pub calls: Calls,
}

/// How the work on one server ended.
#[derive(Debug)]
pub enum End {
    NothingToDo,
    /// Nothing of it may be done, or all of it is blocked.
    Blocked,
    /// Nothing of it may be done: the server takes no changes.
    Closed,
    /// What was approved is not what would be done.
    Stale,
    /// The plan could not be shown, so nothing of it was done.
    NotShown,
    /// Nothing was done, for want of a reading, a plan, a lock or a store.
    Failed(Failure),
    /// A run was performed.
    Ran {
        how: RunEnd,
        /// How it ended could not be written down: it can be resumed.
        not_recorded: Option<StoreError>,
    },
}

/// What reading, planning and showing ended in.
pub enum Begun<S> {
    Ended(Applied),
    /// Somebody is to be asked; then [`confirmed`].
    Ask(Box<Asked<S>>),
}

/// A server whose plan was shown, and that waits for a yes. Dropped, it lets go of the server.
pub struct Asked<S> {
    shown: PlanFile,
    read: Read<S>,
    /// Nobody else changes the server while a person thinks.
    lock: Lock,
}

impl<S: Server> Asked<S> {
    /// How many steps it would perform.
    pub fn steps(&self) -> u64 {
        self.shown.servers.iter().map(|server| server.counts.steps()).sum()
    }

    /// The calls that were made so far.
    pub fn calls(&self) -> Calls {
        self.read.server.calls()
    }
}

/// Reads, plans and shows; performs at once where nobody is to be asked.
pub async fn begin<C: Connect>(order: &Order<'_>, connect: &C) -> Begun<C::Server> {
    let lock = match order.keep.lock(&order.job).await {
        Ok(lock) => lock,
        Err(failure) => return Begun::Ended(failed(failure)),
    };
    let read = match order.read(connect).await {
        Ok(read) => read,
        Err(failure) => return Begun::Ended(failed(failure)),
    };
    let shown = order.show(&read).await;
    // No session stays open while somebody thinks, so there is none to lose and none to end at a stop.
    read.log_out(&order.job).await;
    match shown {
        Shown::Ended(end, counts) => Begun::Ended(Applied { end, counts, calls: read.server.calls() }),
        Shown::Ask(shown) => Begun::Ask(Box::new(Asked { shown, read, lock })),
    }
}

/// Performs what was shown if it is still the same: a person may take an hour to answer.
pub async fn confirmed<S: Server>(order: &Order<'_>, asked: Asked<S>) -> Applied {
    let Asked { shown, mut read, lock } = asked;
    let (end, counts) = match read.again(&order.job).await {
        Ok(()) => order.perform_if_same(&shown, &read).await,
        Err(failure) => (End::Failed(failure), None),
    };
    read.log_out(&order.job).await;
    drop(lock);
    Applied { end, counts, calls: read.server.calls() }
}

fn failed(failure: Failure) -> Applied {
    let calls = failure.calls.clone();
    Applied { end: End::Failed(failure), counts: None, calls }
}

/// What showing a plan ended in.
enum Shown {
    Ended(End, Option<Counts>),
    Ask(PlanFile),
}

impl Shown {
    fn end(end: End) -> Shown {
        Shown::Ended(end, None)
    }
}

impl Order<'_> {
    /// Reads the server, once it is ours alone.
    async fn read<C: Connect>(&self, connect: &C) -> Result<Read<C::Server>, Failure> {
        let store = &self.keep.store;
        match self.before.run() {
            None => tell_unfinished(&self.job, store, LockOwner::Us).await?,
            // It was read before the lock was ours, and whoever had the lock may have gone on with it.
            Some(resumed) if !resumed.is_as_it_was(store).await? => {
                return Err(Failure::moved_on(resumed.run.id));
            }
            Some(_) => {}
        }
        read(&self.job, connect, Known::of(self.job.server, Some(store)).await?).await
    }

    async fn show<S: Server>(&self, read: &Read<S>) -> Shown {
        let plan = match plan_of(&self.job, read) {
            Ok(plan) => plan,
            Err(failure) => return Shown::end(End::Failed(failure)),
        };
        let file = self.compared(&plan);
        if let Err(end) = self.approved(&file, &plan) {
            return Shown::end(end);
        }
        if self.job.tell.show(self.job.server, &plan).is_err() {
            return Shown::end(End::NotShown);
        }
        if let Some(end) = self.nothing_to_perform(&plan) {
            // Where nothing is left to send, runs are settled, whatever is blocked.
            if held(&plan).is_none()
                && let Err(error) = record::nothing_to_do(self, &plan).await
            {
                return Shown::end(End::Failed(error.into()));
            }
            return Shown::end(end);
        }
        match self.consent {
            Consent::Asked => Shown::Ask(PlanFile { servers: vec![file], ..PlanFile::empty() }),
            Consent::Given => {
                let (end, counts) = self.perform(&plan, read).await;
                Shown::Ended(end, counts)
            }
        }
    }

    /// The plan as it is compared: whole where steps may have to be compared one by one.
    fn compared(&self, plan: &Plan<'_>) -> ServerFile {
        let whole = match self.before {
            _ if self.consent == Consent::Asked => true,
            Before::Nothing => false,
            Before::Run(_) => true,
            Before::Saved(saved) => {
                let mut of_server =
                    saved.servers.iter().filter(|server| server.server == self.job.server.name);
                of_server.any(|server| server.effects_digest != plan.effects.0)
            }
        };
        let mut file = view::server(plan, if whole { Detail::All } else { Detail::Some(Sample::NONE) });
        file.accounts.addresses = view::addresses(plan);
        file
    }

    /// Whether the plan is what was approved before the server was read.
    fn approved(&self, file: &ServerFile, plan: &Plan<'_>) -> Result<(), End> {
        match self.before {
            Before::Nothing => {}
            Before::Saved(approved) => self.same(approved, file, plan)?,
            Before::Run(resumed) => {
                let (run, approved) = (resumed.run.id, resumed.approved());
                match goes_on(&approved, file, &view::unsure(plan)) {
                    Ok(on) => self.job.told(Told::GoesOn { run, begun: &resumed.run.started, on: &on, plan }),
                    Err(refusal) => {
                        self.job.told(Told::CannotGoOn { run, refusal: &refusal, plan });
                        return Err(End::Stale);
                    }
                }
            }
        }
        self.reviewed.holds(file).map_err(|stale| {
            self.job.told(Told::Stale { stale: &stale, plan });
            End::Stale
        })
    }

    /// Whether a plan does what was approved.
    fn same(&self, approved: &PlanFile, now: &ServerFile, plan: &Plan<'_>) -> Result<(), End> {
        match compare(approved, now) {
            Approval::Same(news) => {
                self.job.told(Told::News { news: &news, plan });
                Ok(())
            }
            Approval::SeatsGone => {
                self.job.told(Told::SeatsGone);
                Err(End::Blocked)
            }
            Approval::Stale(stale) => {
                self.job.told(Told::Stale { stale: &stale, plan });
                Err(End::Stale)
            }
        }
    }

    /// How it ends where there is nothing to perform.
    fn nothing_to_perform(&self, plan: &Plan<'_>) -> Option<End> {
        let end = match held(plan) {
            Some(end) => end,
            None if plan.has_steps() => return None,
            None if plan.is_blocked() => End::Blocked,
            None => return Some(End::NothingToDo),
        };
        self.job.told(Told::NothingChanged);
        Some(end)
    }

    async fn perform_if_same<S: Server>(&self, shown: &PlanFile, read: &Read<S>) -> (End, Option<Counts>) {
        let plan = match plan_of(&self.job, read) {
            Ok(plan) => plan,
            Err(failure) => return (End::Failed(failure), None),
        };
        let mut now = view::server(&plan, Detail::All);
        now.accounts.addresses = view::addresses(&plan);
        if let Err(end) = self.same(shown, &now, &plan) {
            return (end, None);
        }
        if let Some(end) = held(&plan) {
            self.job.told(Told::HeldBack(&plan));
            return (end, None);
        }
        self.perform(&plan, read).await
    }

    async fn perform<S: Server>(&self, plan: &Plan<'_>, read: &Read<S>) -> (End, Option<Counts>) {
        let journal = match record::begin(self, plan).await {
            Ok(journal) => journal,
            Err(error) => return (End::Failed(error.into()), None),
        };
        let run = perform(&Performing {
            job: &self.job,
            plan,
            server: &read.server,
            secrets: &read.secrets,
            journal: &journal,
            key: &self.keep.key,
        })
        .await;
        self.job.told(Told::Performed { plan, run: &run });
        let not_recorded = record::end(self, &journal, plan, &run).await.err();
        if let Some(error) = &not_recorded {
            self.job.told(Told::NotRecorded(error));
        }
        let (how, counts) = (RunEnd::of(plan, &run), Counts::of(&run));
        let ended = Event::Ended(Ended { how, counts, run: &run });
        for event in ending(&run).into_iter().chain([ended]) {
            self.job.told(Told::Event { plan, event });
        }
        (End::Ran { how, not_recorded }, Some(counts))
    }
}

/// How it ends where nothing of a plan may be done.
fn held(plan: &Plan<'_>) -> Option<End> {
    if plan.holds.iter().any(|hold| hold.kind == HoldKind::Standing) {
        return Some(End::Closed);
    }
    (!plan.holds.is_empty()).then_some(End::Blocked)
}
