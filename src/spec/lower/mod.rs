//! From the shape of one document to what it means, and the rules that need more than one of its fields.
//!
//! Each `test` looks at the tree alone, as the author wrote it, so that what is wrong in one place hides nothing
//! elsewhere. What gives the meaning has the decoded value and, beside it, that tree: the value says what is
//! wanted, the tree says where. Of a document with mistakes the two may differ, and its meaning is not used.

pub mod at;
pub mod backup;
pub mod license;
pub mod policy;
pub mod server;

pub use at::At;
