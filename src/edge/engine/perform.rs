//! Performs a run's steps on a server: writes down what it is about to do, does it, and what came of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::Timestamp;
use tokio::task::{Id, JoinError, JoinSet};

use super::job::Job;
use super::read::{today, wanted};
use super::step::{End, setting, switch};
use super::tell::Told;
use crate::diff::Direction;
use crate::edge::port::{Server, Wanted};
use crate::edge::secrets::Secret;
use crate::edge::store::{DigestKey, Entry, Journal};
use crate::flow::{Event, Halt, Next, Outcome, Run, StepState};
use crate::lifecycle::{Licensed, Standing, standing};
use crate::model::{BackupKey, Reading, ServiceSet, StepIndex};
use crate::plan::again::{is_worth_it, withdrawn};
use crate::plan::licence::licensed;
use crate::plan::{Plan, Step};
use crate::spec::meaning::SupportSense;

/// How many steps may be under way at once. Each is three calls; a mail server has other work to do.
const UNDER_WAY: usize = 6;

/// What a run is performed with.
pub struct Performing<'a, S> {
    pub job: &'a Job<'a>,
    pub plan: &'a Plan<'a>,
    pub server: &'a S,
    pub secrets: &'a Arc<BTreeMap<BackupKey, Secret>>,
    /// Where each step is written down before anything of it is sent, and after it ended.
    pub journal: &'a Journal,
    pub key: &'a DigestKey,
}

/// Performs a run to its end, and tells of each step as it ends. When a stop is heard, nothing more is started, and
/// what is under way is brought to its end; at a second one what is under way stays in doubt. Likewise nothing more is
/// started once the journal cannot be written.
pub async fn perform<'a, S: Server>(performing: &Performing<'a, S>) -> Run<'a> {
    let Performing { job, plan, server, .. } = *performing;
    let mut run = Run::new(plan);
    if is_worth_it(plan) {
        run = run.looking_again();
    }
    let licensed = licensed(plan.server.license.as_ref(), plan.observed);
    let mut tasks = Tasks::default();
    // What ended and is not written down yet. It goes with the intents of what starts next: one commit for both.
    let mut ended: Vec<Entry> = Vec::new();
    let mut interruptions = 0;
    job.told(Told::Event { plan, event: Event::Started });
    loop {
        // Looked at before anything is started: the step that just ended may have been why somebody wants the end.
        if job.ear.interrupted().now_or_never().is_some() {
            performing.interrupted(&mut run, &mut interruptions);
        }
        if interruptions > 1 {
            performing.give_up(&mut run, &mut ended, &mut tasks).await;
            break;
        }
        let (starting, next) = startable(&mut run, tasks.steps.len());
        performing.begin(&mut run, &mut ended, starting, &mut tasks).await;
        if next == Next::Finished {
            break;
        }
        let joined = tokio::select! {
            asked = ask_standing(server, licensed), if next == Next::AskStanding => {
                asked.tell(&mut run);
                continue;
            }
            looked = look_again(performing), if next == Next::LookAgain => {
                run.looked(looked);
                continue;
            }
            joined = tasks.next(), if next != Next::AskStanding && next != Next::LookAgain => joined,
            () = job.ear.interrupted() => {
                performing.interrupted(&mut run, &mut interruptions);
                continue;
            }
        };
        // Nothing is under way, and nothing can start: only a mistake of ours comes here, and it must not spin.
        let Some(joined) = joined else { break };
        for (index, end) in std::iter::once(joined).chain(std::iter::from_fn(|| tasks.try_next())) {
            run.heard(end.heard);
            performing.record(&mut run, &mut ended, index, end.outcome);
        }
        if matches!(run.halted(), Some(Halt::Unreached(_))) {
            server.wind_up();
        }
    }
    run
}

/// The steps that may start now, and what is next after them.
fn startable(run: &mut Run<'_>, under_way: usize) -> (Vec<StepIndex>, Next) {
    let mut starting = Vec::new();
    loop {
        let under_way_max = if run.in_silence() { 1 } else { UNDER_WAY };
        let next = if under_way + starting.len() >= under_way_max { Next::Wait } else { run.next() };
        match next {
            Next::Perform(index) => starting.push(index),
            next => return (starting, next),
        }
    }
}

/// The steps that are under way.
#[derive(Default)]
struct Tasks {
    set: JoinSet<End>,
    steps: HashMap<Id, StepIndex>,
}

