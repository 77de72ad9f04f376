//! The command line. Data goes to stdout, talk to stderr; only this room prints.
//!
//! [`args`] is what is typed, [`exit`] how the program ends, [`load`] reads a spec, [`session`] reads one server
//! and plans it, [`progress`] tells how far that is. The commands are a file each.

mod apply;
mod args;
pub mod exit;
mod load;
mod output;
mod plan;
mod progress;
mod sandbox;
mod session;
mod stale;

use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Parser as _;
use clap::error::ErrorKind;
use tokio::sync::Semaphore;

pub use exit::Exit;

use args::{Cli, Command, SchemaArg};
use output::Output;

/// Runs the program and says how it ends.
pub fn main() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // What was asked for (help, version) goes to stdout and is no error; clap's own code 2 is not ours.
            let _ = error.print();
            return match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Done,
                _ => Exit::Usage,
            };
        }
    };
    let output = Output::new(cli.color);
    match cli.command {
        Command::Validate { path, format } => load::validate(&path, format, &output),
        Command::Plan { path, out, format, detailed_exitcode, allow, show } => {
            let options = plan::PlanOptions { out, format, detailed_exitcode, show };
            plan::run(&path, &options, &allow, &output)
        }
        Command::Apply { path, auto_approve, allow, show } => {
            let options = apply::ApplyOptions { auto_approve, show };
            apply::run(&path, &options, &allow, &output)
        }
        Command::Sandbox { accounts, seed, listen, addr_file, switches, faults } => {
            let options = sandbox::SandboxOptions { accounts, seed, listen, addr_file, switches, faults };
            sandbox::run(&options, &output)
        }
        Command::Schema { of } => {
            output.data(&match of {
                SchemaArg::Spec => format!("{:#}\n", crate::spec::schema()),
                SchemaArg::Plan => plan::schema_text(),
            });
            Exit::Done
        }
    }
}

/// What the commands that talk to servers run on. From here on Ctrl-C and SIGTERM are heard.
fn session_runtime() -> Result<tokio::runtime::Runtime, Exit> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|_| Exit::Failed)?;
    runtime.spawn(async {
        loop {
            signal().await;
            HEARD.fetch_add(1, Ordering::Relaxed);
            SIGNALS.add_permits(1);
        }
    });
    Ok(runtime)
}

/// How often Ctrl-C or SIGTERM came.
static HEARD: AtomicUsize = AtomicUsize::new(0);

/// Signals that came and that nobody has heeded yet: one that comes while nobody waits is not lost.
static SIGNALS: Semaphore = Semaphore::const_new(0);

/// Whether a signal came; then no other server is begun.
fn was_interrupted() -> bool {
    HEARD.load(Ordering::Relaxed) > 0
}

/// Whether a second one came; then nothing is waited for, not even a logout.
fn must_end_now() -> bool {
    HEARD.load(Ordering::Relaxed) > 1
}

/// Ends at Ctrl-C or SIGTERM, once for each.
async fn interrupted() {
    match SIGNALS.acquire().await {
        Ok(permit) => permit.forget(),
        Err(_) => std::future::pending().await,
    }
}

/// Ends at the next Ctrl-C or SIGTERM.
async fn signal() {
    let terminate = async {
        #[cfg(unix)]
        if let Ok(mut signal) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            signal.recv().await;
            return;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
}
