//! The whole program: the binary, each time as a process of its own, against a sandbox that the test holds and looks
//! at without icewarden's client.

mod exits;
mod guards;
mod kinds;
mod policies;
mod run;
mod seats;
mod spec;
mod stale;
mod stand;
