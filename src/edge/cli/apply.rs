//! The command `apply`: performs a plan, reads everything back, and says exactly what was done.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::Path;

use super::args::{AllowArgs, ShowArgs};
use super::exit::Exit;
use super::load::Loaded;
use super::output::Output;
use super::plan::{plan_of, say_spec_findings, say_stats};
use super::session::{self, Failure, Read};
use super::stale::{self, Approved};
use crate::edge::drive::drive;
use crate::flow::{Halt, Run};
use crate::plan::file::PlanFile;
use crate::plan::{Allow, HoldKind, Plan};
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

impl Applying<'_> {
    async fn run(&self) -> Exit {
        let say = |text: &str| self.output.say(text);
        let read = match session::read(self.server, self.allows, &say).await {
            Ok(read) => read,
            Err(failure) => return self.failed(&failure),
        };
        let exit = match plan_of(self.server, &read, self.allows) {
            Ok(plan) => self.perform(&plan, &read).await,
            Err(failure) => {
                let text = findings::text(
                    &failure.findings,
                    &self.loaded.sources,
                    self.output.stderr,
                    self.output.width,
                );
                self.output.say(text.trim_end());
                failure.exit
            }
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

    async fn perform(&self, plan: &Plan<'_>, read: &Read) -> Exit {
        let mut file = view::server(plan);
        file.accounts.addresses = view::addresses(plan);
        if let Some(approved) = self.approved {
            match stale::compare(approved, &file) {
                Approved::Same { news } => news.iter().for_each(|line| self.output.say(line)),
                Approved::SeatsGone(message) => {
                    self.output.error(&message, Some("plan again and look at the seats"));
                    return Exit::Blocked;
                }
                Approved::Stale(message) => {
                    self.output.error(&message, Some("plan again, and have the new plan reviewed"));
                    return Exit::Stale;
                }
            }
        }
        let shown = PlanFile { servers: vec![file], ..stale::empty_file() };
        self.output.data(&text::plan(&shown, self.output.layout(self.options.show.full)));
        if let Some(exit) = held(plan) {
            self.output.say("nothing was changed.");
            return exit;
        }
        if !plan.has_steps() {
            return if plan.is_blocked() { Exit::Blocked } else { Exit::Done };
        }
        if !self.options.auto_approve && !self.asked(plan) {
            self.output.say("not confirmed; nothing was changed.");
            return Exit::Failed;
        }
        let colour = self.output.stderr;
        let mut seen = |event: &crate::flow::Event| {
            self.output.say(&report::line(plan, event.step, &event.state, colour));
        };
        let run = drive(plan, &read.client, &read.secrets, &mut seen, super::interrupted()).await;
        self.output.data(&report::summary(plan, &run, self.output.stdout));
        exit_of(plan, &run)
    }

    /// Asks on the terminal; only `yes` is yes.
    fn asked(&self, plan: &Plan<'_>) -> bool {
        self.output.say(&format!(
            "Perform these {} steps on {}? Only `yes` does it.",
            plan.steps.len(),
            self.server.name
        ));
        let mut answer = String::new();
        let read = std::io::stdin().lock().read_line(&mut answer);
        read.is_ok() && answer.trim() == "yes"
    }
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
