//! Whole applies, resumes and interrupted runs, without a terminal and without a child.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use icewarden::diff::Narrowing;
use icewarden::edge::engine::load::Loaded;
use icewarden::edge::engine::resume::{Resumed, sources_of};
use icewarden::edge::engine::{
    Applied, Before, Begun, Consent, Ear, End, FailureKind, Job, Keep, NotShown, Order, Stop, Stopper, Tell,
    Told, Trust, begin, confirmed,
};
use icewarden::edge::port::Connect;
use icewarden::flow::resume::SpecOrigin;
use icewarden::flow::{Event, RunEnd};
use icewarden::model::Service;
use icewarden::plan::Plan;
use icewarden::plan::approval::Reviewed;
use icewarden::spec::meaning::ServerSpec;
use icewarden::spec::trust::ExecRule;
use icewarden::spec::{Source, parse};

use super::bench::{Bench, Http, Twist};
use super::memory::Memory;
use crate::program::spec::policy;

/// Notes what it is told, and stops the work where it is asked to.
#[derive(Default)]
struct Ledger {
    told: Mutex<Vec<String>>,
    shown: Mutex<usize>,
    hides: bool,
    stops_at: Option<(usize, Stopper)>,
}

impl Ledger {
    fn has(&self, word: &str) -> bool {
        self.told.lock().expect("no panic").iter().any(|told| told == word)
    }

    fn count(&self, word: &str) -> usize {
        self.told.lock().expect("no panic").iter().filter(|told| *told == word).count()
    }
}

impl Tell for Ledger {
    fn tell(&self, _: &ServerSpec, told: Told<'_>) {
        let word = match told {
            Told::Event { event: Event::Started, .. } => "started",
            Told::Event { event: Event::Step { .. }, .. } => "step",
            Told::Event { event: Event::Seats(_), .. } => "seats",
            Told::Event { event: Event::Halted(_), .. } => "halted",
            Told::Event { event: Event::Ended(_), .. } => "ended",
            Told::Unfinished { .. } => "unfinished",
            Told::GoesOn { .. } => "goes on",
            Told::CannotGoOn { .. } => "cannot go on",
            Told::Settled { .. } => "settled",
            Told::Interrupted { .. } => "interrupted",
            Told::Stale { .. } => "stale",
            Told::Waiting(_) => "waiting",
            _ => "other",
        };
        self.told.lock().expect("no panic").push(word.to_owned());
        if let Some((at, stopper)) = &self.stops_at
            && word == "step"
            && self.count("step") == *at
        {
            stopper.stop();
        }
    }

    fn show(&self, _: &ServerSpec, _: &Plan<'_>) -> Result<(), NotShown> {
        *self.shown.lock().expect("no panic") += 1;
        if self.hides { Err(NotShown) } else { Ok(()) }
    }
}

/// A folder with a secret, a spec and a store.
struct Desk {
    folder: tempfile::TempDir,
    loaded: Loaded,
    trust: Trust,
}

impl Desk {
    fn of(bench: &impl Bench, documents: &[String]) -> Desk {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("pw"), "sandbox").expect("a secret");
        let server = bench.document().replace("{env: ICEWARP_PASSWORD}", "{file: pw}");
        let text = [&[server], documents].concat().join("---\n");
        let name = folder.path().join("spec.yaml").to_string_lossy().into_owned();
        let sources = vec![Source { name: name.into(), text: text.into() }];
        let spec = parse(&sources).expect("a spec that holds");
        let trust = Trust { spec: None, exec: ExecRule::Allowed };
        Desk { folder, loaded: Loaded { spec, sources }, trust }
    }

    fn server(&self) -> &ServerSpec {
        &self.loaded.spec.servers[0]
    }

    async fn keep(&self, lock_timeout: Duration) -> Keep {
        let store = self.folder.path().join("store");
        Keep::open(&store, "test@here".to_owned(), lock_timeout).await.expect("a store")
    }

    fn job<'a>(&'a self, tell: &'a dyn Tell, stop: &Stop) -> Job<'a> {
        Job {
            server: self.server(),
            allows: &[],
            narrowing: Narrowing::none(),
            trust: &self.trust,
            tell,
            ear: Ear::new(stop),
        }
    }

    /// A whole apply; with `asked` somebody looks at the plan, lets `meanwhile` happen, and says yes.
    async fn apply<C: Connect>(&self, connect: &C, how: How<'_>) -> Applied {
        let keep = self.keep(Duration::ZERO).await;
        let reviewed = Reviewed::default();
        let order = Order {
            job: self.job(how.tell, how.stop),
            keep: &keep,
            before: how.before,
            consent: how.consent,
            reviewed: &reviewed,
            sources: &self.loaded.sources,
            commit: None,
            folder: Path::new("."),
        };
        match begin(&order, connect).await {
            Begun::Ended(applied) => applied,
            Begun::Ask(asked) => {
                (how.meanwhile)();
                confirmed(&order, *asked).await
            }
        }
    }
}

