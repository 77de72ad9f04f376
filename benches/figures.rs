//! The figures that the budgets are held against: `just bench`.
//!
//! Times and memory of the pure half come from divan, memory as the most that was allocated at once. Calls and
//! whole processes are counted by what they print: divan times them, and `main` says the counts first.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark touches the world, and stops at the first thing that is not as it should be"
)]

mod large;
mod program;

use divan::AllocProfiler;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    program::say_calls();
    divan::main();
}
