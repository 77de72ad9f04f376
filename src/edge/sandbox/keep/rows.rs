//! A world as rows, and rows as a world.

use std::collections::BTreeMap;

use super::super::entries::{ACCOUNT_KIND_MAX, Account, Domain, Extra, Member};
use super::super::licence::{Licence, Product};
use super::super::services::{MODULES, SERVICES};
use super::super::variables;
use super::super::world::World;
use super::changes::{AccountRow, Changes, DomainRow, Small};

/// Values by the name of their variable: numbers of variables change between versions.
type Named = Vec<(String, String)>;

/// The text of an account's `extra`: values, members with their rights, leaves of the card, and the switches that are
/// stored without being in force.
type ExtraText = (Named, Vec<(String, u8, String)>, Named, u32, u32);

/// What of a file cannot be understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unknown(pub String);

impl AccountRow {
    pub(super) fn of(world: &World, id: u32) -> Option<AccountRow> {
        // Who has connected is dealt out by the switch of U-20, which no file keeps.
        let Account { mailbox, name, domain, switches, kind, disabled, protocol, flags, extra, connected: _ } =
            world.account(id)?;
        let trials = &world.counts.trial;
        let trial = MODULES.iter().filter(|(module, _)| trials[*module as usize].contains(&id));
        Some(AccountRow {
            domain: *domain,
            mailbox: mailbox.to_string(),
            name: name.to_string(),
            kind: *kind,
            disabled: *disabled,
            protocol: *protocol,
            flags: *flags,
            switches: *switches,
            trial: trial.fold(0, |bits, (module, _)| bits | 1 << *module as u16),
            extra: extra.as_deref().map(extra_text),
        })
    }
}

impl DomainRow {
    pub(super) fn of(world: &World, place: u32) -> Option<DomainRow> {
        // The orders follow from the accounts.
        let Domain { name, kind, switches, values, order: _, order_by_kind: _ } = world.domain(place)?;
        Some(DomainRow {
            name: name.to_string(),
            kind: *kind,
            switches: *switches,
            variables: text(&named(values)),
        })
    }
}

fn extra_text(extra: &Extra) -> String {
    let Extra { values, members, card, dormant, deferred } = extra;
    let members = members.iter().map(|Member { val, default, recieve, post, digest, params }| {
        let rights = [*default, *recieve, *post, *digest];
        let rights = (0u8..).zip(rights).fold(0, |bits, (place, on)| bits | u8::from(on) << place);
        (val.to_string(), rights, params.to_string())
    });
    let all: ExtraText = (named(values), members.collect(), card.clone(), *dormant, *deferred);
    text(&all)
}

fn extra_of(text: &str, services: &[u8]) -> Result<Extra, Unknown> {
    let (values, members, card, dormant, deferred): ExtraText =
        serde_json::from_str(text).map_err(|error| Unknown(format!("values of an account: {error}")))?;
    let member = |(val, rights, params): (String, u8, String)| Member {
        val: val.into(),
        default: rights & 1 != 0,
        recieve: rights & 2 != 0,
        post: rights & 4 != 0,
        digest: rights & 8 != 0,
        params: params.into(),
    };
    Ok(Extra {
        values: numbered(values)?,
        members: members.into_iter().map(member).collect(),
        card,
        dormant: moved(dormant, services),
        deferred: moved(deferred, services),
    })
}

/// A tuple of texts is always JSON.
fn text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn named(values: &BTreeMap<u16, Box<str>>) -> Named {
    let name = |index: u16| variables::at(index).map_or("", |variable| variable.lower.as_str());
    values.iter().map(|(index, value)| (name(*index).to_owned(), value.to_string())).collect()
}

fn numbered(values: Named) -> Result<BTreeMap<u16, Box<str>>, Unknown> {
    let number = |(name, value): (String, String)| match variables::find(&name) {
        Some(variable) => Ok((variable.index, value.into())),
        None => Err(Unknown(format!("the variable `{name}`"))),
    };
    values.into_iter().map(number).collect()
}

pub(super) fn server_changes(
    before: &BTreeMap<u16, Box<str>>,
    after: &BTreeMap<u16, Box<str>>,
) -> Vec<(&'static str, Option<String>)> {
    let changed = after.iter().filter(|(index, value)| before.get(index) != Some(value));
    let changed = changed.map(|(index, value)| (*index, Some(value.to_string())));
    let gone = before.keys().filter(|index| !after.contains_key(index)).map(|index| (*index, None));
    let name = |index| variables::at(index).map_or("", |variable| variable.lower.as_str());
    changed.chain(gone).map(|(index, value)| (name(index), value)).collect()
}

/// Everything of [`Small`] but the server's variables, by name; and the names that bits stand for.
pub(super) fn facts(small: &Small) -> Vec<(&'static str, String)> {
    let products = small.licence.products.iter().map(|product| (product.name.as_str(), product.accounts));
    vec![
        ("services", text(&SERVICES.iter().map(|service| service.name).collect::<Vec<_>>())),
        ("modules", text(&MODULES.iter().map(|(_, product)| *product).collect::<Vec<_>>())),
        ("order-id", small.licence.order_id.clone()),
        ("products", text(&products.collect::<Vec<_>>())),
        ("highest", text(&small.highest)),
        ("switches-new", small.switches_new.to_string()),
        ("stopped", small.stopped.to_string()),
        ("writes", small.writes.to_string()),
    ]
}

/// A whole world, for a file that is new.
pub(super) fn everything(world: &World) -> Changes {
    let small = Small::of(world);
    let domains = (0u32..).zip(&world.domains).filter(|(_, domain)| domain.is_some());
    Changes {
        // Made in portions by the file, which would else hold a million of them beside the world.
        accounts: Vec::new(),
        domains: domains.map(|(place, _)| (place, DomainRow::of(world, place))).collect(),
        server: server_changes(&BTreeMap::new(), &small.server),
        facts: facts(&small),
    }
}

