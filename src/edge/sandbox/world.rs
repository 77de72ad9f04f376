//! What the sandbox server holds, in the fewest bytes that do: a million accounts must fit.

use std::collections::{BTreeMap, BTreeSet};

use super::challenge::Challenges;
use super::entries::{ACCOUNT_KIND_MAX, Account, Domain, GROUP, Member, STANDARD, USER, split_address};
use super::faults::Fault;
use super::keep::Watch;
use super::lag::Lags;
use super::licence::Licence;
use super::logins::LoginBar;
use super::parts::{Counts, SecondAdministrator};
use super::services::SERVICES;
use super::sessions::Sessions;
use super::switches::Switches;
use super::variables::{self, Meaning, Scope, Variable};

/// The password of every account that was not given one of its own.
pub(super) const PASSWORD: &str = "sandbox";

/// The administrator of every world.
pub(super) const ADMINISTRATOR: &str = "admin@example.com";

/// All state of one simulated server.
#[derive(Clone, Debug)]
pub struct World {
    pub(super) domains: Vec<Option<Domain>>,
    /// Lower-case name → place in `domains`. Lists are given in this order (U-9: stable).
    pub(super) domain_names: BTreeMap<Box<str>, u32>,
    pub(super) accounts: Vec<Option<Account>>,
    /// Accounts whose aliases were written: few, and so looked through.
    pub(super) with_aliases: BTreeSet<u32>,
    /// Server variables that differ from their default, by the variable's index.
    pub(super) server: BTreeMap<u16, Box<str>>,
    pub(super) licence: Licence,
    pub(super) counts: Counts,
    pub(super) sessions: Sessions,
    /// Services whose access mode is 0: every account counts, whatever its switch says (U-13).
    pub(super) forced: u32,
    /// Switches of an account that is created by a call.
    pub(super) switches_new: u32,
    /// Services that were stopped, one bit per service type.
    pub(super) stopped: u64,
    pub(super) calls: BTreeMap<&'static str, u64>,
    pub(super) writes: u64,
    /// What was touched, where the world is kept in a file.
    pub(super) watch: Option<Watch>,
    /// Calls of every kind, unknown commands among them.
    pub(super) exchanges: u64,
    /// What nobody knows of the real server, and what this one does.
    pub(super) switches: Switches,
    pub(super) lags: Lags,
    pub(super) faults: Vec<Fault>,
    pub(super) challenges: Challenges,
    /// How far the server's clock is ahead of the machine's, seconds.
    pub(super) clock_ahead_s: i64,
    /// What keeps accounts out, by account.
    pub(super) login_bars: BTreeMap<u32, LoginBar>,
    pub(super) second: SecondAdministrator,
    /// Logins refused so far (U-16).
    pub(super) refused_logins: u64,
    /// How long a refused login waits for its answer, milliseconds; the real server takes 24,000 and more
    /// (U-16).
    pub tarpit_ms: u64,
}

impl World {
    pub(super) fn empty() -> World {
        World {
            domains: Vec::new(),
            domain_names: BTreeMap::new(),
            accounts: Vec::new(),
            with_aliases: BTreeSet::new(),
            server: BTreeMap::new(),
            licence: Licence::new("EXAMPLE-0001"),
            counts: Counts::default(),
            sessions: Sessions::default(),
            forced: 0,
            switches_new: 0,
            stopped: 0,
            calls: BTreeMap::new(),
            writes: 0,
            watch: None,
            exchanges: 0,
            switches: Switches::default(),
            lags: Lags::default(),
            faults: Vec::new(),
            challenges: Challenges::default(),
            clock_ahead_s: 0,
            login_bars: BTreeMap::new(),
            second: SecondAdministrator::default(),
            refused_logins: 0,
            tarpit_ms: 0,
        }
    }

    /// The smallest server: the domain `example.com`, its administrator `admin@example.com` (password
    /// `sandbox`, a user account with every service off), and a licence with order id `EXAMPLE-0001` and no
    /// products.
    #[must_use]
    pub fn bare() -> World {
        let mut world = World::empty();
        world.add_domain("example.com", STANDARD);
        world.add_account(ADMINISTRATOR, "Administrator", USER);
        world.set_account_variable(ADMINISTRATOR, "U_Admin", "1");
        world.reset_highest();
        world
    }

