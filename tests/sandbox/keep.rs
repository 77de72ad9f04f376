//! The state in a file (`--state`): the same world comes back, whatever was written and however it ended.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use icewarden::edge::sandbox::{KeepError, Keeper, Opened, Seed, World, open};
use proptest::prelude::*;
use serde_json::Value;
use tokio::sync::oneshot;

use super::client::{Session, attribute, item, login_params, request, texts};

/// A world that is kept while it is used.
struct Kept {
    world: World,
    keeping: tokio::task::JoinHandle<Result<(), KeepError>>,
}

impl Kept {
    async fn open(path: &Path) -> Kept {
        let Opened { world, keeper, .. } =
            open(path, || World::seeded(&Seed { accounts: 12, seed: 1 })).await.expect("a state");
        Kept { world, keeping: tokio::spawn(run(keeper)) }
    }

    /// Lets go of the world, waits until the file is let go too, and gives what the world was.
    async fn close(self) -> Value {
        let state = shown(&self.world);
        drop(self.world);
        self.keeping.await.expect("no panic").expect("everything is stored");
        state
    }
}

async fn run(keeper: Keeper) -> Result<(), KeepError> {
    let (failed, _failure) = oneshot::channel();
    keeper.run(failed).await
}

/// What must come back: everything but sessions and the calls since the start.
fn shown(world: &World) -> Value {
    let mut state = world.state();
    let map = state.as_object_mut().expect("a map");
    assert!(map.remove("calls").is_some() && map.remove("sessions").is_some());
    state
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// One change of the world, by a call or by hand.
#[derive(Clone, Debug)]
enum Act {
    Call(&'static str, String),
    Product(&'static str, Option<u32>),
    OrderId(String),
    Members(Vec<String>),
}

fn act() -> impl Strategy<Value = Act> {
    let address = || {
        prop::sample::select(vec![
            "admin@example.com",
            "scanner@example.com",
            "pat.o'brien@example.com",
            "guest.partner@example.com",
            "sales@example.com",
            "news@example.com",
            "new.one@example.com",
            "new.two@new.test",
            "new.one@renamed.test",
        ])
    };
    let domain = || prop::sample::select(vec!["example.com", "example.org", "new.test", "renamed.test"]);
    let bit = || prop::sample::select(vec!["0", "1"]);
    let switch = prop::sample::select(vec![
        "U_IM",
        "U_ActiveSync",
        "U_GW",
        "U_AS",
        "U_Quarantine",
        "U_Webmail",
        "U_SMS",
    ]);
    let text = || prop::sample::select(vec!["", "x", "a &amp; b &lt;c&gt;", "ěš&#13;&#10;'\"", "7"]);
    let set_account = |items: String, address: &str| {
        Act::Call(
            "setaccountproperties",
            format!("<accountemail>{address}</accountemail><propertyvaluelist>{items}</propertyvaluelist>"),
        )
    };
    prop_oneof![
        6 => (address(), switch, bit()).prop_map(move |(address, name, bit)| set_account(item(name, bit), address)),
        2 => (address(), prop::sample::select(vec!["U_Name", "U_Comment", "U_Mailbox", "U_AccountDisabled", "U_Admin"]), text())
            .prop_map(move |(address, name, text)| set_account(item(name, text), address)),
        1 => (address(), text()).prop_map(move |(address, text)| set_account(
            format!("<item><apiproperty><propname>A_VCard</propname></apiproperty><propertyval>\
                <classname>TAccountCard</classname><firstname>{text}</firstname></propertyval></item>"), address)),
        1 => (address(), text()).prop_map(|(address, text)| Act::Call(
            "setaccountpassword",
            format!("<accountemail>{address}</accountemail><password>{text}</password>"))),
        3 => (domain(), prop::sample::select(vec!["new.one", "new.two"]), prop::sample::select(vec!["0", "7"]))
            .prop_map(|(domain, mailbox, kind)| Act::Call("createaccount", format!(
                "<domainstr>{domain}</domainstr><accountproperties>{}{}</accountproperties>",
                item("u_mailbox", mailbox), item("u_type", kind)))),
        2 => address().prop_map(|address| Act::Call("deleteaccounts", format!(
            "<domainstr>{}</domainstr><accountlist><classname>tpropertystringlist</classname><val><item>{address}\
             </item></val></accountlist>", address.rsplit_once('@').map_or("", |(_, domain)| domain)))),
        2 => domain().prop_map(|domain| Act::Call("createdomain", format!("<domainstr>{domain}</domainstr>"))),
        1 => prop::sample::select(vec!["example.org", "new.test", "renamed.test"])
            .prop_map(|domain| Act::Call("deletedomain", format!("<domainstr>{domain}</domainstr>"))),
        1 => (prop::sample::select(vec!["example.org", "new.test", "renamed.test"]), domain()).prop_map(|(old, new)|
            Act::Call("renamedomain", format!("<oldname>{old}</oldname><newname>{new}</newname>"))),
        1 => (domain(), bit()).prop_map(|(domain, bit)| Act::Call("setdomainproperties", format!(
            "<domainstr>{domain}</domainstr><propertyvaluelist>{}{}</propertyvaluelist>",
            item("D_IM", bit), item("D_Description", bit)))),
        2 => (prop::sample::select(vec!["C_System_Tools_Backup_Dirs", "C_System_Tools_AutoBackup_Schedule"]), text())
            .prop_map(|(name, text)| Act::Call("setserverproperties",
                format!("<propertyvaluelist>{}</propertyvaluelist>", item(name, text)))),
        // Access modes: under "all" every account counts, whatever its switch says.
        1 => (prop::sample::select(vec!["C_ActiveSync_ProcessingMode", "C_SMSService_ProcessingMode"]),
            prop::sample::select(vec!["0", "9"])).prop_map(|(name, mode)| Act::Call("setserverproperties",
                format!("<propertyvaluelist>{}</propertyvaluelist>", item(name, mode)))),
        2 => (prop::sample::select(vec!["addaccountmembers", "editaccountmembers", "deleteaccountmembers"]), address(), address(), bit())
            .prop_map(|(command, group, member, bit)| Act::Call(command, format!(
                "<accountemail>{group}</accountemail><members><classname>tpropertymembers</classname><val><item>\
                 <classname>tpropertymember</classname><val>{member}</val><post>{bit}</post><params>{bit}</params>\
                 </item></val></members>"))),
        1 => (prop::sample::select(vec!["stopservice", "startservice"]), 0u32..4)
            .prop_map(|(command, service)| Act::Call(command, format!("<service>{service}</service>"))),
        2 => (prop::sample::select(vec!["ActiveSync", "Instant Messaging", "Anti-Spam"]), prop::option::of(0u32..9))
            .prop_map(|(product, seats)| Act::Product(product, seats)),
        1 => text().prop_map(|text| Act::OrderId(text.to_owned())),
        1 => prop::collection::vec(address().prop_map(str::to_owned), 0..3).prop_map(Act::Members),
    ]
}

fn perform(world: &mut World, act: &Act) {
    match act {
        Act::Call(command, params) => {
            // The rights of the only administrator may just have been taken away.
            let login = request("", "authenticate", &login_params("admin@example.com", "sandbox"));
            let login = world.answer(login.as_bytes(), None).body;
            let sid = attribute(&login, "sid").unwrap_or_default();
            drop(world.answer(request(&sid, command, params).as_bytes(), None));
        }
        Act::Product(product, seats) => world.set_product(product, *seats),
        Act::OrderId(order_id) => world.set_order_id(order_id),
        Act::Members(members) => {
            let members: Vec<&str> = members.iter().map(String::as_str).collect();
            world.set_members("sales@example.com", &members);
        }
    }
}

/// What the state report does not show: every value of every account, domain and of the server, and the
/// licence's texts, as the console tells them.
fn told(world: &mut World) -> Vec<String> {
    let accounts: Vec<String> =
        world.state()["accounts"].as_object().expect("accounts").keys().cloned().collect();
    let mut guest = world.clone();
    guest.add_account("auditor@example.com", "", 0);
    guest.set_account_variable("auditor@example.com", "U_Admin", "1");
    let mut session = Session::of(&mut guest, "auditor@example.com", "sandbox");
    let mut told = vec![
        session.call("getserverapiconsole", ""),
        session.call("getdomainsinfolist", ""),
        session.call("getservicesinfolist", ""),
    ];
    told.extend(session.server(&["C_License", "C_License_XML"]).into_iter().flatten());
    for domain in texts(&told[1], "name") {
        told.push(session.call("getdomainapiconsole", &format!("<domainstr>{domain}</domainstr>")));
    }
    for address in accounts {
        let address = address.replace('&', "&amp;");
        told.push(session.call("getaccountapiconsole", &format!("<accountemail>{address}</accountemail>")));
        told.push(session.call("getaccountmemberinfolist", &format!("<who>{address}</who>")));
    }
    told.iter().map(|body| body.split_once('\n').map_or("", |(_, body)| body).to_owned()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, ..super::client::proptest_config() })]

    /// Twice: what is written into a world that came from its file is stored too.
    #[test]
    fn any_writes_are_there_after_a_restart(first in prop::collection::vec(act(), 1..30), second in prop::collection::vec(act(), 0..10)) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state");
        runtime().block_on(async {
            let mut kept = Kept::open(&path).await;
            for (acts, last) in [(&first, false), (&second, true)] {
                for act in acts {
                    perform(&mut kept.world, act);
                    assert!(kept.world.stored().await);
                }
                let before = if last { told(&mut kept.world) } else { Vec::new() };
                let state = kept.close().await;
                kept = Kept::open(&path).await;
                assert_eq!(shown(&kept.world), state);
                if last {
                    assert_eq!(told(&mut kept.world), before);
                }
                for (product, used) in kept.world.recount() {
                    assert_eq!(kept.world.used(product), used);
                }
            }
            kept.close().await;
        });
    }
}