struct How<'a> {
    tell: &'a Ledger,
    stop: &'a Stop,
    before: Before<'a>,
    consent: Consent,
    meanwhile: &'a (dyn Fn() + Sync),
}

impl<'a> How<'a> {
    fn told(tell: &'a Ledger, stop: &'a Stop) -> How<'a> {
        How { tell, stop, before: Before::Nothing, consent: Consent::Given, meanwhile: &|| {} }
    }
}

const USERS: [(&str, &[&str]); 6] = [
    ("admin@example.com", &[]),
    ("a@example.com", &["im"]),
    ("b@example.com", &["im"]),
    ("c@example.com", &["im"]),
    ("d@example.com", &["im"]),
    ("e@example.com", &["activesync"]),
];

/// Four lose chat, and each gets a phone; there are seats for two of them.
fn phones() -> Vec<String> {
    let scope = "scope: {accounts: [a@example.com, b@example.com, c@example.com, d@example.com]}";
    vec![policy("a", &format!("{scope}\nservices: {{im: disabled, activesync: enabled}}"))]
}

async fn a_whole_apply<B: Bench>() {
    let bench = B::of(&USERS, 3);
    let desk = Desk::of(&bench, &phones());
    let (_stopper, stop) = Stopper::new();
    let ledger = Ledger::default();
    let applied = desk.apply(&bench.door(), How::told(&ledger, &stop)).await;
    let End::Ran { how: RunEnd::WholeButBlocked, not_recorded: None } = applied.end else {
        panic!("{:?}", applied.end)
    };
    let counts = applied.counts.expect("a run");
    assert_eq!((counts.done, counts.steps(), bench.writes()), (6, 6, 6));
    let phones = USERS.iter().filter(|(address, _)| bench.is_on(address, Service::ActiveSync)).count();
    assert_eq!(phones, 3, "as many as there are seats");
    assert_eq!(
        (ledger.count("step"), ledger.count("ended"), *ledger.shown.lock().expect("no panic")),
        (6, 1, 1)
    );
    // The same once more has nothing to do but what is blocked.
    let applied = desk.apply(&bench.door(), How::told(&ledger, &stop)).await;
    assert!(matches!(applied.end, End::Blocked), "{:?}", applied.end);
    assert_eq!(bench.writes(), 6);
}

#[tokio::test]
async fn a_whole_apply_over_http() {
    a_whole_apply::<Http>().await;
}

#[tokio::test]
async fn a_whole_apply_in_memory() {
    a_whole_apply::<Memory>().await;
}

/// A run that is stopped after any of its steps is gone on with, and every write is made once.
#[tokio::test]
async fn a_run_that_was_interrupted_anywhere_is_gone_on_with() {
    for at in 1..=4 {
        let bench = Memory::of(&USERS, 10);
        let desk = Desk::of(&bench, &phones());
        let (stopper, stop) = Stopper::new();
        let ledger = Ledger { stops_at: Some((at, stopper)), ..Ledger::default() };
        let applied = desk.apply(&bench.door(), How::told(&ledger, &stop)).await;
        assert!(matches!(applied.end, End::Ran { how: RunEnd::Partial, .. }), "{at}: {:?}", applied.end);
        assert!(ledger.has("interrupted") && ledger.has("halted"), "{at}");
        let done = applied.counts.expect("a run").done;
        assert!((at..=4).contains(&done), "{at}: {done}");
        assert_eq!(bench.writes(), done as u64, "what was under way came to its end");
        let (applied, ledger) = resumed(&desk, &bench).await;
        assert!(matches!(applied.end, End::Ran { how: RunEnd::Whole, .. }), "{at}: {:?}", applied.end);
        assert!(ledger.has("goes on"));
        assert_eq!(bench.writes(), 8, "{at}");
    }
}

