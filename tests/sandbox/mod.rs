//! The sandbox judged from outside: by the bytes it answers and by its own state report.

mod client;
mod count;
mod envelope;
mod http;
mod lists;
mod properties;
mod seeded;
mod sessions;
mod switches;
mod wire;
