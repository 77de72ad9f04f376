//! The client of a real server's interface, against answers written by hand from the reference. Nothing here
//! knows the sandbox server: the two must not share their mistakes.

mod answers;
mod licence_text;
mod lists;
mod login;
mod reads;
mod responder;
mod secrets;
mod sockets;
mod tls;
mod uids;
mod world;
mod writes;
