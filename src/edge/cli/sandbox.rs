//! The command `sandbox`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::exit::Exit;
use super::output::Output;
use crate::edge::sandbox::{
    FAULT_FORM, FAULTS, Fault, KeepError, Keeper, NOT_OFFERED, SWITCHES, Seed, ServeError, ServeOptions,
    Setting, World, open, serve,
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
pub fn run(options: &SandboxOptions, output: &Output) -> Exit {
    if options.switches.iter().chain(&options.faults).any(|text| text == "list") {
        output.data(&tables());
        return Exit::Done;
    }
    let settings: Result<Vec<Setting>, _> =
        options.switches.iter().map(|text| Setting::parse(text)).collect();
    let faults: Result<Vec<Fault>, _> = options.faults.iter().map(|text| Fault::parse(text)).collect();
    let (settings, faults) = match (settings, faults) {
        (Ok(settings), Ok(faults)) => (settings, faults),
        (Err(error), _) => return usage(&error.to_string(), "--switch list shows all there is", output),
        (_, Err(error)) => return usage(&error.to_string(), "--fault list shows all there is", output),
    };
    if let Some(file) = &options.addr_file
        && let Err(problem) = saved::may_replace(file, "address of a sandbox", is_address)
    {
        let next = "name a file that does not exist yet, or one that a sandbox wrote";
        return usage(&format!("--addr-file {}: {problem}", file.display()), next, output);
    }
    if !options.listen.ip().is_loopback() {
        output.say("warning: the sandbox is open to other machines; its password is public");
    }
    let runtime = match super::runtime::room_for_files().and_then(|()| tokio::runtime::Runtime::new()) {
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
            Some(path) => match opened(path, options, seed, output).await {
                Ok((world, keeper)) => kept(path, behaving(world), keeper, options, output).await,
                Err(exit) => exit,
            },
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
) -> Exit {
    let serving = ServeOptions { listen: options.listen, addr_file: options.addr_file.clone() };
    let ready = |address: SocketAddr| {
        output.lay(&format!(
            "icewarden sandbox: a simulated server, not IceWarp. http://{address}/icewarpapi/\n  log in as \
             admin@example.com, password `sandbox` · its state: http://{address}/sandbox/state · Ctrl-C ends it"
        ));
    };
    match serve(world, serving, ready, stop).await {
        Ok(()) => Exit::Done,
        Err(error) => {
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
                ServeError::Serve(error) => {
                    (format!("the sandbox could not go on: {error}"), "start it again")
                }
            };
            output.error(&message, Some(next));
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

fn usage(problem: &str, next: &str, output: &Output) -> Exit {
    output.error(problem, Some(next));
    Exit::Usage
}

/// The switches and the faults there are, in 80 columns.
pub fn tables() -> String {
    let mut out = "Switches (the first position of each is what a server does anyway):\n".to_owned();
    for row in SWITCHES {
        out.push_str(&entry("  ", 6, row.id, row.asks));
        for position in row.positions {
            out.push_str(&entry("        ", 17, position.name, position.meaning));
        }
    }
    out.push_str("No switches:\n");
    for (id, why) in NOT_OFFERED {
        out.push_str(&entry("  ", 6, id, why));
    }
    out.push_str("Faults:\n");
    for (kind, meaning) in FAULTS {
        out.push_str(&entry("  ", 15, kind, meaning));
    }
    out + &entry("", 9, "The form:", FAULT_FORM)
}

/// A name and a text beside it, wrapped where 80 columns end.
fn entry(indent: &str, width: usize, name: &str, text: &str) -> String {
    let mut lines = vec![format!("{indent}{name:width$}")];
    let margin = indent.len() + width;
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= 80 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("{}{word}", " ".repeat(margin + 1))),
        }
    }
    lines.join("\n") + "\n"
}
