//! The limits that hold a whole plan back until they are overridden, each by its own name.

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::{Direction, SettingChange};
use crate::model::backup::BackupKind;
use crate::model::{
    Allowed, BackupKey, Directory, Finding, Guardrail, Losses, Observed, Pattern, Place, Remedy, Row,
    Service, counted,
};
use crate::policy::Assignment;
use crate::spec::meaning::{ExcludeLicenseSense, ServerSpec};

use super::file::AllowFile;
use super::step::{SettingStep, SwitchStep};

/// An override of one guardrail, with the reason that is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    pub allowed: Allowed,
    pub reason: String,
}

impl Allow {
    /// An override as a plan or the journal holds it.
    ///
    /// # Errors
    /// What is wrong with it, as a lower-case fragment.
    pub fn of(file: &AllowFile) -> Result<Allow, String> {
        let AllowFile { guardrail: name, value, reason } = file;
        let wrong = |problem: &str| format!("the override {name}={value} is not understood: {problem}");
        let guardrail = Guardrail::parse(name).ok_or_else(|| wrong("there is no such guardrail"))?;
        let allowed = Allowed::parse(guardrail, value).map_err(|problem| wrong(&problem))?;
        Ok(Allow { allowed, reason: reason.clone() })
    }

    /// As a plan and the journal hold it.
    pub fn file(&self) -> AllowFile {
        AllowFile {
            guardrail: self.allowed.guardrail().to_string(),
            value: self.allowed.value(),
            reason: self.reason.clone(),
        }
    }
}

/// Why nothing of a plan may be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    pub kind: HoldKind,
    /// A lower-case fragment.
    pub message: String,
    pub place: Option<Place>,
    pub remedy: Remedy,
    /// Whom it hits: the first few addresses, and how many there are.
    pub accounts: Vec<String>,
    pub accounts_count: usize,
}

/// What holds a whole plan back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldKind {
    /// The server is not the pinned one, or none is pinned.
    Identity,
    /// The server takes no changes (exit 6).
    Standing,
    Guardrail(Guardrail),
}

/// How many addresses a hold names.
const NAMED: usize = 5;

/// What the guardrails look at.
pub struct Guarding<'a> {
    pub server: &'a ServerSpec,
    pub observed: &'a Observed,
    pub assignment: &'a Assignment,
    pub allows: &'a [Allow],
    /// From whom narrowed runs took a service lately.
    pub taken: &'a BTreeMap<Service, BTreeSet<String>>,
    /// Whether each allow was needed.
    pub used: Vec<bool>,
}

