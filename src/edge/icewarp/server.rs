//! What is read of the server itself: its licence, its counters, its backup settings, its access modes.

use std::collections::BTreeMap;

use super::encode::Params;
use super::error::{CallError, Refusal, Silence};
use super::licence;
use super::lists::refused;
use super::properties::{self, backup_variable};
use super::readers::{Properties, Value};
use super::session::Client;
use super::uids::Bears;
use crate::edge::port::Phase;
use crate::model::backup::BackupKind;
use crate::model::{AccessMode, BackupKey, Licence, Reading, Service, ServiceSet};
use crate::report::chain;

const STATUS: &str = "C_LicenseStatus";
const REFERENCE: &str = "C_Reference";
const VERSION: &str = "C_Version";
const LICENCE_TEXT: &str = "C_License";
const LICENCE_XML: &str = "C_License_XML";
const ACTIVE_USERS: &str = "Statistics_ActiveUsers";
const LICENSED_USERS: &str = "Statistics_LicensedUsers";

/// Variables of the server, by name. Where the server answers the whole batch with an error id, one unknown name
/// may be the reason (U-33), so they are asked one by one; there are never more than a few dozen.
pub(super) async fn variables(
    client: &Client,
    phase: Phase,
    names: &[&str],
) -> Result<Properties, CallError> {
    read(client, phase, "getserverproperties", "serverpropertylist", names).await
}

async fn read(
    client: &Client,
    phase: Phase,
    command: &'static str,
    list: &str,
    names: &[&str],
) -> Result<Properties, CallError> {
    if names.is_empty() {
        return Ok(Properties::default());
    }
    let error = match batch(client, phase, command, list, names).await {
        Ok(properties) => return Ok(properties),
        Err(error) => error,
    };
    let Some(why) = reason(&error) else { return Err(error) };
    let may_be_one_name = match &error {
        CallError::Refused { why: Refusal::Uid(uid), .. } => {
            matches!(uid.bears(), Bears::Unknown | Bears::Value)
        }
        _ => true,
    };
    let mut properties = Properties::default();
    if names.len() == 1 || !may_be_one_name {
        names.iter().for_each(|name| properties.unread(name, &why));
        return Ok(properties);
    }
    for name in names {
        match batch(client, phase, command, list, &[*name]).await {
            Ok(one) => properties.merge(one),
            Err(error) => match reason(&error) {
                Some(why) => properties.unread(name, &why),
                None => return Err(error),
            },
        }
    }
    Ok(properties)
}

/// Why a variable is unread, where the error is the server's word about it and not the end of the conversation.
fn reason(error: &CallError) -> Option<String> {
    match error {
        _ if error.ends_it_all() => None,
        CallError::Refused { why: why @ (Refusal::Uid(_) | Refusal::Zero), .. } => Some(why.to_string()),
        _ => None,
    }
}

async fn batch(
    client: &Client,
    phase: Phase,
    command: &'static str,
    list: &str,
    names: &[&str],
) -> Result<Properties, CallError> {
    // The values of secrets may come in clear (U-12).
    let secret = BackupKey::ALL.iter().filter(|key| key.kind() == BackupKind::Secret);
    let secret = secret.map(|key| backup_variable(*key)).any(|name| names.contains(&name));
    let params = Params::new().names(list, names).secret(secret);
    let result = client.read(phase, command, &params).await?;
    let misread = |misfit| refused(command, misfit);
    Properties::read(&result)
        .map_err(|misfit| if secret { misread(misfit).unshown() } else { misread(misfit) })
}

/// The licence and the version: at most four calls where nothing is odd.
pub(super) async fn licence(client: &Client, wanted: bool) -> Result<(Licence, Reading<String>), CallError> {
    let phase = Phase::Licence;
    let facts = variables(client, phase, &[STATUS, REFERENCE, VERSION]).await?;
    let version = filled(facts.text(VERSION));
    let mut licence = Licence {
        status: facts.number(STATUS),
        reference: filled(facts.text(REFERENCE)),
        order_id: not_asked(),
        modules: not_asked(),
        licensed_users: not_asked(),
        active_users: not_asked(),
    };
    if wanted {
        // Long, and not given to everybody (U-1): apart from the rest, and by exact name (flag D).
        let texts = variables(client, phase, &[LICENCE_TEXT, LICENCE_XML]).await?;
        licence.modules = modules(&texts);
        licence.order_id = match texts.text(LICENCE_TEXT).read().and_then(|text| licence::order_id(text)) {
            Some(order) => Reading::Read(order),
            None => order_of_info(client).await?,
        };
        let names = [ACTIVE_USERS, LICENSED_USERS];
        let list = "statisticspropertylist";
        let counts = match read(client, phase, "getstatisticsproperties", list, &names).await {
            // Counts are compared with what is read, and nothing else rests on them: without them it is said so.
            Err(error @ CallError::Unreadable { .. }) => unread(&names, &chain(&error)),
            Err(
                error @ CallError::Unanswered {
                    why: Silence::Late(_) | Silence::Closed(_) | Silence::Http(_),
                    ..
                },
            ) => unread(&names, &chain(&error)),
            counts => counts?,
        };
        licence.active_users = count(&counts, ACTIVE_USERS);
        licence.licensed_users = count(&counts, LICENSED_USERS);
    }
    Ok((licence, version))
}

