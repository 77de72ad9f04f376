//! What of a line must not be shown, because a secret stands or may stand there.
//!
//! Findings name the places of secrets that the check saw. It does not see all: of a document that is no YAML
//! there is no tree. So whatever stands after a key that names a secret is taken for one, unless it begins as a
//! reference does. That may mask too much; the place and the message stay readable.

use std::ops::Range;

/// Words within keys whose values are secrets: passwords, and the DSNs of the backup (`target`, reference 5.2).
const SECRET_WORDS: [&str; 7] = ["passw", "pwd", "secret", "token", "credential", "target", "dsn"];

/// What a reference to a secret begins with.
const REFERENCES: [&str; 3] = ["env", "file", "exec"];

/// Beyond this many bytes before what is shown no key is looked for: only a block of text is that long.
const KEY_BACK_MAX: usize = 1024;
const PARENT_BACK_MAX: usize = 16 * 1024;

/// The masked parts of `window`, sorted and apart. `known` are the places that findings name, sorted.
pub fn hidden(
    text: &str,
    line: Range<usize>,
    window: Range<usize>,
    known: &[Range<usize>],
) -> Vec<Range<usize>> {
    let near = known.partition_point(|range| range.start < window.end);
    let mut ranges: Vec<Range<usize>> =
        known[..near].iter().rev().take(64).filter(|range| range.end > window.start).cloned().collect();
    let searched = line.start.max(boundary(text, window.start.saturating_sub(KEY_BACK_MAX)))..window.end;
    for found in in_line(&text[searched.clone()]) {
        let found = searched.start + found.start..searched.start + found.end;
        // A secret that is known exactly leaves the rest of the line to be read.
        if !ranges.iter().any(|range| range.start <= found.start && found.start < range.end) {
            ranges.push(found);
        }
    }
    if below_secret(text, line.clone()) {
        ranges.push(line);
    }
    ranges.sort_by_key(|range| range.start);
    let mut apart: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        let range = range.start.max(window.start)..range.end.min(window.end);
        match apart.last_mut() {
            _ if range.is_empty() => {}
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => apart.push(range),
        }
    }
    apart
}

/// The nearest position at or before `at` where a character begins.
pub fn boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Values of secret keys, and the user part of URLs, in one line.
fn in_line(line: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    for (colon, _) in line.match_indices(':') {
        let after = &line[colon + 1..];
        if let Some(rest) = after.strip_prefix("//") {
            let authority = rest.find(char::is_whitespace).map_or(rest, |end| &rest[..end]);
            if let Some(end) = authority.rfind('@') {
                ranges.push(colon + 3..colon + 3 + end);
            }
            continue;
        }
        if !secret_key(key_before(&line[..colon])) {
            continue;
        }
        let value = after.trim_start();
        let start = line.len() - value.len();
        if value.is_empty() || value.starts_with(['#', '|', '>']) || is_reference(value) {
            continue;
        }
        ranges.push(start..line.trim_end().len().max(start));
    }
    ranges
}

/// The last word before a colon, without its quotes.
fn key_before(text: &str) -> &str {
    let text = text.trim_end().trim_end_matches(['"', '\'']);
    let start = text
        .char_indices()
        .rev()
        .take(64)
        .find(|(_, c)| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.')))
        .map_or(0, |(at, c)| at + c.len_utf8());
    &text[start..]
}

fn secret_key(key: &str) -> bool {
    let key: String = key.chars().take(64).flat_map(char::to_lowercase).collect();
    SECRET_WORDS.iter().any(|word| key.contains(word))
}

fn is_reference(value: &str) -> bool {
    let inner = value.trim_start_matches('{').trim_start();
    let key = inner.split(':').next().unwrap_or_default().trim();
    value.starts_with('{') && inner.contains(':') && REFERENCES.contains(&key)
}

/// Whether the line is part of a block whose key names a secret, and no reference itself.
fn below_secret(text: &str, line: Range<usize>) -> bool {
    let own = &text[line.clone()];
    let key = own.trim_start().split(':').next().unwrap_or_default();
    if own.contains(':') && REFERENCES.contains(&key) {
        return false;
    }
    let indent = |line: &str| line.len() - line.trim_start().len();
    if indent(own) == 0 {
        return false;
    }
    let from = boundary(text, line.start.saturating_sub(PARENT_BACK_MAX));
    let above = text[from..line.start].lines().rev();
    let parent = above.filter(|above| !above.trim().is_empty()).find(|above| indent(above) < indent(own));
    parent.is_some_and(|parent| {
        let (key, value) = parent.rsplit_once(':').unwrap_or((parent, "."));
        let opens =
            value.trim().is_empty() || value.trim_start().starts_with(['|', '>', '#', '"', '\'', '{', '[']);
        opens && secret_key(key_before(key))
    })
}
