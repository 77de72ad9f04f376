//! One document: which kind it is, what it is called, and what it means.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::check::check;
use super::lower::backup::BackupDraft;
use super::lower::{At, backup, license, policy, server};
use super::meaning::{LicenseSpec, PolicySpec, ServerSpec};
use super::rules::Rules;
use super::shape::document::{API_VERSION, BackupPolicy, Kind, License, Server, ServicePolicy};
use super::suggest;
use super::tree::{Node, Span, Value, shown};
use crate::model::{Finding, Place, Remedy};

/// What could be told of a document, also of one with mistakes: its name counts when others refer to it.
pub struct Document {
    pub kind: Kind,
    pub name: Option<(String, Place)>,
    /// The `spec.server` of kinds that have one.
    pub server: Option<(String, Place)>,
    /// Of a `Server`: it says which sense the licence flag of the backup has.
    pub sense_known: bool,
    /// Of a `BackupPolicy`: where it says, by intent alone, whether the licence is in the backup.
    pub intent: Option<Place>,
    /// `None` where too much of it is wrong.
    pub meaning: Option<Meaning>,
}

/// What a document says, by its kind.
pub enum Meaning {
    Server(Box<ServerSpec>),
    License(Box<LicenseSpec>),
    Backup(BackupDraft),
    Policy(PolicySpec),
}

/// Reads one document. `None` where not even its kind is known.
pub fn read(
    rules: &Rules,
    file: &Arc<str>,
    root: &Node<'_>,
    findings: &mut Vec<Finding>,
) -> Option<Document> {
    let (version, kind) = (version(file, root, findings), kind(file, root, findings));
    let at = At::new(file, root);
    let body = at.get("spec");
    let mut document = Document {
        kind: kind?,
        name: at.get("metadata").and_then(|at| at.get("name")).and_then(At::word),
        server: body.and_then(|at| at.get("server")).and_then(At::word),
        sense_known: body
            .and_then(|at| at.get("excludeLicenseSense"))
            .is_some_and(|at| at.text() != Some("unknown")),
        intent: body
            .filter(|at| at.get("excludeLicense").is_none())
            .and_then(|at| at.get("licenseInBackup"))
            .map(At::key_place),
        meaning: None,
    };
    if !version {
        // The shape of another version is not known here, so nothing in it can be judged.
        return Some(Document { server: None, intent: None, ..document });
    }
    test_and_give_meaning(rules, at, &mut document, findings);
    Some(document)
}

fn test_and_give_meaning(
    rules: &Rules,
    at: At<'_, '_>,
    document: &mut Document,
    findings: &mut Vec<Finding>,
) {
    let kind = document.kind;
    let value = check(rules, kind.name(), at.file(), at.node(), findings);
    match kind {
        Kind::Server => {}
        Kind::License => license::test(at.key("spec"), findings),
        Kind::BackupPolicy => backup::test(at.key("spec"), findings),
        Kind::ServicePolicy => policy::test(at.key("spec"), findings),
    }
    match value.map(|value| meaning(kind, value, at)) {
        Some(Ok(meaning)) => document.meaning = Some(meaning),
        Some(Err(message)) => findings.push(super::internal(message).at(at.place())),
        None => {}
    }
}

fn meaning(kind: Kind, value: Json, at: At<'_, '_>) -> Result<Meaning, String> {
    let lost = || "a checked value has no meaning".to_string();
    Ok(match kind {
        Kind::Server => {
            let shape = decode::<Server>(value)?;
            Meaning::Server(Box::new(server::server(shape, at).ok_or_else(lost)?))
        }
        Kind::License => Meaning::License(Box::new(license::license(decode::<License>(value)?, at))),
        Kind::BackupPolicy => Meaning::Backup(backup::backup(decode::<BackupPolicy>(value)?, at)),
        Kind::ServicePolicy => {
            let shape = decode::<ServicePolicy>(value)?;
            Meaning::Policy(policy::policy(shape, at).ok_or_else(lost)?)
        }
    })
}

fn decode<T: DeserializeOwned>(value: Json) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| format!("a checked value could not be decoded: {error}"))
}

fn version(file: &Arc<str>, root: &Node<'_>, findings: &mut Vec<Finding>) -> bool {
    let Value::Map(_) = &root.value else {
        // Said by `kind`.
        return false;
    };
    // A version that is missing is a mistake of the shape, and the document is judged as one of ours.
    let written = root.entry("apiVersion").map(|entry| &entry.value).filter(|node| !node.is_null());
    let Some(node) = written else { return true };
    let Some(version) = node.scalar().filter(|version| *version != API_VERSION) else { return true };
    let newer = version.strip_prefix("icewarden.dev/v").is_some_and(|number| {
        !number.is_empty() && number != "1" && number.starts_with(|c: char| c.is_ascii_digit() && c != '0')
    });
    let message = if newer {
        format!("`{}` is newer than this program, which reads {API_VERSION}", shown(version))
    } else {
        format!("`{}` is no version of the spec; this program reads {API_VERSION}", shown(version))
    };
    let remedy = if newer {
        Remedy::Check(format!(
            "whether there is a newer icewarden; this one reads `apiVersion: {API_VERSION}`"
        ))
    } else {
        Remedy::DidYouMean(API_VERSION.into())
    };
    findings.push(Finding::error("unknown-version", message).at(node.span.place(file)).remedy(remedy));
    false
}

fn kind(file: &Arc<str>, root: &Node<'_>, findings: &mut Vec<Finding>) -> Option<Kind> {
    let names = || Kind::ALL.iter().map(|kind| kind.name());
    let kinds = names().collect::<Vec<_>>().join(", ");
    let Value::Map(_) = &root.value else {
        if !matches!(root.value, Value::Refused) {
            let finding = Finding::error("wrong-type", "the document is no map, so it is no spec");
            let remedy = format!("begin it with `apiVersion: {API_VERSION}` and `kind:`, one of {kinds}");
            findings.push(finding.at(first_line(root).place(file)).remedy(Remedy::EditSpec(remedy)));
        }
        return None;
    };
    let Some(entry) = root.entry("kind") else {
        let finding = Finding::error("missing-key", "the document lacks the key `kind`");
        let remedy = Remedy::EditSpec(format!("say what it is: {kinds}"));
        findings.push(finding.at(first_line(root).place(file)).remedy(remedy));
        return None;
    };
    if matches!(entry.value.value, Value::Refused) {
        return None;
    }
    let word = entry.value.scalar().filter(|_| !entry.value.is_null());
    if let Some(kind) = word.and_then(Kind::parse) {
        return Some(kind);
    }
    let (message, near) = match word {
        Some(word) => (format!("there is no kind `{}`", shown(word)), suggest::nearest(word, names())),
        None => ("`kind` must be a word".to_string(), None),
    };
    let remedy = match near {
        Some(near) => Remedy::DidYouMean(near.into()),
        None => Remedy::EditSpec(format!("use one of {kinds}")),
    };
    let span = if word.is_some() { entry.value.span } else { entry.key_span };
    findings.push(Finding::error("unknown-kind", message).at(span.place(file)).remedy(remedy));
    None
}

/// A finding about a whole document points at its beginning; its end says nothing.
fn first_line(root: &Node<'_>) -> Span {
    match &root.value {
        Value::Map(entries) => entries.first().map_or(root.span, |entry| entry.key_span),
        _ => root.span,
    }
}
