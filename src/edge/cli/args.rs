//! The command line as it is typed, and what it means.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::addresses::AddressesArg;
use super::exit::HELP;
use crate::diff::{Narrowing, Strictness};
use crate::model::{Allowed, Guardrail, Pattern};
use crate::plan::Allow;
use crate::spec::meaning::ServerSpec;

/// Keeps IceWarp mail servers as declared, and shows what a change does to the licence's seats first.
#[derive(Debug, Parser)]
#[command(name = "icewarden", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = HELP)]
pub struct Cli {
    /// When to colour the output; NO_COLOR is heeded.
    #[arg(long, global = true, value_enum, default_value_t = ColourArg::Auto, value_name = "WHEN")]
    pub color: ColourArg,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColourArg {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check a spec without asking any server.
    Validate {
        /// A folder of YAML files, or one file.
        path: PathBuf,
        /// For people, or for other programs.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Show what would change, and what it does to the seats. Only reads.
    Plan(PlanArgs),
    /// Perform a plan: a saved one, or one made afresh from a folder.
    Apply(ApplyArgs),
    /// List the runs so far, the newest first; `history show RUN` tells all of one.
    #[command(args_conflicts_with_subcommands = true)]
    History {
        /// How many runs to list.
        #[arg(long, default_value_t = 20, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        #[command(flatten)]
        told: HistoryArgs,
        #[command(subcommand)]
        command: Option<HistoryCommand>,
    },
    /// Run a simulated IceWarp server, in memory or with its state in a file.
    #[command(after_long_help = super::sandbox_tables::tables())]
    Sandbox {
        /// How many user accounts a new server has [default: 300].
        #[arg(long, value_parser = clap::value_parser!(u32).range(..=2_000_000))]
        accounts: Option<u32>,
        /// The same seed gives the same new server [default: 1].
        #[arg(long)]
        seed: Option<u64>,
        /// Keep the state in this file. One that exists is taken up as it was left.
        #[arg(long, value_name = "FILE")]
        state: Option<PathBuf>,
        /// Where to listen; port 0 takes any free port.
        #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDR:PORT")]
        listen: SocketAddr,
        /// Write the server's URL into this file once it answers.
        #[arg(long, value_name = "FILE")]
        addr_file: Option<PathBuf>,
        /// What the server does where nobody knows what the real one does, such as U-15=two-reads; `list` shows
        /// all there is. May be given several times.
        #[arg(long = "switch", value_name = "U-n=POSITION")]
        switches: Vec<String>,
        /// What goes wrong on purpose, such as cut-unanswered@setaccountproperties:3; `list` shows all there is.
        /// May be given several times.
        #[arg(long = "fault", value_name = "KIND[@[COMMAND][:N[+]]]")]
        faults: Vec<String>,
    },
    /// Print the JSON Schema of the spec (for editors), or of what other programs read: a plan, the events of a run,
    /// what `validate` or `history` tells.
    Schema {
        #[arg(value_enum, default_value_t = SchemaArg::Spec)]
        of: SchemaArg,
    },
}

#[derive(Debug, Args)]
pub struct PlanArgs {
    /// A folder of YAML files, or one file.
    pub path: PathBuf,
    /// Save the plan, so that `apply FILE` does exactly this.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Append what came of it to FILE, as lines NAME=VALUE: changes, blocked, effects-digest.
    #[arg(long, value_name = "FILE")]
    pub outputs: Option<PathBuf>,
    /// For people, for other programs (schemas/plan.schema.json), or for a pull request.
    #[arg(long, value_enum, default_value_t = PlanFormat::Text)]
    pub format: PlanFormat,
    /// Exit with 2 where there are changes and nothing is blocked.
    #[arg(long)]
    pub detailed_exitcode: bool,
    #[command(flatten)]
    pub store: StoreArgs,
    #[command(flatten)]
    pub allow: AllowArgs,
    #[command(flatten)]
    pub narrow: NarrowArgs,
    #[command(flatten)]
    pub trust: TrustArgs,
    #[command(flatten)]
    pub show: ShowArgs,
}

#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// A folder of YAML files, one such file, or a plan saved by `plan --out`. With --resume it may be left out:
    /// then the spec is the one that the run was begun with.
    #[arg(required_unless_present = "resume")]
    pub path: Option<PathBuf>,
    /// Do not ask. Without a terminal this is required.
    #[arg(long)]
    pub auto_approve: bool,
    /// Perform only a plan with this effects digest, 64 hexadecimal digits: of the one server, or SERVER=DIGEST
    /// for each, with commas between.
    #[arg(long, value_name = "DIGEST", value_delimiter = ',')]
    pub effects: Vec<String>,
    /// Go on with the run that was cut off or ended in part, and with nothing else: what is in doubt is settled by
    /// reading, and a server that changed otherwise is refused.
    #[arg(long)]
    pub resume: bool,
    /// How long to wait while another run holds a server's lock: 30s, 5m, 1h.
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = super::keep::duration)]
    pub lock_timeout: Duration,
    #[command(flatten)]
    pub store: StoreArgs,
    /// Write what happens as one JSON object a line (schemas/events.schema.json); `-` is standard output, and
    /// then the words for people go to standard error.
    #[arg(long, value_name = "FILE")]
    pub events: Option<PathBuf>,
    #[command(flatten)]
    pub allow: AllowArgs,
    #[command(flatten)]
    pub narrow: NarrowArgs,
    #[command(flatten)]
    pub trust: TrustArgs,
    #[command(flatten)]
    pub show: ShowArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaArg {
    Spec,
    Plan,
    Events,
    Validation,
    History,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub enum HistoryCommand {
    /// Tell all of one run: who, when, why, and what came of each step.
    Show {
        /// The number of the run.
        run: String,
        #[command(flatten)]
        told: HistoryArgs,
    },
}

#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// For people, or for other programs.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    #[command(flatten)]
    pub store: StoreArgs,
}

