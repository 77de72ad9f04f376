//! edge

pub mod secrets;
