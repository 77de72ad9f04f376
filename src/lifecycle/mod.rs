//! The licence in time: what a state means, when something ends. Pure: the day is an argument.
//!
//! The planner stands on this room and the sandbox may, so no expected value in its tests comes from running it:
//! `tests/timelines` is written by hand from the requirements.
//!
//! - [`periods`]: every period and limit of the manual, by its fact.
//! - [`status`]: what the server says, and whether anything may be written then.
//! - [`validity`]: re-validation, Emergency Mode and the end, as a machine that is taken through time.
//! - [`renewal`]: maintenance of each module, and which service its end stops.
//! - [`trial`]: users beyond the seats.
//! - [`attempts`], [`traffic`]: what is scarce, and what small licences mean for mail.

pub mod attempts;
pub mod days;
pub mod periods;
pub mod renewal;
pub mod status;
pub mod traffic;
pub mod trial;
pub mod validity;

pub use status::{LicenceStatus, Licensed, Standing, standing};
