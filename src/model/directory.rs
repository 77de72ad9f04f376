//! The accounts, domains and groups that exist on a server.
//!
//! One text and rows of offsets: the user accounts' addresses stand in one string, sorted, and a row is a
//! number. Everything else that is known of accounts is a column over the same rows. A map of a million
//! addresses would cost more than the whole difference.

use std::collections::BTreeMap;

use super::address::{compared, compared_domain};
use super::groups::{Direct, Expanding, GroupNotes, Meant, Members};
use super::{Address, Row, Rows};

/// What a domain is (reference 1.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DomainKind {
    Standard,
    Etrn,
    Alias,
    Backup,
    Distributed,
    Service,
    /// The server's own, whatever its type: guests are accounts of it (U-43). No policy speaks of them.
    Internal,
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

/// All that exists. User accounts are rows `0..len()`, sorted by address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    text: String,
    /// Row `i` is `text[ends[i - 1]..ends[i]]`.
    ends: Vec<u32>,
    /// For each row the index of its domain in `domains`.
    domain_rows: Vec<u32>,
    /// All rows, those of one domain together; domain `i` has `by_domain[domain_starts[i]..domain_starts[i + 1]]`.
    by_domain: Vec<Row>,
    domain_starts: Vec<u32>,
    domains: Vec<(Box<str>, DomainKind)>,
    others: BTreeMap<Address, AccountKind>,
    direct: BTreeMap<Address, Direct>,
    groups: BTreeMap<Address, (Members, GroupNotes)>,
    aliases: BTreeMap<Address, Address>,
    alias_domains: BTreeMap<Box<str>, Box<str>>,
    /// Accounts of the server's own domain.
    guests: Rows,
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

    /// All rows, ascending.
    pub fn rows(&self) -> impl Iterator<Item = Row> + use<> {
        (0..self.len()).map(Row::new)
    }

    /// The address of a row; rows come from this directory, so an index beyond it is our bug.
    pub fn address(&self, row: Row) -> &str {
        self.address_at(row.index())
    }

    fn address_at(&self, row: usize) -> &str {
        let start = if row == 0 { 0 } else { self.ends[row - 1] as usize };
        &self.text[start..self.ends[row] as usize]
    }

    /// The row of an address, in whatever form it is given (U-44); not by an alias.
    pub fn row(&self, address: &str) -> Option<Row> {
        let address = &*compared(address);
        let row = self.first_not_below(address);
        (row < self.len() && self.address_at(row) == address).then_some(Row::new(row))
    }

    /// The rows whose address starts with `prefix`.
    pub fn rows_with_prefix(&self, prefix: &str) -> impl Iterator<Item = Row> + use<> {
        let start = self.first_not_below(prefix);
        let mut low = start;
        let mut high = self.len();
        while low < high {
            let middle = low + (high - low) / 2;
            if self.address_at(middle).starts_with(prefix) { low = middle + 1 } else { high = middle }
        }
        (start..low).map(Row::new)
    }

    fn first_not_below(&self, text: &str) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.address_at(middle) < text { low = middle + 1 } else { high = middle }
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
        let name = &*compared_domain(name);
        self.domains.binary_search_by(|(domain, _)| (**domain).cmp(name)).ok()
    }

    /// The index, in [`Directory::domains`], of the domain of each row.
    pub fn domain_column(&self) -> &[u32] {
        &self.domain_rows
    }

    /// The rows of one domain, by its index, ascending.
    pub fn rows_of_domain(&self, index: usize) -> &[Row] {
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
        self.group_read(address).map(|(members, _)| members)
    }

    /// What a person should know of a group that was read.
    pub fn group_notes(&self, address: &str) -> Option<&GroupNotes> {
        self.group_read(address).map(|(_, notes)| notes)
    }

    fn group_read(&self, address: &str) -> Option<&(Members, GroupNotes)> {
        let address = Address::parse(address).ok()?;
        self.groups.get(&address).or_else(|| self.groups.get(self.aliases.get(&address)?))
    }

    /// Whether policies may speak of an account: not of those that live in the server's own domain (U-43).
    pub fn is_planned_on(&self, row: Row) -> bool {
        !self.guests.contains(row)
    }

    /// The accounts that policies may speak of.
    pub fn planned_on(&self) -> Rows {
        let mut rows = Rows::all(self.len());
        rows.subtract(&self.guests);
        rows
    }

    /// The address of an account, given by it or by one of its aliases that were read (U-45).
    pub fn resolved(&self, address: &str) -> Option<Row> {
        self.row(address).or_else(|| self.row(self.alias(address)?.as_str()))
    }

    /// The account or group that an alias leads to.
    pub fn alias(&self, address: &str) -> Option<&Address> {
        self.aliases.get(&Address::parse(address).ok()?)
    }

    /// All aliases that were read because something names them, and what they lead to.
    pub fn aliases(&self) -> &BTreeMap<Address, Address> {
        &self.aliases
    }

    /// The domain that an alias domain stands for, where that was read.
    pub fn alias_domain(&self, name: &str) -> Option<&str> {
        self.alias_domains.get(&*compared_domain(name)).map(AsRef::as_ref)
    }

    /// All alias domains whose target was read.
    pub fn alias_domains(&self) -> &BTreeMap<Box<str>, Box<str>> {
        &self.alias_domains
    }

    /// Whether an address has a domain of this server and is in none of its lists: an alias, or nobody.
    pub fn is_unknown(&self, address: &Address) -> bool {
        self.meant(address) == Meant::Unknown
    }

    /// Members of groups that are in no list, each once, by address.
    pub fn unknown_members(&self) -> std::collections::BTreeSet<&Address> {
        self.direct.values().flat_map(Direct::unknown).collect()
    }

    /// Notes what aliases lead to, and understands the groups again that name them.
    pub fn resolve(
        &mut self,
        aliases: BTreeMap<Address, Address>,
        alias_domains: BTreeMap<Box<str>, Box<str>>,
    ) {
        self.aliases = aliases;
        self.alias_domains = alias_domains;
        self.expand();
    }

    fn expand(&mut self) {
        let expanding = Expanding {
            direct: &self.direct,
            aliases: &self.aliases,
            accounts: self.len(),
            whole: self.incomplete.is_empty(),
        };
        let meant = |address: &Address| self.meant(address);
        let members = |group: &Address| (group.clone(), expanding.members(group, meant));
        self.groups = self.direct.keys().map(members).collect();
    }

    fn meant(&self, address: &Address) -> Meant {
        if let Some(row) = self.row(address.as_str()) {
            return Meant::User(row);
        }
        match self.others.get(address) {
            Some(AccountKind::Group) => Meant::Group,
            Some(AccountKind::MailingList) => Meant::MailingList,
            Some(AccountKind::User | AccountKind::Resource | AccountKind::Other(_)) => Meant::NoUser,
            None => match self.domain_kind(address.domain()) {
                // Guests come from anywhere.
                None | Some(DomainKind::Internal) => Meant::Outsider,
                Some(_) => Meant::Unknown,
            },
        }
    }
}

