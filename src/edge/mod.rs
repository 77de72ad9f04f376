//! edge

pub mod sandbox;
