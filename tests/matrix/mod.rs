//! The matrix: a small server in every position of every switch, in all pairs of positions, in sets that are
//! drawn, and with faults of the transport; each time plan, apply, plan, by the program's own way.
//!
//! In every case: no module was over its licence by more than before; nothing changed that was not reported; and
//! either the server is as declared and the second plan says that nothing is to do, or the program gives a reason
//! that the positions and faults account for. Where the reason passes, the next runs lead to what is declared.
//!
//! `MATRIX=all` (`just matrix`) tries every fault, every pair and 1,000 drawn sets; without it every position and a
//! part of the rest are tried, another part for each `MATRIX_SEED`. The seed is printed.

mod binary;
mod case;
mod drawn;
mod program;
mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use icewarden::edge::sandbox::{FAULTS, Fault, Setting};

use case::{Case, End, Verdict, judge};
use drawn::{Dice, all_is_tried, seed};
use program::Desk;

/// Kinds of faults, and calls they strike at in a plan, an apply and a plan. An account is read once for each
/// plan, so the 13th to 24th reads of accounts are those of the apply before its steps.
const KINDS: [&str; 13] = [
    "delay=30",
    "cut-before",
    "cut-unanswered",
    "cut-inside",
    "cut-after",
    "500",
    "429",
    "refuse",
    "html",
    "html-after",
    "truncated",
    "lose-session",
    "second-admin",
];

const PLACES: [&str; 18] = [
    "authenticate:1",
    "authenticate:2",
    "getdomainsinfolist:1",
    "getaccountsinfolist:2",
    "getaccountsinfolist:9",
    "getaccountmemberinfolist:3",
    "getaccountapiconsole:2",
    "getaccountproperties:5",
    "getaccountproperties:20",
    "getaccountproperties:30",
    "getserverproperties:2",
    "getserverproperties:7",
    "getstatisticsproperties:2",
    "getdomainproperties:2",
    "setaccountproperties:1",
    "setaccountproperties:5",
    "setserverproperties:1",
    "logout:2",
];

/// Faults that are paired with every position and with each other.
const PAIRED: [&str; 20] = [
    "cut-before@setaccountproperties:2",
    "cut-unanswered@setaccountproperties:1",
    "cut-unanswered@setaccountproperties:5",
    "cut-inside@setaccountproperties:3",
    "500@setaccountproperties:2",
    "html-after@setaccountproperties:4",
    "truncated@setaccountproperties:1",
    "lose-session@setaccountproperties:2",
    "second-admin@getaccountproperties:29",
    "cut-unanswered@setserverproperties:1",
    "500@getaccountproperties:16",
    "cut-inside@getaccountproperties:20",
    "html@getaccountsinfolist:9",
    "lose-session@getaccountproperties:18",
    "cut-before@getdomainsinfolist:2",
    "truncated@getaccountmemberinfolist:3",
    "500@getserverproperties:7",
    "cut-after@authenticate:2",
    "cut-unanswered@logout:2",
    "503@getstatisticsproperties:2",
];

