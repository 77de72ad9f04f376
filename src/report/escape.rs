//! Text that others chose, in markdown and HTML, as nothing but text.
//!
//! In markdown only code is safe: there nothing is emphasised, linked, included or taken for HTML, and nobody is
//! mentioned. What cannot be seen, or turns the direction of what follows, is shown by a sign in its place.

use crate::model::visible::hides;

/// A text that is longer is cut: it is no place to read a novel in, and the page has a limit.
const CHARS_MAX: usize = 400;

/// A text without line ends and what cannot be seen, cut to its length.
fn clean(text: &str) -> String {
    let mut clean: String =
        text.chars().take(CHARS_MAX).map(|c| if hides(c) { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(CHARS_MAX).is_some() {
        clean.push('…');
    }
    clean
}

/// Markdown code that holds the text.
pub fn code(text: &str) -> String {
    let text = clean(text);
    if text.trim().is_empty() {
        return "–".to_owned();
    }
    let ticks = "`".repeat(longest_run(&text) + 1);
    // A backtick at an end would join the fence; one space at each end is taken off again by whoever renders it.
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// The same in a cell of a table, which a bar would end even in code.
pub fn cell(text: &str) -> String {
    code(&text.replace('|', "¦"))
}

/// A sentence: plain words as they are, everything else in code. What our own sentences have in backticks is code.
pub fn prose(text: &str) -> String {
    let text = clean(text).replace('|', "¦");
    let mut pieces: Vec<Piece> = Vec::new();
    let mut rest = text.as_str();
    while let Some((before, inside, after)) = ticked(rest) {
        // What stands right before or behind it goes with it: two pieces of code must not touch.
        let head = before.rsplit_once(' ').map_or(before, |(_, head)| head);
        let tail = after.split_once(' ').map_or(after, |(tail, _)| tail);
        words(&mut pieces, &before[..before.len() - head.len()]);
        pieces.push(if head.is_empty() && is_stop(tail) {
            Piece::Ticked(inside.to_owned(), tail.to_owned())
        } else {
            Piece::Code(format!("{head}{inside}{tail}"))
        });
        rest = &after[tail.len()..];
    }
    words(&mut pieces, rest);
    let mut out: Vec<String> = Vec::new();
    for group in pieces.chunk_by(|a, b| matches!((a, b), (Piece::Code(_), Piece::Code(_)))) {
        out.push(match group {
            [Piece::Plain(word)] => word.clone(),
            [Piece::Ticked(inside, stop)] => format!("{}{stop}", code(inside)),
            words => {
                // A stop behind it is the sentence's, and nobody's address.
                let words = words.iter().map(Piece::text).collect::<Vec<_>>().join(" ");
                let bare = words.trim_end_matches([',', ';', '.', ':']);
                let bare = if bare.is_empty() { words.as_str() } else { bare };
                format!("{}{}", code(bare), &words[bare.len()..])
            }
        });
    }
    out.join(" ")
}

/// A piece of a sentence.
enum Piece {
    Plain(String),
    /// Words in a row that are no plain ones are shown as one piece of code: often they are a command.
    Code(String),
    /// What stood in backticks, and the stop behind it.
    Ticked(String, String),
}

impl Piece {
    fn text(&self) -> &str {
        match self {
            Piece::Plain(text) | Piece::Code(text) | Piece::Ticked(text, _) => text,
        }
    }
}

/// What stands before, between and behind the first two backticks.
fn ticked(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('`')?;
    let (inside, after) = rest.split_once('`')?;
    Some((before, inside, after))
}

const STOPS: [char; 5] = [',', ';', '.', ':', ')'];

fn is_stop(text: &str) -> bool {
    text.trim_end_matches(STOPS).is_empty()
}

/// A word that no renderer makes anything of stays; any other is code.
fn words(pieces: &mut Vec<Piece>, text: &str) {
    let words = text.split(' ').filter(|word| !word.is_empty());
    pieces.extend(words.map(|word| {
        let bare = word.trim_end_matches(STOPS);
        let bare = bare.strip_prefix('(').unwrap_or(bare);
        let word = word.to_owned();
        if is_plain(bare) { Piece::Plain(word) } else { Piece::Code(word) }
    }));
}

fn is_plain(word: &str) -> bool {
    let letters = |c: char| c.is_alphabetic() || c == '\'';
    let worded =
        !word.is_empty() && word.split('-').all(|part| !part.is_empty() && part.chars().all(letters));
    // Of seven hexadecimal digits and more a link to a commit may be made.
    let hex = word.len() > 6 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = !word.is_empty() && word.len() < 7 && word.bytes().all(|byte| byte.is_ascii_digit());
    worded && !hex || number || word == "%"
}

/// A line in a fence.
pub fn fenced(text: &str) -> String {
    clean(text)
}

/// A fence that none of these lines ends.
pub fn fence(lines: &[String]) -> String {
    let longest = lines.iter().map(|line| longest_run(line)).max().unwrap_or_default();
    "`".repeat((longest + 1).max(3))
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

/// Code in HTML; for the heads of folds, in which no markdown is read.
pub fn html(text: &str) -> String {
    if text.trim().is_empty() {
        return String::new();
    }
    let mut out = "<code>".to_owned();
    for c in clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out + "</code>"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_holds_any_text() {
        for (text, expected) in [
            ("anna@example.com", "`anna@example.com`"),
            ("a`b", "``a`b``"),
            ("``", "``` `` ```"),
            ("`a", "`` `a ``"),
            ("", "–"),
            (" a ", "`  a  `"),
            ("a\nb\u{202e}c", "`a\u{fffd}b\u{fffd}c`"),
            ("a|b", "`a|b`"),
        ] {
            assert_eq!(code(text), expected, "{text:?}");
        }
        assert_eq!(cell("a|b"), "`a¦b`");
        assert_eq!(code(&"x".repeat(999)).chars().count(), CHARS_MAX + 3);
    }

    #[test]
    fn of_a_sentence_only_plain_words_stay_outside_code() {
        for (text, expected) in [
            ("2 accounts would lose im; it is so", "2 accounts would lose im; it is so"),
            ("ask @team or see #12.", "ask `@team` or see `#12`."),
            ("http://a.test/; then b_c, and : alone", "`http://a.test/`; then `b_c`, and `:` alone"),
            ("run again: `icewarden plan`, when quiet", "run again: `icewarden plan`, when quiet"),
            ("a `b", "a `` `b ``"),
            ("x`y`z and more", "`xyz` and more"),
            ("<b>bold</b> *strong* _so_", "`<b>bold</b> *strong* _so_`"),
            ("![x](y) www.example.com", "`![x](y) www.example.com`"),
            ("anna@example.com would lose im (not read)", "`anna@example.com` would lose im (not read)"),
            ("deadbeefcafe 1234567 e-mail", "`deadbeefcafe 1234567` e-mail"),
            ("7 -> 30 and 5 %", "7 `->` 30 and 5 %"),
        ] {
            assert_eq!(prose(text), expected, "{text:?}");
        }
    }

    #[test]
    fn in_html_nothing_is_a_tag() {
        assert_eq!(html("</summary>&\"'"), "<code>&lt;/summary&gt;&amp;&quot;&#39;</code>");
        assert_eq!(html(" "), "");
    }
}
