//! The variables of an account: read, checked, stored.

use super::entries::{
    Account, FLAG_ADMIN, FLAG_DOMAIN_ADMIN, FLAG_GUEST, GROUP, MAILING_LIST, USER, split_address,
};
use super::services::{BEYOND_POP3, SERVICES};
use super::switches::{ModeValues, NotEditable, SupportSense};
use super::values::{Value, bit};
use super::variables::{Meaning, Scope, Variable, VariableKind};
use super::world::World;

/// Account properties whose class this server does not hold; they read as no value, as recorded of `A_Image`.
const NOT_HELD: [&str; 11] = [
    "a_image",
    "a_imagesmall",
    "a_responder",
    "a_respondermessage",
    "a_respondernorespond",
    "a_outlookpolicies",
    "a_activationkeyoutlook",
    "a_activationkeydesktop",
    "a_securityqa",
    "a_webclientsignature",
    "u_backup",
];

impl World {
    /// What a read gives. A variable of another account type is no variable of this one (U-33).
    pub(super) fn account_value(&self, id: u32, variable: &Variable) -> Value {
        let Some(account) = self.shown(id) else { return Value::Nothing };
        let account = &*account;
        if !belongs(variable, account.kind) || variable.write_only {
            return Value::Nothing;
        }
        let flag = |on: bool| Value::Text(bit(on).to_owned());
        match variable.meaning {
            Meaning::Switch(index) => flag(self.reads_on(account, index)),
            Meaning::Editable(index) => flag(self.reads_editable(account, index)),
            Meaning::Support(index) => flag(self.is_supported(account, index)),
            _ => self.named_account_value(account, variable),
        }
    }

    fn named_account_value(&self, account: &Account, variable: &Variable) -> Value {
        let text = |text: &str| Value::Text(text.to_owned());
        match variable.lower.as_str() {
            "u_type" => text(&account.kind.to_string()),
            "u_mailbox" | "u_alias" | "u_primaryalias" => text(&account.mailbox),
            "u_name" | "g_name" => text(&account.name),
            "u_email" => text(&self.address(account)),
            "u_accountdisabled" => text(&account.disabled.to_string()),
            "u_accounttype" => text(&account.protocol.to_string()),
            "u_admin" => text(bit(account.flags & FLAG_ADMIN != 0)),
            "u_domainadmin" => text(bit(account.flags & FLAG_DOMAIN_ADMIN != 0)),
            "u_isguestaccount" => text(bit(account.flags & FLAG_GUEST != 0)),
            // `;`-separated with a `;` at the end (reference 2.2).
            "u_groups" | "u_groupslist" => Value::Text(joined(&self.groups_of(&self.address(account)))),
            "u_aliaslist" => Value::Text(joined(&aliases(account))),
            // Whether a password can be read depends on two policies (reference 3) that nothing here turns
            // on.
            "u_password" => Value::Nothing,
            "a_name" => name_of(&account.name),
            "a_state" => Value::State(account.disabled.to_string()),
            "a_admintype" => text(admin_type(account)),
            "a_quota" => Value::Quota {
                size: "0".to_owned(),
                limit: account.value(variable.index).unwrap_or("0").to_owned(),
            },
            "a_aliaslist" => Value::List(aliases(account)),
            "a_grouplist" => Value::List(self.groups_of(&self.address(account))),
            "a_vcard" => Value::Card(card(account)),
            "a_memberlist" if matches!(account.kind, GROUP | MAILING_LIST) => {
                Value::Members(account.members().to_vec())
            }
            "a_memberlist" => Value::Nothing,
            name if NOT_HELD.contains(&name) => Value::Nothing,
            _ => text(account.value(variable.index).unwrap_or(&variable.default)),
        }
    }

    /// What a switch reads: what is stored, unless an access mode that decides by itself makes it 1 (U-35).
    pub(super) fn reads_on(&self, account: &Account, index: u8) -> bool {
        self.reads_one(index) || account.switches >> index & 1 == 1
    }

