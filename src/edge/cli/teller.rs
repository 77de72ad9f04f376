//! What the engine tells of one server, in words on the terminal and as lines of events.

use std::sync::{Mutex, PoisonError};

use super::addresses::Addresses;
use super::args::ShowArgs;
use super::events::Events;
use super::exit::Exit;
use super::output::Output;
use super::progress::Meter;
use crate::edge::engine::{NotShown, Tell, Told};
use crate::edge::lock::Holder;
use crate::edge::store::RunRow;
use crate::flow::{Event, Run, StepState};
use crate::model::{Directory, StepIndex};
use crate::plan::Plan;
use crate::plan::file::PlanFile;
use crate::report::approval::{self, STALE_NEXT};
use crate::report::events::{self, WhatFile};
use crate::report::groups::Detail;
use crate::report::remedy::text as words;
use crate::report::run::{SummaryLayout, Telling, summary};
use crate::report::time::minute;
use crate::report::{text, view};
use crate::spec::meaning::ServerSpec;

/// Tells of one server.
pub struct Teller<'a> {
    output: &'a Output,
    events: &'a Events,
    show: &'a ShowArgs,
    meter: Mutex<Option<Meter<'a>>>,
    server: &'a ServerSpec,
    run: Mutex<Running>,
}

/// What was told of a run so far.
struct Running {
    telling: Telling,
    ended: u64,
}

