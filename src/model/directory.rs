//! The accounts, domains and groups that exist on a server.
//!
//! One text and rows of offsets: the user accounts' addresses stand in one string, sorted, and a row is a
//! number. Everything else that is known of accounts is a column over the same rows. A map of a million
//! addresses would cost more than the whole difference.

use std::collections::BTreeMap;
use std::ops::Range;

use super::address::domain_of;
use super::{Address, Rows};

/// What a domain is (reference 1.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DomainKind {
    Standard,
    Etrn,
    Alias,
    Backup,
    Distributed,
    Service,
    /// A number that the reference does not list.
    Other(i64),
}

impl DomainKind {
    /// The kind of a `domaintype` (reference 1.6); a number that nobody has listed is kept as it is.
    pub fn from_number(number: i64) -> DomainKind {
        match number {
            0 => DomainKind::Standard,
            1 => DomainKind::Etrn,
            2 => DomainKind::Alias,
            3 => DomainKind::Backup,
            4 => DomainKind::Distributed,
            5 => DomainKind::Service,
            other => DomainKind::Other(other),
        }
    }
}

/// What an account is (reference 1.6). Only users carry policies and take seats (SEAT-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountKind {
    User,
    MailingList,
    Group,
    Resource,
    /// Any other number: executable, notification, static route, catalog, list server, or one not listed.
    Other(i64),
}

impl AccountKind {
    /// The kind of an `accounttype` (reference 1.6); a number that nobody has listed is kept as it is.
    pub fn from_number(number: i64) -> AccountKind {
        match number {
            0 => AccountKind::User,
            1 => AccountKind::MailingList,
            7 => AccountKind::Group,
            8 => AccountKind::Resource,
            other => AccountKind::Other(other),
        }
    }
}

/// The user accounts in a group, groups in it expanded; or why they are not known (U-41).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Members {
    Rows(Rows),
    Unread(String),
}

/// All that exists. User accounts are rows `0..len()`, sorted by address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    text: String,
    /// Row `i` is `text[ends[i - 1]..ends[i]]`.
    ends: Vec<u32>,
    /// For each row the index of its domain in `domains`.
    domain_rows: Vec<u32>,
    /// All rows, those of one domain together; domain `i` has `by_domain[domain_starts[i]..domain_starts[i + 1]]`.
    by_domain: Vec<u32>,
    domain_starts: Vec<u32>,
    domains: Vec<(Box<str>, DomainKind)>,
    others: BTreeMap<Address, AccountKind>,
    groups: BTreeMap<Address, Members>,
    /// Why lists that were read are not whole; while any is here nothing may be disabled.
    pub incomplete: Vec<String>,
}

impl Directory {
    /// The number of user accounts.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no user account, though there may be groups and domains.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The address of a row; rows come from this directory, so an index beyond it is our bug.
    pub fn address(&self, row: usize) -> &str {
        let start = if row == 0 { 0 } else { self.ends[row - 1] as usize };
        &self.text[start..self.ends[row] as usize]
    }

    /// The row of an address, given lower-cased.
    pub fn row(&self, address: &str) -> Option<usize> {
        let row = self.first_not_below(address);
        (row < self.len() && self.address(row) == address).then_some(row)
    }

    /// The rows whose address starts with `prefix`.
    pub fn rows_with_prefix(&self, prefix: &str) -> Range<usize> {
        let start = self.first_not_below(prefix);
        let mut low = start;
        let mut high = self.len();
        while low < high {
            let middle = low + (high - low) / 2;
            if self.address(middle).starts_with(prefix) { low = middle + 1 } else { high = middle }
        }
        start..low
    }

