//! All tests that stand outside the library, in one binary.

#[path = "../sandbox/mod.rs"]
mod sandbox;