impl Guarding<'_> {
    /// Every guardrail that the steps run into.
    pub fn holds(&mut self, switches: &[SwitchStep], settings: &[SettingStep]) -> Vec<Hold> {
        let mut released: [Vec<&SwitchStep>; Service::ALL.len()] = Default::default();
        for step in switches.iter().filter(|step| step.direction == Direction::Release) {
            released[step.service as usize].push(step);
        }
        let mut holds = Vec::new();
        for (service, released) in Service::ALL.into_iter().zip(&released) {
            if !released.is_empty() {
                holds.extend(self.mail(service, released));
                holds.extend(self.disable(service, released));
            }
        }
        holds.extend(self.protect(switches));
        holds.extend(settings.iter().filter_map(|step| self.backup(&step.change)));
        holds
    }

    /// The largest number that the overrides grant, as far as one reads a number out of them.
    fn granted(&mut self, number: impl Fn(&Allowed) -> Option<u64>) -> Option<u64> {
        let mut granted = None;
        for (allow, used) in self.allows.iter().zip(&mut self.used) {
            let number = number(&allow.allowed);
            *used |= number.is_some();
            granted = granted.max(number);
        }
        granted
    }

    /// Whether an override is for just this.
    fn allowed(&mut self, this: impl Fn(&Allowed) -> bool) -> bool {
        self.granted(|allowed| this(allowed).then_some(0)).is_some()
    }

    fn mail(&mut self, service: Service, released: &[&SwitchStep]) -> Option<Hold> {
        if !Service::MAIL.contains(service) {
            return None;
        }
        // Mail that bounces, or an archive that has a gap, does not come back with the switch: not one by default.
        let count = released.len();
        let granted = self.granted(|allowed| match allowed {
            Allowed::Mail(losses) => losses.of(service),
            _ => None,
        });
        if granted.is_some_and(|granted| count as u64 <= granted) {
            return None;
        }
        Some(self.hold(
            Allowed::Mail(Losses { service: Some(service), accounts: count as u64 }),
            format!(
                "{} would lose {service}, and with it their mail or its archive",
                counted(count as u64, "account")
            ),
            released,
        ))
    }

    /// The limit is for a change, not for a plan: one that is cut into narrowed plans, each within the limit, would
    /// switch off a company by and by. So what narrowed runs took lately counts, as far as it is off now.
    fn disable(&mut self, service: Service, released: &[&SwitchStep]) -> Option<Hold> {
        let lost = released.len() as u64;
        let limits = &self.server.guardrails;
        // Guests of the server's own domain can lose nothing here, so they make no share smaller (U-43).
        let planned_on = |row: &usize| self.observed.directory.is_planned_on(Row::new(*row));
        let bits = self.observed.columns.bits.iter().enumerate().filter(|(row, _)| planned_on(row));
        let on = bits.filter(|(_, bits)| bits.on.contains(service)).count() as u64;
        let before = self.taken_before(service);
        let (count, had) = (lost + before, on + before);
        let (accounts, percent) = (limits.disable_accounts, limits.disable_percent);
        // The share is of those who have it: of a service that few use, few are many.
        let beyond = count > accounts || count as f64 * 100.0 > percent * had as f64;
        if !beyond {
            return None;
        }
        let granted = self.granted(|allowed| match allowed {
            Allowed::Disable(losses) => losses.of(service),
            _ => None,
        });
        if granted.is_some_and(|granted| count <= granted) {
            return None;
        }
        let message = if before == 0 {
            format!(
                "{lost} of the {on} accounts with {service} would lose it; the limit is {accounts} accounts and \
                 {percent} %"
            )
        } else {
            format!(
                "{lost} of the {on} accounts with {service} would lose it, and {before} lost it in the last 24 hours by \
                 narrowed plans; the limit for all of them is {accounts} accounts and {percent} %"
            )
        };
        let needed = Allowed::Disable(Losses { service: Some(service), accounts: count });
        let mut hold = self.hold(needed, message, released);
        if let Some(place) = &self.server.guardrails.disable_place {
            hold.place = Some(place.clone());
        }
        Some(hold)
    }

    /// How many accounts lost a service by narrowed runs lately and have not got it back.
    fn taken_before(&self, service: Service) -> u64 {
        let is_off = |address: &&String| {
            let row = self.observed.directory.row(address);
            let bits = row.and_then(|row| self.observed.columns.bits.get(row.index()));
            bits.is_some_and(|bits| bits.known.contains(service) && !bits.on.contains(service))
        };
        self.taken.get(&service).map_or(0, |taken| taken.iter().filter(is_off).count() as u64)
    }

    /// Administrators, postmasters, the account we log in with and whoever is listed lose nothing.
    fn protect(&mut self, switches: &[SwitchStep]) -> Vec<Hold> {
        let protecting = Protecting::of(self.server, self.observed);
        let mut holds = Vec::new();
        let releases = switches.iter().filter(|step| step.direction == Direction::Release);
        let releases: Vec<&SwitchStep> = releases.collect();
        for of_account in releases.chunk_by(|a, b| a.row == b.row) {
            let row = of_account[0].row;
            let address = self.observed.directory.address(row).to_owned();
            let Some(why) = protecting.why(row) else { continue };
            let is_it = |allowed: &Allowed| matches!(allowed, Allowed::Protect(named) if named.eq_ignore_ascii_case(&address));
            if self.allowed(is_it) {
                continue;
            }
            let services: Vec<&str> = of_account.iter().map(|step| step.service.name()).collect();
            let message = format!("{address} would lose {}; {why}", services.join(", "));
            holds.push(self.hold(Allowed::Protect(address), message, of_account));
        }
        holds
    }

    fn backup(&mut self, change: &SettingChange) -> Option<Hold> {
        let why = weaker(change, self.server.guardrails.exclude_license_sense)?;
        if self.allowed(|allowed| *allowed == Allowed::Backup(change.key)) {
            return None;
        }
        let shown = match (&change.before, &change.after) {
            (Some(before), Some(after)) => format!(" ({before} -> {after})"),
            _ => String::new(),
        };
        Some(Hold {
            kind: HoldKind::Guardrail(Guardrail::Backup),
            message: format!("backup {}{shown}: {why}", change.key),
            place: Some(change.place.clone()),
            remedy: Remedy::Allow(Allowed::Backup(change.key)),
            accounts: Vec::new(),
            accounts_count: 0,
        })
    }

    /// A hold with the override that would lift it.
    fn hold(&self, needed: Allowed, message: String, hit: &[&SwitchStep]) -> Hold {
        let named = hit.iter().take(NAMED);
        Hold {
            kind: HoldKind::Guardrail(needed.guardrail()),
            message,
            place: hit.first().map(|step| self.assignment.rules[step.rule.index()].place.clone()),
            remedy: Remedy::Allow(needed),
            accounts: named.map(|step| self.observed.directory.address(step.row).to_owned()).collect(),
            accounts_count: hit.len(),
        }
    }
}

