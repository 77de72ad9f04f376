//! Performs a run's steps on a server: writes down what it is about to do, reads what is expected, writes, reads back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;

use super::icewarp::{CallError, Client, Written, chain, held_back, masked};
use super::secrets::Secret;
use super::store::{Entry, Journal, Key};
use crate::diff::Direction;
use crate::diff::canon::canon;
use crate::flow::{Event, Halt, Next, Outcome, Run, StepState};
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
    let mut tasks: JoinSet<(usize, Outcome)> = JoinSet::new();
    // What ended and is not written down yet. It goes with the intents of what starts next: one commit for both.
    let mut ended: Vec<Entry> = Vec::new();
    loop {
        let (starting, next) = startable(&mut run, tasks.len());
        driving.begin(&mut run, &mut ended, starting, &mut tasks, seen).await;
        match next {
            Next::AskStanding => {
                run.standing(ask_standing(driving.client).await);
                continue;
            }
            Next::Finished => break,
            Next::Wait | Next::Perform(_) => {}
        }
        let joined = tokio::select! {
            joined = tasks.join_next() => joined,
            () = &mut stopping => {
                run.halt(Halt::Interrupted);
                if std::mem::replace(&mut stopped, true) {
                    driving.give_up(&mut run, &mut ended, &mut tasks, seen).await;
                    break;
                }
                stopping.set(stop());
                continue;
            }
        };
        let Some(joined) = joined else { continue };
        for joined in std::iter::once(joined).chain(std::iter::from_fn(|| tasks.try_join_next())) {
            match joined {
                Ok((index, outcome)) => driving.record(&mut run, &mut ended, index, outcome, seen),
                // A task neither panics nor is cancelled; if one did, its step stays in doubt.
                Err(_) => run.halt(Halt::Interrupted),
            }
        }
    }
    run
}

/// The steps that may start now, and what is next after them.
fn startable(run: &mut Run<'_>, under_way: usize) -> (Vec<usize>, Next) {
    let mut starting = Vec::new();
    loop {
        let next = if under_way + starting.len() >= UNDER_WAY { Next::Wait } else { run.next() };
        match next {
            Next::Perform(index) => starting.push(index),
            next => return (starting, next),
        }
    }
}

impl Driving<'_> {
    /// Writes down what ended and what is to start, and only then starts it.
    async fn begin(
        &self,
        run: &mut Run<'_>,
        ended: &mut Vec<Entry>,
        starting: Vec<usize>,
        tasks: &mut JoinSet<(usize, Outcome)>,
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
        tasks: &mut JoinSet<(usize, Outcome)>,
        seen: &mut dyn FnMut(&Event),
    ) {
        tasks.shutdown().await;
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

    fn start(&self, tasks: &mut JoinSet<(usize, Outcome)>, index: usize) {
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
                tasks.spawn(async move { (index, switch(&client, &address, step, support).await) });
            }
            Step::Setting(step) => {
                let step = step.clone();
                let secrets = Arc::clone(self.secrets);
                tasks.spawn(async move { (index, setting(&client, &step, &secrets).await) });
            }
        }
    }
}

async fn ask_standing(client: &Client) -> Result<(), String> {
    let read = match client.read_status().await {
        Ok(Reading::Read(number)) => standing(Ok(number)),
        Ok(Reading::Unread(why)) => standing(Err(&why)),
        Err(error) => standing(Err(&chain(&error))),
    };
    match read {
        Standing::Open => Ok(()),
        Standing::Closed(why) => Err(format!("the server takes no changes now: {why}")),
    }
}

/// One switch of one account.
async fn switch(client: &Client, address: &str, step: SwitchStep, support: ServiceSet) -> Outcome {
    let found = match client.read_switches(address, step.expect.of, ServiceSet::EMPTY).await {
        Ok(found) => found,
        Err(error) => {
            return Outcome::NotSent(format!("it could not be read before the write: {}", chain(&error)));
        }
    };
    let unread = step.expect.of.without(found.known);
    if !unread.is_empty() {
        return Outcome::NotSent(format!("{} could not be read before the write", names(unread)));
    }
    let differs = ServiceSet(found.on.0 ^ step.expect.on.0).intersection(step.expect.of);
    if !differs.is_empty() {
        return Outcome::Differs(format!("{} changed since the plan was made", names(differs)));
    }
    let on = step.direction == Direction::Claim;
    let written = client.write_switch(address, step.service, on).await;
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
    read_back(written, read).await
}

