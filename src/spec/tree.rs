//! From text to a tree: scalars as they were written, every node with its place.
//!
//! Nothing is typed here: `0012`, `on` and `1e3` stay what the author wrote until `check` knows what the field
//! wants. What YAML offers beyond maps, lists and scalars is refused for now – anchors, aliases, merge keys and
//! tags – because a spec must say the same to every reader, `kubectl` and editors included. An alias is
//! therefore never followed, and no text can grow by being read.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, options};

use super::meaning::Source;
use crate::model::visible::{code_point, hides, looks_like_a_space};
use crate::model::{Finding, Place, Remedy};

/// A spec is seven levels deep; whatever is much deeper is no spec, and readers that recurse must not die of it.
pub const DEPTH_MAX: usize = 64;

/// Over all files. A valid spec spends more than five bytes on a node, so 10 MB stay below it.
pub const NODES_MAX: usize = 2_000_000;

/// Where a node stands, without the name of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub start: usize,
    pub end: usize,
    pub line: u32,
    pub column: u32,
}

impl Span {
    /// The same position with the file's name, for findings.
    pub fn place(self, file: &Arc<str>) -> Place {
        Place { file: file.clone(), line: self.line, column: self.column, start: self.start, end: self.end }
    }
}

/// A value of a document and where it stands.
#[derive(Debug)]
pub struct Node<'s> {
    pub value: Value<'s>,
    pub span: Span,
}

/// What a value is. Numbers, booleans and null are scalars: what they mean depends on what is asked for there.
#[derive(Debug)]
pub enum Value<'s> {
    Scalar {
        text: Cow<'s, str>,
        /// Written without quotes, so it may also mean a number, a boolean or nothing.
        plain: bool,
    },
    List(Vec<Node<'s>>),
    /// In the author's order; no key twice.
    Map(Vec<Entry<'s>>),
    /// Something that was reported already: an alias, a tagged node.
    Refused,
}

/// A key of a map with its value.
#[derive(Debug)]
pub struct Entry<'s> {
    pub key: Cow<'s, str>,
    pub key_span: Span,
    pub value: Node<'s>,
}

impl<'s> Node<'s> {
    /// The entry of a map. It looks through all of them: for maps whose keys are known and few.
    pub fn entry(&self, key: &str) -> Option<&Entry<'s>> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    /// The text of a scalar, whether or not it was quoted; `None` of a list or a map.
    pub fn scalar(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Whether YAML reads it as null: nothing at all, or one of its words, without quotes.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true }
            if matches!(&**text, "" | "~" | "null" | "Null" | "NULL"))
    }
}

/// All documents of one file that could be read, and what was wrong with it.
#[derive(Debug, Default)]
pub struct Trees<'s> {
    pub documents: Vec<Node<'s>>,
    pub findings: Vec<Finding>,
    /// A document was given up, so what it would have declared is not known.
    pub broken: bool,
}

/// Reads one file. `nodes` is what is left of [`NODES_MAX`].
pub fn read<'s>(source: &'s Source, nodes: &mut usize) -> Trees<'s> {
    let mut trees = Trees::default();
    for piece in pieces(&source.text) {
        let text = &source.text[piece.start..piece.end];
        let builder = Builder {
            file: &source.name,
            text: &source.text,
            piece,
            stack: Vec::new(),
            root: None,
            refused: BTreeMap::new(),
            trees,
        };
        trees = read_piece(builder, text, nodes);
    }
    trees
}

/// A part of a file that is a stream of documents by itself.
#[derive(Debug, Clone, Copy)]
struct Piece {
    start: usize,
    end: usize,
    /// How many lines stand before it.
    lines: u32,
}

/// Files that were joined: where a line is a byte order mark and then `---`, a stream begins that the YAML reader
/// would take the mark for a part of.
fn pieces(text: &str) -> Vec<Piece> {
    const JOINT: &str = "\n\u{feff}---";
    let mut pieces = Vec::new();
    let (mut start, mut lines) = (0, 0);
    while let Some(at) = text[start..].find(JOINT) {
        let end = start + at + 1;
        pieces.push(Piece { start, end, lines });
        lines += u32::try_from(text[start..end].matches('\n').count()).unwrap_or_default();
        start = end + '\u{feff}'.len_utf8();
    }
    pieces.push(Piece { start, end: text.len(), lines });
    pieces
}

fn read_piece<'s>(mut builder: Builder<'s, '_>, text: &'s str, nodes: &mut usize) -> Trees<'s> {
    let options = options! { emit_comments: false, emit_unresolved_aliases: true, };
    let mut parser = Parser::new_from_str_with_options(text, options);
    loop {
        let problem = match parser.next_event() {
            None => break,
            Some(Ok((event, span))) => {
                let span = builder.piece.span_of(span.start, span.end);
                match builder.event(event, span, nodes) {
                    Ok(()) => continue,
                    Err(finding) => *finding,
                }
            }
            Some(Err(error)) => builder.syntax(&error),
        };
        builder.give_up(problem);
        // The rest of a broken document has no meaning, but the next document has its own mistakes to show.
        if *nodes == 0 || !matches!(parser.proceed_next_document(), Ok(true)) {
            break;
        }
    }
    builder.trees
}

