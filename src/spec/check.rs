//! Walks the schema over a tree: every mistake of a document in one pass.
//!
//! Scalars are typed by what the schema wants in their place, never by what they look like. What is wrong is
//! reported and left out of the value that is returned; a part that cannot stand without it is left out as well.

use std::sync::Arc;

use serde_json::{Map, Number, Value as Json};

use super::formats::Format;
use super::rules::{MapRule, Rule, Rules};
use super::suggest;
use super::tree::{Entry, Node, Span, Value, shown};
use crate::model::visible::{hides, looks_like_a_space};
use crate::model::{Finding, Remedy, Service};

/// Checks `node` against the definition `name`. `None` where nothing usable remains.
pub fn check(
    rules: &Rules,
    name: &str,
    file: &Arc<str>,
    node: &Node<'_>,
    findings: &mut Vec<Finding>,
) -> Option<Json> {
    let mut check =
        Check { rules, file, findings, path: Vec::new(), within: Vec::new(), key: node.span, required: true };
    check.named(name, node)
}

struct Check<'c> {
    rules: &'c Rules,
    file: &'c Arc<str>,
    findings: &'c mut Vec<Finding>,
    /// The keys that lead to the value, for messages.
    path: Vec<String>,
    /// The definitions that the value stands in, innermost last.
    within: Vec<String>,
    /// The key that was looked at last.
    key: Span,
    /// Whether that key must be given.
    required: bool,
}

