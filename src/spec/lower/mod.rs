//! From the shape of one document to what it means, and the rules that need more than one of its fields.
//!
//! Each function has the decoded value and, beside it, the tree it was decoded from: the value says what is
//! wanted, the tree says where. The tree holds exactly what was decoded, so the two are walked together.

pub mod at;
pub mod backup;
pub mod license;
pub mod policy;
pub mod server;

pub use at::At;
