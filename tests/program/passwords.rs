//! Secrets that the server gives to nobody (U-12): known by what was written last, and never to be found anywhere.

use std::path::Path;

use icewarden::edge::sandbox::World;
use sha2::{Digest as _, Sha256};

use super::kill::{When, kill_at};
use super::run::{Desk, desk};
use super::spec::{backup, world};
use super::stand::{Reply, Request, Stand, answer, text, valued};

const PASSWORD: &str = "C_System_Tools_AutoBackup_Password";
const TARGET: &str = "C_System_Tools_Backup_DB_Accounts";
const SECRETS: [&str; 3] = ["correct horse battery", "accounts;root;hunter2;;;3;2", "a-newer-password"];

/// A server with a password and a target for its backup.
fn start() -> (Stand, Desk) {
    let mut world = world(&[("anna@example.com", &[])]);
    assert!(world.set_server_variable(TARGET, ""));
    let stand = Stand::of(world);
    let body = "password: {env: BACKUP_PASSWORD}\ndatabases: {accounts: {target: {env: DSN}}}";
    let desk = desk(&stand, &[backup(body)]).env("BACKUP_PASSWORD", SECRETS[0]).env("DSN", SECRETS[1]);
    (stand, desk)
}

/// What a server shows in the place of a secret.
#[derive(Debug, Clone, Copy)]
enum Shown {
    Nothing,
    Stars,
}

impl Shown {
    fn answers(self) -> impl FnMut(&mut World, &Request) -> Option<Reply> + Send + 'static {
        move |world, request| {
            (request.command == "getserverproperties").then(|| {
                let shown = match self {
                    Shown::Nothing => {
                        "<propertyval><classname>TPropertyNoValue</classname></propertyval>".to_owned()
                    }
                    Shown::Stars => text("********"),
                };
                let whole = answer(world, request);
                Reply::Body([PASSWORD, TARGET].iter().fold(whole, |whole, name| valued(&whole, name, &shown)))
            })
        }
    }
}

const ALLOW: [&str; 4] = ["--allow", "backup=databases.accounts.target", "--reason", "a test"];

#[test]
fn a_secret_that_nobody_can_read_is_written_once_and_again_when_it_is_another() {
    for shown in [Shown::Nothing, Shown::Stars] {
        let (stand, desk) = start();
        stand.twist(shown.answers());
        desk.plan(&ALLOW).exits(2).says(&["eu/backup/password", "eu/backup/databases.accounts.target"]);
        let ran = desk.apply(&ALLOW).exits(0);
        ran.says(&[
            "eu/backup/password: the server says so, and lets nobody read it back",
            "2 of 2 steps done",
        ]);
        assert_eq!(
            (stand.server(PASSWORD).as_str(), stand.server(TARGET).as_str()),
            (SECRETS[0], SECRETS[1])
        );
        let reservation = [
            "nothing to do",
            "backup password cannot be read back from the server: it was last written on 2",
            "backup databases.accounts.target cannot be read back",
        ];
        desk.plan(&[]).exits(0).says(&reservation);
        desk.apply(&[]).exits(0).says(&reservation);
        assert_eq!(stand.writes(), 2, "{shown:?}");
        let desk = desk.env("BACKUP_PASSWORD", SECRETS[2]);
        let ran = desk.plan(&[]).exits(2);
        assert!(!ran.out.contains("eu/backup/databases"), "the other one is as it was: {}", ran.out);
        desk.apply(&[]).exits(0).says(&["1 of 1 steps done"]);
        assert_eq!(stand.server(PASSWORD), SECRETS[2]);
        desk.nothing_to_do(&[]);
        assert_eq!(stand.writes(), 3, "{shown:?}");
        let told = desk.icewarden(&["history", "show", "1"]).exits(0);
        told.says(&[
            "* done change backup/password (secret) -> (secret)",
            "the secret from env BACKUP_PASSWORD",
        ]);
        nowhere(&desk);
    }
}

/// A secret that reads in clear is compared with what is there, whatever was written once.
#[test]
fn a_secret_that_can_be_read_is_compared_with_what_is_there() {
    let (stand, desk) = start();
    desk.apply(&[]).exits(0).says(&["2 of 2 steps done"]);
    let ran = desk.plan(&[]).exits(0).says(&["nothing to do"]);
    assert!(!ran.out.contains("cannot be read back"), "what was read needs no reservation: {}", ran.out);
    assert!(stand.world().set_server_variable(PASSWORD, "somebody else's"));
    desk.plan(&[]).exits(2).says(&["eu/backup/password"]);
    desk.apply(&[]).exits(0);
    assert_eq!(stand.server(PASSWORD), SECRETS[0]);
    // Once the server stops showing it, it is known by what was written.
    stand.twist(Shown::Nothing.answers());
    desk.nothing_to_do(&[]);
    nowhere(&desk);
}

