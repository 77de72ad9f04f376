//! The YAML that authors write: its shape, and what it means.

pub mod meaning;

pub use meaning::Spec;
