//! Accounts: properties, creation, removal, passwords.

use super::super::account_values::is_mailbox;
use super::super::call::{Call, NO_SUCH_ACCOUNT, Reply};
use super::super::entries::{ACCOUNT_KIND_MAX, ALIAS, Account, USER, split_address};
use super::super::switches::NoSeat;
use super::super::values::{Value, read_list};
use super::super::variables::{self, Meaning, Scope};
use super::super::world::World;
use super::properties::{Write, admitted, answer, done, names, writes};
use super::{domain, password};

/// The account a call names by `accountemail`.
pub(super) fn named(world: &World, call: &Call<'_, '_>) -> Result<u32, &'static str> {
    match call.text("accountemail") {
        address if address.is_empty() => Err("account_email_parameter_missing"),
        address => world.called_account(&address).ok_or(NO_SUCH_ACCOUNT),
    }
}

/// Whether the caller administers the domain of an address.
fn governs(call: &Call<'_, '_>, address: &str) -> bool {
    split_address(address).is_some_and(|(_, domain)| call.governs(&domain))
}

/// `psInfo`, as it was recorded by the C# client of reference 6; what the other sets hold is not known, they
/// are empty.
const PROPERTY_SET_INFO: [&str; 5] = ["A_Name", "A_Quota", "A_Image", "A_AliasList", "A_State"];

fn asked(call: &Call<'_, '_>) -> Vec<String> {
    let mut asked = names(call.node("accountpropertylist"));
    if call.text("accountpropertyset") == "1" {
        asked.extend(PROPERTY_SET_INFO.map(str::to_owned));
    }
    asked
}

pub(super) fn read(world: &mut World, call: &Call<'_, '_>) -> Reply {
    let id = named(world, call)?;
    let seen = governs(call, &call.text("accountemail"));
    if let Some(denied) = call.denied().filter(|_| !seen) {
        return denied;
    }
    let reply = answer(call, &asked(call), |variable| {
        (if seen { world.account_value(id, variable) } else { Value::Nothing }, "2")
    });
    world.lags.account_was_read(id);
    reply
}

/// Every account may read its own.
pub(super) fn read_own(world: &mut World, call: &Call<'_, '_>) -> Reply {
    let id = world.account_id(&call.caller).ok_or(NO_SUCH_ACCOUNT)?;
    answer(call, &asked(call), |variable| (world.account_value(id, variable), "2"))
}

pub(super) fn write(world: &mut World, call: &Call<'_, '_>) -> Reply {
    let id = named(world, call)?;
    if !governs(call, &call.text("accountemail")) {
        return done(false);
    }
    let (writes, whole) = admitted(call, |write| may_store(world, id, write));
    match world.switches.no_seat {
        NoSeat::Zero if lacks_seat(world, id, &writes) => return done(false),
        // The one id that speaks of the licence (reference 1.7).
        NoSeat::Error if lacks_seat(world, id, &writes) => return Err("account_disabled_13"),
        NoSeat::Trial | NoSeat::Zero | NoSeat::Error => {}
    }
    world.lag_account(id);
    done(writes.iter().all(|write| world.store_called(id, write.variable, &write.value)) && whole)
}

fn may_store(world: &World, id: u32, write: &Write) -> bool {
    write.variable.scope == Scope::Account && world.may_store_account(id, write.variable, &write.value)
}

/// Whether a seat is missing for what is to be switched on.
fn lacks_seat(world: &World, id: u32, writes: &[Write]) -> bool {
    let Some(before) = world.account(id) else { return false };
    let mut after = before.clone();
    for write in writes {
        if let (Meaning::Switch(index), Value::Text(text)) = (write.variable.meaning, &write.value) {
            after.switches = after.switches & !(1 << index) | u32::from(text == "1") << index;
        }
    }
    world.lacks_seat(before, &after)
}

/// All of the values of a new account, or none.
fn store(world: &mut World, id: u32, writes: &[Write]) -> bool {
    writes.iter().all(|write| may_store(world, id, write))
        && writes.iter().all(|write| world.store_called(id, write.variable, &write.value))
}

