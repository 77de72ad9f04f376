//! edge

pub mod icewarp;
pub mod secrets;