/// Who is to lose nothing.
pub struct Protecting<'a> {
    server: &'a ServerSpec,
    observed: &'a Observed,
    patterns: Vec<Pattern>,
    /// The accounts that are listed by name, be it an alias (U-45).
    named: BTreeSet<Row>,
}

impl<'a> Protecting<'a> {
    /// Compiles the globs of `protect` once; whether one of them can be read was checked with the spec.
    pub fn of(server: &'a ServerSpec, observed: &'a Observed) -> Protecting<'a> {
        let listed = server.guardrails.protect.iter();
        let patterns: Vec<Pattern> = listed.filter_map(|(text, _)| Pattern::parse(text).ok()).collect();
        let directory = &observed.directory;
        let mut named: BTreeSet<Row> =
            patterns.iter().filter_map(|pattern| directory.resolved(pattern.literal()?)).collect();
        named.extend(patterns.iter().flat_map(|pattern| by_alias_domain(pattern, directory)));
        Protecting { server, observed, patterns, named }
    }

    /// The entries of `protect` that protect nobody: a slip of the pen in one costs somebody their mail.
    pub fn idle(&self) -> Vec<Finding> {
        let directory = &self.observed.directory;
        let matches = |text: &str, pattern: &Pattern| {
            !by_alias_domain(pattern, directory).is_empty()
                || directory.resolved(text).is_some()
                || directory.rows().any(|row| pattern.matches(directory.address(row)))
        };
        let listed = self.server.guardrails.protect.iter();
        let idle =
            listed.filter(|(text, _)| Pattern::parse(text).is_ok_and(|pattern| !matches(text, &pattern)));
        idle.map(|(text, place)| {
            let text = format!(
                "`{text}` in guardrails.protect matches no account of the server: it protects nobody"
            );
            let remedy = Remedy::EditSpec("correct it, or take it out of the spec".into());
            Finding::warning("protects-nobody", text).at(place.clone()).remedy(remedy)
        })
        .collect()
    }

    /// Why an account is protected; `None` where it is not.
    pub fn why(&self, row: Row) -> Option<&'static str> {
        let address = self.observed.directory.address(row);
        // `U_Admin`, or a non-zero `admintype` in the list: whoever could put things right must be able to log in.
        if self.observed.columns.facts.get(row.index()).is_none_or(|facts| facts.admin.certain()) {
            return Some("the server lists it as an administrator");
        }
        // A run that locked itself out could not read back what it did.
        if address == self.server.connection.caller().as_str() {
            return Some("it is the account we log in with");
        }
        // The licence's own mails go there (SEAT-6, REV-2), and others' (RFC 5321).
        if crate::model::address::local_of(address) == "postmaster" {
            return Some("it is a postmaster");
        }
        if self.named.contains(&row) || self.patterns.iter().any(|pattern| pattern.matches(address)) {
            return Some("it is listed in guardrails.protect");
        }
        // What was not read is not taken for *no*.
        let unread = self.observed.columns.facts[row.index()].admin.possible();
        unread.then_some("whether it is an administrator was not read")
    }
}

/// Whom a pattern means that is all of an alias domain: they stand under the domain that it leads to (U-45).
fn by_alias_domain<'d>(pattern: &Pattern, directory: &'d Directory) -> &'d [Row] {
    let target = pattern.whole_domain().and_then(|name| directory.alias_domain(name));
    target
        .and_then(|target| directory.domain_index(target))
        .map_or(&[], |index| directory.rows_of_domain(index))
}

