//! How the server spells what it has (U-44).
//!
//! Inside the program a name has one form. A server may know a domain by its other form only, and an account by the
//! letters it was made with; so each is asked for, and written to, by the name that its lists gave it. Nothing is held
//! of names that are spelled as they are compared, which nearly all are.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use crate::model::address::{compared, compared_domain};

/// Spellings of domains and of addresses that differ from the form in which they are compared.
#[derive(Debug, Default)]
pub(super) struct Spellings(RwLock<BTreeMap<Box<str>, Box<str>>>);

impl Spellings {
    /// Notes how a list spells a domain.
    pub(super) fn learn_domain(&self, listed: &str) {
        let name = compared_domain(listed);
        let listed = listed.to_lowercase();
        if name != listed {
            self.put(&name, &listed);
        }
    }

    /// Notes how a list spells an address; the domains were listed before.
    pub(super) fn learn(&self, listed: &str) {
        let address = compared(listed);
        let listed = listed.to_lowercase();
        if self.of(&address) != listed {
            self.put(&address, &listed);
        }
    }

    /// An address, or a domain, as the server spells it.
    pub(super) fn of(&self, name: &str) -> String {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(spelled) = known.get(name) {
            return spelled.to_string();
        }
        let of_domain = name.rsplit_once('@').and_then(|(local, domain)| Some((local, known.get(domain)?)));
        of_domain.map_or_else(|| name.to_owned(), |(local, domain)| format!("{local}@{domain}"))
    }

    fn put(&self, name: &str, spelled: &str) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(name.into(), spelled.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_hears_the_spelling_that_it_gave() {
        let spellings = Spellings::default();
        spellings.learn_domain("Bücher.example.test");
        spellings.learn_domain("Example.com");
        for listed in [
            "anna@bücher.example.test",
            "Bob@Example.com",
            "rene\u{301}@example.com",
            "eva@xn--bcher-kva.example.test",
        ] {
            spellings.learn(listed);
        }
        for (name, spelled) in [
            ("xn--bcher-kva.example.test", "bücher.example.test"),
            ("example.com", "example.com"),
            ("anna@xn--bcher-kva.example.test", "anna@bücher.example.test"),
            ("bob@example.com", "bob@example.com"),
            ("ren\u{e9}@example.com", "rene\u{301}@example.com"),
            ("new@xn--bcher-kva.example.test", "new@bücher.example.test"),
            ("eva@xn--bcher-kva.example.test", "eva@xn--bcher-kva.example.test"),
        ] {
            assert_eq!(spellings.of(name), spelled, "{name}");
        }
    }
}
