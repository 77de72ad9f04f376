//! Whose word is taken for where secrets go. A pull request may change what is wished of a server; it must not change
//! which secret is read, nor whom it is told.

use super::meaning::{BackupValue, Connection, Login, RpcConnection, ServerSpec, Spec};
use crate::model::{Finding, Place, Remedy, SecretRef};

/// The server of a trusted spec whose connection and secrets stand for those of `server`.
///
/// # Errors
/// A finding with every difference: what the trusted spec does not say is not taken from the other.
pub fn trusted<'s>(server: &ServerSpec, spec: &'s Spec) -> Result<&'s ServerSpec, Box<Finding>> {
    let Some(known) = spec.servers.iter().find(|known| known.name == server.name) else {
        let text = "it is not in the trusted spec, so no secret is read for it and nothing is sent to it";
        return Err(refused(text.to_owned(), server.place.clone()));
    };
    let mut differences = connection(&server.connection, &known.connection);
    differences.extend(backup(server, known));
    let Some((_, place)) = differences.first() else { return Ok(known) };
    let what: Vec<&str> = differences.iter().map(|(what, _)| what.as_str()).collect();
    let text = format!(
        "its connection or its secrets are not those of the trusted spec: {}; no secret was read, and nothing was sent",
        what.join(", ")
    );
    Err(refused(text, place.clone()))
}

fn refused(text: String, place: Place) -> Box<Finding> {
    let remedy = Remedy::EditSpec(
        "change connections and secrets by themselves, have that reviewed and merged, and plan then".into(),
    );
    Box::new(Finding::error("not-trusted", text).at(place).remedy(remedy))
}

type Difference = (String, Place);

fn connection(here: &Connection, known: &Connection) -> Vec<Difference> {
    let place = &here.place;
    let (here, known) = (here.rpc(), known.rpc());
    let mut differences = Vec::new();
    let mut compare = |key: &str, here_says: String, known_says: String| {
        if here_says != known_says {
            let text = format!("rpc.{key} is {here_says} and not {known_says}");
            differences.push((text, place.clone()));
        }
    };
    let file = |rpc: &RpcConnection| match &rpc.ca_file {
        Some(path) => path.display().to_string(),
        None => "absent".to_owned(),
    };
    compare("url", here.url.clone(), known.url.clone());
    compare("account", here.account.to_string(), known.account.to_string());
    compare("password", whole(&here.password), whole(&known.password));
    compare("login", login(here), login(known));
    compare("caFile", file(here), file(known));
    compare(
        "insecureSkipVerify",
        here.insecure_skip_verify.to_string(),
        known.insecure_skip_verify.to_string(),
    );
    differences
}

/// How the password is sent; what the spec leaves open is another thing than what it says.
fn login(rpc: &RpcConnection) -> String {
    match rpc.login {
        Some(Login::Rsa) => "rsa",
        Some(Login::Plain) => "plain",
        None => "absent",
    }
    .to_owned()
}

/// Every secret of the backup must be the trusted one of the same setting.
fn backup(here: &ServerSpec, known: &ServerSpec) -> Vec<Difference> {
    let settings = here.backup.iter().flat_map(|backup| &backup.settings);
    let difference = |setting: &super::meaning::BackupSetting| {
        let BackupValue::Secret(reference) = &setting.value else { return None };
        let mut of_known = known.backup.iter().flat_map(|backup| &backup.settings);
        let same = of_known.find(|known| known.key == setting.key).map(|known| &known.value);
        let text = match same {
            Some(BackupValue::Secret(known)) if known == reference => return None,
            Some(BackupValue::Secret(known)) => {
                format!("backup.{} is {} and not {}", setting.key, whole(reference), whole(known))
            }
            _ => format!("backup.{} is {} and not absent", setting.key, whole(reference)),
        };
        Some((text, setting.place.clone()))
    };
    settings.filter_map(difference).collect()
}

/// A reference with all its parts: two commands with one program are two.
fn whole(reference: &SecretRef) -> String {
    match reference {
        SecretRef::Exec(command) => format!("exec {}", command.join(" ")),
        SecretRef::Env(_) | SecretRef::File(_) => reference.to_string(),
    }
}

/// Why a command may not be run for a secret of a server.
///
/// # Errors
/// The finding for the first that may not.
pub fn commands(server: &ServerSpec, rule: ExecRule) -> Result<(), Box<Finding>> {
    let connection = &server.connection;
    let settings = server.backup.iter().flat_map(|backup| &backup.settings);
    let secrets = settings.filter_map(|setting| match &setting.value {
        BackupValue::Secret(reference) => Some((reference, &setting.place)),
        BackupValue::Flag(_) | BackupValue::Number(_) | BackupValue::Text(_) => None,
    });
    for (reference, place) in std::iter::once((connection.secret().1, &connection.place)).chain(secrets) {
        let SecretRef::Exec(command) = reference else { continue };
        let program = command.first().map_or("", String::as_str);
        let (text, next) = match rule {
            ExecRule::Allowed => continue,
            ExecRule::Fixed if std::path::Path::new(program).components().count() < 2 => continue,
            ExecRule::Fixed if std::path::Path::new(program).is_absolute() => continue,
            ExecRule::Fixed => (
                "by a path that depends on the working folder, which is not trusted",
                "name the program by an absolute path, or one that is found in PATH",
            ),
            ExecRule::Refused => (
                "and commands of a spec are not run here",
                "whoever runs icewarden allows it, with --allow-exec or ICEWARDEN_ALLOW_EXEC=1; a spec cannot",
            ),
        };
        let text = format!("a secret comes from the command `{program}`, {text}");
        let finding = Finding::error("exec-refused", text).at(place.clone());
        return Err(Box::new(finding.remedy(Remedy::Check(next.into()))));
    }
    Ok(())
}

/// Whether a spec's commands are run for its secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExecRule {
    Allowed,
    /// Only programs that whoever changes the working folder cannot replace.
    Fixed,
    Refused,
}
