//! Performs a run's steps on a server: writes down what it is about to do, reads what is expected, writes, reads back.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::{Id, JoinError, JoinSet};

use super::icewarp::{CallError, Client, Meaning, Written, chain, held_back, masked};
use super::secrets::Secret;
use super::store::{Entry, Journal, Key};
use crate::diff::Direction;
use crate::diff::canon::canon;
use crate::flow::{Event, Halt, Heard, Next, Outcome, Run, StepState};
use crate::lifecycle::{Standing, standing};
use crate::model::{BackupKey, Reading, Service, ServiceSet};
use crate::plan::{Plan, SettingStep, Step, SwitchStep};
use crate::spec::meaning::SupportSense;

/// How many steps may be under way at once. Each is three calls; a mail server has other work to do.
const UNDER_WAY: usize = 6;

/// How long to wait before reading back again while a write does not show yet (U-15). Some three seconds in all.
const READ_BACK_WAITS: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_millis(1000),
    Duration::from_millis(1500),
];

/// What a run is performed with.
pub struct Driving<'a> {
    pub plan: &'a Plan<'a>,
    pub client: &'a Client,
    pub secrets: &'a Arc<BTreeMap<BackupKey, Secret>>,
    /// Where each step is written down before anything of it is sent, and after it ended.
    pub journal: &'a Journal,
    pub key: &'a Key,
}

/// Performs a run to its end. `seen` is told of each step as it ends. When `stop` ends, nothing more is started,
/// and what is under way is brought to its end; when it ends a second time, what is under way stays in doubt.
/// Likewise nothing more is started once the journal cannot be written.
pub async fn drive<'a>(driving: &Driving<'a>, seen: &mut dyn FnMut(&Event), stop: impl AsyncFn()) -> Run<'a> {
    let mut stopping = std::pin::pin!(stop());
    let mut stopped = false;
    let mut run = Run::new(driving.plan);
    let mut tasks = Tasks::default();
    // What ended and is not written down yet. It goes with the intents of what starts next: one commit for both.
    let mut ended: Vec<Entry> = Vec::new();
    loop {
        let (starting, next) = startable(&mut run, tasks.steps.len());
        driving.begin(&mut run, &mut ended, starting, &mut tasks, seen).await;
        match next {
            Next::Finished => break,
            Next::AskStanding | Next::Wait | Next::Perform(_) => {}
        }
        let joined = tokio::select! {
            asked = ask_standing(driving.client), if next == Next::AskStanding => {
                asked.tell(&mut run);
                continue;
            }
            joined = tasks.next(), if next != Next::AskStanding => joined,
            () = &mut stopping => {
                run.halt(Halt::Interrupted);
                driving.client.wind_up();
                if std::mem::replace(&mut stopped, true) {
                    driving.give_up(&mut run, &mut ended, &mut tasks, seen).await;
                    break;
                }
                stopping.set(stop());
                continue;
            }
        };
        // Nothing is under way, and nothing can start: only a mistake of ours comes here, and it must not spin.
        let Some(joined) = joined else { break };
        for (index, end) in std::iter::once(joined).chain(std::iter::from_fn(|| tasks.try_next())) {
            run.heard(end.heard);
            driving.record(&mut run, &mut ended, index, end.outcome, seen);
        }
        if matches!(run.halted(), Some(Halt::Unreached(_))) {
            driving.client.wind_up();
        }
    }
    run
}

