//! One request in, one answer out: the envelope (reference 1.2) and the way to a command.

use roxmltree::{Document, Node};

use super::commands::{self, Access, Command};
use super::sessions::Rights;
use super::world::World;
use super::xml::{self, Writer};

/// The namespace must be exactly this (reference 1.2).
const NAMESPACE: &str = "admin:iq:rpc";

/// One answer. The status is 200 for errors of the interface too (reference 1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// XML, UTF-8, without a byte order mark.
    pub body: String,
}

/// A call that passed the envelope: who calls, and with what.
#[derive(Debug)]
pub(super) struct Call<'a, 'i> {
    pub params: Option<Node<'a, 'i>>,
    pub sid: &'a str,
    /// Address of the session's account; empty for commands that need no session.
    pub caller: String,
    pub rights: Rights,
}

impl<'a, 'i> Call<'a, 'i> {
    /// A parameter's text; empty where it is missing.
    pub(super) fn text(&self, name: &str) -> String {
        self.params.map(|params| xml::child_text(params, name)).unwrap_or_default()
    }

    pub(super) fn node(&self, name: &str) -> Option<Node<'a, 'i>> {
        self.params.and_then(|params| xml::child(params, name))
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

/// What is answered to a request without a session id. U-38 leaves the word open; source S4 saw
/// `session_invalid` here too.
const NO_SESSION: &str = "session_no_user";

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
}

impl World {
    /// One exchange without HTTP. `path_command` is what stood behind `/icewarpapi/`, where a client names
    /// the command there too; the body's `commandname` comes first.
    ///
    /// Checked in this order (U-38 leaves it open): root, namespace, command, session. A request without a
    /// session id is `session_no_user`, one with an unknown id `session_invalid`.
    pub fn answer(&mut self, request: &[u8], path_command: Option<&str>) -> Answer {
        self.exchange(request, path_command).answer
    }

    pub(super) fn exchange(&mut self, request: &[u8], path_command: Option<&str>) -> Exchange {
        let done = xml::with_document(request, |document| self.exchange_document(document, path_command));
        done.unwrap_or_else(|| at_once(root_invalid()))
    }

    fn exchange_document(&mut self, document: &Document<'_>, path_command: Option<&str>) -> Exchange {
        let iq = document.root_element();
        if iq.tag_name().name() != "iq" {
            return at_once(root_invalid());
        }
        let reply = self.reply(iq, path_command);
        let refused = matches!(reply, Err("auth_login_invalid"));
        Exchange { answer: envelope(iq, &reply), delay_ms: if refused { self.tarpit_ms } else { 0 } }
    }

    fn reply(&mut self, iq: Node<'_, '_>, path_command: Option<&str>) -> Reply {
        let query = xml::child(iq, "query").ok_or("iq_query_xmlns_invalid")?;
        if query.tag_name().namespace() != Some(NAMESPACE) {
            return Err("iq_query_xmlns_invalid");
        }
        let named = xml::child_text(query, "commandname");
        let name = if named.is_empty() { path_command.unwrap_or_default() } else { named.as_str() };
        let Some(command) = commands::find(name) else {
            *self.calls.entry("(unknown)").or_default() += 1;
            return Err("invoker_commandname_invalid");
        };
        *self.calls.entry(command.name).or_default() += 1;
        let sid = iq.attribute("sid").unwrap_or_default();
        let (caller, rights) = self.caller(command, sid)?;
        let call = Call { params: xml::child(query, "commandparams"), sid, caller, rights };
        let reply = (command.handler)(self, &call);
        if command.access == Access::Write && matches!(reply, Ok(Success::Text("1"))) {
            self.writes += 1;
        }
        reply
    }

    fn caller(&self, command: &Command, sid: &str) -> Result<(String, Rights), &'static str> {
        if command.access == Access::Open {
            return Ok((String::new(), Rights::Nothing));
        }
        if sid.is_empty() {
            return Err(NO_SESSION);
        }
        let session = self.sessions.find(sid).ok_or("session_invalid")?;
        let rights = self.rights_of(&session.address);
        Ok((session.address, rights))
    }
}

fn at_once(answer: Answer) -> Exchange {
    Exchange { answer, delay_ms: 0 }
}

/// The one error without a namespace and without a session id (reference 1.2).
fn root_invalid() -> Answer {
    Answer {
        status: 200,
        body: "<iq type=\"error\"><query><error uid=\"iq_root_tag_invalid\"/></query></iq>".to_owned(),
    }
}

/// Wraps a reply. `id` and `uid` are echoed; the session id stands last on a line of its own, as scripts of
/// IceWarp's own staff need it (reference 1.2). `format` is accepted and the answer stays XML: the JSON form
/// is not known.
fn envelope(iq: Node<'_, '_>, reply: &Reply) -> Answer {
    let sid = match reply {
        Ok(Success::Session(sid)) => sid.as_str(),
        _ => iq.attribute("sid").unwrap_or_default(),
    };
    let kind = if reply.is_ok() { "result" } else { "error" };
    let mut attributes = vec![("type", kind)];
    for name in ["uid", "id"] {
        if let Some(value) = iq.attribute(name) {
            attributes.push((name, value));
        }
    }
    if !sid.is_empty() {
        attributes.push(("sid", sid));
    }
    let mut out = Writer::at_depth(0);
    out.open_with("iq", &attributes);
    out.open_with("query", &[("xmlns", NAMESPACE)]);
    match reply {
        Err(uid) => out.empty("error", &[("uid", uid)]),
        Ok(Success::Session(_)) => out.leaf("result", "1"),
        Ok(Success::Text(text)) => out.leaf("result", text),
        Ok(Success::Elements(lines)) if lines.is_empty() => out.leaf("result", ""),
        Ok(Success::Elements(lines)) => {
            out.open("result");
            out.raw(lines);
            out.close("result");
        }
    }
    out.close("query");
    out.close("iq");
    Answer { status: 200, body: out.finish() }
}