impl Check<'_> {
    fn named(&mut self, name: &str, node: &Node<'_>) -> Option<Json> {
        let rules = self.rules;
        let Some(rule) = rules.definition(name) else {
            let message = format!("the schema has no definition {name}");
            self.findings.push(super::internal(message).at(node.span.place(self.file)));
            return None;
        };
        self.within.push(name.to_string());
        let value = self.value(rule, node);
        self.within.pop();
        value
    }

    fn value(&mut self, rule: &Rule, node: &Node<'_>) -> Option<Json> {
        if matches!(node.value, Value::Refused) {
            return None;
        }
        if let Rule::Named(name) = rule {
            return self.named(name, node);
        }
        if let Value::Scalar { text, .. } = &node.value
            && let Some(finding) = self.unseen(text, node.span)
        {
            let place = node.span.place(self.file);
            self.findings.push(if self.in_secret() { finding.hide(place) } else { finding });
            return None;
        }
        if node.is_null() {
            return self.null(rule, node);
        }
        match rule {
            Rule::Flag => self.flag(node),
            Rule::Integer { low, high } => self.integer(*low, *high, node),
            Rule::Number { low, high } => self.number(*low, *high, node),
            Rule::Text(format) => self.text(*format, node),
            Rule::Words(words) => self.word(words, None, node),
            Rule::List { item, may_be_empty } => self.list(item, *may_be_empty, node),
            Rule::Map(map) => self.map(map, node),
            Rule::Either { words, map } => match node.value {
                Value::Map(_) => self.value(map, node),
                Value::Scalar { .. } => self.word(words, Some(map), node),
                _ => self.wrong(node, &self.or_a_map(words, map)),
            },
            Rule::Named(_) => None,
        }
    }

    /// What a person reviews must be what is there: what is said of a text that holds more than can be seen.
    fn unseen(&self, text: &str, span: Span) -> Option<Finding> {
        if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return None;
        }
        // What is handed on as it is, and read by nobody but whom it is handed to: a captured schedule (U-11), and the
        // arguments of a command.
        let verbatim = matches!(self.path.last().map(String::as_str), Some("captured" | "exec"));
        let odd = |c: char| (hides(c) && !(verbatim && c.is_control())) || looks_like_a_space(c);
        let character = text.chars().find(|character| odd(*character))?;
        let number = u32::from(character);
        let (what, how) = match character {
            '\n' | '\r' => (
                "a line end, and must be one line",
                "use single quotes: in double quotes a backslash begins an escape, and `\\n` is a line end; or write it \
                 on one line",
            ),
            '\t' => (
                "a tab",
                "use single quotes: in double quotes a backslash begins an escape, and `\\t` is a tab; or write a space",
            ),
            _ if character.is_control() => (
                "a control character",
                "use single quotes: in double quotes a backslash begins an escape; or leave the character out",
            ),
            _ if looks_like_a_space(character) => (
                "a character that looks like a space and is none",
                "write a space of the keyboard in its place",
            ),
            '\u{feff}' => (
                "a byte order mark, which nobody can see",
                "leave it out: some editors put it at the beginning of a file, and joining files keeps it",
            ),
            _ if turns(character) => (
                "a character that turns the text's direction",
                "write it without that character, which nobody can see",
            ),
            _ => ("a character that nobody can see", "write it without that character"),
        };
        let message = format!("{} holds U+{number:04X}, {what}", self.here());
        Some(self.finding("hidden-character", message, span).remedy(Remedy::EditSpec(how.into())))
    }

    fn null(&mut self, rule: &Rule, node: &Node<'_>) -> Option<Json> {
        let value = match rule {
            Rule::List { may_be_empty: true, .. } => "write [] (an empty set)",
            Rule::Map(map) if map.required.is_empty() && map.any_of.is_empty() && !map.one_of => {
                "write {} (an empty set)"
            }
            Rule::Text(_) => "write its value; the word itself needs quotes",
            _ => "write its value",
        };
        let instead = match self.required {
            true => value.to_string(),
            false => format!("leave the key out (not managed), or {value}"),
        };
        // An empty value has no place of its own; its key has.
        let span = if node.span.end <= node.span.start { self.key } else { node.span };
        self.report("null-value", format!("{} is null, which says nothing", self.here()), span, &instead)
    }

    fn flag(&mut self, node: &Node<'_>) -> Option<Json> {
        let Value::Scalar { text, plain } = &node.value else { return self.wrong(node, "true or false") };
        match (&**text, plain) {
            ("true", true) => Some(Json::Bool(true)),
            ("false", true) => Some(Json::Bool(false)),
            ("true" | "false", false) => {
                let message = format!("{} is a text in quotes, and must be true or false", self.here());
                self.report("wrong-type", message, node.span, &format!("write {text} without quotes"))
            }
            _ => {
                let mut finding = self.finding("wrong-type", self.mismatch(text, "true or false"), node.span);
                finding = finding.remedy(Remedy::EditSpec("write true or false".into()));
                if let Some(on) = suggest::switch(text) {
                    let word = if on { "true" } else { "false" };
                    if suggest::boolean_elsewhere(text)
                        && !matches!(&**text, "True" | "TRUE" | "False" | "FALSE")
                    {
                        finding.message.push_str(": not every YAML reader takes this word for a boolean");
                    }
                    finding = finding.remedy(Remedy::DidYouMean(word.into()));
                }
                self.findings.push(finding);
                None
            }
        }
    }

    fn integer(&mut self, low: i64, high: i64, node: &Node<'_>) -> Option<Json> {
        let wanted = "a whole number in decimal digits";
        let Value::Scalar { text, plain } = &node.value else { return self.wrong(node, wanted) };
        let digits = text.strip_prefix('-').unwrap_or(text);
        let decimal = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        if !plain && decimal {
            let message = format!("{} is a text in quotes, and must be {wanted}", self.here());
            return self.report("wrong-type", message, node.span, "write the number without quotes");
        }
        if !decimal {
            return self.wrong(node, wanted);
        }
        if digits.len() > 1 && digits.starts_with('0') {
            // YAML 1.1 readers take it for octal.
            let message =
                format!("{} begins with a zero, and readers disagree on what that means", self.here());
            return self.report("wrong-type", message, node.span, "write the number without leading zeros");
        }
        match text.parse::<i64>() {
            Ok(number) if (low..=high).contains(&number) => Some(Json::Number(Number::from(number))),
            _ => {
                let message = format!("{} is {}, and must be from {low} to {high}", self.here(), shown(text));
                self.report("out-of-range", message, node.span, "write a number within these limits")
            }
        }
    }

    fn number(&mut self, low: f64, high: f64, node: &Node<'_>) -> Option<Json> {
        let wanted = "a number in decimal digits";
        let Value::Scalar { text, plain } = &node.value else { return self.wrong(node, wanted) };
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let negative = whole.strip_prefix('-');
        if !*plain || !digits(negative.unwrap_or(whole)) || !digits(part) {
            return self.wrong(node, wanted);
        }
        match text.parse::<f64>() {
            Ok(number) if number >= low && number <= high => Number::from_f64(number).map(Json::Number),
            _ => {
                let message = format!("{} is {}, and must be from {low} to {high}", self.here(), shown(text));
                self.report("out-of-range", message, node.span, "write a number within these limits")
            }
        }
    }

    fn text(&mut self, format: Format, node: &Node<'_>) -> Option<Json> {
        let Value::Scalar { text, .. } = &node.value else { return self.wrong(node, "a text") };
        match format.test(text) {
            Ok(()) => Some(Json::String(text.to_string())),
            Err(problem) => {
                let mut finding =
                    self.finding(problem.code, format!("{}: {}", self.here(), problem.message), node.span);
                finding.remedy = problem.remedy;
                if problem.secret || self.in_secret() {
                    finding = finding.hide(node.span.place(self.file));
                }
                self.findings.push(finding);
                None
            }
        }
    }

    /// What may stand in a place that takes a word or a map: the map by its keys.
    fn or_a_map(&self, words: &[String], map: &Rule) -> String {
        let map = match map {
            Rule::Named(name) => self.rules.definition(name),
            map => Some(map),
        };
        let keys: Vec<String> = match map {
            Some(Rule::Map(map)) => map.fields.keys().map(|key| format!("{key}: …")).collect(),
            _ => Vec::new(),
        };
        format!("{}, or {{{}}}", alternatives(words), keys.join(", "))
    }

    /// One of some words, where a map may stand as well or not.
    fn word(&mut self, words: &[String], map: Option<&Rule>, node: &Node<'_>) -> Option<Json> {
        if let Value::Scalar { text, .. } = &node.value
            && words.iter().any(|word| word == text)
        {
            return Some(Json::String(text.to_string()));
        }
        let wanted = map.map_or_else(|| alternatives(words), |map| self.or_a_map(words, map));
        let Value::Scalar { text, .. } = &node.value else { return self.wrong(node, &wanted) };
        let finding = if self.is_within("ServiceName") {
            self.unknown_service(text, node.span)
        } else {
            let mut finding = self.finding("unknown-value", self.mismatch(text, &wanted), node.span);
            let on_or_off = suggest::switch(text).and_then(|on| {
                let wanted = if on { "enabled" } else { "disabled" };
                words.iter().find(|word| *word == wanted)
            });
            if on_or_off.is_some() && suggest::boolean_elsewhere(text) {
                finding.message.push_str(": YAML readers turn on, off, yes and no into booleans");
            }
            let near = || suggest::nearest(text, words.iter().map(String::as_str));
            finding.remedy(match on_or_off.map(String::as_str).or_else(near) {
                Some(word) => Remedy::DidYouMean(word.into()),
                None => Remedy::EditSpec(format!("use {wanted}")),
            })
        };
        self.findings.push(finding);
        None
    }

    /// A word that stands where a service must.
    fn unknown_service(&self, text: &str, span: Span) -> Finding {
        if let Some((_, why)) =
            Service::OBSOLETE.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(text))
        {
            return self
                .finding("obsolete-service", format!("the service `{}` is refused: {why}", shown(text)), span)
                .remedy(Remedy::EditSpec("leave it out".into()));
        }
        let finding = self.finding("unknown-service", format!("there is no service `{}`", shown(text)), span);
        let names = Service::ALL.into_iter().map(Service::name);
        match suggest::service(text).or_else(|| suggest::nearest(text, names)) {
            Some(word) => finding.remedy(Remedy::DidYouMean(word.into())),
            None => {
                let names: Vec<_> = Service::ALL.into_iter().map(Service::name).collect();
                finding.remedy(Remedy::EditSpec(format!("the services are {}", names.join(", "))))
            }
        }
    }

    fn list(&mut self, item: &Rule, may_be_empty: bool, node: &Node<'_>) -> Option<Json> {
        let span = node.span;
        let Value::List(items) = &node.value else {
            let how = match node.scalar() {
                Some(text) if text.chars().all(|c| !c.is_control() && !"[]{},".contains(c)) => {
                    format!("write a list: [{}]", shown(text))
                }
                _ => "write a list".to_string(),
            };
            return self.wrong_form(node, "a list", &how);
        };
        if items.is_empty() && !may_be_empty {
            return if self.is_within("Selector") {
                let message = format!("{} is empty, and an empty selector would match nobody", self.here());
                self.report("empty-selector", message, span, "name somebody, or leave the key out")
            } else {
                let message = format!("{} is empty", self.here());
                self.report("empty-list", message, span, "write at least one entry")
            };
        }
        let values: Vec<Json> = items.iter().filter_map(|node| self.value(item, node)).collect();
        (items.is_empty() || !values.is_empty()).then_some(Json::Array(values))
    }

    fn map(&mut self, rule: &MapRule, node: &Node<'_>) -> Option<Json> {
        let span = node.span;
        let Value::Map(entries) = &node.value else {
            let known: Vec<String> = rule.fields.keys().cloned().collect();
            let how = if known.is_empty() {
                "write a map".into()
            } else {
                format!("write a map of {}", keys(&known))
            };
            return self.wrong_form(node, "a map", &how);
        };
        let mut values = Map::new();
        let mut given: Vec<String> = Vec::new();
        let mut damaged = false;
        for entry in entries {
            let known = rule.fields.get(&*entry.key);
            // A key that others chose, such as a label, must be what is seen too.
            let others = rule.others.as_deref().filter(|_| self.unseen(&entry.key, entry.key_span).is_none());
            let Some(field) = known.or(others) else {
                // A required key that is misspelt is one mistake, not two.
                given.extend(self.unknown_key(rule, entry));
                damaged = true;
                continue;
            };
            if known.is_some() {
                given.push(entry.key.to_string());
            }
            let required = rule.required.iter().any(|key| *key == entry.key);
            match self.field(field, entry, required) {
                Some(value) => {
                    values.insert(entry.key.to_string(), value);
                }
                None => damaged = true,
            }
        }
        let complete = self.complete(rule, &given, damaged, span);
        let usable = !damaged || !values.is_empty() || rule.others.is_some();
        let needed = rule.required.iter().all(|key| values.contains_key(key));
        (complete && usable && needed).then_some(Json::Object(values))
    }

    fn field(&mut self, rule: &Rule, entry: &Entry<'_>, required: bool) -> Option<Json> {
        self.path.push(shown(&entry.key));
        self.key = entry.key_span;
        self.required = required;
        let value = self.value(rule, &entry.value);
        self.path.pop();
        value
    }

    /// Whether all keys that must be given are; `given` counts those whose values are wrong.
    fn complete(&mut self, rule: &MapRule, given: &[String], damaged: bool, span: Span) -> bool {
        let has = |key: &String| given.contains(key);
        let mut complete = true;
        for key in rule.required.iter().filter(|key| !has(key)) {
            complete = false;
            let message = format!("{} lacks the key `{key}`", self.here());
            let remedy = self.missing_remedy(key);
            self.report("missing-key", message, span, &remedy);
        }
        if !rule.any_of.is_empty() && !rule.any_of.iter().any(has) {
            complete = false;
            if self.is_within("Selector") && !(damaged && given.is_empty()) {
                let message = format!("{} names nobody: an empty selector would match nobody", self.here());
                let remedy = format!("write at least one of {}", keys(&rule.any_of));
                self.report("empty-selector", message, span, &remedy);
            }
        }
        if rule.one_of && given.len() != 1 {
            complete = false;
            let known: Vec<String> = rule.fields.keys().cloned().collect();
            if given.len() > 1 {
                let message =
                    format!("{} has the keys {}, and exactly one may be given", self.here(), keys(given));
                self.report("too-many-keys", message, span, "keep one of them");
            } else if !damaged {
                let message = format!("{} needs exactly one of {}", self.here(), keys(&known));
                self.report("missing-key", message, span, &format!("write one of {}", keys(&known)));
            }
        }
        complete
    }

    fn missing_remedy(&self, key: &str) -> String {
        match key {
            "others" => {
                "say what holds for the other accounts in scope: `others: disabled` or `others: leave`".into()
            }
            "scope" => "say which accounts the policy speaks of: `scope: {domains: [example.com]}`".into(),
            "password" => "say where the password is kept: `password: {env: ICEWARP_PASSWORD}`".into(),
            "server" => {
                "say which server it speaks of: the `metadata.name` of a document of kind Server".into()
            }
            key => format!("add `{key}`"),
        }
    }

    /// Reports the key; what is returned is the field that was meant.
    fn unknown_key(&mut self, rule: &MapRule, entry: &Entry<'_>) -> Option<String> {
        if let Some(finding) = self.unseen(&entry.key, entry.key_span) {
            let value = entry.value.span.place(self.file);
            self.findings.push(if self.in_secret() { finding.hide(value) } else { finding });
            let odd = |c: char| hides(c) || looks_like_a_space(c);
            let meant: String = entry.key.chars().filter(|c| !odd(*c)).collect();
            return rule.fields.contains_key(&meant).then_some(meant);
        }
        let place = entry.key_span.place(self.file);
        if self.is_within("ServiceMap") {
            let finding = self.unknown_service(&entry.key, entry.key_span);
            self.findings.push(finding);
            return None;
        }
        let near = suggest::nearest(&entry.key, rule.fields.keys().map(String::as_str));
        let known: Vec<String> = rule.fields.keys().cloned().collect();
        let secret = self.in_secret();
        let message = match near {
            // The key itself may be the secret: `password: {hunter2}`.
            None if secret => format!("{} has a key that is none of {}", self.here(), keys(&known)),
            _ => format!("{} has no key `{}`", self.here(), shown(&entry.key)),
        };
        let mut finding = Finding::error("unknown-key", message).at(place.clone());
        finding = finding.remedy(match near {
            Some(word) => Remedy::DidYouMean(word.into()),
            None if known.is_empty() => Remedy::EditSpec("leave it out: no keys are taken here".into()),
            None => Remedy::EditSpec(format!("leave it out, or use one of {}", keys(&known))),
        });
        let meant_secret =
            near.and_then(|word| rule.fields.get(word)).is_some_and(|rule| self.is_secret(rule));
        if secret || meant_secret {
            finding = finding.hide(entry.value.span.place(self.file));
        }
        if secret && near.is_none() {
            finding = finding.hide(place);
        }
        self.findings.push(finding);
        near.map(str::to_string)
    }

    /// A value of another form than the schema wants.
    fn wrong(&mut self, node: &Node<'_>, wanted: &str) -> Option<Json> {
        self.wrong_form(node, wanted, &format!("write {wanted}"))
    }

    fn wrong_form(&mut self, node: &Node<'_>, wanted: &str, how: &str) -> Option<Json> {
        if self.in_secret() {
            return self.secret_value(node, wanted);
        }
        let message = match &node.value {
            Value::Scalar { text, .. } => self.mismatch(text, wanted),
            Value::List(_) => format!("{} is a list, and must be {wanted}", self.here()),
            Value::Map(_) | Value::Refused => format!("{} is a map, and must be {wanted}", self.here()),
        };
        self.report("wrong-type", message, node.span, how)
    }

    /// The same where a secret may stand: the value is not repeated.
    fn secret_value(&mut self, node: &Node<'_>, wanted: &str) -> Option<Json> {
        let place = node.span.place(self.file);
        if matches!(self.path.last().map(String::as_str), Some("env" | "file" | "exec")) {
            let message = format!("{} must be {wanted}", self.here());
            let finding = Finding::error("wrong-type", message).at(place.clone()).hide(place);
            self.findings.push(finding.remedy(Remedy::EditSpec(format!("write {wanted}"))));
            return None;
        }
        let message = format!("{}: a secret is a reference, never a value", self.here());
        self.findings.push(
            Finding::error("secret-value", message)
                .at(place.clone())
                .remedy(Remedy::EditSpec(
                    "say where it is kept: {env: NAME}, {file: PATH} or {exec: [COMMAND]}".into(),
                ))
                .hide(place),
        );
        None
    }

    fn mismatch(&self, text: &str, wanted: &str) -> String {
        format!("{} is `{}`, and must be {wanted}", self.here(), shown(text))
    }

    fn finding(&self, code: &'static str, message: impl Into<String>, span: Span) -> Finding {
        Finding::error(code, message).at(span.place(self.file))
    }

    fn report(&mut self, code: &'static str, message: String, span: Span, remedy: &str) -> Option<Json> {
        let finding = self.finding(code, message, span).remedy(Remedy::EditSpec(remedy.into()));
        self.findings.push(finding);
        None
    }

    /// What the author sees of the path: the last two keys.
    fn here(&self) -> String {
        match self.path.as_slice() {
            [] => "the document".into(),
            [only] => format!("`{only}`"),
            [.., parent, last] => format!("`{parent}.{last}`"),
        }
    }

    fn is_within(&self, definition: &str) -> bool {
        self.within.last().is_some_and(|name| name.starts_with(definition))
    }

    fn in_secret(&self) -> bool {
        self.within.iter().any(|name| name == "SecretReference")
    }

    fn is_secret(&self, rule: &Rule) -> bool {
        matches!(rule, Rule::Named(name) if name == "SecretReference")
    }
}

fn alternatives(words: &[String]) -> String {
    match words {
        [] => "nothing".into(),
        [only] => only.clone(),
        [all @ .., last] => format!("{} or {last}", all.join(", ")),
    }
}

fn keys(words: &[String]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// Characters that turn the direction of a line, and so could show a text that is not there.
fn turns(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
