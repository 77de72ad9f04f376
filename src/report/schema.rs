//! The JSON that crosses the border, and what describes it.

use schemars::JsonSchema;
use serde::Serialize;

/// A document as text that a person can read too; it ends with a line end.
pub fn document(file: &impl Serialize) -> String {
    // Our own types have no map whose keys are no strings, the one thing that JSON cannot hold.
    serde_json::to_string_pretty(file).unwrap_or_default() + "\n"
}

/// The JSON Schema, draft 7, of a type: editors and checkers know that draft best.
pub fn schema<T: JsonSchema>() -> String {
    document(&schemars::generate::SchemaSettings::draft07().into_generator().into_root_schema_for::<T>())
}
