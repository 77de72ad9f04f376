//! What a text must look like, beyond being text. Each format of the schema is tested here, and nowhere else.

use std::net::Ipv6Addr;
use std::num::NonZeroU16;

use jiff::civil::Date;

use super::meaning::Caller;
use super::tree::shown;
use crate::model::address::{AddressError, domain_of, is_domain_name};
use crate::model::{Address, Module, Remedy};

/// What the text of a value must look like; `Any` asks for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Any,
    Name,
    Token,
    Url,
    Account,
    /// An account, or the administrator of the whole server.
    Caller,
    Group,
    AccountGlob,
    Domain,
    DomainGlob,
    Day,
    Env,
    Path,
    Module,
}

/// Why a text does not have its format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub code: &'static str,
    pub message: String,
    pub remedy: Option<Remedy>,
    /// A secret may stand there, so neither message nor line may show it.
    pub secret: bool,
}

impl Format {
    /// The format of a schema's `format`; `None` where the schema names one that is not tested here.
    pub fn parse(name: &str) -> Option<Format> {
        Some(match name {
            "icewarden-name" => Format::Name,
            "icewarden-token" => Format::Token,
            "icewarden-url" => Format::Url,
            "icewarden-account" => Format::Account,
            "icewarden-caller" => Format::Caller,
            "icewarden-group" => Format::Group,
            "icewarden-account-glob" => Format::AccountGlob,
            "icewarden-domain" => Format::Domain,
            "icewarden-domain-glob" => Format::DomainGlob,
            "icewarden-day" => Format::Day,
            "icewarden-env" => Format::Env,
            "icewarden-path" => Format::Path,
            "icewarden-module" => Format::Module,
            _ => return None,
        })
    }

    /// Whether a text has the format; it is not trimmed or corrected.
    pub fn test(self, text: &str) -> Result<(), Problem> {
        match self {
            Format::Any => Ok(()),
            Format::Name => name(text),
            Format::Token => token(text),
            Format::Url => url(text),
            Format::Account => account(text),
            Format::Caller if Caller::parse(text).is_some() => Ok(()),
            Format::Caller => account(text),
            Format::Group => group(text),
            Format::AccountGlob => account_glob(text),
            Format::Domain => domain(text, false),
            Format::DomainGlob => domain(text, true),
            Format::Day => day(text).map(|_| ()),
            Format::Env => env(text),
            Format::Path => path(text),
            Format::Module if Module::parse(text).is_none() => {
                let found = problem("bad-module", format!("`{}` holds no letter and no digit", shown(text)));
                Err(edit(found, "name a module of the licence, such as activesync"))
            }
            Format::Module => Ok(()),
        }
    }
}

fn problem(code: &'static str, message: impl Into<String>) -> Problem {
    Problem { code, message: message.into(), remedy: None, secret: false }
}

fn edit(mut problem: Problem, how: impl Into<String>) -> Problem {
    problem.remedy = Some(Remedy::EditSpec(how.into()));
    problem
}

fn mean(mut problem: Problem, word: impl Into<String>) -> Problem {
    problem.remedy = Some(Remedy::DidYouMean(word.into()));
    problem
}

fn spaced(text: &str) -> bool {
    text.chars().any(|c| c.is_whitespace() || c.is_control())
}

fn globbed(text: &str) -> bool {
    text.contains(['*', '?'])
}

fn path(text: &str) -> Result<(), Problem> {
    match text.trim() {
        "" => Err(edit(problem("empty-text", "the path is empty"), "write the path")),
        trimmed if trimmed.len() < text.len() => {
            let found = problem("space-at-end", format!("a space begins or ends the path `{}`", shown(text)));
            Err(edit(found, format!("write {}", shown(trimmed))))
        }
        _ => Ok(()),
    }
}

fn name(text: &str) -> Result<(), Problem> {
    const CHARACTERS_MAX: usize = 253;
    if text.is_empty() {
        return Err(edit(problem("empty-text", "the name is empty"), "write a name"));
    }
    if text.chars().nth(CHARACTERS_MAX).is_some() {
        let found = problem("bad-name", format!("the name has more than {CHARACTERS_MAX} characters"));
        return Err(edit(found, "use a shorter name"));
    }
    if spaced(text) || text.contains(['/', '=', ',']) {
        // Plans write SERVER/ACCOUNT, and overrides NAME=VALUE.
        let found = problem("bad-name", format!("`{}` is no name", shown(text)));
        return Err(edit(found, "a name holds no white space and none of `/`, `=`, `,`"));
    }
    Ok(())
}

