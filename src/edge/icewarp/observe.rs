//! One read of a server.
//!
//! Its cost is counted: pages of lists, one call for each user account, and at most twelve others – login, logout,
//! three for the licence, one or two for its order id and counters, modes, backup, console – where nothing is odd.

use std::collections::{BTreeMap, BTreeSet};

use super::accounts;
use super::aliases::{AliasDomains, Sought};
use super::codec::Element;
use super::encode::Params;
use super::error::{CallError, Refusal};
use super::lists::{Listed, Row, gather, list, refused, unless_refused};
use super::properties;
use super::readers::{self, Properties};
use super::server;
use super::session::Client;
use super::uids::Bears;
use crate::edge::port::{Phase, Progress, Wanted};
use crate::model::address::{compared, compared_domain, domain_of};
use crate::model::observed::DomainSwitches;
use crate::model::{
    AccountKind, Address, Directory, DirectoryBuilder, DomainKind, Observed, Reading, ServiceSet, Tri,
};

/// Reads what is wanted. An error ends it: a part of a server is never taken for the whole. What a list lacks is
/// told in `Directory::incomplete`.
pub async fn observe(
    client: &Client,
    wanted: &Wanted,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Observed, CallError> {
    // First, because it shows whether we have rights at all.
    let Lists { mut directory, listed, mut alias_domains, mut unread } =
        directory(client, wanted, progress).await?;
    let mut sought = Sought::of(client, &directory, wanted, &mut alias_domains).await?;
    let (licence, version) = server::licence(client, wanted.licence).await?;
    progress(Progress { phase: Phase::Licence, done: 1, total: Some(1) });
    let modes = server::modes(client, wanted.services).await?;
    let backup = server::backup(client, Phase::Settings, &wanted.backup).await?;
    progress(Progress { phase: Phase::Settings, done: 1, total: Some(1) });
    let asked = accounts::Asked {
        directory: &directory,
        services: if wanted.accounts { wanted.services } else { ServiceSet::EMPTY },
        listed: &listed,
        sought: &mut sought,
        today: wanted.today,
    };
    let read = accounts::read(client, asked, progress).await?;
    directory.resolve(sought.found(), alias_domains.targets());
    unread.extend(read.unread);
    Ok(Observed {
        directory,
        asked: wanted.services,
        columns: read.columns,
        licence,
        backup,
        modes,
        domain_switches: BTreeMap::new(),
        version,
        not_offered: read.not_offered,
        unread,
    })
}

/// What the lists give, before it is sorted into a directory.
#[derive(Default)]
struct Gathered {
    builder: DirectoryBuilder,
    /// Users with what the list says of `admintype`.
    users: Vec<(Address, Tri)>,
    others: BTreeMap<Address, AccountKind>,
    whole: bool,
    alias_domains: AliasDomains,
    /// What could not be listed, and is counted in another way.
    unread: Vec<String>,
}

/// What the lists give.
pub(super) struct Lists {
    pub directory: Directory,
    /// Of each row what its list says of `admintype`.
    pub listed: Vec<Tri>,
    pub alias_domains: AliasDomains,
    pub unread: Vec<String>,
}

pub(super) async fn directory(
    client: &Client,
    wanted: &Wanted,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Lists, CallError> {
    let mut gathered = Gathered { whole: true, ..Gathered::default() };
    let domains = domains(client, &mut gathered).await?;
    progress(Progress { phase: Phase::Lists, done: 1, total: None });
    if wanted.accounts || !wanted.groups.is_empty() {
        account_lists(client, &domains, &mut gathered, progress).await?;
        gathered.alias_domains.ask(client, wanted.domains.iter().map(String::as_str)).await?;
        groups(client, &wanted.groups, &mut gathered).await?;
    }
    let directory = gathered.builder.build();
    let mut listed = vec![Tri::Unread; directory.len()];
    for (address, admin) in &gathered.users {
        if let Some(row) = directory.row(address.as_str())
            && !listed[row.index()].certain()
        {
            listed[row.index()] = *admin;
        }
    }
    let Gathered { alias_domains, unread, .. } = gathered;
    Ok(Lists { directory, listed, alias_domains, unread })
}

/// A domain whose accounts are listed.
#[derive(Debug, Clone)]
struct Home {
    name: String,
    is_empty: bool,
}

/// The internal domain is the server's own (reference 7).
fn is_internal(domain: &str) -> bool {
    domain.starts_with("##")
}

/// The domains whose accounts are listed: their names, and whether the list of domains says that there are none.
async fn domains(client: &Client, gathered: &mut Gathered) -> Result<Vec<Home>, CallError> {
    let command = "getdomainsinfolist";
    let params = |offset, count| {
        Params::new()
            .group("filter", |filter| filter.text("namemask", "*"))
            .number("offset", offset)
            .number("count", count)
    };
    let row = |item: &Element| {
        let row = readers::domain_row(item);
        let key = row.name.clone();
        let value = if key.is_empty() { Err("a domain without a name".to_owned()) } else { Ok(row) };
        Row { key, value }
    };
    let listed = list(client, command, "the list of domains", params, row)
        .await
        .map_err(|error| no_rights(error, "the list of domains"))?;
    if listed.empty {
        let what = format!(
            "it lists no domain, although {} must be in one; so the account may not read",
            client.account()
        );
        return Err(CallError::Refused { command, why: Refusal::NoRights(what) });
    }
    let own = domain_of(client.account());
    let whole = listed.incomplete.is_empty();
    // The administrator of the whole server is in no domain.
    let has_domain = client.account().contains('@');
    if has_domain && whole && !listed.rows.iter().any(|row| compared_domain(&row.name) == own) {
        let what = format!("it does not list {own}, the account's own domain; so the account may not read");
        return Err(CallError::Refused { command, why: Refusal::NoRights(what) });
    }
    note(gathered, listed.incomplete);
    let mut rows = listed.rows;
    for row in &mut rows {
        client.spellings().learn_domain(&row.name);
        row.name = compared_domain(&row.name).into_owned();
    }
    let untyped: Vec<String> = rows
        .iter()
        .filter(|row| !is_internal(&row.name))
        .filter(|row| row.kind.is_none())
        .map(|row| row.name.clone())
        .collect();
    let asked = domain_types(client, untyped.into_iter()).await?;
    let mut names = Vec::new();
    for row in rows {
        // A domain without a type is listed, and can never pass for a standard one.
        let number = row.kind.or_else(|| asked.get(&row.name).copied()).unwrap_or(-1);
        let kind = match is_internal(&row.name) {
            true => DomainKind::Internal,
            false => DomainKind::from_number(number),
        };
        gathered.builder.domain(&row.name, kind);
        // Its accounts are the target's, where the server gives any (U-34).
        match kind {
            DomainKind::Alias => gathered.alias_domains.add(&row.name),
            _ => names.push(Home { name: row.name, is_empty: row.accounts == Some(0) }),
        }
    }
    Ok(names)
}

/// The types of domains that the list gives without one: each domain says it itself. One that does not is left
/// out.
async fn domain_types(
    client: &Client,
    domains: impl Iterator<Item = String>,
) -> Result<BTreeMap<String, i64>, CallError> {
    let command = "getdomainproperties";
    let one = |domain: String| {
        let client = client.clone();
        let spelled = client.spellings().of(&domain);
        let params =
            Params::new().text("domainstr", &spelled).names("domainpropertylist", &[properties::DOMAIN_TYPE]);
        async move {
            let read = match client.read(Phase::Lists, command, &params).await {
                Ok(result) => Properties::read(&result).map_err(|misfit| refused(command, misfit)),
                Err(error) => Err(error),
            };
            Ok((domain, unless_refused(read)?))
        }
    };
    let mut types = BTreeMap::new();
    gather(client.limits().in_flight, domains, one, |(domain, properties)| {
        if let Reading::Read(number) = properties.number(properties::DOMAIN_TYPE) {
            types.insert(domain, number);
        }
    })
    .await?;
    Ok(types)
}

/// A refusal to read what must exist means that we may not read (U-39), whatever the id says.
fn no_rights(error: CallError, what: &str) -> CallError {
    match error {
        CallError::Refused { command, why: Refusal::Uid(uid) }
            if !matches!(uid.bears(), Bears::Session | Bears::Protocol | Bears::Licence) =>
        {
            CallError::Refused { command, why: Refusal::NoRights(format!("it does not give {what}: {uid}")) }
        }
        CallError::Refused { command, why: Refusal::Zero } => {
            let why = Refusal::NoRights(format!("it answers 0 and does not give {what}"));
            CallError::Refused { command, why }
        }
        other => other,
    }
}

fn note(gathered: &mut Gathered, incomplete: Vec<String>) {
    for why in incomplete {
        gathered.whole = false;
        gathered.builder.incomplete(why);
    }
}

struct Account {
    address: Address,
    /// As it is listed.
    email: String,
    kind: AccountKind,
    admin: Tri,
}

async fn account_lists(
    client: &Client,
    domains: &[Home],
    gathered: &mut Gathered,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<(), CallError> {
    let total = domains.len() as u64 + 1;
    let one = |home: &Home| {
        let (client, home) = (client.clone(), home.clone());
        async move {
            let mut listed = accounts_of(&client, &home.name).await?;
            if listed.bare && home.is_empty {
                // Two calls say of it that it is empty, each in its own way.
                listed.incomplete.clear();
            }
            Ok::<_, CallError>((home.name, listed))
        }
    };
    let mut lists = BTreeMap::new();
    let mut done = 1;
    gather(client.limits().in_flight, domains, one, |(domain, listed)| {
        lists.insert(domain, listed);
        done += 1;
        progress(Progress { phase: Phase::Lists, done, total: Some(total) });
    })
    .await?;
    let own = domain_of(client.account()).to_owned();
    if let Some(listed) = lists.get(&own) {
        own_account(client, listed).await?;
    }
    // In the order of their names, so that the same server gives the same sentences.
    for (domain, listed) in lists {
        if is_internal(&domain) {
            guests(&domain, listed, gathered);
            continue;
        }
        note(gathered, listed.incomplete);
        for account in listed.rows {
            gathered.builder.account(account.address.clone(), account.kind);
            if account.kind == AccountKind::User {
                gathered.users.push((account.address, account.admin));
            } else {
                gathered.others.insert(account.address, account.kind);
            }
        }
    }
    Ok(())
}

/// The accounts of the server's own domain. Where they are not all given, those that are missing show in the server's own
/// count of users; nothing else rests on them, so this makes no list incomplete.
fn guests(domain: &str, listed: Listed<Account>, gathered: &mut Gathered) {
    for why in listed.incomplete {
        gathered.unread.push(format!("{why}; how many guests are accounts of {domain} is not known"));
    }
    for account in listed.rows.into_iter().filter(|account| account.kind == AccountKind::User) {
        gathered.builder.guest(account.address);
    }
}

async fn accounts_of(client: &Client, domain: &str) -> Result<Listed<Account>, CallError> {
    let command = "getaccountsinfolist";
    let what = format!("the list of accounts of {domain}");
    let spelled = client.spellings().of(domain);
    let params = |offset, count| {
        Params::new()
            .text("domainstr", &spelled)
            .group("filter", |filter| filter.text("namemask", "*"))
            .number("offset", offset)
            .number("count", count)
    };
    match list(client, command, &what, params, account_row).await {
        Ok(Listed { rows, incomplete, empty, bare }) => {
            // The server's own (reference 7). A user of that name would be somebody.
            let somebody = |account: &Account| {
                account.kind != AccountKind::Group || !account.address.as_str().starts_with("public-folders@")
            };
            let rows: Vec<Account> = rows.into_iter().flatten().filter(somebody).collect();
            let incomplete = incomplete.into_iter().chain(two_spellings(&what, &rows)).collect();
            rows.iter().for_each(|account| client.spellings().learn(&account.email));
            Ok(Listed { rows, incomplete, empty, bare })
        }
        // Nothing says that the server gives its own domain to anybody.
        Err(error @ CallError::Refused { .. }) if is_internal(domain) && !error.session_lost() => {
            let why = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            Ok(Listed {
                rows: Vec::new(),
                incomplete: vec![format!("{what} was refused: {why}")],
                empty: true,
                bare: false,
            })
        }
        // It went away since the domains were listed.
        Err(error) if error.bears() == Some(Bears::DomainGone) && domain != domain_of(client.account()) => {
            let why =
                format!("{what} was refused: {}", error.uid().map(ToString::to_string).unwrap_or_default());
            Ok(Listed { rows: Vec::new(), incomplete: vec![why], empty: false, bare: false })
        }
        Err(error) => Err(no_rights(error, &what)),
    }
}

/// Accounts whose addresses differ in nothing that is compared (U-44): which of them is meant could not be told.
fn two_spellings(what: &str, rows: &[Account]) -> Option<String> {
    let mut met: BTreeMap<&Address, String> = BTreeMap::new();
    for account in rows {
        let listed = account.email.to_lowercase();
        // Nearly all are spelled as they are compared, and of these the list has each once.
        if listed.is_ascii() && !listed.contains("xn--") {
            continue;
        }
        if let Some(before) = met.insert(&account.address, listed.clone()).filter(|before| *before != listed)
        {
            return Some(format!("{what} has one address in two spellings, {before} and {listed}"));
        }
    }
    None
}

/// `None` for what has an address that is none and carries no policy anyway, such as a static route.
fn account_row(item: &Element) -> Row<Option<Account>> {
    let row = readers::account_row(item);
    let key = row.email.clone();
    let value = match (Address::parse(&row.email), row.kind) {
        (Ok(address), Some(kind)) => Ok(Some(Account {
            address,
            email: row.email.clone(),
            kind: AccountKind::from_number(kind),
            admin: row.admin,
        })),
        (Err(_), Some(kind)) if readers::carries_no_policy(kind) && !row.email.is_empty() => Ok(None),
        (Err(error), _) => Err(format!("its address is `{}`; {error}", row.email)),
        (Ok(address), None) => Err(format!("{address} has no account type")),
    };
    Row { key, value }
}

/// The account we log in with must be in its domain's list. It may have logged in under an alias; the session
/// knows its own address, and is asked only then.
async fn own_account(client: &Client, listed: &Listed<Account>) -> Result<(), CallError> {
    let command = "getaccountsinfolist";
    let own = client.account();
    let refusal = |what: String| CallError::Refused { command, why: Refusal::NoRights(what) };
    if listed.empty {
        return Err(refusal(format!("it lists no account of {}, not even {own}", domain_of(own))));
    }
    if !listed.incomplete.is_empty() || listed.rows.iter().any(|account| account.address.as_str() == own) {
        return Ok(());
    }
    let session = client.read(Phase::Lists, "getsessioninfo", &Params::new()).await;
    let named = match session {
        Ok(session) => compared(session.field("email").unwrap_or_default()).into_owned(),
        Err(error @ CallError::Refused { .. }) if error.ends_it_all() => return Err(error),
        Err(CallError::Refused { .. } | CallError::Unreadable { .. }) => String::new(),
        Err(error) => return Err(error),
    };
    let elsewhere = !named.is_empty() && domain_of(&named) != domain_of(own);
    if elsewhere || listed.rows.iter().any(|account| account.address.as_str() == named) {
        return Ok(());
    }
    Err(refusal(format!("it does not list {own}, the account we logged in with")))
}

/// Reads the members of the wanted groups, and of groups found in them (U-41).
async fn groups(client: &Client, wanted: &[Address], gathered: &mut Gathered) -> Result<(), CallError> {
    let mut asked: BTreeSet<Address> = BTreeSet::new();
    let mut next: Vec<Address> = wanted.to_vec();
    while !next.is_empty() {
        gathered.alias_domains.ask(client, next.iter().map(Address::domain)).await?;
        for group in &mut next {
            if let Some(translated) = gathered.alias_domains.translated(group) {
                *group = translated;
            }
        }
        next.retain(|group| asked.insert(group.clone()));
        let readable: Vec<Address> = next.drain(..).filter(|group| is_readable(group, gathered)).collect();
        let one = |group: Address| {
            let client = client.clone();
            async move {
                let members = members(&client, &group).await?;
                Ok((group, members))
            }
        };
        let mut read = BTreeMap::new();
        gather(client.limits().in_flight, readable, one, |(group, members)| {
            read.insert(group, members);
        })
        .await?;
        for (group, members) in read {
            let found: Vec<Address> =
                members.iter().flatten().filter_map(|member| Address::parse(member).ok()).collect();
            gathered.alias_domains.ask(client, found.iter().map(Address::domain)).await?;
            let found =
                found.into_iter().map(|member| gathered.alias_domains.translated(&member).unwrap_or(member));
            next.extend(found.filter(|member| gathered.others.get(member) == Some(&AccountKind::Group)));
            gathered.builder.group(group, members);
        }
    }
    Ok(())
}

/// A name that is no group of this server is noted as unread, or – where the lists are whole – left out, which
/// says that it does not exist.
fn is_readable(group: &Address, gathered: &mut Gathered) -> bool {
    let why = match gathered.others.get(group) {
        Some(AccountKind::Group) => return true,
        Some(AccountKind::MailingList) => "it is a mailing list and not a group",
        Some(_) => "it is no group",
        None if gathered.users.iter().any(|(user, _)| user == group) => {
            "it is a user account and not a group"
        }
        None if gathered.whole => return false,
        None => "it is in no list, and the lists are not whole",
    };
    gathered.builder.group(group.clone(), Err(why.to_owned()));
    false
}

/// The direct members, or why they are not known. A group that is not whole is unread: an account that is missing
/// from it would lose what the group gives.
async fn members(client: &Client, group: &Address) -> Result<Result<Vec<String>, String>, CallError> {
    let command = "getaccountmemberinfolist";
    let spelled = client.spellings().of(group.as_str());
    let params = |offset, count| {
        Params::new()
            .text("who", &spelled)
            .group("filter", |filter| filter.text("namemask", "*"))
            .number("offset", offset)
            .number("count", count)
    };
    let row = |item: &Element| {
        let member = readers::member_row(item);
        // As it came: the same member in two cases is two rows (and one account).
        let key = member.clone();
        let value = if member.is_empty() { Err("a member without a name".to_owned()) } else { Ok(member) };
        Row { key, value }
    };
    match list(client, command, "its list of members", params, row).await {
        Ok(listed) if listed.incomplete.is_empty() => Ok(Ok(listed.rows)),
        Ok(listed) => Ok(Err(listed.incomplete.join("; "))),
        Err(error @ CallError::Refused { why: Refusal::Uid(_) | Refusal::Zero, .. })
            if !error.ends_it_all() =>
        {
            Ok(Err(std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default()))
        }
        Err(error) => Err(error),
    }
}

/// The switches of domains. A domain that is gone, or a service without such a switch, is simply not known.
pub async fn domain_switches(
    client: &Client,
    domains: &[&str],
    services: ServiceSet,
) -> Result<BTreeMap<Box<str>, DomainSwitches>, CallError> {
    let command = "getdomainproperties";
    let asked: Vec<_> = services
        .iter()
        .filter_map(|service| properties::of(service).domain_switch.map(|name| (service, name)))
        .collect();
    let mut switches = BTreeMap::new();
    if asked.is_empty() {
        return Ok(switches);
    }
    let names: Vec<&str> = asked.iter().map(|(_, name)| *name).collect();
    let one = |domain: &&str| {
        let client = client.clone();
        let domain = (*domain).to_owned();
        let spelled = client.spellings().of(&domain);
        let params = Params::new().text("domainstr", &spelled).names("domainpropertylist", &names);
        async move {
            let properties = match client.read(Phase::Settings, command, &params).await {
                Ok(result) => Properties::read(&result).map_err(|misfit| refused(command, misfit)),
                Err(error) => Err(error),
            };
            Ok((domain, unless_refused(properties)?))
        }
    };
    gather(client.limits().in_flight, domains, one, |(domain, properties)| {
        let mut of_domain = DomainSwitches::default();
        for (service, name) in &asked {
            if let Some(on) = properties.flag(name) {
                of_domain.known.insert(*service);
                if on {
                    of_domain.on.insert(*service);
                }
            }
        }
        switches.insert(domain.into(), of_domain);
    })
    .await?;
    Ok(switches)
}
