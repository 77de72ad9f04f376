//! The one way from files to a spec.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::document::{self, Document, Meaning};
use super::lower::backup;
use super::meaning::{ServerSpec, Source, Spec};
use super::rules::Rules;
use super::schema::schema;
use super::shape::document::Kind;
use super::tree::{self, shown};
use super::{internal, suggest};
use crate::model::{Finding, Place, Remedy, Severity};

/// The schema never changes while the program runs, and making it costs more than reading a small spec.
static RULES: LazyLock<Result<Rules, String>> = LazyLock::new(|| Rules::compile(&schema()));

/// Reads all files of a spec and checks them together.
///
/// The findings are all that was found, sorted by file and place. They are an error if one of them is; else
/// they are in [`Spec::findings`].
pub fn parse(sources: &[Source]) -> Result<Spec, Vec<Finding>> {
    let mut findings = Vec::new();
    let spec = read(sources, &mut findings);
    findings.sort_by(|a, b| place_of(a).cmp(&place_of(b)).then_with(|| a.code.cmp(b.code)));
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(findings);
    }
    let servers = spec.unwrap_or_default();
    Ok(Spec { servers, findings })
}

fn place_of(finding: &Finding) -> Option<&Place> {
    finding.places.first().map(|(place, _)| place)
}

fn read(sources: &[Source], findings: &mut Vec<Finding>) -> Option<Vec<ServerSpec>> {
    let rules = match &*RULES {
        Ok(rules) => rules,
        Err(message) => {
            findings.push(internal(format!("the schema cannot be walked: {message}")));
            return None;
        }
    };
    let (mut documents, mut count, mut broken) = (Vec::new(), 0_usize, Vec::new());
    let mut nodes = tree::NODES_MAX;
    for source in sources {
        let trees = tree::read(source, &mut nodes);
        findings.extend(trees.findings);
        broken.extend(trees.broken.then_some(&*source.text));
        count += trees.documents.len();
        for root in &trees.documents {
            documents.extend(document::read(rules, &source.name, root, findings));
        }
        if nodes == 0 {
            return None;
        }
    }
    if count == 0 && broken.is_empty() {
        findings.push(nothing(sources));
    }
    let twice = unique_names(&documents, findings);
    unique_servers(&documents, &twice, findings);
    known_servers(&documents, &broken, findings);
    known_senses(&documents, findings);
    let servers = assemble(documents);
    servers_apart(&servers, findings);
    Some(servers)
}

fn nothing(sources: &[Source]) -> Finding {
    let finding = Finding::error("no-document", "there is no document in the spec");
    let finding = finding.remedy(Remedy::EditSpec(
        "begin with a document of kind Server; the folder `examples/demo` shows one of each kind".into(),
    ));
    match sources.first() {
        Some(source) => finding.at(Place { file: source.name.clone(), line: 1, column: 1, start: 0, end: 0 }),
        None => finding,
    }
}

/// Two documents of one kind with one name; what is found twice is returned as the place of the second.
fn unique_names(documents: &[Document], findings: &mut Vec<Finding>) -> BTreeSet<Place> {
    let mut first: BTreeMap<(Kind, &str), &Place> = BTreeMap::new();
    let mut twice = BTreeSet::new();
    for document in documents {
        let Some((name, place)) = &document.name else { continue };
        if let Some(other) = first.get(&(document.kind, name.as_str())) {
            let kind = document.kind.name();
            findings.push(
                Finding::error(
                    "duplicate-name",
                    format!("two documents of kind {kind} are called `{}`", shown(name)),
                )
                .at(place.clone())
                .also_at((*other).clone(), "first here")
                .remedy(Remedy::EditSpec("rename one of them, or leave one out".into())),
            );
            twice.insert(place.clone());
        } else {
            first.insert((document.kind, name), place);
        }
    }
    twice
}

/// A server has at most one licence and one backup policy.
fn unique_servers(documents: &[Document], twice: &BTreeSet<Place>, findings: &mut Vec<Finding>) {
    let mut first: BTreeMap<(Kind, &str), &Place> = BTreeMap::new();
    for document in documents {
        let one = match document.kind {
            Kind::License | Kind::BackupPolicy => true,
            Kind::Server | Kind::ServicePolicy => false,
        };
        let Some((server, place)) = document.server.as_ref().filter(|_| one) else { continue };
        let Some(other) = first.get(&(document.kind, server.as_str())) else {
            first.insert((document.kind, server), place);
            continue;
        };
        // Of two with one name it was said already.
        if document.name.as_ref().is_some_and(|(_, place)| twice.contains(place)) {
            continue;
        }
        let kind = document.kind.name();
        findings.push(
            Finding::error(
                "conflict",
                format!("two documents of kind {kind} speak of the server `{}`", shown(server)),
            )
            .at(place.clone())
            .also_at((*other).clone(), "first here")
            .remedy(Remedy::EditSpec("make one document of the two".into())),
        );
    }
}

/// So many names are compared at most with one that is unknown; with more, a list helps nobody.
const SUGGESTED_FROM_MAX: usize = 500;

