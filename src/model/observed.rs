//! What was read of a server: columns over the directory's rows, and the server's own settings.

use std::collections::BTreeMap;

use super::{BackupKey, Directory, Licence, Reading, Service, ServiceSet, Tri};

/// What decides whether an account counts and is protected. `Unread` is assumed to be the worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AccountFacts {
    /// `U_AccountDisabled` other than 0.
    pub disabled: Tri,
    /// `U_IsGuestAccount`.
    pub guest: Tri,
    /// `U_Admin` 1, or a non-zero `admintype` in the list.
    pub admin: Tri,
    /// `U_AccountType` 0.
    pub pop3_only: Tri,
    /// `U_AccountValid` 1 and the day of `U_AccountValidTill` over (reference 2.2). The server's own day is not known, so
    /// one that ends within a day of ours is unread.
    pub expired: Tri,
}

/// A state of an account that a selector may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountState {
    /// Neither of the others.
    Active,
    Disabled,
    Guest,
    Expired,
}

impl AccountFacts {
    /// Whether an account is in a state, as far as that was read.
    pub fn is(self, state: AccountState) -> Tri {
        let others = [self.disabled, self.guest, self.expired];
        match state {
            AccountState::Active if others.contains(&Tri::Yes) => Tri::No,
            AccountState::Active if others.contains(&Tri::Unread) => Tri::Unread,
            AccountState::Active => Tri::Yes,
            AccountState::Disabled => self.disabled,
            AccountState::Guest => self.guest,
            AccountState::Expired => self.expired,
        }
    }

    /// Whether an account surely takes the seats that its switches say: it was read to be neither disabled, nor a
    /// guest, nor expired (U-5).
    pub fn certain(self) -> bool {
        !self.disabled.possible() && !self.guest.possible() && !self.expired.possible()
    }
}

/// One row of the columns: an account's services as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ServiceBits {
    /// The switch was read.
    pub known: ServiceSet,
    /// The switch is on. Bits that are not known are 0.
    pub on: ServiceSet,
    /// It was read whether the account may choose; always set where the server has no such variable.
    pub editable_known: ServiceSet,
    /// The account may choose.
    pub editable: ServiceSet,
    /// The effective value was read.
    pub support_known: ServiceSet,
    /// The service is effectively on, or available: which of the two is not known (U-32).
    pub support: ServiceSet,
}

impl ServiceBits {
    /// Where `support` merely says that the account may have a service (U-32), what is in effect is what is on as
    /// well.
    pub fn take_support_as_available(&mut self) {
        self.support = ServiceSet(self.support.0 & (self.on.0 | !self.known.0));
    }
}

/// The accounts' services, one word per account and question. Rows are the directory's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Columns {
    pub bits: Vec<ServiceBits>,
    pub facts: Vec<AccountFacts>,
}

/// Who is governed by an account's own switch of a service (reference 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccessMode {
    All,
    AllExceptSelected,
    Group,
    SelectedDomains,
    SelectedAccounts,
    Other(i64),
}

impl AccessMode {
    /// The mode of a number of the wire (reference 2.3); one that nobody has listed is kept as it is.
    pub fn from_number(number: i64) -> AccessMode {
        match number {
            0 => AccessMode::All,
            1 => AccessMode::AllExceptSelected,
            3 => AccessMode::Group,
            5 => AccessMode::SelectedDomains,
            9 => AccessMode::SelectedAccounts,
            other => AccessMode::Other(other),
        }
    }

    /// Whether an account's own switch says what is so; elsewhere the effective value is unknown (U-35).
    pub fn heeds_accounts(self) -> bool {
        matches!(self, AccessMode::AllExceptSelected | AccessMode::SelectedAccounts)
    }
}

/// All that was read of one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    pub directory: Directory,
    /// The services that were asked for; columns say nothing of others.
    pub asked: ServiceSet,
    pub columns: Columns,
    pub licence: Licence,
    /// The backup settings that were asked for, as text of the wire.
    pub backup: BTreeMap<BackupKey, Reading<String>>,
    /// The access modes that were asked for. A service without such a variable is not in the map (U-14).
    pub modes: BTreeMap<Service, Reading<AccessMode>>,
    /// The switches of the domains that were asked for, by domain name.
    pub domain_switches: BTreeMap<Box<str>, DomainSwitches>,
    /// `C_Version`, for what a person is told.
    pub version: Reading<String>,
    /// Services that were asked for and that this version does not have (U-19).
    pub not_offered: ServiceSet,
    /// Why accounts that are listed could not be read, each reason once with its number of accounts.
    pub unread: Vec<String>,
}

/// A domain's own switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DomainSwitches {
    pub known: ServiceSet,
    pub on: ServiceSet,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_two_access_modes_heed_the_accounts_own_switch() {
        for (number, mode, heeds) in [
            (0, AccessMode::All, false),
            (1, AccessMode::AllExceptSelected, true),
            (2, AccessMode::Other(2), false),
            (3, AccessMode::Group, false),
            (5, AccessMode::SelectedDomains, false),
            (9, AccessMode::SelectedAccounts, true),
            (-1, AccessMode::Other(-1), false),
        ] {
            assert_eq!(AccessMode::from_number(number), mode);
            assert_eq!(mode.heeds_accounts(), heeds, "{mode:?}");
        }
    }
}
