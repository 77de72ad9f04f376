//! What a server lists: domains, accounts, and the members of groups.

use std::collections::BTreeMap;

/// Account types (reference 1.6).
pub(super) const USER: u8 = 0;
pub(super) const MAILING_LIST: u8 = 1;
pub(super) const GROUP: u8 = 7;
pub(super) const RESOURCE: u8 = 8;
pub(super) const ACCOUNT_KIND_MAX: u8 = 8;

/// Domain types (reference 1.6).
pub(super) const STANDARD: u8 = 0;
pub(super) const ALIAS: u8 = 2;
pub(super) const SERVICE: u8 = 5;

#[derive(Clone, Debug)]
pub(super) struct Domain {
    pub name: Box<str>,
    pub kind: u8,
    /// One bit per service: the domain's switch.
    pub switches: u32,
    pub values: BTreeMap<u16, Box<str>>,
    /// Its accounts by mailbox; and the same again for each account type, so that a page costs its own
    /// length.
    pub order: Vec<u32>,
    pub order_by_kind: [Vec<u32>; ACCOUNT_KIND_MAX as usize + 1],
}

pub(super) const FLAG_ADMIN: u8 = 1;
pub(super) const FLAG_DOMAIN_ADMIN: u8 = 2;
pub(super) const FLAG_GUEST: u8 = 4;

#[derive(Clone, Debug)]
pub(super) struct Account {
    /// The part before the `@`, lower case.
    pub mailbox: Box<str>,
    pub name: Box<str>,
    pub domain: u32,
    /// One bit per service: the switch as stored (U-36).
    pub switches: u32,
    /// One bit per service: it has connected with it (U-20). Nobody connects here; the switch deals it out.
    pub connected: u32,
    pub kind: u8,
    /// `U_AccountDisabled`.
    pub disabled: u8,
    /// `U_AccountType`: 0 POP3, 1 IMAP & POP3, 2 IMAP.
    pub protocol: u8,
    pub flags: u8,
    /// What most accounts do not have.
    pub extra: Option<Box<Extra>>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Extra {
    pub values: BTreeMap<u16, Box<str>>,
    pub members: Vec<Member>,
    /// `A_VCard`, once it was written.
    pub card: Vec<(String, String)>,
    /// One bit per service: without effect until it is written again (U-26).
    pub dormant: u32,
    /// One bit per service: without effect until the account may choose (U-6).
    pub deferred: u32,
}

/// One member of a group or list (reference 1.6); the misspelling is the wire's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub val: Box<str>,
    pub default: bool,
    pub recieve: bool,
    pub post: bool,
    pub digest: bool,
    pub params: Box<str>,
}

impl Member {
    /// A member without any rights, as groups show them.
    pub(super) fn of_group(val: &str) -> Member {
        Member {
            val: val.into(),
            default: false,
            recieve: false,
            post: false,
            digest: false,
            params: "".into(),
        }
    }

    pub(super) fn plain(val: &str) -> Member {
        Member {
            val: val.into(),
            default: false,
            recieve: true,
            post: true,
            digest: false,
            params: "".into(),
        }
    }
}

impl Account {
    pub(super) fn new(domain: u32, mailbox: &str, name: &str, kind: u8) -> Account {
        Account {
            mailbox: mailbox.into(),
            name: name.into(),
            domain,
            switches: 0,
            connected: 0,
            kind,
            disabled: 0,
            protocol: 1,
            flags: 0,
            extra: None,
        }
    }

    pub(super) fn value(&self, index: u16) -> Option<&str> {
        self.extra.as_ref()?.values.get(&index).map(AsRef::as_ref)
    }

    pub(super) fn members(&self) -> &[Member] {
        self.extra.as_ref().map_or(&[], |extra| &extra.members)
    }

    pub(super) fn extra_mut(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }
}

/// Mailbox and domain of an address, lower case. `None` without an `@` or with nothing on one side.
pub(super) fn split_address(address: &str) -> Option<(String, String)> {
    let (mailbox, domain) = address.trim().rsplit_once('@')?;
    let whole = !mailbox.is_empty() && !domain.is_empty();
    whole.then(|| (mailbox.to_lowercase(), domain.to_lowercase()))
}
