//! Performs a run's steps on a server: reads what is expected, writes, reads back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::icewarp::{CallError, Client, Written, chain};
use super::secrets::Secret;
use crate::diff::Direction;
use crate::diff::canon::canon;
use crate::flow::{Event, Halt, Next, Outcome, Run, StepState};
use crate::lifecycle::{Standing, standing};
use crate::model::{BackupKey, Reading, Service, ServiceSet};
use crate::plan::{Plan, SettingStep, Step, SwitchStep};

/// How many steps may be under way at once. Each is three calls; a mail server has other work to do.
const UNDER_WAY: usize = 6;

/// How long to wait before reading back again while a write does not show yet (U-15). Some three seconds in all.
const READ_BACK_WAITS: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_millis(1000),
    Duration::from_millis(1500),
];

/// Performs a run to its end. `seen` is told of each step as it ends. When `stop` ends, nothing more is started,
/// and what is under way is brought to its end; when it ends a second time, what is under way stays in doubt.
pub async fn drive<'p>(
    plan: &'p Plan<'p>,
    client: &Client,
    secrets: &Arc<BTreeMap<BackupKey, Secret>>,
    seen: &mut dyn FnMut(&Event),
    stop: impl AsyncFn(),
) -> Run<'p> {
    let mut stopping = std::pin::pin!(stop());
    let mut stopped = false;
    let mut run = Run::new(plan);
    let mut tasks: JoinSet<(usize, Outcome)> = JoinSet::new();
    loop {
        let next = if tasks.len() >= UNDER_WAY { Next::Wait } else { run.next() };
        match next {
            Next::Perform(index) => {
                start(&mut tasks, plan, index, client, secrets);
                continue;
            }
            Next::AskStanding => {
                run.standing(ask_standing(client).await);
                continue;
            }
            Next::Finished => break,
            Next::Wait => {}
        }
        let joined = tokio::select! {
            joined = tasks.join_next() => joined,
            () = &mut stopping => {
                run.halt(Halt::Interrupted);
                if std::mem::replace(&mut stopped, true) {
                    give_up(&mut run, &mut tasks, seen).await;
                    break;
                }
                stopping.set(stop());
                continue;
            }
        };
        match joined {
            Some(Ok((index, outcome))) => seen(&run.record(index, outcome)),
            // A task neither panics nor is cancelled; if one did, its step stays in doubt.
            Some(Err(_)) => run.halt(Halt::Interrupted),
            None => break,
        }
    }
    run
}

/// Ends a run without waiting for answers. What they would have said is told by the next plan.
async fn give_up(run: &mut Run<'_>, tasks: &mut JoinSet<(usize, Outcome)>, seen: &mut dyn FnMut(&Event)) {
    tasks.shutdown().await;
    let open = |(index, state): (usize, &StepState)| (*state == StepState::UnderWay).then_some(index);
    let open: Vec<usize> = run.states().iter().enumerate().filter_map(open).collect();
    for index in open {
        let why = "the program was ended before it was read back".to_owned();
        seen(&run.record(index, Outcome::Doubt(why)));
    }
    // What was not started is told as such.
    run.next();
}

fn start(
    tasks: &mut JoinSet<(usize, Outcome)>,
    plan: &Plan<'_>,
    index: usize,
    client: &Client,
    secrets: &Arc<BTreeMap<BackupKey, Secret>>,
) {
    let client = client.clone();
    match &plan.steps[index] {
        Step::Switch(step) => {
            let step = *step;
            let row = step.row as usize;
            let address = plan.observed.directory.address(row).to_owned();
            // What the plan could not read is not asked for either: this release may not have it (U-33).
            let support =
                plan.observed.columns.bits[row].support_known.intersection(ServiceSet::single(step.service));
            tasks.spawn(async move { (index, switch(&client, &address, step, support).await) });
        }
        Step::Setting(step) => {
            let step = step.clone();
            let secrets = Arc::clone(secrets);
            tasks.spawn(async move { (index, setting(&client, &step, &secrets).await) });
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
        Ok((known.then(|| bits.on.contains(step.service) == on), effective))
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
        let read = read_setting(client, key).await?;
        Ok((read.read().map(|found| canon(key.kind(), found) == wanted), None))
    };
    read_back(written, read).await
}

async fn read_setting(client: &Client, key: BackupKey) -> Result<Reading<String>, CallError> {
    let mut read = client.read_settings(&[key]).await?;
    Ok(read.remove(&key).unwrap_or_else(|| Reading::Unread("the answer does not hold it".into())))
}

/// Decides by what is read, not by the answer (U-3, U-6, U-15). `read` gives whether the wanted value is there,
/// `None` where it was not read, and the effective value.
async fn read_back<F>(written: Result<Written, CallError>, read: impl Fn() -> F) -> Outcome
where
    F: Future<Output = Result<(Option<bool>, Option<bool>), CallError>>,
{
    let said_done = matches!(written, Ok(Written::Applied));
    let mut waits = READ_BACK_WAITS.iter();
    loop {
        match read().await {
            Ok((Some(true), effective)) => return Outcome::Done { effective },
            Ok((Some(false), _)) => match (said_done, waits.next()) {
                (true, Some(wait)) => tokio::time::sleep(*wait).await,
                _ => return not_there(written),
            },
            Ok((None, _)) => return Outcome::Doubt("it could not be read back".into()),
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
