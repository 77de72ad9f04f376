//! The command `sandbox`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::error::CliError;
use super::exit::Exit;
use super::output::Output;
use super::sandbox_tables::tables;
use crate::edge::sandbox::{
    Fault, KeepError, Keeper, Seed, ServeError, ServeOptions, Setting, World, open, serve,
};
use crate::edge::saved;

/// What a new server has unless the command line says otherwise.
const ACCOUNTS: u32 = 300;
const SEED: u64 = 1;

/// What `sandbox` was told on the command line, before any of it was looked at.
pub struct SandboxOptions {
    /// `None`: not given. A server that exists already has its own.
    pub accounts: Option<u32>,
    pub seed: Option<u64>,
    /// Where the state is kept; in memory otherwise.
    pub state: Option<PathBuf>,
    pub listen: SocketAddr,
    pub addr_file: Option<PathBuf>,
    pub switches: Vec<String>,
    pub faults: Vec<String>,
}

/// Serves until it is told to stop. It says that it is a sandbox, and what to do with it.
///
/// # Errors
/// It cannot be started, or could not go on.
pub fn run(options: &SandboxOptions, output: &Output) -> Result<Exit, CliError> {
    if options.switches.iter().chain(&options.faults).any(|text| text == "list") {
        output.data(&tables());
        return Ok(Exit::Done);
    }
    let settings: Result<Vec<Setting>, _> =
        options.switches.iter().map(|text| Setting::parse(text)).collect();
    let faults: Result<Vec<Fault>, _> = options.faults.iter().map(|text| Fault::parse(text)).collect();
    let (settings, faults) = match (settings, faults) {
        (Ok(settings), Ok(faults)) => (settings, faults),
        (Err(error), _) => {
            return Err(CliError::usage(error.to_string(), "--switch list shows all there is"));
        }
        (_, Err(error)) => return Err(CliError::usage(error.to_string(), "--fault list shows all there is")),
    };
    if let Some(file) = &options.addr_file
        && let Err(problem) = saved::may_replace(file, "address of a sandbox", is_address)
    {
        let next = "name a file that does not exist yet, or one that a sandbox wrote";
        return Err(CliError::at(Exit::Usage, "--addr-file", file, &problem).next(next));
    }
    if !options.listen.ip().is_loopback() {
        output.say("warning: the sandbox is open to other machines; its password is public");
    }
    let runtime = super::runtime::room_for_files().and_then(|()| tokio::runtime::Runtime::new());
    let runtime = runtime.map_err(|error| {
        CliError::new(Exit::Failed, format!("the sandbox could not start: {error}"))
            .next("allow it more open files (`ulimit -n`), then start it again")
    })?;
    let seed = || {
        let accounts = options.accounts.unwrap_or(ACCOUNTS);
        World::seeded(&Seed { accounts, seed: options.seed.unwrap_or(SEED) })
    };
    // How it behaves is no part of the state that a file keeps.
    let behaving = |mut world: World| {
        settings.iter().for_each(|setting| world.set_switch(*setting));
        faults.iter().for_each(|fault| world.add_fault(fault.clone()));
        world
    };
    runtime.block_on(async {
        super::signals::survive_full_files();
        match &options.state {
            None => served(behaving(seed()), options, output, super::signals::signal()).await,
            Some(path) => {
                let (world, keeper) = opened(path, options, seed, output).await?;
                kept(path, (behaving(world), keeper), options, output).await
            }
        }
    })
}

/// Whether a file holds what a sandbox before this one wrote.
fn is_address(text: &str) -> bool {
    text.starts_with("http://") && text.ends_with("/icewarpapi/\n") && text.lines().count() == 1
}

async fn served(
    world: World,
    options: &SandboxOptions,
    output: &Output,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<Exit, CliError> {
    let serving = ServeOptions { listen: options.listen, addr_file: options.addr_file.clone() };
    let ready = |address: SocketAddr| {
        output.lay(&format!(
            "icewarden sandbox: a simulated server, not IceWarp. http://{address}/icewarpapi/\n  log in as \
             admin@example.com, password `sandbox` · its state: http://{address}/sandbox/state · Ctrl-C ends it"
        ));
    };
    serve(world, serving, ready, stop).await.map(|()| Exit::Done).map_err(|error| {
        let file = options.addr_file.as_deref().unwrap_or(Path::new("")).display();
        let (message, next) = match error {
            ServeError::Listen(error) => (
                format!("the sandbox could not listen on {}: {error}", options.listen),
                "choose another address with --listen; port 0 takes any free port",
            ),
            ServeError::AddressFile(error) => (
                format!("the sandbox's address could not be written into {file}: {error}"),
                "choose another path for --addr-file, in a folder that exists",
            ),
            ServeError::Serve(error) => (format!("the sandbox could not go on: {error}"), "start it again"),
        };
        CliError::new(Exit::Failed, message).next(next)
    })
}

/// The world of a file. One that exists is not seeded again: what was asked for would not be what is served.
async fn opened(
    path: &Path,
    options: &SandboxOptions,
    seed: impl FnOnce() -> World,
    output: &Output,
) -> Result<(World, Keeper), CliError> {
    let shown = path.display();
    let opened = open(path, seed).await.map_err(|error| {
        let exit = if matches!(error, KeepError::Taken) { Exit::Locked } else { Exit::Failed };
        CliError::new(exit, format!("the state {shown} is not used: {}", told(&error))).next(remedy(&error))
    })?;
    if !opened.new && (options.accounts.is_some() || options.seed.is_some()) {
        return Err(CliError::usage(
            format!("{shown} holds a server already; --accounts and --seed are for a new one"),
            "leave them out to take it up as it was left, or name another file",
        ));
    }
    output.say(&format!("the state is {} {shown}", if opened.new { "new, in" } else { "that of" }));
    Ok((opened.world, opened.keeper))
}

async fn kept(
    path: &Path,
    (world, keeper): (World, Keeper),
    options: &SandboxOptions,
    output: &Output,
) -> Result<Exit, CliError> {
    let (failed, failure) = tokio::sync::oneshot::channel();
    let keeping = tokio::spawn(keeper.run(failed));
    let stop = async {
        tokio::select! {
            () = super::signals::signal() => {}
            // Without a failure the other side ends with the world, which lives as long as this.
            Ok(()) = failure => {}
        }
    };
    let exit = served(world, options, output, stop).await;
    let error = match keeping.await {
        Ok(Ok(())) => return exit,
        Ok(Err(error)) => told(&error),
        Err(error) => error.to_string(),
    };
    let message = format!("the state {} could not be stored: {error}", path.display());
    Err(CliError::new(Exit::Failed, message)
        .next("make room or mend the disk, then start again: everything that was answered is in the file"))
}

/// The error with what is behind it.
fn told(error: &KeepError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

fn remedy(error: &KeepError) -> &'static str {
    match error {
        KeepError::Foreign => "name a file that does not exist yet; this one was left as it is",
        KeepError::Newer { .. } => {
            "use the icewarden that wrote it, or name another file; this one was left as it is"
        }
        KeepError::Taken => "end the other sandbox, or name another file",
        KeepError::Unknown(_) => "use the icewarden that wrote it, or name another file",
        KeepError::Io(_) | KeepError::Sql(_) => "look at the file and its folder, or name another file",
    }
}