#[test]
fn without_what_was_written_an_unreadable_secret_is_written_once_more() {
    let (stand, desk) = start();
    stand.twist(Shown::Nothing.answers());
    desk.apply(&ALLOW).exits(0);
    desk.plan(&["--store", "another", ALLOW[0], ALLOW[1], ALLOW[2], ALLOW[3]]).exits(2);
    std::fs::remove_file(desk.path("state/icewarden/secrets.key")).expect("it is there");
    desk.plan(&ALLOW).exits(2).says(&["eu/backup/password"]);
    desk.apply(&ALLOW).exits(0);
    desk.nothing_to_do(&[]);
    assert_eq!(stand.writes(), 4);
}

/// The answer to a write is lost, and nobody can read whether it arrived: in doubt, and not remembered.
#[test]
fn a_lost_answer_leaves_an_unreadable_secret_in_doubt_until_it_is_written_again() {
    let (stand, desk) = start();
    let mut shown = Shown::Nothing.answers();
    stand.twist(move |world, request| {
        if request.command == "setserverproperties" && request.body.contains(PASSWORD) {
            answer(world, request);
            return Some(Reply::Raw(Vec::new()));
        }
        shown(world, request)
    });
    desk.apply(&ALLOW).exits(5).says(&["in doubt", "1 of 2 steps done"]);
    stand.twist(Shown::Nothing.answers());
    desk.plan(&[]).exits(2).says(&["eu/backup/password"]);
    desk.icewarden(&["apply", "--resume", "--auto-approve"]).exits(0).says(&["1 of 1 steps done"]);
    desk.nothing_to_do(&[]);
    nowhere(&desk);
}

/// What nobody can read and was written last by us is as declared: a run that still has it open is settled.
#[test]
fn a_run_whose_unreadable_secrets_others_wrote_is_settled() {
    let (stand, desk) = start();
    kill_at(&stand, &desk, 1, When::BeforeAll, &ALLOW);
    stand.twist(Shown::Nothing.answers());
    for address in ["eu/backup/password", "eu/backup/databases.accounts.target"] {
        desk.apply(&[&ALLOW[..], &["--target", address]].concat()).exits(0).says(&["1 of 1 steps done"]);
    }
    let resume = ["apply", "--resume", "--auto-approve"];
    desk.icewarden(&resume).exits(0).says(&["eu: run 1 is settled"]);
    desk.icewarden(&resume).exits(0).says(&["nothing to resume"]);
}

/// The old secret is declared again after the write of a new one was in doubt: the old one is not known to be there.
#[test]
fn a_secret_whose_change_is_in_doubt_is_written_again_even_if_the_old_one_is_declared() {
    let (stand, desk) = start();
    stand.twist(Shown::Stars.answers());
    desk.apply(&ALLOW).exits(0);
    desk.nothing_to_do(&[]);
    let mut shown = Shown::Stars.answers();
    stand.twist(move |world, request| {
        if request.command == "setserverproperties" {
            answer(world, request);
            return Some(Reply::Raw(Vec::new()));
        }
        shown(world, request)
    });
    let desk = desk.env("BACKUP_PASSWORD", SECRETS[2]);
    desk.apply(&[]).exits(5).says(&["in doubt"]);
    assert_eq!(stand.server(PASSWORD), SECRETS[2]);
    stand.twist(Shown::Stars.answers());
    let desk = desk.env("BACKUP_PASSWORD", SECRETS[0]);
    desk.plan(&[]).exits(2).says(&["eu/backup/password"]);
    desk.apply(&[]).exits(0).says(&["1 of 1 steps done"]);
    assert_eq!(stand.server(PASSWORD), SECRETS[0]);
    desk.nothing_to_do(&[]);
    nowhere(&desk);
}

/// A read that fails is no secret that is held back: nothing is changed because of it.
#[test]
fn a_secret_that_was_left_out_of_an_answer_is_not_written() {
    let (stand, desk) = start();
    stand.twist(|world, request| {
        (request.command == "getserverproperties")
            .then(|| Reply::Body(answer(world, request).replace(PASSWORD, "C_Other")))
    });
    desk.plan(&ALLOW).exits(3).says(&["backup password was not read"]);
    assert_eq!(stand.writes(), 0);
}

/// Goes through every byte of every file of the store.
#[track_caller]
fn nowhere(desk: &Desk) {
    let mut files = 0;
    search(&desk.path("state"), &mut files);
    assert!(files >= 3, "{files} files");
}

#[track_caller]
fn search(folder: &Path, files: &mut u32) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            search(&path, files);
            continue;
        }
        *files += 1;
        let bytes = std::fs::read(&path).expect("a file");
        let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
        for secret in SECRETS {
            let plain = Sha256::digest(secret.as_bytes());
            let hex: String = plain.iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(!holds(secret.as_bytes()), "{} holds {secret}", path.display());
            assert!(!holds(&plain) && !holds(hex.as_bytes()), "{} holds its digest", path.display());
        }
    }
}
