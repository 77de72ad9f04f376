//! The command line. Data goes to stdout, talk to stderr; only this room prints.
//!
//! [`args`] is what is typed, [`exit`] how the program ends, [`error`] why it ended otherwise than it was asked to:
//! carried here, and printed in one place. [`load`] reads a spec, [`prepare`] a spec or a saved plan; [`keep`] and
//! [`trust`] are the options about the store and about secrets; [`signals`] hears Ctrl-C. What is done on servers is
//! `edge/engine`'s; [`teller`] words what it tells. The commands are a file each.

mod addresses;
mod apply;
mod args;
mod error;
mod events;
pub mod exit;
mod history;
mod keep;
mod load;
mod output;
mod outputs;
mod plan;
mod prepare;
mod progress;
mod resume;
mod runtime;
mod sandbox;
mod sandbox_tables;
mod signals;
mod teller;
mod trust;

use clap::Parser as _;
use clap::error::ErrorKind;

pub use exit::Exit;

use args::{Cli, Command, HistoryCommand, SchemaArg};
use error::CliError;
use output::Output;

use crate::plan::file::PlanFile;
use crate::report::events::EventFile;
use crate::report::history::HistoryFile;
use crate::report::schema::schema;
use crate::report::validation::ValidationFile;

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
    let exit = run(cli.command, &output).unwrap_or_else(|error| {
        output.report(&error);
        error.exit
    });
    output.ended(exit)
}

fn run(command: Command, output: &Output) -> Result<Exit, CliError> {
    Ok(match command {
        Command::Validate { path, format } => load::validate(&path, format, output),
        Command::Plan(args) => plan::run(&args, output)?,
        Command::Apply(args) if args.resume => resume::run(&args, output)?,
        Command::Apply(args) => apply::run(&args, output)?,
        Command::History { limit, told, command } => match command {
            None => history::list(limit, &told, output)?,
            Some(HistoryCommand::Show { run, told }) => history::show(&run, &told, output)?,
        },
        Command::Sandbox { accounts, seed, state, listen, addr_file, switches, faults } => {
            let options =
                sandbox::SandboxOptions { accounts, seed, state, listen, addr_file, switches, faults };
            sandbox::run(&options, output)?
        }
        Command::Schema { of } => {
            output.data(&match of {
                SchemaArg::Spec => format!("{:#}\n", crate::spec::schema()),
                SchemaArg::Plan => schema::<PlanFile>(),
                SchemaArg::Events => schema::<EventFile>(),
                SchemaArg::Validation => schema::<ValidationFile>(),
                SchemaArg::History => schema::<HistoryFile>(),
            });
            Exit::Done
        }
    })
}
