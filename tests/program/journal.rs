//! What is written down of a run, where, and what happens when it cannot be.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use super::lock::{held, start};
use super::run::Desk;

const DATABASE: &str = "state/icewarden/icewarden.db";

/// Runs SQL on a desk's store, with SQLite's own shell.
pub fn sql(desk: &Desk, statement: &str) -> Result<String, String> {
    let database = desk.path(DATABASE);
    let ran = Command::new("sqlite3").arg(database).arg(statement).output().expect("sqlite3 is there");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if ran.status.success() { Ok(text(&ran.stdout)) } else { Err(text(&ran.stderr)) }
}

#[test]
fn a_step_is_written_down_before_it_is_sent() {
    let (stand, desk) = start();
    let held = held(&stand, &desk);
    let entries = "SELECT step, kind, word FROM entries ORDER BY id";
    assert_eq!(sql(&desk, entries).expect("it can be read meanwhile"), "0|intent|");
    held.let_go.send(()).expect("it waits");
    held.started.ends().exits(0);
    assert_eq!(sql(&desk, entries).expect("it is there"), "0|intent|\n0|outcome|done");
    let ending = sql(&desk, "SELECT word, detail FROM endings").expect("it is there");
    assert_eq!(ending, "complete|1 of 1 steps done");
}

#[test]
fn the_journal_is_only_added_to() {
    let (_stand, desk) = start();
    desk.apply(&[]).exits(0);
    for table in ["texts", "runs", "allows", "narrowed", "sources", "steps", "entries", "endings"] {
        let column = if table == "texts" {
            "text"
        } else if table == "runs" {
            "id"
        } else {
            "run"
        };
        // Those that are empty without an option get a row to try it on.
        let row = match table {
            "allows" => Some("INSERT INTO allows VALUES (1, 0, 'disable', '1', 'a test')"),
            "narrowed" => Some("INSERT INTO narrowed VALUES (1, 0, 'target', '*')"),
            _ => None,
        };
        if let Some(row) = row {
            sql(&desk, row).expect("it may be added to");
        }
        for statement in [format!("UPDATE {table} SET {column} = {column}"), format!("DELETE FROM {table}")] {
            let refused = sql(&desk, &statement).expect_err(&statement);
            assert!(refused.contains("the journal is only added to"), "{statement}: {refused}");
        }
    }
}

