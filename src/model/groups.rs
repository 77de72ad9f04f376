//! Who is in a group: what the server says of each group, groups in it expanded and aliases resolved.

use std::collections::{BTreeMap, BTreeSet};

use super::{Address, Row, Rows};

/// The user accounts in a group, groups in it expanded; or why they are not known (U-41).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Members {
    /// It was read and understood.
    Rows(Rows),
    /// It was not, and why.
    Unread(String),
}

/// What a person should know of a group that was understood.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GroupNotes {
    /// Members whose domain is not on this server.
    pub outsiders: usize,
    /// Members that are aliases, with the account or group that each leads to (U-45).
    pub aliases: BTreeMap<Address, Address>,
}

/// What an address means on a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meant {
    User(Row),
    Group,
    MailingList,
    /// Another account that carries no policy (SEAT-2).
    NoUser,
    /// Its domain is not on this server.
    Outsider,
    /// Its domain is, and no list has it: an alias (U-45), or an account that is gone.
    Unknown,
}

/// What stands in a group itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Direct {
    rows: Vec<Row>,
    groups: Vec<Address>,
    outsiders: BTreeSet<Address>,
    /// Members that are no accounts, and may be aliases.
    unknown: Vec<Address>,
    /// Why it is not known who is in it.
    why_not: Option<String>,
}

impl Direct {
    /// Understands the members of one group. Their texts are looked at once, however many groups hold this one.
    ///
    /// A member is understood when it is a user, a group, another account that is no user (it carries no policy,
    /// SEAT-2), or an address in a domain that is not on this server. An alias may be understood later. Anything
    /// else – a whole domain, a mailing list – makes the group unread: whom it means cannot be told (U-41).
    pub(super) fn of(
        group: &Address,
        members: Result<Vec<String>, String>,
        meant: impl Fn(&Address) -> Meant,
    ) -> Direct {
        let mut direct = Direct::default();
        let members = match members {
            Ok(members) => members,
            Err(why) => return Direct { why_not: Some(format!("{group}: {why}")), ..direct },
        };
        for member in members {
            let Ok(address) = Address::parse(&member) else {
                direct.why_not.get_or_insert(format!("its member `{member}` is no address"));
                continue;
            };
            match meant(&address) {
                Meant::User(row) => direct.rows.push(row),
                Meant::Group => direct.groups.push(address),
                Meant::MailingList => {
                    direct.why_not.get_or_insert(format!("its member {address} is a mailing list"));
                }
                Meant::NoUser => {}
                Meant::Outsider => {
                    direct.outsiders.insert(address);
                }
                Meant::Unknown => direct.unknown.push(address),
            }
        }
        direct
    }

    pub(super) fn unknown(&self) -> &[Address] {
        &self.unknown
    }
}

/// What is known when groups are expanded.
pub(super) struct Expanding<'a> {
    pub direct: &'a BTreeMap<Address, Direct>,
    pub aliases: &'a BTreeMap<Address, Address>,
    /// The number of user accounts.
    pub accounts: usize,
    /// Whether the lists of accounts were read to their ends.
    pub whole: bool,
}

impl Expanding<'_> {
    /// The user accounts of a group, with groups in it expanded and cycles cut. One group in it that was not read, or
    /// cannot be understood, makes it unread.
    pub(super) fn members(
        &self,
        group: &Address,
        meant: impl Fn(&Address) -> Meant,
    ) -> (Members, GroupNotes) {
        let mut all = Rows::none(self.accounts);
        let mut notes = GroupNotes::default();
        let mut outsiders = BTreeSet::new();
        let mut open = vec![group];
        let mut seen = BTreeSet::from([group]);
        while let Some(current) = open.pop() {
            let Some(direct) = self.direct.get(current) else {
                return (Members::Unread(format!("{current}, a group in it, was not read")), notes);
            };
            if let Some(why) = &direct.why_not {
                return (Members::Unread(why.clone()), notes);
            }
            direct.rows.iter().for_each(|row| all.insert(*row));
            open.extend(direct.groups.iter().filter(|group| seen.insert(*group)));
            outsiders.extend(&direct.outsiders);
            for alias in &direct.unknown {
                let Some(primary) = self.aliases.get(alias) else {
                    return (Members::Unread(self.unknown(current, group, alias)), notes);
                };
                notes.aliases.insert(alias.clone(), primary.clone());
                match meant(primary) {
                    Meant::User(row) => all.insert(row),
                    Meant::Group if seen.insert(primary) => open.push(primary),
                    Meant::Group | Meant::NoUser => {}
                    Meant::MailingList | Meant::Outsider | Meant::Unknown => {
                        let why = format!("its member {alias} is an alias of {primary}, which is no account");
                        return (Members::Unread(why), notes);
                    }
                }
            }
        }
        notes.outsiders = outsiders.len();
        (Members::Rows(all), notes)
    }

    /// What is said of a member that is in no list. Where a list was not read whole, it may be in the rest of it.
    fn unknown(&self, current: &Address, group: &Address, member: &Address) -> String {
        let who = if current == group {
            format!("its member {member}")
        } else {
            format!("{member}, a member of {current}, a group in it,")
        };
        if self.whole {
            format!("{who} is no account of this server, and no alias that could be read")
        } else {
            format!("{who} is in no list that was read, and the lists are not whole")
        }
    }
}
