//! What is remembered from one run to the next: the journal, and what plans compare with. One SQLite file.
//!
//! # Guarantees
//!
//! - A step's *intent* is committed before anything of the step is sent ([`journal`]). So whatever ends the program,
//!   a run that was cut off is seen as one, and each write that may have reached the server is named.
//! - The journal is only added to. Triggers in the file itself refuse to alter or delete, whoever opens it.
//! - No secret, and no digest that could be guessed at without the key, is in the file: secrets are named by where they
//!   are kept, and what was written is known by a keyed digest whose key is a file of its own ([`digest`], U-12).
//! - A file that a newer icewarden wrote, or that is damaged, is refused and left as it is ([`open`]).
//!
//! # Assumptions
//!
//! The folder is on a file system of this machine: SQLite's write-ahead log and the locks (`edge/lock`) need shared
//! memory and file locks that network file systems do not promise. Several machines that apply to one server must
//! share the work in another way; each has its own store, and does not see the runs of the others.
//!
//! # What a lost store costs
//!
//! Nothing on the server: a plan is made of what is read. Lost are the history, the count that tells a selector which
//! shrank ([`memory`]), and the knowledge that an unreadable secret is as declared: it is written once more.

pub mod digest;
pub mod journal;
pub mod memory;
pub mod open;
pub mod runs;
mod step;

pub use digest::DigestKey;
pub use journal::{Beginning, Entry, Journal};
pub use memory::Digests;
pub use open::{Store, StoreError, folder};
pub use runs::{Came, EndWord, Ending, RunRow, StepTold};
pub use step::StepRow;
