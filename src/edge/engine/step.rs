//! One step: reads what is expected, writes, reads back. What the readings say is decided by `flow/settle`.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::diff::Direction;
use crate::edge::port::{Failed, Refused, Server, Written};
use crate::edge::secrets::Secret;
use crate::flow::settle::{
    self, Before, Patience, Reply, Secrecy, Seen, Visibility, Writing, before_setting, before_switch,
    seen_setting, seen_switch,
};
use crate::flow::{Heard, Outcome};
use crate::model::{BackupKey, ServiceSet};
use crate::plan::{SettingStep, SwitchStep};

/// How long to wait before reading back again while a write does not show yet (U-15). Some three seconds in all.
const READ_BACK_WAITS: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_millis(1000),
    Duration::from_millis(1500),
];

/// How a step ended, and what that says of the others.
pub(super) struct End {
    pub outcome: Outcome,
    pub heard: Heard,
}

impl End {
    pub(super) fn answered(outcome: Outcome) -> End {
        End { outcome, heard: Heard::Answer }
    }

    fn not_sent(error: &Failed) -> End {
        let why = format!("it could not be read before the write: {error}");
        End { outcome: Outcome::NotSent(why), heard: heard(error) }
    }
}

/// What a call that failed says of the ones to come.
fn heard(error: &Failed) -> Heard {
    match error {
        _ if error.is_silence() => Heard::Silence(error.to_string()),
        Failed::Refused { why: Refused::Account, .. } => Heard::Forbidden(error.to_string()),
        Failed::Refused { why: Refused::Licence, .. } => Heard::Closed(error.to_string()),
        Failed::Refused { why: Refused::Session, .. } => Heard::Lost(error.to_string()),
        Failed::Refused { why: Refused::Request, .. }
        | Failed::Unanswered { .. }
        | Failed::Unreadable { .. } => Heard::Answer,
    }
}

/// One switch of one account. `effective` names the service where its effective value is read back too.
pub(super) async fn switch(
    server: &impl Server,
    address: &str,
    step: SwitchStep,
    effective: ServiceSet,
) -> End {
    let again = SwitchAgain { server, address, step: &step, effective };
    match server.read_switches(address, step.expect.of, ServiceSet::EMPTY).await {
        Err(error) => return End::not_sent(&error),
        Ok(found) => match before_switch(&step, &found) {
            Before::Write => {}
            Before::End(outcome) => return End::answered(outcome),
            // Whether its seat is free is told by the effective value only (U-32).
            Before::Already => {
                return End::answered(match again.read().await.0 {
                    Seen::Wanted { effective } => Outcome::Already { effective },
                    Seen::Otherwise | Seen::Hidden | Seen::Unread | Seen::Failed(_) => {
                        settle::not_already(&step)
                    }
                });
            }
        },
    }
    let on = step.direction == Direction::Claim;
    let written = server.write_switch(address, step.service, on).await;
    read_back(written, Visibility::Readable, &again).await
}

/// One setting of the backup.
pub(super) async fn setting(
    server: &impl Server,
    step: &SettingStep,
    secrets: &BTreeMap<BackupKey, Secret>,
) -> End {
    let change = &step.change;
    let secret = secrets.get(&change.key).map(Secret::reveal);
    let Some(text) = secret.or(change.after.as_deref()) else {
        return End::answered(Outcome::NotSent("its secret was not resolved".into()));
    };
    let secrecy = if secret.is_some() { Secrecy::Secret } else { Secrecy::Open };
    let writing = Writing { change, text, secrecy };
    let visibility = match server.read_setting(change.key).await {
        Err(error) => return End::not_sent(&error),
        Ok(found) => match before_setting(&writing, &found) {
            (Before::Write, visibility) => visibility,
            (Before::Already, _) => return End::answered(Outcome::Already { effective: None }),
            (Before::End(outcome), _) => return End::answered(outcome),
        },
    };
    let written = server.write_setting(change.key, text).await;
    read_back(written, visibility, &SettingAgain { server, writing }).await
}

/// Reading once more what was written.
trait Again: Sync {
    fn read(&self) -> impl Future<Output = (Seen, Heard)> + Send;
}

struct SwitchAgain<'a, S> {
    server: &'a S,
    address: &'a str,
    step: &'a SwitchStep,
    effective: ServiceSet,
}

impl<S: Server> Again for SwitchAgain<'_, S> {
    async fn read(&self) -> (Seen, Heard) {
        let switches = ServiceSet::single(self.step.service);
        match self.server.read_switches(self.address, switches, self.effective).await {
            Ok(found) => (seen_switch(self.step, &found), Heard::Answer),
            Err(error) => (Seen::Failed(error.to_string()), heard(&error)),
        }
    }
}

struct SettingAgain<'a, S> {
    server: &'a S,
    writing: Writing<'a>,
}

impl<S: Server> Again for SettingAgain<'_, S> {
    async fn read(&self) -> (Seen, Heard) {
        match self.server.read_setting(self.writing.change.key).await {
            Ok(found) => (seen_setting(&self.writing, &found), Heard::Answer),
            Err(error) => (Seen::Failed(error.to_string()), heard(&error)),
        }
    }
}

/// Reads back, with patience, until it can be told what came of the write.
async fn read_back(written: Result<Written, Failed>, visibility: Visibility, again: &impl Again) -> End {
    let reply = match &written {
        Ok(Written::Applied) => Reply::Applied,
        Ok(Written::NotApplied) => Reply::NotApplied,
        Err(error @ Failed::Refused { why: Refused::Session, .. }) => Reply::NotDone(error.to_string()),
        Err(error @ Failed::Refused { .. }) => Reply::Refused(error.to_string()),
        Err(error) => Reply::Unclear(error.to_string()),
    };
    let mut waits = READ_BACK_WAITS.iter();
    loop {
        let (seen, heard_reading) = again.read().await;
        let wait = waits.next();
        let patience = if wait.is_some() { Patience::Left } else { Patience::Over };
        if let Some(outcome) = settle::after(&reply, &seen, patience, visibility) {
            // What the write itself was answered says most of the ones to come, unless it is there all the same. That the
            // licence is closed is said at once, whatever the reading heard.
            let of_write = written.as_ref().err().filter(|_| !outcome.is_done()).map(heard);
            let heard = match (of_write, heard_reading) {
                (Some(closed @ Heard::Closed(_)), _) => closed,
                (Some(said), Heard::Answer) => said,
                (_, heard) => heard,
            };
            return End { outcome, heard };
        }
        if let Some(wait) = wait {
            tokio::time::sleep(*wait).await;
        }
    }
}
