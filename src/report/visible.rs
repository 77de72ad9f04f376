//! A value whose texts are all made visible before it is put into words.

use std::borrow::Cow;
use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::model::visible::{hides, visible};

/// The same value with every text in it made visible; as it is where nothing hides. No field can be forgotten: the
/// texts are found in the value's form outside.
pub fn shown<T: Serialize + DeserializeOwned + Clone>(value: &T) -> Cow<'_, T> {
    let mut scan = Scan { hidden: false };
    if serde_json::to_writer(&mut scan, value).is_ok() && !scan.hidden {
        return Cow::Borrowed(value);
    }
    let made = serde_json::to_value(value).and_then(|value| serde_json::from_value(made_visible(value)));
    made.map_or(Cow::Borrowed(value), Cow::Owned)
}

fn made_visible(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(visible(&text).into_owned()),
        Value::Array(items) => items.into_iter().map(made_visible).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, field)| (visible(&name).into_owned(), made_visible(field)))
            .collect(),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other,
    }
}

/// Looks at JSON as it is written, and keeps nothing: a plan may have a million steps. JSON has an escape for every
/// control character, which is written by itself, and never splits a character.
struct Scan {
    hidden: bool,
}

impl io::Write for Scan {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hidden |= match bytes {
            [b'\\', b'"' | b'\\'] => false,
            [b'\\', _, ..] => true,
            plain if plain.is_ascii() => false,
            text => String::from_utf8_lossy(text).chars().any(hides),
        };
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_text_of_a_value_is_made_visible_and_a_plain_one_is_not_copied() {
        let plain = BTreeMap::from([("a \"b\" \\ ü".to_owned(), vec!["漢".to_owned()])]);
        assert!(matches!(shown(&plain), Cow::Borrowed(_)));
        for hostile in ["a\nb", "\u{1b}[2J", "\u{202e}", "é\u{200b}"] {
            for (name, text) in [(hostile, "x"), ("x", hostile)] {
                let value = BTreeMap::from([(name.to_owned(), vec![text.to_owned()])]);
                let told = format!("{:?}", shown(&value));
                assert!(told.contains("<U+") && !told.contains("\\u{"), "{told}");
            }
        }
    }
}
