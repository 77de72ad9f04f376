//! Commands to the text that is sent. The opposite of [`super::codec`], and as pure.

use super::codec::{NAMESPACE, Sid};

/// The parameters of a command, in the order in which they are added (reference 1.6).
#[derive(Clone, Default)]
pub struct Params {
    body: String,
    /// The first character of a value that XML 1.0 has no way to write.
    unsendable: Option<char>,
    /// Whether it carries a secret, or asks for one.
    secret: bool,
}

impl Params {
    /// A command without parameters; each is added by a call of its own, and keeps its place.
    pub fn new() -> Params {
        Params::default()
    }

    /// Marks it as carrying a secret, or asking for one: nothing of its answer is shown.
    pub fn secret(self, secret: bool) -> Params {
        Params { secret, ..self }
    }

    /// Whether nothing of the answer may be shown.
    pub fn is_secret(&self) -> bool {
        self.secret
    }

    /// `<name>value</name>`, escaped.
    pub fn text(mut self, name: &str, value: &str) -> Params {
        self.tag("<", name);
        self.value(value);
        self.tag("</", name);
        self
    }

    /// A whole number in decimal digits; the wire has no other form for it.
    pub fn number(self, name: &str, value: u64) -> Params {
        self.text(name, &value.to_string())
    }

    /// `<name>…</name>` around whatever `inside` adds.
    pub fn group(mut self, name: &str, inside: impl FnOnce(Params) -> Params) -> Params {
        self.tag("<", name);
        let mut params = inside(self);
        params.tag("</", name);
        params
    }

    /// A list of names to read: `<list><item><propname>…` (reference 1.5).
    pub fn names(self, list: &str, names: &[&str]) -> Params {
        self.group(list, |params| {
            names.iter().fold(params, |params, name| params.group("item", |item| item.text("propname", name)))
        })
    }

    /// One value to write: `propertyright` is left out, as the clients that were run against a server do
    /// (reference 1.4).
    pub fn value_item(self, name: &str, value: &str) -> Params {
        self.group("item", |item| {
            item.group("apiproperty", |property| property.text("propname", name))
                .group("propertyval", |property| {
                    property.text("classname", "tpropertystring").text("val", value)
                })
        })
    }

    /// The first character of a value that cannot be sent at all.
    pub fn unsendable(&self) -> Option<char> {
        self.unsendable
    }

    fn tag(&mut self, opening: &str, name: &str) {
        self.body.push_str(opening);
        self.body.push_str(name);
        self.body.push('>');
    }

    fn value(&mut self, value: &str) {
        for character in value.chars() {
            if !is_xml(character) {
                self.unsendable.get_or_insert(character);
            }
            escape(&mut self.body, character);
        }
    }
}

/// The whole request. `sid` is an attribute of `<iq>` and left out before there is a session (reference 1.2).
pub fn request(command: &str, params: &Params, sid: Option<&Sid>) -> String {
    let mut text = String::with_capacity(params.body.len() + 160);
    text.push_str("<iq");
    if let Some(sid) = sid {
        text.push_str(" sid=\"");
        for character in sid.as_str().chars() {
            escape(&mut text, character);
        }
        text.push('"');
    }
    text.push_str("><query xmlns=\"");
    text.push_str(NAMESPACE);
    text.push_str("\"><commandname>");
    text.push_str(command);
    text.push_str("</commandname><commandparams>");
    text.push_str(&params.body);
    text.push_str("</commandparams></query></iq>");
    text
}

/// Line ends are written as references: raw, a reader of XML folds CR LF into LF, and the value would not read
/// back as it was written (reference 11).
fn escape(text: &mut String, character: char) {
    match character {
        '&' => text.push_str("&amp;"),
        '<' => text.push_str("&lt;"),
        '>' => text.push_str("&gt;"),
        '"' => text.push_str("&quot;"),
        '\'' => text.push_str("&apos;"),
        '\r' => text.push_str("&#13;"),
        '\n' => text.push_str("&#10;"),
        '\t' => text.push_str("&#9;"),
        other => text.push(other),
    }
}

/// Whether XML 1.0 can carry the character at all, escaped or not.
fn is_xml(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}
