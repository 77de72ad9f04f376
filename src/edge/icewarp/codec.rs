//! Bytes of an answer to an [`Answer`], or the reason why they are none. Pure.
//!
//! Tolerant where the reference says real answers differ (1.2): leading blank lines, a byte order mark, line
//! ends of either kind, an XML declaration, comments, CDATA, numeric character references, prefixed names, a root
//! without a namespace. Strict where an answer could mean two things: no document type, no entity beyond XML's
//! five, no foreign namespace, nothing that stops half-way.

use std::fmt;

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// The namespace of every command and answer; it must be exact (reference 1.2).
pub const NAMESPACE: &str = "admin:iq:rpc";

/// An answer is nine levels deep in the recordings. More than this is no answer but an attack on the stack.
pub const DEPTH_MAX: usize = 64;

/// A page of 1,000 accounts has about 40,000 elements. A server that ignores `count` may send a whole domain;
/// this bounds the memory of the tree to some 250 MB, whatever comes.
pub const ELEMENTS_MAX: usize = 2_000_000;

/// What a server answered to one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The session, where the answer names one. Opaque (reference 1.2).
    pub sid: Option<Sid>,
    pub body: Body,
}

/// What stands inside the envelope of an answer (reference 1.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// The element `result`. That it is there is not yet success (reference 0.3).
    Result(Element),
    /// The `uid` of the element `error`, as it came; empty where the server gave none.
    Error(String),
}

/// A session id. It opens the server to whoever holds it, so it has no `Display` and hides in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Sid(Box<str>);

impl Sid {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sid(..)")
    }
}

/// Why bytes are no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    #[error("it is empty")]
    Empty,
    #[error("it is an HTML page")]
    Html,
    #[error("it is not XML but other text")]
    Text,
    #[error("it is not UTF-8, from byte {at}")]
    NotUtf8 { at: usize },
    #[error("it says that its encoding is {0}, and only UTF-8 is understood")]
    Encoding(String),
    #[error("it stops half-way, inside <{inside}>")]
    Cut { inside: String },
    #[error("it is not well-formed at byte {at}: {why}")]
    Malformed { at: u64, why: String },
    #[error("it declares a document type, which no answer does")]
    DocumentType,
    #[error("it uses the entity &{0}; which XML does not define")]
    Entity(String),
    #[error("it is nested deeper than {DEPTH_MAX} levels")]
    Deep,
    #[error("it has more than {ELEMENTS_MAX} elements")]
    Many,
    #[error("its root is <{0}> and not <iq>")]
    Root(String),
    #[error("its namespace is `{0}` and not `{NAMESPACE}`")]
    Namespace(String),
    #[error("it has no <{0}>")]
    Missing(&'static str),
}

impl CodecError {
    /// The same without any piece of what came.
    pub(super) fn unquoted(self) -> CodecError {
        let nothing = || "…".to_owned();
        match self {
            CodecError::Encoding(_) => CodecError::Encoding(nothing()),
            CodecError::Cut { .. } => CodecError::Cut { inside: nothing() },
            CodecError::Malformed { at, .. } => CodecError::Malformed { at, why: nothing() },
            CodecError::Entity(_) => CodecError::Entity(nothing()),
            CodecError::Root(_) => CodecError::Root(nothing()),
            CodecError::Namespace(_) => CodecError::Namespace(nothing()),
            error => error,
        }
    }
}

/// Reads one whole answer.
pub fn decode(bytes: &[u8]) -> Result<Answer, CodecError> {
    let text = std::str::from_utf8(bytes).map_err(|error| CodecError::NotUtf8 { at: error.valid_up_to() })?;
    let document = Document::parse(text)?;
    if let Some(encoding) = document.encoding
        && !text.is_ascii()
        && !encoding.eq_ignore_ascii_case("utf-8")
    {
        return Err(CodecError::Encoding(encoding));
    }
    answer(document.root)
}

