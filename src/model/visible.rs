//! Text that others chose, as a person may read it: what cannot be seen is shown by its code point.
//!
//! A name, a value, an answer of a server or a file's name may hold line ends that forge a line of ours, escape
//! sequences that move the cursor, and marks that turn what follows. Every text for people goes through here, value by
//! value, before it is put into words; JSON has escapes of its own.

use std::borrow::Cow;

/// Whether a character cannot be seen or changes how others are: control characters (line ends among them), those that
/// turn the direction of a text, and those without a width.
pub fn hides(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether a character looks like a space and is none, such as U+00A0.
pub fn looks_like_a_space(character: char) -> bool {
    character.is_whitespace() && character != ' ' && !character.is_control()
}

/// `<U+001B>` for every character that [`hides`]; all else as it is.
pub fn visible(text: &str) -> Cow<'_, str> {
    match text.chars().any(hides) {
        true => Cow::Owned(replaced(text, |_, character| hides(character))),
        false => Cow::Borrowed(text),
    }
}

/// The same for a text that was laid out by us: its line ends and its colours (`ESC [ … m`) stay.
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    let ours = |at: usize, character: char| match character {
        '\n' => true,
        '\u{1b}' => is_colour(&text[at..]),
        _ => false,
    };
    let foreign = |at: usize, character: char| hides(character) && !ours(at, character);
    match text.char_indices().any(|(at, character)| foreign(at, character)) {
        true => Cow::Owned(replaced(text, foreign)),
        false => Cow::Borrowed(text),
    }
}

/// Whether a text begins with a sequence that changes colour or weight, and nothing else.
fn is_colour(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("\u{1b}[") else { return false };
    let end = rest.find(|character: char| !character.is_ascii_digit() && character != ';');
    end.is_some_and(|end| rest[end..].starts_with('m'))
}

fn replaced(text: &str, foreign: impl Fn(usize, char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len() + 16);
    for (at, character) in text.char_indices() {
        match foreign(at, character) {
            true => shown.push_str(&code_point(character)),
            false => shown.push(character),
        }
    }
    shown
}

/// `<U+200B>`
pub fn code_point(character: char) -> String {
    format!("<U+{:04X}>", u32::from(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_shown_by_its_code_point() {
        for (text, shown) in [
            ("plain ü 漢字 💌", "plain ü 漢字 💌"),
            ("a\r\n\u{1b}[2Kb\t", "a<U+000D><U+000A><U+001B>[2Kb<U+0009>"),
            ("\u{202e}abc\u{2069}\u{200b}\u{feff}", "<U+202E>abc<U+2069><U+200B><U+FEFF>"),
            ("\u{9b}2K\u{7f}", "<U+009B>2K<U+007F>"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }

    #[test]
    fn of_a_text_that_was_laid_out_only_lines_and_colours_stay() {
        let ours = "\u{1b}[1;31merror:\u{1b}[0m one\n  two\n";
        assert_eq!(visible_lines(ours), ours);
        for (text, shown) in [
            ("a\u{1b}[2Kb", "a<U+001B>[2Kb"),
            ("a\u{1b}[1Ab\r\n", "a<U+001B>[1Ab<U+000D>\n"),
            ("a\u{1b}]0;title\u{7}", "a<U+001B>]0;title<U+0007>"),
            ("a\u{1b}", "a<U+001B>"),
            ("a\u{1b}[1;2", "a<U+001B>[1;2"),
        ] {
            assert_eq!(visible_lines(text), shown);
        }
    }
}
