//! One case: a server in some positions, with some faults; plan, apply, plan; and the judgement.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use icewarden::edge::sandbox::{Fault, ServeError, ServeOptions, Setting, World, serve_shared};
use icewarden::flow::{Outcome, StepState};
use icewarden::spec::meaning::{Login, ServerSpec, SupportSense, Transport};
use tokio::sync::oneshot;

use super::program::{Came, Desk, Ends, run, word};
use super::world::{
    PRODUCTS, Snapshot, Thing, as_told, barred, declared, service_of, setting_of, snapshot, spec, world,
};

/// What is set on the server, and which spec is applied.
#[derive(Debug, Clone, Default)]
pub struct Case {
    pub settings: Vec<Setting>,
    pub faults: Vec<Fault>,
    /// The spec speaks of a service that release 11 does not have.
    pub teamchat: bool,
    /// The password is sent in a digest.
    pub rsa: bool,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = self.settings.iter().map(ToString::to_string);
        let all: Vec<String> = settings.chain(self.faults.iter().map(ToString::to_string)).collect();
        let teamchat = if self.teamchat { " with teamchat" } else { "" };
        let rsa = if self.rsa { " by RSA" } else { "" };
        write!(f, "[{}]{teamchat}{rsa}", all.join(" "))
    }
}

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The server is as declared, and the second plan says that nothing is to do.
    Reached,
    /// It is not; these words say why.
    Refused(BTreeSet<&'static str>),
}

#[derive(Debug)]
pub struct Verdict {
    pub end: End,
    /// Steps that were performed.
    pub steps: usize,
    /// What must not be; each with what was seen.
    pub faults: Vec<String>,
}

/// A server of its own, in this runtime.
pub struct Server {
    pub url: String,
    world: Arc<Mutex<World>>,
    stop: oneshot::Sender<()>,
    serving: tokio::task::JoinHandle<Result<(), ServeError>>,
}

impl Server {
    pub async fn of(world: World) -> Server {
        let world = Arc::new(Mutex::new(world));
        let (ready, address) = oneshot::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let options = ServeOptions { listen: SocketAddr::from(([127, 0, 0, 1], 0)), addr_file: None };
        let serving = tokio::spawn(serve_shared(
            Arc::clone(&world),
            options,
            |address| ready.send(address).expect("somebody waits"),
            async { drop(stopped.await) },
        ));
        let address = address.await.expect("the server says where it is");
        Server { url: format!("http://{address}/icewarpapi/"), world, stop, serving }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn end(self) {
        let _ = self.stop.send(());
        // Whoever still holds a connection is not waited for.
        self.serving.abort();
    }
}

/// The world of a case.
pub fn set_up(case: &Case) -> World {
    let mut world = world();
    for setting in &case.settings {
        world.set_switch(*setting);
    }
    for fault in &case.faults {
        world.add_fault(fault.clone());
    }
    world.reset_highest();
    world
}

/// Plans, applies, plans, and judges.
pub async fn judge(desk: &Desk, case: &Case) -> Verdict {
    let server = Server::of(set_up(case)).await;
    let mut spec = spec(&server.url, case.teamchat);
    // Only the author can know; without this every seat passes for taken (U-36).
    if case.settings.iter().any(|setting| setting.to_string() == "U-32=available") {
        spec.guardrails.support_sense = SupportSense::Available;
    }
    let Transport::Rpc(rpc) = &mut spec.connection.transport;
    rpc.login = Some(if case.rsa { Login::Rsa } else { Login::Plain });
    let over: BTreeMap<&str, u64> = PRODUCTS.map(|product| (product, server.world().over(product))).into();
    let mut judge = Judge { case, found: Vec::new(), reasons: BTreeSet::new() };

    let before = snapshot(&server.world());
    let first = run(desk, &spec, Ends::Plan).await;
    let planned = snapshot(&server.world());
    judge.nothing_but(&before, &planned, &Snapshot::new(), &touched(&server.world()), "a plan");
    judge.reasons_of(&first);

    let writes = server.world().state()["writes"].as_u64().unwrap_or_default();
    let applied = run(desk, &spec, Ends::Apply).await;
    let writes = server.world().state()["writes"].as_u64().unwrap_or_default() - writes;
    let after = snapshot(&server.world());
    let steps = judge.run(&applied, &planned, &after, &touched(&server.world()), writes);
    judge.reasons_of(&applied);

    let last = run(desk, &spec, Ends::Plan).await;
    judge.reasons_of(&last);
    let reached = judge.is_reached(&server.world(), &last);
    for (product, before) in over {
        judge.over_did_not_rise(product, before, server.world().over_highest(product));
    }
    let end = if reached { End::Reached } else { End::Refused(judge.reasons.clone()) };
    if !reached {
        judge.refused(&last);
        judge.leads_on(desk, &server, &spec).await;
    }
    server.end();
    Verdict { end, steps, faults: judge.found }
}

/// What the second administrator wrote, by thing.
pub fn touched(world: &World) -> BTreeSet<Thing> {
    let state = world.state();
    let done = state["secondAdministrator"].as_array().expect("a list");
    let thing = |done: &serde_json::Value| {
        let text = |key: &str| done[key].as_str().expect("text").to_owned();
        let name = text("variable");
        let name = if text("address").is_empty() {
            setting_of(&name).to_owned()
        } else {
            service_of(&name).to_owned()
        };
        (as_told(&text("address")), name)
    };
    done.iter().map(thing).collect()
}

struct Judge<'a> {
    case: &'a Case,
    found: Vec<String>,
    /// Why the declared state is not reached, in words that the switches and faults are known by.
    reasons: BTreeSet<&'static str>,
}