fn answer(root: Element) -> Result<Answer, CodecError> {
    if root.name() != "iq" {
        return Err(if root.name().eq_ignore_ascii_case("html") {
            CodecError::Html
        } else {
            CodecError::Root(root.name().to_owned())
        });
    }
    let sid = root.attribute("sid").filter(|sid| !sid.is_empty()).map(|sid| Sid(sid.into()));
    let failed = root.attribute("type").is_some_and(|kind| kind.eq_ignore_ascii_case("error"));
    // The error stands inside `query`; one that cannot even parse the request answers without a namespace (1.2).
    let query = match root.child("query") {
        Some(query) => query,
        None if root.child("error").is_some() => &root,
        None => return Err(CodecError::Missing("query")),
    };
    match namespace_of(query, &root) {
        None | Some(NAMESPACE) => {}
        Some(other) => return Err(CodecError::Namespace(other.to_owned())),
    }
    if let Some(error) = query.child("error") {
        let uid = error.attribute("uid").unwrap_or(&error.text).trim().to_owned();
        return Ok(Answer { sid, body: Body::Error(uid) });
    }
    if failed {
        return Err(CodecError::Missing("error"));
    }
    match root.into_child("query").and_then(|query| query.into_child("result")) {
        Some(result) => Ok(Answer { sid, body: Body::Result(result) }),
        None => Err(CodecError::Missing("result")),
    }
}

/// The namespace that is in force for `element`, a child of `root` or `root` itself.
fn namespace_of<'a>(element: &'a Element, root: &'a Element) -> Option<&'a str> {
    let declaration = match element.qname.split_once(':') {
        Some((prefix, _)) => format!("xmlns:{prefix}"),
        None => "xmlns".to_owned(),
    };
    [element, root]
        .into_iter()
        .find_map(|holder| holder.attributes.iter().find(|(key, _)| **key == *declaration))
        .map(|(_, uri)| uri.as_str())
        .filter(|uri| !uri.is_empty())
}

/// An element as it came: its own text, and its children in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Element {
    qname: Box<str>,
    attributes: Vec<(Box<str>, String)>,
    /// All text directly inside it. White space between children is not kept; other text is, as it came.
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    /// The name without its prefix.
    pub fn name(&self) -> &str {
        local(&self.qname)
    }

    /// The first child of that name.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name() == name)
    }

    /// The same for texts whose names come in either case: the licence (reference 4.1).
    pub fn child_any_case(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name().eq_ignore_ascii_case(name))
    }

    /// The direct children of this name, in the order in which they came; deeper ones are not looked for.
    pub fn children_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name() == name)
    }

    /// The text of a child, without the white space around it.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.trim())
    }

    /// An attribute by its name without a prefix.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| local(key) == name).map(|(_, value)| value.as_str())
    }

    fn into_child(self, name: &str) -> Option<Element> {
        self.children.into_iter().find(|child| child.name() == name)
    }
}

fn local(qname: &str) -> &str {
    qname.rsplit_once(':').map_or(qname, |(_, local)| local)
}

/// A whole XML text as a tree.
pub struct Document {
    pub root: Element,
    /// What the XML declaration says.
    pub encoding: Option<String>,
}

impl Document {
    /// Parses a text that is already characters; what its declaration says of bytes is only reported.
    pub fn parse(text: &str) -> Result<Document, CodecError> {
        let text = text.trim_start_matches(|c: char| c == '\u{feff}' || c.is_ascii_whitespace());
        if text.is_empty() {
            return Err(CodecError::Empty);
        }
        if !text.starts_with('<') {
            return Err(CodecError::Text);
        }
        let mut reader = Reader::from_str(text);
        // One way for `<val/>` and `<val></val>`, which mean the same (reference 1.2).
        reader.config_mut().expand_empty_elements = true;
        let mut tree = Tree::default();
        loop {
            let event = match reader.read_event() {
                Ok(Event::Eof) => break,
                Ok(event) => event,
                // A construct that is not closed before the end: the rest did not arrive.
                Err(quick_xml::Error::Syntax(_)) => return Err(tree.cut()),
                Err(error) => {
                    return Err(CodecError::Malformed {
                        at: reader.error_position(),
                        why: error.to_string(),
                    });
                }
            };
            let at = reader.buffer_position();
            tree.take(event, at)?;
        }
        tree.finish()
    }
}

