//! Every test that needs the whole program, in one binary: it is linked once.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests touch the world, and stop at the first thing that is not as it should be"
)]

#[path = "../engine/mod.rs"]
mod engine;
#[path = "../icewarp/mod.rs"]
mod icewarp;
#[path = "../matrix/mod.rs"]
mod matrix;
#[path = "../program/mod.rs"]
mod program;
#[path = "../sandbox/mod.rs"]
mod sandbox;
#[path = "../spec/mod.rs"]
mod spec;
#[path = "../worlds/mod.rs"]
mod worlds;