    /// Adds a domain of a type 0…5 (reference 1.6); one of that name stays as it is. All its services are on.
    pub fn add_domain(&mut self, name: &str, kind: u8) {
        let key = self.spelled(name);
        if self.domain_names.contains_key(key.as_str()) {
            return;
        }
        let switches = SERVICES.iter().enumerate().filter(|(_, service)| !service.domain_switch.is_empty());
        let domain = Domain {
            name: key.as_str().into(),
            kind,
            switches: switches.fold(0, |bits, (index, _)| bits | 1 << index),
            values: BTreeMap::new(),
            order: Vec::new(),
            order_by_kind: Default::default(),
        };
        let place = u32::try_from(self.domains.len()).unwrap_or(u32::MAX);
        self.domains.push(Some(domain));
        self.touch_domain(place);
        self.domain_names.insert(key.into(), place);
    }

    /// Adds an account of a type 0…8 (reference 1.6) with every service off, and its domain if there is none
    /// of that name; an account of that address stays as it is. An address without `@` is left out.
    pub fn add_account(&mut self, address: &str, name: &str, kind: u8) {
        let Some((mailbox, domain)) = split_address(address) else { return };
        self.add_domain(&domain, STANDARD);
        if let Some(place) = self.domain_place(&domain) {
            self.insert_account(Account::new(place, &mailbox, name, kind.min(ACCOUNT_KIND_MAX)));
        }
    }

    /// Stores an account variable as the server's own console would: neither `Editable` nor a read-only flag
    /// stands in the way. `false`: no such account or variable, a computed variable, or not a value of its
    /// type.
    pub fn set_account_variable(&mut self, address: &str, name: &str, value: &str) -> bool {
        let (Some(id), Some(variable)) = (self.account_id(address), variables::find(name)) else {
            return false;
        };
        variable.scope == Scope::Account
            && variable.accepts(value)
            && self.store_account(id, variable, &super::values::Value::Text(value.to_owned()))
    }

    /// The text a call would give for this variable; `None` where it would be `TPropertyNoValue` or no plain
    /// text.
    #[must_use]
    pub fn account_variable(&self, address: &str, name: &str) -> Option<String> {
        let (id, variable) = (self.account_id(address)?, variables::find(name)?);
        self.account_value(id, variable).into_text()
    }

    /// Stores a domain variable, as [`World::set_account_variable`] does for accounts.
    pub fn set_domain_variable(&mut self, domain: &str, name: &str, value: &str) -> bool {
        let (Some(place), Some(variable)) = (self.domain_place(domain), variables::find(name)) else {
            return false;
        };
        variable.scope == Scope::Domain
            && variable.accepts(value)
            && self.store_domain(place, variable, value)
    }

    /// The text a call would give for this variable of a domain.
    #[must_use]
    pub fn domain_variable(&self, domain: &str, name: &str) -> Option<String> {
        let (place, variable) = (self.domain_place(domain)?, variables::find(name)?);
        self.domain_value(place, variable).into_text()
    }

    /// Stores a server variable, read-only ones such as `C_LicenseStatus` among them. `false`: no such
    /// variable, not a value of its type, or one that is not stored (`C_License`, `C_License_XML`).
    pub fn set_server_variable(&mut self, name: &str, value: &str) -> bool {
        let Some(variable) = variables::find(name) else { return false };
        let stored = variable.scope == Scope::Server && !variable.lower.starts_with("c_license_xml");
        if !stored || variable.lower == "c_license" || !variable.accepts(value) {
            return false;
        }
        self.store_server(variable, value);
        true
    }

    /// The text a call would give for this server variable.
    #[must_use]
    pub fn server_variable(&self, name: &str) -> Option<String> {
        self.server_value(variables::find(name)?).into_text()
    }

    /// Replaces the members of a group or list. Addresses are not checked, as the real server does not
    /// (reference 1.6).
    pub fn set_members(&mut self, group: &str, members: &[&str]) {
        if let Some(account) = self.account_id(group).and_then(|id| self.account_mut(id)) {
            account.extra_mut().members = members.iter().map(|member| Member::plain(member)).collect();
        }
    }

