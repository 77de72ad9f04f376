//! Everything that touches the world, and drives `flow`.
//!
//! [`icewarp`] speaks to a real server, [`sandbox`] is a simulated one; they share no code, or they would share
//! their mistakes. [`files`] and [`secrets`] read this machine, [`drive`] performs a run, [`cli`] is what a person
//! types.

pub mod cli;
pub mod drive;
pub mod files;
pub mod icewarp;
pub mod sandbox;
pub mod secrets;
