//! The YAML that authors write: its shape, and what it means.
//!
//! The way: [`tree`] reads text into scalars and places; [`shape`] holds the types that the file has, and
//! [`schema`] makes of them the JSON Schema that editors use; [`rules`] and [`check`] walk that same schema over
//! the tree and report every mistake at once; `lower` gives what is right its [`meaning`]; [`parse`] does it
//! for all files and tests what only holds among documents. [`trust`] holds one spec against another that is trusted.
//!
//! Nothing outside this room knows YAML. Every message names its place and never repeats a secret.

mod check;
mod document;
mod formats;
mod internal;
mod lower;
pub mod meaning;
mod parse;
mod rules;
mod schema;
mod shape;
pub(crate) mod suggest;
mod tree;
pub mod trust;

use internal::internal;
pub use meaning::{Source, Spec};
pub use parse::parse;
pub use schema::schema;
pub use shape::document::Kind;