impl Piece {
    /// The place in the whole file.
    fn span_of(self, start: granit_parser::Marker, end: granit_parser::Marker) -> Span {
        let from = start.byte_offset().unwrap_or_default();
        Span {
            start: self.start + from,
            end: self.start + end.byte_offset().unwrap_or(from).max(from),
            line: u32::try_from(start.line()).unwrap_or(u32::MAX).max(1).saturating_add(self.lines),
            column: u32::try_from(start.col() + 1).unwrap_or(u32::MAX),
        }
    }
}

enum Frame<'s> {
    List { span: Span, items: Vec<Node<'s>>, refused: bool },
    Map { span: Span, entries: Vec<Entry<'s>>, key: Key<'s>, refused: bool },
}

/// What a map waits for.
enum Key<'s> {
    Wanted,
    Is(Cow<'s, str>, Span),
    /// The key was no word; its value is dropped.
    Unusable,
}

struct Builder<'s, 'f> {
    file: &'f Arc<str>,
    text: &'s str,
    piece: Piece,
    stack: Vec<Frame<'s>>,
    root: Option<Node<'s>>,
    /// What this document uses that is refused, by code: the finding (at its first place) and how often.
    refused: BTreeMap<&'static str, (Finding, usize)>,
    trees: Trees<'s>,
}

impl<'s> Builder<'s, '_> {
    fn event(&mut self, event: Event<'s>, span: Span, nodes: &mut usize) -> Result<(), Box<Finding>> {
        if event.is_node() {
            self.count(span, nodes)?;
        }
        self.anchor_and_tag(&event, span);
        let refused = event.tag().is_some();
        match event {
            Event::DocumentStart(..) => self.root = None,
            Event::DocumentEnd => self.end_document(),
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.refuse(
                    "anchor",
                    span,
                    "an alias (`*`) stands here, and aliases are not followed; a glob needs quotes around it",
                );
                self.node(Node { value: Value::Refused, span });
            }
            Event::Scalar(..) if refused => self.node(Node { value: Value::Refused, span }),
            Event::Scalar(text, style, ..) => {
                let plain = style == ScalarStyle::Plain;
                let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                let span = if block { self.without_end(span) } else { span };
                self.node(Node { value: Value::Scalar { text, plain }, span });
            }
            Event::SequenceStart(..) => self.open(Frame::List { span, items: Vec::new(), refused })?,
            Event::MappingStart(..) => {
                self.open(Frame::Map { span, entries: Vec::new(), key: Key::Wanted, refused })?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span.end),
            _ => {}
        }
        Ok(())
    }

    /// A block of text ends, to the scanner, where the next key begins.
    fn without_end(&self, span: Span) -> Span {
        let written = self.text.get(span.start..span.end).unwrap_or_default();
        Span { end: span.start + written.trim_end().len(), ..span }
    }

    fn count(&self, span: Span, nodes: &mut usize) -> Result<(), Box<Finding>> {
        *nodes = nodes.saturating_sub(1);
        if *nodes > 0 {
            return Ok(());
        }
        let message = format!("the spec has more than {NODES_MAX} values");
        let remedy = Remedy::EditSpec("split it, and check that this file is a spec at all".into());
        Err(Box::new(Finding::error("too-large", message).at(span.place(self.file)).remedy(remedy)))
    }

    fn open(&mut self, frame: Frame<'s>) -> Result<(), Box<Finding>> {
        let (Frame::List { span, .. } | Frame::Map { span, .. }) = &frame;
        if self.stack.len() >= DEPTH_MAX {
            let message = format!("more than {DEPTH_MAX} levels of lists and maps");
            let remedy = Remedy::Check("whether this file is a spec: none is that deep".into());
            return Err(Box::new(
                Finding::error("too-deep", message).at(span.place(self.file)).remedy(remedy),
            ));
        }
        self.stack.push(frame);
        Ok(())
    }

    fn close(&mut self, end: usize) {
        let (value, mut span) = match self.stack.pop() {
            Some(Frame::List { span, items, refused }) => {
                (if refused { Value::Refused } else { Value::List(items) }, span)
            }
            Some(Frame::Map { span, entries, refused, .. }) => {
                let entries = self.without_duplicates(entries);
                (if refused { Value::Refused } else { Value::Map(entries) }, span)
            }
            None => return,
        };
        span.end = end.max(span.start);
        self.node(Node { value, span });
    }

    /// Puts a finished node where it belongs.
    fn node(&mut self, node: Node<'s>) {
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(node);
            return;
        };
        match frame {
            Frame::List { items, .. } => items.push(node),
            Frame::Map { entries, key, refused, .. } => match std::mem::replace(key, Key::Wanted) {
                Key::Is(name, key_span) => entries.push(Entry { key: name, key_span, value: node }),
                Key::Unusable => {}
                Key::Wanted => match node.value {
                    Value::Scalar { text, plain } => {
                        let merge = plain && text == "<<";
                        *key = if merge { Key::Unusable } else { Key::Is(text, node.span) };
                        if merge {
                            self.refuse(
                                "merge-key",
                                node.span,
                                "a merge key stands here, and nothing is merged",
                            );
                        }
                    }
                    value => {
                        *key = Key::Unusable;
                        // What was meant is not known, so nothing more is said of this map.
                        *refused = true;
                        if !matches!(value, Value::Refused) {
                            self.refuse(
                                "complex-key",
                                node.span,
                                "a key must be a word, not a list or a map",
                            );
                        }
                    }
                },
            },
        }
    }

    fn without_duplicates(&mut self, entries: Vec<Entry<'s>>) -> Vec<Entry<'s>> {
        let mut first: BTreeMap<Cow<'s, str>, Span> = BTreeMap::new();
        let mut kept = Vec::with_capacity(entries.len());
        for entry in entries {
            match first.get(&entry.key) {
                None => {
                    first.insert(entry.key.clone(), entry.key_span);
                    kept.push(entry);
                }
                Some(span) => self.trees.findings.push(
                    Finding::error("duplicate-key", format!("the key `{}` stands twice", shown(&entry.key)))
                        .at(entry.key_span.place(self.file))
                        .also_at(span.place(self.file), "first here")
                        .remedy(Remedy::EditSpec("keep one of the two".into())),
                ),
            }
        }
        kept
    }

    fn anchor_and_tag(&mut self, event: &Event<'s>, span: Span) {
        let alias = matches!(event, Event::Alias(_) | Event::UnresolvedAlias(_));
        if !alias && event.anchor_id().is_some_and(|id| id != 0) {
            self.refuse("anchor", span, "an anchor stands before this, and anchors are not read");
        }
        if event.tag().is_some() {
            self.refuse("tag", span, "a tag stands before this, and tags are not read");
        }
    }

    fn refuse(&mut self, code: &'static str, span: Span, message: &str) {
        if let Some((_, times)) = self.refused.get_mut(code) {
            *times += 1;
            return;
        }
        let finding =
            Finding::error(code, message).at(span.place(self.file)).remedy(Remedy::EditSpec(match code {
                "tag" => "leave the tag out: the field decides what the value is".into(),
                "complex-key" => "write the key as a plain word; a value in braces needs quotes".into(),
                _ => "write the value out where it is used".to_string(),
            }));
        self.refused.insert(code, (finding, 1));
    }

    fn end_document(&mut self) {
        self.report_refused();
        let root = self.root.take();
        self.trees.documents.extend(root.filter(|root| !root.is_null()));
    }

    /// One finding for each kind of refused thing in a document, however often it is used.
    fn report_refused(&mut self) {
        for (_, (mut finding, times)) in std::mem::take(&mut self.refused) {
            if times > 1 {
                finding.message.push_str(&format!(" ({} more in this document)", times - 1));
            }
            self.trees.findings.push(finding);
        }
    }

    fn give_up(&mut self, finding: Finding) {
        self.trees.broken = true;
        self.trees.findings.push(finding);
        self.report_refused();
        self.stack.clear();
        self.root = None;
    }

    fn syntax(&self, error: &granit_parser::ScanError) -> Finding {
        let marker = *error.marker();
        let mut span = self.piece.span_of(marker, marker);
        span.start = span.start.min(self.text.len());
        span.end = span.start;
        let message = format!("this is not YAML: {}", error.info());
        Finding::error("syntax", message)
            .at(span.place(self.file))
            .remedy(Remedy::EditSpec("check the indentation, the quotes and the brackets up to here".into()))
    }
}

