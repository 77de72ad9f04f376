//! The client of a real server's administration interface: XML over HTTP, `POST /icewarpapi/`.
//!
//! Reading order, from the bytes up: [`codec`] and [`encode`] are the two directions of the wire and pure;
//! [`readers`] says what the elements of an answer mean, [`properties`] which variable is meant by what,
//! [`licence`] what a licence's text holds, [`uids`] what an error id means; `transport` sends one command, to
//! whom `trust` lets it, and sorts its failures ([`error`], `remedies`), of which `excerpt` makes safe to show what
//! came; `login` logs in; [`session`] renews once and logs out; `lists`, `accounts`, `aliases` and `server` read, by
//! names as the server spells them (`spelling`); [`observe`] puts it together, `recheck` asks the lists again;
//! [`mod@write`] is what a run writes; [`Rpc`] puts all of it behind `edge/port`.
//!
//! Three habits. *What the answer is worth decides, not its type*: `result` 0 is not success, an empty list of
//! what must exist is no empty server (U-39), a page that does not close its count makes a list incomplete.
//! *Nothing that may have happened is sent twice*: only a lost session repeats a command, because its answer
//! says that nothing was done; a read changes nothing and is sent again where no answer came. *Nothing secret is shown*: neither the password nor the session id can get into
//! an error.

mod accounts;
mod aliases;
pub mod codec;
pub mod encode;
pub mod error;
mod excerpt;
pub mod licence;
mod lists;
mod login;
pub mod observe;
mod options;
mod port;
pub mod properties;
pub mod readers;
mod recheck;
mod remedies;
mod rpc;
mod server;
pub mod session;
mod spelling;
mod transport;
mod trust;
pub mod uids;
pub mod write;

pub use error::{CallError, Garble, Meaning, NoConnection, Refusal, Silence};
pub use observe::{domain_switches, observe};
pub use options::{Limits, Options};
pub use port::{Rpc, RpcServer};
pub use recheck::recheck_lists;
pub use session::Client;
pub use transport::is_hearable;
