//! The nouns. Plain values whose invariants are kept by their constructors; no other room's word is used here.
//!
//! Reading order: who is meant ([`address`], [`directory`], [`groups`]), what they may use ([`service`], [`module`]),
//! what was read ([`observed`], [`licence`], [`backup`]), and what a person is told ([`place`], [`finding`],
//! [`remedy`]); [`visible`] is how a text of others is shown. A [`secret`] is only ever a reference to where the secret is kept.
//!
//! Two habits hold throughout. *Not read is not absent*: whatever comes from a server is a [`Reading`] or a
//! [`Tri`], never a default. And columns, not objects: a server may have a million accounts, so all that is
//! known of an account's services fits a few machine words (see [`observed::Columns`]).

pub mod address;
pub mod backup;
pub mod directory;
pub mod finding;
pub mod groups;
pub mod guardrail;
pub mod index;
pub mod licence;
pub mod module;
pub mod observed;
pub mod pattern;
pub mod place;
pub mod reading;
pub mod remedy;
pub mod rows;
pub mod secret;
pub mod service;
pub mod visible;

pub use address::Address;
pub use backup::BackupKey;
pub use directory::{AccountKind, Directory, DirectoryBuilder, DomainKind};
pub use finding::{Finding, Severity, counted, grouped};
pub use groups::{GroupNotes, Members};
pub use guardrail::{Allowed, Guardrail, Losses};
pub use index::{ModuleIndex, Row, RuleIndex, StepIndex};
pub use licence::{Licence, ModuleOffer, Seats, SeatsSource};
pub use module::Module;
pub use observed::{AccessMode, AccountFacts, AccountState, Columns, Observed};
pub use pattern::Pattern;
pub use place::Place;
pub use reading::{Reading, Tri};
pub use remedy::Remedy;
pub use rows::Rows;
pub use secret::SecretRef;
pub use service::{Service, ServiceSet};
pub use visible::visible;