impl Judge<'_> {
    fn say(&mut self, what: &str) {
        self.found.push(format!("{}: {what}", self.case));
    }

    /// Whether what changed is what is `reported`, or the second administrator's.
    fn nothing_but(
        &mut self,
        before: &Snapshot,
        after: &Snapshot,
        reported: &Snapshot,
        touched: &BTreeSet<Thing>,
        by: &str,
    ) {
        let things: BTreeSet<&Thing> = before.keys().chain(after.keys()).collect();
        for thing in things {
            let value = |snapshot: &Snapshot| snapshot.get(thing).cloned().unwrap_or_else(|| "0".to_owned());
            let (was, is) = (value(before), value(after));
            if was != is && !touched.contains(thing) && reported.get(thing) != Some(&is) {
                self.say(&format!("{by} changed {thing:?} from {was} to {is} and did not report it"));
            }
        }
    }

    /// Looks at what a run did, and counts its steps.
    fn run(
        &mut self,
        came: &Came,
        before: &Snapshot,
        after: &Snapshot,
        touched: &BTreeSet<Thing>,
        writes: u64,
    ) -> usize {
        let mut reported = Snapshot::new();
        let mut tried = 0;
        for (thing, value, state) in &came.steps {
            let Some(state) = state else { continue };
            let (word, may_be) = word(state);
            if may_be {
                reported.insert(thing.clone(), value.clone());
            }
            tried += u64::from(!matches!(word, "stopped" | "already" | "differs" | "not-sent" | "waiting"));
            let is = after.get(thing).map_or("0", String::as_str);
            if word == "done" && is != value && !touched.contains(thing) {
                self.say(&format!("{thing:?} was said to be done and is {is}, not {value}"));
            }
            if matches!(state, StepState::Waiting | StepState::UnderWay) {
                self.say(&format!("{thing:?} was left {word}"));
            }
        }
        self.nothing_but(before, after, &reported, touched, "a run");
        if writes > tried {
            self.say(&format!("{writes} writes were made for {tried} steps"));
        }
        came.steps.len()
    }

    fn reasons_of(&mut self, came: &Came) {
        let mut say = |word: &'static str| {
            self.reasons.insert(word);
        };
        came.failed.iter().for_each(|_| say("failed"));
        came.holds.iter().for_each(|_| say("held"));
        came.halted.iter().for_each(|_| say("halted"));
        came.held_policies.iter().for_each(|_| say("policy"));
        came.incomplete.iter().for_each(|_| say("incomplete"));
        if came.unread > 0 {
            say("unread");
        }
        let barred = barred();
        for (thing, code) in &came.blocked {
            // What can never be so is no news.
            if !barred.contains(thing) || matches!(*code, "list-incomplete") {
                say(code);
            }
        }
        for state in came.steps.iter().filter_map(|(.., state)| state.as_ref()) {
            if word(state).0 != "done" {
                say(word(state).0);
            }
        }
    }

    /// Whether the server is as declared, and the plan says that nothing is to do.
    fn is_reached(&mut self, world: &World, last: &Came) -> bool {
        let touched = touched(world);
        let barred = barred();
        let moved = |thing: &Thing| touched.contains(thing);
        let nothing_to_do = last.failed.is_none()
            && last.holds.is_empty()
            && last.held_policies.is_empty()
            && last.incomplete.is_empty()
            && last.unread == 0
            && last.steps.is_empty()
            && last.blocked.iter().all(|(thing, _)| barred.contains(thing));
        let now = snapshot(world);
        let declared = declared(self.case.teamchat);
        let wrong: Vec<&Thing> = declared
            .iter()
            .filter(|(thing, value)| now.get(*thing).map_or("0", String::as_str) != **value && !moved(thing))
            .map(|(thing, _)| thing)
            .collect();
        if nothing_to_do && !wrong.is_empty() {
            self.say(&format!("the plan says that nothing is to do, and {wrong:?} are not as declared"));
        }
        for thing in barred.iter().filter(|thing| now.contains_key(*thing)) {
            self.say(&format!("{thing:?} is on, which cannot be"));
        }
        nothing_to_do && wrong.is_empty()
    }

    /// Seats of antispam and quarantine are counted as one for an account that has both, and the program says
    /// so (U-37): where they are two, its count is known to be too low.
    fn over_did_not_rise(&mut self, product: &str, before: u64, highest: u64) {
        let counted_once = product == "Anti-Spam"
            && self.case.settings.iter().any(|setting| setting.to_string() == "U-37=two");
        if highest > before && !counted_once {
            self.say(&format!("{product} was over by {before}, and then by {highest}"));
        }
    }

    /// Whether the reasons are those that the positions and faults of the case account for.
    fn refused(&mut self, last: &Came) {
        if self.reasons.is_empty() && last.steps.is_empty() {
            self.say("it did not get there, and does not say why");
        }
        let permitted = permitted(self.case);
        let other: Vec<&&str> = self.reasons.iter().filter(|reason| !permitted.contains(**reason)).collect();
        if !other.is_empty() {
            let told = format!("{other:?} is no reason here; last: {last:?}");
            self.say(&told);
        }
        if !last.steps.is_empty() && !is_passing(self.case) {
            self.say(&format!("the second plan still has steps: {:?}", last.steps));
        }
    }

    /// When what passes has passed, the next runs lead to the declared state, unless a position stands in the way
    /// for good.
    async fn leads_on(&mut self, desk: &Desk, server: &Server, spec: &ServerSpec) {
        {
            let mut world = server.world();
            world.clear_faults();
            for passed in ["U-15=none", "U-17=alone"] {
                world.set_switch(Setting::parse(passed).expect("a position"));
            }
        }
        let over: BTreeMap<&str, u64> =
            PRODUCTS.map(|product| (product, server.world().over(product))).into();
        let mut last = Came::default();
        for ends in [Ends::Apply, Ends::Apply, Ends::Plan] {
            last = run(desk, spec, ends).await;
        }
        for (product, before) in over {
            self.over_did_not_rise(product, before, server.world().over_highest(product));
        }
        // A setting that the second administrator raised is lowered by nobody without an override.
        let is_setting = |(address, _): &Thing| address.is_empty();
        let guarded = touched(&server.world()).iter().any(is_setting)
            && !last.holds.is_empty()
            && last.holds.iter().all(|hold| hold.starts_with("backup "));
        if guarded {
            return;
        }
        let nothing_to_do = last.steps.is_empty() && last.failed.is_none();
        let stands =
            self.case.settings.iter().any(|setting| stands_in_the_way(&setting.to_string(), self.case));
        let reached = nothing_to_do && self.is_reached_at_last(&server.world(), &last);
        if !stands && !reached {
            self.say(&format!("the next runs do not lead to what is declared: {last:?}"));
        }
    }

    fn is_reached_at_last(&mut self, world: &World, last: &Came) -> bool {
        let now = snapshot(world);
        let declared = declared(self.case.teamchat);
        // A seat that the second administrator took for somebody of whom nothing is declared is missing elsewhere
        // (U-30): the claim is blocked, and says so.
        let seat_gone =
            touched(world).iter().any(|thing| !declared.contains_key(thing) && now.contains_key(thing));
        let no_seat = |thing: &Thing| seat_gone && last.blocked.contains(&(thing.clone(), "no-seat"));
        let wrong = declared
            .iter()
            .find(|(thing, value)| now.get(*thing).map_or("0", String::as_str) != **value && !no_seat(thing));
        wrong.is_none() && last.blocked.iter().all(|(thing, _)| barred().contains(thing) || no_seat(thing))
    }
}

