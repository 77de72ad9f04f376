//! How addresses are shown, and the key that short names of them need.

use std::fmt;
use std::sync::Arc;

use clap::ValueEnum;

use crate::edge::children;
use crate::model::Directory;
use crate::report::veil::{Naming, Veil};

/// As it is typed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum AddressesArg {
    #[default]
    Full,
    /// A short name for each, the same in every output made with the same key.
    Hash,
    /// Only numbers.
    Count,
}

/// Where the key comes from. An address is easily guessed, and so is one behind a hash that anybody can make: only a
/// key that readers do not have hides it.
const KEY: &str = children::ADDRESS_KEY;

/// A shorter key could be guessed too.
const KEY_BYTES_MIN: usize = 16;

/// Characters of a short name: of a million accounts two hardly ever get the same.
const SHORT: usize = 12;

/// As it is meant.
#[derive(Clone)]
pub enum Addresses {
    Full,
    Hash(Arc<ring::hmac::Key>),
    Count,
}

impl fmt::Debug for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Addresses {
    /// # Errors
    /// Where a key is needed and there is none, or a short one; with the next act.
    pub fn meant(arg: AddressesArg) -> Result<Addresses, (String, String)> {
        match arg {
            AddressesArg::Full => Ok(Addresses::Full),
            AddressesArg::Count => Ok(Addresses::Count),
            AddressesArg::Hash => {
                let key = std::env::var(KEY).unwrap_or_default();
                if key.len() < KEY_BYTES_MIN {
                    let problem = if key.is_empty() { "is not set" } else { "is too short" };
                    let next = format!(
                        "put {KEY_BYTES_MIN} or more random characters into it, or use --addresses count; a hash \
                         without a key can be guessed"
                    );
                    return Err((format!("--addresses hash needs a key, and {KEY} {problem}"), next));
                }
                Ok(Addresses::Hash(Arc::new(ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key.as_bytes()))))
            }
        }
    }

    /// The word in the option and in the plan.
    pub const fn word(&self) -> &'static str {
        match self {
            Addresses::Full => "full",
            Addresses::Hash(_) => "hash",
            Addresses::Count => "count",
        }
    }

    /// Uses what hides addresses; `None` where they are shown in full.
    pub fn veiled<T>(&self, directory: Option<&Directory>, with: impl FnOnce(&Veil<'_>) -> T) -> Option<T> {
        match self {
            Addresses::Full => None,
            Addresses::Count => Some(with(&Veil { naming: Naming::Count, directory })),
            Addresses::Hash(key) => {
                let short = |address: &str| {
                    let tag = ring::hmac::sign(key, address.as_bytes());
                    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
                    hex[..SHORT].to_owned()
                };
                Some(with(&Veil { naming: Naming::Short(&short), directory }))
            }
        }
    }

    /// A text as it is shown.
    pub fn text(&self, directory: Option<&Directory>, text: &str) -> String {
        self.veiled(directory, |veil| veil.text(text)).unwrap_or_else(|| text.to_owned())
    }
}