impl<'a> Teller<'a> {
    /// Tells of a server to these outputs.
    pub fn new(
        server: &'a ServerSpec,
        output: &'a Output,
        events: &'a Events,
        show: &'a ShowArgs,
    ) -> Teller<'a> {
        let telling = Telling::new(output.stderr, output.width);
        let run = Mutex::new(Running { telling, ended: 0 });
        Teller { output, events, show, meter: Mutex::default(), server, run }
    }

    /// The last line of events of a server whose run never began.
    pub fn not_begun(&self, exit: Exit, message: String, remedy: Option<String>) {
        self.event(None, events::not_begun(exit.code(), Some(message), remedy));
    }

    fn event(&self, directory: Option<&Directory>, what: WhatFile) {
        self.events.tell(self.output, &self.server.name, directory, what);
    }

    fn counts_only(&self) -> bool {
        matches!(self.output.addresses, Addresses::Count)
    }

    /// A text about a plan's server, with addresses as they are to be shown.
    fn veiled(&self, plan: &Plan<'_>, text: &str) -> String {
        self.output.addresses.text(Some(&plan.observed.directory), text)
    }

    fn say(&self, text: &str) {
        self.output.say(&format!("{}: {text}", self.server.name));
    }

    /// A step that was tried: its line, and the meter.
    fn step(&self, plan: &Plan<'_>, step: StepIndex, state: &StepState) {
        let mut run = self.run.lock().unwrap_or_else(PoisonError::into_inner);
        run.ended += 1;
        if !self.counts_only()
            && let Some(line) = run.telling.line(plan, step, state)
        {
            self.output.lay(&self.veiled(plan, &line));
        }
        self.metered(|meter| meter.steps(run.ended, plan.steps.len() as u64));
    }

    fn metered(&self, told: impl FnOnce(&Meter<'_>)) {
        let mut meter = self.meter.lock().unwrap_or_else(PoisonError::into_inner);
        told(meter.get_or_insert_with(|| Meter::new(self.output, &self.server.name)));
    }

    fn unmeter(&self) {
        self.meter.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn run_event(&self, plan: &Plan<'_>, event: &Event<'_>) {
        match event {
            Event::Started => self.output.performs(),
            Event::Step { step, state } => {
                if !matches!(state, StepState::Stopped(_)) {
                    self.step(plan, *step, state);
                }
            }
            // The summary at the end says them.
            Event::Seats(_) | Event::Halted(_) | Event::Ended(_) => {}
        }
        let what = events::of(plan, event, |how| Exit::from(how).code());
        self.event(Some(&plan.observed.directory), what);
    }

    fn performed(&self, plan: &Plan<'_>, run: &Run<'_>) {
        self.unmeter();
        let layout = SummaryLayout { layout: self.output.layout(self.show.full), named: !self.counts_only() };
        self.output.data(&self.veiled(plan, &summary(plan, run, layout)));
    }

    fn held_back(&self, plan: &Plan<'_>) {
        let why: Vec<&str> = plan.holds.iter().map(|hold| hold.message.as_str()).collect();
        let message = format!("{}: {}; nothing was changed", self.server.name, why.join("; "));
        self.output
            .error(&self.veiled(plan, &message), Some("plan again, and look at what holds the plan back"));
    }
}

impl Tell for Teller<'_> {
    fn tell(&self, server: &ServerSpec, told: Told<'_>) {
        let name = &server.name;
        match told {
            Told::Waiting(holder) => self.say(&format!("waiting for {holder}")),
            Told::Unfinished { run, holder } => {
                self.output.say(&format!("note: {name}: {}", state_of(run, holder)));
            }
            Told::Warning(warning) => self.output.say(&format!("warning: {name}: {warning}")),
            Told::LoggedIn(caller) if self.show.stats => self.say(&format!("logged in as {caller}")),
            Told::LoggedIn(_) => {}
            Told::Reading(progress) => self.metered(|meter| meter.read(progress)),
            Told::Read => self.unmeter(),
            Told::GoesOn { run, begun, on, plan } => {
                for line in approval::goes_on(name, run, &minute(begun), on) {
                    self.output.lay(&self.veiled(plan, &line));
                }
            }
            Told::CannotGoOn { run, refusal, plan } => {
                let next = "plan again, and have the new plan reviewed; it takes the run's place";
                let message = self.veiled(plan, &approval::refusal(name, run, refusal));
                self.output.error_lines(&message, Some(next));
            }
            Told::News { news, plan } => {
                for line in approval::news(news) {
                    self.output.say(&self.veiled(plan, &line));
                }
            }
            Told::Stale { stale, plan } => {
                let message = self.veiled(plan, &approval::stale(name, stale));
                self.output.error_lines(&message, Some(STALE_NEXT));
            }
            Told::SeatsGone => {
                self.output.error(&approval::seats_gone(name), Some("plan again and look at the seats"));
            }
            Told::HeldBack(plan) => self.held_back(plan),
            Told::NothingChanged => self.say("nothing was changed."),
            Told::Settled { run, blocked } => {
                let why = match blocked {
                    0 => "nothing of it is left to do".to_owned(),
                    1 => "1 step is of it blocked, and nothing else is left".to_owned(),
                    blocked => format!("{blocked} steps are of it blocked, and nothing else is left"),
                };
                self.say(&format!("run {run} is settled: {why}."));
            }
            Told::Interrupted { again: false } => self.say(
                "interrupted: what is under way is brought to its end, and nothing more is started; once more ends \
                 at once",
            ),
            Told::Interrupted { again: true } => self.say("interrupted again: ending at once"),
            Told::Event { plan, event } => self.run_event(plan, &event),
            Told::Performed { plan, run } => self.performed(plan, run),
            Told::NotRecorded(error) => {
                self.output.error(&error.to_string(), Some(&words(&error.remedy())));
            }
        }
    }

    fn show(&self, _: &ServerSpec, plan: &Plan<'_>) -> Result<(), NotShown> {
        let detail = if self.show.full { Detail::All } else { Detail::Some(text::SAMPLE) };
        let shown = view::server(plan, detail);
        let layout = self.output.layout(self.show.full);
        let veiled = self.output.addresses.veiled(Some(&plan.observed.directory), |veil| veil.server(&shown));
        let shown = match veiled {
            None => shown,
            Some(Ok(veiled)) => veiled,
            Some(Err(error)) => {
                self.output.error(&format!("the plan cannot be shown: {error}"), None);
                return Err(NotShown);
            }
        };
        let file = PlanFile { servers: vec![shown], ..PlanFile::empty() };
        match self.output.data(&text::plan(&file, layout)) {
            true => Ok(()),
            false => Err(NotShown),
        }
    }
}

/// How a run stands that has not ended.
fn state_of(run: &RunRow, holder: Option<&Holder>) -> String {
    let RunRow { id, done, open, steps, .. } = run;
    if let Some(holder) = holder {
        return format!("an apply is under way: {holder}");
    }
    let how = if run.ending.is_some() { "ended in part" } else { "was cut off" };
    let doubt = if *open > 0 { format!(", {open} in doubt") } else { String::new() };
    format!(
        "run {id} {how}: {done} of {steps} steps done{doubt}; settle it with `icewarden apply --resume`, or apply a \
         new plan in its place"
    )
}
