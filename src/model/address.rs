//! A mail address, and the name of a mail domain, as they are compared.
//!
//! Both exist in two forms (U-44): a domain as `bücher.example.test` and as `xn--bcher-kva.example.test`, a name such
//! as `rené` with one character for its accent or with two. Which of them a server speaks is not known, and what a spec
//! says is the author's choice. So everything in this program is in one form: domains in ASCII, what stands before
//! the `@` in Unicode's composed form (NFC), both lower-cased. How a server spells a name is the affair of the room
//! that speaks with it; how a person reads a domain is told by [`shown_domain`].

use std::borrow::Cow;
use std::fmt;

use icu_normalizer::ComposingNormalizerBorrowed;
use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

/// The primary address of an account, group or list: `local@domain`, in the form that is compared.
///
/// Invariant: exactly one `@` splits it into two non-empty parts (the last one, as in mail), and it holds no
/// white space or control character. Non-ASCII is allowed before the `@`; servers have it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(Box<str>);

/// Why a text is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("an address needs a part before and a part after the @")]
    Parts,
    #[error("an address holds no white space and no control characters")]
    Space,
}

impl Address {
    /// Reads an address in any of its forms, and puts it into the one that is compared. Only what no address can be is
    /// refused: white space, or nothing before or behind the `@`.
    pub fn parse(text: &str) -> Result<Address, AddressError> {
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(AddressError::Space);
        }
        match text.rsplit_once('@') {
            Some((local, domain)) if !local.is_empty() && !domain.is_empty() => {
                Ok(Address(compared(text).into_owned().into()))
            }
            _ => Err(AddressError::Parts),
        }
    }

    /// The whole address, lower-cased.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part after the last `@`.
    pub fn domain(&self) -> &str {
        domain_of(&self.0)
    }

    /// The part before the last `@`.
    pub fn local(&self) -> &str {
        local_of(&self.0)
    }
}

/// The part of an address after its last `@`; the whole text where there is none.
pub fn domain_of(address: &str) -> &str {
    address.rsplit_once('@').map_or(address, |(_, domain)| domain)
}

/// The part of an address before its last `@`.
pub fn local_of(address: &str) -> &str {
    address.rsplit_once('@').map_or("", |(local, _)| local)
}

/// The form in which addresses are compared. A text without an `@` is taken for what stands before one.
pub fn compared(address: &str) -> Cow<'_, str> {
    if address.is_ascii() && !has_encoded_label(address) {
        return lower(address);
    }
    match address.rsplit_once('@') {
        Some((local, domain)) => Cow::Owned(format!("{}@{}", compared_local(local), compared_domain(domain))),
        None => Cow::Owned(compared_local(address)),
    }
}

/// What stands before the `@`, as it is compared.
pub fn compared_local(local: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc().normalize(&local.to_lowercase()).into_owned()
}

/// The form in which names of domains are compared: ASCII, lower-cased. A name that has no ASCII form stays what it
/// is, so that it still equals itself.
pub fn compared_domain(name: &str) -> Cow<'_, str> {
    if name.is_ascii() && !has_encoded_label(name) {
        return lower(name);
    }
    match ascii(name) {
        Some(ascii) => Cow::Owned(ascii),
        None => Cow::Owned(compared_local(name)),
    }
}

/// Whether a name is one of a mail domain, in either form: labels that are not empty and not too long, of letters,
/// digits, hyphens and underscores, or of what stands for them in Unicode. A hyphen neither begins nor ends one
/// (RFC 1123).
pub fn is_domain_name(name: &str) -> bool {
    const LABEL_BYTES_MAX: usize = 63;
    const NAME_BYTES_MAX: usize = 253;
    let Some(ascii) = ascii(name) else { return false };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let label = |label: &str| (1..=LABEL_BYTES_MAX).contains(&label.len()) && label.bytes().all(plain);
    let within = |label: &str| !label.starts_with('-') && !label.ends_with('-');
    ascii.len() <= NAME_BYTES_MAX && ascii.split('.').all(label) && name.split('.').all(within)
}