/// Whether what is set lets something happen once, so that the second plan may have work left.
pub fn is_passing(case: &Case) -> bool {
    let passing =
        ["U-9=shuffled", "U-9=rows-added", "U-9=rows-removed", "U-15=twenty-reads", "U-17=before-reads"];
    !case.faults.is_empty()
        || case.settings.iter().any(|setting| passing.contains(&setting.to_string().as_str()))
        || refuses_second_seats(case)
}

/// The program counts one seat for antispam and quarantine, and the server two and refuses the second.
fn refuses_second_seats(case: &Case) -> bool {
    let has = |text: &str| case.settings.iter().any(|setting| setting.to_string() == text);
    has("U-37=two") && (has("U-30=zero") || has("U-30=error"))
}

/// Positions in which the declared state cannot be reached, whoever tries.
pub fn stands_in_the_way(setting: &str, case: &Case) -> bool {
    match setting {
        // Seats of a module whose number is not known are not claimed.
        "U-1=no-value" | "U-18=unknown-names" => true,
        // No two passes over the lists agree.
        "U-9=shuffled" | "U-9=rows-added" | "U-9=rows-removed" => true,
        // The release has no TeamChat.
        "U-19=11.x" => case.teamchat,
        _ => refuses_second_seats(case),
    }
}