#[tokio::test]
async fn a_clean_end_leaves_one_file_and_a_second_sandbox_is_refused_until_then() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state");
    let kept = Kept::open(&path).await;
    let second = open(&path, World::bare).await;
    assert!(matches!(second, Err(KeepError::Taken)), "{second:?}");
    kept.close().await;
    let names: Vec<_> = std::fs::read_dir(folder.path()).expect("the folder").flatten().collect();
    assert_eq!(names.len(), 1, "{names:?}");
    Kept::open(&path).await.close().await;
}

/// Whatever is refused stays as it was, to the byte, and nothing is left beside it.
#[tokio::test]
async fn what_is_not_ours_is_refused_and_left_alone() {
    let ours = {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state");
        Kept::open(&path).await.close().await;
        std::fs::read(&path).expect("a state")
    };
    let altered = |at: usize, bytes: [u8; 4]| {
        let mut copy = ours.clone();
        copy[at..at + 4].copy_from_slice(&bytes);
        copy
    };
    type IsRight = fn(&KeepError) -> bool;
    let cases: [(&str, Vec<u8>, IsRight); 6] = [
        ("text", b"apiVersion: icewarden.dev/v1\n".to_vec(), |error| matches!(error, KeepError::Foreign)),
        ("head only", b"SQLite format 3\0".to_vec(), |error| matches!(error, KeepError::Foreign)),
        ("another program's database", altered(68, *b"abcd"), |error| matches!(error, KeepError::Foreign)),
        ("a database of nobody with tables", altered(68, [0; 4]), |error| {
            matches!(error, KeepError::Foreign)
        }),
        ("a newer version's", altered(60, [0, 0, 0, 2]), |error| {
            matches!(error, KeepError::Newer { found: 2, known: 1 })
        }),
        ("half of ours", ours[..ours.len() / 2].to_vec(), |error| {
            matches!(error, KeepError::Sql(_) | KeepError::Unknown(_))
        }),
    ];
    for (what, bytes, is_right) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state");
        std::fs::write(&path, &bytes).expect("written");
        let error = open(&path, World::bare).await.expect_err(what);
        assert!(is_right(&error), "{what}: {error:?}");
        assert_eq!(std::fs::read(&path).expect("the file"), bytes, "{what}");
        // Of a broken state of its own SQLite leaves an empty journal.
        let beside = std::fs::read_dir(folder.path()).expect("the folder").flatten();
        let beside: Vec<_> = beside.filter(|entry| entry.path() != path).collect();
        let empty = beside.iter().all(|entry| entry.metadata().is_ok_and(|found| found.len() == 0));
        assert!(beside.is_empty() || (what == "half of ours" && empty), "{what}: {beside:?}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let error = open(folder.path(), World::bare).await.expect_err("a folder");
    assert!(matches!(error, KeepError::Foreign | KeepError::Io(_)), "{error:?}");
}

#[tokio::test]
async fn an_empty_file_becomes_a_state() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state");
    std::fs::write(&path, b"").expect("written");
    let opened = open(&path, World::bare).await.expect("a state");
    assert!(opened.new);
}