async fn resumed(desk: &Desk, bench: &impl Bench) -> (Applied, Ledger) {
    let run = {
        let keep = desk.keep(Duration::ZERO).await;
        let run = keep.store.all_unfinished(None).await.expect("a store").remove(0);
        let sources = sources_of(&run, &keep.store).await.expect("a store");
        let spec = parse(&sources).expect("the spec that it was begun with");
        let loaded = std::sync::Arc::new(Loaded { spec, sources });
        Resumed::of(run, loaded, SpecOrigin::OfTheRun, &keep.store).await.expect("a store")
    };
    let (_stopper, stop) = Stopper::new();
    let ledger = Ledger::default();
    let how = How { before: Before::Run(&run), ..How::told(&ledger, &stop) };
    let applied = desk.apply(&bench.door(), how).await;
    (applied, ledger)
}

/// Answers that are lost leave doubts; what had happened is found done when the run goes on, and the rest is done.
#[tokio::test]
async fn a_run_whose_answers_were_lost_is_settled_by_reading() {
    for (twist, found) in [(Twist::LoseAnswer, true), (Twist::LoseRequest, false)] {
        let bench = Memory::of(&USERS, 10);
        let desk = Desk::of(&bench, &phones());
        let (_stopper, stop) = Stopper::new();
        bench.twist(twist);
        let ledger = Ledger::default();
        let applied = desk.apply(&bench.door(), How::told(&ledger, &stop)).await;
        let done = applied.counts.expect("a run").done;
        // What is read back as wanted is done, whatever was answered.
        assert_eq!(done > 0, found, "{twist:?}: {:?}", applied.end);
        bench.twist(Twist::None);
        let applied = match found {
            true => desk.apply(&bench.door(), How::told(&ledger, &stop)).await,
            false => resumed(&desk, &bench).await.0,
        };
        let whole = matches!(applied.end, End::NothingToDo | End::Ran { how: RunEnd::Whole, .. });
        assert!(whole, "{twist:?}: {:?}", applied.end);
        assert_eq!(bench.writes(), 8, "{twist:?}");
    }
}

/// What is not shown is not done, and what changed while somebody thought is not done either.
#[tokio::test]
async fn nothing_is_done_that_nobody_saw() {
    let bench = Memory::of(&USERS, 10);
    let desk = Desk::of(&bench, &phones());
    let (_stopper, stop) = Stopper::new();
    let ledger = Ledger { hides: true, ..Ledger::default() };
    let applied = desk.apply(&bench.door(), How::told(&ledger, &stop)).await;
    assert!(matches!(applied.end, End::NotShown), "{:?}", applied.end);
    let ledger = Ledger::default();
    let meanwhile = || bench.put("a@example.com", Service::Im, false);
    let how = How { consent: Consent::Asked, meanwhile: &meanwhile, ..How::told(&ledger, &stop) };
    let applied = desk.apply(&bench.door(), how).await;
    assert!(matches!(applied.end, End::Stale) && ledger.has("stale"), "{:?}", applied.end);
    assert_eq!(bench.writes(), 0);
}

/// One run at a time on a server; another one is told who has it, or waits.
#[tokio::test]
async fn a_second_run_finds_the_lock_held() {
    let bench = Memory::of(&USERS, 10);
    let desk = Desk::of(&bench, &phones());
    let (_stopper, stop) = Stopper::new();
    let ledger = Ledger::default();
    let keep = desk.keep(Duration::ZERO).await;
    let held = keep.lock(&desk.job(&ledger, &stop)).await.expect("nobody has it");
    let applied = desk.apply(&bench.door(), How::told(&ledger, &stop)).await;
    let End::Failed(failure) = applied.end else { panic!("{:?}", applied.end) };
    assert_eq!(failure.kind, FailureKind::Locked);
    assert!(failure.message.contains("test@here"), "{}", failure.message);
    drop(held);
    let applied = desk.apply(&bench.door(), How::told(&ledger, &stop)).await;
    assert!(matches!(applied.end, End::Ran { how: RunEnd::Whole, .. }), "{:?}", applied.end);
}

/// Whoever works on many servers spawns the work: it must be able to go to another thread.
#[tokio::test]
async fn the_work_on_a_server_may_be_spawned() {
    let run = async {
        let bench = Memory::of(&USERS, 10);
        let desk = Desk::of(&bench, &phones());
        let (_stopper, stop) = Stopper::new();
        let ledger = Ledger::default();
        let applied = desk.apply(&bench.door(), How::told(&ledger, &stop)).await;
        applied.counts.expect("a run").done
    };
    let done = tokio::spawn(is_send(run)).await.expect("no panic");
    assert_eq!(BTreeSet::from([done]), BTreeSet::from([8]));
}

fn is_send<F: Future + Send>(work: F) -> F {
    work
}
