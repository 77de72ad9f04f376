//! The engine and its port, in one process: no terminal, no child, dozens of whole runs a second.
//!
//! [`memory`] is a server without any wire, so that the port cannot lean on HTTP unseen; [`port`] is the suite that
//! every server behind the port must pass; [`apply`] performs plans with the engine, against the sandbox over HTTP and
//! against the memory.

mod apply;
mod bench;
mod memory;
mod port;