/// A server that no document declares. One that a broken file seems to name is given the benefit of the doubt.
fn known_servers(documents: &[Document], broken: &[&str], findings: &mut Vec<Finding>) {
    let names: BTreeSet<&str> = documents
        .iter()
        .filter(|document| document.kind == Kind::Server)
        .filter_map(|document| document.name.as_ref().map(|(name, _)| name.as_str()))
        .collect();
    let in_doubt: BTreeSet<&str> = broken
        .iter()
        .flat_map(|text| text.lines().filter(|line| line.contains("name")))
        .flat_map(|line| line.split(|c: char| c.is_whitespace() || "{}:,\"'".contains(c)))
        .collect();
    for document in documents.iter().filter(|document| document.kind != Kind::Server) {
        let Some((server, place)) =
            document.server.as_ref().filter(|(name, _)| !names.contains(name.as_str()))
        else {
            continue;
        };
        if in_doubt.contains(server.as_str()) {
            continue;
        }
        let message = format!("there is no server `{}` in the spec", shown(server));
        let remedy = match suggest::nearest(server, names.iter().copied().take(SUGGESTED_FROM_MAX)) {
            Some(near) => Remedy::DidYouMean(near.into()),
            None if names.is_empty() => Remedy::EditSpec("add a document of kind Server".into()),
            None => {
                let known: Vec<&str> = names.iter().copied().take(10).collect();
                Remedy::EditSpec(format!("use one of {}, or add a document of kind Server", known.join(", ")))
            }
        };
        findings.push(Finding::error("unknown-server", message).at(place.clone()).remedy(remedy));
    }
}

/// An intent about the licence in the backup needs a server that says how it is written (U-2).
fn known_senses(documents: &[Document], findings: &mut Vec<Finding>) {
    let known: BTreeMap<&str, bool> = documents
        .iter()
        .filter(|document| document.kind == Kind::Server)
        .filter_map(|document| Some((document.name.as_ref()?.0.as_str(), document.sense_known)))
        .collect();
    for document in documents.iter().filter(|document| document.kind == Kind::BackupPolicy) {
        if let (Some(place), Some((server, _))) = (&document.intent, &document.server)
            && known.get(server.as_str()) == Some(&false)
        {
            findings.push(backup::unknown_sense(place.clone()));
        }
    }
}

/// Two servers of a spec that are one: each would undo what the other declares, and both would take the same seats.
fn servers_apart(servers: &[ServerSpec], findings: &mut Vec<Finding>) {
    let mut addresses: BTreeMap<String, &ServerSpec> = BTreeMap::new();
    let mut machines: BTreeMap<&str, (&ServerSpec, &Place)> = BTreeMap::new();
    for server in servers {
        let address = server.connection.target().trim_end_matches('/').to_lowercase();
        if let Some(other) = addresses.get(address.as_str()) {
            findings.push(
                Finding::error(
                    "conflict",
                    format!(
                        "the servers `{}` and `{}` have one address, {}",
                        shown(&other.name),
                        shown(&server.name),
                        shown(server.connection.target())
                    ),
                )
                .at(server.connection.place.clone())
                .also_at(other.connection.place.clone(), "first here")
                .remedy(one_server()),
            );
        } else {
            addresses.insert(address, server);
        }
        let Some((id, place)) = &server.identity.reference_id else { continue };
        if let Some((other, first)) = machines.get(id.as_str()) {
            findings.push(
                Finding::error(
                    "conflict",
                    format!(
                        "the servers `{}` and `{}` are pinned to one machine, Reference ID {}",
                        shown(&other.name),
                        shown(&server.name),
                        shown(id)
                    ),
                )
                .at(place.clone())
                .also_at((*first).clone(), "first here")
                .remedy(one_server()),
            );
        } else {
            machines.insert(id, (server, place));
        }
    }
}

fn one_server() -> Remedy {
    Remedy::EditSpec(
        "leave one of them out, and let all documents name the other; or correct the one that is wrong"
            .into(),
    )
}

/// Gives each server what speaks of it.
fn assemble(documents: Vec<Document>) -> Vec<ServerSpec> {
    let mut servers: BTreeMap<String, ServerSpec> = BTreeMap::new();
    let mut others = Vec::new();
    for document in documents {
        match document.meaning {
            Some(Meaning::Server(server)) => {
                servers.entry(server.name.clone()).or_insert(*server);
            }
            Some(meaning) => others.extend(document.server.map(|(server, _)| (server, meaning))),
            None => {}
        }
    }
    for (name, meaning) in others {
        // Where the server is missing or wrong, that was said.
        let Some(server) = servers.get_mut(&name) else { continue };
        match meaning {
            Meaning::License(license) => server.license = Some(*license),
            Meaning::Backup(draft) => {
                server.backup = Some(backup::resolve(draft, server.guardrails.exclude_license_sense));
            }
            Meaning::Policy(policy) => server.policies.push(policy),
            Meaning::Server(_) => {}
        }
    }
    let mut servers: Vec<ServerSpec> = servers.into_values().collect();
    for server in &mut servers {
        server.policies.sort_by(|a, b| a.name.cmp(&b.name));
    }
    servers
}
