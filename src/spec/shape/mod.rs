//! The shape of the YAML: the only types that derive `Deserialize` and `JsonSchema` for it.
//!
//! Every doc comment here is read by an author: it becomes a description in `schemas/spec.schema.json`, which
//! editors show beside the file. So each says what the field is for, its unit, its default and an example.
//! What a value *means* is `meaning`'s; here stands only how it is written. All maps refuse unknown keys.

pub mod backup;
pub mod document;
pub mod license;
pub mod policy;
pub mod server;
pub mod services;
pub mod values;