fn names(services: ServiceSet) -> String {
    services.iter().map(Service::name).collect::<Vec<_>>().join(", ")
}

/// One setting of the backup.
async fn setting(client: &Client, step: &SettingStep, secrets: &BTreeMap<BackupKey, Secret>) -> Outcome {
    let key = step.change.key;
    let secret = secrets.get(&key).map(Secret::reveal);
    let Some(text) = secret.or(step.change.after.as_deref()) else {
        return Outcome::NotSent("its secret was not resolved".into());
    };
    match read_setting(client, key).await {
        Ok(Reading::Read(found)) => {
            if let Some(before) = &step.change.before
                && canon(key.kind(), &found).as_ref() != Some(before)
            {
                return Outcome::Differs("it changed since the plan was made".into());
            }
        }
        // The server tells a secret to nobody (U-12): there is nothing to expect.
        Ok(Reading::Unread(why)) if secret.is_some() && held_back(&why) => {}
        Ok(Reading::Unread(why)) => {
            return Outcome::NotSent(format!("it could not be read before the write: {why}"));
        }
        Err(error) => {
            return Outcome::NotSent(format!("it could not be read before the write: {}", chain(&error)));
        }
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
async fn read_back<F>(written: Result<Written, CallError>, read: impl Fn() -> F) -> Outcome
where
    F: Future<Output = Result<Found, CallError>>,
{
    let said_done = matches!(written, Ok(Written::Applied));
    let mut waits = READ_BACK_WAITS.iter();
    loop {
        match read().await {
            Ok(Found::Wanted { effective }) => return Outcome::Done { effective },
            Ok(Found::Otherwise) => match (said_done, waits.next()) {
                (true, Some(wait)) => tokio::time::sleep(*wait).await,
                _ => return not_there(written),
            },
            Ok(Found::Hidden) if said_done => return Outcome::Said,
            Ok(Found::Hidden) => return not_there(written),
            Ok(Found::Unread) => return Outcome::Doubt("it could not be read back".into()),
            Err(error) => return Outcome::Doubt(format!("it could not be read back: {}", chain(&error))),
        }
    }
}

/// What it means that the wanted value is not there after a write.
fn not_there(written: Result<Written, CallError>) -> Outcome {
    match written {
        Ok(Written::Applied) => {
            Outcome::Ineffective("the server said it was done, but reading back shows it unchanged".into())
        }
        Ok(Written::NotApplied) => Outcome::Refused("the server did not apply it (result 0)".into()),
        Err(error @ CallError::Refused { .. }) => Outcome::Refused(chain(&error)),
        // The write may still arrive: until the next plan nobody can tell.
        Err(error) => {
            Outcome::Doubt(format!("no usable answer came, and it does not show: {}", chain(&error)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::icewarp::{Refusal, Silence, uids::Uid};

    #[test]
    fn what_did_not_happen_is_told_with_its_cause() {
        let command = "setaccountproperties";
        let why = Refusal::Uid(Uid::new("account_disabled_13".to_owned()));
        let refused = not_there(Err(CallError::Refused { command, why }));
        let text = "the server refused setaccountproperties: the licence keeps the account out (account_disabled_13)";
        assert_eq!(refused, Outcome::Refused(text.to_owned()));
        let why = Silence::Closed("reset by peer".to_owned());
        let Outcome::Doubt(doubt) = not_there(Err(CallError::Unanswered { command, why })) else {
            unreachable!("an answer that was lost leaves a doubt");
        };
        assert!(doubt.ends_with("the connection ended before an answer came: reset by peer"), "{doubt}");
    }
}
