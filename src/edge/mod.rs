//! Everything that touches the world, and drives `flow`.
//!
//! [`icewarp`] speaks to a real server, [`sandbox`] is a simulated one; they share no code, or they would share
//! their mistakes. [`files`], [`git`], [`saved`], [`secrets`] and [`children`] touch this machine, [`store`] remembers
//! runs, [`lock`] lets one run at a time at a server, [`drive`] performs a run, [`cli`] is what a person types.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the edge is where the world is touched"
)]

pub mod children;
pub mod cli;
pub mod drive;
pub mod files;
pub mod git;
pub mod icewarp;
pub mod lock;
pub mod sandbox;
pub mod saved;
pub mod secrets;
pub mod store;
