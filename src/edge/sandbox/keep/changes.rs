//! What is touched, and what is then to be written. `watch` finds it out.

use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::{mpsc, oneshot};

use super::super::licence::Licence;
use super::super::services::MODULE_COUNT;

/// Changes on their way to the file, and whom to tell once they are there.
pub(super) type Parcel = (Changes, oneshot::Sender<()>);

/// Notes what is touched, for a world that is kept; a world in memory has none.
#[derive(Clone, Debug)]
pub(in super::super) struct Watch {
    pub(super) accounts: BTreeSet<u32>,
    pub(super) domains: BTreeSet<u32>,
    pub(super) stored: Small,
    pub(super) out: mpsc::UnboundedSender<Parcel>,
}

/// Everything that is neither an account nor a domain: so little that it is compared as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Small {
    pub server: BTreeMap<u16, Box<str>>,
    pub licence: Licence,
    pub highest: [u64; MODULE_COUNT],
    pub switches_new: u32,
    pub stopped: u64,
    pub writes: u64,
}

/// Rows to write; `None` is a row to remove.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub accounts: Vec<(u32, Option<AccountRow>)>,
    pub domains: Vec<(u32, Option<DomainRow>)>,
    pub server: Vec<(&'static str, Option<String>)>,
    pub facts: Vec<(&'static str, String)>,
}

/// An account as a row.
#[derive(Debug)]
pub(super) struct AccountRow {
    pub domain: u32,
    pub mailbox: String,
    pub name: String,
    pub kind: u8,
    pub disabled: u8,
    pub protocol: u8,
    pub flags: u8,
    pub switches: u32,
    pub trial: u16,
    pub extra: Option<String>,
}

/// A domain as a row.
#[derive(Debug)]
pub(super) struct DomainRow {
    pub name: String,
    pub kind: u8,
    pub switches: u32,
    pub variables: String,
}