/// A domain as a person reads it, given as it is compared: `bücher.example.test`. `None` where that is the same.
pub fn shown_domain(name: &str) -> Option<String> {
    if !name.contains("xn--") {
        return None;
    }
    let (unicode, read) = Uts46::new().to_unicode(name.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow);
    (read.is_ok() && unicode != name).then(|| unicode.into_owned())
}

/// An address with its domain as a person reads it. `None` where that is the same.
pub fn shown_address(address: &str) -> Option<String> {
    if !address.contains("xn--") {
        return None;
    }
    let (local, domain) = address.rsplit_once('@')?;
    shown_domain(domain).map(|domain| format!("{local}@{domain}"))
}

/// The ASCII form of a name; `None` where it has none, as where an encoded label says nothing.
fn ascii(name: &str) -> Option<String> {
    let ascii =
        Uts46::new().to_ascii(name.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow, DnsLength::Ignore);
    ascii.ok().map(Cow::into_owned)
}

/// Whether some label may be an encoded one. Nearly no name has one, and there may be a million names.
fn has_encoded_label(text: &str) -> bool {
    text.contains("--") && text.as_bytes().windows(4).any(|four| four.eq_ignore_ascii_case(b"xn--"))
}

fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_in_all_its_forms() {
        for (one, other) in [
            ("Anna@Example.COM", "anna@example.com"),
            ("anna@bücher.example.test", "anna@xn--bcher-kva.example.test"),
            ("anna@BÜCHER.example.test", "anna@XN--BCHER-KVA.Example.Test"),
            // A letter with its accent, and a letter and an accent, on both sides of the @.
            ("rene\u{301}@bu\u{308}cher.example.test", "ren\u{e9}@xn--bcher-kva.example.test"),
            ("RENE\u{301}@example.com", "ren\u{e9}@example.com"),
            ("a@b@bücher.test", "A@B@xn--bcher-kva.test"),
        ] {
            assert_eq!(Address::parse(one).unwrap(), Address::parse(other).unwrap(), "{one} and {other}");
        }
        for (one, other) in [
            ("rene@example.com", "ren\u{e9}@example.com"),
            ("anna@bucher.test", "anna@bücher.test"),
            // Nothing before the @ is encoded.
            ("xn--bcher-kva@example.com", "bücher@example.com"),
        ] {
            assert_ne!(Address::parse(one).unwrap(), Address::parse(other).unwrap(), "{one} and {other}");
        }
    }

    #[test]
    fn a_domain_is_shown_as_a_person_reads_it_where_that_differs() {
        for (name, shown) in [
            ("xn--bcher-kva.example.test", Some("bücher.example.test")),
            ("example.com", None),
            ("my-xn--list.example.com", None),
            // An encoded label that says nothing stays what it is.
            ("xn--\u{7f}.test", None),
            ("xn--zzzzzz99999.test", None),
        ] {
            assert_eq!(shown_domain(name).as_deref(), shown, "{name}");
        }
        assert_eq!(shown_address("a@xn--bcher-kva.test").as_deref(), Some("a@bücher.test"));
        assert_eq!(shown_address("a@example.com"), None);
    }

    #[test]
    fn a_name_that_is_none_in_either_form_is_none() {
        for name in
            ["example.com", "localhost", "a_b.example.com", "bücher.test", "xn--bcher-kva.test", "1.test"]
        {
            assert!(is_domain_name(name), "{name}");
        }
        let long = format!("{}.test", "a".repeat(64));
        for name in [
            "",
            ".",
            "a..b",
            ".a",
            "a.",
            "exam ple.com",
            "a#b.test",
            "##internal##",
            "xn--zzzzzz99999.test",
            "a\u{ad}.",
            "a,b.test",
            "-a.test",
            "bücher-.test",
            &long,
        ] {
            assert!(!is_domain_name(name), "{name}");
        }
    }

    #[test]
    fn what_has_no_ascii_form_still_equals_itself() {
        assert_eq!(compared_domain("XN--ZZZZZZ99999.test"), "xn--zzzzzz99999.test");
        assert_eq!(compared("A@XN--ZZZZZZ99999.test"), "a@xn--zzzzzz99999.test");
        assert_eq!(
            compared_domain("##InternalServiceDomain.icewarp.com##"),
            "##internalservicedomain.icewarp.com##"
        );
    }
}