#[test]
fn only_its_owner_may_look_into_the_store() {
    let (_stand, desk) = start();
    desk.apply(&[]).exits(0);
    let mode = |name: &str| {
        let found = std::fs::metadata(desk.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        found.permissions().mode() & 0o777
    };
    assert_eq!(mode("state/icewarden"), 0o700);
    assert_eq!(mode("state/icewarden/locks"), 0o700);
    let mut files = 0;
    for folder in ["state/icewarden", "state/icewarden/locks"] {
        for entry in std::fs::read_dir(desk.path(folder)).expect("a folder") {
            let entry = entry.expect("an entry");
            if entry.file_type().expect("a type").is_file() {
                files += 1;
                assert_eq!(mode(&format!("{folder}/{}", entry.file_name().display())), 0o600, "{entry:?}");
            }
        }
    }
    assert!(files >= 4, "the database, the key and two locks: {files}");
}

#[test]
fn the_store_is_where_it_is_said_to_be() {
    let (_stand, desk) = start();
    let folder = desk.path("");
    let there = |name: &str| folder.join(name).join("icewarden.db").is_file();
    desk.plan(&[]).exits(2);
    assert!(!desk.path("state").exists(), "a plan makes no store");
    desk.apply(&["--store", "here"]).exits(0);
    assert!(there("here") && !there("state/icewarden"));
    desk.icewarden(&["history", "--store", "here"]).exits(0).says(&["complete 1/1"]);
    desk.icewarden(&["history"]).exits(0).says(&["no runs yet: there is no store in"]);
    let desk = desk.env("ICEWARDEN_STORE", "there");
    desk.apply(&[]).exits(0);
    assert!(there("there"));
    desk.apply(&["--store", "over"]).exits(0);
    assert!(there("over"), "the option beats the variable");
    let desk = desk.env("ICEWARDEN_STORE", "").env("HOME", "").env("XDG_STATE_HOME", "");
    let said = ["there is no place for the store: neither XDG_STATE_HOME nor HOME is set", "--store DIR"];
    desk.apply(&[]).exits(1).says(&said);
    desk.plan(&[]).exits(0);
    desk.icewarden(&["history"]).exits(0).says(&["name its folder with --store DIR"]);
    let home = desk.path("home").display().to_string();
    let desk = desk.env("HOME", &home);
    desk.apply(&[]).exits(0);
    assert!(there("home/.local/state/icewarden"));
}

#[test]
fn a_store_of_a_newer_version_is_refused_and_left_as_it_is() {
    let (stand, desk) = start();
    desk.apply(&[]).exits(0);
    let newer = "INSERT INTO _sqlx_migrations VALUES (99, 'later', 0, 1, x'00', 0)";
    sql(&desk, newer).expect("it may be added to");
    let calls = stand.commands().len();
    let said = ["was written by a newer icewarden (its schema is 99, this one knows 3)", "next:"];
    desk.apply(&[]).exits(1).says(&said);
    desk.plan(&[]).exits(1).says(&said);
    desk.icewarden(&["history"]).exits(1).says(&said);
    desk.icewarden(&["apply", "--resume", "--auto-approve"]).exits(1).says(&said);
    assert_eq!(stand.commands().len(), calls, "no server was asked");
    assert_eq!(sql(&desk, "SELECT count(*) FROM runs"), Ok("1".to_owned()));
}

#[test]
fn a_damaged_store_is_refused_with_its_path() {
    let (stand, desk) = start();
    desk.apply(&[]).exits(0);
    let whole = std::fs::read(desk.path(DATABASE)).expect("a file");
    let mut holes = whole.clone();
    holes[4096..].iter_mut().step_by(7).for_each(|byte| *byte ^= 0x5a);
    let calls = stand.commands().len();
    for (what, bytes) in [
        ("no database", b"this is no database, but it is long enough to be looked at".repeat(9)),
        ("holes", holes),
        ("empty", Vec::new()),
    ] {
        std::fs::write(desk.path(DATABASE), &bytes).expect("a file");
        let ran = desk.apply(&[]);
        assert_eq!(ran.code, 1, "{what}: {ran:?}");
        ran.says(&["the store", "icewarden.db is damaged", "restore", "move it away"]);
        assert_eq!(std::fs::read(desk.path(DATABASE)).expect("a file"), bytes, "{what}: it is left as it is");
        if what == "empty" {
            desk.plan(&[]).exits(1).says(&["icewarden.db is damaged: the file is empty"]);
            desk.icewarden(&["history"]).exits(1).says(&["icewarden.db is damaged: the file is empty"]);
        }
    }
    std::fs::write(desk.path(DATABASE), whole).expect("a file");
    desk.apply(&[]).exits(0);
    std::fs::write(desk.path("state/icewarden/secrets.key"), "short").expect("a file");
    desk.apply(&[]).exits(1).says(&["secrets.key is damaged", "a key has 32 bytes"]);
    assert!(stand.commands().len() > calls);
}

#[test]
fn what_cannot_be_written_down_is_not_done() {
    let (stand, desk) = start();
    // A file where the folder should be.
    desk.write("state", "");
    desk.apply(&[]).exits(1).says(&["the store", "cannot be used", "--store DIR"]);
    assert_eq!(stand.commands(), [] as [String; 0], "no server was asked");
    std::fs::remove_file(desk.path("state")).expect("it is there");
    desk.apply(&["--store", "other"]).exits(0);
}

/// The journal is lost in the middle of a run: what is under way ends, and nothing more is started.
#[test]
fn a_run_whose_journal_is_lost_ends_and_says_so() {
    let (stand, desk) = many();
    let held = held(&stand, &desk);
    // No more can be added: the table's name is another.
    sql(&desk, "ALTER TABLE entries RENAME TO lost").expect("it may be altered from outside");
    held.let_go.send(()).expect("it waits");
    let ran = held.started.ends().exits(5);
    ran.says(&[
        "stopped: the journal could not be written",
        "not tried",
        "the disk of the store is not full",
        "go on with `icewarden apply --resume`",
    ]);
    let done = stand.writes();
    assert!((1..20).contains(&done), "{done} of 20");
    sql(&desk, "ALTER TABLE lost RENAME TO entries").expect("it may be altered from outside");
    stand.twist(|_, _| None);
    desk.icewarden(&["apply", "--resume", "--auto-approve"]).exits(0).says(&["in doubt, and found done now"]);
    desk.nothing_to_do(&[]);
    assert_eq!(stand.writes(), 20, "each was written once");
}

/// Twenty would get chat.
fn many() -> (super::stand::Stand, Desk) {
    let names: Vec<String> = (0..20).map(|number| format!("u{number:02}@example.com")).collect();
    let users: Vec<(&str, &[&str])> = names.iter().map(|name| (name.as_str(), &[] as &[&str])).collect();
    let stand = super::stand::Stand::of(super::spec::world(&users));
    let chat =
        super::spec::policy("chat", "scope: {accounts: [\"u*@example.com\"]}\nservices: {im: enabled}");
    let desk = super::run::desk(&stand, &[chat]);
    (stand, desk)
}

#[test]
fn the_journal_takes_no_word_that_nobody_knows() {
    let (_stand, desk) = start();
    desk.apply(&[]).exits(0);
    let insert = |kind: &str, word: &str| {
        let row = format!(
            "INSERT INTO entries (run, step, at, kind, word, detail) VALUES (1, 0, '', '{kind}', '{word}', '')"
        );
        sql(&desk, &row)
    };
    for (kind, word) in [("outcome", "dun"), ("outcome", ""), ("intent", "done")] {
        let refused = insert(kind, word).expect_err(word);
        assert!(refused.contains("CHECK constraint failed: known_word"), "{refused}");
    }
    for word in icewarden::flow::Word::ALL {
        insert("outcome", word.text()).expect("it is one of ours");
    }
}

/// Makes a store as the first schema left it: its entries took any word.
fn of_the_first_schema(desk: &Desk) {
    let first = include_str!("../../src/edge/store/migrations/0001_journal.sql");
    let of_entries = |statement: &&str| {
        let kinds = ["CREATE TABLE entries", "CREATE INDEX entries_", "CREATE TRIGGER entries_"];
        kinds.iter().any(|kind| statement.contains(kind))
    };
    // A trigger holds a semicolon of its own, so statements end with their line.
    let made: String = first.split_inclusive(";\n").filter(of_entries).collect();
    let back = "INSERT INTO entries SELECT * FROM kept; DROP TABLE kept; DELETE FROM _sqlx_migrations WHERE version > 1";
    let sql_text = format!("CREATE TABLE kept AS SELECT * FROM entries; DROP TABLE entries; {made} {back}");
    sql(desk, &sql_text).expect("it is there");
}

#[test]
fn a_store_of_the_first_schema_is_read_and_then_brought_up_to_date() {
    let (stand, desk) = start();
    desk.apply(&[]).exits(0);
    of_the_first_schema(&desk);
    desk.icewarden(&["history"]).exits(0).says(&["complete 1/1"]);
    desk.nothing_to_do(&[]);
    let version = "SELECT max(version) FROM _sqlx_migrations";
    assert_eq!(sql(&desk, version), Ok("1".to_owned()), "who only reads leaves it as it is");
    let entries = "SELECT group_concat(id || kind || word || detail, '|') FROM entries";
    let before = sql(&desk, entries);
    desk.apply(&[]).exits(0);
    assert_eq!(sql(&desk, version), Ok("3".to_owned()));
    assert_eq!(sql(&desk, entries), before, "each entry is as it was");
    desk.icewarden(&["history"]).exits(0).says(&["complete 1/1"]);
    assert_eq!(stand.writes(), 1);
    let refused = sql(&desk, "DELETE FROM entries").expect_err("they stay");
    assert!(refused.contains("only added to"), "{refused}");
}

/// Whoever wrote it, it is a step to look at; what they wrote is not lost.
#[test]
fn a_word_that_nobody_knows_in_an_old_store_becomes_a_doubt() {
    let (_stand, desk) = start();
    desk.apply(&[]).exits(0);
    of_the_first_schema(&desk);
    let strange = "INSERT INTO entries (run, step, at, kind, word, detail) VALUES \
                   (1, 0, '2026-01-01T00:00:00Z', 'outcome', 'dun', 'by hand')";
    sql(&desk, strange).expect("the first schema took any word");
    desk.apply(&[]).exits(0);
    let last = "SELECT word || ' ' || detail FROM entries ORDER BY id DESC LIMIT 1";
    assert_eq!(sql(&desk, last), Ok("in doubt \"dun\": by hand".to_owned()));
}

/// Runs the program as somebody who may read a desk, and write nowhere in it.
fn as_a_reader(desk: &Desk, args: &[&str]) -> super::run::Ran {
    let program = env!("CARGO_BIN_EXE_icewarden");
    let root =
        std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    if !root {
        return desk.icewarden(args);
    }
    let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups", program];
    desk.other("/usr/bin/setpriv", &[&nobody[..], args].concat())
}

fn set_mode(path: &std::path::Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("it is ours");
}

#[test]
fn a_store_that_can_only_be_read_is_read() {
    let (_stand, desk) = start();
    desk.apply(&[]).exits(0);
    let folder = desk.path("state/icewarden");
    let log = desk.path("state/icewarden/icewarden.db-wal");
    let readable = || {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let entry = entry.expect("an entry");
            let mode = if entry.file_type().expect("a type").is_dir() { 0o555 } else { 0o444 };
            set_mode(&entry.path(), mode);
        }
        set_mode(&folder, 0o555);
        set_mode(&desk.path(""), 0o755);
        set_mode(&desk.path("state"), 0o755);
    };
    readable();
    assert!(!log.exists());
    as_a_reader(&desk, &["history"]).exits(0).says(&["complete 1/1"]);
    as_a_reader(&desk, &["plan", "spec"]).exits(0).says(&["nothing to do"]);
    set_mode(&folder, 0o755);
    set_mode(&desk.path(DATABASE), 0o600);
    let added =
        "INSERT INTO endings (run, at, word, detail) VALUES (1, '2026-01-01T00:00:00Z', 'settled', 'a test')";
    let shell = ["-cmd", ".dbconfig no_ckpt_on_close on", DATABASE, added];
    desk.other("/usr/bin/sqlite3", &shell).exits(0);
    std::fs::remove_file(desk.path("state/icewarden/icewarden.db-shm")).expect("it is beside the log");
    assert!(std::fs::metadata(&log).is_ok_and(|log| log.len() > 0), "it is in the log alone");
    readable();
    as_a_reader(&desk, &["history"]).exits(0).says(&["settled 1/1"]);
    set_mode(&folder, 0o755);
    std::fs::remove_file(&log).expect("a file");
    set_mode(&desk.path(DATABASE), 0o000);
    as_a_reader(&desk, &["history"]).exits(1).says(&["cannot be read", "that you may read this file"]);
}

