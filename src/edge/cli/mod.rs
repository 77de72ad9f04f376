//! The command line. Data goes to stdout, talk to stderr; only this room prints.
//!
//! [`args`] is what is typed, [`exit`] how the program ends, [`load`] reads a spec, [`job`] is the work on one server
//! and on several side by side, [`session`] reads one, [`progress`] tells how far that is, [`signals`] hears Ctrl-C.
//! [`keep`] opens the store and takes a server's lock, [`record`] writes a run down.
//! The commands are a file each.

mod addresses;
mod apply;
mod args;
mod events;
pub mod exit;
mod history;
mod job;
mod keep;
mod load;
mod output;
mod outputs;
mod plan;
mod progress;
mod record;
mod resume;
mod sandbox;
mod session;
mod signals;
mod stale;
mod trust;

use clap::Parser as _;
use clap::error::ErrorKind;
use tokio::runtime::Runtime;

pub use exit::Exit;

use args::{Cli, Command, HistoryCommand, SchemaArg};
use output::Output;

/// Runs the program and says how it ends.
pub fn main() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // What was asked for (help, version) goes to stdout and is no error; clap's own code 2 is not ours.
            let lost = error.print().is_err_and(|error| error.kind() != std::io::ErrorKind::BrokenPipe);
            return match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion if lost => Exit::Failed,
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Done,
                _ => Exit::Usage,
            };
        }
    };
    let output = Output::new(cli.color);
    output.ended(run(cli.command, &output))
}

fn run(command: Command, output: &Output) -> Exit {
    match command {
        Command::Validate { path, format } => load::validate(&path, format, output),
        Command::Plan(args) => plan::run(&args, output),
        Command::Apply(args) if args.resume => resume::run(&args, output),
        Command::Apply(args) => apply::run(&args, output),
        Command::History { limit, told, command } => match command {
            None => history::list(limit, &told, output),
            Some(HistoryCommand::Show { run, told }) => history::show(&run, &told, output),
        },
        Command::Sandbox { accounts, seed, state, listen, addr_file, switches, faults } => {
            let options =
                sandbox::SandboxOptions { accounts, seed, state, listen, addr_file, switches, faults };
            sandbox::run(&options, output)
        }
        Command::Schema { of } => {
            output.data(&match of {
                SchemaArg::Spec => format!("{:#}\n", crate::spec::schema()),
                SchemaArg::Plan => plan::schema_text(),
                SchemaArg::Events => events::schema_text(),
            });
            Exit::Done
        }
    }
}

/// What the commands that talk to servers run on. From here on Ctrl-C and SIGTERM are heard.
fn session_runtime() -> Result<Sessions, Exit> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|_| Exit::Failed)?;
    signals::listen(&runtime);
    Ok(Sessions(Some(runtime)))
}

/// The runtime. Once somebody wants the program to end, no thread of it is waited for: one may hang in the operating
/// system for ever, such as in a file of a network that is gone.
struct Sessions(Option<Runtime>);

impl std::ops::Deref for Sessions {
    type Target = Runtime;

    #[expect(clippy::expect_used, reason = "it is taken only when it is dropped")]
    fn deref(&self) -> &Runtime {
        self.0.as_ref().expect("it is taken only when it is dropped")
    }
}

impl Drop for Sessions {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take()
            && signals::was_interrupted()
        {
            runtime.shutdown_background();
        }
    }
}
