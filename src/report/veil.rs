//! Addresses in outputs that others can read: each replaced by a short name, or by a star.
//!
//! Words that hold addresses are made in many rooms, and some by the author or by the server. So every text of an
//! output goes through here, whatever field it stands in, and a new field cannot be forgotten. Addresses that the
//! directory knows are found whatever characters they are made of; any other by its shape.

use serde_json::Value;

use crate::model::Directory;
use crate::model::address::{compared, domain_of};
use crate::plan::file::ServerFile;

/// What stands in an address's place.
#[derive(Clone, Copy)]
pub enum Naming<'a> {
    /// A short name that is made of the address; the secret that it needs stays with whoever makes it.
    Short(&'a dyn Fn(&str) -> String),
    /// Nothing but its domain. Lists of accounts become numbers.
    Count,
}

/// What hides addresses.
#[derive(Clone, Copy)]
pub struct Veil<'a> {
    pub naming: Naming<'a>,
    /// Where it is known which addresses there are.
    pub directory: Option<&'a Directory>,
}

/// Before a short name. It is how one is told from an address.
const SHORT: &str = "h-";

/// What stands further before an `@` than this is not looked at: a long text without spaces would cost its square.
const LOCAL_BYTES_MAX: usize = 1024;

impl Veil<'_> {
    /// A text without addresses. Going over it twice changes nothing more.
    pub fn text(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let (mut copied, mut search) = (0, 0);
        while let Some(found) = text[search..].find('@') {
            let mut at = search + found;
            let mut end = domain_end(text, at + 1);
            // The last of several splits an address, as in mail.
            while text[end..].starts_with('@') {
                at = end;
                end = domain_end(text, at + 1);
            }
            search = end.max(at + 1);
            if let Some((start, end)) = self.address(text, copied, at, end) {
                out.push_str(&text[copied..start]);
                out.push_str(&self.shown(&text[start..end]));
                (copied, search) = (end, end);
            }
        }
        out.push_str(&text[copied..]);
        out
    }

    /// A text that is one address, or a pattern of addresses, whatever characters it is made of; others stay.
    pub fn whole(&self, text: &str) -> String {
        match text.rsplit_once('@') {
            Some((local, _)) if !is_shown(local) => self.shown(text),
            _ => text.to_owned(),
        }
    }

    /// Every text in a plan, its keys too.
    ///
    /// # Errors
    /// Where a plan cannot be written and read back; then nothing of it may be shown.
    pub fn server(&self, file: &ServerFile) -> Result<ServerFile, serde_json::Error> {
        let mut file: ServerFile = serde_json::from_value(self.value(serde_json::to_value(file)?))?;
        if matches!(self.naming, Naming::Count) {
            file.steps.retain(|step| step.account.is_none());
            file.blocked.clear();
            file.holds.iter_mut().for_each(|hold| hold.accounts.clear());
        }
        Ok(file)
    }

    /// Every text in a value, its keys too.
    pub fn value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.value(item)).collect(),
            Value::Object(fields) => {
                fields.into_iter().map(|(name, field)| (self.text(&name), self.value(field))).collect()
            }
            other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other,
        }
    }

    /// Where the address around an `@` starts and ends; `None` where there is none that must be hidden.
    fn address(&self, text: &str, from: usize, at: usize, end: usize) -> Option<(usize, usize)> {
        let start = word_start(text, from, at);
        if let Some(known) = self.known(text, start, at, end) {
            return Some(known);
        }
        let local = &text[start..at];
        let start = start + local.rfind(DELIMITERS).map_or(0, |delimiter| delimiter + 1);
        let end = at + 1 + text[at + 1..end].trim_end_matches(['.', '-']).len();
        let local = &text[start..at];
        (!local.is_empty() && end > at + 1 && !is_shown(local)).then_some((start, end))
    }

    /// The longest address of the directory around an `@`.
    fn known(&self, text: &str, start: usize, at: usize, end: usize) -> Option<(usize, usize)> {
        let directory = self.directory?;
        let is_known = |address: &str| {
            let address = compared(address);
            directory.row(&address).is_some()
                || directory.other(&address).is_some()
                || directory.group(&address).is_some()
        };
        // What follows may join the domain: the stop of a sentence, the ending of a file's name.
        let stops = text[at + 1..end].match_indices('.').map(|(stop, _)| at + 1 + stop);
        let ends: Vec<usize> = stops.chain([end]).collect();
        for end in ends.into_iter().rev() {
            let starts = text[start..at].char_indices().map(|(index, _)| start + index);
            for start in starts {
                if is_known(&text[start..end]) {
                    return Some((start, end));
                }
            }
        }
        None
    }

    fn shown(&self, address: &str) -> String {
        // One account has one short name, in whatever form a text has it (U-44).
        let address = compared(address);
        match self.naming {
            Naming::Short(name) => format!("{SHORT}{}@{}", name(&address), domain_of(&address)),
            Naming::Count => format!("*@{}", domain_of(&address)),
        }
    }
}