/// A sandbox as a process.
struct Process {
    child: Child,
    url: String,
    /// What it said after its address, once it has ended.
    talk: std::sync::mpsc::Receiver<String>,
}

impl Process {
    fn start(path: &Path) -> Process {
        let mut command = Command::new(env!("CARGO_BIN_EXE_icewarden"));
        command.args(["sandbox", "--state"]).arg(path).stdout(Stdio::null()).stderr(Stdio::piped());
        Process::of(&mut command)
    }

    fn of(command: &mut Command) -> Process {
        let mut child = command.spawn().expect("it starts");
        let mut lines = BufReader::new(child.stderr.take().expect("its talk")).lines();
        let url = lines.find_map(|line| {
            let line = line.expect("text");
            line.split_whitespace().find(|word| word.ends_with("/icewarpapi/")).map(str::to_owned)
        });
        // Read on, so that it never waits for us.
        let (said, talk) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let rest: Vec<String> = lines.map_while(Result::ok).collect();
            drop(said.send(rest.join("\n")));
        });
        Process { child, url: url.expect("its address"), talk }
    }

    /// As by `kill -9`.
    fn kill(mut self) {
        self.child.kill().expect("it still runs");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Many callers create accounts until the process is killed in the midst of it: what was answered 1 is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_a_kill() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state");
    let http = super::http::client();
    for round in 0..3 {
        let process = Process::start(&path);
        let answered = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let callers: Vec<_> = (0..8)
            .map(|caller| {
                let (http, url, answered) = (http.clone(), process.url.clone(), answered.clone());
                tokio::spawn(async move {
                    let login = request("", "authenticate", &login_params("admin@example.com", "sandbox"));
                    let Ok(login) = http.post(&url).body(login).send().await else { return };
                    let sid = attribute(&login.text().await.expect("an answer"), "sid").expect("a session");
                    for number in 0..10_000 {
                        let mailbox = format!("new.{round}.{caller}.{number}");
                        let list = item("u_mailbox", &mailbox) + &item("u_type", "0");
                        let params = format!(
                            "<domainstr>example.com</domainstr><accountproperties>{list}</accountproperties>"
                        );
                        let sent = http.post(&url).body(request(&sid, "createaccount", &params)).send().await;
                        let Ok(sent) = sent else { return };
                        let Ok(body) = sent.text().await else { return };
                        assert_eq!(texts(&body, "result"), ["1"]);
                        answered.lock().expect("no panic").push(mailbox);
                    }
                })
            })
            .collect();
        while answered.lock().expect("no panic").len() < 40 {
            tokio::task::yield_now().await;
        }
        process.kill();
        for caller in callers {
            caller.await.expect("no panic");
        }
        let answered = std::mem::take(&mut *answered.lock().expect("no panic"));
        assert!(answered.len() >= 40);
        let again = Process::start(&path);
        let state =
            http.get(again.url.replace("icewarpapi/", "sandbox/state")).send().await.expect("a state");
        let state: Value = serde_json::from_str(&state.text().await.expect("text")).expect("JSON");
        for mailbox in answered {
            let account = &state["accounts"][format!("{mailbox}@example.com")];
            assert!(account.is_object(), "{mailbox} was answered 1 and is gone");
        }
        again.kill();
    }
}

