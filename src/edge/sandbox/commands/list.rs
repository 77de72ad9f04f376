//! Pages of domains, accounts and members (reference 1.6).

use std::collections::HashSet;

use super::super::account_values::belongs;
use super::super::call::{Call, NO_SUCH_ACCOUNT, RESULT_DEPTH, Reply, Success};
use super::super::entries::{
    ACCOUNT_KIND_MAX, ALIAS, Account, Domain, FLAG_ADMIN, FLAG_DOMAIN_ADMIN, GROUP, Member,
};
use super::super::services::SERVICES;
use super::super::sessions::Rights;
use super::super::switches::{AliasList, AliasNames, ListOrder, Nested, PageCap, Release};
use super::super::values::{Value, bit, write_member};
use super::super::variables;
use super::super::world::World;
use super::super::xml::{self, Writer};

/// `offset` and `count`; a count of 0, or none, is all, up to what a page may have (U-8). A number that is none
/// is 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Page {
    pub offset: usize,
    count: usize,
    order: ListOrder,
    nth: u64,
}

impl Page {
    pub(super) fn of(call: &Call<'_, '_>) -> Page {
        let number = |name: &str| call.text(name).parse().unwrap_or(0);
        let most = match call.switches.page {
            PageCap::AsAsked => usize::MAX,
            PageCap::Hundred => 100,
            PageCap::Three => 3,
        };
        let count = Some(number("count")).filter(|count| *count != 0).unwrap_or(usize::MAX).min(most);
        Page { offset: number("offset"), count, order: call.switches.order, nth: call.nth }
    }

    /// Writes the entries of this page and then `offset` and `overallcount`, which counts all that match.
    pub(super) fn write<T>(self, entries: &[T], mut write: impl FnMut(&mut Writer, &T)) -> Reply {
        let mut out = Writer::at_depth(RESULT_DEPTH);
        let mut write = |entry: &T| {
            out.open("item");
            write(&mut out, entry);
            out.close("item");
        };
        let later = self.offset > 0 && !entries.is_empty();
        let (from, overall) = match self.order {
            // Whoever came in front pushes a row that was given already onto this page.
            ListOrder::Added if later => (self.offset - 1, entries.len() + 1),
            ListOrder::Removed if later => (self.offset + 1, entries.len() - 1),
            ListOrder::Stable | ListOrder::Shuffled | ListOrder::Added | ListOrder::Removed => {
                (self.offset, entries.len())
            }
        };
        if self.order == ListOrder::Shuffled {
            let mut places: Vec<usize> = (0..entries.len()).collect();
            places.sort_by_key(|place| scattered(self.nth, *place));
            places.iter().skip(from).take(self.count).for_each(|place| write(&entries[*place]));
        } else {
            entries.iter().skip(from).take(self.count).for_each(write);
        }
        out.leaf("offset", &self.offset.to_string());
        out.leaf("overallcount", &overall.to_string());
        Ok(Success::Elements(out.finish()))
    }
}