/// A world that is read from its file, row by row.
#[derive(Debug)]
pub(super) struct Reading {
    world: World,
    /// By the bit of the file: the bit it has here.
    services: Vec<u8>,
    modules: Vec<u8>,
}

impl Reading {
    pub(super) fn of(facts: &BTreeMap<String, String>) -> Result<Reading, Unknown> {
        let fact = |name: &str| facts.get(name).ok_or_else(|| Unknown(format!("`{name}` is missing")));
        let mut world = World::empty();
        let services = SERVICES.iter().map(|service| service.name).collect::<Vec<_>>();
        let modules = MODULES.iter().map(|(_, product)| *product).collect::<Vec<_>>();
        let services = places(fact("services")?, &services)?;
        let products: Vec<(String, u32)> = parsed(fact("products")?)?;
        world.licence = Licence {
            order_id: fact("order-id")?.clone(),
            products: products.into_iter().map(|(name, accounts)| Product { name, accounts }).collect(),
        };
        let modules = places(fact("modules")?, &modules)?;
        for (place, highest) in modules.iter().zip(parsed::<Vec<u64>>(fact("highest")?)?) {
            world.counts.highest[usize::from(*place)] = highest;
        }
        world.switches_new = moved(parsed(fact("switches-new")?)?, &services);
        world.stopped = parsed(fact("stopped")?)?;
        world.writes = parsed(fact("writes")?)?;
        Ok(Reading { world, services, modules })
    }

    pub(super) fn server(&mut self, name: String, value: String) -> Result<(), Unknown> {
        self.world.server.extend(numbered(vec![(name, value)])?);
        Ok(())
    }

    pub(super) fn domain(&mut self, place: u32, row: &DomainRow) -> Result<(), Unknown> {
        let domain = Domain {
            name: row.name.as_str().into(),
            kind: row.kind,
            switches: moved(row.switches, &self.services),
            values: numbered(parsed(&row.variables)?)?,
            order: Vec::new(),
            order_by_kind: Default::default(),
        };
        self.world.domain_names.insert(domain.name.clone(), place);
        put(&mut self.world.domains, place, domain);
        Ok(())
    }

    pub(super) fn account(&mut self, id: u32, row: AccountRow) -> Result<(), Unknown> {
        if row.kind > ACCOUNT_KIND_MAX || self.world.domain(row.domain).is_none() {
            return Err(Unknown(format!("the type or the domain of the account `{}`", row.mailbox)));
        }
        let trial = moved(u32::from(row.trial), &self.modules);
        for (module, _) in MODULES.iter().filter(|(module, _)| trial >> *module as u32 & 1 == 1) {
            self.world.counts.trial[*module as usize].insert(id);
        }
        let account = Account {
            // Accounts are looked for in lower case, whoever wrote the file.
            mailbox: row.mailbox.to_lowercase().into(),
            name: row.name.into(),
            domain: row.domain,
            switches: moved(row.switches, &self.services),
            kind: row.kind,
            disabled: row.disabled,
            protocol: row.protocol,
            flags: row.flags,
            // Dealt out by the switch of U-20, which no file keeps.
            connected: 0,
            extra: row.extra.map(|text| extra_of(&text, &self.services)).transpose()?.map(Box::new),
        };
        let aliases = variables::find("a_aliaslist").map(|variable| variable.index);
        if aliases.is_some_and(|index| account.value(index).is_some()) {
            self.world.with_aliases.insert(id);
        }
        put(&mut self.world.accounts, id, account);
        Ok(())
    }

    /// Orders and counts what was read.
    pub(super) fn finish(mut self) -> World {
        self.world.forced = self.world.services_forced();
        self.world.order_domains();
        self.world.counts.used = self.world.count_afresh();
        self.world
    }
}

/// Rows come by number; numbers of rows that were removed are left free.
fn put<T>(rows: &mut Vec<Option<T>>, place: u32, row: T) {
    let place = usize::try_from(place).unwrap_or(usize::MAX);
    while rows.len() <= place {
        rows.push(None);
    }
    rows[place] = Some(row);
}

fn parsed<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Unknown> {
    serde_json::from_str(text).map_err(|error| Unknown(format!("`{text}`: {error}")))
}

fn places(names: &str, here: &[&str]) -> Result<Vec<u8>, Unknown> {
    let place = |name: &String| {
        let place = here.iter().position(|own| own == name).and_then(|place| u8::try_from(place).ok());
        place.ok_or_else(|| Unknown(format!("the service or module `{name}`")))
    };
    parsed::<Vec<String>>(names)?.iter().map(place).collect()
}

/// Bits that stand elsewhere in this version than in the file's.
fn moved(bits: u32, places: &[u8]) -> u32 {
    let set = (0u32..).zip(places).filter(|(bit, _)| bits >> bit & 1 == 1);
    set.fold(0, |moved, (_, place)| moved | 1 << place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_follow_their_names_into_another_order() {
        let places = places("[\"c\",\"a\"]", &["a", "b", "c"]).unwrap_or_default();
        assert_eq!((moved(0b01, &places), moved(0b10, &places), moved(0b11, &places)), (0b100, 0b001, 0b101));
    }

    #[test]
    fn a_name_that_is_not_known_here_is_told() {
        assert_eq!(places("[\"d\"]", &["a"]), Err(Unknown("the service or module `d`".to_owned())));
        let values = vec![("c_nothing".to_owned(), String::new())];
        assert_eq!(numbered(values), Err(Unknown("the variable `c_nothing`".to_owned())));
    }
}