/// Why a change makes the backup weaker; `None` where it does not.
///
/// What 0 means for a number is not known (no limit, or none at all), so a change to or from 0 counts as weaker.
pub fn weaker(change: &SettingChange, sense: ExcludeLicenseSense) -> Option<&'static str> {
    let key = change.key;
    let (before, after) = (change.before.as_deref(), change.after.as_deref());
    match key.kind() {
        // BAK-3, U-2: the manual and the variable list give the flag opposite senses.
        BackupKind::Flag if key == BackupKey::ExcludeLicense => match (sense, after) {
            (ExcludeLicenseSense::Unknown, _) => {
                Some("which value leaves the licence out of the backup is not known (U-2)")
            }
            (ExcludeLicenseSense::Manual, Some("0")) | (ExcludeLicenseSense::VariableList, Some("1")) => {
                Some("the licence would no longer be in the backup")
            }
            _ => None,
        },
        // Each other flag includes something, or switches the whole on (reference 5.1).
        BackupKind::Flag => (after == Some("0")).then_some("less would be in the backup"),
        // Days after which files are deleted, and limits beyond which mail is left out: less is kept by a smaller one.
        BackupKind::Number => {
            let (before, after): (i64, i64) = (before?.parse().ok()?, after?.parse().ok()?);
            if before == 0 || after == 0 {
                Some("what 0 means here is not known, so this may keep less")
            } else if after < before {
                Some("less would be kept")
            } else {
                None
            }
        }
        // Nothing was there that could be lost.
        BackupKind::Text | BackupKind::Secret | BackupKind::Opaque if before.is_some_and(str::is_empty) => {
            None
        }
        // Another path or list of folders: backups that exist are no longer looked after, and folders left out.
        BackupKind::Text => Some("what was there would no longer be used"),
        // A new password weakens nothing: it is that of the backups to come.
        BackupKind::Secret if matches!(key, BackupKey::Password | BackupKey::ArchivePassword) => None,
        // A target names a database and how to get into it: another one is another database.
        BackupKind::Secret => Some("the target would change"),
        // U-11: nobody outside the vendor can read a schedule, so nobody can tell that it is not a worse one.
        BackupKind::Opaque => Some("the backup would run at other times"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::backup::BackupKind;
    use crate::plan::HoldKind;
    use crate::plan::tests::{allow, planned_with};
    use crate::policy::tests::{World, place};

    /// The guardrails that hold a plan, each with the value that would override it.
    fn check(world: &World, allows: &[Allow]) -> Vec<String> {
        let plan = planned_with(world, allows).unwrap_or_else(|findings| panic!("{findings:?}"));
        let holds = plan.holds.iter().map(|hold| match (&hold.kind, &hold.remedy) {
            (HoldKind::Guardrail(_), Remedy::Allow(needed)) => needed.to_string(),
            (kind, remedy) => format!("{kind:?} {remedy:?}"),
        });
        holds.collect()
    }

    /// `on` accounts with IM, of which `released` would lose it.
    fn many(on: usize, released: usize) -> World {
        let lines = (0..on).map(|number| {
            let wish = if number < released { "->off" } else { "" };
            format!("u{number:03} im:on{wish}")
        });
        let lines: Vec<String> = lines.collect();
        World::of("instantmessaging=999", &lines.iter().map(String::as_str).collect::<Vec<_>>())
    }

    #[test]
    fn a_plan_is_held_by_one_release_beyond_a_limit_in_number_or_percent_and_not_at_it() {
        for (on, released, accounts, percent, held) in [
            (100, 20, 20, 100.0, false),
            (100, 21, 20, 100.0, true),
            (100, 5, 100, 5.0, false),
            (100, 6, 100, 5.0, true),
            // 5 % of 99 is less than five.
            (99, 5, 100, 5.0, true),
            (99, 4, 100, 5.0, false),
            (1, 1, 100, 99.9, true),
            (1, 1, 100, 100.0, false),
            (10, 1, 0, 100.0, true),
            (10, 1, 1, 0.0, true),
            (10, 0, 0, 0.0, false),
        ] {
            let mut world = many(on, released);
            world.server.guardrails.disable_accounts = accounts;
            world.server.guardrails.disable_percent = percent;
            let expected: Vec<String> = held.then(|| format!("disable=im:{released}")).into_iter().collect();
            let what = format!("{released} of {on}, at most {accounts} and {percent} %");
            assert_eq!(check(&world, &[]), expected, "{what}");
        }
    }

    #[test]
    fn an_override_grants_its_own_number_of_its_own_service_and_no_more() {
        let mut world = many(10, 3);
        world.server.guardrails.disable_accounts = 0;
        for (guardrail, value, held) in [
            (Guardrail::Disable, "im:3", false),
            (Guardrail::Disable, "3", false),
            (Guardrail::Disable, "im:4", false),
            (Guardrail::Disable, "im:2", true),
            (Guardrail::Disable, "2", true),
            (Guardrail::Disable, "sip:3", true),
            (Guardrail::Mail, "im:3", true),
        ] {
            let held_by = check(&world, &[allow(guardrail, value)]);
            assert_eq!(!held_by.is_empty(), held, "--allow {guardrail}={value}");
        }
    }

    #[test]
    fn a_service_that_carries_mail_is_lost_by_nobody_without_its_own_override() {
        for (service, held) in [
            ("smtp", true),
            ("pop3imap", true),
            ("webmail", true),
            ("groupware", true),
            ("archive", true),
            ("im", false),
            ("antispam", false),
        ] {
            let line = format!("a {service}:on->off");
            let world = World::of("", &[&line, "b"]);
            let expected: Vec<String> = held.then(|| format!("mail={service}:1")).into_iter().collect();
            assert_eq!(check(&world, &[]), expected, "{service}");
            let value = format!("{service}:1");
            assert_eq!(check(&world, &[allow(Guardrail::Mail, &value)]), [""; 0], "{service}");
            let claim = format!("a {service}:off->on");
            assert_eq!(check(&World::of("", &[&claim]), &[]), [""; 0], "a claim of {service}");
        }
    }

    #[test]
    fn whoever_is_or_may_be_an_administrator_loses_nothing() {
        for (account, held) in [
            ("a im:on->off", false),
            ("a im:on->off admin", true),
            ("a im:on->off admin?", true),
            ("a im:on->off disabled", false),
            ("login im:on->off", true),
            ("postmaster im:on->off", true),
            ("postmaster2 im:on->off", false),
            ("ceo im:on->off", true),
            ("ceo2 im:on->off", true),
            ("a.ceo im:on->off", false),
            ("a im:off->on admin", false),
        ] {
            let mut world = World::of("instantmessaging=9", &[account]);
            world.server.guardrails.protect = vec![("ceo*@example.com".to_owned(), place())];
            let address = world.observed.directory.address(Row::FIRST).to_owned();
            let expected: Vec<String> = held.then(|| format!("protect={address}")).into_iter().collect();
            assert_eq!(check(&world, &[]), expected, "{account}");
            assert_eq!(check(&world, &[allow(Guardrail::Protect, &address)]), [""; 0], "{account}");
            let another = [allow(Guardrail::Protect, "other@example.com")];
            assert_eq!(check(&world, &another), expected, "{account}");
        }
    }

    #[test]
    fn a_backup_is_weakened_only_by_its_own_override() {
        use ExcludeLicenseSense::{Manual, Unknown, VariableList};
        for (key, before, after, sense, weak) in [
            (BackupKey::Enabled, "1", "0", Unknown, true),
            (BackupKey::Enabled, "0", "1", Unknown, false),
            (BackupKey::KeepDays, "30", "29", Unknown, true),
            (BackupKey::KeepDays, "30", "31", Unknown, false),
            (BackupKey::KeepDays, "0", "31", Unknown, true),
            (BackupKey::KeepDays, "30", "0", Unknown, true),
            (BackupKey::ExcludeLicense, "0", "1", Unknown, true),
            (BackupKey::ExcludeLicense, "1", "0", Unknown, true),
            (BackupKey::ExcludeLicense, "0", "1", Manual, false),
            (BackupKey::ExcludeLicense, "1", "0", Manual, true),
            (BackupKey::ExcludeLicense, "0", "1", VariableList, true),
            (BackupKey::ExcludeLicense, "1", "0", VariableList, false),
            (BackupKey::Path, "/a", "/b", Unknown, true),
            (BackupKey::Path, "", "/b", Unknown, false),
            (BackupKey::Schedule, "x", "y", Unknown, true),
            (BackupKey::AccountsTarget, "x", "y", Unknown, true),
            (BackupKey::AccountsTarget, "", "y", Unknown, false),
            (BackupKey::Password, "x", "y", Unknown, false),
            (BackupKey::ArchivePassword, "x", "y", Unknown, false),
        ] {
            let secret = key.kind() == BackupKind::Secret;
            let change = SettingChange {
                key,
                before: (!secret || before.is_empty()).then(|| before.to_owned()),
                after: (!secret).then(|| after.to_owned()),
                secret: None,
                place: place(),
            };
            assert_eq!(weaker(&change, sense).is_some(), weak, "{key} {before} -> {after}, {sense:?}");
        }
    }
}