/// A text of the author as a message may repeat it: short, and with nothing in it that cannot be seen.
pub fn shown(text: &str) -> String {
    const CHARACTERS_MAX: usize = 60;
    let mut shown = String::new();
    for character in text.chars().take(CHARACTERS_MAX) {
        match hides(character) || looks_like_a_space(character) {
            true => shown.push_str(&code_point(character)),
            false => shown.push(character),
        }
    }
    if text.chars().nth(CHARACTERS_MAX).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_values_than_are_left_are_refused() {
        let source = Source { name: "a.yaml".into(), text: "[a, b, c]\n".into() };
        let codes = |mut nodes: usize| {
            let trees = read(&source, &mut nodes);
            trees.findings.iter().map(|finding| finding.code).collect::<Vec<_>>()
        };
        assert_eq!(codes(5), [""; 0]);
        assert_eq!(codes(4), ["too-large"]);
    }

    #[test]
    fn places_count_characters_from_one_and_bytes_from_zero() {
        let source = Source { name: "a.yaml".into(), text: "é:\n  - ü\n".into() };
        let trees = read(&source, &mut 100);
        let entry = trees.documents[0].entry("é").expect("it is there");
        let Value::List(items) = &entry.value.value else { panic!("a list") };
        assert_eq!((entry.key_span.line, entry.key_span.column, entry.key_span.end), (1, 1, 2));
        assert_eq!((items[0].span.line, items[0].span.column, items[0].span.start), (2, 5, 8));
    }
}
