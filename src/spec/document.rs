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
    /// `None` where too much of it is wrong.
    pub meaning: Option<Meaning>,
}

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
    mut root: Node<'_>,
    findings: &mut Vec<Finding>,
) -> Option<Document> {
    let (version, kind) = (version(file, &root, findings), kind(file, &root, findings));
    let kind = match (version, kind) {
        (true, Some(kind)) => kind,
        // The shape of another version is not known here, so nothing below it can be judged.
        (false, kind) => {
            return kind.map(|kind| Document { kind, name: name(file, &root), server: None, meaning: None });
        }
        (true, None) => return None,
    };
    let mut document =
        Document { kind, name: name(file, &root), server: server_of(file, &root), meaning: None };
    let Some(value) = check(rules, kind.name(), file, &mut root, findings) else { return Some(document) };
    match meaning(kind, value, At::new(file, &root), findings) {
        Ok(meaning) => document.meaning = Some(meaning),
        Err(message) => findings.push(super::internal(message).at(root.span.place(file))),
    }
    Some(document)
}

fn meaning(kind: Kind, value: Json, at: At<'_, '_>, findings: &mut Vec<Finding>) -> Result<Meaning, String> {
    let lost = || "a checked value has no meaning".to_string();
    Ok(match kind {
        Kind::Server => {
            Meaning::Server(Box::new(server::server(decode::<Server>(value)?, at).ok_or_else(lost)?))
        }
        Kind::License => {
            Meaning::License(Box::new(license::license(decode::<License>(value)?, at, findings)))
        }
        Kind::BackupPolicy => Meaning::Backup(backup::backup(decode::<BackupPolicy>(value)?, at, findings)),
        Kind::ServicePolicy => {
            let shape = decode::<ServicePolicy>(value)?;
            Meaning::Policy(policy::policy(shape, at, findings).ok_or_else(lost)?)
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
        Remedy::Check(format!("is there a newer icewarden? Otherwise write `apiVersion: {API_VERSION}`"))
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

fn name(file: &Arc<str>, root: &Node<'_>) -> Option<(String, Place)> {
    placed(file, root.entry("metadata")?.value.entry("name").map(|entry| &entry.value)?)
}

fn server_of(file: &Arc<str>, root: &Node<'_>) -> Option<(String, Place)> {
    placed(file, root.entry("spec")?.value.entry("server").map(|entry| &entry.value)?)
}

fn placed(file: &Arc<str>, node: &Node<'_>) -> Option<(String, Place)> {
    node.scalar().filter(|_| !node.is_null()).map(|text| (text.to_string(), node.span.place(file)))
}
