//! The command `apply`: performs a plan, reads everything back, and says exactly what was done.

use std::cell::Cell;
use std::io::{BufRead as _, IsTerminal as _};
use std::path::Path;

use tokio::sync::oneshot;

use super::args::{AllowArgs, ShowArgs};
use super::exit::Exit;
use super::load::Loaded;
use super::output::Output;
use super::plan::{plan_of, say_spec_findings, say_stats};
use super::session::{self, Failure, Read};
use super::stale::{self, Approved};
use crate::edge::drive::drive;
use crate::flow::{Halt, Run};
use crate::plan::file::{PlanFile, ServerFile};
use crate::plan::{Allow, HoldKind, Plan};
use crate::report::groups::Detail;
use crate::report::{findings, run as report, text, view};
use crate::spec::meaning::ServerSpec;

pub struct ApplyOptions {
    pub auto_approve: bool,
    pub show: ShowArgs,
}

/// The command.
pub fn run(path: &Path, options: &ApplyOptions, allow: &AllowArgs, output: &Output) -> Exit {
    if !options.auto_approve && !std::io::stdin().is_terminal() {
        output.error(
            "there is no terminal to ask on",
            Some("review the plan, then add --auto-approve; or apply a plan saved by `plan --out`, also with it"),
        );
        return Exit::Usage;
    }
    let allows = match allow.meant() {
        Ok(allows) => allows,
        Err(problem) => {
            output.error(&problem, None);
            return Exit::Usage;
        }
    };
    let prepared = match stale::open(path, allows, output) {
        Ok(prepared) => prepared,
        Err(exit) => return exit,
    };
    say_spec_findings(&prepared.loaded, output);
    let runtime = match super::session_runtime() {
        Ok(runtime) => runtime,
        Err(exit) => return exit,
    };
    let exits = runtime.block_on(async {
        let mut exits = Vec::new();
        for server in &prepared.loaded.spec.servers {
            let applying = Applying {
                server,
                allows: &prepared.allows,
                approved: prepared.saved.as_ref(),
                loaded: &prepared.loaded,
                options,
                output,
            };
            exits.push(applying.run().await);
        }
        exits
    });
    Exit::of_all(&exits)
}

/// One server while its plan is performed.
struct Applying<'a> {
    server: &'a ServerSpec,
    allows: &'a [Allow],
    approved: Option<&'a PlanFile>,
    loaded: &'a Loaded,
    options: &'a ApplyOptions,
    output: &'a Output,
}

/// What showing a plan ended in.
enum Shown {
    Ended(Exit),
    /// A person is to be asked.
    Ask(Box<PlanFile>),
}

