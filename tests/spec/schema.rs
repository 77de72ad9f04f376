//! The schema: what is in the repository is what the types say, it is draft 7, and it explains every field.
//!
//! What a schema cannot hold is marked `Program` in the table of mistakes: whatever concerns two documents
//! (names, servers, conflicts), compares two values (`keepFree` and `seats`, exceptions, names of modules), needs a
//! calendar or numbers within a text (days, ports), or concerns how a value was written before it was typed
//! (`010`, `1e3`, `True`).

use granit_parser::{Event, Parser, ScalarStyle};
use icewarden::spec::schema;
use jsonschema::Validator;
use serde_json::{Map, Value};

const PATH: &str = "schemas/spec.schema.json";

/// The schema in the repository, as an editor uses it.
pub fn validator() -> Validator {
    let written = std::fs::read_to_string(PATH).expect("the schema is there");
    let schema = serde_json::from_str(&written).expect("a schema is JSON");
    jsonschema::draft7::new(&schema).expect("the schema is draft 7")
}

/// The documents as a reader sees them who types scalars by YAML 1.2's core schema. It shares nothing with the
/// program but the scanner.
pub fn documents(text: &str) -> Vec<Value> {
    let mut documents = Vec::new();
    let mut stack: Vec<(Value, Option<String>)> = Vec::new();
    for event in Parser::new_from_str(text) {
        let Ok((event, _)) = event else { return documents };
        // A key is a text to JSON, whatever it looks like.
        if let (Event::Scalar(text, ..), Some((Value::Object(_), key @ None))) = (&event, stack.last_mut()) {
            *key = Some(text.to_string());
            continue;
        }
        let done = match event {
            Event::Scalar(text, style, ..) => scalar(&text, style == ScalarStyle::Plain),
            Event::SequenceStart(..) => {
                stack.push((Value::Array(Vec::new()), None));
                continue;
            }
            Event::MappingStart(..) => {
                stack.push((Value::Object(Map::new()), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => stack.pop().map(|(value, _)| value).unwrap_or_default(),
            _ => continue,
        };
        match stack.last_mut() {
            None if done.is_null() => {}
            None => documents.push(done),
            Some((Value::Array(items), _)) => items.push(done),
            Some((Value::Object(map), key)) => match key.take() {
                Some(key) => {
                    map.insert(key, done);
                }
                None => *key = Some(done.as_str().map_or_else(|| done.to_string(), str::to_string)),
            },
            Some(_) => {}
        }
    }
    documents
}

fn scalar(text: &str, plain: bool) -> Value {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    match text {
        _ if !plain => Value::from(text),
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ if digits.starts_with(|c: char| c.is_ascii_digit()) => {
            // Decimal integers keep their type; whatever else is a number is a float.
            let integer = text.parse::<i64>().map(Value::from);
            integer.unwrap_or_else(|_| {
                text.parse::<f64>().map_or(Value::from(text), |float| {
                    if float.fract() == 0.0 && float.abs() < 1e15 {
                        Value::from(float as i64)
                    } else {
                        Value::from(float)
                    }
                })
            })
        }
        _ => Value::from(text),
    }
}

#[test]
fn the_schema_in_the_repository_is_the_generated_one() {
    let mut generated = serde_json::to_string_pretty(&schema()).expect("a schema is JSON");
    generated.push('\n');
    if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
        std::fs::write(PATH, &generated).expect("the schema can be written");
    }
    let written = std::fs::read_to_string(PATH).unwrap_or_default();
    assert!(written == generated, "{PATH} is not what the types say; run the tests with UPDATE=1");
}

#[test]
fn the_schema_is_draft_7() {
    assert!(jsonschema::draft7::meta::is_valid(&schema()));
}

#[test]
fn every_field_is_described() {
    let schema = schema();
    let definitions = schema["definitions"].as_object().expect("definitions");
    let mut fields = 0;
    for (name, definition) in definitions {
        let described = |value: &Value| value["description"].as_str().is_some_and(|text| text.len() > 9);
        assert!(described(definition), "{name}");
        for (field, property) in definition["properties"].as_object().into_iter().flatten() {
            assert!(described(property), "{name}.{field}");
            fields += 1;
        }
        for branch in definition["oneOf"].as_array().into_iter().flatten() {
            assert!(described(branch), "{name}: {branch}");
        }
    }
    assert!(fields > 100, "{fields} fields: the walk has missed some");
}

#[test]
fn the_example_is_valid_by_the_schema() {
    let validator = validator();
    for name in ["backup", "license", "policies", "server"] {
        let text =
            std::fs::read_to_string(format!("examples/demo/{name}.yaml")).expect("the example is there");
        let documents = documents(&text);
        assert!(!documents.is_empty(), "{name} holds nothing");
        for document in &documents {
            assert!(validator.is_valid(document), "{name}: {:?}", validator.validate(document));
        }
    }
}
