//! The API console: every variable with its value, type and group (reference 1.6).

use super::super::account_values::{belongs, console_kind};
use super::super::call::{Call, Reply};
use super::super::entries::split_address;
use super::super::services::SERVICES;
use super::super::sessions::Rights;
use super::super::values::{Value, read_list};
use super::super::variables::{self, Meaning, Scope, Variable};
use super::super::world::World;
use super::super::xml::{self, Writer};
use super::list::{Page, matches};
use super::properties::done;
use super::{account as accounts, domain as domains};

pub(super) fn server(world: &mut World, call: &Call<'_, '_>) -> Reply {
    let governs = call.rights == Rights::Server;
    console(call, Scope::Server, |_| governs, |variable| world.server_value(variable))
}

pub(super) fn domain(world: &mut World, call: &Call<'_, '_>) -> Reply {
    let place = domains::named(world, call)?;
    let name = call.text("domainstr");
    let seen = |variable: &Variable| domains::right(call, &name, variable) != "0";
    console(call, Scope::Domain, seen, |variable| world.domain_value(place, variable))
}

pub(super) fn account(world: &mut World, call: &Call<'_, '_>) -> Reply {
    let id = accounts::named(world, call)?;
    let governs = split_address(&call.text("accountemail")).is_some_and(|(_, domain)| call.governs(&domain));
    let Some(kind) = world.account(id).map(|account| account.kind) else { return done(false) };
    let seen = |variable: &Variable| governs && belongs(variable, kind);
    console(call, Scope::Account, seen, |variable| world.account_value(id, variable))
}

/// `filter{mask,groups}`: a mask is a glob over the name; a variable of flag D is only given when asked by
/// its exact name (reference 2). `comments` other than 1 leaves every comment empty, as recorded. The words of
/// the comments are this project's own: synthetic.
fn console(
    call: &Call<'_, '_>,
    scope: Scope,
    seen: impl Fn(&Variable) -> bool,
    value: impl Fn(&Variable) -> Value,
) -> Reply {
    let filter = call.node("filter");
    let mask = filter.map(|filter| xml::child_text(filter, "mask").to_lowercase()).unwrap_or_default();
    let glob: Vec<char> = if mask.is_empty() { vec!['*'] } else { mask.chars().collect() };
    let groups = filter.and_then(|filter| xml::child(filter, "groups")).map(read_list).unwrap_or_default();
    let wanted = |variable: &Variable| {
        let of_group =
            groups.is_empty() || groups.iter().any(|group| group.eq_ignore_ascii_case(variable.group));
        let by_name =
            if variable.on_demand { variable.lower == mask } else { matches(&glob, &variable.lower) };
        call.switches.offers(variable) && of_group && by_name && seen(variable)
    };
    let found: Vec<&Variable> = variables::of_scope(scope).filter(|variable| wanted(variable)).collect();
    let with_comments = call.text("comments") == "1";
    Page::of(call).write(&found, |out, variable| {
        let comment = if with_comments { comment(variable) } else { String::new() };
        write_variable(out, variable, &value(variable), &comment);
    })
}

fn comment(variable: &Variable) -> String {
    let service = |index: u8| SERVICES.get(usize::from(index)).map_or("", |service| service.name);
    match variable.meaning {
        Meaning::Switch(index) => format!("The account's switch of {}", service(index)),
        Meaning::Support(index) => format!("Whether {} works for the account", service(index)),
        Meaning::Editable(index) => format!("Whether the switch of {} can be changed", service(index)),
        Meaning::DomainSwitch(index) => format!("The domain's switch of {}", service(index)),
        Meaning::DomainSupport(index) => format!("Whether {} works in the domain", service(index)),
        Meaning::Mode => "Who is given the service".to_owned(),
        Meaning::Plain if variable.read_only => format!("Read only, of {}", variable.group),
        Meaning::Plain => format!("Of {}", variable.group),
    }
}

fn write_variable(out: &mut Writer, variable: &Variable, value: &Value, comment: &str) {
    out.open("apiproperty");
    out.leaf("propname", &variable.lower);
    out.close("apiproperty");
    out.open("propertyval");
    value.write(out);
    out.close("propertyval");
    out.leaf("propertyright", "2");
    if !variable.enum_text.is_empty() {
        write_enum(out, &variable.enum_text);
    }
    out.leaf("propertycomment", comment);
    out.leaf("propertygroup", variable.group);
    out.leaf("propertyvaluetype", console_kind(variable).value_type());
}

/// The real server cuts the list at every comma, so a label that holds one makes a bogus item of value 0 and
/// empty name (reference 1.4). That is kept.
fn write_enum(out: &mut Writer, text: &str) {
    out.open("propertyenumvalues");
    for label in text.split(',') {
        let (value, name) = match label.split_once('-') {
            Some((value, name)) if value.trim().parse::<i64>().is_ok() => (value.trim(), name.trim()),
            _ => ("0", ""),
        };
        out.open("item");
        out.leaf("value", value);
        out.leaf("name", name);
        out.close("item");
    }
    out.close("propertyenumvalues");
}
