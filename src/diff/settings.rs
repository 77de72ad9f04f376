//! The backup's settings, wanted against read.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::canon::canon;
use crate::model::backup::BackupKind;
use crate::model::{BackupKey, Finding, Observed, Place, Reading, Remedy, SecretRef};
use crate::spec::meaning::{BackupSetting, BackupSpec, BackupValue};

/// One setting that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingChange {
    pub key: BackupKey,
    /// As it was read, in canonical form; `None` for a secret, which is never shown, unless it is empty.
    pub before: Option<String>,
    /// As it will be written, in canonical form; `None` for a secret.
    pub after: Option<String>,
    /// Where the value comes from, for a secret.
    pub secret: Option<SecretRef>,
    pub place: Place,
}

/// How a declared secret compares with what the server has; resolved outside, so that no secret comes in here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretMatch {
    /// As it was read.
    Same,
    /// Nobody may read it, and it is what was written last, on this day (UTC): whether it still is there is not known
    /// (U-12).
    AsWritten(Date),
    Differs,
    /// The server has none yet.
    Empty,
}

/// A declared setting that could not be compared, and why: whether it is as declared is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uncompared {
    pub key: BackupKey,
    pub finding: Finding,
}

/// The secrets of a spec's backup.
pub type SecretsMet = BTreeMap<BackupKey, SecretMatch>;

/// Compares the declared settings `within` a narrowing with those that were read, in the order of [`BackupKey`]. What was not read
/// gives a finding and no change.
pub fn compare_settings(
    spec: &BackupSpec,
    observed: &Observed,
    met: &SecretsMet,
    within: &dyn Fn(BackupKey) -> bool,
) -> (Vec<SettingChange>, Vec<Uncompared>) {
    let mut changes = Vec::new();
    let mut uncompared = Vec::new();
    for setting in spec.settings.iter().filter(|setting| within(setting.key)) {
        match compare_one(setting, observed, met) {
            Ok(Some(change)) => changes.push(change),
            Ok(None) => {}
            Err(finding) => uncompared.push(Uncompared { key: setting.key, finding: *finding }),
        }
    }
    (changes, uncompared)
}

fn compare_one(
    setting: &BackupSetting,
    observed: &Observed,
    met: &SecretsMet,
) -> Result<Option<SettingChange>, Box<Finding>> {
    let kind = setting.key.kind();
    let unread = |why: &str| {
        let text = format!("backup {} was not read ({why}), so it is not changed", setting.key);
        let remedy = Remedy::Check(format!("{} in the server's own console", setting.key));
        Box::new(Finding::warning("setting-unread", text).at(setting.place.clone()).remedy(remedy))
    };
    let change = |before, after, secret| {
        Some(SettingChange { key: setting.key, before, after, secret, place: setting.place.clone() })
    };
    // A secret that nobody may read can still be known to be there (U-12), so this comes before the reading.
    if let BackupValue::Secret(reference) = &setting.value
        && let Some(matched) = met.get(&setting.key)
    {
        return Ok(match matched {
            SecretMatch::Same | SecretMatch::AsWritten(_) => None,
            SecretMatch::Differs => change(None, None, Some(reference.clone())),
            SecretMatch::Empty => change(Some(String::new()), None, Some(reference.clone())),
        });
    }
    let live = match observed.backup.get(&setting.key) {
        Some(Reading::Read(text)) => text,
        Some(Reading::Unread(why)) => return Err(unread(why)),
        None => return Err(unread("nobody asked for it")),
    };
    let Some(before) = canon(kind, live) else {
        return Err(unread(&format!("its value `{}` is no {}", excerpt(live), kind_word(kind))));
    };
    let after = match &setting.value {
        BackupValue::Flag(flag) => if *flag { "1" } else { "0" }.to_owned(),
        BackupValue::Number(number) => number.to_string(),
        BackupValue::Text(text) => text.clone(),
        BackupValue::Secret(_) => return Err(unread("the declared secret was not resolved")),
    };
    Ok(if before == after { None } else { change(Some(before), Some(after), None) })
}

/// The reservation of a plan that leaves secrets as they are because of what was written, and not of what was read: a
/// server that lets nobody read one shows no change by another hand either (U-12).
pub fn remarks_on_secrets(
    spec: &BackupSpec,
    met: &SecretsMet,
    within: &dyn Fn(BackupKey) -> bool,
) -> Vec<Finding> {
    let finding = |setting: &BackupSetting| match met.get(&setting.key)? {
        SecretMatch::AsWritten(day) => {
            let text = format!(
                "backup {} cannot be read back from the server: it was last written on {day}, as it is declared, and is \
                 taken for unchanged since",
                setting.key
            );
            Some(Finding::info("secret-as-written", text).at(setting.place.clone()))
        }
        SecretMatch::Same | SecretMatch::Differs | SecretMatch::Empty => None,
    };
    spec.settings.iter().filter(|setting| within(setting.key)).filter_map(finding).collect()
}

fn excerpt(text: &str) -> String {
    text.chars().take(40).collect()
}

fn kind_word(kind: BackupKind) -> &'static str {
    match kind {
        BackupKind::Flag => "flag (0 or 1)",
        BackupKind::Number => "number",
        BackupKind::Text | BackupKind::Secret | BackupKind::Opaque => "text",
    }
}
