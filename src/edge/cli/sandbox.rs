//! The command `sandbox`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::exit::Exit;
use super::output::Output;
use crate::edge::sandbox::{KeepError, Keeper, Seed, ServeOptions, World, open, serve};

/// What a new server has unless the command line says otherwise.
const ACCOUNTS: u32 = 300;
const SEED: u64 = 1;

pub struct SandboxOptions {
    /// `None`: not given. A server that exists already has its own.
    pub accounts: Option<u32>,
    pub seed: Option<u64>,
    /// Where the state is kept; in memory otherwise.
    pub state: Option<PathBuf>,
    pub listen: SocketAddr,
    pub addr_file: Option<PathBuf>,
}

/// Serves until it is told to stop. It says that it is a sandbox, and what to do with it.
pub fn run(options: &SandboxOptions, output: &Output) -> Exit {
    if !options.listen.ip().is_loopback() {
        output.say("warning: the sandbox is open to other machines; its password is public");
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            output.error(&format!("the sandbox could not start: {error}"), None);
            return Exit::Failed;
        }
    };
    let seed = || {
        let accounts = options.accounts.unwrap_or(ACCOUNTS);
        World::seeded(&Seed { accounts, seed: options.seed.unwrap_or(SEED) })
    };
    runtime.block_on(async {
        match &options.state {
            None => served(seed(), options, output, super::signals::signal()).await,
            Some(path) => match opened(path, options, seed, output).await {
                Ok((world, keeper)) => kept(path, world, keeper, options, output).await,
                Err(exit) => exit,
            },
        }
    })
}

async fn served(
    world: World,
    options: &SandboxOptions,
    output: &Output,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Exit {
    let serving = ServeOptions { listen: options.listen, addr_file: options.addr_file.clone() };
    let ready = |address: SocketAddr| {
        output.say(&format!(
            "icewarden sandbox: a simulated server, not IceWarp. http://{address}/icewarpapi/\n  log in as \
             admin@example.com, password `sandbox` · its state: http://{address}/sandbox/state · Ctrl-C ends it"
        ));
    };
    match serve(world, serving, ready, stop).await {
        Ok(()) => Exit::Done,
        Err(error) => {
            output.error(
                &format!("the sandbox could not listen on {}: {error}", options.listen),
                Some("choose another address with --listen; port 0 takes any free port"),
            );
            Exit::Failed
        }
    }
}

/// The world of a file. One that exists is not seeded again: what was asked for would not be what is served.
async fn opened(
    path: &Path,
    options: &SandboxOptions,
    seed: impl FnOnce() -> World,
    output: &Output,
) -> Result<(World, Keeper), Exit> {
    let shown = path.display();
    let opened = open(path, seed).await.map_err(|error| {
        output.error(&format!("the state {shown} is not used: {}", told(&error)), Some(remedy(&error)));
        if matches!(error, KeepError::Taken) { Exit::Locked } else { Exit::Failed }
    })?;
    if !opened.new && (options.accounts.is_some() || options.seed.is_some()) {
        output.error(
            &format!("{shown} holds a server already; --accounts and --seed are for a new one"),
            Some("leave them out to take it up as it was left, or name another file"),
        );
        return Err(Exit::Usage);
    }
    output.say(&format!("the state is {} {shown}", if opened.new { "new, in" } else { "that of" }));
    Ok((opened.world, opened.keeper))
}

async fn kept(path: &Path, world: World, keeper: Keeper, options: &SandboxOptions, output: &Output) -> Exit {
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
    output.error(
        &format!("the state {} could not be stored: {error}", path.display()),
        Some("make room or mend the disk, then start again: everything that was answered is in the file"),
    );
    Exit::Failed
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