/// A number that looks drawn, and is the same for the same call and place.
fn scattered(call: u64, place: usize) -> u64 {
    let mixed = (call << 32 ^ place as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

/// `filter{namemask,typemask}`. A flat `<filter>text</filter>` is ignored (reference 1.6); `servicemask`,
/// `adminmask` and `planmask` have no documented encoding and are ignored too (U-10).
#[derive(Debug, Default)]
struct Filter {
    /// Lower case; `None` lets everything through.
    name: Option<Vec<char>>,
    kind: Option<u8>,
}

impl Filter {
    fn of(call: &Call<'_, '_>) -> Filter {
        let Some(filter) = call.node("filter") else { return Filter::default() };
        let name = xml::child_text(filter, "namemask").to_lowercase();
        let name = (!name.is_empty() && name != "*").then(|| name.chars().collect());
        Filter { name, kind: xml::child_text(filter, "typemask").parse().ok() }
    }

    fn lets(&self, names: &[&str]) -> bool {
        self.name.as_ref().is_none_or(|mask| names.iter().any(|name| matches(mask, name)))
    }
}

/// A case-insensitive glob of `*` and `?`. A mask without either must match the whole (reference 11 leaves
/// that open).
pub(super) fn matches(mask: &[char], name: &str) -> bool {
    let name: Vec<char> = name.to_lowercase().chars().collect();
    let (mut at_mask, mut at_name) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while at_name < name.len() {
        match mask.get(at_mask) {
            Some('*') => {
                star = Some((at_mask, at_name));
                at_mask += 1;
            }
            Some(letter) if *letter == '?' || *letter == name[at_name] => {
                at_mask += 1;
                at_name += 1;
            }
            _ => {
                let Some((star_mask, star_name)) = star else { return false };
                star = Some((star_mask, star_name + 1));
                at_mask = star_mask + 1;
                at_name = star_name + 1;
            }
        }
    }
    mask[at_mask..].iter().all(|letter| *letter == '*')
}

/// Domains by name. An administrator of one domain sees that one, any other account none (U-39 for lists).
pub(super) fn domains(world: &mut World, call: &Call<'_, '_>) -> Reply {
    if let Some(denied) = call.denied().filter(|_| call.rights == Rights::Nothing) {
        return denied;
    }
    let filter = Filter::of(call);
    let all = world.domain_names.values().filter_map(|place| world.domain(*place));
    let seen: Vec<_> = all
        .filter(|domain| call.governs(&domain.name))
        .filter(|domain| filter.kind.is_none_or(|kind| kind == domain.kind))
        .filter(|domain| filter.lets(&[&domain.name]))
        .collect();
    let description = variables::find("d_description").map(|variable| variable.index);
    Page::of(call).write(&seen, |out, domain| {
        let described = description.and_then(|index| domain.values.get(&index)).map_or("", AsRef::as_ref);
        out.leaf("name", &domain.name);
        out.leaf("desc", described);
        out.leaf("domaintype", &domain.kind.to_string());
        out.leaf("accountcount", &domain.order.len().to_string());
    })
}

/// The addresses that a domain's name and a filter stand for; none of a domain that the caller does not govern.
pub(super) fn matching(world: &World, call: &Call<'_, '_>) -> Result<Vec<String>, &'static str> {
    let place = super::domain::named(world, call)?;
    let filter = Filter::of(call);
    let domain = world.domain(place).filter(|domain| domain.kind != ALIAS && call.governs(&domain.name));
    let ids = domain.into_iter().flat_map(|domain| &domain.order);
    let accounts = ids.filter_map(|id| world.account(*id));
    let of_kind = accounts.filter(|account| filter.kind.is_none_or(|kind| kind == account.kind));
    let found = of_kind.filter_map(|account| {
        let address = world.address(account);
        filter.lets(&[&account.mailbox, &account.name, &address]).then_some(address)
    });
    Ok(found.collect())
}

/// Accounts of one domain by mailbox. What the list of an alias domain holds is U-34.
pub(super) fn accounts(world: &mut World, call: &Call<'_, '_>) -> Reply {
    let page = Page::of(call);
    let name = call.text("domainstr");
    let mut domain =
        world.called_domain(&name).and_then(|place| world.domain(place)).ok_or("domain_invalid")?;
    if let Some(denied) = call.denied().filter(|_| !call.governs(&domain.name)) {
        return denied;
    }
    if domain.kind == ALIAS && world.switches.alias_list == AliasList::Targets {
        domain = world.target(domain).unwrap_or(domain);
    }
    if domain.kind == ALIAS || !call.governs(&domain.name) {
        return page.write::<u32>(&[], |_, _| {});
    }
    let filter = Filter::of(call);
    let ids = match filter.kind {
        None => domain.order.as_slice(),
        Some(kind) if kind > ACCOUNT_KIND_MAX => &[],
        Some(kind) => &domain.order_by_kind[usize::from(kind)],
    };
    let write = |out: &mut Writer, id: &u32| {
        if let Some(account) = world.shown(*id) {
            write_account(world, out, &account);
        }
    };
    if filter.name.is_none() {
        return page.write(ids, write);
    }
    let lets = |id: &u32| {
        world.account(*id).is_some_and(|account| {
            let address = format!("{}@{}", account.mailbox, domain.name);
            filter.lets(&[&account.mailbox, &account.name, &address])
        })
    };
    let matching: Vec<u32> = ids.iter().copied().filter(lets).collect();
    page.write(&matching, write)
}

/// One account as 14.3 lists it, or in fewer words as 11 did (reference 1.6).
fn write_account(world: &World, out: &mut Writer, account: &Account) {
    let address = world.address(account);
    out.leaf("name", &account.name);
    out.leaf("email", &address);
    let short = world.switches.release == Release::V11;
    if !short {
        out.leaf("displayemail", &address);
    }
    out.leaf("accounttype", &account.kind.to_string());
    if !short {
        out.open("accountstate");
        Value::State(account.disabled.to_string()).write(out);
        out.close("accountstate");
    }
    // 0 user, 1 admin, 2 domain admin: this list's numbering (reference 1.6).
    let admin = match account.flags {
        flags if flags & FLAG_ADMIN != 0 => "1",
        flags if flags & FLAG_DOMAIN_ADMIN != 0 => "2",
        _ => "0",
    };
    out.leaf("admintype", admin);
    out.open("quota");
    let quota = variables::find("a_quota").filter(|variable| belongs(variable, account.kind));
    let limit = quota.and_then(|variable| account.value(variable.index)).unwrap_or("0");
    Value::Quota { size: "0".to_owned(), limit: limit.to_owned() }.write(out);
    out.close("quota");
    if !short {
        write_service_info(world, out, account);
    }
}

fn write_service_info(world: &World, out: &mut Writer, account: &Account) {
    out.leaf("planid", "");
    out.open("serviceinfo");
    out.leaf("classname", "taccountserviceinfo");
    for name in ["meeting", "desktop", "activesync", "recording"] {
        let Some(index) = SERVICES.iter().position(|service| service.name == name) else { continue };
        let index = u8::try_from(index).unwrap_or(u8::MAX);
        out.leaf(&format!("{name}support"), bit(world.is_supported(account, index)));
        out.leaf(&format!("{name}value"), bit(world.reads_on(account, index)));
        out.leaf(&format!("{name}editable"), bit(world.reads_editable(account, index)));
    }
    out.close("serviceinfo");
}

/// Members of a group or list, in the order they were added; whether groups in it are expanded is U-41.
pub(super) fn members(world: &mut World, call: &Call<'_, '_>) -> Reply {
    let who = call.text("who");
    let account = world.called_account(&who).and_then(|id| world.account(id)).ok_or(NO_SUCH_ACCOUNT)?;
    let domain = who.rsplit_once('@').map_or("", |(_, domain)| domain);
    if let Some(denied) = call.denied().filter(|_| !call.governs(domain)) {
        return denied;
    }
    let filter = Filter::of(call);
    let members: Vec<&Member> = match world.switches.nested {
        Nested::Expanded if account.kind == GROUP => world.members_expanded(account),
        Nested::AsStored | Nested::Expanded => account.members().iter().collect(),
    };
    let seen = members.into_iter().filter(|member| call.governs(domain) && filter.lets(&[&member.val]));
    let seen: Vec<&Member> = seen.collect();
    // Rights are a matter of lists; of a plain group they read 0, whatever was written (source S4).
    let inert = account.kind == GROUP;
    Page::of(call).write(&seen, |out, member| {
        let val = world.member_shown(&member.val);
        let shown = Member { params: member.params.clone(), ..Member::of_group(&val) };
        write_member(out, if inert { &shown } else { member });
    })
}

impl World {
    /// The domain that an alias domain stands for.
    pub(in super::super) fn target(&self, alias: &Domain) -> Option<&Domain> {
        if alias.kind != ALIAS {
            return None;
        }
        let variable = variables::find("d_domainvalue")?;
        let name = alias.values.get(&variable.index)?;
        self.domain(self.domain_place(name)?)
    }

    /// A member as it is shown: an alias as its account, where the server resolves them (U-45).
    fn member_shown(&self, val: &str) -> String {
        let resolves = self.switches.alias_names == AliasNames::Resolved && self.account_id(val).is_none();
        let account = resolves.then(|| self.called_account(val)).flatten().and_then(|id| self.account(id));
        account.map_or_else(|| val.to_owned(), |account| self.address(account))
    }

    /// The members of a group, with the members of groups in it in their place. Each address comes once.
    fn members_expanded<'w>(&'w self, group: &'w Account) -> Vec<&'w Member> {
        let mut open: Vec<&Member> = group.members().iter().rev().collect();
        let mut seen: HashSet<String> = HashSet::from([self.address(group)]);
        let mut expanded = Vec::new();
        while let Some(member) = open.pop() {
            if !seen.insert(member.val.to_lowercase()) {
                continue;
            }
            let inner = self.account_id(&member.val).and_then(|id| self.account(id));
            match inner.filter(|inner| inner.kind == GROUP) {
                Some(inner) => open.extend(inner.members().iter().rev()),
                None => expanded.push(member),
            }
        }
        expanded
    }
}