/// The reasons that the rows and faults of a case name.
fn permitted(case: &Case) -> BTreeSet<&'static str> {
    let mut permitted = BTreeSet::new();
    for setting in &case.settings {
        permitted.extend(match setting.to_string().as_str() {
            "U-1=no-value" => &["seats-unknown"][..],
            // The pinned domain may be among what was not read.
            "U-9=shuffled" | "U-9=rows-added" | "U-9=rows-removed" => {
                &["incomplete", "list-incomplete", "policy", "unread", "held"]
            }
            // Ten writes in a row that do not show end a run (U-22).
            "U-15=twenty-reads" => &["ineffective", "stopped", "halted"],
            "U-17=before-reads" => &["already", "differs", "ineffective", "stopped", "no-seat"],
            "U-18=unknown-names" => &["not-in-licence"],
            "U-19=11.x" if case.teamchat => &["failed"],
            _ => &[],
        });
    }
    if refuses_second_seats(case) {
        permitted.extend(["refused", "stopped"]);
    }
    if !case.faults.is_empty() {
        // A call that goes wrong can cost what was read or written by it, and what rests on that.
        permitted.extend([
            "failed",
            "unread",
            "incomplete",
            "list-incomplete",
            "policy",
            "held",
            "seats-unknown",
            "editable-unread",
            "no-seat",
            "refused",
            "doubt",
            "already",
            "differs",
            "ineffective",
            "not-sent",
            "stopped",
            "halted",
        ]);
    }
    permitted
}

/// Each judgement finds the fault that it is there for.
#[test]
fn the_judge_finds_what_is_planted() {
    let case = Case::default();
    let fresh = || Judge { case: &case, found: Vec::new(), reasons: BTreeSet::new() };
    let thing = ("anna@example.com".to_owned(), "im".to_owned());
    let on = Snapshot::from([(thing.clone(), "1".to_owned())]);
    let (off, nobody) = (Snapshot::new(), BTreeSet::new());
    let done = StepState::Ended(Outcome::Done { effective: None });
    let refused = StepState::Ended(Outcome::Refused("why".to_owned()));
    let came = |value: &str, state: &StepState| Came {
        steps: vec![(thing.clone(), value.to_owned(), Some(state.clone()))],
        ..Came::default()
    };
    let run = |came: &Came, before: &Snapshot, after: &Snapshot, writes: u64| {
        let mut judge = fresh();
        judge.run(came, before, after, &nobody, writes);
        judge.found.join("\n")
    };
    assert_eq!(run(&came("1", &done), &off, &on, 1), "");
    assert!(run(&came("1", &done), &off, &off, 1).contains("was said to be done"));
    assert!(run(&came("1", &refused), &off, &on, 1).contains("did not report it"));
    assert!(run(&came("1", &done), &off, &on, 2).contains("2 writes were made for 1 steps"));
    assert!(run(&Came::default(), &on, &off, 0).contains("did not report it"));
    assert!(run(&came("1", &StepState::UnderWay), &off, &off, 0).contains("was left under-way"));

    let mut judge = fresh();
    judge.over_did_not_rise("ActiveSync", 1, 1);
    assert!(judge.found.is_empty());
    judge.over_did_not_rise("ActiveSync", 1, 2);
    assert!(judge.found[0].contains("was over by 1, and then by 2"));

    // Nothing is as declared yet, and the plan has nothing to do.
    let mut judge = fresh();
    assert!(!judge.is_reached(&world(), &Came::default()));
    assert!(judge.found[0].contains("nothing is to do, and"), "{:?}", judge.found);
    let mut judge = fresh();
    judge.refused(&Came::default());
    assert!(judge.found[0].contains("does not say why"));
    let mut judge = fresh();
    judge.reasons_of(&came("1", &refused));
    judge.refused(&Came::default());
    assert!(judge.found[0].contains("is no reason here"));
}
