//! A server, as everything above the wire has it: one trait, whatever the transport.
//!
//! `edge/icewarp` implements [`Server`] over HTTP; what reads, plans and performs (`edge/engine`) names nothing of it.
//! The same suite of tests (`tests/engine/port`) is for every implementation: a change and then no change, refusals, answers
//! that were lost.
//!
//! # Guarantees of an implementation
//!
//! - A part of a server is never given for the whole: what could not be read is an error, or told in the reading.
//! - Nothing that may have happened is sent twice by itself. A read may be.
//! - No secret and no session is in an error, whatever the server echoed.
//!
//! # Assumptions
//!
//! Clones of a [`Server`] share one session, and may be used by several tasks at once.

pub mod calls;
pub mod failed;
pub mod server;

pub use calls::{Calls, Phase};
pub use failed::{Failed, Garbled, Refused, Sent};
pub use server::{Access, Connect, Progress, Server, Wanted, Written};
