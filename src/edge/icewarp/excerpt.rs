//! Text that came from a server, made safe to show: short, in one line, and without what must stay secret.

use std::collections::BTreeSet;

/// An excerpt is a hint, not a dump.
const EXCERPT_CHARS: usize = 120;

/// The beginning of what came, safe to show: no control characters, no session id, nothing of `hide`.
pub(super) fn excerpt(bytes: &[u8], hide: &[&str]) -> String {
    // Far more than is shown: what is taken out, and white space, leave room for what stands behind.
    let head = &bytes[..bytes.len().min(EXCERPT_CHARS * 128)];
    let mut text = String::from_utf8_lossy(head).into_owned();
    for secret in hide.iter().filter(|secret| !secret.is_empty()) {
        for form in forms(secret) {
            text = text.replace(&form, "…");
            // What was cut off may end in the middle of it.
            let starts = form.char_indices().map(|(at, _)| at).filter(|at| *at >= CUT_MIN).rev();
            if let Some(rest) = starts.filter_map(|at| text.strip_suffix(&form[..at])).next() {
                text = format!("{rest}…");
            }
        }
    }
    sanitised(&without_sid(&text))
}

/// A shorter beginning of a secret tells nothing, and is part of many a word.
const CUT_MIN: usize = 4;

/// How a text may come back: as it is, as XML or HTML writes it, as an address or a form does.
fn forms(secret: &str) -> BTreeSet<String> {
    let xml = |apostrophe: &str| {
        let text = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        text.replace('"', "&quot;").replace('\'', apostrophe)
    };
    let url = |space: &str, upper: bool| {
        let mut text = String::new();
        for byte in secret.bytes() {
            match byte {
                b' ' => text.push_str(space),
                b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'_' | b'.' | b'~' => {
                    text.push(char::from(byte));
                }
                other if upper => text.push_str(&format!("%{other:02X}")),
                other => text.push_str(&format!("%{other:02x}")),
            }
        }
        text
    };
    let text = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    // `>` needs no escape in a text, and some writers leave it.
    let least = secret.replace('&', "&amp;").replace('<', "&lt;");
    let mut forms = BTreeSet::from([
        secret.to_owned(),
        text,
        least,
        xml("&apos;"),
        xml("&#39;"),
        xml("&#x27;"),
        xml("'"),
    ]);
    for space in ["+", "%20"] {
        forms.extend([url(space, true), url(space, false)]);
    }
    forms
}

/// Takes out the value of every attribute `sid`, whole or cut.
fn without_sid(text: &str) -> String {
    let mut rest = text;
    let mut out = String::with_capacity(text.len());
    while let Some(at) = rest.to_ascii_lowercase().find("sid=") {
        let value = &rest[at + 4..];
        out.push_str(&rest[..at + 4]);
        out.push('…');
        let end = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].find(quote).map_or(value.len(), |end| end + 2),
            _ => value.find([' ', '>', '&']).unwrap_or(value.len()),
        };
        rest = &value[end..];
    }
    out.push_str(rest);
    out
}

/// One line of at most 120 characters, runs of white space and control characters as one space.
pub(super) fn sanitised(text: &str) -> String {
    let mut out = String::new();
    let mut chars = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control() || is_direction(c)) {
        if word.is_empty() {
            continue;
        }
        if chars > 0 {
            out.push(' ');
            chars += 1;
        }
        for character in word.chars() {
            if chars + 1 >= EXCERPT_CHARS {
                out.push('…');
                return out;
            }
            out.push(character);
            chars += 1;
        }
    }
    out
}

/// Characters that turn the direction of a line, and so could show a text that is not there.
fn is_direction(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