impl Tasks {
    fn start(&mut self, index: StepIndex, work: impl Future<Output = End> + Send + 'static) {
        let id = self.set.spawn(work).id();
        self.steps.insert(id, index);
    }

    /// The next one that ends; `None` where none is under way.
    async fn next(&mut self) -> Option<(StepIndex, End)> {
        let joined = self.set.join_next_with_id().await?;
        self.ended(joined)
    }

    /// One that has ended already.
    fn try_next(&mut self) -> Option<(StepIndex, End)> {
        let joined = self.set.try_join_next_with_id()?;
        self.ended(joined)
    }

    /// A step whose task broke off may have been sent: it stays in doubt, and the others go on.
    fn ended(&mut self, joined: Result<(Id, End), JoinError>) -> Option<(StepIndex, End)> {
        let (id, end) = joined.unwrap_or_else(|error| {
            let why =
                "the program broke off while it was under way, which is a mistake in icewarden".to_owned();
            (error.id(), End::answered(Outcome::Doubt(why)))
        });
        Some((self.steps.remove(&id)?, end))
    }
}

impl<S: Server> Performing<'_, S> {
    /// Writes down what ended and what is to start, and only then starts it.
    async fn begin(
        &self,
        run: &mut Run<'_>,
        ended: &mut Vec<Entry>,
        starting: Vec<StepIndex>,
        tasks: &mut Tasks,
    ) {
        for index in &starting {
            ended.push(Entry::Intent { step: *index });
            if let Step::Setting(step) = &self.plan.steps[index.index()]
                && self.secrets.contains_key(&step.change.key)
            {
                ended.push(Entry::SecretUnknown { setting: step.change.key });
            }
        }
        if let Err(why) = self.write(run, ended).await {
            for index in starting {
                run.record(index, Outcome::NotSent(why.clone()));
                self.tell(run, index);
            }
            return;
        }
        for index in starting {
            self.start(tasks, index);
        }
    }

    /// Lets nothing more start.
    fn interrupted(&self, run: &mut Run<'_>, interruptions: &mut usize) {
        run.halt(Halt::Interrupted);
        self.server.wind_up();
        self.job.told(Told::Interrupted { again: *interruptions > 0 });
        *interruptions += 1;
    }

    /// Commits lines to the journal. Once that failed nothing more is written: what it holds stays in order.
    async fn write(&self, run: &mut Run<'_>, entries: &mut Vec<Entry>) -> Result<(), String> {
        let entries = std::mem::take(entries);
        if let Some(Halt::Unjournalled(why)) = run.halted() {
            return Err(why.clone());
        }
        self.journal.write(Timestamp::now(), &entries).await.map_err(|error| {
            let why = error.to_string();
            run.halt_at_once(Halt::Unjournalled(why.clone()));
            why
        })
    }

    fn record(&self, run: &mut Run<'_>, ended: &mut Vec<Entry>, index: StepIndex, outcome: Outcome) {
        let detail = outcome.detail().to_owned();
        ended.push(Entry::Outcome { step: index, word: outcome.word(), detail });
        if let Step::Setting(step) = &self.plan.steps[index.index()]
            && let Some(secret) = self.secrets.get(&step.change.key)
            && outcome.is_done()
        {
            let setting = step.change.key;
            let digest = self.key.digest(&self.journal.server_key, setting, secret);
            ended.push(Entry::Secret { setting, digest });
        }
        run.record(index, outcome);
        self.tell(run, index);
    }

    fn tell(&self, run: &Run<'_>, step: StepIndex) {
        let event = Event::Step { step, state: run.state(step) };
        self.job.told(Told::Event { plan: self.plan, event });
    }

    /// Ends a run without waiting for answers. What they would have said is told by the next plan.
    async fn give_up(&self, run: &mut Run<'_>, ended: &mut Vec<Entry>, tasks: &mut Tasks) {
        tasks.set.shutdown().await;
        let open = |(index, state): (StepIndex, &StepState)| (*state == StepState::UnderWay).then_some(index);
        let open: Vec<StepIndex> = run.steps().filter_map(open).collect();
        for index in open {
            let why = "the program was ended before it was read back".to_owned();
            self.record(run, ended, index, Outcome::Doubt(why));
        }
        // The run says by itself that the journal was lost, if it was.
        let _ = self.write(run, ended).await;
        // What was not started is told as such.
        run.next();
    }

    fn start(&self, tasks: &mut Tasks, index: StepIndex) {
        let server = self.server.clone();
        let Plan { steps, observed, .. } = self.plan;
        match &steps[index.index()] {
            Step::Switch(step) => {
                let step = *step;
                let row = step.row;
                let address = observed.directory.address(row).to_owned();
                // What the plan could not read is not asked for either: this version may not have it (U-33).
                let mut effective = observed.columns.bits[row.index()]
                    .support_known
                    .intersection(ServiceSet::single(step.service));
                if step.direction == Direction::Release
                    && self.plan.server.guardrails.support_sense == SupportSense::Available
                {
                    // That the account may have it says nothing of whether it still has (U-32).
                    effective = ServiceSet::EMPTY;
                }
                tasks.start(index, async move { switch(&server, &address, step, effective).await });
            }
            Step::Setting(step) => {
                let step = step.clone();
                let secrets = Arc::clone(self.secrets);
                tasks.start(index, async move { setting(&server, &step, &secrets).await });
            }
        }
    }
}

