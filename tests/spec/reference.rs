//! `docs/spec.md`: the reference of the spec, made of the schema and of the example. With `UPDATE=1` it is written.

use std::fmt::Write as _;

use icewarden::spec::{Kind, schema};
use serde_json::Value;

const PATH: &str = "docs/spec.md";

const HEAD: &str = "\
# The spec

A spec is any number of YAML documents in any number of files below a folder. This page is made from the schema that
the program checks specs with (`icewarden schema`); a test compares the two. Editors that know
[`schemas/spec.schema.json`](../schemas/spec.schema.json) say the same at each key.

- A key that is absent is not managed: what the server has there is never touched.
- `null` is an error, and so is a key that is not listed here, or one that stands twice. All mistakes of a spec are
  reported together, each with its line.
- Names of documents are unique for each kind. `License`, `BackupPolicy` and `ServicePolicy` name their server.
- Anchors, aliases, tags and merge keys are refused.
";

/// Objects that stand in many places have a section of their own.
const SHARED: [(&str, &str); 2] = [("Selector", "Selectors"), ("SecretReference", "Secrets")];

struct Reference {
    schema: Value,
    out: String,
    /// The forms of plain values that were met, by name.
    forms: Vec<String>,
}

impl Reference {
    fn definition(&self, name: &str) -> Value {
        self.schema["definitions"][name].clone()
    }

    /// The name and the content of what a schema refers to; without a name where it says it itself.
    fn resolved(&self, schema: &Value) -> (String, Value) {
        let reference = schema["$ref"].as_str().or_else(|| schema["allOf"][0]["$ref"].as_str());
        match reference.and_then(|path| path.strip_prefix("#/definitions/")) {
            Some(name) => (name.to_owned(), self.definition(name)),
            None => (String::new(), schema.clone()),
        }
    }

    fn table(&mut self, name: &str) {
        let object = self.definition(name);
        let _ = writeln!(self.out, "\n| key | type | default | meaning |\n|---|---|---|---|");
        self.rows("", &object);
    }

    fn rows(&mut self, prefix: &str, object: &Value) {
        let required = |key: &str| {
            object["required"].as_array().is_some_and(|keys| keys.iter().any(|known| known == key))
        };
        for (key, schema) in object["properties"].as_object().into_iter().flatten() {
            let path = format!("{prefix}{key}");
            self.row(&path, schema, required(key));
        }
    }

    fn row(&mut self, path: &str, schema: &Value, required: bool) {
        let (name, resolved) = self.resolved(schema);
        let described = schema["description"].as_str().or_else(|| resolved["description"].as_str());
        let (mut meaning, default) = parts(described.unwrap_or_default());
        let kind = self.kind(&name, &resolved);
        for (word, says) in words(&resolved) {
            let _ = write!(meaning, " `{word}`: {says}");
        }
        let default =
            if required { "required".to_owned() } else { default.unwrap_or_else(|| "–".to_owned()) };
        let _ = writeln!(self.out, "| `{path}` | {} | {default} | {} |", cell(&kind), cell(&meaning));
        self.below(path, &name, &resolved);
    }

    /// The rows of what stands below a key.
    fn below(&mut self, path: &str, name: &str, schema: &Value) {
        if SHARED.iter().any(|(shared, _)| *shared == name) {
            return;
        }
        if let Some(of) = name.strip_prefix("ServiceMapOf") {
            let (of, one) = (of.to_owned(), self.definition(of));
            let below = format!("{path}.<service>");
            let kind = self.kind(&of, &one);
            let (meaning, _) = parts(one["description"].as_str().unwrap_or_default());
            let _ = writeln!(self.out, "| `{below}` | {} | – | {} |", cell(&kind), cell(&meaning));
            return self.below(&below, &of, &one);
        }
        if schema["additionalProperties"].is_object() {
            let (of, one) = self.resolved(&schema["additionalProperties"]);
            return self.below(&format!("{path}.<name>"), &of, &one);
        }
        if schema["items"].is_object() {
            let (of, one) = self.resolved(&schema["items"]);
            return self.below(&format!("{path}[]"), &of, &one);
        }
        for choice in
            schema["anyOf"].as_array().into_iter().flatten().filter(|choice| choice["$ref"].is_string())
        {
            let (of, one) = self.resolved(choice);
            self.below(path, &of, &one);
        }
        self.rows(&format!("{path}."), schema);
    }

    /// What a key takes, in few words.
    fn kind(&mut self, name: &str, schema: &Value) -> String {
        if let Some((_, title)) = SHARED.iter().find(|(shared, _)| *shared == name) {
            return format!("[{}](#{})", title.trim_end_matches('s').to_lowercase(), title.to_lowercase());
        }
        if name == "ServiceName" {
            return "[service](#services)".to_owned();
        }
        if let Some(words) = enumerated(schema) {
            return words.join(" · ");
        }
        if let Some(choices) = schema["anyOf"].as_array().filter(|choices| choices[0]["$ref"].is_string()) {
            let choices: Vec<(String, Value)> = choices.iter().map(|choice| self.resolved(choice)).collect();
            let kinds: Vec<String> = choices.iter().map(|(of, one)| self.kind(of, one)).collect();
            return kinds.join(", or ");
        }
        if schema["not"].is_object() {
            return "refused".to_owned();
        }
        match schema["type"].as_str() {
            Some("array") => {
                let (of, one) = self.resolved(&schema["items"]);
                format!("list: {}", self.kind(&of, &one))
            }
            Some("object") if name.starts_with("ServiceMapOf") => "by service".to_owned(),
            Some("object") if schema["additionalProperties"]["$ref"].is_string() => "by name".to_owned(),
            Some("object") if schema["additionalProperties"].is_object() => {
                let (of, one) = self.resolved(&schema["additionalProperties"]);
                format!("by name: {}", self.kind(&of, &one))
            }
            Some("object") if schema["properties"].as_object().is_none_or(serde_json::Map::is_empty) => {
                "`{}`".to_owned()
            }
            Some("object") => "keys".to_owned(),
            Some("boolean") => "`true` · `false`".to_owned(),
            Some("integer") if name.is_empty() => "whole number".to_owned(),
            Some("number") if name.is_empty() => "number".to_owned(),
            _ if name.is_empty() => "text".to_owned(),
            _ => {
                if !self.forms.iter().any(|known| known == name) {
                    self.forms.push(name.to_owned());
                }
                format!("[{}](#values)", spaced(name))
            }
        }
    }
}