/// What stands before an unknown address rather than in it: in the address of a step, in an override, in a list, in
/// code, in a quotation.
const DELIMITERS: [char; 11] = ['/', '=', '`', '(', '<', ',', ';', ':', '"', '[', '{'];

/// Whether what stands before an `@` was put there by a veil.
fn is_shown(local: &str) -> bool {
    let short = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    local == "*" || local.strip_prefix(SHORT).is_some_and(short)
}

/// The end of what may be a domain.
fn domain_end(text: &str, from: usize) -> usize {
    let rest = &text[from..];
    from + rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '.' | '_'))).unwrap_or(rest.len())
}

/// Where the word before an `@` starts: no address holds white space or control characters.
fn word_start(text: &str, from: usize, at: usize) -> usize {
    let mut least = from.max(at.saturating_sub(LOCAL_BYTES_MAX));
    while !text.is_char_boundary(least) {
        least += 1;
    }
    let before = &text[least..at];
    let stop = before.char_indices().rev().find(|(_, c)| c.is_whitespace() || c.is_control());
    match stop {
        // The rest of a colour's escape is no part of the word.
        Some((index, '\u{1b}')) => {
            let word = least + index + 1;
            text[word..at].find('m').map_or(word, |end| word + end + 1)
        }
        Some((index, c)) => least + index + c.len_utf8(),
        None => least,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AccountKind, Address, DirectoryBuilder, DomainKind};

    fn directory(users: &[&str]) -> Directory {
        let mut builder = DirectoryBuilder::default();
        builder.domain("example.com", DomainKind::Standard);
        for user in users {
            builder.account(Address::parse(user).expect("an address"), AccountKind::User);
        }
        builder.build()
    }

    #[test]
    fn addresses_are_hidden_by_what_is_known_and_else_by_their_shape() {
        let directory =
            directory(&["anna@example.com", "a,b@example.com", "o'brien@example.com", "x/y@example.com"]);
        let name = |address: &str| format!("{:02x}", address.len());
        for (directory, text, expected) in [
            (None, "nothing here", "nothing here"),
            (None, "eu/anna@example.com/im: refused", "eu/h-10@example.com/im: refused"),
            (None, "protect=Anna@Example.com.", "protect=h-10@example.com."),
            (None, "`a@example.com`, <b@example.com>", "`h-0d@example.com`, <h-0d@example.com>"),
            (None, "a@b@example.com", "h-0f@example.com"),
            (None, "\u{1b}[31manna@example.com\u{1b}[0m", "\u{1b}[31mh-10@example.com\u{1b}[0m"),
            (None, "@everyone, a@ and @", "@everyone, a@ and @"),
            (None, "jürgen@exämple.test", "h-1b@xn--exmple-cua.test"),
            (Some(&directory), "eu/a,b@example.com/im", "eu/h-0f@example.com/im"),
            (Some(&directory), "eu/x/y@example.com/im", "eu/h-0f@example.com/im"),
            (Some(&directory), "o'brien@example.com.", "h-13@example.com."),
            (Some(&directory), "anna@example.com.test:1:2", "h-10@example.com.test:1:2"),
            (Some(&directory), "nobody@example.com", "h-12@example.com"),
        ] {
            let veil = Veil { naming: Naming::Short(&name), directory };
            assert_eq!(veil.text(text), expected, "{text}");
            assert_eq!(veil.text(expected), expected, "a second time nothing changes");
        }
        let count = Veil { naming: Naming::Count, directory: Some(&directory) };
        assert_eq!(count.text("eu/a,b@example.com/im, c@example.com"), "eu/*@example.com/im, *@example.com");
        assert_eq!(count.text("eu/*@example.com/im"), "eu/*@example.com/im");
    }
}
