//! A plan for some addresses only: `SERVER/ACCOUNT/SERVICE` and `SERVER/backup/SETTING`, as every output shows them.

use crate::model::{BackupKey, Observed, Pattern, Service, ServiceSet};
use crate::spec::suggest;

/// Which addresses are planned. Without targets all are; an exclusion beats every target.
#[derive(Debug, Clone, Default)]
pub struct Narrowing {
    pub targets: Vec<Pattern>,
    pub excludes: Vec<Pattern>,
    pub strictness: Strictness,
}

/// What is said of a pattern that matches nothing: a misspelt exclusion would let through what it was to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strictness {
    /// There is one server: a pattern must match something on it.
    #[default]
    Server,
    /// There are several: a pattern must match something on the server that it names without a wildcard.
    Named,
    /// A saved plan: its patterns matched when it was made, and its digest holds since then.
    Saved,
}

/// A pattern that matches nothing on a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// `--target eu/bbo@example.com/*`
    pub option: String,
    /// The nearest address that there is.
    pub near: Option<String>,
    /// Whether the server may not be planned with it.
    pub refused: bool,
}

/// How many accounts are compared with a misspelt one.
const COMPARED_MAX: usize = 20_000;

impl Narrowing {
    /// All addresses are planned.
    pub fn none() -> &'static Narrowing {
        static NONE: Narrowing =
            Narrowing { targets: Vec::new(), excludes: Vec::new(), strictness: Strictness::Server };
        &NONE
    }

    /// Whether neither `--target` nor `--exclude` was given, so that the plan is a whole one.
    pub fn is_none(&self) -> bool {
        self.targets.is_empty() && self.excludes.is_empty()
    }

    /// Whether the address of a step is planned.
    pub fn covers(&self, address: &str) -> bool {
        self.admits(&address.to_lowercase())
    }

    /// Whether an address, given lower-cased, is planned.
    fn admits(&self, address: &str) -> bool {
        let any = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(address));
        (self.targets.is_empty() || any(&self.targets)) && !any(&self.excludes)
    }

    /// Of an account's services those that are planned.
    pub fn services(&self, server: &str, account: &str, of: ServiceSet) -> ServiceSet {
        let admitted = |service: &Service| self.admits(&switch(server, account, *service));
        of.iter().filter(admitted).collect()
    }

    /// Whether a setting of the backup is planned.
    pub fn setting(&self, server: &str, key: BackupKey) -> bool {
        self.admits(&setting(server, key))
    }

    fn options(&self) -> impl Iterator<Item = (&'static str, &Pattern)> {
        let named = |name: &'static str| move |pattern| (name, pattern);
        self.targets.iter().map(named("--target")).chain(self.excludes.iter().map(named("--exclude")))
    }

    /// Looks at the patterns before any server is asked.
    ///
    /// # Errors
    /// The first that names no server of the spec, with the nearest that there is.
    pub fn check_servers(&self, servers: &[&str]) -> Result<(), String> {
        for (option, pattern) in self.options() {
            let text = pattern.as_str();
            let Some((part, _)) = text.split_once('/') else {
                if pattern.literal().is_none() {
                    continue;
                }
                return Err(format!(
                    "{option} {text}: an address has three parts, SERVER/ACCOUNT/SERVICE or SERVER/backup/SETTING; \
                     for all services of an account on every server write '*/{text}/*'"
                ));
            };
            if !servers.iter().any(|server| leads_to(part, server)) {
                let near = suggest::nearest(part, servers.iter().copied());
                let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                return Err(format!("{option} {text}: the spec has no server `{part}`{near}"));
            }
        }
        Ok(())
    }

    /// The patterns that match nothing on a server, though they may speak of it. Nothing is said where the accounts
    /// were not read whole, as nobody knows then what there is.
    pub fn strays(&self, server: &str, observed: &Observed) -> Vec<Stray> {
        if self.strictness == Strictness::Saved || !observed.directory.incomplete.is_empty() {
            return Vec::new();
        }
        let mut strays = Vec::new();
        for (option, pattern) in self.options() {
            let part = pattern.as_str().split_once('/').map_or("*", |(part, _)| part);
            if leads_to(part, server) && !matches_any(pattern, server, observed) {
                strays.push(Stray {
                    option: format!("{option} {}", pattern.as_str()),
                    near: near(pattern, server, observed),
                    refused: self.strictness == Strictness::Server || !Pattern::is_glob(part),
                });
            }
        }
        strays
    }
}

/// The address of a switch, lower-cased as patterns are.
fn switch(server: &str, account: &str, service: Service) -> String {
    format!("{}/{account}/{service}", server.to_lowercase())
}

fn setting(server: &str, key: BackupKey) -> String {
    format!("{}/backup/{key}", server.to_lowercase()).to_lowercase()
}

/// Whether the first part of a pattern may mean this server. One that cannot be read alone may mean any.
fn leads_to(part: &str, server: &str) -> bool {
    Pattern::parse(part).map_or(true, |part| part.matches(&server.to_lowercase()))
}

/// Whether a pattern matches any switch or setting that there could be on a server, managed or not.
fn matches_any(pattern: &Pattern, server: &str, observed: &Observed) -> bool {
    let directory = &observed.directory;
    let matches = |account: &str| {
        Service::ALL.into_iter().any(|service| pattern.matches(&switch(server, account, service)))
    };
    BackupKey::ALL.iter().any(|key| pattern.matches(&setting(server, *key)))
        || directory.rows().any(|row| matches(directory.address(row)))
}

