//! The program is killed before and after every single write: the next run ends what it began, no module was ever more
//! over its licence than before, and the server applied each write at most once.

use std::sync::mpsc::channel;

use super::run::{Desk, desk};
use super::spec::{PRODUCTS, backup, policy, world};
use super::stand::{Reply, Stand, answer};

const ALLOW: [&str; 4] = ["--allow", "disable=9", "--reason", "a test"];

/// A plan of one kind: what the world holds, what is wanted, and how many writes it takes.
struct Kind {
    users: &'static [(&'static str, &'static [&'static str])],
    /// A product with so many seats.
    seats: Option<(&'static str, u32)>,
    documents: &'static [(&'static str, &'static str)],
    writes: u64,
}

const USERS: &[(&str, &[&str])] = &[
    ("a@example.com", &["im", "activesync"]),
    ("b@example.com", &["im", "activesync"]),
    ("c@example.com", &["im", "activesync"]),
    ("d@example.com", &[]),
    ("e@example.com", &[]),
];

const RELEASES: Kind = Kind {
    users: USERS,
    seats: None,
    documents: &[("off", "scope: {accounts: [\"?@example.com\"]}\nservices: {im: disabled}")],
    writes: 3,
};

const CLAIMS: Kind = Kind {
    users: USERS,
    seats: Some(("Instant Messaging", 5)),
    documents: &[("on", "scope: {accounts: [\"?@example.com\"]}\nservices: {im: enabled}")],
    writes: 2,
};

/// Two get what two others give back: there is no seat more.
const WAITING: Kind = Kind {
    users: USERS,
    seats: Some(("ActiveSync", 3)),
    documents: &[(
        "phones",
        "scope: {accounts: [\"?@example.com\"]}\n\
         services: {activesync: {enable: {accounts: [c@example.com, d@example.com, e@example.com]}, others: disabled}}",
    )],
    writes: 4,
};

/// More accounts than are worked on at once, two services each.
const SEVERAL: Kind = Kind {
    users: &[
        ("a@example.com", &["im"]),
        ("b@example.com", &["im"]),
        ("c@example.com", &["im"]),
        ("d@example.com", &["im"]),
        ("e@example.com", &[]),
        ("f@example.com", &[]),
        ("g@example.com", &[]),
        ("h@example.com", &[]),
    ],
    seats: Some(("Instant Messaging", 4)),
    documents: &[
        (
            "chat",
            "scope: {accounts: [\"?@example.com\"]}\n\
             services: {im: {enable: {accounts: [e@example.com, f@example.com, g@example.com, h@example.com]}, others: disabled}}",
        ),
        ("files", "scope: {accounts: [a@example.com, b@example.com]}\nservices: {ftp: enabled}"),
    ],
    writes: 10,
};

fn start(kind: &Kind) -> (Stand, Desk) {
    let mut world = world(kind.users);
    if let Some((product, seats)) = kind.seats {
        world.set_product(product, Some(seats));
    }
    let stand = Stand::of(world);
    let documents: Vec<String> = kind.documents.iter().map(|(name, body)| policy(name, body)).collect();
    let desk = desk(&stand, &documents);
    (stand, desk)
}

/// When a write meets the end of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The server never gets to it.
    Before,
    /// The server does it, and nobody hears of it.
    After,
    /// Nor does the server get to any that were under way beside it.
    BeforeAll,
}

/// Kills an apply at its write of this number, the first of which is 1.
pub fn kill_at(stand: &Stand, desk: &Desk, number: u64, when: When, args: &[&str]) {
    let (came, comes) = channel();
    let (let_go, gone) = channel::<()>();
    let mut writes = 0;
    stand.twist(move |world, request| {
        if !request.command.starts_with("set") {
            return None;
        }
        writes += 1;
        if writes > number && when == When::BeforeAll {
            return Some(Reply::Raw(Vec::new()));
        }
        if writes != number {
            return None;
        }
        if when == When::After {
            answer(world, request);
        }
        came.send(()).expect("the test waits");
        // An end of the channel lets it go.
        let _ = gone.recv();
        Some(Reply::Raw(Vec::new()))
    });
    let started = desk.start(&[&["apply", "spec", "--auto-approve"], args].concat());
    comes.recv_timeout(std::time::Duration::from_secs(60)).expect("it comes to that write");
    started.killed();
    drop(let_go);
    // Writes that were on their way arrive after all; then nobody speaks any more.
    stand.quiet();
    stand.twist(|_, _| None);
}

