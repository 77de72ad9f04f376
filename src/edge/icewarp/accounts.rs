//! One call for each user account: the switches of the wanted services, and what decides about counting.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::civil::Date;

use super::aliases::Sought;
use super::encode::Params;
use super::error::{CallError, Refusal};
use super::lists::{gather, refused};
use super::properties::{
    self, ADMIN, ALIASES, DISABLED, EXPIRES, EXPIRES_ON, GUEST, PROTOCOL, SERVICES, SUPPORT_ON_DEMAND,
};
use super::readers::{self, Properties};
use super::session::Client;
use super::uids::Bears;
use crate::edge::port::{Phase, Progress};
use crate::model::observed::ServiceBits;
use crate::model::{AccountFacts, Columns, Directory, Row, Service, ServiceSet, Tri};
use crate::report::chain;

const FACTS: [&str; 6] = [ADMIN, DISABLED, GUEST, PROTOCOL, EXPIRES, EXPIRES_ON];

/// An account has some two hundred variables; this asks for all of them at once.
const CONSOLE_COUNT: u64 = 10_000;

/// A server that gives three names a page needs some eighty.
const CONSOLE_PAGES_MAX: u64 = 200;

/// What the accounts' columns are, and what was noticed on the way.
pub(super) struct Accounts {
    pub columns: Columns,
    pub not_offered: ServiceSet,
    /// Why accounts are unread, each reason once.
    pub unread: Vec<String>,
}

/// Lower-cased names of the account variables that this version has.
pub(super) struct Console(BTreeSet<String>);

impl Console {
    fn has(&self, name: &str) -> bool {
        self.0.contains(&name.to_lowercase())
    }
}

/// The names to ask for, each once. What the console does not list is not asked: one unknown name could spoil the
/// whole answer (U-33).
pub(super) fn names(
    services: ServiceSet,
    console: Option<&Console>,
    facts: &'static [&'static str],
) -> Vec<&'static str> {
    let listed = |name: &&'static str| console.is_none_or(|console| console.has(name));
    let mut names: Vec<&'static str> = Vec::new();
    for service in services.iter() {
        let variables = properties::of(service);
        let offered = listed(&variables.switch);
        let hidden = offered && SUPPORT_ON_DEMAND.contains(service);
        names.extend(Some(variables.switch).filter(|_| offered));
        names.extend(variables.editable.filter(listed));
        names.extend(variables.support.filter(|name| hidden || listed(name)));
    }
    names.extend(facts.iter().copied().filter(listed));
    names
}

const PROPERTIES: &str = "getaccountproperties";

pub(super) async fn properties_of(
    client: &Client,
    phase: Phase,
    address: &str,
    names: &[&str],
) -> Result<Properties, CallError> {
    let address = client.spellings().of(address);
    let params = Params::new().text("accountemail", &address).names("accountpropertylist", names);
    let result = client.read(phase, PROPERTIES, &params).await?;
    Properties::read(&result).map_err(|misfit| refused(PROPERTIES, misfit))
}

/// What is read of accounts.
pub(super) struct Asked<'a> {
    pub directory: &'a Directory,
    pub services: ServiceSet,
    /// What its list said of each row's `admintype`.
    pub listed: &'a [Tri],
    /// Names that may be aliases.
    pub sought: &'a mut Sought,
    pub today: Option<Date>,
}

