//! Domains: properties, creation, removal, a new name.

use super::super::call::{Call, Reply};
use super::super::entries::STANDARD;
use super::super::sessions::Rights;
use super::super::values::Value;
use super::super::variables::{Scope, Variable};
use super::super::world::World;
use super::properties::{Write, admitted, answer, answer_rights, done, names, right_of, writes};

/// The place of the domain a call names.
pub(super) fn named(world: &World, call: &Call<'_, '_>) -> Result<u32, &'static str> {
    match call.text("domainstr") {
        name if name.is_empty() => Err("domain_parameter_empty"),
        name => world.called_domain(&name).ok_or("domain_invalid"),
    }
}

/// What the caller may do with a domain's variable; a domain administrator what the list's column says.
pub(super) fn right(call: &Call<'_, '_>, domain: &str, variable: &Variable) -> &'static str {
    match call.rights {
        _ if variable.scope != Scope::Domain || !call.governs(domain) => "0",
        Rights::Server => right_of(variable),
        _ => match variable.domain_right {
            "w" => right_of(variable),
            "r" => "1",
            _ => "0",
        },
    }
}

pub(super) fn read(world: &mut World, call: &Call<'_, '_>) -> Reply {
    let place = named(world, call)?;
    let domain = call.text("domainstr");
    if let Some(denied) = call.denied().filter(|_| !call.governs(&domain)) {
        return denied;
    }
    answer(call, &names(call.node("domainpropertylist")), |variable| match right(call, &domain, variable) {
        "0" => (Value::Nothing, "2"),
        _ => (world.domain_value(place, variable), "2"),
    })
}

pub(super) fn write(world: &mut World, call: &Call<'_, '_>) -> Reply {
    let place = named(world, call)?;
    let domain = call.text("domainstr");
    let (writes, whole) = admitted(call, |write| may_store(world, call, &domain, write));
    put(world, place, &writes);
    done(whole)
}

fn may_store(world: &World, call: &Call<'_, '_>, domain: &str, write: &Write) -> bool {
    right(call, domain, write.variable) == "2" && world.may_store_domain(write.variable, &write.value)
}

fn put(world: &mut World, place: u32, writes: &[Write]) {
    for write in writes {
        if let Value::Text(text) = &write.value {
            world.store_domain(place, write.variable, text);
        }
    }
}

/// All of the values of a new domain, or none.
fn store(world: &mut World, call: &Call<'_, '_>, place: u32, writes: &[Write]) -> bool {
    let domain = world.domain(place).map(|domain| domain.name.to_string()).unwrap_or_default();
    let may = writes.iter().all(|write| may_store(world, call, &domain, write));
    if may {
        put(world, place, writes);
    }
    may
}

pub(super) fn rights(world: &mut World, call: &Call<'_, '_>) -> Reply {
    named(world, call)?;
    let domain = call.text("domainstr");
    answer_rights(&names(call.node("domainpropertylist")), |variable| right(call, &domain, variable))
}

/// A new standard domain, or of the type its `D_Type` says.
pub(super) fn create(world: &mut World, call: &Call<'_, '_>) -> Reply {
    let name = call.text("domainstr");
    if name.is_empty() {
        return Err("domain_parameter_empty");
    }
    let Some(writes) = writes(call.node("domainproperties")) else { return done(false) };
    let fits = writes.iter().all(|write| {
        write.variable.scope == Scope::Domain && world.may_store_domain(write.variable, &write.value)
    });
    if call.rights != Rights::Server || !fits || !is_domain(&name) || world.domain_place(&name).is_some() {
        return done(false);
    }
    world.add_domain(&name, STANDARD);
    let place = world.domain_place(&name).ok_or("domain_invalid")?;
    done(store(world, call, place, &writes))
}

fn is_domain(name: &str) -> bool {
    !name.chars().any(|letter| {
        letter.is_whitespace() || letter.is_control() || matches!(letter, '@' | ';' | '/' | '\\')
    })
}

/// With all its accounts.
pub(super) fn delete(world: &mut World, call: &Call<'_, '_>) -> Reply {
    let place = named(world, call)?;
    if call.rights != Rights::Server {
        return done(false);
    }
    world.remove_domain(place);
    done(true)
}

/// Sessions of its accounts go on under the new name (synthetic).
pub(super) fn rename(world: &mut World, call: &Call<'_, '_>) -> Reply {
    let (old, new) = (call.text("oldname"), call.text("newname").to_lowercase());
    if old.is_empty() || new.is_empty() {
        return Err("domain_parameter_empty");
    }
    let place = world.domain_place(&old).ok_or("domain_invalid")?;
    if call.rights != Rights::Server || !is_domain(&new) || world.domain_place(&new).is_some() {
        return done(false);
    }
    world.domain_names.retain(|_, other| *other != place);
    world.domain_names.insert(new.as_str().into(), place);
    world.sessions.rename_domain(&old.to_lowercase(), &new);
    if let Some(domain) = world.domain_mut(place) {
        domain.name = new.into();
    }
    done(true)
}
