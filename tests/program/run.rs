//! The program itself, each time as a process of its own.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::stand::Stand;

/// A run that takes longer has gone astray.
const RUN_MAX: Duration = Duration::from_secs(120);

/// How a process ended, and what it said.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    /// Standard output: data.
    pub out: String,
    /// Standard error: talk.
    pub err: String,
}

impl Ran {
    #[track_caller]
    pub fn exits(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "\n--- stdout\n{}\n--- stderr\n{}", self.out, self.err);
        self
    }

    /// Asks for each of these in what was said, whatever the line ends in between.
    #[track_caller]
    pub fn says<T: AsRef<str>>(self, wanted: &[T]) -> Ran {
        let said = squeezed(&format!("{}\n{}", self.out, self.err));
        for text in wanted {
            let text = text.as_ref();
            assert!(
                said.contains(&squeezed(text)),
                "`{text}` is not in\n--- stdout\n{}\n--- stderr\n{}",
                self.out,
                self.err
            );
        }
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }
}

/// Text is wrapped to the width of a terminal: where it breaks says nothing.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A folder with a spec in it, and the program that reads it.
pub struct Desk {
    folder: TempDir,
    env: BTreeMap<String, String>,
}

impl Desk {
    /// A desk with one file.
    pub fn with(spec: &str) -> Desk {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("spec")).expect("a folder");
        let desk = Desk { folder, env: BTreeMap::from([("ICEWARP_PASSWORD".into(), "sandbox".into())]) };
        desk.write("spec/spec.yaml", spec);
        desk
    }

    pub fn env(mut self, name: &str, value: &str) -> Desk {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("a file");
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("a file")
    }

    /// Runs the program with these arguments, in the desk's folder and with nothing on its standard input.
    #[track_caller]
    pub fn icewarden(&self, args: &[&str]) -> Ran {
        self.start(args).ends()
    }

    /// Runs another program in the same way.
    #[track_caller]
    pub fn other(&self, program: &str, args: &[&str]) -> Ran {
        Started::of(self.command(program).args(args).stdin(Stdio::null()), args).ends()
    }

    /// Runs the program in another folder.
    #[track_caller]
    pub fn icewarden_in(&self, folder: &std::path::Path, args: &[&str]) -> Ran {
        let mut command = self.command(env!("CARGO_BIN_EXE_icewarden"));
        Started::of(command.current_dir(folder).args(args).stdin(Stdio::null()), args).ends()
    }

    /// Runs it on a terminal, which `script` of util-linux makes, where a person types this.
    #[track_caller]
    pub fn on_a_terminal(&self, args: &[&str], typed: &str) -> Ran {
        self.on_a_terminal_after("", args, typed)
    }

    /// Likewise, and the person waits until this was shown.
    #[track_caller]
    pub fn on_a_terminal_after(&self, shown: &str, args: &[&str], typed: &str) -> Ran {
        let line = format!("exec '{}' {}", env!("CARGO_BIN_EXE_icewarden"), args.join(" "));
        let mut script = self.command("script");
        script.args(["--quiet", "--return", "--command", &line, "/dev/null"]).stdin(Stdio::piped());
        let mut started = Started::of(&mut script, args);
        started.shows(shown);
        started.types(typed);
        started.ends()
    }

    /// Starts the program, and leaves it to the test what happens meanwhile.
    #[track_caller]
    pub fn start(&self, args: &[&str]) -> Started {
        Started::of(self.command(env!("CARGO_BIN_EXE_icewarden")).args(args).stdin(Stdio::null()), args)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).env_clear();
        command.env("XDG_STATE_HOME", self.path("state"));
        command.envs([("NO_PROXY", "127.0.0.1"), ("COLUMNS", "160"), ("SHELL", "/bin/sh")]).envs(&self.env);
        command
    }

    /// `plan --detailed-exitcode` with more arguments.
    #[track_caller]
    pub fn plan(&self, args: &[&str]) -> Ran {
        self.icewarden(&[&["plan", "spec", "--detailed-exitcode"], args].concat())
    }

    /// `apply --auto-approve` with more arguments.
    #[track_caller]
    pub fn apply(&self, args: &[&str]) -> Ran {
        self.icewarden(&[&["apply", "spec", "--auto-approve"], args].concat())
    }

    /// The first server of `plan --format json`.
    #[track_caller]
    pub fn planned(&self, code: i32, args: &[&str]) -> Value {
        let ran = self.plan(&[&["--format", "json"], args].concat()).exits(code);
        ran.json()["servers"][0].clone()
    }

    /// A fresh process finds that nothing is left to do.
    #[track_caller]
    pub fn nothing_to_do(&self, args: &[&str]) {
        self.plan(args).exits(0).says(&["nothing to do"]);
    }

    /// Saves a plan as `plan.json`.
    #[track_caller]
    pub fn save(&self, code: i32, args: &[&str]) {
        self.plan(&[&["--out", "plan.json"], args].concat()).exits(code);
    }

    /// Applies `plan.json`.
    #[track_caller]
    pub fn apply_saved(&self) -> Ran {
        self.icewarden(&["apply", "plan.json", "--auto-approve"])
    }
}

