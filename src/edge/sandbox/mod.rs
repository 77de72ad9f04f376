//! The sandbox: a server that speaks the real one's administration interface, for tests, demonstrations and
//! rehearsals.
//!
//! It is a second reading of the reference and of the uncertainties, made without the first: nothing here is
//! used by the client of this project and nothing of the client is used here. XML comes in as an untyped tree
//! (`xml`), names of variables and the table of services are written down again (`services`,
//! `variables`), seats are counted by a query of its own (`count`). So what both agree on was understood
//! twice.
//!
//! # What it is strict about
//! The envelope and its errors, sessions, what a property answers that is unknown, empty or read only, lists
//! that are all or nothing, and seats: a claim beyond the licence is accepted, as the licence manual says,
//! and flagged.
//!
//! # What it leaves open
//! Where the facts leave several ways, `switches` offers each of them, and the row is named at the code that
//! acts on it. What has no source at all is marked *synthetic*.
//!
//! # What it does not do
//! - An answer is XML even if JSON is asked for: that form is not known.
//! - There is no licence server behind it: writing `C_OnlineLicense`, `C_License` or `C_ObtainTrialLicense` answers 0.
//! - Its clock is heeded by login challenges only: sessions and licences do not age, trials do not end, Emergency
//!   Mode locks nothing.
//! - Commands that are known but not simulated answer 0, an empty list or an empty result, never 1 (see `commands`).
//! - It guards nothing: session ids are predictable and the state report shows everything. It is for loopback.
//!
//! # Reading order
//! No file imports one that stands later here:
//! 1. the paper and the tree: `services`, `variables`, `switches`, `xml`;
//! 2. what a world is made of, and what comes in and goes out: `entries`, `values`, `sessions`, `call`, `licence`,
//!    `parts`, `logins`, `lag`, `challenge`, `faults`, and `changes` of `keep`;
//! 3. the world, and what acts on it: `world`, `names`, `count`, `account_values`, `other_values`, `shown`, `writer`,
//!    `setup`, `seed`;
//! 4. the interface, and other views: `commands`, `exchange`, `fault_text`, `state`, the rest of `keep`;
//! 5. the transport: `cut`, `server`.

mod account_values;
mod call;
mod challenge;
mod commands;
mod count;
mod cut;
mod entries;
mod exchange;
mod fault_text;
mod faults;
mod keep;
mod lag;
mod licence;
mod logins;
mod names;
mod other_values;
mod parts;
mod seed;
mod server;
mod services;
mod sessions;
mod setup;
mod shown;
mod state;
mod switches;
mod values;
mod variables;
mod world;
mod writer;
mod xml;

pub use call::Answer;
pub use fault_text::{FAULT_FORM, FAULTS, FaultError};
pub use faults::Fault;
pub use keep::{KeepError, Keeper, Opened, open};
pub use licence::LicenceShape;
pub use logins::LoginBar;
pub use seed::Seed;
pub use server::{ServeError, ServeOptions, serve, serve_shared};
pub use switches::{NOT_OFFERED, SWITCHES, Setting, SwitchError, SwitchPosition, SwitchRow};
pub use world::World;
