//! A position in the tree, beside the decoded value.

use std::path::PathBuf;
use std::sync::Arc;

use crate::model::{Place, SecretRef};
use crate::spec::shape::values::SecretReference;
use crate::spec::tree::{Entry, Node, Span, Value};

/// A value of the tree, the file it is in, and the key it stands behind where there is one.
#[derive(Clone, Copy)]
pub struct At<'t, 's> {
    file: &'t Arc<str>,
    node: &'t Node<'s>,
    key: Option<Span>,
}

impl<'t, 's> At<'t, 's> {
    /// The root of a document, which stands behind no key.
    pub fn new(file: &'t Arc<str>, node: &'t Node<'s>) -> At<'t, 's> {
        At { file, node, key: None }
    }

    /// The value of a key of a map; where it is missing, the map itself. For keys that were decoded, or whose
    /// absence makes no difference.
    pub fn key(self, name: &str) -> At<'t, 's> {
        self.get(name).unwrap_or(self)
    }

    fn entry(self, entry: &'t Entry<'s>) -> At<'t, 's> {
        At { file: self.file, node: &entry.value, key: Some(entry.key_span) }
    }

    /// All entries of a map, in the author's order.
    pub fn entries(self) -> impl Iterator<Item = (&'t str, At<'t, 's>)> {
        let entries: &'t [Entry<'s>] = match &self.node.value {
            Value::Map(entries) => entries,
            _ => &[],
        };
        entries.iter().map(move |entry| (&*entry.key, self.entry(entry)))
    }

    /// All items of a list.
    pub fn items(self) -> impl Iterator<Item = At<'t, 's>> {
        let items: &'t [Node<'s>] = match &self.node.value {
            Value::List(items) => items,
            _ => &[],
        };
        items.iter().map(move |node| At { file: self.file, node, key: None })
    }

    /// The value of a key, where there is one.
    pub fn get(self, name: &str) -> Option<At<'t, 's>> {
        self.node.entry(name).map(|entry| self.entry(entry))
    }

    /// The text of a scalar; the check says what is wrong with any other value.
    pub fn text(self) -> Option<&'t str> {
        self.node.scalar()
    }

    /// A text that is not null, and its place.
    pub fn word(self) -> Option<(String, Place)> {
        self.text().filter(|_| !self.node.is_null()).map(|text| (text.to_string(), self.place()))
    }

    /// The value itself, for whoever goes over a list or a map.
    pub fn node(self) -> &'t Node<'s> {
        self.node
    }

    /// The name of the file, shared by all places in it.
    pub fn file(self) -> &'t Arc<str> {
        self.file
    }

    /// Where the value stands.
    pub fn place(self) -> Place {
        self.node.span.place(self.file)
    }

    /// Where its key stands; for an item of a list, the item.
    pub fn key_place(self) -> Place {
        self.key.unwrap_or(self.node.span).place(self.file)
    }
}

/// Texts with the places they stand at.
pub fn placed<T>(values: &[T], at: At<'_, '_>, text: impl Fn(&T) -> String) -> Vec<(String, Place)> {
    values.iter().zip(at.items()).map(|(value, at)| (text(value), at.place())).collect()
}

/// The shape takes exactly one of the three; `None` would be a mistake of this program.
pub fn secret(shape: SecretReference) -> Option<SecretRef> {
    match (shape.env, shape.file, shape.exec) {
        (Some(env), None, None) => Some(SecretRef::Env(env.0)),
        (None, Some(file), None) => Some(SecretRef::File(PathBuf::from(file.0))),
        (None, None, Some(exec)) => Some(SecretRef::Exec(exec.into_iter().map(|word| word.0).collect())),
        _ => None,
    }
}