/// `AccountGlob` is "account glob".
fn spaced(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

/// A meaning without its default, and the default.
fn parts(description: &str) -> (String, Option<String>) {
    let Some((before, rest)) = description.split_once("Default: ") else {
        return (description.to_owned(), None);
    };
    let (default, after) = rest.split_once(". ").unwrap_or((rest.trim_end_matches('.'), ""));
    ([before.trim_end(), after].join(" ").trim().to_owned(), Some(cell(default)))
}

/// The words of a choice, in code.
fn enumerated(schema: &Value) -> Option<Vec<String>> {
    let consts =
        schema["oneOf"].as_array().map(|all| all.iter().map(|one| &one["const"]).collect::<Vec<_>>());
    let plain = schema["enum"].as_array().map(|all| all.iter().collect());
    let words = consts.or(plain)?;
    words.into_iter().map(|word| word.as_str().map(|word| format!("`{word}`"))).collect()
}

/// What the words of a choice mean, where there are few; services have a table of their own.
fn words(schema: &Value) -> Vec<(String, String)> {
    let all = schema["oneOf"].as_array().filter(|all| all.len() < 8);
    let text = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    all.into_iter().flatten().map(|one| (text(one, "const"), text(one, "description"))).collect()
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// The documents of one kind in the example, as they stand there.
fn example(kind: &str) -> String {
    let mut files: Vec<_> = std::fs::read_dir("examples/demo")
        .expect("the example is there")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    let texts = files.iter().map(|path| std::fs::read_to_string(path).expect("a text"));
    let text: String = texts.collect::<Vec<_>>().join("---\n");
    let mut documents = text.split("---\n").filter(|text| text.contains(&format!("\nkind: {kind}\n")));
    let document = documents.next().expect("one of each kind");
    let lines = document.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| format!("{line}\n")).collect()
}

fn reference() -> String {
    let mut reference = Reference { schema: schema(), out: HEAD.to_owned(), forms: Vec::new() };
    for kind in Kind::ALL.iter().map(|kind| kind.name()) {
        let description = reference.definition(kind)["description"].as_str().unwrap_or_default().to_owned();
        let _ = write!(
            reference.out,
            "\n## {kind}\n\n{description}\n\n```yaml\n{}```\n\nBelow `spec`:\n",
            example(kind)
        );
        reference.table(&format!("{kind}Spec"));
    }
    for (name, title) in SHARED {
        let description = reference.definition(name)["description"].as_str().unwrap_or_default().to_owned();
        let _ = write!(reference.out, "\n## {title}\n\n{description}\n");
        reference.table(name);
    }
    reference.out += "\n## Services\n\n| name | service |\n|---|---|\n";
    for service in reference.definition("ServiceName")["oneOf"].as_array().expect("services") {
        let text = |key: &str| service[key].as_str().unwrap_or_default();
        let _ = writeln!(reference.out, "| `{}` | {} |", text("const"), cell(text("description")));
    }
    reference.out += "\n## Values\n\n| form | what it is |\n|---|---|\n";
    reference.forms.sort();
    for name in reference.forms.clone() {
        let (meaning, _) = parts(reference.definition(&name)["description"].as_str().unwrap_or_default());
        let _ = writeln!(reference.out, "| {} | {} |", spaced(&name), cell(&meaning));
    }
    reference.out
}

#[test]
fn the_reference_of_the_spec_is_what_the_schema_says() {
    let reference = reference();
    if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
        std::fs::write(PATH, &reference).expect("it can be written");
    }
    let written = std::fs::read_to_string(PATH).unwrap_or_default();
    assert!(written == reference, "{PATH} is not what the schema says; run the tests with UPDATE=1");
}

/// Every key that an author may write stands in the reference, whatever the generator thinks of its form.
#[test]
fn no_key_is_missing_in_the_reference() {
    fn keys(schema: &Value, found: &mut Vec<String>) {
        if let Some(properties) = schema["properties"].as_object() {
            found.extend(properties.keys().cloned());
        }
        match schema {
            Value::Object(fields) => fields.values().for_each(|field| keys(field, found)),
            Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    keys(&schema()["definitions"], &mut found);
    let reference = reference();
    let ends = |key: &str| [format!(".{key}` |"), format!("`{key}` |"), format!("`{key}`")];
    // Of the head of each document the page shows examples.
    let head = ["apiVersion", "kind", "metadata", "spec", "name", "labels"];
    for key in found.iter().filter(|key| !head.contains(&key.as_str())) {
        assert!(ends(key).iter().any(|end| reference.contains(end.as_str())), "{key}");
    }
}
