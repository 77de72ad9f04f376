//! The commands of the interface.
//!
//! `table` has every one of the 174 names of the reference (1.8), with what answers it. A name outside is
//! `invoker_commandname_invalid`. A name that is known but not simulated never pretends: a command that would
//! change something answers `0` (not applied), one that would list what no sandbox holds – rules, devices,
//! certificates, spam – answers an empty list, any other an empty result.

mod account;
mod console;
mod domain;
mod list;
mod member;
mod password;
mod properties;
mod server;
mod session;
mod table;

pub(super) use table::{Access, Command, find};
