//! The JSON Schema of the spec: one draft-07 document, generated from the shape types.
//!
//! It has two readers. Editors take it from `schemas/spec.schema.json`; the program walks it itself (`rules`,
//! `check`). So the two cannot disagree on which keys and values there are.

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use super::shape::document::{API_VERSION, BackupPolicy, Kind, License, Server, ServicePolicy};

/// The schema of a document, with a branch for each kind.
pub fn schema() -> Value {
    let mut settings = SchemaSettings::draft07();
    // Before the transforms of draft 7, which would wrap what becomes a bare reference here.
    settings.transforms.insert(0, Box::new(RecursiveTransform(without_null)));
    settings.transforms.push(Box::new(RecursiveTransform(with_plain_descriptions)));
    let mut generator = settings.into_generator();
    for kind in Kind::ALL {
        define(*kind, &mut generator);
    }
    let definitions = generator.take_definitions(true);
    let definitions: Map<String, Value> = definitions
        .into_iter()
        .map(|(name, mut schema)| {
            with_plain_names(&mut schema);
            (plain_name(&name), schema)
        })
        .collect();
    let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    let branches: Vec<Value> = kinds
        .iter()
        .map(|kind| {
            json!({
                "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
                "then": {"$ref": format!("#/definitions/{kind}")},
            })
        })
        .collect();
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "icewarden spec",
        "description": "One document of an icewarden spec: what an IceWarp mail server must be.",
        "type": "object",
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "properties": {
            "apiVersion": {"const": API_VERSION, "description": "The version of the file's shape."},
            "kind": {"enum": kinds, "description": "What the document is."},
            "metadata": {"description": "What the document is called."},
            "spec": {"description": "What is wanted."},
        },
        "allOf": branches,
        "definitions": Value::Object(sorted(definitions)),
    })
}

fn define(kind: Kind, generator: &mut SchemaGenerator) {
    fn one<T: JsonSchema>(generator: &mut SchemaGenerator) {
        generator.subschema_for::<T>();
    }
    match kind {
        Kind::Server => one::<Server>(generator),
        Kind::License => one::<License>(generator),
        Kind::BackupPolicy => one::<BackupPolicy>(generator),
        Kind::ServicePolicy => one::<ServicePolicy>(generator),
    }
}

fn sorted(map: Map<String, Value>) -> Map<String, Value> {
    let mut entries: Vec<_> = map.into_iter().collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    entries.into_iter().collect()
}

/// An optional field may be absent; it may not be `null`, so that forgetting a value is never a wish.
fn without_null(schema: &mut Schema) {
    schema.remove("default");
    let Some(object) = schema.as_object_mut() else { return };
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(values)) = object.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    let Some(Value::Array(branches)) = object.get_mut("anyOf") else { return };
    branches.retain(|branch| branch.get("type") != Some(&Value::from("null")));
    if let [Value::Object(only)] = branches.as_slice() {
        let only = only.clone();
        object.remove("anyOf");
        for (key, value) in only {
            object.entry(key).or_insert(value);
        }
    }
}

/// What a definition is called where people see it: editors show the names, and those of our types say nothing to
/// them. `SelectedShape` is `Selected`, `BackupPolicyBody` is `BackupPolicySpec`.
pub fn plain_name(name: &str) -> String {
    let stem = |suffix: &str| name.strip_suffix(suffix);
    match (stem("Body"), stem("Word")) {
        (Some(stem), _) => format!("{stem}Spec"),
        (_, Some(stem)) => format!("{stem}Value"),
        _ => stem("Shape").unwrap_or(name).to_owned(),
    }
}

/// The same in every reference.
fn with_plain_names(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get_mut("$ref")
                && let Some(name) = reference.strip_prefix("#/definitions/")
            {
                *reference = format!("#/definitions/{}", plain_name(name));
            }
            fields.values_mut().for_each(with_plain_names);
        }
        Value::Array(items) => items.iter_mut().for_each(with_plain_names),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Line ends within a description are those of the source code; editors would show them.
fn with_plain_descriptions(schema: &mut Schema) {
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
}
