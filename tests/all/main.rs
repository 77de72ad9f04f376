//! Every test that needs the whole program, in one binary: it is linked once.

#[path = "../icewarp/mod.rs"]
mod icewarp;
#[path = "../sandbox/mod.rs"]
mod sandbox;
#[path = "../spec/mod.rs"]
mod spec;
