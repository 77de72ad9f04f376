//! One request in, one answer out: the envelope (reference 1.2) and the way to a command.

use roxmltree::{Document, Node};

use super::call::{Answer, Call, Cut, Exchange, Reply, Success};
use super::commands::{self, Access, Command};
use super::entries::{FLAG_ADMIN, FLAG_DOMAIN_ADMIN};
use super::faults::Struck;
use super::sessions::{GLOBAL_ADMIN, Rights};
use super::switches::{ErrorOrder, SessionLife};
use super::world::World;
use super::xml::{self, Writer};

/// The namespace must be exactly this (reference 1.2).
const NAMESPACE: &str = "admin:iq:rpc";

const XML: &str = "application/xml";

/// What is answered to a request without a session id. U-38 leaves the word open; source S4 saw
/// `session_invalid` here too.
const NO_SESSION: &str = "session_no_user";

impl World {
    /// One exchange without HTTP. `path_command` is what stood behind `/icewarpapi/`, where a client names
    /// the command there too; the body's `commandname` comes first.
    ///
    /// Checked in this order unless switched (U-38): root, namespace, command, session. A request without a
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
        let name = xml::child(iq, "query").map(|query| command_name(query, path_command)).unwrap_or_default();
        let names = |variable: &str| {
            let named = iq.descendants().filter(|node| node.tag_name().name() == "propname");
            named.filter_map(|node| node.text()).any(|text| text.trim().eq_ignore_ascii_case(variable))
        };
        let command = commands::find(&name).map_or("", |command| command.name);
        let struck = Struck::by(&mut self.faults, command, &names);
        if let Some(exchange) = struck.instead() {
            return exchange;
        }
        let reply = if struck.refuse { Ok(Success::Text("0")) } else { self.reply(iq, &name, &struck) };
        let refused = matches!(reply, Err("auth_login_invalid"));
        let delay_ms = if refused { self.refuse_login() } else { 0 };
        struck.bent(Exchange { answer: envelope(iq, &reply), delay_ms, cut: Cut::Not })
    }

    fn reply(&mut self, iq: Node<'_, '_>, name: &str, struck: &Struck) -> Reply {
        self.exchanges += 1;
        let query = xml::child(iq, "query").ok_or("iq_query_xmlns_invalid")?;
        let sid = iq.attribute("sid").unwrap_or_default();
        if struck.lose_session {
            self.sessions.end(sid);
        }
        self.session_comes_first(name, sid)?;
        if query.tag_name().namespace() != Some(NAMESPACE) {
            return Err("iq_query_xmlns_invalid");
        }
        let Some(command) = commands::find(name) else {
            *self.calls.entry("(unknown)").or_default() += 1;
            return Err("invoker_commandname_invalid");
        };
        *self.calls.entry(command.name).or_default() += 1;
        let (caller, rights) = self.caller(command, sid)?;
        let params = xml::child(query, "commandparams");
        let call = Call { params, sid, caller, rights, switches: self.switches, nth: self.exchanges };
        self.second_administrator(command.name, &call);
        if struck.second_administrator {
            self.interfere(&call);
        }
        let reply = (command.handler)(self, &call);
        if command.access == Access::Write && matches!(reply, Ok(Success::Text("1"))) {
            self.writes += 1;
        }
        reply
    }

    /// Where the session is looked at before anything else (U-38). A login brings none.
    fn session_comes_first(&self, name: &str, sid: &str) -> Result<(), &'static str> {
        let open = commands::find(name).is_some_and(|command| command.access == Access::Open);
        if self.switches.error_order != ErrorOrder::SessionFirst || open {
            return Ok(());
        }
        match sid {
            "" => Err(NO_SESSION),
            sid if self.sessions.is_open(sid) => Ok(()),
            _ => Err(self.session_lost()),
        }
    }

    /// The word for a session that the server does not know (U-38).
    fn session_lost(&self) -> &'static str {
        match self.switches.error_order {
            ErrorOrder::CommandFirst | ErrorOrder::SessionFirst => "session_invalid",
            ErrorOrder::Expired => "session_expired",
            ErrorOrder::Mismatch => "session_mismatch",
        }
    }

    /// Counts a refused login, and says how long it waits for its answer, milliseconds (U-16): 24 s and more
    /// each time (reference 1.3).
    fn refuse_login(&mut self) -> u64 {
        self.refused_logins += 1;
        match self.switches.session {
            SessionLife::Tarpit => 24_000 + 3_000 * (self.refused_logins - 1),
            SessionLife::Endless | SessionLife::TwentyCalls => self.tarpit_ms,
        }
    }

    fn caller(&mut self, command: &Command, sid: &str) -> Result<(String, Rights), &'static str> {
        if command.access == Access::Open {
            return Ok((String::new(), Rights::Nothing));
        }
        if sid.is_empty() {
            return Err(NO_SESSION);
        }
        let session = self.sessions.find(sid, self.switches.session).ok_or_else(|| self.session_lost())?;
        let rights = self.rights_of(&session.address);
        Ok((session.address, rights))
    }

    /// Looked up at every call: rights taken away end at once.
    fn rights_of(&self, address: &str) -> Rights {
        if address == GLOBAL_ADMIN {
            return Rights::Server;
        }
        let Some(account) = self.account_id(address).and_then(|id| self.account(id)) else {
            return Rights::Nothing;
        };
        let domain = self.domain(account.domain).map_or("", |domain| &domain.name);
        match account.flags {
            flags if flags & FLAG_ADMIN != 0 => Rights::Server,
            flags if flags & FLAG_DOMAIN_ADMIN != 0 => Rights::Domain(domain.to_owned()),
            _ => Rights::Nothing,
        }
    }
}

fn at_once(answer: Answer) -> Exchange {
    Exchange { answer, delay_ms: 0, cut: Cut::Not }
}

/// The command a request names; the path only says it where the body does not.
fn command_name(query: Node<'_, '_>, path_command: Option<&str>) -> String {
    match xml::child_text(query, "commandname") {
        named if named.is_empty() => path_command.unwrap_or_default().to_owned(),
        named => named,
    }
}

/// The one error without a namespace and without a session id (reference 1.2).
fn root_invalid() -> Answer {
    Answer {
        status: 200,
        kind: XML,
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
    Answer { status: 200, kind: XML, body: out.finish() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::sandbox::Setting;

    #[test]
    fn a_refused_login_waits_longer_each_time_in_the_tarpit() {
        let login = "<iq><query xmlns=\"admin:iq:rpc\"><commandname>authenticate</commandname><commandparams>\
            <email>nobody@example.com</email><password>wrong</password></commandparams></query></iq>";
        for (position, waits) in [("endless", [0, 0, 0]), ("tarpit", [24_000, 27_000, 30_000])] {
            let mut world = World::bare();
            world.set_switch(Setting::parse(&format!("U-16={position}")).expect("a position"));
            let waited = [(); 3].map(|()| world.exchange(login.as_bytes(), None).delay_ms);
            assert_eq!(waited, waits, "{position}");
        }
    }
}
