//! A run of a plan, as a machine without async, timers or a clock.
//!
//! Whoever drives it asks [`Run::next`] what to do, does it, and gives the [`Outcome`] to [`Run::record`]. So the
//! rules of a run – what may start, what a failure stops, when the run must end – are tested without a server.
//!
//! Several steps may be under way at once. Until an outcome is recorded a release counts as still held and a
//! claim as taken; so does one whose answer was lost and that could not be read back. A claim starts only if
//! its module then has a seat for it: that is why no module gets worse, whatever failed before.
//!
//! A step that is refused ends neither the run nor the others of its kind: [`refusals`] weighs what it is evidence for.

//!
//! [`settle`] says what came of a step by two readings around its write, [`resume`] whether a run that was cut off may
//! go on, and [`event`] what a run tells whoever watches.

pub mod event;
pub mod refusals;
pub mod resume;
pub mod run;
pub mod settle;
pub mod tally;
pub mod word;

pub use event::{Counts, Ended, Event, RunEnd, SeatsUsed};
pub use refusals::Subject;
pub use run::{Halt, Heard, Next, Outcome, Run, StepState};
pub use tally::Tally;
pub use word::Word;
