//! The schema as `check` walks it: the few forms that the shape types produce, each once.
//!
//! A form that is not listed here is an error of this program, not of an author; a test compiles the schema.

use std::collections::BTreeMap;

use serde_json::Value;

use super::formats::Format;

/// What a value may be.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    Flag,
    Integer {
        low: i64,
        high: i64,
    },
    Number {
        low: f64,
        high: f64,
    },
    Text(Format),
    /// One of these words.
    Words(Vec<String>),
    List {
        item: Box<Rule>,
        may_be_empty: bool,
    },
    Map(MapRule),
    /// One of the words, or a map.
    Either {
        words: Vec<String>,
        map: Box<Rule>,
    },
    /// A definition of the schema.
    Named(String),
}

/// Which keys a map may have, and which it must.
#[derive(Debug, Clone, PartialEq)]
pub struct MapRule {
    pub fields: BTreeMap<String, Rule>,
    pub required: Vec<String>,
    /// What values of other keys must be; `None` where there may be none.
    pub others: Option<Box<Rule>>,
    /// At least one of these must be given.
    pub any_of: Vec<String>,
    /// Exactly one of the fields must be given.
    pub one_of: bool,
}

/// The definitions of the schema by name.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    definitions: BTreeMap<String, Rule>,
}

impl Rules {
    /// Reads a schema document. The error says which part of it has a form that is not known.
    pub fn compile(schema: &Value) -> Result<Rules, String> {
        let empty = serde_json::Map::new();
        let definitions = schema.get("definitions").and_then(Value::as_object).unwrap_or(&empty);
        let definitions = definitions
            .iter()
            .map(|(name, schema)| {
                Ok((name.clone(), rule(schema, definitions).map_err(|e| format!("{name}: {e}"))?))
            })
            .collect::<Result<_, String>>()?;
        Ok(Rules { definitions })
    }

    /// A definition of the schema by its name; a name without one is our bug.
    pub fn definition(&self, name: &str) -> Option<&Rule> {
        self.definitions.get(name)
    }
}

type Definitions = serde_json::Map<String, Value>;

fn rule(schema: &Value, definitions: &Definitions) -> Result<Rule, String> {
    if let Some(name) = reference(schema) {
        return Ok(Rule::Named(name.to_string()));
    }
    if let Some(words) = words(schema) {
        return Ok(Rule::Words(words));
    }
    let only_required =
        |branch: &Value| branch.as_object().is_some_and(|b| b.keys().all(|k| k == "required"));
    if let Some(branches) = list(schema, "anyOf").filter(|branches| !branches.iter().all(only_required)) {
        return either(branches, definitions);
    }
    match schema.get("type") {
        Some(Value::Array(_)) => Ok(Rule::Text(format(schema)?)),
        Some(Value::String(name)) => match name.as_str() {
            "string" => Ok(Rule::Text(format(schema)?)),
            "boolean" => Ok(Rule::Flag),
            "integer" => Ok(Rule::Integer {
                low: schema.get("minimum").and_then(Value::as_i64).ok_or("an integer without a minimum")?,
                high: schema.get("maximum").and_then(Value::as_i64).ok_or("an integer without a maximum")?,
            }),
            "number" => Ok(Rule::Number {
                low: schema.get("minimum").and_then(Value::as_f64).ok_or("a number without a minimum")?,
                high: schema.get("maximum").and_then(Value::as_f64).ok_or("a number without a maximum")?,
            }),
            "array" => Ok(Rule::List {
                item: Box::new(rule(schema.get("items").ok_or("a list without items")?, definitions)?),
                may_be_empty: schema.get("minItems").is_none(),
            }),
            "object" => map(schema, definitions).map(Rule::Map),
            other => Err(format!("the type {other}")),
        },
        _ => Err(format!("no form: {schema}")),
    }
}

fn map(schema: &Value, definitions: &Definitions) -> Result<MapRule, String> {
    let mut fields = BTreeMap::new();
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        for (name, property) in properties {
            fields.insert(name.clone(), rule(property, definitions).map_err(|e| format!("{name}: {e}"))?);
        }
    }
    let others = match schema.get("additionalProperties") {
        None | Some(Value::Bool(false)) => None,
        Some(schema) => Some(Box::new(rule(schema, definitions)?)),
    };
    let any_of = list(schema, "anyOf").into_iter().flatten().flat_map(|branch| strings(branch, "required"));
    Ok(MapRule {
        fields,
        required: strings(schema, "required"),
        others,
        any_of: any_of.collect(),
        one_of: schema.get("maxProperties").and_then(Value::as_u64) == Some(1),
    })
}

fn either(branches: &[Value], definitions: &Definitions) -> Result<Rule, String> {
    let (mut all, mut form) = (Vec::new(), None);
    for branch in branches {
        let target = reference(branch).and_then(|name| definitions.get(name)).unwrap_or(branch);
        match words(target) {
            Some(more) => all.extend(more),
            None => form = Some(rule(branch, definitions)?),
        }
    }
    let map = Box::new(form.ok_or("a choice without a map")?);
    Ok(Rule::Either { words: all, map })
}

/// `$ref`, bare or wrapped to stand beside a description.
fn reference(schema: &Value) -> Option<&str> {
    let direct = text(schema, "$ref");
    let wrapped = || match list(schema, "allOf") {
        Some([only]) => text(only, "$ref"),
        _ => None,
    };
    direct.or_else(wrapped)?.strip_prefix("#/definitions/")
}

/// The words of an enumeration, with or without a description for each.
fn words(schema: &Value) -> Option<Vec<String>> {
    if let Some(word) = text(schema, "const") {
        return Some(vec![word.to_string()]);
    }
    if schema.get("enum").is_some() {
        return Some(strings(schema, "enum"));
    }
    let branches = list(schema, "oneOf")?;
    let words: Option<Vec<Vec<String>>> = branches.iter().map(words).collect();
    words.map(|words| words.into_iter().flatten().collect())
}

fn format(schema: &Value) -> Result<Format, String> {
    match text(schema, "format") {
        None => Ok(Format::Any),
        Some(name) => Format::parse(name).ok_or_else(|| format!("the format {name}")),
    }
}

fn text<'v>(schema: &'v Value, key: &str) -> Option<&'v str> {
    schema.get(key).and_then(Value::as_str)
}

fn list<'v>(schema: &'v Value, key: &str) -> Option<&'v [Value]> {
    schema.get(key).and_then(Value::as_array).map(Vec::as_slice)
}

fn strings(schema: &Value, key: &str) -> Vec<String> {
    list(schema, key).into_iter().flatten().filter_map(Value::as_str).map(str::to_string).collect()
}
