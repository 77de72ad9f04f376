//! The steps for the backup's settings.

use crate::diff::SettingChange;
use crate::model::StepIndex;
use crate::model::backup::BackupKind;

use super::step::SettingStep;

/// Orders the changes of settings: what is switched off first, then values, then what is switched on, which
/// needs the values of its own group. `offset` is the number of steps before these.
pub fn steps(mut changes: Vec<SettingChange>, offset: usize) -> Vec<SettingStep> {
    changes.sort_by_key(|change| (stage(change), change.key));
    let mut steps: Vec<SettingStep> = Vec::with_capacity(changes.len());
    for change in changes {
        let needs = if stage(&change) == Stage::On { needed(&steps, &change, offset) } else { Vec::new() };
        steps.push(SettingStep { change, needs });
    }
    steps
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Off,
    Value,
    On,
}

/// What is switched off stops at once and needs nothing; what is switched on starts with the values that it finds, so it
/// comes after them (U-7: each is written by a call of its own).
fn stage(change: &SettingChange) -> Stage {
    let switch = change.key.kind() == BackupKind::Flag && change.key.path().ends_with("enabled");
    match change.after.as_deref() {
        Some("0") if switch => Stage::Off,
        Some("1") if switch => Stage::On,
        _ => Stage::Value,
    }
}

/// The earlier steps in the group of a switch: all of them for the backup itself.
fn needed(steps: &[SettingStep], change: &SettingChange, offset: usize) -> Vec<StepIndex> {
    let group = change.key.path().strip_suffix("enabled").unwrap_or_default();
    let earlier = steps.iter().enumerate();
    earlier
        .filter(|(_, step)| step.change.key.path().starts_with(group))
        .map(|(index, _)| StepIndex::new(offset + index))
        .collect()
}
