//! From the elements of an answer to what they say. Pure, and never a default: what does not say what it must is
//! told apart from what says nothing.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};

use super::codec::Element;
use super::excerpt::sanitised;
use super::properties::{self, ADMIN, ALIASES, DISABLED, EXPIRES, EXPIRES_ON, GUEST, PROTOCOL};
use crate::edge::port::Written;
use crate::model::observed::ServiceBits;
use crate::model::reading::NO_VALUE;
use crate::model::{AccountFacts, Reading, ServiceSet, Tri};

/// Why a `result` is not what its command must give.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// `<result>0</result>` where values were asked for.
    #[error("it is 0 and no values")]
    Zero,
    #[error("{0}")]
    Shape(String),
}

/// Reads the answer to a write. Anything but 1 and 0 says nothing about whether it happened.
pub fn written(result: &Element) -> Result<Written, Misfit> {
    match (result.text.trim(), result.children.is_empty()) {
        ("1", true) => Ok(Written::Applied),
        ("0", true) => Ok(Written::NotApplied),
        (text, _) => Err(Misfit::Shape(format!("it is `{}`, neither 1 nor 0", sanitised(text)))),
    }
}

/// The values of a `get…properties`, by lower-cased name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Properties(BTreeMap<String, Value>);

/// One value of the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Text(String),
    /// A structure instead of a text.
    Nested(Element),
    /// There is none, and why.
    None(String),
}

const LEFT_OUT: &str = "the server left it out of its answer";

impl Properties {
    /// Reads the answer to a `get…properties`. An item without a name is left out; that it is missing shows when it is
    /// asked for.
    pub fn read(result: &Element) -> Result<Properties, Misfit> {
        items_only(result)?;
        let mut properties = Properties::default();
        for item in result.children_named("item") {
            let name = item.child("apiproperty").and_then(|property| property.field("propname"));
            // An item without a name cannot be told from any other; what was asked for is then missing.
            if let Some(name) = name.filter(|name| !name.is_empty()) {
                properties.add(name, value(item.child("propertyval")));
            }
        }
        Ok(properties)
    }

    /// Notes that a name could not be read at all.
    pub(super) fn unread(&mut self, name: &str, why: &str) {
        self.0.insert(name.to_lowercase(), Value::None(why.to_owned()));
    }

    pub(super) fn merge(&mut self, other: Properties) {
        self.0.extend(other.0);
    }

    fn add(&mut self, name: &str, value: Value) {
        let name = name.to_lowercase();
        let value = match self.0.remove(&name) {
            Some(before) if before != value => Value::None("the server gave two different values".to_owned()),
            _ => value,
        };
        self.0.insert(name, value);
    }

    /// The lower-cased names of all that came, whether or not there is a value.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// What came for a name, whatever its case; `None` where the server left it out.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(&name.to_lowercase())
    }

    /// The text as it came.
    pub fn text(&self, name: &str) -> Reading<String> {
        match self.value(name) {
            Some(Value::Text(text)) => Reading::Read(text.clone()),
            Some(Value::Nested(_)) => {
                Reading::Unread("the server gave a structure and not a text".to_owned())
            }
            Some(Value::None(why)) => Reading::Unread(why.clone()),
            None => Reading::Unread(LEFT_OUT.to_owned()),
        }
    }

    /// A value as a whole number; unread where it is none, for 0 would be a guess.
    pub fn number(&self, name: &str) -> Reading<i64> {
        match self.text(name) {
            Reading::Read(text) => match text.trim().parse() {
                Ok(number) => Reading::Read(number),
                Err(_) => Reading::Unread(format!("`{}` is no number", sanitised(&text))),
            },
            Reading::Unread(why) => Reading::Unread(why),
        }
    }

    /// `0` or `1` (reference 0.5); anything else is not read.
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.value(name) {
            Some(Value::Text(text)) => match text.trim() {
                "0" => Some(false),
                "1" => Some(true),
                _ => None,
            },
            _ => None,
        }
    }

    fn tri(&self, name: &str) -> Tri {
        self.flag(name).map_or(Tri::Unread, Tri::from)
    }
}

/// `classname` decides, in either case (reference 1.4); where it is missing, a `val` is a text.
fn value(propertyval: Option<&Element>) -> Value {
    let no_value = || Value::None(NO_VALUE.to_owned());
    let Some(propertyval) = propertyval else { return no_value() };
    if propertyval.field("classname").is_some_and(|class| class.eq_ignore_ascii_case("TPropertyNoValue")) {
        return no_value();
    }
    match propertyval.child("val") {
        // `<val/>` is the empty text, which is a value.
        Some(val) if val.children.is_empty() => Value::Text(val.text.clone()),
        Some(val) => Value::Nested(val.clone()),
        None => no_value(),
    }
}

/// A list is elements, and text beside them says nothing. `0` instead of them means that nothing was done.
fn items_only(result: &Element) -> Result<(), Misfit> {
    match result.text.trim() {
        _ if !result.children.is_empty() => Ok(()),
        "" => Ok(()),
        "0" => Err(Misfit::Zero),
        text => Err(Misfit::Shape(format!("it is `{}` where a list was asked for", sanitised(text)))),
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<'a> {
    pub items: Vec<&'a Element>,
    pub offset: Option<u64>,
    /// How many there are in all; `None` where the server did not say so, or not as a number.
    pub overall: Option<u64>,
}

/// Reads a page. That its numbers fit together is not looked at here: a list does that over all of its pages.
pub fn page(result: &Element) -> Result<Page<'_>, Misfit> {
    items_only(result)?;
    let number = |name| result.field(name).and_then(|text| text.parse().ok());
    Ok(Page {
        items: result.children_named("item").collect(),
        offset: number("offset"),
        overall: number("overallcount"),
    })
}