/// Reads the lists again, and nothing of the accounts themselves: pages, and the members of the groups.
async fn look_again<S: Server>(
    performing: &Performing<'_, S>,
) -> Result<BTreeMap<StepIndex, String>, String> {
    let plan = performing.plan;
    let wanted =
        Wanted { services: ServiceSet::EMPTY, licence: false, backup: Vec::new(), ..wanted(plan.server) };
    let mut tries = 0;
    loop {
        let again = performing.server.observe(&wanted, &|_| {}).await.map_err(|error| error.to_string())?;
        tries += 1;
        match again.directory.incomplete.first() {
            None => return Ok(withdrawn(plan, again.directory, today(), performing.job.allows)),
            // On a busy server an account is made now and then while the lists are read (U-9).
            Some(_) if tries < LOOKS => tokio::time::sleep(BETWEEN_LOOKS).await,
            // Not read is not absent: a list that is not whole withdraws nothing by what it lacks.
            Some(why) => return Err(why.clone()),
        }
    }
}

/// How often the lists are read before a look gives up, and how long it waits between.
const LOOKS: u32 = 3;
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);

/// What asking for the licence's status gave.
enum Asked {
    Open,
    Closed(String),
    /// It says nothing of the licence, so the run must not go on, and nobody is sent to look at the licence.
    Unread(Halt),
}

impl Asked {
    fn tell(self, run: &mut Run<'_>) {
        match self {
            Asked::Open => run.standing(Ok(())),
            Asked::Closed(why) => run.standing(Err(why)),
            Asked::Unread(halt) => run.halt(halt),
        }
    }
}

/// A read that failed is tried once more: a passing trouble must not end a run.
async fn ask_standing(server: &impl Server, licensed: Licensed) -> Asked {
    let mut read = server.standing().await;
    if !matches!(read, Ok(Reading::Read(_))) {
        read = server.standing().await;
    }
    let unclear =
        |why: &str| format!("after a step that was not done, the licence's status cannot be read: {why}");
    match read {
        Ok(Reading::Read(number)) => match standing(Ok(number), licensed) {
            Standing::Open => Asked::Open,
            Standing::Closed(why) => Asked::Closed(format!("the server takes no changes now: {why}")),
        },
        Ok(Reading::Unread(why)) => Asked::Unread(Halt::Unclear(unclear(&why))),
        Err(error) if error.is_silence() => Asked::Unread(Halt::Unreached(unclear(&error.to_string()))),
        Err(error) => Asked::Unread(Halt::Unclear(unclear(&error.to_string()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Word;

    #[tokio::test]
    async fn a_step_whose_task_breaks_off_stays_in_doubt_and_the_others_end() {
        let mut tasks = Tasks::default();
        tasks.start(StepIndex::new(7), async { panic!("a mistake") });
        tasks.start(StepIndex::new(8), async { End::answered(Outcome::Said) });
        let mut ends = BTreeMap::new();
        while let Some((index, end)) = tasks.next().await {
            ends.insert(index, end.outcome.word());
        }
        assert_eq!(ends, BTreeMap::from([(StepIndex::new(7), Word::Doubt), (StepIndex::new(8), Word::Said)]));
        assert!(tasks.steps.is_empty());
    }
}
