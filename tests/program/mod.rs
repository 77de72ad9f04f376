//! The whole program: the binary, each time as a process of its own, against a sandbox that the test holds and looks
//! at without icewarden's client.

mod action;
mod calls;
mod docs;
mod events;
mod exits;
mod front;
mod guards;
mod history;
mod journal;
mod json;
mod kept;
mod kill;
mod kinds;
mod lists;
mod lock;
mod markdown;
mod outputs;
mod passwords;
mod people;
mod policies;
mod resume;
mod run;
mod runs;
mod seats;
mod servers;
mod shrink;
mod spec;
mod stale;
mod stand;
mod target;
mod timelines;
mod trust;
mod wire;
mod wrong;
mod wrong_table;
