//! The engine room: reads a server, plans it, performs the plan, goes on with a run that was cut off.
//!
//! Every front door – the command line, and whatever follows a branch by itself – performs plans with this code and no
//! other. It takes plain arguments ([`job`], [`order`]) and something to tell ([`tell`]); it knows no command line,
//! prints nothing, asks nobody, and has no state of the process: that somebody wants it to end is an argument
//! ([`stop`]). Servers are reached through `edge/port` alone. What it decides stands in the pure half: `plan/approval`,
//! `flow/resume`, `flow/settle`.
//!
//! Reading order: [`load`] reads a spec; [`plan`] reads and plans one server; [`apply`] does that under the server's lock ([`keep`]), shows
//! the plan, and performs it ([`perform`], one [`step`] at a time) once it is approved; [`record`] writes the run
//! down; [`resume`] finds runs that have not ended.
//!
//! # Guarantees
//!
//! - Nothing is sent to a server that was not written down before, nor by a plan that could not be shown.
//! - Whatever ends a run – a failure, a stop, the end of the process – the next plan leads on from there.
//! - A stop lets what is under way come to its end; a second one waits for nothing.

pub mod apply;
pub mod failure;
pub mod job;
pub mod keep;
pub mod load;
pub mod order;
pub mod perform;
pub mod plan;
pub mod read;
pub mod record;
pub mod resume;
pub mod step;
pub mod stop;
pub mod tell;
pub mod trust;

pub use apply::{Applied, Asked, Begun, End, begin, confirmed};
pub use failure::{Failure, FailureKind};
pub use job::Job;
pub use keep::{Keep, Known};
pub use order::{Before, Consent, Order};
pub use read::Read;
pub use stop::{Ear, Stop, Stopper};
pub use tell::{NotShown, Silent, Tell, Told};
pub use trust::Trust;
