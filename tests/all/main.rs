//! All integration tests in one binary: it is linked once.

#[path = "../icewarp/mod.rs"]
mod icewarp;
