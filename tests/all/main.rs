//! The one test binary.

#[path = "../spec/mod.rs"]
mod spec;