/// The nearest address to one that matches nothing: first its account is looked for, then its service or setting.
fn near(pattern: &Pattern, server: &str, observed: &Observed) -> Option<String> {
    let mut parts = pattern.as_str().splitn(3, '/').skip(1);
    let (account, last) = (parts.next()?, parts.next().unwrap_or("*"));
    if account == "backup" {
        let key = suggest::nearest(last, BackupKey::ALL.iter().map(|key| key.path()))?;
        return Some(format!("{server}/backup/{key}"));
    }
    let directory = &observed.directory;
    let known = Pattern::parse(account).ok()?;
    if directory.rows().any(|row| known.matches(directory.address(row))) {
        let service = suggest::service(last)
            .or_else(|| suggest::nearest(last, Service::ALL.iter().map(|service| service.name())));
        return service.map(|service| format!("{server}/{account}/{service}"));
    }
    let account = match account.split_once('@') {
        Some((local, domain)) if Pattern::is_glob(local) => {
            let domains = directory.domains().iter().map(|(name, _)| &**name);
            format!("{local}@{}", suggest::nearest(domain, domains)?)
        }
        _ => {
            let rows = directory.rows().take(COMPARED_MAX);
            suggest::nearest(account, rows.map(|row| directory.address(row)))?.to_owned()
        }
    };
    Some(format!("{server}/{account}/{last}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::tests::World;

    fn narrowing(targets: &[&str], excludes: &[&str], strictness: Strictness) -> Narrowing {
        let read = |texts: &[&str]| texts.iter().map(|text| Pattern::parse(text).expect(text)).collect();
        Narrowing { targets: read(targets), excludes: read(excludes), strictness }
    }

    #[test]
    fn an_address_is_planned_where_a_target_matches_and_no_exclusion_does() {
        type Case = (&'static [&'static str], &'static [&'static str], &'static str, bool);
        let cases: [Case; 9] = [
            (&[], &[], "eu/bob@example.com/im", true),
            (&["eu/bob@example.com/im"], &[], "eu/bob@example.com/im", true),
            (&["eu/bob@example.com/im"], &[], "eu/bob@example.com/sip", false),
            (&["EU/*@Example.com/IM"], &[], "eu/bob@example.com/im", true),
            (&["*/im", "*/sip"], &[], "eu/bob@example.com/sip", true),
            (&[], &["*/sip"], "eu/bob@example.com/im", true),
            (&[], &["*/sip"], "eu/bob@example.com/sip", false),
            (&["eu/*"], &["*bob*"], "eu/bob@example.com/im", false),
            (&["eu/backup/*"], &[], "eu/backup/keepdays", true),
        ];
        for (targets, excludes, address, expected) in cases {
            let narrowing = narrowing(targets, excludes, Strictness::Server);
            assert_eq!(narrowing.admits(address), expected, "{targets:?} {excludes:?} {address}");
        }
        let days = narrowing(&["eu/backup/keepDays"], &[], Strictness::Server);
        assert!(days.setting("eu", BackupKey::KeepDays) && !days.setting("eu", BackupKey::Path));
    }

    #[test]
    fn a_pattern_for_a_server_that_the_spec_does_not_have_is_refused_before_any_is_asked() {
        for (pattern, expected) in [
            ("eu/*", None),
            ("*", None),
            ("{eu,us}/bob@example.com/im", None),
            ("uss/*", Some("the spec has no server `uss`; did you mean `us`?")),
            (
                "bob@example.com",
                Some("for all services of an account on every server write '*/bob@example.com/*'"),
            ),
        ] {
            let found = narrowing(&[], &[pattern], Strictness::Server).check_servers(&["eu", "us"]);
            let found = found.err();
            let said =
                found.as_deref().zip(expected).is_some_and(|(found, expected)| found.contains(expected));
            assert!(said || (found.is_none() && expected.is_none()), "{pattern}: {found:?}");
        }
    }

    #[test]
    fn a_pattern_that_matches_nothing_is_told_with_the_nearest_address() {
        let world = World::of("", &["anna im:off->on", "bob sip:on"]);
        for (pattern, expected) in [
            ("eu/bob@example.com/im", None),
            ("eu/bob@example.com/ftp", None),
            ("eu/backup/keepDays", None),
            ("us/nobody@example.com/im", None),
            ("eu/bbo@example.com/im", Some("eu/bob@example.com/im")),
            ("eu/bob@example.com/chat", Some("eu/bob@example.com/im")),
            ("eu/*@example.c0m/*", Some("eu/*@example.com/*")),
            ("eu/backup/keepDay", Some("eu/backup/keepDays")),
            ("*/bbo@example.com/*", Some("eu/bob@example.com/*")),
        ] {
            for strictness in [Strictness::Server, Strictness::Named, Strictness::Saved] {
                let strays = narrowing(&[pattern], &[], strictness).strays("eu", &world.observed);
                let told = strays.first().map(|stray| (stray.near.as_deref(), stray.refused));
                let named = strictness == Strictness::Server || !pattern.starts_with('*');
                let expected = expected.filter(|_| strictness != Strictness::Saved);
                assert_eq!(told, expected.map(|near| (Some(near), named)), "{pattern} {strictness:?}");
            }
        }
        let mut cut = world.observed.clone();
        cut.directory.incomplete.push("cut".to_owned());
        let narrowing = narrowing(&["eu/bbo@example.com/im"], &[], Strictness::Server);
        assert_eq!(narrowing.strays("eu", &cut), [], "whoever is missing may be meant");
    }
}