    /// Gives an account other names in its domain. `false`: no such account, or a name that is none.
    pub fn set_aliases(&mut self, address: &str, aliases: &[&str]) -> bool {
        let (Some(id), Some(variable)) = (self.account_id(address), variables::find("A_AliasList")) else {
            return false;
        };
        let own = split_address(address).map(|(mailbox, _)| mailbox);
        let names = own.into_iter().chain(aliases.iter().map(|alias| alias.to_lowercase())).collect();
        self.store_account(id, variable, &super::values::Value::List(names))
    }

    pub(super) fn store_server(&mut self, variable: &Variable, value: &str) {
        self.server.insert(variable.index, value.into());
        if variable.meaning == Meaning::Mode {
            self.forced = self.services_forced();
            self.recount_all();
        }
    }

    /// Services whose access mode is 0, "all accounts" (reference 2.3).
    pub(super) fn services_forced(&self) -> u32 {
        let forced = SERVICES.iter().enumerate().filter(|(_, service)| self.mode(service.mode) == Some(0));
        forced.fold(0, |bits, (index, _)| bits | 1 << index)
    }

    /// The access mode held by a server variable; `None` where a service has no such variable (U-14).
    pub(super) fn mode(&self, name: &str) -> Option<i64> {
        let variable = variables::find(name).filter(|_| !name.is_empty())?;
        let text = self.server.get(&variable.index).map_or(variable.default.as_str(), AsRef::as_ref);
        text.parse().ok()
    }

    pub(super) fn domain_place(&self, name: &str) -> Option<u32> {
        let place = self.domain_names.get(name);
        place.or_else(|| self.domain_names.get(self.spelled(name).as_str())).copied()
    }

    pub(super) fn domain(&self, place: u32) -> Option<&Domain> {
        self.domains.get(usize::try_from(place).ok()?)?.as_ref()
    }

    pub(super) fn domain_mut(&mut self, place: u32) -> Option<&mut Domain> {
        self.touch_domain(place);
        self.domains.get_mut(usize::try_from(place).ok()?)?.as_mut()
    }

    pub(super) fn account(&self, id: u32) -> Option<&Account> {
        self.accounts.get(usize::try_from(id).ok()?)?.as_ref()
    }

    pub(super) fn account_mut(&mut self, id: u32) -> Option<&mut Account> {
        self.touch_account(id);
        self.accounts.get_mut(usize::try_from(id).ok()?)?.as_mut()
    }

    /// The account of an address, whatever its case. Addresses under an alias domain name no account (U-34).
    pub(super) fn account_id(&self, address: &str) -> Option<u32> {
        let (mailbox, domain) = split_address(address)?;
        let domain = self.domain(self.domain_place(&domain)?)?;
        let place = self.order_place(&domain.order, &mailbox).ok()?;
        domain.order.get(place).copied()
    }

    pub(super) fn address(&self, account: &Account) -> String {
        let domain = self.domain(account.domain).map_or("", |domain| &domain.name);
        format!("{}@{domain}", account.mailbox)
    }

    fn order_place(&self, order: &[u32], mailbox: &str) -> Result<usize, usize> {
        order.binary_search_by(|id| self.account(*id).map_or("", |account| &account.mailbox).cmp(mailbox))
    }

    /// Puts an account where it belongs in its domain's order and counts it. `None`: its address is taken.
    pub(super) fn insert_account(&mut self, account: Account) -> Option<u32> {
        let domain = self.domain(account.domain)?;
        let all = self.order_place(&domain.order, &account.mailbox).err()?;
        let same_kind = domain.order_by_kind.get(usize::from(account.kind))?;
        let of_kind = self.order_place(same_kind, &account.mailbox).err()?;
        let (place, kind) = (account.domain, account.kind);
        let counted = self.modules_of(&account);
        let id = u32::try_from(self.accounts.len()).ok()?;
        self.accounts.push(Some(account));
        self.touch_account(id);
        let domain = self.domain_mut(place)?;
        domain.order.insert(all, id);
        domain.order_by_kind[usize::from(kind)].insert(of_kind, id);
        self.shift(id, 0, counted);
        Some(id)
    }

