//! The second pass over the lists, before anything is switched off because of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::error::CallError;
use super::observe;
use super::session::Client;
use crate::edge::port::{Progress, Wanted};
use crate::model::address::domain_of;
use crate::model::{AccountKind, Directory, DomainKind, Members};

/// Reads the lists once more and says what differs from before; nothing where both agree. Only two passes that
/// agree show that nothing moved while paging (U-9), so nothing is switched off before this.
pub async fn recheck_lists(
    client: &Client,
    wanted: &Wanted,
    before: &Directory,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Vec<String>, CallError> {
    let mut again = observe::directory(client, wanted, progress).await?.directory;
    // Aliases are told with the accounts, which are not read again.
    again.resolve(before.aliases().clone(), before.alias_domains().clone());
    let mut differences = again.incomplete.clone();
    if again.domains() != before.domains() {
        let moved = Moved::of(&domains_of(before), &domains_of(&again));
        differences.push(format!("the list of domains is another than a moment ago: {moved}"));
    }
    differences.extend(accounts_moved(before, &again));
    for group in &wanted.groups {
        let (was, is) = (members(before, group.as_str()), members(&again, group.as_str()));
        match (was, is) {
            (Some(was), Some(is)) if was == is => {}
            (Some(was), Some(is)) => {
                let moved = Moved::of(&was, &is);
                differences.push(format!("the members of {group} are others than a moment ago: {moved}"));
            }
            _ if again.group(group.as_str()) == before.group(group.as_str()) => {}
            _ => differences.push(format!("the members of {group} are others than a moment ago")),
        }
    }
    Ok(differences)
}

/// The users in a group, by address; `None` where it was not read, or there is none of that name.
fn members<'a>(directory: &'a Directory, group: &str) -> Option<BTreeSet<&'a str>> {
    match directory.group(group)? {
        Members::Rows(rows) => Some(rows.iter().map(|row| directory.address(row)).collect()),
        Members::Unread(_) => None,
    }
}

fn domains_of(directory: &Directory) -> BTreeSet<(&str, DomainKind)> {
    directory.domains().iter().map(|(name, kind)| (&**name, *kind)).collect()
}

/// For each domain whose accounts are not those of before, how many came and went.
fn accounts_moved(before: &Directory, again: &Directory) -> Vec<String> {
    let of_domain = |directory: &Directory| {
        let mut accounts: BTreeMap<String, BTreeSet<(String, AccountKind)>> = BTreeMap::new();
        let users = directory.rows().map(|row| (directory.address(row).to_owned(), AccountKind::User));
        let others = directory.others().map(|(address, kind)| (address.as_str().to_owned(), kind));
        for (address, kind) in users.chain(others) {
            accounts.entry(domain_of(&address).to_owned()).or_default().insert((address, kind));
        }
        accounts
    };
    let same_users =
        again.len() == before.len() && again.rows().all(|row| again.address(row) == before.address(row));
    if same_users && again.others().eq(before.others()) {
        return Vec::new();
    }
    let (before, again) = (of_domain(before), of_domain(again));
    let domains: BTreeSet<&String> = before.keys().chain(again.keys()).collect();
    let none = BTreeSet::new();
    let mut told = Vec::new();
    for domain in domains {
        let (was, is) = (before.get(domain).unwrap_or(&none), again.get(domain).unwrap_or(&none));
        if was != is {
            let moved = Moved::of(was, is);
            told.push(format!("the list of accounts of {domain} is another than a moment ago: {moved}"));
        }
    }
    if told.is_empty() {
        // Something is another, even if it cannot be said what: nothing may rest on it.
        told.push("the lists of accounts are others than a moment ago".to_owned());
    }
    told
}

/// How much two passes over a list differ.
struct Moved {
    came: usize,
    went: usize,
    is: usize,
}

impl Moved {
    fn of<T: Ord>(was: &BTreeSet<T>, is: &BTreeSet<T>) -> Moved {
        Moved { came: is.difference(was).count(), went: was.difference(is).count(), is: is.len() }
    }
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Moved { came, went, is } = self;
        write!(f, "{is} now, {came} new, {went} gone")
    }
}