#[derive(Debug, Args)]
pub struct StoreArgs {
    /// Where runs are written down. Else the variable ICEWARDEN_STORE, else this user's own state folder.
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    Text,
    Json,
    /// Never longer than a comment on GitHub may be.
    Markdown,
}

#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Show every change, however many there are.
    #[arg(long)]
    pub full: bool,
    /// Show how many calls were made, by phase.
    #[arg(long)]
    pub stats: bool,
    /// How addresses are shown, for outputs that others can read. `hash` takes its key from ICEWARDEN_ADDRESS_KEY,
    /// since a hash without a key can be guessed. A plan saved by --out holds them in full.
    #[arg(long, value_enum, default_value_t = AddressesArg::Full, value_name = "HOW")]
    pub addresses: AddressesArg,
}

#[derive(Debug, Args)]
pub struct AllowArgs {
    /// Override one guardrail, as the plan names it: disable=im:30, mail=groupware:2, protect=ADDRESS,
    /// backup=SETTING, shrink=POLICY:N (to N accounts at least), keep-free=MODULE. May be given several times.
    #[arg(long = "allow", value_name = "NAME=VALUE", requires = "reason")]
    pub allow: Vec<String>,
    /// Why the guardrails are overridden; it is recorded in the plan.
    #[arg(long, value_name = "TEXT", requires = "allow")]
    pub reason: Option<String>,
}

#[derive(Debug, Args)]
pub struct TrustArgs {
    /// Take connections and secrets from the spec in DIR, and refuse a server for which the other says anything
    /// else. For a pull request, DIR is what its base branch holds.
    #[arg(long, value_name = "DIR")]
    pub trusted: Option<PathBuf>,
    /// Run the commands that a spec names for its secrets (`exec`). They are refused with --trusted, and where
    /// ICEWARDEN_ALLOW_EXEC is 0; setting that to 1 allows them too.
    #[arg(long)]
    pub allow_exec: bool,
}

#[derive(Debug, Default, Args)]
pub struct NarrowArgs {
    /// Plan only the changes whose address matches: a glob such as 'eu/*@example.com/activesync' or 'eu/backup/*'.
    /// May be given several times.
    #[arg(long, value_name = "GLOB")]
    pub target: Vec<String>,
    /// Leave out the changes whose address matches; it beats --target. May be given several times.
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
}

impl NarrowArgs {
    /// The addresses that are meant on these servers.
    ///
    /// # Errors
    /// What is wrong with one of the patterns, and how it should look.
    pub fn meant(&self, servers: &[ServerSpec]) -> Result<Narrowing, String> {
        let read = |option: &str, texts: &[String]| -> Result<Vec<Pattern>, String> {
            let pattern = |text: &String| {
                if text.trim().is_empty() {
                    return Err(format!("{option}: the pattern is empty"));
                }
                Pattern::parse(text).map_err(|problem| format!("{option} {text}: this is no glob: {problem}"))
            };
            texts.iter().map(pattern).collect()
        };
        let narrowing = Narrowing {
            targets: read("--target", &self.target)?,
            excludes: read("--exclude", &self.exclude)?,
            strictness: if servers.len() > 1 { Strictness::Named } else { Strictness::Server },
        };
        let names: Vec<&str> = servers.iter().map(|server| server.name.as_str()).collect();
        narrowing.check_servers(&names)?;
        Ok(narrowing)
    }
}

/// The next act where an override is not understood.
pub const ALLOW_HELP: &str =
    "run without it: the plan names the override that it needs, as it has to be typed";

/// The next act where a narrowing is not understood.
pub const NARROW_HELP: &str = "run `icewarden plan` without it: it shows the addresses that there are";

impl AllowArgs {
    /// The overrides that are meant.
    ///
    /// # Errors
    /// What is wrong with one of them, and how it should look.
    pub fn meant(&self) -> Result<Vec<Allow>, String> {
        let reason = self.reason.as_deref().unwrap_or_default().trim();
        if !self.allow.is_empty() && reason.is_empty() {
            return Err("--reason is empty: say why the guardrail is overridden".into());
        }
        self.allow.iter().map(|text| allow(text, reason)).collect()
    }
}

fn allow(text: &str, reason: &str) -> Result<Allow, String> {
    let Some((name, value)) = text.split_once('=') else {
        return Err(format!("--allow {text}: write NAME=VALUE, such as disable=im:30"));
    };
    let Some(guardrail) = Guardrail::parse(name) else {
        let names: Vec<&str> = Guardrail::ALL.iter().map(|guardrail| guardrail.name()).collect();
        return Err(format!(
            "--allow {text}: there is no guardrail `{name}`; there are {}",
            names.join(", ")
        ));
    };
    match Allowed::parse(guardrail, value) {
        Ok(allowed) => Ok(Allow { allowed, reason: reason.to_owned() }),
        Err(problem) => Err(format!("--allow {text}: {problem}")),
    }
}