    pub(super) fn reads_editable(&self, account: &Account, index: u8) -> bool {
        self.reads_one(index) || self.is_editable(account, index)
    }

    fn reads_one(&self, index: u8) -> bool {
        self.switches.mode_values == ModeValues::One && !self.mode_leaves_it(index)
    }

    /// Whether the access mode leaves the choice to accounts (9, or 1: all except selected).
    fn mode_leaves_it(&self, index: u8) -> bool {
        let Some(service) = SERVICES.get(usize::from(index)) else { return false };
        self.mode(service.mode).is_none_or(|mode| mode == 9 || mode == 1)
    }

    /// Reference 2.2: what stands above lets this account choose. The access mode must leave the choice to
    /// accounts (9, or 1: all except selected), and the domain must have the service.
    pub(super) fn is_editable(&self, account: &Account, index: u8) -> bool {
        usize::from(index) < SERVICES.len() && self.mode_leaves_it(index) && self.domain_has(account, index)
    }

    fn domain_has(&self, account: &Account, index: u8) -> bool {
        let without_switch =
            SERVICES.get(usize::from(index)).is_none_or(|service| service.domain_switch.is_empty());
        without_switch || self.domain(account.domain).is_some_and(|domain| domain.switches >> index & 1 == 1)
    }

    /// What `Support` reads (U-32). Under an access mode that decides by itself it follows the stored switch,
    /// or is 1 (U-35).
    pub(super) fn is_supported(&self, account: &Account, index: u8) -> bool {
        let so = match self.switches.support {
            SupportSense::Effective => self.is_effective(account, index),
            SupportSense::Available => self.is_available(account, index),
        };
        so || self.reads_one(index)
    }

    /// The domain has it, and the protocol carries it (reference 2.2, "Naming traps"). Whether the service
    /// runs at all does not bear on it (reference 11 leaves that open).
    fn is_available(&self, account: &Account, index: u8) -> bool {
        let name = SERVICES.get(usize::from(index)).map_or("", |service| service.name);
        let carried = account.protocol != 0 || !BEYOND_POP3.contains(&name);
        carried && self.domain_has(account, index)
    }

    /// The switch is on and has effect: it neither sleeps (U-26) nor waits for the choice to be free (U-6).
    pub(super) fn is_effective(&self, account: &Account, index: u8) -> bool {
        let (dormant, deferred) =
            account.extra.as_ref().map_or((0, 0), |extra| (extra.dormant, extra.deferred));
        let waits = deferred >> index & 1 == 1 && !self.is_editable(account, index);
        let on = account.switches >> index & 1 == 1 && dormant >> index & 1 == 0 && !waits;
        on && self.is_available(account, index)
    }

    /// Whether a switch may not be chosen on this account (reference 2.2).
    pub(super) fn is_locked(&self, account: &Account, index: u8) -> bool {
        let governed = SERVICES.get(usize::from(index)).is_some_and(|service| !service.editable.is_empty());
        governed && !self.is_editable(account, index)
    }

    /// Whether a call may store this value: the type fits, the variable can be written, and what stands above
    /// allows it or does not refuse it (U-6).
    pub(super) fn may_store_account(&self, id: u32, variable: &Variable, value: &Value) -> bool {
        let Some(account) = self.account(id) else { return false };
        if variable.read_only || !belongs(variable, account.kind) {
            return false;
        }
        match variable.meaning {
            Meaning::Switch(index) => {
                let bool_text = matches!(value, Value::Text(text) if variable.accepts(text));
                let refuses = self.switches.not_editable == NotEditable::Refused;
                bool_text && !(refuses && self.is_locked(account, index))
            }
            Meaning::Support(_) | Meaning::Editable(_) => false,
            _ => self.fits_account(id, account, variable, value),
        }
    }