    fn first_not_below(&self, text: &str) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.address(middle) < text { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// All domains, sorted by name.
    pub fn domains(&self) -> &[(Box<str>, DomainKind)] {
        &self.domains
    }

    /// The kind of a domain, by its lower-cased name; `None` where no list named it and no account is in it.
    pub fn domain_kind(&self, name: &str) -> Option<DomainKind> {
        self.domain_index(name).map(|index| self.domains[index].1)
    }

    /// The index in [`Directory::domains`], by the lower-cased name.
    pub fn domain_index(&self, name: &str) -> Option<usize> {
        self.domains.binary_search_by(|(domain, _)| (**domain).cmp(name)).ok()
    }

    /// The index, in [`Directory::domains`], of the domain of each row.
    pub fn domain_column(&self) -> &[u32] {
        &self.domain_rows
    }

    /// The rows of one domain, by its index, ascending.
    pub fn rows_of_domain(&self, index: usize) -> &[u32] {
        match (self.domain_starts.get(index), self.domain_starts.get(index + 1)) {
            (Some(start), Some(end)) => &self.by_domain[*start as usize..*end as usize],
            _ => &[],
        }
    }

    /// What the account is that is not a user: a group, a list, …
    pub fn other(&self, address: &str) -> Option<AccountKind> {
        Address::parse(address).ok().and_then(|address| self.others.get(&address).copied())
    }

    /// All accounts that are no users, sorted by address; none of them has a row or takes a seat.
    pub fn others(&self) -> impl Iterator<Item = (&Address, AccountKind)> {
        self.others.iter().map(|(address, kind)| (address, *kind))
    }

    /// The members of a group that was read; `None` where nobody asked for it or it does not exist.
    pub fn group(&self, address: &str) -> Option<&Members> {
        Address::parse(address).ok().and_then(|address| self.groups.get(&address))
    }
}

/// Gathers what was read, in any order, and sorts it once.
#[derive(Debug, Default)]
pub struct DirectoryBuilder {
    users: Vec<Address>,
    domains: BTreeMap<Box<str>, DomainKind>,
    others: BTreeMap<Address, AccountKind>,
    groups: BTreeMap<Address, Result<Vec<String>, String>>,
    incomplete: Vec<String>,
}

impl DirectoryBuilder {
    /// A domain that a list named; named twice, the last kind holds.
    pub fn domain(&mut self, name: &str, kind: DomainKind) -> &mut Self {
        self.domains.insert(name.to_lowercase().into(), kind);
        self
    }

    /// An account of any kind. One that is seen twice counts once (U-34).
    pub fn account(&mut self, address: Address, kind: AccountKind) -> &mut Self {
        match kind {
            AccountKind::User => self.users.push(address),
            _ => {
                self.others.insert(address, kind);
            }
        }
        self
    }

    /// A group with its direct members as the server gave them, or why they could not be read.
    pub fn group(&mut self, address: Address, members: Result<Vec<String>, String>) -> &mut Self {
        self.groups.insert(address, members);
        self
    }

    /// A list that was not read to its end, and why.
    pub fn incomplete(&mut self, why: impl Into<String>) -> &mut Self {
        self.incomplete.push(why.into());
        self
    }

    /// Sorts everything once and gives rows their numbers, which hold for this directory only.
    pub fn build(mut self) -> Directory {
        self.users.sort_unstable();
        self.users.dedup();
        for user in &self.users {
            if !self.domains.contains_key(user.domain()) {
                // No list named it, so nothing says that it is a standard one.
                self.domains.insert(user.domain().into(), DomainKind::Other(-1));
            }
        }
        let domains: Vec<_> = self.domains.into_iter().collect();
        let mut directory = Directory {
            text: String::with_capacity(self.users.iter().map(|user| user.as_str().len()).sum()),
            ends: Vec::with_capacity(self.users.len()),
            domain_rows: Vec::with_capacity(self.users.len()),
            by_domain: Vec::new(),
            domain_starts: Vec::new(),
            domains,
            others: self.others,
            groups: BTreeMap::new(),
            incomplete: self.incomplete,
        };
        for user in &self.users {
            directory.text.push_str(user.as_str());
            directory.ends.push(u32::try_from(directory.text.len()).unwrap_or(u32::MAX));
            let index = directory.domain_index(user.domain()).unwrap_or_default();
            directory.domain_rows.push(u32::try_from(index).unwrap_or_default());
        }
        (directory.by_domain, directory.domain_starts) =
            by_domain(&directory.domain_rows, directory.domains.len());
        let direct: BTreeMap<Address, Direct> = self
            .groups
            .into_iter()
            .map(|(group, members)| {
                let direct = direct(&group, members, &directory);
                (group, direct)
            })
            .collect();
        directory.groups =
            direct.keys().map(|group| (group.clone(), expand(group, &direct, directory.len()))).collect();
        directory
    }
}

/// Sorts the rows by their domain, by counting.
fn by_domain(domain_rows: &[u32], domains: usize) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0u32; domains + 1];
    for domain in domain_rows {
        starts[*domain as usize + 1] += 1;
    }
    for index in 1..starts.len() {
        starts[index] += starts[index - 1];
    }
    let mut next = starts.clone();
    let mut rows = vec![0u32; domain_rows.len()];
    for (row, domain) in domain_rows.iter().enumerate() {
        let place = &mut next[*domain as usize];
        rows[*place as usize] = row as u32;
        *place += 1;
    }
    (rows, starts)
}