fn fault(text: &str) -> Fault {
    Fault::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

/// Every position that is not the first of its row.
fn positions() -> Vec<Setting> {
    Setting::all().filter(|setting| !setting.is_default()).collect()
}

/// Those of `cases` that are tried: all, or one in `every`, others for another seed.
fn some_of(cases: Vec<Case>, every: usize, what: &str) -> Vec<Case> {
    if all_is_tried() {
        return cases;
    }
    let seed = usize::try_from(seed(what)).unwrap_or(0);
    cases.into_iter().skip(seed % every).step_by(every).collect()
}

/// Every position and no fault; whatever else may be left out, these are always tried.
fn every_position() -> Vec<Case> {
    let mut cases = vec![
        Case::default(),
        Case { teamchat: true, ..Case::default() },
        Case { rsa: true, ..Case::default() },
        Case { rsa: true, faults: vec![fault("lose-session@getaccountproperties:8")], ..Case::default() },
    ];
    for setting in positions() {
        for teamchat in [false, true] {
            cases.push(Case { settings: vec![setting], teamchat, ..Case::default() });
        }
    }
    cases
}

/// What the sandbox offers and the matrix leaves out is never tried.
#[test]
fn every_kind_of_fault_is_among_those_that_are_tried() {
    for (kind, _) in FAULTS {
        let is_it = |tried: &str| match kind {
            "STATUS" => tried.bytes().all(|byte| byte.is_ascii_digit()),
            kind => tried.split('=').next() == kind.split('=').next(),
        };
        assert!(KINDS.iter().any(|tried| is_it(tried)), "{kind} is tried nowhere: add it to KINDS");
    }
}

fn every_fault() -> Vec<Case> {
    let mut cases = Vec::new();
    for kind in KINDS {
        for place in PLACES {
            cases.push(Case { faults: vec![fault(&format!("{kind}@{place}"))], ..Case::default() });
        }
    }
    cases
}

fn every_pair() -> Vec<Case> {
    let positions = positions();
    let faults = PAIRED.map(fault);
    let mut cases = Vec::new();
    for (at, first) in positions.iter().enumerate() {
        for second in &positions[at + 1..] {
            if first.id() != second.id() {
                cases.push(Case { settings: vec![*first, *second], ..Case::default() });
            }
        }
        for fault in &faults {
            cases.push(Case { settings: vec![*first], faults: vec![fault.clone()], ..Case::default() });
        }
    }
    for (at, first) in faults.iter().enumerate() {
        for second in &faults[at + 1..] {
            cases.push(Case { faults: vec![first.clone(), second.clone()], ..Case::default() });
        }
    }
    cases
}

/// Two to eight positions of different rows, and up to three faults.
fn drawn_set(dice: &mut Dice) -> Case {
    let positions = positions();
    let mut case = Case { teamchat: dice.below(4) == 0, rsa: dice.below(4) == 0, ..Case::default() };
    for _ in 0..2 + dice.below(7) {
        let setting = positions[dice.below(positions.len())];
        if case.settings.iter().all(|other| other.id() != setting.id()) {
            case.settings.push(setting);
        }
    }
    for _ in 0..dice.below(4) {
        let text = format!("{}@{}", KINDS[dice.below(KINDS.len())], PLACES[dice.below(PLACES.len())]);
        case.faults.push(fault(&text));
    }
    case
}

/// Cases that are under way at once on each of two threads: most of their time they wait.
const UNDER_WAY: usize = 12;

/// Judges all cases, prints their counts, and fails with what is wrong.
fn check(what: &str, cases: &[Case]) {
    let count = cases.len();
    let next = AtomicUsize::new(0);
    let verdicts: Mutex<Vec<Verdict>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let runtime =
                    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                runtime.block_on(async {
                    let desk = Desk::new().await;
                    let worker = || async {
                        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                            let verdict = judge(&desk, case).await;
                            verdicts.lock().expect("no panic").push(verdict);
                        }
                    };
                    drawn::together((0..UNDER_WAY).map(|_| worker())).await;
                });
            });
        }
    });
    let verdicts = verdicts.into_inner().expect("no panic");
    let reached = verdicts.iter().filter(|verdict| verdict.end == End::Reached).count();
    let steps: usize = verdicts.iter().map(|verdict| verdict.steps).sum();
    println!(
        "{what}: {count} cases, {reached} reached what is declared, {} refused, {steps} steps",
        count - reached
    );
    let mut words = std::collections::BTreeMap::<&str, usize>::new();
    for verdict in &verdicts {
        if let End::Refused(reasons) = &verdict.end {
            reasons.iter().for_each(|reason| *words.entry(reason).or_default() += 1);
        }
    }
    println!("  reasons: {words:?}");
    let wrong: Vec<&String> = verdicts.iter().flat_map(|verdict| &verdict.faults).collect();
    for wrong in wrong.iter().take(40) {
        println!("  wrong: {wrong}");
    }
    assert!(wrong.is_empty(), "{what}: {} things are wrong, the first: {}", wrong.len(), wrong[0]);
    assert_eq!(verdicts.len(), count);
}

#[test]
fn every_single_position_ends_as_declared_or_with_its_reason() {
    check("single positions", &every_position());
}

#[test]
fn single_faults_end_as_declared_or_with_their_reason() {
    check("single faults", &some_of(every_fault(), 5, "single faults"));
}

#[test]
fn pairs_of_positions_and_faults_end_as_declared_or_with_their_reasons() {
    check("pairs", &some_of(every_pair(), 20, "pairs"));
}

#[test]
fn drawn_sets_of_positions_and_faults_end_as_declared_or_with_their_reasons() {
    let mut dice = Dice(seed("drawn sets"));
    let count = if all_is_tried() { 1000 } else { 60 };
    check("drawn sets", &(0..count).map(|_| drawn_set(&mut dice)).collect::<Vec<Case>>());
}

#[test]
fn a_sample_of_drawn_sets_ends_well_through_the_binary() {
    let mut dice = Dice(seed("the binary's sample"));
    binary::check(&(0..30).map(|_| drawn_set(&mut dice)).collect::<Vec<Case>>());
}