    fn fits_account(&self, id: u32, account: &Account, variable: &Variable, value: &Value) -> bool {
        match (variable.lower.as_str(), value) {
            ("u_type", Value::Text(text)) => *text == account.kind.to_string(),
            ("u_mailbox" | "u_alias", Value::Text(text)) => {
                self.may_rename(id, account, self.without_domain(account, text))
            }
            // 4 is only ever returned (reference 2.2).
            ("u_accountdisabled", Value::Text(text)) => is_number_to(text, 3),
            ("u_accounttype", Value::Text(text)) => is_number_to(text, 2),
            ("a_state", Value::State(text) | Value::Text(text)) => is_number_to(text, 3),
            ("a_admintype", Value::Text(text)) => is_number_to(text, 2),
            ("a_name", Value::Name { .. }) | ("a_vcard", Value::Card(_)) => true,
            ("a_quota", Value::Quota { limit, .. }) => limit.parse::<u64>().is_ok(),
            ("a_aliaslist", Value::List(entries)) => {
                !entries.is_empty() && entries.iter().all(|entry| !entry.is_empty() && !entry.contains(';'))
            }
            ("a_memberlist", Value::Members(_)) => matches!(account.kind, GROUP | MAILING_LIST),
            (name, _) if NOT_HELD.contains(&name) || holds_class(name) => false,
            (_, Value::Text(text)) => variable.accepts(text),
            _ => false,
        }
    }

    /// A mailbox may be given with its domain behind it, as the Java client of reference 6 does.
    fn without_domain<'t>(&self, account: &Account, mailbox: &'t str) -> &'t str {
        let domain = self.domain(account.domain).map_or("", |domain| &domain.name);
        let with_domain = mailbox.rsplit_once('@').filter(|(_, other)| other.eq_ignore_ascii_case(domain));
        with_domain.map_or(mailbox, |(mailbox, _)| mailbox)
    }

    fn may_rename(&self, id: u32, account: &Account, mailbox: &str) -> bool {
        let domain = self.domain(account.domain).map_or("", |domain| &domain.name);
        let taken = self.account_id(&format!("{mailbox}@{domain}"));
        is_mailbox(mailbox) && taken.is_none_or(|other| other == id)
    }

    /// Stores a value without asking whether it may be. `false`: it is not a thing that is stored.
    pub(super) fn store_account(&mut self, id: u32, variable: &Variable, value: &Value) -> bool {
        let flag = matches!(value, Value::Text(text) if text == "1");
        match (variable.meaning, variable.lower.as_str(), value) {
            (Meaning::Switch(index), ..) => self.edit_account(id, |account| {
                account.switches = account.switches & !(1 << index) | u32::from(flag) << index;
            }),
            (Meaning::Support(_) | Meaning::Editable(_), ..) => false,
            (_, "u_mailbox" | "u_alias", Value::Text(mailbox)) => self.rename_account(id, mailbox),
            (_, "u_type", Value::Text(text)) => {
                self.account(id).is_some_and(|account| *text == account.kind.to_string())
            }
            (
                _,
                "u_groups" | "u_groupslist" | "u_email" | "u_aliaslist" | "u_primaryalias" | "a_grouplist",
                _,
            ) => false,
            (_, "u_admin", _) => self.set_flag(id, FLAG_ADMIN, flag),
            (_, "u_domainadmin", _) => self.set_flag(id, FLAG_DOMAIN_ADMIN, flag),
            (_, "u_isguestaccount", _) => self.set_flag(id, FLAG_GUEST, flag),
            (_, name, value) => {
                if name == "a_aliaslist" {
                    self.with_aliases.insert(id);
                }
                let mut stored = false;
                // Whether an account counts may hang on it (U-5, U-36).
                self.edit_account(id, |account| stored = store_plain(account, name, variable.index, value));
                stored
            }
        }
    }

    fn set_flag(&mut self, id: u32, flag: u8, on: bool) -> bool {
        self.edit_account(id, |account| {
            account.flags = if on { account.flags | flag } else { account.flags & !flag }
        })
    }

    /// Whether an account of this domain has that alias. Only accounts whose aliases were written have any but
    /// their mailbox.
    pub(super) fn is_alias(&self, place: u32, mailbox: &str) -> bool {
        let accounts = self.with_aliases.iter().filter_map(|id| self.account(*id));
        let mut here = accounts.filter(|account| account.domain == place);
        here.any(|account| aliases(account).iter().any(|alias| alias.eq_ignore_ascii_case(mailbox)))
    }

    /// The account of a domain that has an alias among its names.
    pub(super) fn aliased(&self, place: u32, mailbox: &str) -> Option<u32> {
        let of_domain = |id: &u32| self.account(*id).filter(|account| account.domain == place);
        let has =
            |account: &Account| aliases(account).iter().any(|alias| alias.eq_ignore_ascii_case(mailbox));
        self.with_aliases.iter().copied().find(|id| of_domain(id).is_some_and(has))
    }

    /// Whether a domain has as many users as its own limit allows, where such limits are in use. Both
    /// variables are off by default.
    pub(super) fn is_full(&self, place: u32) -> bool {
        let used = super::variables::find("c_accounts_global_domains_usedomainlimits");
        let used = used.and_then(|variable| self.server_value(variable).into_text());
        let limit = super::variables::find("d_accountnumber");
        let limit = limit.and_then(|variable| self.domain_value(place, variable).into_text());
        let limit = limit.and_then(|limit| limit.parse().ok()).filter(|limit| *limit > 0);
        let users = self.domain(place).map_or(0, |domain| domain.order_by_kind[usize::from(USER)].len());
        used.as_deref() == Some("1") && limit.is_some_and(|limit: usize| users >= limit)
    }

    /// A new name before the `@`. The account keeps its place in the count and, being the same row, its
    /// seats.
    fn rename_account(&mut self, id: u32, mailbox: &str) -> bool {
        let Some(account) = self.account(id) else { return false };
        let mailbox = self.without_domain(account, mailbox);
        if !self.may_rename(id, account, mailbox) {
            return false;
        }
        let place = account.domain;
        let mailbox = mailbox.to_lowercase();
        if let Some(account) = self.account_mut(id) {
            account.mailbox = mailbox.into();
        }
        self.sort_domain(place);
        true
    }
}