/// What stands in a group itself: rows of users, and groups; or why that is not known.
type Direct = Result<(Vec<u32>, Vec<Address>), String>;

/// Understands the members of one group. Their texts are looked at once, however many groups hold this one.
///
/// A member is understood when it is a user, a group, another account that is no user (it carries no policy,
/// SEAT-2), or an address in a domain that is not on this server. Anything else – an alias, a whole domain, an
/// account that is gone – makes the group unread: whom it means cannot be told (U-41).
fn direct(group: &Address, members: Result<Vec<String>, String>, directory: &Directory) -> Direct {
    let members = members.map_err(|why| format!("{group}: {why}"))?;
    let (mut rows, mut groups) = (Vec::new(), Vec::new());
    for member in members {
        let Ok(address) = Address::parse(&member) else {
            return Err(format!("its member `{member}` is no address"));
        };
        if let Some(row) = directory.row(address.as_str()) {
            rows.push(u32::try_from(row).unwrap_or(u32::MAX));
            continue;
        }
        match directory.others.get(&address) {
            Some(AccountKind::Group) => groups.push(address),
            Some(AccountKind::MailingList) => {
                return Err(format!("its member {address} is a mailing list"));
            }
            Some(_) => {}
            None if directory.domain_index(domain_of(address.as_str())).is_some() => {
                return Err(format!("its member {address} is no account of this server"));
            }
            None => {}
        }
    }
    Ok((rows, groups))
}

