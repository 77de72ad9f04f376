//! The sandbox judged from outside: by the bytes it answers and by its own state report.

mod client;
mod command_line;
mod commands;
mod count;
mod envelope;
mod faults;
mod http;
mod keep;
mod lists;
mod logins;
mod page;
mod properties;
mod seeded;
mod sessions;
mod switches;
mod wire;