#[derive(Default)]
struct Tree {
    open: Vec<Element>,
    root: Option<Element>,
    encoding: Option<String>,
    elements: usize,
}

impl Tree {
    fn take(&mut self, event: Event<'_>, at: u64) -> Result<(), CodecError> {
        match event {
            Event::Start(start) | Event::Empty(start) => self.start(&start, at),
            Event::End(_) => {
                self.end();
                Ok(())
            }
            Event::Text(text) => self.text(&text.xml10_content(), at),
            Event::CData(text) => self.text(&text.xml10_content(), at),
            Event::GeneralRef(reference) => self.text(&resolve(&reference, at)?, at),
            Event::DocType(doctype) => {
                Err(if doctype.trim_start().get(..4).is_some_and(|name| name.eq_ignore_ascii_case("html")) {
                    CodecError::Html
                } else {
                    CodecError::DocumentType
                })
            }
            Event::Decl(declaration) => {
                self.encoding = declaration.encoding().and_then(Result::ok).map(std::borrow::Cow::into_owned);
                Ok(())
            }
            Event::Comment(_) | Event::PI(_) | Event::Eof => Ok(()),
        }
    }

    fn start(&mut self, start: &BytesStart<'_>, at: u64) -> Result<(), CodecError> {
        self.elements += 1;
        if self.elements > ELEMENTS_MAX {
            return Err(CodecError::Many);
        }
        if self.open.len() >= DEPTH_MAX {
            return Err(CodecError::Deep);
        }
        if self.root.is_some() {
            return Err(CodecError::Malformed { at, why: "a second root element".to_owned() });
        }
        let mut element = Element { qname: start.name().as_ref().into(), ..Element::default() };
        if self.open.is_empty() && element.name().eq_ignore_ascii_case("html") {
            return Err(CodecError::Html);
        }
        for attribute in start.attributes() {
            let attribute =
                attribute.map_err(|error| CodecError::Malformed { at, why: error.to_string() })?;
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| CodecError::Malformed { at, why: error.to_string() })?;
            element.attributes.push((attribute.key.as_ref().into(), value.into_owned()));
        }
        self.open.push(element);
        Ok(())
    }

    fn end(&mut self) {
        let Some(mut element) = self.open.pop() else { return };
        if !element.children.is_empty() && element.text.trim().is_empty() {
            element.text = String::new();
        }
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
    }

    fn text(&mut self, text: &str, at: u64) -> Result<(), CodecError> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => {
                return Err(CodecError::Malformed { at, why: "text outside the root element".to_owned() });
            }
        }
        Ok(())
    }

    fn cut(&self) -> CodecError {
        let inside = self.open.last().map_or("", Element::name);
        CodecError::Cut { inside: inside.to_owned() }
    }

    fn finish(self) -> Result<Document, CodecError> {
        if !self.open.is_empty() {
            return Err(self.cut());
        }
        match self.root {
            Some(root) => Ok(Document { root, encoding: self.encoding }),
            None => Err(CodecError::Empty),
        }
    }
}

/// A numeric reference, or one of XML's five names. Nothing else is looked up: an answer has no document type.
fn resolve(reference: &BytesRef<'_>, at: u64) -> Result<String, CodecError> {
    let resolved =
        reference.resolve_char_ref().map_err(|error| CodecError::Malformed { at, why: error.to_string() })?;
    if let Some(character) = resolved {
        return Ok(character.to_string());
    }
    let name: &str = reference;
    Ok(match name {
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "apos" => "'",
        "quot" => "\"",
        _ => return Err(CodecError::Entity(name.to_owned())),
    }
    .to_owned())
}
