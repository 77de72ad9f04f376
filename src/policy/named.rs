//! What policies name, known before anything is read: it is what must be asked for.

use crate::model::{Address, Pattern, ServiceSet};
use crate::spec::meaning::{PolicySpec, Selector, Want};

/// The services that policies speak of, known before anything is read.
pub fn services_of(policies: &[PolicySpec]) -> ServiceSet {
    policies
        .iter()
        .flat_map(|policy| {
            let ruled = policy.services.iter().map(|rule| rule.service);
            ruled.chain(policy.exceptions.iter().map(|exception| exception.service))
        })
        .collect()
}

/// What policies name one by one, and may be an alias of what the server has (U-45).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// Accounts.
    pub addresses: Vec<Address>,
    pub domains: Vec<String>,
}

/// The accounts and domains that policies name one by one, and other patterns of accounts, each once and sorted.
pub fn named_in<'p>(policies: &'p [PolicySpec], others: impl Iterator<Item = &'p str>) -> Named {
    let mut addresses = std::collections::BTreeSet::new();
    let mut domains = std::collections::BTreeSet::new();
    let of_selector = |selector: &'p Selector| selector.accounts.iter().flatten().chain(&selector.except);
    let patterns = policies.iter().flat_map(selectors).flat_map(of_selector).map(|(text, _)| text.as_str());
    for pattern in patterns.chain(others).filter_map(|text| Pattern::parse(text).ok()) {
        domains.extend(pattern.whole_domain().map(str::to_owned));
        addresses.extend(pattern.literal().and_then(|text| Address::parse(text).ok()));
    }
    for policy in policies {
        addresses.extend(policy.exceptions.iter().map(|exception| exception.account.clone()));
        let named = selectors(policy).flat_map(|selector| selector.domains.iter().flatten());
        let named = named.filter_map(|(text, _)| Pattern::parse(text).ok());
        domains.extend(named.filter_map(|pattern| pattern.literal().map(str::to_owned)));
    }
    Named { addresses: addresses.into_iter().collect(), domains: domains.into_iter().collect() }
}

fn selectors(policy: &PolicySpec) -> impl Iterator<Item = &Selector> {
    let enables = policy.services.iter().filter_map(|rule| match &rule.want {
        Want::Selected { enable, .. } => Some(enable),
        Want::Everyone(_) => None,
    });
    std::iter::once(&policy.scope).chain(enables)
}

/// The groups that selectors name, sorted, so that their members can be asked for.
pub fn groups_of(policies: &[PolicySpec]) -> Vec<String> {
    let mut groups = std::collections::BTreeSet::new();
    for policy in policies {
        for selector in selectors(policy) {
            groups.extend(selector.groups.iter().flatten().map(|(group, _)| group.clone()));
        }
    }
    groups.into_iter().collect()
}
