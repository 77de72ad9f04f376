//! One form for each value: what a server writes in several ways is compared in one.

use crate::model::backup::BackupKind;

/// The form in which two texts of a setting are compared; `None` where the text is no value of its kind.
///
/// Every scalar is a text on the wire, flags are `0`/`1` and numbers decimal (reference 0.5); older clients
/// write flags as words, and a number may come with zeros or spaces before it.
pub fn canon(kind: BackupKind, text: &str) -> Option<String> {
    match kind {
        BackupKind::Flag => match text.trim().to_ascii_lowercase().as_str() {
            "0" | "false" => Some("0".into()),
            "1" | "true" => Some("1".into()),
            _ => None,
        },
        BackupKind::Number => text.trim().parse::<i64>().ok().map(|number| number.to_string()),
        BackupKind::Text | BackupKind::Secret | BackupKind::Opaque => Some(text.to_owned()),
    }
}
