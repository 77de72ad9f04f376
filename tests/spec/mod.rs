//! The spec from outside: text in, meaning or findings out.

mod example;
mod schema;