/// All that is known of order ids and Reference IDs (reference 4.2).
fn token(text: &str) -> Result<(), Problem> {
    if text.is_empty() {
        return Err(edit(
            problem("empty-text", "the identifier is empty"),
            "leave the key out, or give its value",
        ));
    }
    if spaced(text) {
        let found = problem("white-space", format!("`{}` holds white space", shown(text)));
        return Err(edit(found, "write the identifier as the vendor gave it, in one piece"));
    }
    Ok(())
}

fn url(text: &str) -> Result<(), Problem> {
    let wanted = "an absolute http or https URL, such as https://mail.example.com/icewarpapi/";
    // With an `@` anywhere, what looks like a path or a port may be a piece of a password.
    let bad = |message: &str| Problem {
        secret: text.contains(['@', '?', '#', '%']),
        ..edit(problem("bad-url", message), wanted)
    };
    let lower = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    let scheme = ["https://", "http://"].into_iter().find(|scheme| lower.starts_with(scheme));
    // The authority ends at `/`, `?` or `#`; an `@` in it is user information, wherever it stands.
    let rest = scheme.map_or(text, |scheme| &text[scheme.len()..]);
    let authority = rest.split_once("://").map_or(rest, |(_, rest)| rest);
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        let found = problem(
            "secret-value",
            "the URL holds a user name or a password: a secret is a reference, never a value",
        );
        let found = edit(found, "take it out of the URL, and use `account` and `password: {env: NAME}`");
        return Err(Problem { secret: true, ..found });
    }
    if scheme.is_none() {
        return Err(bad("the URL does not begin with http:// or https://"));
    }
    if spaced(text) {
        return Err(bad("the URL holds white space"));
    }
    if text.contains(['?', '#']) {
        return Err(bad("the URL goes on after its path, with `?` or `#`"));
    }
    // `%40` in front of the path is an `@` to some readers, and no part of any host's name.
    if authority.contains('%') {
        return Err(bad("the host of the URL holds `%`"));
    }
    if let Some(rest) = authority.strip_prefix('[') {
        let inside = rest.split_once(']').map(|(inside, _)| inside);
        if inside.is_none_or(|inside| inside.parse::<Ipv6Addr>().is_err()) {
            return Err(bad("the URL has a bracket, and no IPv6 address in a pair of them"));
        }
        if rest.split_once(']').is_some_and(|(_, after)| !after.is_empty() && !after.starts_with(':')) {
            return Err(bad("the URL goes on after the bracket with something else than a port"));
        }
    }
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, after)) => (host, after.strip_prefix(':')),
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    if host.is_empty() {
        return Err(bad("the URL has no host"));
    }
    let is_port = |port: &str| port.parse::<NonZeroU16>().is_ok() && port.bytes().all(|b| b.is_ascii_digit());
    if !port.is_none_or(is_port) {
        return Err(bad("the port of the URL is no number from 1 to 65535"));
    }
    Ok(())
}

fn account(text: &str) -> Result<(), Problem> {
    if globbed(text) {
        let found =
            problem("glob-not-allowed", format!("`{}` is a glob, and this must be one account", shown(text)));
        return Err(edit(found, "name the account; for many, use a policy's scope"));
    }
    address(text)?;
    valid_domain(domain_of(text))
}

fn group(text: &str) -> Result<(), Problem> {
    if globbed(text) {
        let found = problem(
            "glob-not-allowed",
            format!("`{}` is a glob, and groups are named one by one", shown(text)),
        );
        return Err(edit(found, "name the groups; globs are for `domains`, `accounts` and `except`"));
    }
    address(text)?;
    valid_domain(domain_of(text))
}

/// A name that no server can have would match nobody, and look as if it did. Both forms are names (U-44).
fn valid_domain(name: &str) -> Result<(), Problem> {
    if is_domain_name(name) {
        return Ok(());
    }
    let found = problem("bad-domain", format!("`{}` is no name of a domain", shown(name)));
    Err(match name.strip_suffix('.') {
        Some(before) if is_domain_name(before) => mean(found, shown(before)),
        _ => edit(
            found,
            "write it as example.com, as bücher.example or as xn--bcher-kva.example: parts of letters, digits and hyphens, \
             at most 63 in each, with one dot between them",
        ),
    })
}

fn address(text: &str) -> Result<(), Problem> {
    Address::parse(text).map(|_| ()).map_err(|error| {
        let found = problem("bad-address", format!("`{}` is no address", shown(text)));
        match error {
            AddressError::Space => edit(found, "an address holds no white space"),
            AddressError::Parts => edit(found, "write the whole address, such as bob@example.com"),
        }
    })
}

