//! The names that a call may use: domains in two forms (U-44), and other names of accounts (U-45).
//!
//! A server speaks one form of a domain and takes no other from a call: nothing says that it does. Whoever asks
//! for `bücher.example.test` on a server that lists `xn--bcher-kva.example.test` asks for a domain that is not there.

use super::entries::split_address;
use super::switches::{AliasNames, DomainForm};
use super::world::World;

impl World {
    /// A domain's name, lower case, as this server spells it (U-44).
    pub(super) fn spelled(&self, name: &str) -> String {
        let name = name.to_lowercase();
        match self.switches.domain_form {
            DomainForm::Ascii => idna::domain_to_ascii(&name).unwrap_or(name),
            DomainForm::Unicode => match idna::domain_to_unicode(&name) {
                (shown, Ok(())) => shown,
                (_, Err(_)) => name,
            },
        }
    }

    /// Gives every domain the form that the switch says, and the sessions of its accounts too.
    pub(super) fn respell_domains(&mut self) {
        for place in self.domain_names.values().copied().collect::<Vec<_>>() {
            let Some(old) = self.domain(place).map(|domain| domain.name.to_string()) else { continue };
            let new = self.spelled(&old);
            if new == old || self.domain_names.contains_key(new.as_str()) {
                continue;
            }
            self.domain_names.remove(old.as_str());
            self.domain_names.insert(new.as_str().into(), place);
            self.sessions.rename_domain(&old, &new);
            if let Some(domain) = self.domain_mut(place) {
                domain.name = new.into();
            }
        }
    }

    /// The domain that a call names: by no other form than this server's.
    pub(super) fn called_domain(&self, name: &str) -> Option<u32> {
        self.domain_names.get(name.to_lowercase().as_str()).copied()
    }

    /// The account that a call names: by its address, and by another of its names where the server looks that up.
    pub(super) fn called_account(&self, address: &str) -> Option<u32> {
        let (mailbox, domain) = split_address(address)?;
        let place = self.called_domain(&domain)?;
        let own = self.account_id(&format!("{mailbox}@{domain}"));
        own.or_else(|| match self.switches.alias_names {
            AliasNames::Shown => None,
            AliasNames::Resolved => self.other_name(&mailbox, place),
        })
    }

    /// The account of an alias, or of an address in an alias domain.
    fn other_name(&self, mailbox: &str, place: u32) -> Option<u32> {
        let domain = self.domain(place)?;
        let place = match self.target(domain) {
            Some(target) => self.domain_place(&target.name)?,
            None => place,
        };
        let name = self.domain(place).map(|domain| format!("{mailbox}@{}", domain.name))?;
        self.account_id(&name).or_else(|| self.aliased(place, mailbox))
    }
}
