//! icewarden keeps IceWarp mail servers as declared. See `ARCHITECTURE.md` for the house.

pub mod model;

pub mod lifecycle;

pub mod spec;

pub mod policy;

pub mod diff;

pub mod seats;

pub mod plan;

pub mod flow;

pub mod report;

#[cfg(feature = "edge")]
pub mod edge;
