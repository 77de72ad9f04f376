//! Everything that touches the world, and drives `flow`.
//!
//! [`icewarp`] speaks to a real server, [`sandbox`] is a simulated one; they share no code, or they would share
//! their mistakes. [`files`], [`git`], [`saved`], [`secrets`] and [`children`] touch this machine, [`store`] remembers
//! runs, [`lock`] lets one run at a time at a server. [`port`] is a server as all that is above the wire has it, [`engine`] reads, plans
//! and performs with it, [`cli`] is what a person types.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the edge is where the world is touched"
)]

pub mod children;
pub mod cli;
pub mod engine;
pub mod files;
pub mod git;
pub mod icewarp;
pub mod lock;
pub mod plan_file;
pub mod port;
pub mod sandbox;
pub mod saved;
pub mod secrets;
pub mod store;