/// What must hold after a kill at any moment, once the run was gone on with.
fn resumed(stand: &Stand, desk: &Desk, writes: u64, what: &str) {
    let told = desk.icewarden(&["history", "--format", "json"]).exits(0).json();
    assert_eq!(told["runs"][0]["state"], "cut off", "{what}: {told}");
    let before = stand.writes();
    let ran = desk.icewarden(&["apply", "--resume", "--auto-approve"]);
    assert_eq!(ran.code, 0, "{what}: {ran:?}");
    desk.plan(&[]).exits(0).says(&["nothing to do"]);
    assert_eq!(
        stand.writes(),
        writes,
        "{what}: each write is applied once; {before} before it was gone on with"
    );
    for product in PRODUCTS {
        assert_eq!(stand.over_highest(product), 0, "{what}: {product} was over its licence");
    }
    let again = desk.icewarden(&["apply", "--resume", "--auto-approve"]).exits(0);
    again.says(&["nothing to resume"]);
}

fn check(kind: &Kind) {
    for number in 1..=kind.writes {
        for when in [When::Before, When::After] {
            let (stand, desk) = start(kind);
            kill_at(&stand, &desk, number, when, &ALLOW);
            resumed(&stand, &desk, kind.writes, &format!("{when:?} write {number}"));
        }
    }
}

#[test]
fn a_run_of_releases_is_killed_at_every_write() {
    check(&RELEASES);
}

#[test]
fn a_run_of_claims_is_killed_at_every_write() {
    check(&CLAIMS);
}

#[test]
fn a_run_whose_claims_wait_for_releases_is_killed_at_every_write() {
    check(&WAITING);
}

#[test]
fn a_run_over_several_accounts_is_killed_at_every_write() {
    check(&SEVERAL);
}

/// Settings, among them a secret.
#[test]
fn a_run_of_settings_is_killed_at_every_write() {
    let body = "enabled: true\nkeepDays: 30\npath: /backup/new.bak\n\
                databases: {accounts: {enabled: true, target: {env: DSN}}}";
    let allow = [
        "--allow",
        "backup=path",
        "--allow",
        "backup=databases.accounts.target",
        "--reason",
        "the disk is another",
    ];
    let writes = 5;
    for number in 1..=writes {
        for when in [When::Before, When::After] {
            let mut world = world(&[("anna@example.com", &[])]);
            for switch in ["C_System_Tools_AutoBackup_Enable", "C_System_Tools_Backup_DB_AccountsEnabled"] {
                assert!(world.set_server_variable(switch, "0"));
            }
            let stand = Stand::of(world);
            let desk = desk(&stand, &[backup(body)]).env("DSN", "accounts;root;hunter2;;;3;2");
            kill_at(&stand, &desk, number, when, &allow);
            resumed(&stand, &desk, writes, &format!("{when:?} write {number}"));
        }
    }
}

/// The process is killed at no particular moment: after so many requests of any kind, which a small generator chooses.
#[test]
fn a_larger_run_is_killed_at_random_moments_until_it_is_done() {
    let names: Vec<String> = (0..60).map(|number| format!("u{number:02}@example.com")).collect();
    let users: Vec<(&str, &[&str])> = names
        .iter()
        .enumerate()
        .map(|(number, name)| (name.as_str(), if number < 30 { &["im"] as &[&str] } else { &[] }))
        .collect();
    let mut world = world(&users);
    world.set_product("Instant Messaging", Some(30));
    let stand = Stand::of(world);
    let chat = policy(
        "chat",
        "scope: {accounts: [\"u*@example.com\"]}\n\
         services: {im: {enable: {accounts: [\"u3*\", \"u4*\", \"u5*\"]}, others: disabled}}",
    );
    let desk = desk(&stand, &[chat]);
    let allow = ["--allow", "disable=30", "--reason", "a test"];
    let seed = std::time::UNIX_EPOCH.elapsed().expect("a clock").subsec_nanos() | 1;
    println!("seed {seed}");
    let mut random = seed;
    for round in 0..12 {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // The first is killed once it is written down, which is after all was read.
        let after = if round == 0 { 110 } else { 70 } + (random >> 8) % 200;
        let (came, comes) = channel();
        let mut requests = 0;
        stand.twist(move |_, _| {
            requests += 1;
            if requests == after {
                // A run that ended before leaves nobody who waits.
                let _ = came.send(());
            }
            None
        });
        let args: &[&str] = if round == 0 {
            &["apply", "spec", "--auto-approve", allow[0], allow[1], allow[2], allow[3]]
        } else {
            &["apply", "--resume", "--auto-approve"]
        };
        let started = desk.start(args);
        // A run that needs fewer requests ends by itself, and was the last.
        match comes.recv_timeout(std::time::Duration::from_secs(4)) {
            Ok(()) => started.killed(),
            Err(_) => {
                started.ends().exits(0);
                break;
            }
        }
        stand.quiet();
    }
    stand.twist(|_, _| None);
    desk.icewarden(&["apply", "--resume", "--auto-approve"]).exits(0);
    desk.nothing_to_do(&[]);
    assert_eq!(stand.writes(), 60, "each write is applied once");
    assert_eq!(stand.over_highest("Instant Messaging"), 0);
}
