//! The command `sandbox`.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::exit::Exit;
use super::output::Output;
use crate::edge::sandbox::{Seed, ServeOptions, World, serve};

pub struct SandboxOptions {
    pub accounts: u32,
    pub seed: u64,
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
    let world = World::seeded(&Seed { accounts: options.accounts, seed: options.seed });
    let serving = ServeOptions { listen: options.listen, addr_file: options.addr_file.clone() };
    let ready = |address: SocketAddr| {
        output.say(&format!(
            "icewarden sandbox: a simulated server, not IceWarp. http://{address}/icewarpapi/\n  log in as \
             admin@example.com, password `sandbox` · its state: http://{address}/sandbox/state · Ctrl-C ends it"
        ));
    };
    match runtime.block_on(serve(world, serving, ready, super::signals::signal())) {
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
