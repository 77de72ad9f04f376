//! Members of groups and lists (reference 1.6). Adding and removing is idempotent; addresses are not checked.

use std::collections::{HashMap, HashSet};

use super::super::call::{Call, Reply};
use super::super::entries::{Account, GROUP, MAILING_LIST, Member, split_address};
use super::super::values::read_members;
use super::super::world::World;
use super::account::named;
use super::properties::done;

/// Finds the account, checks the rights, and hands its members to `edit`. Only a group or a list has members;
/// that the others are refused is synthetic.
fn edit_members(
    world: &mut World,
    call: &Call<'_, '_>,
    edit: impl FnOnce(&mut Vec<Member>, Vec<Member>),
) -> Reply {
    let id = named(world, call)?;
    let governs = split_address(&call.text("accountemail")).is_some_and(|(_, domain)| call.governs(&domain));
    let given = call.node("members").map(read_members).unwrap_or_default();
    let has_members = |account: &Account| matches!(account.kind, GROUP | MAILING_LIST);
    if !governs || !world.account(id).is_some_and(has_members) {
        return done(false);
    }
    let Some(account) = world.account_mut(id) else { return done(false) };
    edit(&mut account.extra_mut().members, given);
    done(true)
}

/// Addresses are compared without their case.
fn key(member: &Member) -> String {
    member.val.to_ascii_lowercase()
}

pub(super) fn add(world: &mut World, call: &Call<'_, '_>) -> Reply {
    edit_members(world, call, |members, given| {
        let mut held: HashSet<String> = members.iter().map(key).collect();
        members.extend(given.into_iter().filter(|member| held.insert(key(member))));
    })
}

/// Every account of a domain that the filter lets through (reference 1.6); a group is not made a member of
/// itself.
pub(super) fn add_all(world: &mut World, call: &Call<'_, '_>) -> Reply {
    let found = super::list::matching(world, call)?;
    let own = call.text("accountemail").to_lowercase();
    let all = found.iter().filter(|address| **address != own).map(|address| Member::plain(address));
    let all: Vec<Member> = all.collect();
    edit_members(world, call, |members, _| {
        let mut held: HashSet<String> = members.iter().map(key).collect();
        members.extend(all.into_iter().filter(|member| held.insert(key(member))));
    })
}

pub(super) fn edit(world: &mut World, call: &Call<'_, '_>) -> Reply {
    edit_members(world, call, |members, given| {
        let given: HashMap<String, Member> = given.into_iter().map(|member| (key(&member), member)).collect();
        for held in members {
            if let Some(member) = given.get(&key(held)) {
                held.clone_from(member);
            }
        }
    })
}

pub(super) fn delete(world: &mut World, call: &Call<'_, '_>) -> Reply {
    edit_members(world, call, |members, given| {
        let given: HashSet<String> = given.iter().map(key).collect();
        members.retain(|held| !given.contains(&key(held)));
    })
}

/// A `namemask` of `*` or none removes all; any other mask those it matches.
pub(super) fn delete_all(world: &mut World, call: &Call<'_, '_>) -> Reply {
    let mask = call
        .node("filter")
        .map(|filter| super::super::xml::child_text(filter, "namemask"))
        .unwrap_or_default();
    let mask: Vec<char> = if mask.is_empty() { vec!['*'] } else { mask.to_lowercase().chars().collect() };
    edit_members(world, call, |members, _| members.retain(|held| !super::list::matches(&mask, &held.val)))
}
