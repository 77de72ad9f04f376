//! What a `ServicePolicy` means.

use std::collections::BTreeMap;

use super::At;
use super::at::placed;
use crate::model::{AccountState, Address, Finding, Place, Remedy, Service};
use crate::spec::formats;
use crate::spec::meaning::{Exception, Others, PolicySpec, Selector, ServiceRule, Switch, Want};
use crate::spec::shape::document::ServicePolicy;
use crate::spec::shape::policy::{ExceptionShape, OthersWord, ServiceWant, SwitchWord};
use crate::spec::shape::values::{self, AccountGlob, StateWord};
use crate::spec::tree::shown;

/// The rules that need more than one field.
pub fn test(body: At<'_, '_>, findings: &mut Vec<Finding>) {
    let mut first: BTreeMap<(Address, Service), Place> = BTreeMap::new();
    for at in body.get("exceptions").into_iter().flat_map(At::items) {
        let text = |key| at.get(key).and_then(At::text);
        let account = text("account").and_then(|text| Address::parse(text).ok());
        let (Some(account), Some(service)) = (account, text("service").and_then(Service::parse)) else {
            continue;
        };
        let key = (account, service);
        if let Some(place) = first.get(&key) {
            let message = format!("two exceptions for {} and {}", shown(key.0.as_str()), key.1);
            findings.push(
                Finding::error("duplicate-exception", message)
                    .at(at.place())
                    .also_at(place.clone(), "first here")
                    .remedy(Remedy::EditSpec("keep one of the two".into())),
            );
            continue;
        }
        first.insert(key, at.place());
    }
}

/// `None` would be a mistake of this program: the shape was checked.
pub fn policy(shape: ServicePolicy, at: At<'_, '_>) -> Option<PolicySpec> {
    let body = at.key("spec");
    let services = shape.spec.services.map(|services| services.0).unwrap_or_default();
    let exceptions = shape.spec.exceptions.unwrap_or_default();
    Some(PolicySpec {
        name: shape.metadata.name.0,
        place: at.key("metadata").key("name").place(),
        priority: shape.spec.priority.unwrap_or(0),
        scope: selector(shape.spec.scope, body.key("scope")),
        services: rules(services, body.key("services")),
        exceptions: exceptions
            .into_iter()
            .zip(body.key("exceptions").items())
            .map(|(shape, at)| exception(shape, at))
            .collect::<Option<_>>()?,
    })
}

fn selector(shape: values::Selector, at: At<'_, '_>) -> Selector {
    let globs = |globs: &Vec<AccountGlob>, key| placed(globs, at.key(key), |glob| glob.0.to_lowercase());
    Selector {
        domains: shape.domains.map(|list| placed(&list, at.key("domains"), |domain| domain.0.to_lowercase())),
        groups: shape.groups.map(|list| placed(&list, at.key("groups"), |group| group.0.to_lowercase())),
        accounts: shape.accounts.as_ref().map(|list| globs(list, "accounts")),
        except: shape.except.as_ref().map(|list| globs(list, "except")).unwrap_or_default(),
        states: shape.states.map(|states| states.into_iter().map(state).collect()),
        place: at.key_place(),
    }
}

fn state(word: StateWord) -> AccountState {
    match word {
        StateWord::Active => AccountState::Active,
        StateWord::Disabled => AccountState::Disabled,
        StateWord::Guest => AccountState::Guest,
        StateWord::Expired => AccountState::Expired,
    }
}

/// The rules in the order of the services, not of the author: the same spec gives the same bytes.
fn rules(mut services: BTreeMap<String, ServiceWant>, at: At<'_, '_>) -> Vec<ServiceRule> {
    let mut rules = Vec::with_capacity(services.len());
    for (name, at) in at.entries() {
        let (Some(service), Some(want)) = (Service::parse(name), services.remove(name)) else { continue };
        let want = match want {
            ServiceWant::Everyone(word) => Want::Everyone(switch(word)),
            ServiceWant::Selected(shape) => Want::Selected {
                enable: selector(shape.enable, at.key("enable")),
                others: match shape.others {
                    OthersWord::Disabled => Others::Disabled,
                    OthersWord::Leave => Others::Leave,
                },
                others_place: at.key("others").key_place(),
            },
        };
        rules.push(ServiceRule { service, want, place: at.key_place() });
    }
    rules.sort_by_key(|rule| rule.service);
    rules
}

fn exception(shape: ExceptionShape, at: At<'_, '_>) -> Option<Exception> {
    let until = match shape.until {
        Some(day) => Some(formats::day(&day.0).ok()?),
        None => None,
    };
    Some(Exception {
        account: Address::parse(&shape.account.0).ok()?,
        service: Service::parse(&shape.service.0)?,
        set: switch(shape.set),
        until,
        why: shape.why.map(|why| why.0),
        place: at.place(),
    })
}

fn switch(word: SwitchWord) -> Switch {
    match word {
        SwitchWord::Enabled => Switch::Enabled,
        SwitchWord::Disabled => Switch::Disabled,
    }
}
