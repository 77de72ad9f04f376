//! A mail address, and the name of a mail domain, as they are compared: lower-cased.

use std::fmt;

/// The primary address of an account, group or list: `local@domain`, lower-cased.
///
/// Invariant: exactly one `@` splits it into two non-empty parts (the last one, as in mail), and it holds no
/// white space or control character. Non-ASCII is allowed; servers have it.
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
    /// Reads an address and lower-cases it. Only what no address can be is refused: white space, or nothing before or
    /// behind the `@`.
    pub fn parse(text: &str) -> Result<Address, AddressError> {
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(AddressError::Space);
        }
        match text.rsplit_once('@') {
            Some((local, domain)) if !local.is_empty() && !domain.is_empty() => {
                Ok(Address(text.to_lowercase().into()))
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
}

/// The part of an address after its last `@`; the whole text where there is none.
pub fn domain_of(address: &str) -> &str {
    address.rsplit_once('@').map_or(address, |(_, domain)| domain)
}

/// The part of an address before its last `@`.
pub fn local_of(address: &str) -> &str {
    address.rsplit_once('@').map_or("", |(local, _)| local)
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