/// Globs know `*` and `?` only: whatever else a glob library would read as a pattern is refused.
fn no_other_pattern(text: &str) -> Result<(), Problem> {
    if spaced(text) {
        let found = problem("bad-glob", format!("`{}` holds white space", shown(text)));
        return Err(edit(found, "write one entry for each, without white space"));
    }
    if text.contains(['[', ']', '{', '}', '\\']) {
        let found = problem("bad-glob", format!("`{}` is no glob", shown(text)));
        return Err(edit(
            found,
            "only `*` (any text) and `?` (one character) are known; list the others one by one",
        ));
    }
    Ok(())
}

fn account_glob(text: &str) -> Result<(), Problem> {
    no_other_pattern(text)?;
    // `?` may stand for the @, if something is before and after it.
    let inner = text.char_indices().any(|(at, c)| matches!(c, '@' | '?') && at > 0 && at + 1 < text.len());
    if text.contains('*') || inner {
        return match text.rsplit_once('@') {
            Some((_, domain)) if !globbed(domain) && !domain.is_empty() => valid_domain(domain),
            _ => Ok(()),
        };
    }
    let found = problem("bad-address", format!("`{}` can match no address", shown(text)));
    Err(match text.strip_prefix('@') {
        Some(domain) if !domain.is_empty() => mean(found, format!("*@{}", shown(domain))),
        _ => edit(found, "write a whole address, such as bob@example.com, or a glob, such as *@example.com"),
    })
}

fn domain(text: &str, glob: bool) -> Result<(), Problem> {
    if text.is_empty() {
        let found = problem("empty-text", "the name of the domain is empty");
        return Err(edit(found, "write the domain, such as example.com"));
    }
    if let Some((_, after)) = text.rsplit_once('@') {
        let found =
            problem("bad-domain", format!("`{}` is an address, and this must be a domain", shown(text)));
        return Err(match after {
            "" => edit(found, "write the domain, such as example.com"),
            after => mean(found, shown(after)),
        });
    }
    if text.contains('/') {
        let found = problem("bad-domain", format!("`{}` is no mail domain", shown(text)));
        return Err(edit(found, "write the domain alone, such as example.com"));
    }
    if !glob && globbed(text) {
        let found =
            problem("glob-not-allowed", format!("`{}` is a glob, and this must be one domain", shown(text)));
        return Err(edit(found, "name the domain, such as example.com"));
    }
    no_other_pattern(text)?;
    if globbed(text) { Ok(()) } else { valid_domain(text) }
}

/// A real day in the form `YYYY-MM-DD`.
pub fn day(text: &str) -> Result<Date, Problem> {
    let bad =
        |message: String| edit(problem("bad-date", message), "write a day as YYYY-MM-DD, such as 2027-03-31");
    let formed = text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(at, b)| if at == 4 || at == 7 { b == b'-' } else { b.is_ascii_digit() });
    if !formed {
        return Err(bad(format!("`{}` is no day", shown(text))));
    }
    let number =
        |range: std::ops::Range<usize>| text.get(range).and_then(|digits| digits.parse::<i16>().ok());
    let parts = (number(0..4), number(5..7), number(8..10));
    let (Some(year), Some(month), Some(day)) = parts else { return Err(bad(format!("`{text}` is no day"))) };
    let (month, day) = (i8::try_from(month).unwrap_or_default(), i8::try_from(day).unwrap_or_default());
    Date::new(year, month, day).map_err(|_| bad(format!("there is no day {text}")))
}

/// A name that is none may be the secret itself, written in the wrong place.
fn env(text: &str) -> Result<(), Problem> {
    let mut bytes = text.bytes();
    let first = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    if first && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Ok(());
    }
    let found = problem(
        "secret-value",
        "this is no name of an environment variable: a secret is a reference, never a value",
    );
    let found = edit(found, "name the variable that holds the secret, such as {env: ICEWARP_PASSWORD}");
    Err(Problem { secret: true, ..found })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_that_leads_nowhere_is_refused_with_its_reason() {
        for (text, expected) in [
            ("http://[::1/", "bracket"),
            ("http://[bob]/", "bracket"),
            ("http://[::1]x/", "bracket"),
            ("http://mail.example.com:0/", "from 1 to 65535"),
            ("http://mail.example.com:65536/", "from 1 to 65535"),
            ("http://mail.example.com:/", "from 1 to 65535"),
            ("http://mail.example.com/icewarpapi/?x=1", "after its path"),
            ("http://mail.example.com/icewarpapi/#x", "after its path"),
            ("http://u%3Ax%40h/", "holds `%`"),
            ("https://mail.example%2ecom/icewarpapi/", "holds `%`"),
        ] {
            let problem = Format::Url.test(text).expect_err(text);
            assert!(problem.message.contains(expected), "{text}: {}", problem.message);
        }
        for text in ["http://[::1]/", "http://[::1]:8080/", "https://mail.example.com:1/icewarpapi/"] {
            assert_eq!(Format::Url.test(text), Ok(()), "{text}");
        }
    }
}