/// A process that runs.
pub struct Started {
    child: Child,
    args: String,
    out: Pipe,
    err: Pipe,
}

impl Started {
    #[track_caller]
    fn of(command: &mut Command, args: &[&str]) -> Started {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let out = Pipe::of(child.stdout.take().expect("a pipe"));
        let err = Pipe::of(child.stderr.take().expect("a pipe"));
        Started { child, args: format!("{args:?}"), out, err }
    }

    /// Waits until standard output holds this.
    #[track_caller]
    pub fn shows(&mut self, text: &str) {
        assert!(self.out.read_until(Some(text)), "{} did not show {text}", self.args);
    }

    /// Waits until standard error holds this.
    #[track_caller]
    pub fn says(&mut self, text: &str) {
        assert!(self.err.read_until(Some(text)), "{} did not say {text}", self.args);
    }

    /// What is typed; standard input stays open, since a terminal that is closed would end what runs on it.
    #[track_caller]
    pub fn types(&mut self, text: &str) {
        let stdin = self.child.stdin.as_mut().expect("a pipe");
        stdin.write_all(text.as_bytes()).expect("somebody reads");
    }

    /// Sends it a signal, by the name that `kill` has for it.
    #[track_caller]
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status().expect("kill is there");
        assert!(sent.success());
    }

    /// Kills it as `kill -9` does: it gets no chance to do anything more.
    #[track_caller]
    pub fn killed(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ended");
    }

    #[track_caller]
    pub fn ends(mut self) -> Ran {
        let stdin = self.child.stdin.take();
        if !self.out.read_until(None) || !self.err.read_until(None) {
            self.child.kill().expect("it can be ended");
            panic!("{} did not end", self.args);
        }
        drop(stdin);
        let code = self.child.wait().expect("it ended").code().expect("it was not ended by a signal");
        Ran { code, out: self.out.text(), err: self.err.text() }
    }
}

/// What comes out of a process, as it comes.
struct Pipe {
    pieces: Receiver<Vec<u8>>,
    read: Vec<u8>,
}

impl Pipe {
    fn of(mut pipe: impl Read + Send + 'static) -> Pipe {
        let (sender, pieces) = channel();
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(count @ 1..) = pipe.read(&mut piece) {
                if sender.send(piece[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Pipe { pieces, read: Vec::new() }
    }

    /// Reads until this text was there, or to the end; false where that takes too long, or the end came first.
    fn read_until(&mut self, text: Option<&str>) -> bool {
        loop {
            if text.is_some_and(|text| self.text().contains(text)) {
                return true;
            }
            match self.pieces.recv_timeout(RUN_MAX) {
                Ok(piece) => self.read.extend(piece),
                Err(RecvTimeoutError::Disconnected) => return text.is_none(),
                Err(RecvTimeoutError::Timeout) => return false,
            }
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.read).into_owned()
    }
}

/// `claim bob@example.com/im`, `release …` and `change backup/keepDays`, in the plan's order.
pub fn steps(server: &Value) -> Vec<String> {
    let steps = server["steps"].as_array().expect("steps");
    let prefix = format!("{}/", server["server"].as_str().expect("a name"));
    let text = |step: &Value, key: &str| step[key].as_str().expect("a text").to_owned();
    steps
        .iter()
        .map(|step| format!("{} {}", text(step, "action"), text(step, "address").replace(&prefix, "")))
        .collect()
}

/// `claim bob@example.com/im: no-seat`, in the plan's order.
pub fn blocked(server: &Value) -> Vec<String> {
    let text = |entry: &Value, key: &str| entry[key].as_str().expect("a text").to_owned();
    let blocked = server["blocked"].as_array().expect("blocked");
    let word = |entry: &Value| {
        let [action, account, service, by] =
            ["action", "account", "service", "blocked_by"].map(|key| text(entry, key));
        format!("{action} {account}/{service}: {by}")
    };
    blocked.iter().map(word).collect()
}

/// The codes of a server's findings.
pub fn codes(server: &Value) -> Vec<String> {
    let findings = server["findings"].as_array().expect("findings");
    findings.iter().map(|finding| finding["code"].as_str().expect("a code").to_owned()).collect()
}

/// One module's row of the ledger.
#[track_caller]
pub fn ledger<'s>(server: &'s Value, module: &str) -> &'s Value {
    let rows = server["ledger"].as_array().expect("a ledger");
    rows.iter().find(|row| row["module"] == module).unwrap_or_else(|| panic!("no row {module}: {rows:?}"))
}

/// A desk whose one file is the server of a stand and these documents.
pub fn desk(stand: &Stand, documents: &[String]) -> Desk {
    Desk::with(&super::spec::whole(stand, "", documents))
}