/// Needs `u_mailbox` and `u_type` among its properties (reference 1.6). An account that exists already is
/// told by its error id, one whose address is another's alias only by 0 (reference 1.7). An account beyond the
/// licence is created and on trial (TRI-1).
pub(super) fn create(world: &mut World, call: &Call<'_, '_>) -> Reply {
    let place = domain::named(world, call)?;
    if !call.governs(&call.text("domainstr")) {
        return done(false);
    }
    let Some(mut writes) = writes(call.node("accountproperties")) else { return done(false) };
    let mailbox = take(&mut writes, "u_mailbox").ok_or("account_mailbox_property_missing")?.to_lowercase();
    let kind = take(&mut writes, "u_type").ok_or("account_type_property_missing")?;
    let Some(kind) = kind.parse().ok().filter(|kind| *kind <= ACCOUNT_KIND_MAX) else { return done(false) };
    if !is_mailbox(&mailbox) {
        return done(false);
    }
    if world.account_id(&format!("{mailbox}@{}", call.text("domainstr"))).is_some() {
        return Err("account_already_exists");
    }
    let password = writes.iter().find(|write| write.variable.lower == "u_password");
    if let Some(Value::Text(password)) = password.map(|write| &write.value) {
        password::allowed(world, password)?;
    }
    match () {
        // That nobody can be created in an alias domain is synthetic: its list is empty (U-34).
        () if world.domain(place).is_none_or(|domain| domain.kind == ALIAS) => return done(false),
        () if world.is_alias(place, &mailbox) => return done(false),
        () if world.is_full(place) => return Err("account_domain_limit_exceeded"),
        () => {}
    }
    let mut account = Account::new(place, &mailbox, "", kind);
    if kind == USER {
        account.switches = world.switches_new;
    }
    done(add(world, account, &writes))
}

/// Adds the account with all of its values, or does not. Switches that come with it count at once: an account
/// that is created without a service never took a seat of it, and one that is refused none at all.
fn add(world: &mut World, mut account: Account, writes: &[Write]) -> bool {
    for write in writes {
        if let (Meaning::Switch(index), Value::Text(text)) = (write.variable.meaning, &write.value) {
            account.switches = account.switches & !(1 << index) | u32::from(text == "1") << index;
        }
    }
    let highest = world.counts.highest;
    let Some(id) = world.insert_account(account) else { return false };
    if store(world, id, writes) {
        return true;
    }
    world.remove_account(id);
    world.counts.highest = highest;
    false
}

fn take(writes: &mut Vec<Write>, name: &str) -> Option<String> {
    let place = writes.iter().position(|write| write.variable.lower == name)?;
    writes.remove(place).value.into_text().filter(|text| !text.is_empty())
}

/// All of the accounts or none. `leavedata` says what becomes of mail, of which there is none here.
pub(super) fn delete(world: &mut World, call: &Call<'_, '_>) -> Reply {
    let place = domain::named(world, call)?;
    let list = call.node("accountlist").map(read_list).unwrap_or_default();
    let ids: Vec<u32> = list.iter().filter_map(|address| world.account_id(address)).collect();
    let here = |id: &u32| world.account(*id).is_some_and(|account| account.domain == place);
    let may = call.governs(&call.text("domainstr")) && ids.len() == list.len() && ids.iter().all(here);
    if may {
        for id in ids {
            world.remove_account(id);
        }
    }
    done(may)
}

/// Plain only. The password policy is asked unless `ignorepolicy` is 1.
pub(super) fn set_password(world: &mut World, call: &Call<'_, '_>) -> Reply {
    let id = named(world, call)?;
    let password = call.text("password");
    let plain = matches!(call.text("authtype").to_ascii_lowercase().as_str(), "" | "0" | "plain");
    if !governs(call, &call.text("accountemail")) || !plain || password.is_empty() {
        return done(false);
    }
    if call.text("ignorepolicy") != "1" {
        password::allowed(world, &password)?;
    }
    let variable = variables::find("u_password");
    done(variable.is_some_and(|variable| world.store_account(id, variable, &Value::Text(password))))
}