    /// Takes an account out of its domain and out of the count; its address stays a member of groups, as
    /// nothing says that the real server removes it.
    pub(super) fn remove_account(&mut self, id: u32) -> Option<Account> {
        let account = self.accounts.get_mut(usize::try_from(id).ok()?)?.take()?;
        self.touch_account(id);
        let counted = self.modules_of(&account);
        if let Some(domain) = self.domain_mut(account.domain) {
            domain.order.retain(|other| *other != id);
            domain.order_by_kind[usize::from(account.kind)].retain(|other| *other != id);
        }
        self.shift(id, counted, 0);
        Some(account)
    }

    /// Takes a domain away with all its accounts.
    pub(super) fn remove_domain(&mut self, place: u32) {
        let Some(domain) = self.domain_mut(place) else { return };
        // The orders go first: taking a hundred thousand accounts out of them one by one would take minutes.
        let ids = std::mem::take(&mut domain.order);
        domain.order_by_kind = Default::default();
        for id in ids {
            self.remove_account(id);
        }
        self.domain_names.retain(|_, other| *other != place);
        if let Some(slot) = usize::try_from(place).ok().and_then(|place| self.domains.get_mut(place)) {
            *slot = None;
        }
    }

    /// Changes an account and what it counts for in one act.
    pub(super) fn edit_account(&mut self, id: u32, edit: impl FnOnce(&mut Account)) -> bool {
        let Some(before) = self.account(id).map(|account| self.modules_of(account)) else { return false };
        if let Some(account) = self.account_mut(id) {
            edit(account);
        }
        let after = self.account(id).map_or(0, |account| self.modules_of(account));
        self.shift(id, before, after);
        true
    }

    /// Appends without order or count; [`World::order_domains`] and a count must follow. For seeding.
    pub(super) fn push_account(&mut self, account: Account) -> u32 {
        let id = u32::try_from(self.accounts.len()).unwrap_or(u32::MAX);
        self.accounts.push(Some(account));
        id
    }

    /// Builds every domain's order from the accounts as they are.
    pub(super) fn order_domains(&mut self) {
        let mut ids: Vec<u32> = (0..u32::try_from(self.accounts.len()).unwrap_or(u32::MAX)).collect();
        ids.retain(|id| self.account(*id).is_some());
        ids.sort_by(|a, b| {
            let key = |id: u32| self.account(id).map_or("", |account| &account.mailbox);
            key(*a).cmp(key(*b))
        });
        for domain in self.domains.iter_mut().flatten() {
            domain.order.clear();
            domain.order_by_kind.iter_mut().for_each(Vec::clear);
        }
        for id in ids {
            let Some((place, kind)) = self.account(id).map(|account| (account.domain, account.kind)) else {
                continue;
            };
            if let Some(domain) = self.domain_mut(place) {
                domain.order.push(id);
                domain.order_by_kind[usize::from(kind)].push(id);
            }
        }
    }

    /// Puts one domain's accounts back in order after one of them was renamed.
    pub(super) fn sort_domain(&mut self, place: u32) {
        let Some(domain) = self.domain_mut(place) else { return };
        let (mut order, mut by_kind) =
            (std::mem::take(&mut domain.order), std::mem::take(&mut domain.order_by_kind));
        let key = |id: &u32| self.account(*id).map_or("", |account| &account.mailbox);
        order.sort_by(|a, b| key(a).cmp(key(b)));
        by_kind.iter_mut().for_each(|ids| ids.sort_by(|a, b| key(a).cmp(key(b))));
        if let Some(domain) = self.domain_mut(place) {
            domain.order = order;
            domain.order_by_kind = by_kind;
        }
    }

    /// The groups that have this address among their members, by address. Direct membership only.
    pub(super) fn groups_of(&self, address: &str) -> Vec<String> {
        let mut groups = Vec::new();
        for place in self.domain_names.values() {
            let Some(domain) = self.domain(*place) else { continue };
            for account in domain.order_by_kind[usize::from(GROUP)].iter().filter_map(|id| self.account(*id))
            {
                if account.members().iter().any(|member| member.val.eq_ignore_ascii_case(address)) {
                    groups.push(self.address(account));
                }
            }
        }
        groups
    }
}