/// The user accounts of a group, with groups in it expanded and cycles cut. One group in it that was not read, or
/// cannot be understood, makes it unread.
fn expand(group: &Address, direct: &BTreeMap<Address, Direct>, accounts: usize) -> Members {
    let mut all = Rows::none(accounts);
    let mut open = vec![group];
    let mut seen = std::collections::BTreeSet::from([group]);
    while let Some(current) = open.pop() {
        match direct.get(current) {
            Some(Ok((rows, groups))) => {
                rows.iter().for_each(|row| all.insert(*row as usize));
                open.extend(groups.iter().filter(|group| seen.insert(*group)));
            }
            Some(Err(why)) => return Members::Unread(why.clone()),
            None => return Members::Unread(format!("{current}, a group in it, was not read")),
        }
    }
    Members::Rows(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    fn built(members: &[(&str, &[&str])]) -> Directory {
        let mut builder = DirectoryBuilder::default();
        builder.domain("example.com", DomainKind::Standard);
        for user in ["b@example.com", "a@example.com", "b@example.com", "aa@example.com"] {
            builder.account(address(user), AccountKind::User);
        }
        builder.account(address("list@example.com"), AccountKind::MailingList);
        builder.account(address("room@example.com"), AccountKind::Resource);
        for (group, members) in members {
            builder.account(address(group), AccountKind::Group);
            builder.group(address(group), Ok(members.iter().map(ToString::to_string).collect()));
        }
        builder.build()
    }

    #[test]
    fn rows_are_sorted_and_an_address_seen_twice_counts_once() {
        let directory = built(&[]);
        let all: Vec<_> = (0..directory.len()).map(|row| directory.address(row)).collect();
        assert_eq!(all, ["a@example.com", "aa@example.com", "b@example.com"]);
        assert_eq!(directory.row("aa@example.com"), Some(1));
        assert_eq!(directory.row("c@example.com"), None);
        assert_eq!(directory.rows_with_prefix("a"), 0..2);
        assert_eq!(directory.rows_with_prefix("zz"), 3..3);
    }

    #[test]
    fn a_domain_that_no_list_named_is_no_standard_one() {
        let mut builder = DirectoryBuilder::default();
        builder.domain("example.com", DomainKind::Standard);
        builder.account(address("a@example.com"), AccountKind::User);
        builder.account(address("b@other.test"), AccountKind::User);
        let directory = builder.build();
        assert_eq!(directory.domain_kind("example.com"), Some(DomainKind::Standard));
        assert_eq!(directory.domain_kind("other.test"), Some(DomainKind::Other(-1)));
    }

    #[test]
    fn what_makes_a_group_unread_is_told_by_every_group_that_holds_it() {
        let mut builder = DirectoryBuilder::default();
        builder.domain("example.com", DomainKind::Standard);
        builder.account(address("a@example.com"), AccountKind::User);
        let held = |name: &str| Ok(vec!["a@example.com".to_owned(), name.to_owned()]);
        for (group, members) in [
            ("top@example.com", held("middle@example.com")),
            ("middle@example.com", held("bottom@example.com")),
            ("bottom@example.com", Err("it was refused".to_owned())),
            ("away@example.com", held("unasked@example.com")),
        ] {
            builder.account(address(group), AccountKind::Group).group(address(group), members);
        }
        builder.account(address("unasked@example.com"), AccountKind::Group);
        let directory = builder.build();
        for group in ["top@example.com", "middle@example.com", "bottom@example.com"] {
            let why = Members::Unread("bottom@example.com: it was refused".to_owned());
            assert_eq!(directory.group(group), Some(&why), "{group}");
        }
        let why = Members::Unread("unasked@example.com, a group in it, was not read".to_owned());
        assert_eq!(directory.group("away@example.com"), Some(&why));
    }

    #[test]
    fn groups_in_groups_are_expanded_and_cycles_are_cut() {
        let directory = built(&[
            ("g@example.com", &["A@example.com", "h@example.com"]),
            ("h@example.com", &["b@example.com", "g@example.com", "room@example.com", "x@elsewhere.test"]),
        ]);
        for group in ["g@example.com", "h@example.com"] {
            let Some(Members::Rows(rows)) = directory.group(group) else { panic!("{group} was not read") };
            assert_eq!(rows.iter().collect::<Vec<_>>(), [0, 2]);
        }
    }

    #[test]
    fn a_member_that_cannot_be_understood_makes_the_group_unread() {
        for member in ["gone@example.com", "[example.com]", "list@example.com", "k@example.com"] {
            let directory =
                built(&[("g@example.com", &["a@example.com", member]), ("k@example.com", &["???"])]);
            assert!(
                matches!(directory.group("g@example.com"), Some(Members::Unread(_))),
                "{member} was taken as understood"
            );
        }
    }

    #[test]
    fn a_group_in_a_group_that_was_not_read_makes_both_unread() {
        for nested in [None, Some("the call failed")] {
            let mut builder = DirectoryBuilder::default();
            builder.account(address("a@example.com"), AccountKind::User);
            for group in ["g@example.com", "h@example.com", "k@example.com"] {
                builder.account(address(group), AccountKind::Group);
            }
            let members = |members: &[&str]| Ok(members.iter().map(ToString::to_string).collect());
            builder.group(address("g@example.com"), members(&["a@example.com", "h@example.com"]));
            builder.group(address("h@example.com"), members(&["k@example.com"]));
            if let Some(why) = nested {
                builder.group(address("k@example.com"), Err(why.to_owned()));
            }
            let directory = builder.build();
            for group in ["g@example.com", "h@example.com"] {
                let members = directory.group(group);
                assert!(matches!(members, Some(Members::Unread(_))), "{group} is {members:?}, k {nested:?}");
            }
        }
    }
}