/// The steps that may start now, and what is next after them.
fn startable(run: &mut Run<'_>, under_way: usize) -> (Vec<usize>, Next) {
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

/// How a step ended, and what that says of the others.
struct End {
    outcome: Outcome,
    heard: Heard,
}

impl End {
    fn answered(outcome: Outcome) -> End {
        End { outcome, heard: Heard::Answer }
    }

    fn not_sent(error: &CallError) -> End {
        let why = format!("it could not be read before the write: {}", chain(error));
        End { outcome: Outcome::NotSent(why), heard: heard(error) }
    }
}

/// What a call that failed says of the ones to come.
fn heard(error: &CallError) -> Heard {
    match error.meaning() {
        _ if error.is_silence() => Heard::Silence(chain(error)),
        Meaning::LoginRefused => Heard::Forbidden(chain(error)),
        Meaning::NotReachable | Meaning::NotTheLanguage | Meaning::Other => Heard::Answer,
    }
}

/// The steps that are under way.
#[derive(Default)]
struct Tasks {
    set: JoinSet<End>,
    steps: HashMap<Id, usize>,
}

impl Tasks {
    fn start(&mut self, index: usize, work: impl Future<Output = End> + Send + 'static) {
        let id = self.set.spawn(work).id();
        self.steps.insert(id, index);
    }

    /// The next one that ends; `None` where none is under way.
    async fn next(&mut self) -> Option<(usize, End)> {
        let joined = self.set.join_next_with_id().await?;
        self.ended(joined)
    }

    /// One that has ended already.
    fn try_next(&mut self) -> Option<(usize, End)> {
        let joined = self.set.try_join_next_with_id()?;
        self.ended(joined)
    }

    /// A step whose task broke off may have been sent: it stays in doubt, and the others go on.
    fn ended(&mut self, joined: Result<(Id, End), JoinError>) -> Option<(usize, End)> {
        let (id, end) = joined.unwrap_or_else(|error| {
            let why =
                "the program broke off while it was under way, which is a mistake in icewarden".to_owned();
            (error.id(), End::answered(Outcome::Doubt(why)))
        });
        Some((self.steps.remove(&id)?, end))
    }
}

impl Driving<'_> {
    /// Writes down what ended and what is to start, and only then starts it.
    async fn begin(
        &self,
        run: &mut Run<'_>,
        ended: &mut Vec<Entry>,
        starting: Vec<usize>,
        tasks: &mut Tasks,
        seen: &mut dyn FnMut(&Event),
    ) {
        for index in &starting {
            ended.push(Entry::Intent { step: *index });
            if let Step::Setting(step) = &self.plan.steps[*index]
                && self.secrets.contains_key(&step.change.key)
            {
                ended.push(Entry::SecretUnknown { setting: step.change.key });
            }
        }
        if let Err(why) = self.write(run, ended).await {
            for index in starting {
                seen(&run.record(index, Outcome::NotSent(why.clone())));
            }
            return;
        }
        for index in starting {
            self.start(tasks, index);
        }
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

    fn record(
        &self,
        run: &mut Run<'_>,
        ended: &mut Vec<Entry>,
        index: usize,
        outcome: Outcome,
        seen: &mut dyn FnMut(&Event),
    ) {
        let detail = outcome.detail().to_owned();
        ended.push(Entry::Outcome { step: index, word: outcome.word(), detail });
        if let Step::Setting(step) = &self.plan.steps[index]
            && let Some(secret) = self.secrets.get(&step.change.key)
            && outcome.is_done()
        {
            let setting = step.change.key;
            let digest = self.key.digest(&self.journal.server_key, setting, secret);
            ended.push(Entry::Secret { setting, digest });
        }
        seen(&run.record(index, outcome));
    }

    /// Ends a run without waiting for answers. What they would have said is told by the next plan.
    async fn give_up(
        &self,
        run: &mut Run<'_>,
        ended: &mut Vec<Entry>,
        tasks: &mut Tasks,
        seen: &mut dyn FnMut(&Event),
    ) {
        tasks.set.shutdown().await;
        let open = |(index, state): (usize, &StepState)| (*state == StepState::UnderWay).then_some(index);
        let open: Vec<usize> = run.states().iter().enumerate().filter_map(open).collect();
        for index in open {
            let why = "the program was ended before it was read back".to_owned();
            self.record(run, ended, index, Outcome::Doubt(why), seen);
        }
        // The run says by itself that the journal was lost, if it was.
        let _ = self.write(run, ended).await;
        // What was not started is told as such.
        run.next();
    }

    fn start(&self, tasks: &mut Tasks, index: usize) {
        let client = self.client.clone();
        let Plan { steps, observed, .. } = self.plan;
        match &steps[index] {
            Step::Switch(step) => {
                let step = *step;
                let row = step.row as usize;
                let address = observed.directory.address(row).to_owned();
                // What the plan could not read is not asked for either: this release may not have it (U-33).
                let mut support =
                    observed.columns.bits[row].support_known.intersection(ServiceSet::single(step.service));
                if step.direction == Direction::Release
                    && self.plan.server.guardrails.support_sense == SupportSense::Available
                {
                    // That the account may have it says nothing of whether it still has (U-32).
                    support = ServiceSet::EMPTY;
                }
                tasks.start(index, async move { switch(&client, &address, step, support).await });
            }
            Step::Setting(step) => {
                let step = step.clone();
                let secrets = Arc::clone(self.secrets);
                tasks.start(index, async move { setting(&client, &step, &secrets).await });
            }
        }
    }
}

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
async fn ask_standing(client: &Client) -> Asked {
    let mut read = client.read_status().await;
    if !matches!(read, Ok(Reading::Read(_))) {
        read = client.read_status().await;
    }
    let unclear =
        |why: &str| format!("after a step that was not done, the licence's status cannot be read: {why}");
    match read {
        Ok(Reading::Read(number)) => match standing(Ok(number)) {
            Standing::Open => Asked::Open,
            Standing::Closed(why) => Asked::Closed(format!("the server takes no changes now: {why}")),
        },
        Ok(Reading::Unread(why)) => Asked::Unread(Halt::Unclear(unclear(&why))),
        Err(error) if error.is_silence() => Asked::Unread(Halt::Unreached(unclear(&chain(&error)))),
        Err(error) => Asked::Unread(Halt::Unclear(unclear(&chain(&error)))),
    }
}

/// One switch of one account.
async fn switch(client: &Client, address: &str, step: SwitchStep, support: ServiceSet) -> End {
    let found = match client.read_switches(address, step.expect.of, ServiceSet::EMPTY).await {
        Ok(found) => found,
        Err(error) => return End::not_sent(&error),
    };
    let unread = step.expect.of.without(found.known);
    if !unread.is_empty() {
        let why = format!("{} could not be read before the write", names(unread));
        return End::answered(Outcome::NotSent(why));
    }
    let on = step.direction == Direction::Claim;
    let read = || async {
        let bits = client.read_switches(address, ServiceSet::single(step.service), support).await?;
        let known = bits.known.contains(step.service);
        let effective =
            bits.support_known.contains(step.service).then(|| bits.support.contains(step.service));
        Ok(match known {
            false => Found::Unread,
            true if bits.on.contains(step.service) == on => Found::Wanted { effective },
            true => Found::Otherwise,
        })
    };
    let differs = ServiceSet(found.on.0 ^ step.expect.on.0).intersection(step.expect.of);
    if differs == ServiceSet::single(step.service) && found.on.contains(step.service) == on {
        // Somebody else did just this. Whether its seat is free is told by the effective value only (U-32).
        if let Ok(Found::Wanted { effective }) = read().await {
            return End::answered(Outcome::Already { effective });
        }
    }
    if !differs.is_empty() {
        let why = format!("{} changed since the plan was made", names(differs));
        return End::answered(Outcome::Differs(why));
    }
    let written = client.write_switch(address, step.service, on).await;
    read_back(written, read).await
}

fn names(services: ServiceSet) -> String {
    services.iter().map(Service::name).collect::<Vec<_>>().join(", ")
}

/// One setting of the backup.
async fn setting(client: &Client, step: &SettingStep, secrets: &BTreeMap<BackupKey, Secret>) -> End {
    let key = step.change.key;
    let secret = secrets.get(&key).map(Secret::reveal);
    let Some(text) = secret.or(step.change.after.as_deref()) else {
        return End::answered(Outcome::NotSent("its secret was not resolved".into()));
    };
    match read_setting(client, key).await {
        Ok(Reading::Read(found)) => {
            let wanted = canon(key.kind(), text);
            if secret.is_none() && wanted.is_some() && canon(key.kind(), &found) == wanted {
                return End::answered(Outcome::Already { effective: None });
            }
            if let Some(before) = &step.change.before
                && canon(key.kind(), &found).as_ref() != Some(before)
            {
                return End::answered(Outcome::Differs("it changed since the plan was made".into()));
            }
        }
        // The server tells a secret to nobody (U-12): there is nothing to expect.
        Ok(Reading::Unread(why)) if secret.is_some() && held_back(&why) => {}
        Ok(Reading::Unread(why)) => {
            let why = format!("it could not be read before the write: {why}");
            return End::answered(Outcome::NotSent(why));
        }
        Err(error) => return End::not_sent(&error),
    }
    let written = client.write_setting(key, text).await;
    let wanted = canon(key.kind(), text);
    let read = || async {
        Ok(match read_setting(client, key).await? {
            Reading::Read(found) if canon(key.kind(), &found) == wanted => Found::Wanted { effective: None },
            Reading::Read(found) if secret.is_some() && masked(&found) => Found::Hidden,
            Reading::Read(_) => Found::Otherwise,
            Reading::Unread(why) if secret.is_some() && held_back(&why) => Found::Hidden,
            Reading::Unread(_) => Found::Unread,
        })
    };
    read_back(written, read).await
}

/// What reading back shows.
enum Found {
    Wanted {
        effective: Option<bool>,
    },
    Otherwise,
    /// The server holds it back, or masks it.
    Hidden,
    Unread,
}

async fn read_setting(client: &Client, key: BackupKey) -> Result<Reading<String>, CallError> {
    let mut read = client.read_settings(&[key]).await?;
    Ok(read.remove(&key).unwrap_or_else(|| Reading::Unread("the answer does not hold it".into())))
}

/// Decides by what is read, not by the answer (U-3, U-6, U-15).
async fn read_back<F>(written: Result<Written, CallError>, read: impl Fn() -> F) -> End
where
    F: Future<Output = Result<Found, CallError>>,
{
    let said_done = matches!(written, Ok(Written::Applied));
    let mut waits = READ_BACK_WAITS.iter();
    loop {
        match read().await {
            Ok(Found::Wanted { effective }) => return End::answered(Outcome::Done { effective }),
            Ok(Found::Otherwise) => match (said_done, waits.next()) {
                (true, Some(wait)) => tokio::time::sleep(*wait).await,
                _ => return not_there(written),
            },
            Ok(Found::Hidden) if said_done => return End::answered(Outcome::Said),
            Ok(Found::Hidden) => return not_there(written),
            Ok(Found::Unread) => {
                return End::answered(Outcome::Doubt("it could not be read back".into()));
            }
            Err(error) => {
                let why = format!("it could not be read back: {}", chain(&error));
                return End { outcome: Outcome::Doubt(why), heard: heard(&error) };
            }
        }
    }
}

/// What it means that the wanted value is not there after a write.
fn not_there(written: Result<Written, CallError>) -> End {
    let heard = written.as_ref().err().map_or(Heard::Answer, heard);
    let outcome = match written {
        Ok(Written::Applied) => {
            Outcome::Ineffective("the server said it was done, but reading back shows it unchanged".into())
        }
        Ok(Written::NotApplied) => Outcome::Refused("the server did not apply it (result 0)".into()),
        Err(error @ CallError::Refused { .. }) => Outcome::Refused(chain(&error)),
        // The write may still arrive: until the next plan nobody can tell.
        Err(error) => {
            Outcome::Doubt(format!("no usable answer came, and it does not show: {}", chain(&error)))
        }
    };
    End { outcome, heard }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::icewarp::{Refusal, Silence, uids::Uid};

    #[test]
    fn what_did_not_happen_is_told_with_its_cause() {
        let command = "setaccountproperties";
        let why = Refusal::Uid(Uid::new("account_disabled_13".to_owned()));
        let refused = not_there(Err(CallError::Refused { command, why })).outcome;
        let text = "the server refused setaccountproperties: the licence keeps the account out (account_disabled_13)";
        assert_eq!(refused, Outcome::Refused(text.to_owned()));
        let why = Silence::Closed("reset by peer".to_owned());
        let Outcome::Doubt(doubt) = not_there(Err(CallError::Unanswered { command, why })).outcome else {
            unreachable!("an answer that was lost leaves a doubt");
        };
        assert!(doubt.ends_with("the connection ended before an answer came: reset by peer"), "{doubt}");
    }

    #[test]
    fn what_a_failed_call_says_of_the_next_ones_is_told_by_its_kind() {
        let command = "setaccountproperties";
        let refused = |uid: &str| CallError::Refused { command, why: Refusal::Uid(Uid::new(uid)) };
        assert!(matches!(heard(&refused("account_permission")), Heard::Forbidden(_)));
        assert_eq!(heard(&refused("account_password_policy")), Heard::Answer);
        for why in
            [Silence::Late(Duration::from_secs(60)), Silence::Closed(String::new()), Silence::Http(503)]
        {
            assert!(matches!(heard(&CallError::Unanswered { command, why }), Heard::Silence(_)));
        }
    }

    #[tokio::test]
    async fn a_step_whose_task_breaks_off_stays_in_doubt_and_the_others_end() {
        let mut tasks = Tasks::default();
        tasks.start(7, async { panic!("a mistake") });
        tasks.start(8, async { End::answered(Outcome::Said) });
        let mut ends = BTreeMap::new();
        while let Some((index, end)) = tasks.next().await {
            ends.insert(index, end.outcome.word());
        }
        assert_eq!(ends, BTreeMap::from([(7, "in doubt"), (8, "said")]));
        assert!(tasks.steps.is_empty());
    }
}
