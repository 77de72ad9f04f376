//! Pages of domains, accounts and members (reference 1.6).

use super::super::account_values::belongs;
use super::super::exchange::{Call, NO_SUCH_ACCOUNT, RESULT_DEPTH, Reply, Success};
use super::super::services::SERVICES;
use super::super::values::{Value, bit, write_member};
use super::super::world::{
    ACCOUNT_KIND_MAX, ALIAS, Account, FLAG_ADMIN, FLAG_DOMAIN_ADMIN, GROUP, Member, World,
};
use super::super::xml::{self, Writer};

/// `offset` and `count`; a count of 0, or none, is all (U-8, first position). A number that is none is 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Page {
    pub offset: usize,
    count: usize,
}

impl Page {
    pub(super) fn of(call: &Call<'_, '_>) -> Page {
        let number = |name: &str| call.text(name).parse().unwrap_or(0);
        let count = number("count");
        Page { offset: number("offset"), count: if count == 0 { usize::MAX } else { count } }
    }

    /// Writes the entries of this page and then `offset` and `overallcount`, which counts all that match.
    pub(super) fn write<T>(self, entries: &[T], mut write: impl FnMut(&mut Writer, &T)) -> Reply {
        let mut out = Writer::at_depth(RESULT_DEPTH);
        for entry in entries.iter().skip(self.offset).take(self.count) {
            out.open("item");
            write(&mut out, entry);
            out.close("item");
        }
        out.leaf("offset", &self.offset.to_string());
        out.leaf("overallcount", &entries.len().to_string());
        Ok(Success::Elements(out.finish()))
    }
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
    let filter = Filter::of(call);
    let all = world.domain_names.values().filter_map(|place| world.domain(*place));
    let seen: Vec<_> = all
        .filter(|domain| call.governs(&domain.name))
        .filter(|domain| filter.kind.is_none_or(|kind| kind == domain.kind))
        .filter(|domain| filter.lets(&[&domain.name]))
        .collect();
    let description = super::super::variables::find("d_description").map(|variable| variable.index);
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

/// Accounts of one domain by mailbox. That of an alias domain is empty (U-34, first position).
pub(super) fn accounts(world: &mut World, call: &Call<'_, '_>) -> Reply {
    let page = Page::of(call);
    let name = call.text("domainstr");
    let domain = world.domain_place(&name).and_then(|place| world.domain(place)).ok_or("domain_invalid")?;
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
        if let Some(account) = world.account(*id) {
            write_account(world, out, account);
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

/// One account as 14.3 lists it.
fn write_account(world: &World, out: &mut Writer, account: &Account) {
    let address = world.address(account);
    out.leaf("name", &account.name);
    out.leaf("email", &address);
    out.leaf("displayemail", &address);
    out.leaf("accounttype", &account.kind.to_string());
    out.open("accountstate");
    Value::State(account.disabled.to_string()).write(out);
    out.close("accountstate");
    // 0 user, 1 admin, 2 domain admin: this list's numbering (reference 1.6).
    let admin = match account.flags {
        flags if flags & FLAG_ADMIN != 0 => "1",
        flags if flags & FLAG_DOMAIN_ADMIN != 0 => "2",
        _ => "0",
    };
    out.leaf("admintype", admin);
    out.open("quota");
    let quota = super::super::variables::find("a_quota").filter(|variable| belongs(variable, account.kind));
    let limit = quota.and_then(|variable| account.value(variable.index)).unwrap_or("0");
    Value::Quota { size: "0".to_owned(), limit: limit.to_owned() }.write(out);
    out.close("quota");
    out.leaf("planid", "");
    out.open("serviceinfo");
    out.leaf("classname", "taccountserviceinfo");
    for name in ["meeting", "desktop", "activesync", "recording"] {
        let Some(index) = SERVICES.iter().position(|service| service.name == name) else { continue };
        let index = u8::try_from(index).unwrap_or(u8::MAX);
        out.leaf(&format!("{name}support"), bit(world.is_supported(account, index)));
        out.leaf(&format!("{name}value"), bit(account.switches >> index & 1 == 1));
        out.leaf(&format!("{name}editable"), bit(world.is_editable(account, index)));
    }
    out.close("serviceinfo");
}

/// Members of a group or list, in the order they were added; groups in it are not expanded (U-41: left to the
/// client).
pub(super) fn members(world: &mut World, call: &Call<'_, '_>) -> Reply {
    let who = call.text("who");
    let account = world.account_id(&who).and_then(|id| world.account(id)).ok_or(NO_SUCH_ACCOUNT)?;
    let domain = who.rsplit_once('@').map_or("", |(_, domain)| domain);
    let filter = Filter::of(call);
    let seen = account.members().iter().filter(|member| call.governs(domain) && filter.lets(&[&member.val]));
    let seen: Vec<&Member> = seen.collect();
    // Rights are a matter of lists; of a plain group they read 0, whatever was written (source S4).
    let inert = account.kind == GROUP;
    Page::of(call).write(&seen, |out, member| {
        let shown = Member { params: member.params.clone(), ..Member::of_group(&member.val) };
        write_member(out, if inert { &shown } else { member });
    })
}
