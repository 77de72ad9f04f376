//! Which accounts a selector means.

use crate::model::{AccountKind, Directory, Finding, Members, Pattern, Place, Rows};
use crate::spec::meaning::Selector;

/// What a selector means on a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selected {
    Rows(Rows),
    /// It matches nobody: which part of it, and where.
    Nobody(String, Place),
    /// It cannot be told whom it means: why, and where.
    Unread(String, Place),
}

/// Why an entry, or a whole selector, gives no rows.
enum Gap {
    Nobody(String, Place),
    Unread(String, Place),
}

/// Whether an empty group is taken at its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Emptiness {
    /// It holds the policy: what emptied the group may have been a mistake.
    Holds,
    /// `--allow shrink=POLICY`: it was meant.
    Allowed,
}

/// Reads selectors against one directory, and keeps what a person should know about their entries.
pub struct Selecting<'a> {
    pub directory: &'a Directory,
    pub emptiness: Emptiness,
    pub findings: Vec<Finding>,
}

type Entries<'s> = &'s Option<Vec<(String, Place)>>;
type Find<'a> = fn(&mut Selecting<'a>, &str, &Place) -> Result<Rows, Gap>;

impl<'a> Selecting<'a> {
    /// The accounts of a selector. The keys that are given intersect, the entries of one key unite, `except`
    /// subtracts.
    ///
    /// A domain or group that does not exist, or a group without members, is a gap even where the other entries
    /// match: what it should have matched would otherwise be taken for "not meant". A single account that does
    /// not exist is only remarked on: it names nobody else.
    pub fn select(&mut self, selector: &Selector) -> Selected {
        match self.rows(selector) {
            Ok(rows) if rows.is_empty() && self.emptiness == Emptiness::Holds => {
                Selected::Nobody("the selector matches no account".into(), selector.place.clone())
            }
            Ok(rows) => Selected::Rows(rows),
            Err(Gap::Nobody(what, place)) => Selected::Nobody(what, place),
            Err(Gap::Unread(why, place)) => Selected::Unread(why, place),
        }
    }

    fn rows(&mut self, selector: &Selector) -> Result<Rows, Gap> {
        let mut rows = Rows::all(self.directory.len());
        let keys: [(Entries<'_>, Find<'a>); 3] = [
            (&selector.domains, Selecting::domain),
            (&selector.groups, Selecting::group),
            (&selector.accounts, Selecting::accounts),
        ];
        for (entries, find) in keys {
            let Some(entries) = entries else { continue };
            let mut united = Rows::none(self.directory.len());
            for (text, place) in entries {
                match find(self, text, place) {
                    Err(Gap::Nobody(..)) if self.emptiness == Emptiness::Allowed => {}
                    found => united.unite(&found?),
                }
            }
            rows.intersect(&united);
        }
        for (text, place) in &selector.except {
            rows.subtract(&self.matching(&pattern(text, place)?));
        }
        Ok(rows)
    }

    fn domain(&mut self, text: &str, place: &Place) -> Result<Rows, Gap> {
        let pattern = pattern(text, place)?;
        let domains = self.directory.domains().iter().enumerate();
        let matching: Vec<usize> =
            domains.filter(|(_, (name, _))| pattern.matches(name)).map(|(index, _)| index).collect();
        if matching.is_empty() {
            return Err(Gap::Unread(format!("the server has no domain `{text}`"), place.clone()));
        }
        Ok(self.in_domains(&matching))
    }

    fn group(&mut self, text: &str, place: &Place) -> Result<Rows, Gap> {
        match self.directory.group(text) {
            Some(Members::Rows(rows)) if rows.is_empty() => {
                Err(Gap::Nobody(format!("the group {text} has no members"), place.clone()))
            }
            Some(Members::Rows(rows)) => Ok(rows.clone()),
            Some(Members::Unread(why)) => {
                Err(Gap::Unread(format!("the group {text} cannot be read: {why}"), place.clone()))
            }
            None => Err(Gap::Unread(self.no_such_group(text), place.clone())),
        }
    }

    fn no_such_group(&self, text: &str) -> String {
        match self.directory.other(text) {
            Some(AccountKind::MailingList) => format!("{text} is a mailing list, not a group"),
            Some(_) => format!("{text} is no group"),
            None if self.directory.row(text).is_some() => format!("{text} is a user account, not a group"),
            None => format!("the server has no group {text}"),
        }
    }

    fn accounts(&mut self, text: &str, place: &Place) -> Result<Rows, Gap> {
        let pattern = pattern(text, place)?;
        let rows = self.matching(&pattern);
        if rows.is_empty() {
            self.findings.push(
                Finding::warning(
                    "account-unknown",
                    format!("`{text}` matches no user account of the server"),
                )
                .at(place.clone()),
            );
        }
        Ok(rows)
    }

    fn matching(&self, pattern: &Pattern) -> Rows {
        if let Some(name) = pattern.whole_domain() {
            let wanted: Vec<usize> = self.directory.domain_index(name).into_iter().collect();
            return self.in_domains(&wanted);
        }
        let mut rows = Rows::none(self.directory.len());
        if let Some(literal) = pattern.literal() {
            if let Some(row) = self.directory.row(literal) {
                rows.insert(row);
            }
            return rows;
        }
        // The rows are sorted, so only those that share the glob's plain beginning need to be looked at.
        for row in self.directory.rows_with_prefix(pattern.prefix()) {
            if pattern.matches(self.directory.address(row)) {
                rows.insert(row);
            }
        }
        rows
    }

    fn in_domains(&self, domains: &[usize]) -> Rows {
        let mut rows = Rows::none(self.directory.len());
        for index in domains {
            for row in self.directory.rows_of_domain(*index) {
                rows.insert(*row as usize);
            }
        }
        rows
    }
}

fn pattern(text: &str, place: &Place) -> Result<Pattern, Gap> {
    Pattern::parse(text).map_err(|why| Gap::Unread(format!("`{text}` is no glob: {why}"), place.clone()))
}
