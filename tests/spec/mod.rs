//! The spec from outside: text in, meaning or findings out.

mod any_text;
mod example;
mod files;
mod limits;
mod mistakes;
mod mistakes_table;
mod reference;
mod rendering;
mod schema;
mod valid_table;

use icewarden::model::Finding;
use icewarden::spec::{Source, Spec, parse};

/// Reads one file called `spec.yaml`.
fn read(text: &str) -> Result<Spec, Vec<Finding>> {
    parse(&[source("spec.yaml", text)])
}

fn source(name: &str, text: &str) -> Source {
    Source { name: name.into(), text: text.into() }
}
