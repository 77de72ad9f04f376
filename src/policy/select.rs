//! Which accounts a selector means.

use crate::model::{AccountKind, Directory, DomainKind, Finding, Members, Pattern, Place, Rows};
use crate::spec::meaning::Selector;
use crate::spec::suggest::nearest;

/// What a selector means on a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selected {
    Rows(Rows),
    /// A part of it matches nobody, or all of it together.
    Nobody(Lack),
    /// It cannot be told whom it means.
    Unread(Lack),
}

/// What a selector lacks, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    pub why: String,
    pub place: Place,
    /// Whom it may mean: a key that lacks something may mean anybody, the others are taken at their word.
    pub at_most: Rows,
    /// What to correct, where a slip of the pen is likelier than a purpose.
    pub correct: Option<String>,
}

/// Why an entry, or a whole key, gives no rows.
enum Gap {
    Nobody(String, Place),
    /// It names nobody, and what to correct.
    Misspelt(String, Place, String),
    Unread(String, Place),
}

/// Whether an empty group is taken at its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Emptiness {
    /// It holds the policy: what emptied the group may have been a mistake.
    Holds,
    /// `--allow shrink=POLICY:0`: it was meant.
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
        let mut rows = Rows::all(self.directory.len());
        let mut gap: Option<Gap> = None;
        let mut note = |found: Gap| {
            // Nothing can be allowed while a part is unread, so that is what is told.
            if gap.is_none() || (!matches!(gap, Some(Gap::Unread(..))) && matches!(found, Gap::Unread(..))) {
                gap = Some(found);
            }
        };
        let keys: [(Entries<'_>, Find<'a>); 3] = [
            (&selector.domains, Selecting::domain),
            (&selector.groups, Selecting::group),
            (&selector.accounts, Selecting::accounts),
        ];
        for (entries, find) in keys {
            let Some(entries) = entries else { continue };
            match self.united(entries, find) {
                Ok(united) => rows.intersect(&united),
                Err(found) => note(found),
            }
        }
        for (text, place) in &selector.except {
            match pattern(text, place) {
                Ok(pattern) => rows.subtract(&self.matching(&pattern)),
                Err(found) => note(found),
            }
        }
        match gap {
            Some(Gap::Nobody(why, place)) => {
                Selected::Nobody(Lack { why, place, at_most: rows, correct: None })
            }
            Some(Gap::Misspelt(why, place, correct)) => {
                Selected::Nobody(Lack { why, place, at_most: rows, correct: Some(correct) })
            }
            Some(Gap::Unread(why, place)) => {
                Selected::Unread(Lack { why, place, at_most: rows, correct: None })
            }
            None if rows.is_empty() && self.emptiness == Emptiness::Holds => Selected::Nobody(Lack {
                why: "the selector matches no account".into(),
                place: selector.place.clone(),
                at_most: rows,
                correct: None,
            }),
            None => Selected::Rows(rows),
        }
    }

    /// The entries of one key.
    fn united(&mut self, entries: &[(String, Place)], find: Find<'a>) -> Result<Rows, Gap> {
        let mut united = Rows::none(self.directory.len());
        for (text, place) in entries {
            match find(self, text, place) {
                Err(Gap::Nobody(..) | Gap::Misspelt(..)) if self.emptiness == Emptiness::Allowed => {}
                found => united.unite(&found?),
            }
        }
        Ok(united)
    }

    fn domain(&mut self, text: &str, place: &Place) -> Result<Rows, Gap> {
        let pattern = pattern(text, place)?;
        let domains = self.directory.domains().iter().enumerate();
        let matching: Vec<usize> =
            domains.filter(|(_, (name, _))| pattern.matches(name)).map(|(index, _)| index).collect();
        if matching.is_empty() {
            return Err(self.no_such_domain(text, place));
        }
        let kind = |index: &usize| self.directory.domains()[*index].1;
        if matching.iter().all(|index| kind(index) == DomainKind::Alias) {
            let why = format!("`{text}` is an alias: its accounts stand under the domain that it leads to");
            return Err(self.absent(why, place));
        }
        Ok(self.in_domains(&matching))
    }

    /// Like a group: a name that no domain has is a slip of the pen before it is anything else; a glob may have been
    /// right until its last domain went.
    fn no_such_domain(&self, text: &str, place: &Place) -> Gap {
        match self.absent(format!("the server has no domain `{text}`"), place) {
            Gap::Nobody(why, place) if !text.contains(['*', '?']) => {
                let text = text.to_lowercase();
                let domains = self.directory.domains().iter().map(|(name, _)| &**name);
                let correct = match nearest(&text, domains) {
                    Some(domain) => format!("correct the domain; did you mean {domain}?"),
                    None => "correct the domain, or take it out of the spec".to_owned(),
                };
                Gap::Misspelt(why, place, correct)
            }
            gap => gap,
        }
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
            None => Err(self.no_such_group(text, place)),
        }
    }

    fn no_such_group(&self, text: &str, place: &Place) -> Gap {
        let why = match self.directory.other(text) {
            Some(AccountKind::MailingList) => format!("{text} is a mailing list, not a group"),
            Some(_) => format!("{text} is no group"),
            None if self.directory.row(text).is_some() => format!("{text} is a user account, not a group"),
            None => {
                return match self.absent(format!("the server has no group {text}"), place) {
                    Gap::Nobody(why, place) => Gap::Misspelt(why, place, self.correct(text)),
                    gap => gap,
                };
            }
        };
        Gap::Unread(why, place.clone())
    }

    /// A group that does not exist is a slip of the pen before it is anything else: what may have been meant.
    fn correct(&self, text: &str) -> String {
        let groups = self.directory.others().filter(|(_, kind)| *kind == AccountKind::Group);
        let groups: Vec<(&str, &str)> =
            groups.filter_map(|(group, _)| group.as_str().split_once('@')).collect();
        let text = text.to_lowercase();
        let (local, domain) = text.split_once('@').unwrap_or((&text, ""));
        let beside = groups.iter().filter(|(_, of)| *of == domain).map(|(group, _)| *group);
        let elsewhere = groups.iter().filter(|(group, _)| *group == local).map(|(_, of)| *of);
        let meant = match nearest(local, beside) {
            Some(group) => Some((group, domain)),
            None => nearest(domain, elsewhere).map(|of| (local, of)),
        };
        match meant {
            Some((group, domain)) => format!("correct the address; did you mean {group}@{domain}?"),
            None => "correct the address, or take the group out of the spec".to_owned(),
        }
    }

    /// What does not exist matches nobody, if the lists were read whole: only then is it known not to exist.
    fn absent(&self, why: String, place: &Place) -> Gap {
        if self.directory.incomplete.is_empty() {
            Gap::Nobody(why, place.clone())
        } else {
            Gap::Unread(format!("{why}, or not in the part of its lists that was read"), place.clone())
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