impl Applying<'_> {
    async fn run(&self) -> Exit {
        let mut read = match session::read(self.server, self.allows, self.output).await {
            Ok(read) => read,
            Err(failure) => return self.failed(&failure),
        };
        let exit = match self.show(&read).await {
            Shown::Ended(exit) => exit,
            Shown::Ask(shown) => self.ask(&shown, &mut read).await,
        };
        let calls = session::close(read.client).await;
        if self.options.show.stats {
            say_stats(&self.server.name, &calls, self.output);
        }
        exit
    }

    fn failed(&self, failure: &Failure) -> Exit {
        let message = format!("{}: {}; nothing was changed", self.server.name, failure.message);
        self.output.error(&message, failure.remedy.as_deref());
        failure.exit
    }

    fn planned<'r>(&'r self, read: &'r Read) -> Result<Plan<'r>, Exit> {
        plan_of(self.server, read, self.allows).map_err(|failure| {
            let output = self.output;
            let text = findings::text(&failure.findings, &self.loaded.sources, output.stderr, output.width);
            output.say(text.trim_end());
            failure.exit
        })
    }

    /// Plans and shows; performs at once where nobody is to be asked.
    async fn show(&self, read: &Read) -> Shown {
        let plan = match self.planned(read) {
            Ok(plan) => plan,
            Err(exit) => return Shown::Ended(exit),
        };
        let file = in_words(&plan);
        if let Some(approved) = self.approved
            && let Err(exit) = self.same(approved, &file)
        {
            return Shown::Ended(exit);
        }
        let shown = PlanFile { servers: vec![file], ..stale::empty_file() };
        self.output.data(&text::plan(&shown, self.output.layout(self.options.show.full)));
        if let Some(exit) = self.ends(&plan) {
            return Shown::Ended(exit);
        }
        if self.options.auto_approve {
            return Shown::Ended(self.perform(&plan, read).await);
        }
        Shown::Ask(Box::new(shown))
    }

    /// Asks, and performs what was shown if it is still the same: a person may take an hour to answer.
    async fn ask(&self, shown: &PlanFile, read: &mut Read) -> Exit {
        // No session stays open meanwhile, so there is none to lose and none to end at Ctrl-C.
        session::log_out(&read.client).await;
        let steps = shown.servers.iter().map(|server| server.steps.len()).sum();
        if !self.asked(steps).await {
            self.output.say("not confirmed; nothing was changed.");
            return Exit::Failed;
        }
        if let Err(failure) = read.again(self.server, self.allows, self.output).await {
            return self.failed(&failure);
        }
        let plan = match self.planned(read) {
            Ok(plan) => plan,
            Err(exit) => return exit,
        };
        if let Err(exit) = self.same(shown, &in_words(&plan)) {
            return exit;
        }
        if let Some(exit) = held(&plan) {
            let why: Vec<&str> = plan.holds.iter().map(|hold| hold.message.as_str()).collect();
            let message = format!("{}: {}; nothing was changed", self.server.name, why.join("; "));
            self.output.error(&message, Some("plan again, and look at what holds the plan back"));
            return exit;
        }
        self.perform(&plan, read).await
    }

    /// Whether a plan does what was approved.
    fn same(&self, approved: &PlanFile, now: &ServerFile) -> Result<(), Exit> {
        match stale::compare(approved, now) {
            Approved::Same { news } => {
                news.iter().for_each(|line| self.output.say(line));
                Ok(())
            }
            Approved::SeatsGone(message) => {
                self.output.error(&message, Some("plan again and look at the seats"));
                Err(Exit::Blocked)
            }
            Approved::Stale(message) => {
                self.output.error(&message, Some("plan again, and have the new plan reviewed"));
                Err(Exit::Stale)
            }
        }
    }

    /// The exit where there is nothing to perform.
    fn ends(&self, plan: &Plan<'_>) -> Option<Exit> {
        if let Some(exit) = held(plan) {
            self.output.say("nothing was changed.");
            return Some(exit);
        }
        let exit = if plan.is_blocked() { Exit::Blocked } else { Exit::Done };
        (!plan.has_steps()).then_some(exit)
    }

    async fn perform(&self, plan: &Plan<'_>, read: &Read) -> Exit {
        let colour = self.output.stderr;
        let mut seen = |event: &crate::flow::Event| {
            self.output.say(&report::line(plan, event.step, &event.state, colour));
        };
        let first = Cell::new(true);
        let stop = async || {
            super::interrupted().await;
            self.output.say(if first.replace(false) {
                "interrupted: what is under way is brought to its end, and nothing more is started; \
                 once more ends at once"
            } else {
                "interrupted again: ending at once"
            });
        };
        let run = drive(plan, &read.client, &read.secrets, &mut seen, stop).await;
        self.output.data(&report::summary(plan, &run, self.output.stdout));
        exit_of(plan, &run)
    }

    /// Asks on the terminal; only `yes` is yes.
    async fn asked(&self, steps: usize) -> bool {
        self.output.say(&format!("Perform these {steps} steps on {}? Only `yes` does it.", self.server.name));
        // A thread of its own: reading cannot be given up, and the runtime would wait for one of its own threads.
        let (answered, answer) = oneshot::channel();
        std::thread::spawn(move || {
            let mut answer = String::new();
            let read = std::io::stdin().lock().read_line(&mut answer);
            let _ = answered.send(read.is_ok() && answer.trim() == "yes");
        });
        tokio::select! {
            biased;
            () = super::interrupted() => false,
            yes = answer => yes.unwrap_or(false),
        }
    }
}

/// A plan as it is shown and compared.
fn in_words(plan: &Plan<'_>) -> ServerFile {
    let mut file = view::server(plan, Detail::All);
    file.accounts.addresses = view::addresses(plan);
    file
}

/// The exit where nothing of a plan may be done.
fn held(plan: &Plan<'_>) -> Option<Exit> {
    let closed = plan.holds.iter().any(|hold| hold.kind == HoldKind::Standing);
    let blocked = !plan.holds.is_empty();
    if closed { Some(Exit::Closed) } else { blocked.then_some(Exit::Blocked) }
}

/// How a run ends the program.
fn exit_of(plan: &Plan<'_>, run: &Run<'_>) -> Exit {
    let counts = report::counts(run);
    let whole = counts.done == run.states().len();
    match (whole, counts.done > 0 || counts.doubtful > 0) {
        (true, _) if plan.is_blocked() => Exit::Blocked,
        (true, _) => Exit::Done,
        (false, _) if matches!(run.halted(), Some(Halt::Closed(_))) => Exit::Closed,
        (false, true) => Exit::Partial,
        (false, false) => Exit::Failed,
    }
}
