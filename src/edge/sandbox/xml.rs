//! XML in, as an untyped tree; XML out, in the odd style of the real server.

use roxmltree::{Document, Node, ParsingOptions};

/// The most nodes a request may have. Synthetic; the largest known to be sent is a member list, seven a
/// member.
const NODES_MAX: u32 = 2_000_000;

/// Parses a request body. `None`: it is not well-formed XML, not UTF-8, has a document type, or too many
/// nodes. A byte order mark before it is accepted (reference 11: recorded files have one, the wire is not
/// known to). The parser keeps its depth in a number and nothing here walks down by calling itself, so
/// nesting costs no stack.
pub(super) fn with_document<T>(body: &[u8], use_it: impl FnOnce(&Document<'_>) -> T) -> Option<T> {
    let text = std::str::from_utf8(body).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if has_too_many_attributes(text) {
        return None;
    }
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).ok()?;
    Some(use_it(&document))
}

/// The most attributes of one element, and the most declarations of a namespace in a request. The parser compares each
/// with every other, so that a hundred thousand would keep it busy for many seconds. Synthetic; real ones have two.
const ATTRIBUTES_MAX: usize = 256;

/// Whether a text has more of them than are parsed. It looks at marks only: what is no XML is for the parser to refuse.
fn has_too_many_attributes(text: &str) -> bool {
    let mut rest = text;
    let mut namespaces = 0;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        let whole = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")];
        if let Some((open, close)) = whole.into_iter().find(|(open, _)| rest.starts_with(open)) {
            let Some(end) = rest[open.len()..].find(close) else { return false };
            rest = &rest[open.len() + end + close.len()..];
            continue;
        }
        let (mut attributes, mut quote, mut end) = (0, None, rest.len());
        for (at, letter) in rest.char_indices() {
            match (quote, letter) {
                (Some(open), letter) if open == letter => quote = None,
                (Some(_), _) => {}
                (None, '"' | '\'') => quote = Some(letter),
                (None, '=') => attributes += 1,
                (None, '>') => {
                    end = at + 1;
                    break;
                }
                (None, _) => {}
            }
        }
        namespaces += rest[..end].matches("xmlns").count();
        if attributes > ATTRIBUTES_MAX || namespaces > ATTRIBUTES_MAX {
            return true;
        }
        rest = &rest[end..];
    }
    false
}

/// The first child element with this local name. Names are matched exactly; namespaces below `<query>` are
/// not looked at, as a client that writes none inherits the one above.
pub(super) fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| child.is_element() && child.tag_name().name() == name)
}

/// All child elements `<item>`.
pub(super) fn items<'a, 'i>(node: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(|child| child.is_element() && child.tag_name().name() == "item")
}

/// The text of an element, verbatim; several pieces (text beside CDATA or comments) are joined.
pub(super) fn text(node: Node<'_, '_>) -> String {
    let mut out = String::new();
    for piece in node.children().filter(Node::is_text) {
        out.push_str(piece.text().unwrap_or_default());
    }
    out
}

/// The text of a child, without the white space around it; empty if there is no such child. For parameters,
/// whose values never begin or end with a space.
pub(super) fn child_text(node: Node<'_, '_>, name: &str) -> String {
    child(node, name).map(|child| text(child).trim().to_owned()).unwrap_or_default()
}

/// The text to the letter: white space is part of a password.
pub(super) fn child_text_whole(node: Node<'_, '_>, name: &str) -> String {
    child(node, name).map(text).unwrap_or_default()
}

/// Writes elements the way recorded answers look (reference 1.2): one per line, two spaces a level, and an
/// empty line before a container closes. What stands inside a leaf is kept to the letter.
#[derive(Debug)]
pub(super) struct Writer {
    out: String,
    depth: usize,
}

impl Writer {
    pub(super) fn at_depth(depth: usize) -> Writer {
        Writer { out: String::with_capacity(256), depth }
    }

    pub(super) fn open(&mut self, name: &str) {
        self.open_with(name, &[]);
    }

    pub(super) fn open_with(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.start(name, attributes);
        self.out.push_str(">\n");
        self.depth += 1;
    }

    pub(super) fn close(&mut self, name: &str) {
        self.depth = self.depth.saturating_sub(1);
        self.out.push('\n');
        self.indent();
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push_str(">\n");
    }

    /// An element with text; with none it is `<name/>` (reference 1.2).
    pub(super) fn leaf(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            return self.empty(name, &[]);
        }
        self.start(name, &[]);
        self.out.push('>');
        escape(&mut self.out, value);
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push_str(">\n");
    }

    pub(super) fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.start(name, attributes);
        self.out.push_str("/>\n");
    }

    /// Takes over lines written at the right depth by another writer.
    pub(super) fn raw(&mut self, lines: &str) {
        self.out.push_str(lines);
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    fn start(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.indent();
        self.out.push('<');
        self.out.push_str(name);
        for (key, value) in attributes {
            self.out.push(' ');
            self.out.push_str(key);
            self.out.push_str("=\"");
            escape(&mut self.out, value);
            self.out.push('"');
        }
    }

    fn indent(&mut self) {
        for _ in 0..self.depth {
            self.out.push_str("  ");
        }
    }
}

/// Line ends inside a value leave as character references, else a parser folds them (reference 11).
/// Characters that XML 1.0 cannot carry become U+FFFD: an answer is always well-formed.
fn escape(out: &mut String, value: &str) {
    for letter in value.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            plain => out.push(plain),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_attributes_than_anybody_sends_are_not_parsed() {
        let many = |count: usize| {
            let attributes: String = (0..count).map(|number| format!(" a{number}='1'")).collect();
            format!("<iq{attributes}/>")
        };
        let nested: String = (0..1_000).map(|number| format!("<a xmlns:n{number}='u{number}'>")).collect();
        let nested = nested + &"</a>".repeat(1_000);
        for (text, parsed) in [
            (many(2), true),
            (many(ATTRIBUTES_MAX), true),
            (many(ATTRIBUTES_MAX + 1), false),
            (many(100_000), false),
            (nested, false),
            (format!("<a>{}</a>", "=".repeat(1_000)), true),
            (format!("<a b='{}'/>", "=".repeat(1_000)), true),
            (format!("<a><!-- < {} --><![CDATA[<{}]]></a>", "=".repeat(1_000), "=".repeat(1_000)), true),
        ] {
            let shown: String = text.chars().take(40).collect();
            assert_eq!(with_document(text.as_bytes(), |_| ()).is_some(), parsed, "{shown}");
        }
    }
}