/// Reads all user accounts of a directory.
pub(super) async fn read(
    client: &Client,
    asked: Asked<'_>,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Accounts, CallError> {
    let Asked { directory, services, listed, sought, today } = asked;
    let rows = directory.len();
    let mut columns = Columns {
        bits: vec![ServiceBits::default(); rows],
        facts: listed
            .iter()
            .map(|admin| AccountFacts {
                // A 0 in the list is no proof (reference 11).
                admin: if admin.certain() { Tri::Yes } else { Tri::Unread },
                ..AccountFacts::default()
            })
            .collect(),
    };
    if services.is_empty() || rows == 0 {
        return Ok(Accounts { columns, not_offered: ServiceSet::EMPTY, unread: Vec::new() });
    }
    let console = console(client, directory).await?;
    let mut names = names(services, console.as_ref(), &FACTS);
    if sought.is_open() {
        // The console is asked for names that begin with `U_`; the other is in every recording.
        let [text, list] = ALIASES;
        names.push(if console.as_ref().is_some_and(|console| console.has(text)) { text } else { list });
    }
    let names: Arc<[&'static str]> = names.into();
    let lacks = |name| console.as_ref().is_some_and(|console| !console.has(name));
    let (no_guests, no_end) = (lacks(GUEST), lacks(EXPIRES));
    let mut unread: BTreeMap<String, u64> = BTreeMap::new();
    let silent = Arc::new(AtomicU32::new(0));
    let mut done = 0;
    let jobs = directory.rows().map(|row| (row, directory.address(row).to_owned()));
    let one = |(row, address): (Row, String)| {
        let (client, names, silent) = (client.clone(), Arc::clone(&names), Arc::clone(&silent));
        async move { Ok((row, account(&client, &address, &names, &silent).await?)) }
    };
    gather(client.limits().in_flight, jobs, one, |(row, read)| {
        match read {
            Ok(properties) => {
                columns.bits[row.index()] = readers::service_bits(&properties, services);
                let facts = &mut columns.facts[row.index()];
                *facts = readers::account_facts(&properties, listed[row.index()], today);
                // The version has no such accounts, which is a fact and not a gap.
                facts.guest = if no_guests { Tri::No } else { facts.guest };
                facts.expired = if no_end { Tri::No } else { facts.expired };
                if let Some(aliases) = readers::aliases(&properties) {
                    sought.note(directory.address(row), &aliases);
                }
            }
            Err(why) => *unread.entry(why).or_default() += 1,
        }
        done += 1;
        progress(Progress { phase: Phase::Accounts, done, total: Some(rows as u64) });
    })
    .await?;
    for row in directory.rows().filter(|row| !directory.is_planned_on(*row)) {
        // Whatever it says of itself, nobody knows whether it takes a seat (U-43).
        columns.facts[row.index()].guest = Tri::Yes;
    }
    let not_offered = not_offered(services, console.as_ref(), &columns);
    Ok(Accounts {
        columns,
        not_offered,
        unread: unread.into_iter().map(|(why, n)| counted(n, &why)).collect(),
    })
}

fn counted(accounts: u64, why: &str) -> String {
    if accounts == 1 {
        format!("1 account could not be read: {why}")
    } else {
        format!("{accounts} accounts could not be read: {why}")
    }
}

/// So many accounts in a row that no answer came for are no accident: the server does not answer any more.
const SILENT_MAX: u32 = 5;

/// An account that the server does not give is unread, for instance because it went away since it was listed.
/// What concerns the whole conversation ends the read. `silent` counts the accounts in a row without an answer.
async fn account(
    client: &Client,
    address: &str,
    names: &[&str],
    silent: &AtomicU32,
) -> Result<Result<Properties, String>, CallError> {
    let read = properties_of(client, Phase::Accounts, address, names).await;
    match read {
        Err(error @ CallError::Unanswered { .. }) => {
            let in_a_row = silent.fetch_add(1, Ordering::Relaxed) + 1;
            let ends = in_a_row >= SILENT_MAX || error.command() != PROPERTIES;
            return if ends { Err(error) } else { Ok(Err(chain(&error))) };
        }
        _ => silent.store(0, Ordering::Relaxed),
    }
    match read {
        Ok(properties) => Ok(Ok(properties)),
        Err(CallError::Refused { why: Refusal::Zero, .. }) => Ok(Err(Refusal::Zero.to_string())),
        Err(error) => match error.bears() {
            None | Some(Bears::Session | Bears::Login | Bears::Protocol | Bears::Licence) => Err(error),
            Some(_) => Ok(Err(error.uid().map(ToString::to_string).unwrap_or_default())),
        },
    }
}

/// Asks which account variables this version has (U-19, U-33), page by page where the server gives fewer than were
/// asked for (U-8). `None` where the server does not tell, or not all of it: then only values count.
async fn console(client: &Client, directory: &Directory) -> Result<Option<Console>, CallError> {
    let row = directory.row(client.account()).unwrap_or(Row::FIRST);
    let address = client.spellings().of(directory.address(row));
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut offset = 0;
    for _ in 0..CONSOLE_PAGES_MAX {
        let params = Params::new()
            .text("accountemail", &address)
            .group("filter", |filter| filter.text("mask", "u_*"))
            .number("offset", offset)
            .number("count", CONSOLE_COUNT)
            .number("comments", 0);
        let result = match client.read(Phase::Accounts, "getaccountapiconsole", &params).await {
            Ok(result) => result,
            Err(error) if error.ends_it_all() => return Err(error),
            // An answer we cannot read is no reason to stop: the console is a help and not a need.
            Err(CallError::Refused { .. } | CallError::Unreadable { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let (Ok(page), Ok(properties)) = (readers::page(&result), Properties::read(&result)) else {
            return Ok(None);
        };
        let Some(overall) = page.overall else { return Ok(None) };
        if page.offset.is_some_and(|told| told != offset) {
            return Ok(None);
        }
        names.extend(properties.names().map(str::to_owned));
        offset += page.items.len() as u64;
        if offset >= overall || page.items.is_empty() {
            let whole = names.len() as u64 >= overall;
            // A list in which no switch at all stands is not the one that was asked for.
            let told = Console(names);
            let sound = SERVICES.iter().any(|row| told.has(row.switch));
            return Ok((whole && sound).then_some(told));
        }
    }
    Ok(None)
}

/// A service whose switch the console does not list, and of which no account gave a value.
fn not_offered(services: ServiceSet, console: Option<&Console>, columns: &Columns) -> ServiceSet {
    let Some(console) = console else { return ServiceSet::EMPTY };
    let absent: ServiceSet =
        services.iter().filter(|service: &Service| !console.has(properties::of(*service).switch)).collect();
    let valued = columns.bits.iter().fold(ServiceSet::EMPTY, |set, bits| set.union(bits.known));
    absent.without(valued)
}