/// A row of the list of domains; the name lower-cased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainRow {
    pub name: String,
    pub kind: Option<i64>,
    /// How many accounts of any kind it has.
    pub accounts: Option<u64>,
}

/// A row without a name has an empty one, which no domain has.
pub fn domain_row(item: &Element) -> DomainRow {
    DomainRow {
        name: item.field("name").unwrap_or_default().to_lowercase(),
        kind: item.field("domaintype").and_then(|text| text.parse().ok()),
        accounts: item.field("accountcount").and_then(|text| text.parse().ok()),
    }
}

/// A row of the list of accounts; all but these fields differ by version (reference 1.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// As it came, without the white space around it.
    pub email: String,
    pub kind: Option<i64>,
    /// Other than 0. The numbers contradict each other between sources, so nothing finer is told (reference 1.6).
    pub admin: Tri,
}

/// A row without an address has an empty one, which no account has.
pub fn account_row(item: &Element) -> AccountRow {
    let admin = item.field("admintype").and_then(|text| text.parse::<i64>().ok());
    AccountRow {
        email: item.field("email").unwrap_or_default().to_owned(),
        kind: item.field("accounttype").and_then(|text| text.parse().ok()),
        admin: admin.map_or(Tri::Unread, |number| Tri::from(number != 0)),
    }
}

/// Whether an account type is known (reference 1.6) and is neither a user nor a group: a policy can mean nobody by
/// it. Of a number that is not listed this cannot be said.
pub fn carries_no_policy(kind: i64) -> bool {
    matches!(kind, 1..=6 | 8)
}

/// A member as the server writes it: an address, or something else that is for the directory to understand.
pub fn member_row(item: &Element) -> String {
    item.field("val").unwrap_or_default().to_owned()
}

/// The services' bits of one account.
pub fn service_bits(properties: &Properties, services: ServiceSet) -> ServiceBits {
    let mut bits = ServiceBits::default();
    for service in services.iter() {
        let variables = properties::of(service);
        if let Some(on) = properties.flag(variables.switch) {
            bits.known.insert(service);
            if on {
                bits.on.insert(service);
            }
        }
        // No such variable at the server: the account may choose. A variable that was not read decides nothing,
        // though WebAdmin takes a missing row for 1 (reference 2.2).
        let editable = match variables.editable {
            Some(name) => properties.flag(name),
            None => Some(true),
        };
        if let Some(editable) = editable {
            bits.editable_known.insert(service);
            if editable {
                bits.editable.insert(service);
            }
        }
        if let Some(support) = variables.support.and_then(|name| properties.flag(name)) {
            bits.support_known.insert(service);
            if support {
                bits.support.insert(service);
            }
        }
    }
    bits
}

/// What decides about counting and protection. `listed` is what the list said of `admintype`; without `today` it is
/// not known whether an account that expires has expired.
pub fn account_facts(properties: &Properties, listed: Tri, today: Option<Date>) -> AccountFacts {
    let number = |name| properties.number(name).read().copied();
    AccountFacts {
        disabled: number(DISABLED).map_or(Tri::Unread, |state| Tri::from(state != 0)),
        guest: properties.tri(GUEST),
        // One yes suffices; a no needs the account's own flag, because `admintype` is not to be trusted.
        admin: if listed.certain() { Tri::Yes } else { properties.tri(ADMIN) },
        pop3_only: match number(PROTOCOL) {
            Some(0) => Tri::Yes,
            Some(1 | 2) => Tri::No,
            _ => Tri::Unread,
        },
        expired: match properties.flag(EXPIRES) {
            Some(false) => Tri::No,
            Some(true) => match (number(EXPIRES_ON), today) {
                (Some(day), Some(today)) => over(day, today),
                _ => Tri::Unread,
            },
            None => Tri::Unread,
        },
    }
}

/// Whether a day is over, given as the wire counts days (reference 2.2). Where the server's day begins, and whether the
/// account may be used on that day still, is not known: within a day of ours nothing is said.
fn over(day: i64, today: Date) -> Tri {
    const DAY_0: Date = date(1899, 12, 30);
    let Ok(since) = today.since((jiff::Unit::Day, DAY_0)) else { return Tri::Unread };
    match i64::from(since.get_days()) - day {
        ..=-2 => Tri::No,
        -1..=1 => Tri::Unread,
        2.. => Tri::Yes,
    }
}

/// The names of an account before the `@`, or whole addresses, as the server gives them: a list, or one text with a `;`
/// between them (reference 2.2). `None` where it gives none.
pub fn aliases(properties: &Properties) -> Option<Vec<String>> {
    let texts = |name: &&str| match properties.value(name) {
        Some(Value::Text(text)) => Some(text.split(';').map(str::to_owned).collect()),
        Some(Value::Nested(list)) => {
            Some(list.children_named("item").map(|item| item.text.clone()).collect::<Vec<String>>())
        }
        Some(Value::None(_)) | None => None,
    };
    let names: Vec<String> = ALIASES.iter().find_map(texts)?;
    let names = names.iter().map(|name| name.trim()).filter(|name| !name.is_empty());
    Some(names.map(str::to_owned).collect())
}
