//! Which accounts a selector means.

use crate::model::address::shown_domain;
use crate::model::{
    AccountFacts, AccountKind, AccountState, Directory, DomainKind, Finding, Members, Pattern, Place, Remedy,
    Rows, Tri, counted,
};
use crate::spec::meaning::{PolicySpec, Selector};
use crate::spec::suggest::nearest;

/// What a selector means on a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selected {
    Rows(Chosen),
    /// A part of it matches nobody, or all of it together.
    Nobody(Lack),
    /// It cannot be told whom it means.
    Unread(Lack),
}

/// The accounts that a selector means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    pub rows: Rows,
    /// Accounts whose state was not read, and that it may mean by it.
    pub unsure: Rows,
}

impl Chosen {
    /// How many it means, or may mean.
    pub fn count(&self) -> usize {
        self.rows.count() + self.unsure.count()
    }

    /// Whether it surely means nobody.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.unsure.is_empty()
    }
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
    /// What was read of each account; the states of one that has none here were not read.
    pub facts: &'a [AccountFacts],
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
        let mut rows = self.directory.planned_on();
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
            match self.excepted(text, place) {
                Ok(excepted) => rows.subtract(&excepted),
                Err(found) => note(found),
            }
        }
        let Chosen { rows, unsure } = self.in_states(rows, selector.states.as_deref());
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
            None if rows.is_empty() && unsure.is_empty() && self.emptiness == Emptiness::Holds => {
                Selected::Nobody(Lack {
                    why: "the selector matches no account".into(),
                    place: selector.place.clone(),
                    at_most: rows,
                    correct: None,
                })
            }
            None => Selected::Rows(Chosen { rows, unsure }),
        }
    }

    /// Those of `rows` that are in one of the states.
    fn in_states(&self, rows: Rows, states: Option<&[AccountState]>) -> Chosen {
        let none = Rows::none(self.directory.len());
        let Some(states) = states else { return Chosen { rows, unsure: none } };
        let mut chosen = Chosen { rows: none.clone(), unsure: none };
        for row in rows.iter() {
            let facts = self.facts.get(row.index()).copied().unwrap_or_default();
            let is = |tri: Tri| states.iter().any(|state| facts.is(*state) == tri);
            if is(Tri::Yes) {
                chosen.rows.insert(row);
            } else if is(Tri::Unread) {
                chosen.unsure.insert(row);
            }
        }
        chosen
    }

    /// Says of how many accounts nothing is decided because their state was not read.
    pub fn tell_unsure(&mut self, policy: &PolicySpec, unsure: &Rows) {
        if unsure.is_empty() {
            return;
        }
        let accounts = counted(unsure.count() as u64, "account");
        let text =
            format!("the state of {accounts} was not read, so policy {} decides nothing there", policy.name);
        self.findings.push(Finding::warning("state-unread", text).at(policy.place.clone()));
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
        if matching.iter().all(|index| kind(index) == DomainKind::Internal) {
            let why = format!("`{text}` is the server's own domain, and no policy speaks of its accounts");
            return Err(Gap::Misspelt(why, place.clone(), "name a domain of people".to_owned()));
        }
        if matching.iter().all(|index| kind(index) == DomainKind::Alias) {
            let targets: Vec<usize> =
                matching.iter().filter_map(|index| self.target(*index, place)).collect();
            if targets.len() == matching.len() {
                return Ok(self.in_domains(&targets));
            }
            let why = format!("`{text}` is an alias, and the domain that it stands for was not read");
            let correct = "name the domain itself, under which its accounts stand".to_owned();
            return Err(Gap::Misspelt(why, place.clone(), correct));
        }
        Ok(self.in_domains(&matching))
    }

    /// The domain that an alias domain stands for; a person is told that it was taken instead (U-45).
    fn target(&mut self, index: usize, place: &Place) -> Option<usize> {
        let alias = &self.directory.domains()[index].0;
        let name = self.directory.alias_domain(alias)?;
        let target = self.directory.domain_index(name)?;
        if self.directory.domains()[target].1 == DomainKind::Alias {
            return None;
        }
        self.tell_alias(format!("the domain {alias} is an alias of {name}, whose accounts are meant"), place);
        Some(target)
    }

    fn tell_alias(&mut self, text: String, place: &Place) {
        self.findings.push(Finding::info("alias-resolved", text).at(place.clone()));
    }

    /// Like a group: a name that no domain has is a slip of the pen before it is anything else; a glob may have been
    /// right until its last domain went.
    fn no_such_domain(&self, text: &str, place: &Place) -> Gap {
        match self.absent(format!("the server has no domain `{text}`"), place) {
            Gap::Nobody(why, place) if !text.contains(['*', '?']) => {
                let text = text.to_lowercase();
                let domains = self.directory.domains().iter();
                let domains: Vec<String> = domains
                    .filter(|(_, kind)| *kind != DomainKind::Internal)
                    .map(|(name, _)| shown_domain(name).unwrap_or_else(|| name.to_string()))
                    .collect();
                let correct = match nearest(&text, domains.iter().map(String::as_str)) {
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
                self.tell_group(text, place);
                Err(Gap::Nobody(format!("the group {text} has no members"), place.clone()))
            }
            Some(Members::Rows(rows)) => {
                let rows = rows.clone();
                self.tell_group(text, place);
                Ok(rows)
            }
            Some(Members::Unread(why)) => {
                Err(Gap::Unread(format!("the group {text} cannot be read: {why}"), place.clone()))
            }
            None => Err(self.no_such_group(text, place)),
        }
    }

    /// What of a group is not seen in whom it means: its aliases, and those who are not here.
    fn tell_group(&mut self, text: &str, place: &Place) {
        const NAMED: usize = 5;
        if let Some(group) = self.directory.alias(text) {
            self.tell_alias(format!("{text} is an alias of the group {group}, which is meant"), place);
        }
        let Some(notes) = self.directory.group_notes(text) else { return };
        if notes.outsiders > 0 {
            let members = counted(notes.outsiders as u64, "member");
            let are = if notes.outsiders == 1 { "is no account" } else { "are no accounts" };
            let said = format!(
                "the group {text} has {members} that {are} of this server: nothing is decided of them"
            );
            self.findings.push(Finding::info("group-outsiders", said).at(place.clone()));
        }
        if !notes.aliases.is_empty() {
            let named = notes.aliases.iter().take(NAMED).map(|(alias, of)| format!("{alias} for {of}"));
            let named: Vec<String> = named.collect();
            let more = match notes.aliases.len() - named.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let aliases = if notes.aliases.len() == 1 { "an alias" } else { "aliases" };
            let said = format!("the group {text} names {aliases}: {}{more}", named.join(", "));
            self.tell_alias(said, place);
        }
    }

    fn no_such_group(&self, text: &str, place: &Place) -> Gap {
        let why = match self.directory.other(text) {
            Some(AccountKind::MailingList) => format!("{text} is a mailing list, not a group"),
            Some(_) => format!("{text} is no group"),
            None if self.directory.resolved(text).is_some() => {
                format!("{text} is a user account, not a group")
            }
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
        let rows = self.matching(&pattern, place);
        if rows.is_empty() && pattern.literal().is_none() {
            self.unmatched(format!("`{text}` matches no user account of the server"), place);
        }
        Ok(rows)
    }

    /// Whom an entry of `except` means. One that means nobody would let through what it was to stop, so that is told; and
    /// while an alias domain was not read, nobody knows whom it was to stop (U-45).
    fn excepted(&mut self, text: &str, place: &Place) -> Result<Rows, Gap> {
        let pattern = pattern(text, place)?;
        if let Some(index) = pattern.whole_domain().and_then(|name| self.directory.domain_index(name))
            && self.directory.domains()[index].1 == DomainKind::Alias
            && self.target(index, place).is_none()
        {
            let why =
                format!("`{text}` is of an alias domain, and the domain that it stands for was not read");
            return Err(Gap::Unread(why, place.clone()));
        }
        let rows = self.matching(&pattern, place);
        if rows.is_empty() && pattern.literal().is_none() {
            let text = format!("`{text}` excepts nobody: it matches no user account of the server");
            // A glob may be there for accounts to come; a domain that is not there is a slip of the pen.
            let domain = text_domain(pattern.as_str());
            let finding = match domain.is_some_and(|domain| self.directory.domain_index(domain).is_none()) {
                true => Finding::warning("excepts-nobody", text)
                    .remedy(Remedy::EditSpec("correct the domain, or take the entry out".into())),
                false => Finding::info("excepts-nobody", text),
            };
            self.findings.push(finding.at(place.clone()));
        }
        Ok(rows)
    }

    fn unmatched(&mut self, text: String, place: &Place) {
        self.findings.push(Finding::warning("account-unknown", text).at(place.clone()));
    }

    /// The one account of an address, or of an alias.
    fn literal(&mut self, address: &str, place: &Place) -> Rows {
        let mut rows = Rows::none(self.directory.len());
        let Some(row) = self.directory.resolved(address) else {
            let is = match self.directory.other(address) {
                Some(AccountKind::Group) => "is a group: name it under `groups`",
                Some(_) => "is no user account",
                None => "matches no user account of the server, nor an alias of one that could be read",
            };
            self.unmatched(format!("`{address}` {is}"), place);
            return rows;
        };
        if self.directory.row(address) != Some(row) {
            let of = self.directory.address(row);
            self.tell_alias(format!("{address} is an alias of {of}, which is meant"), place);
        }
        rows.insert(row);
        rows
    }

    fn matching(&mut self, pattern: &Pattern, place: &Place) -> Rows {
        if let Some(name) = pattern.whole_domain() {
            let index = self.directory.domain_index(name);
            let target = index.and_then(|index| self.target(index, place));
            let wanted: Vec<usize> = target.or(index).into_iter().collect();
            return self.in_domains(&wanted);
        }
        if let Some(literal) = pattern.literal() {
            return self.literal(literal, place);
        }
        let mut rows = Rows::none(self.directory.len());
        // Nearly no server has a domain with two forms (U-44), and there may be a million rows.
        let two_forms = self.directory.domains().iter().any(|(name, _)| shown_domain(name).is_some());
        let matches = if two_forms { Pattern::matches } else { Pattern::matches_as_is };
        // The rows are sorted, so only those that share the glob's plain beginning need to be looked at.
        for row in self.directory.rows_with_prefix(pattern.prefix()) {
            if matches(pattern, self.directory.address(row)) {
                rows.insert(row);
            }
        }
        rows
    }

    fn in_domains(&self, domains: &[usize]) -> Rows {
        let mut rows = Rows::none(self.directory.len());
        for index in domains {
            for row in self.directory.rows_of_domain(*index) {
                rows.insert(*row);
            }
        }
        rows
    }
}

/// The domain of a glob, where it is written out.
fn text_domain(glob: &str) -> Option<&str> {
    glob.rsplit_once('@').map(|(_, domain)| domain).filter(|domain| !domain.contains(['*', '?', '[', '{']))
}

fn pattern(text: &str, place: &Place) -> Result<Pattern, Gap> {
    Pattern::parse(text).map_err(|why| Gap::Unread(format!("`{text}` is no glob: {why}"), place.clone()))
}
