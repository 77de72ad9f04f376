//! The command `sandbox`.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::exit::Exit;
use super::output::Output;
use crate::edge::sandbox::{
    FAULT_FORM, FAULTS, Fault, NOT_OFFERED, SWITCHES, Seed, ServeOptions, Setting, World, serve,
};

pub struct SandboxOptions {
    pub accounts: u32,
    pub seed: u64,
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
    let mut world = World::seeded(&Seed { accounts: options.accounts, seed: options.seed });
    settings.into_iter().for_each(|setting| world.set_switch(setting));
    faults.into_iter().for_each(|fault| world.add_fault(fault));
    let serving = ServeOptions { listen: options.listen, addr_file: options.addr_file.clone() };
    let ready = |address: SocketAddr| {
        output.say(&format!(
            "icewarden sandbox: a simulated server, not IceWarp. http://{address}/icewarpapi/\n  log in as \
             admin@example.com, password `sandbox` · its state: http://{address}/sandbox/state · Ctrl-C ends it"
        ));
    };
    match runtime.block_on(serve(world, serving, ready, super::signal())) {
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