fn store_plain(account: &mut Account, name: &str, index: u16, value: &Value) -> bool {
    match (name, value) {
        ("u_name" | "g_name", Value::Text(text)) => account.name = text.as_str().into(),
        // Writing the one recomposes the other (reference 1.6).
        ("a_name", Value::Name { name, surname }) => account.name = format!("{name} {surname}").trim().into(),
        ("u_accountdisabled", Value::Text(text)) | ("a_state", Value::State(text) | Value::Text(text)) => {
            account.disabled = text.parse().unwrap_or(account.disabled);
        }
        ("u_accounttype", Value::Text(text)) => account.protocol = text.parse().unwrap_or(account.protocol),
        ("a_admintype", Value::Text(text)) => {
            let kept = account.flags & !(FLAG_ADMIN | FLAG_DOMAIN_ADMIN);
            account.flags = kept
                | match text.as_str() {
                    "1" => FLAG_DOMAIN_ADMIN,
                    "2" => FLAG_ADMIN,
                    _ => 0,
                };
        }
        ("a_quota", Value::Quota { limit, .. }) => {
            account.extra_mut().values.insert(index, limit.as_str().into());
        }
        ("a_aliaslist", Value::List(entries)) => {
            account.extra_mut().values.insert(index, entries.join(";").into());
        }
        // The whole card is replaced: a leaf that is left out is gone (reference 1.4).
        ("a_vcard", Value::Card(leaves)) => account.extra_mut().card.clone_from(leaves),
        ("a_memberlist", Value::Members(members)) => account.extra_mut().members = members.clone(),
        (name, Value::Text(text)) if !NOT_HELD.contains(&name) && !holds_class(name) => {
            account.extra_mut().values.insert(index, text.as_str().into());
        }
        _ => return false,
    }
    true
}

