//! Who is logged in.

use std::collections::HashMap;

use super::switches::SessionLife;

/// Open sessions by id. An id is 18 digits that look like a moment and a counter (reference 1.2); they are
/// predictable, as this server guards nothing. Sessions have no age, but may have a number of calls (U-16);
/// `World::drop_sessions` ends them.
#[derive(Clone, Debug, Default)]
pub(super) struct Sessions {
    open: HashMap<String, Session>,
    started: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Session {
    pub address: String,
    calls: u32,
}

/// The account that is in no domain, and by which the vendor's own staff log in (reference 1.3).
pub(super) const GLOBAL_ADMIN: &str = "globaladmin";

/// The calls of a session that is short (U-16).
const CALLS_MAX: u32 = 20;

/// What a caller may do. A number on the wire never says it (reference 1.6, `admintype`); the account's flags
/// do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rights {
    Server,
    /// Everything of one domain's accounts, and of the domain what the variable's default right says.
    Domain(String),
    Nothing,
}

const FIRST_ID: u64 = 202_601_150_800_000_000;

impl Sessions {
    pub(super) fn start(&mut self, address: &str) -> String {
        self.started += 1;
        let id = format!("{:018}", FIRST_ID + self.started);
        self.open.insert(id.clone(), Session { address: address.to_owned(), calls: 0 });
        id
    }

    /// The session of a call, which counts. One whose calls are used up is no more.
    pub(super) fn find(&mut self, id: &str, life: SessionLife) -> Option<Session> {
        let session = self.open.get_mut(id)?;
        session.calls += 1;
        if life == SessionLife::TwentyCalls && session.calls > CALLS_MAX {
            self.open.remove(id);
            return None;
        }
        Some(session.clone())
    }

    pub(super) fn is_open(&self, id: &str) -> bool {
        self.open.contains_key(id)
    }

    pub(super) fn end(&mut self, id: &str) -> bool {
        self.open.remove(id).is_some()
    }

    pub(super) fn end_all(&mut self) {
        self.open.clear();
    }

    pub(super) fn rename_domain(&mut self, old: &str, new: &str) {
        for session in self.open.values_mut() {
            if let Some((mailbox, domain)) = session.address.rsplit_once('@')
                && domain == old
            {
                session.address = format!("{mailbox}@{new}");
            }
        }
    }

    pub(super) fn count(&self) -> usize {
        self.open.len()
    }
}