#[test]
fn what_holds_addresses_is_its_owners_alone() {
    let (_stand, desk) = start();
    desk.plan(&["--outputs", "outputs"]).exits(2);
    desk.apply(&["--events", "events"]).exits(0);
    for name in ["outputs", "events"] {
        let found = std::fs::metadata(desk.path(name)).expect("it was made");
        assert_eq!(found.permissions().mode() & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_file_that_may_not_grow_is_an_ordinary_error() {
    let (_stand, desk) = start();
    let program = env!("CARGO_BIN_EXE_icewarden");
    let line = format!("ulimit -f 0; exec '{program}' plan spec >plan.txt");
    desk.other("/bin/sh", &["-c", &line]).exits(1).says(&["the output could not be written"]);
}

#[test]
fn too_few_open_files_are_an_ordinary_error() {
    let (stand, desk) = start();
    let program = env!("CARGO_BIN_EXE_icewarden");
    for files in [6, 8, 12] {
        for command in ["apply spec --auto-approve", "plan spec", "history", "sandbox --listen 127.0.0.1:0"] {
            let line = format!("ulimit -n {files}; exec '{program}' {command}");
            let ran = desk.other("/bin/sh", &["-c", &line]).exits(1).says(&["Too many open files"]);
            assert!(!ran.err.contains("panicked"), "{files} {command}: {}", ran.err);
        }
    }
    assert_eq!(stand.writes(), 0);
}