/// Where the disk takes no more, nothing is answered as done, the sandbox ends and says so, and the file is whole.
#[tokio::test]
async fn what_cannot_be_stored_is_not_answered_and_ends_the_sandbox() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state");
    let mut command = Command::new("sh");
    // No file may grow beyond 400 blocks of 512 or 1,024 bytes, and trying to is an error and no signal.
    command.args(["-c", "trap '' XFSZ; ulimit -f 400; exec \"$0\" sandbox --state \"$1\""]);
    command.arg(env!("CARGO_BIN_EXE_icewarden")).arg(&path).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut process = Process::of(&mut command);
    let http = super::http::client();
    let login = request("", "authenticate", &login_params("admin@example.com", "sandbox"));
    let login = http.post(&process.url).body(login).send().await.expect("an answer").text().await;
    let sid = attribute(&login.expect("text"), "sid").expect("a session");
    let mut answered = 0;
    let refused = loop {
        assert!(answered < 2_000, "the disk never filled up");
        let list = item("u_mailbox", &format!("new.{answered}")) + &item("u_type", "0");
        let params =
            format!("<domainstr>example.com</domainstr><accountproperties>{list}</accountproperties>");
        let sent = http.post(&process.url).body(request(&sid, "createaccount", &params)).send().await;
        let answer = sent.expect("an answer");
        if answer.status() != 200 {
            break answer;
        }
        assert_eq!(texts(&answer.text().await.expect("text"), "result"), ["1"]);
        answered += 1;
    };
    assert_eq!(refused.status(), 500);
    drop((refused, http));
    let said = process.talk.recv().expect("what it said");
    assert_eq!(process.child.wait().expect("it ends").code(), Some(1), "{said}");
    assert!(said.contains("could not be stored") && said.contains("next: make room"), "{said}");
    let kept = Kept::open(&path).await;
    let state = shown(&kept.world);
    for number in 0..answered {
        assert!(state["accounts"][format!("new.{number}@example.com")].is_object(), "{number} of {answered}");
    }
    assert!(answered > 10, "{answered}");
    kept.close().await;
}

#[test]
fn a_file_that_is_there_is_not_seeded_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state");
    Process::start(&path).kill();
    let mut command = Command::new(env!("CARGO_BIN_EXE_icewarden"));
    let ran = command.args(["sandbox", "--accounts", "5", "--state"]).arg(&path).output().expect("it runs");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(64), "{said}");
    assert!(said.contains("holds a server already") && said.contains("next: leave them out"), "{said}");
    let running = Process::start(&path);
    let mut command = Command::new(env!("CARGO_BIN_EXE_icewarden"));
    let ran = command.args(["sandbox", "--state"]).arg(&path).output().expect("it runs");
    assert_eq!(ran.status.code(), Some(7), "{}", String::from_utf8_lossy(&ran.stderr));
    running.kill();
}
