//! What comes in and goes out: a call, what a command gives, and an answer.

use roxmltree::Node;

use super::sessions::Rights;
use super::switches::{NoRights, Switches};
use super::xml;

/// One answer. The status is 200 for errors of the interface too (reference 1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `application/xml`, unless a fault makes it something else.
    pub kind: &'static str,
    /// XML, UTF-8, without a byte order mark.
    pub body: String,
}

impl Answer {
    /// What is no answer of the interface at all.
    pub(super) fn page(status: u16, body: String) -> Answer {
        Answer { status, kind: "text/html", body }
    }
}

/// A call that passed the envelope: who calls, and with what.
#[derive(Debug)]
pub(super) struct Call<'a, 'i> {
    pub params: Option<Node<'a, 'i>>,
    pub sid: &'a str,
    /// Address of the session's account; empty for commands that need no session.
    pub caller: String,
    pub rights: Rights,
    pub switches: Switches,
    /// The number of this call among all.
    pub nth: u64,
}

impl<'a, 'i> Call<'a, 'i> {
    /// A parameter's text; empty where it is missing.
    pub(super) fn text(&self, name: &str) -> String {
        self.params.map(|params| xml::child_text(params, name)).unwrap_or_default()
    }

    /// Likewise, to the letter.
    pub(super) fn text_whole(&self, name: &str) -> String {
        self.params.map(|params| xml::child_text_whole(params, name)).unwrap_or_default()
    }

    pub(super) fn node(&self, name: &str) -> Option<Node<'a, 'i>> {
        self.params.and_then(|params| xml::child(params, name))
    }

    /// What a caller gets who may not read, where that is no answer of the usual form (U-39).
    pub(super) fn denied(&self) -> Option<Reply> {
        match self.switches.no_rights {
            NoRights::NoValue => None,
            NoRights::Error => Some(Err("account_permission")),
            NoRights::Empty => Some(Ok(Success::Text(""))),
        }
    }

    /// Whether the caller administers this domain.
    pub(super) fn governs(&self, domain: &str) -> bool {
        match &self.rights {
            Rights::Server => true,
            Rights::Domain(own) => own.eq_ignore_ascii_case(domain),
            Rights::Nothing => false,
        }
    }
}

/// What is answered for an account that does not exist. Reference 11 knows `account_invalid` too (source S4
/// saw it of a 14.3.0.3); both mean the same to a reader.
pub(super) const NO_SUCH_ACCOUNT: &str = "account_does_not_exist";

/// What a command gives: the inside of `<result>`, or an error id of reference 1.7.
pub(super) type Reply = Result<Success, &'static str>;

#[derive(Debug)]
pub(super) enum Success {
    /// Text of `<result>`, as `1`, `0`, or nothing.
    Text(&'static str),
    /// Elements of `<result>`, written at [`RESULT_DEPTH`].
    Elements(String),
    /// A login: `1` and a session id.
    Session(String),
}

/// How deep the children of `<result>` stand.
pub(super) const RESULT_DEPTH: usize = 3;

/// What the transport must know beside the answer.
#[derive(Debug)]
pub(super) struct Exchange {
    pub answer: Answer,
    /// How long the answer is to be held back, milliseconds (U-16).
    pub delay_ms: u64,
    pub cut: Cut,
}

/// What the transport does to an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Cut {
    #[default]
    Not,
    Unanswered,
    Inside,
    After,
}
