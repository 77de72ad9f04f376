//! Other names of accounts and domains, read only where something is named that no list has (U-45).
//!
//! An alias domain says itself what it stands for: one call for each that is named. An account says its own aliases,
//! and is asked for them in the call by which it is read anyway; so a name that is an alias costs no call.

use std::collections::{BTreeMap, BTreeSet};

use super::encode::Params;
use super::error::CallError;
use super::lists::{gather, refused, unless_refused};
use super::properties::DOMAIN_VALUE;
use super::readers::Properties;
use super::session::Client;
use crate::edge::port::{Phase, Wanted};
use crate::model::address::compared_domain;
use crate::model::{Address, Directory, DomainKind};

/// What alias domains stand for, as far as it was asked.
#[derive(Debug, Default)]
pub(super) struct AliasDomains {
    /// All there are.
    known: BTreeSet<String>,
    /// Those that were asked, and what they said; nothing where they did not.
    asked: BTreeMap<String, Option<String>>,
}

impl AliasDomains {
    /// Notes that a domain is one; the name in the form that is compared.
    pub(super) fn add(&mut self, name: &str) {
        self.known.insert(name.to_owned());
    }

    /// Asks the alias domains among these names, each once.
    pub(super) async fn ask<'n>(
        &mut self,
        client: &Client,
        names: impl IntoIterator<Item = &'n str>,
    ) -> Result<(), CallError> {
        let unasked = |name: &&str| self.known.contains(*name) && !self.asked.contains_key(*name);
        let names: BTreeSet<String> = names.into_iter().filter(unasked).map(str::to_owned).collect();
        let command = "getdomainproperties";
        let one = |name: String| {
            let client = client.clone();
            let spelled = client.spellings().of(&name);
            let params =
                Params::new().text("domainstr", &spelled).names("domainpropertylist", &[DOMAIN_VALUE]);
            async move {
                let read = match client.read(Phase::Lists, command, &params).await {
                    Ok(result) => Properties::read(&result).map_err(|misfit| refused(command, misfit)),
                    Err(error) => Err(error),
                };
                Ok((name, unless_refused(read)?))
            }
        };
        gather(client.limits().in_flight, names, one, |(name, properties)| {
            let target = properties.text(DOMAIN_VALUE).read().map(|target| target.trim().to_owned());
            let target = target.filter(|target| !target.is_empty());
            self.asked.insert(name, target.map(|target| compared_domain(&target).into_owned()));
        })
        .await
    }

    /// An address of an alias domain as one of the domain that it stands for.
    pub(super) fn translated(&self, address: &Address) -> Option<Address> {
        let target = self.asked.get(address.domain())?.as_ref()?;
        Address::parse(&format!("{}@{target}", address.local())).ok()
    }

    /// What each that was asked stands for.
    pub(super) fn targets(&self) -> BTreeMap<Box<str>, Box<str>> {
        let read = |(name, target): (&String, &Option<String>)| {
            Some((name.as_str().into(), target.as_deref()?.into()))
        };
        self.asked.iter().filter_map(read).collect()
    }
}

/// The names that no list has, and what was found out of them.
#[derive(Debug, Default)]
pub(super) struct Sought {
    /// An address that an account may call its own, with the names by which it is asked for.
    open: BTreeMap<Address, Vec<Address>>,
    found: BTreeMap<Address, BTreeSet<Address>>,
}

impl Sought {
    /// What of the names in groups and selectors is in no list.
    pub(super) async fn of(
        client: &Client,
        directory: &Directory,
        wanted: &Wanted,
        domains: &mut AliasDomains,
    ) -> Result<Sought, CallError> {
        let named = wanted.named.iter().chain(&wanted.groups);
        let mut unknown: BTreeSet<&Address> = named.filter(|name| directory.is_unknown(name)).collect();
        unknown.extend(directory.unknown_members());
        domains.ask(client, unknown.iter().map(|name| name.domain())).await?;
        let mut sought = Sought::default();
        for name in unknown {
            let meant = domains.translated(name).unwrap_or_else(|| name.clone());
            if directory.is_unknown(&meant) {
                sought.open.entry(meant).or_default().push(name.clone());
            } else if directory.domain_kind(meant.domain()) != Some(DomainKind::Internal) {
                sought.found.entry(name.clone()).or_default().insert(meant);
            }
        }
        Ok(sought)
    }

    /// Whether accounts must be asked for their aliases.
    pub(super) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Takes the aliases that an account calls its own: names in its domain, or whole addresses.
    pub(super) fn note(&mut self, address: &str, aliases: &[String]) {
        let Ok(primary) = Address::parse(address) else { return };
        for alias in aliases {
            let whole =
                if alias.contains('@') { alias.clone() } else { format!("{alias}@{}", primary.domain()) };
            let Ok(alias) = Address::parse(&whole) else { continue };
            for name in self.open.get(&alias).into_iter().flatten() {
                self.found.entry(name.clone()).or_default().insert(primary.clone());
            }
        }
    }

    /// What each name leads to. One that several accounts call their own leads nowhere: whom it means cannot be told.
    pub(super) fn found(self) -> BTreeMap<Address, Address> {
        let one = |(name, of): (Address, BTreeSet<Address>)| {
            let mut of = of.into_iter();
            of.next().filter(|_| of.next().is_none()).map(|primary| (name, primary))
        };
        self.found.into_iter().filter_map(one).collect()
    }
}
