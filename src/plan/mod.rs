//! From two inputs to a plan that leaves no choice to whoever performs it.
//!
//! [`build`] is the one way to make a plan. It asks `policy` and `diff` what differs, sets aside what must not
//! be done ([`block`]), and puts the rest in an order in which no module ever gets worse ([`order`]; [`queue`] where
//! claims compete for seats). It holds the plan back where a guardrail says so ([`guard`]), and lets [`verify`] go over
//! the finished plan as a stranger would.
//! [`digest`] names what the plan does, so that an approval can be bound to it; [`approval`] says whether a plan is
//! still the approved one, [`again`] which of its claims are still asked for, and [`file`] is its form outside.
//!
//! The order, for each module: claims that take no seat because the account holds one already and is about to
//! give up its reason for it · releases · the claims that take seats, by priority, then address. Settings of the
//! backup come last; they depend on nothing but each other.

pub mod again;
pub mod approval;
pub mod block;
pub mod build;
pub mod digest;
pub mod doubtful;
pub mod file;
pub mod guard;
pub mod licence;
pub mod made;
pub mod order;
pub mod queue;
pub mod remarks;
pub mod settings;
pub mod step;
#[cfg(test)]
pub mod tests;
pub mod verify;
mod words;

pub use block::{BlockReason, Blocked};
pub use build::{Asks, asks, build};
pub use digest::Digest;
pub use guard::{Allow, Hold, HoldKind};
pub use made::{Inputs, Plan};
pub use step::{Booked, Expectation, SettingStep, Step, SwitchStep};