/// Gathers what was read, in any order, and sorts it once.
#[derive(Debug, Default)]
pub struct DirectoryBuilder {
    users: Vec<Address>,
    guests: Vec<Address>,
    domains: BTreeMap<Box<str>, DomainKind>,
    others: BTreeMap<Address, AccountKind>,
    groups: BTreeMap<Address, Result<Vec<String>, String>>,
    incomplete: Vec<String>,
}

impl DirectoryBuilder {
    /// A domain that a list named; named twice, the last kind holds.
    pub fn domain(&mut self, name: &str, kind: DomainKind) -> &mut Self {
        self.domains.insert(compared_domain(name).into(), kind);
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

    /// An account of the server's own domain (U-43), whatever domain its address has.
    pub fn guest(&mut self, address: Address) -> &mut Self {
        self.guests.push(address);
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
        // Who is an account like any other too is no guest.
        let users = &self.users;
        self.guests.retain(|guest| users.binary_search(guest).is_err());
        for guest in &self.guests {
            self.domains.entry(guest.domain().into()).or_insert(DomainKind::Internal);
        }
        if !self.guests.is_empty() {
            self.users.extend(self.guests.iter().cloned());
            self.users.sort_unstable();
            self.users.dedup();
        }
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
            direct: BTreeMap::new(),
            groups: BTreeMap::new(),
            aliases: BTreeMap::new(),
            alias_domains: BTreeMap::new(),
            guests: Rows::default(),
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
        directory.guests = Rows::none(directory.len());
        for row in directory.rows() {
            if directory.domains[directory.domain_rows[row.index()] as usize].1 == DomainKind::Internal {
                directory.guests.insert(row);
            }
        }
        for guest in &self.guests {
            directory.row(guest.as_str()).into_iter().for_each(|row| directory.guests.insert(row));
        }
        let direct = |(group, members): (Address, Result<Vec<String>, String>)| {
            let direct = Direct::of(&group, members, |address| directory.meant(address));
            (group, direct)
        };
        let direct = self.groups.into_iter().map(direct).collect();
        directory.direct = direct;
        directory.expand();
        directory
    }
}

/// Sorts the rows by their domain, by counting.
fn by_domain(domain_rows: &[u32], domains: usize) -> (Vec<Row>, Vec<u32>) {
    let mut starts = vec![0u32; domains + 1];
    for domain in domain_rows {
        starts[*domain as usize + 1] += 1;
    }
    for index in 1..starts.len() {
        starts[index] += starts[index - 1];
    }
    let mut next = starts.clone();
    let mut rows = vec![Row::FIRST; domain_rows.len()];
    for (row, domain) in domain_rows.iter().enumerate() {
        let place = &mut next[*domain as usize];
        rows[*place as usize] = Row::new(row);
        *place += 1;
    }
    (rows, starts)
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
        let all: Vec<_> = directory.rows().map(|row| directory.address(row)).collect();
        assert_eq!(all, ["a@example.com", "aa@example.com", "b@example.com"]);
        assert_eq!(directory.row("aa@example.com"), Some(Row::new(1)));
        assert_eq!(directory.row("c@example.com"), None);
        assert!(directory.rows_with_prefix("a").eq([0, 1].map(Row::new)));
        assert_eq!(directory.rows_with_prefix("zz").count(), 0);
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
            assert_eq!(rows.iter().collect::<Vec<_>>(), [0, 2].map(Row::new));
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
    fn a_member_is_known_in_every_form_of_its_name() {
        let mut builder = DirectoryBuilder::default();
        builder.domain("xn--bcher-kva.example.test", DomainKind::Standard);
        builder.domain("b\u{fc}cher.example.org", DomainKind::Standard);
        for user in ["ren\u{e9}@b\u{fc}cher.example.test", "anna@xn--bcher-kva.example.org"] {
            builder.account(address(user), AccountKind::User);
        }
        let members = [
            "Rene\u{301}@XN--bcher-kva.example.test",
            "anna@bu\u{308}cher.example.org",
            "x@else.test",
            "X@ELSE.test",
        ];
        let group = "g@xn--bcher-kva.example.test";
        builder.account(address(group), AccountKind::Group);
        builder.group(address(group), Ok(members.map(str::to_owned).to_vec()));
        let directory = builder.build();
        assert_eq!(directory.group("g@B\u{fc}cher.example.test"), Some(&Members::Rows(Rows::all(2))));
        assert_eq!(directory.group_notes(group).map(|notes| notes.outsiders), Some(1));
        assert_eq!(directory.domain_kind("B\u{dc}CHER.example.org"), Some(DomainKind::Standard));
    }

    #[test]
    fn an_alias_is_understood_once_it_was_read_and_not_before() {
        let mut directory = built(&[("g@example.com", &["a@example.com", "bee@example.com"])]);
        let unknown: Vec<_> = directory.unknown_members().into_iter().cloned().collect();
        assert_eq!(unknown, [address("bee@example.com")]);
        assert!(matches!(directory.group("g@example.com"), Some(Members::Unread(_))));
        let aliases = BTreeMap::from([(address("bee@example.com"), address("b@example.com"))]);
        directory.resolve(aliases.clone(), BTreeMap::new());
        let Some(Members::Rows(rows)) = directory.group("g@example.com") else { panic!("it was resolved") };
        assert_eq!(rows.iter().collect::<Vec<_>>(), [0, 2].map(Row::new));
        assert_eq!(directory.group_notes("g@example.com").map(|notes| &notes.aliases), Some(&aliases));
        assert_eq!(
            (directory.resolved("BEE@example.com"), directory.row("bee@example.com")),
            (Some(Row::new(2)), None)
        );
    }

    #[test]
    fn a_member_that_no_list_has_is_not_called_absent_where_a_list_is_not_whole() {
        for (incomplete, says) in [(false, "is no account of this server"), (true, "the lists are not whole")]
        {
            let mut builder = DirectoryBuilder::default();
            builder.domain("example.com", DomainKind::Standard);
            builder.account(address("g@example.com"), AccountKind::Group);
            builder.group(address("g@example.com"), Ok(vec!["gone@example.com".to_owned()]));
            if incomplete {
                builder.incomplete("the list of accounts of example.com ended early");
            }
            let directory = builder.build();
            let Some(Members::Unread(why)) = directory.group("g@example.com") else { panic!("it is unread") };
            assert!(why.contains(says), "{why}");
        }
    }

    #[test]
    fn no_policy_speaks_of_accounts_in_the_servers_own_domain() {
        let mut builder = DirectoryBuilder::default();
        builder.domain("example.com", DomainKind::Standard).domain("##own##", DomainKind::Internal);
        builder.account(address("a@example.com"), AccountKind::User);
        builder.account(address("guest@##own##"), AccountKind::User);
        let directory = builder.build();
        assert_eq!(directory.planned_on().iter().collect::<Vec<_>>(), [Row::FIRST]);
        assert!(directory.is_planned_on(Row::FIRST) && !directory.is_planned_on(Row::new(1)));
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
