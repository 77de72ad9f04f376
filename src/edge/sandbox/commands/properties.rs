//! Lists of properties: which are asked for, which are to be written (reference 1.4).

use roxmltree::Node;

use super::super::call::{Call, RESULT_DEPTH, Reply, Success};
use super::super::switches::{BadItem, UnknownName};
use super::super::values::Value;
use super::super::variables::{self, Variable};
use super::super::xml::{Writer, child, child_text, items};

/// The names asked for, as they were written: they are echoed so (reference 1.4). Each stands in
/// `item/propname`, or in `item/apiproperty/propname` as it does where it is written.
pub(super) fn names(list: Option<Node<'_, '_>>) -> Vec<String> {
    let Some(list) = list else { return Vec::new() };
    let name = |item: Node<'_, '_>| match child_text(item, "propname") {
        name if name.is_empty() => {
            child(item, "apiproperty").map(|inner| child_text(inner, "propname")).unwrap_or_default()
        }
        name => name,
    };
    items(list).map(name).filter(|name| !name.is_empty()).collect()
}

/// One value to write.
#[derive(Debug)]
pub(super) struct Write {
    pub variable: &'static Variable,
    pub value: Value,
}

/// The values of a new account or domain. `None`: one of the names is unknown, and then nothing is created.
pub(super) fn writes(list: Option<Node<'_, '_>>) -> Option<Vec<Write>> {
    list.map_or(Some(Vec::new()), |list| items(list).map(write_of).collect())
}

fn write_of(item: Node<'_, '_>) -> Option<Write> {
    let name = child(item, "apiproperty").map(|property| child_text(property, "propname"))?;
    let value = child(item, "propertyval").map_or(Value::Nothing, Value::read);
    Some(Write { variable: variables::find(&name)?, value })
}

/// What of a `propertyvaluelist` is to be written, and whether that is all of it. An item is bad whose name is
/// unknown or which may not be written (U-7).
pub(super) fn admitted(call: &Call<'_, '_>, may: impl Fn(&Write) -> bool) -> (Vec<Write>, bool) {
    let list: Vec<Option<Write>> =
        call.node("propertyvaluelist").map(|list| items(list).map(write_of).collect()).unwrap_or_default();
    let fits = |item: &Option<Write>| {
        item.as_ref().is_some_and(|write| call.switches.offers(write.variable) && may(write))
    };
    if list.iter().all(fits) {
        return (list.into_iter().flatten().collect(), true);
    }
    let kept = match call.switches.bad_item {
        BadItem::AllOrNothing => Vec::new(),
        BadItem::UpToBad => list.into_iter().take_while(fits).flatten().collect(),
        BadItem::WithoutBad => list.into_iter().filter(fits).flatten().collect(),
    };
    (kept, false)
}

/// One item of an answer. The right is 2 for whoever asks, with and without a value: so it was recorded
/// (reference 11, U-39).
pub(super) fn write_item(out: &mut Writer, name: &str, value: &Value, right: &str) {
    out.open("item");
    out.open("apiproperty");
    out.leaf("propname", name);
    out.close("apiproperty");
    out.open("propertyval");
    value.write(out);
    out.close("propertyval");
    out.leaf("propertyright", right);
    out.close("item");
}

/// An answer with one item for each name asked, in their order; what becomes of a name that this release does
/// not have is U-33.
pub(super) fn answer(
    call: &Call<'_, '_>,
    names: &[String],
    mut value: impl FnMut(&Variable) -> (Value, &'static str),
) -> Reply {
    let mut out = Writer::at_depth(RESULT_DEPTH);
    for name in names {
        let known = variables::find(name).filter(|variable| call.switches.offers(variable));
        let (value, right) = match (known, call.switches.unknown) {
            (Some(variable), _) => value(variable),
            (None, UnknownName::NoValue) => (Value::Nothing, "2"),
            (None, UnknownName::LeftOut) => continue,
            (None, UnknownName::Error) => return Err("property_invalid"),
        };
        write_item(&mut out, name, &value, right);
    }
    Ok(Success::Elements(out.finish()))
}

/// What an administrator may do: 1 read, 2 read and write (reference 1.4).
pub(super) fn right_of(variable: &Variable) -> &'static str {
    if variable.read_only { "1" } else { "2" }
}

/// An answer of rights (recorded of `getmydomainrigths` by the C# client of reference 6).
pub(super) fn answer_rights(names: &[String], mut right: impl FnMut(&Variable) -> &'static str) -> Reply {
    let mut out = Writer::at_depth(RESULT_DEPTH);
    for name in names {
        out.open("item");
        out.open("apiproperty");
        out.leaf("propname", name);
        out.close("apiproperty");
        out.leaf("propertyright", variables::find(name).map_or("0", &mut right));
        out.close("item");
    }
    Ok(Success::Elements(out.finish()))
}

/// `1` applied, `0` not (reference 0, point 3).
pub(super) fn done(applied: bool) -> Reply {
    Ok(Success::Text(if applied { "1" } else { "0" }))
}
