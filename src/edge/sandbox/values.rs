//! Values as they stand on the wire (reference 1.4), read from a request or written into an answer.

use roxmltree::Node;

use super::entries::Member;
use super::xml::{Writer, child, child_text, items, text};

/// One property value. Scalars are text, whatever their type (reference 0, point 5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// `TPropertyNoValue`: no value, no right to read it, or no such variable (U-33, U-39: first positions).
    Nothing,
    Text(String),
    List(Vec<String>),
    Name {
        name: String,
        surname: String,
    },
    State(String),
    Quota {
        size: String,
        limit: String,
    },
    Members(Vec<Member>),
    /// `TAccountCard`: leaves by name, in their order. There are about 70 (reference 1.4); all are kept as
    /// they come.
    Card(Vec<(String, String)>),
    /// A class this server does not store (`TAccountImage`, `TAccountResponder`, …): every write of it is
    /// refused.
    Other,
}

impl Value {
    pub(super) fn into_text(self) -> Option<String> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Reads `<propertyval>`. Class names are compared without their case (reference 1.4).
    pub(super) fn read(propertyval: Node<'_, '_>) -> Value {
        match child_text(propertyval, "classname").to_ascii_lowercase().as_str() {
            // The Java client of reference 6 says `NativeInt` of a number, and is understood.
            "tpropertystring" | "nativeint" => {
                Value::Text(child(propertyval, "val").map(text).unwrap_or_default())
            }
            "tpropertynovalue" => Value::Nothing,
            "tpropertystringlist" => Value::List(read_list(propertyval)),
            "taccountname" => {
                let [name, surname] = ["name", "surname"].map(|leaf| child_text(propertyval, leaf));
                Value::Name { name, surname }
            }
            "taccountstate" => Value::State(child_text(propertyval, "state")),
            "taccountquota" => {
                let [size, limit] = ["mailboxsize", "mailboxquota"].map(|leaf| child_text(propertyval, leaf));
                Value::Quota { size, limit }
            }
            "tpropertymembers" => Value::Members(read_members(propertyval)),
            "taccountcard" => Value::Card(read_card(propertyval)),
            _ => Value::Other,
        }
    }

    /// Writes the children of `<propertyval>`, class name first. Answers use CamelCase (reference 1.4).
    pub(super) fn write(&self, out: &mut Writer) {
        match self {
            Value::Nothing | Value::Other => out.leaf("classname", "TPropertyNoValue"),
            Value::Text(text) => {
                out.leaf("classname", "TPropertyString");
                out.leaf("val", text);
            }
            Value::List(entries) => {
                out.leaf("classname", "TPropertyStringList");
                write_list(out, entries);
            }
            Value::Name { name, surname } => {
                out.leaf("classname", "TAccountName");
                out.leaf("name", name);
                out.leaf("surname", surname);
            }
            Value::State(state) => {
                out.leaf("classname", "TAccountState");
                out.leaf("state", state);
            }
            Value::Quota { size, limit } => {
                out.leaf("classname", "TAccountQuota");
                out.leaf("mailboxsize", size);
                out.leaf("mailboxquota", limit);
            }
            Value::Card(leaves) => {
                out.leaf("classname", "TAccountCard");
                leaves.iter().for_each(|(name, value)| out.leaf(name, value));
            }
            Value::Members(members) => {
                out.leaf("classname", "TPropertyMembers");
                out.open("val");
                for member in members {
                    out.open("item");
                    out.leaf("classname", "TPropertyMember");
                    write_member(out, member);
                    out.close("item");
                }
                out.close("val");
            }
        }
    }
}

fn write_list(out: &mut Writer, entries: &[String]) {
    if entries.is_empty() {
        return out.leaf("val", "");
    }
    out.open("val");
    for entry in entries {
        out.leaf("item", entry);
    }
    out.close("val");
}

fn read_card(card: Node<'_, '_>) -> Vec<(String, String)> {
    let leaves = card.children().filter(|leaf| leaf.is_element() && leaf.tag_name().name() != "classname");
    leaves.map(|leaf| (leaf.tag_name().name().to_owned(), text(leaf))).collect()
}

/// `val/item*` of a string list; white space around an entry is none of it.
pub(super) fn read_list(list: Node<'_, '_>) -> Vec<String> {
    let Some(val) = child(list, "val") else { return Vec::new() };
    items(val).map(|item| text(item).trim().to_owned()).collect()
}

/// `val/item*{classname,val,default,recieve,post,digest,params}`. A leaf left out is a plain member's.
pub(super) fn read_members(members: Node<'_, '_>) -> Vec<Member> {
    let Some(val) = child(members, "val") else { return Vec::new() };
    let read = |item: Node<'_, '_>| {
        let plain = Member::plain(&child_text(item, "val"));
        let flag = |name: &str, otherwise: bool| match child_text(item, name).as_str() {
            "" => otherwise,
            word => word == "1",
        };
        Member {
            default: flag("default", plain.default),
            recieve: flag("recieve", plain.recieve),
            post: flag("post", plain.post),
            digest: flag("digest", plain.digest),
            params: child_text(item, "params").into(),
            ..plain
        }
    };
    items(val).map(read).filter(|member| !member.val.is_empty()).collect()
}

pub(super) fn write_member(out: &mut Writer, member: &Member) {
    out.leaf("val", &member.val);
    out.leaf("default", bit(member.default));
    out.leaf("recieve", bit(member.recieve));
    out.leaf("post", bit(member.post));
    out.leaf("digest", bit(member.digest));
    out.leaf("params", &member.params);
}

/// Bool on the wire (reference 0, point 5).
pub(super) fn bit(flag: bool) -> &'static str {
    if flag { "1" } else { "0" }
}
