//! The licence in time: what a state means, when something ends. Pure: the day is an argument.
//!
//! The planner stands on this room and the sandbox may, so no expected value in its tests comes from running it:
//! `tests/timelines` is written by hand from the requirements.
//!
//! Missing on purpose: re-validation (REV), Emergency Mode and the renewal gap (REN). While they are not
//! handled, [`status::standing`] lets nothing be written unless the status is read as 0.

pub mod days;
pub mod status;
pub mod trial;

pub use status::{LicenceStatus, Standing, standing};
