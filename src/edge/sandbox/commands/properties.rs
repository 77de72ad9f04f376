//! Lists of properties: which are asked for, which are to be written (reference 1.4).

use roxmltree::Node;

use super::super::exchange::{RESULT_DEPTH, Reply, Success};
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

/// The values of `propertyvaluelist`. `None`: one of the names is unknown, so nothing of the list is written
/// (U-7, first position: all or nothing).
pub(super) fn writes(list: Option<Node<'_, '_>>) -> Option<Vec<Write>> {
    let Some(list) = list else { return Some(Vec::new()) };
    let read = |item: Node<'_, '_>| {
        let name = child(item, "apiproperty").map(|property| child_text(property, "propname"))?;
        let value = child(item, "propertyval").map_or(Value::Nothing, Value::read);
        Some(Write { variable: variables::find(&name)?, value })
    };
    items(list).map(read).collect()
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

/// An answer with one item for each name asked, in their order.
pub(super) fn answer(names: &[String], mut value: impl FnMut(&Variable) -> (Value, &'static str)) -> Reply {
    let mut out = Writer::at_depth(RESULT_DEPTH);
    for name in names {
        let (value, right) = variables::find(name).map_or((Value::Nothing, "2"), &mut value);
        write_item(&mut out, name, &value, right);
    }
    Ok(Success::Elements(out.finish()))
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