/// Account properties that are more than text.
fn holds_class(name: &str) -> bool {
    matches!(
        name,
        "a_name"
            | "a_vcard"
            | "a_state"
            | "a_quota"
            | "a_aliaslist"
            | "a_grouplist"
            | "a_memberlist"
            | "u_type"
    )
}

/// Variables carry the account type in their prefix (reference 3); `U_` is answered by every type, as groups,
/// lists and resources may (reference 11).
pub(super) fn belongs(variable: &Variable, kind: u8) -> bool {
    let prefix = variable.lower.split_once('_').map_or("", |(prefix, _)| prefix);
    let fits = match prefix {
        "u" | "a" => true,
        "m" => kind == 1,
        "n" => kind == 3,
        "r" => kind == 4,
        "t" => kind == 5,
        "l" => kind == 6,
        "g" => kind == 7,
        "s" => kind == 8,
        _ => false,
    };
    variable.scope == Scope::Account && fits
}

/// The administrator's type as `A_AdminType` numbers it; the account list numbers it otherwise (reference
/// 1.6).
pub(super) fn admin_type(account: &Account) -> &'static str {
    match account.flags {
        flags if flags & FLAG_ADMIN != 0 => "2",
        flags if flags & FLAG_DOMAIN_ADMIN != 0 => "1",
        _ => "0",
    }
}

/// A mailbox name that an address can be made of.
pub(super) fn is_mailbox(mailbox: &str) -> bool {
    let plain =
        |letter: char| !letter.is_whitespace() && !letter.is_control() && !matches!(letter, '@' | ';' | ',');
    !mailbox.is_empty() && mailbox.chars().all(plain) && split_address(&format!("{mailbox}@x")).is_some()
}

/// The contact card. One that was never written is filled from the display name, in the leaves whose names
/// are known.
fn card(account: &Account) -> Vec<(String, String)> {
    match account.extra.as_ref().map(|extra| &extra.card).filter(|card| !card.is_empty()) {
        Some(written) => written.clone(),
        None => {
            let (first, last) = account.name.split_once(' ').unwrap_or((&account.name, ""));
            let leaves = [
                ("title", ""),
                ("firstname", first),
                ("middlename", ""),
                ("lastname", last),
                ("suffix", ""),
                ("nickname", ""),
                ("fileas", &account.name),
            ];
            leaves.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
        }
    }
}

/// The first word is the name, the rest the surname: synthetic, the server stores both.
pub(super) fn name_of(display: &str) -> Value {
    let (name, surname) = display.split_once(' ').unwrap_or((display, ""));
    Value::Name { name: name.to_owned(), surname: surname.to_owned() }
}

/// The aliases of an account begin with its mailbox. They are kept, but no address is looked up by them.
fn aliases(account: &Account) -> Vec<String> {
    let index = super::variables::find("a_aliaslist").map(|variable| variable.index);
    match index.and_then(|index| account.value(index)) {
        Some(stored) => stored.split(';').map(str::to_owned).collect(),
        None => vec![account.mailbox.to_string()],
    }
}

fn joined(entries: &[String]) -> String {
    entries.iter().fold(String::new(), |out, entry| out + entry + ";")
}

fn is_number_to(text: &str, highest: u8) -> bool {
    text.parse::<u8>().is_ok_and(|number| number <= highest)
}

/// What `propertyvaluetype` says where a class is no text: a string (synthetic).
pub(super) fn console_kind(variable: &Variable) -> VariableKind {
    if holds_class(&variable.lower) && variable.lower.starts_with("a_") {
        VariableKind::Text
    } else {
        variable.kind
    }
}
