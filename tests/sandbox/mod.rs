//! The sandbox judged from outside: by the bytes it answers and by its own state report.

mod client;
mod commands;
mod count;
mod envelope;
mod http;
mod keep;
mod lists;
mod properties;
mod seeded;
mod sessions;
mod wire;