fn unread(names: &[&str], why: &str) -> Properties {
    let mut properties = Properties::default();
    names.iter().for_each(|name| properties.unread(name, why));
    properties
}

pub(super) async fn status(client: &Client) -> Result<Reading<i64>, CallError> {
    Ok(variables(client, Phase::Verify, &[STATUS]).await?.number(STATUS))
}

fn not_asked<T>() -> Reading<T> {
    Reading::Unread("it was not asked for".to_owned())
}

/// An empty version or reference says nothing.
fn filled(reading: Reading<String>) -> Reading<String> {
    match reading {
        Reading::Read(text) if text.trim().is_empty() => {
            Reading::Unread("the server gave an empty text".to_owned())
        }
        reading => reading.map(|text| text.trim().to_owned()),
    }
}

fn count(properties: &Properties, name: &str) -> Reading<u64> {
    match properties.number(name) {
        Reading::Read(number) => match u64::try_from(number) {
            Ok(number) => Reading::Read(number),
            Err(_) => Reading::Unread(format!("the server gave {number}")),
        },
        Reading::Unread(why) => Reading::Unread(why),
    }
}

/// The products stand in the decrypted text; the raw one is asked too, because all that is known of it is that
/// its header is clear (reference 4.1).
fn modules(texts: &Properties) -> Reading<Vec<crate::model::ModuleOffer>> {
    let mut why = String::new();
    for name in [LICENCE_XML, LICENCE_TEXT] {
        let found = match texts.value(name) {
            Some(Value::Text(text)) => licence::products(text),
            Some(Value::Nested(element)) => licence::products_in(element),
            _ => None,
        };
        if let Some(modules) = found {
            return Reading::Read(modules);
        }
        if why.is_empty() {
            why = match texts.text(name) {
                Reading::Unread(why) => why,
                Reading::Read(text) if text.trim().is_empty() => "the server gave an empty text".to_owned(),
                Reading::Read(_) => "its text names no products".to_owned(),
            };
        }
    }
    Reading::Unread(why)
}

/// `getlicenseinfo` has the order id on 14; every field of it is optional (reference 1.9).
async fn order_of_info(client: &Client) -> Result<Reading<String>, CallError> {
    let result = match client.read(Phase::Licence, "getlicenseinfo", &Params::new()).await {
        Ok(result) => result,
        Err(error) => {
            return match reason(&error) {
                Some(why) => Ok(Reading::Unread(why)),
                None => Err(error),
            };
        }
    };
    Ok(match result.field("orderid").and_then(licence::well_formed_order) {
        Some(order) => Reading::Read(order),
        None => Reading::Unread("neither the licence's text nor getlicenseinfo names it".to_owned()),
    })
}

pub(super) async fn backup(
    client: &Client,
    phase: Phase,
    keys: &[BackupKey],
) -> Result<BTreeMap<BackupKey, Reading<String>>, CallError> {
    let names: Vec<&str> = keys.iter().map(|key| backup_variable(*key)).collect();
    let values = variables(client, phase, &names).await?;
    Ok(keys.iter().map(|key| (*key, values.text(backup_variable(*key)))).collect())
}

pub(super) async fn modes(
    client: &Client,
    services: ServiceSet,
) -> Result<BTreeMap<Service, Reading<AccessMode>>, CallError> {
    let asked: Vec<(Service, &str)> = services
        .iter()
        .filter_map(|service| properties::of(service).mode.map(|name| (service, name)))
        .collect();
    let names: Vec<&str> = asked.iter().map(|(_, name)| *name).collect();
    let values = variables(client, Phase::Settings, &names).await?;
    Ok(asked
        .into_iter()
        .map(|(service, name)| (service, values.number(name).map(AccessMode::from_number)))
        .collect())
}
