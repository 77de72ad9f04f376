//! The state of a sandbox on disk, so that it outlives the process (`sandbox --state FILE`).
//!
//! # Guarantees
//! - *What was answered is stored.* The rows that a call changed are on disk before its answer is sent, also
//!   when the process is killed or the power fails. What others read in between may be a little ahead.
//! - *A call costs the rows it changed.* The world notes which accounts and domains were touched (`watch`),
//!   and only those are written; the few facts beside them are compared with what was stored last. Calls that
//!   wait at the same time share one commit (`keeper`). The one row that grows is that of a group: it holds
//!   all of its members.
//! - *Whole or not at all.* All changes of a call are one transaction.
//! - *One sandbox has one file.* It is locked from opening until the process ends, however it ends.
//! - *Nothing of somebody else is touched.* A file that is no sandbox's state, or of a newer version, is
//!   refused before a byte of it is written (`file`).
//!
//! # Not kept
//! Sessions, and the count of calls since the start: a restart of the real server ends sessions too.
//!
//! # Shape
//! SQLite, one table for accounts and one for domains, and two of names and values (`0001.sql`). The number of
//! migrations done stands in the file's `user_version`; a change of the shape is one more migration.

mod changes;
mod file;
mod keeper;
mod open;
mod rows;
mod watch;

pub(super) use changes::Watch;
pub use file::KeepError;
pub use keeper::Keeper;
pub use open::{Opened, open};
