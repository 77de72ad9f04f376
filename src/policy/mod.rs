//! What the policies say of each account.
//!
//! [`named`] says what must be read for it. [`select`] turns a selector into a set of rows, or says why it cannot.
//! [`assign`] lays the policies over each other, the weakest first, and interns the outcomes: however many accounts
//! there are, there are only a handful of distinct [`Profile`]s, so an account costs one number.
//!
//! A policy whose selector cannot be read, matches nobody, or lost more than a fifth of its accounts since it was last
//! applied ([`memory`]), is *held*: what it would decide is *undecided*, so that neither it nor a weaker policy changes
//! anything there. An emptied group must not switch off a company.

pub mod assign;
pub mod memory;
pub mod named;
pub mod profile;
pub mod select;
#[cfg(test)]
pub mod tests;

pub use assign::{Assignment, Conflict, Held, People, Rule, RuleKind, assign};
pub use memory::{Matched, Memory, SelectorId};
pub use named::{Named, groups_of, named_in, services_of};
pub use profile::Profile;
