//! The program itself, each time as a process of its own.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
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
        run(self.command(env!("CARGO_BIN_EXE_icewarden")).args(args).stdin(Stdio::null()), args, "")
    }

    /// Runs it on a terminal, which `script` of util-linux makes, where a person types this.
    #[track_caller]
    pub fn on_a_terminal(&self, args: &[&str], typed: &str) -> Ran {
        let line = format!("'{}' {}", env!("CARGO_BIN_EXE_icewarden"), args.join(" "));
        let mut script = self.command("script");
        script.args(["--quiet", "--return", "--command", &line, "/dev/null"]).stdin(Stdio::piped());
        run(&mut script, args, typed)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).env_clear().envs(&self.env);
        command.envs([("NO_PROXY", "127.0.0.1"), ("COLUMNS", "160"), ("SHELL", "/bin/sh")]);
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

#[track_caller]
fn run(command: &mut Command, args: &[&str], typed: &str) -> Ran {
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    // It stays open to the end: a terminal that is closed would end what runs on it.
    let mut stdin = child.stdin.take();
    if let Some(stdin) = &mut stdin {
        stdin.write_all(typed.as_bytes()).expect("somebody reads");
    }
    let out = collected(child.stdout.take().expect("a pipe"));
    let err = collected(child.stderr.take().expect("a pipe"));
    let texts = (out.recv_timeout(RUN_MAX), err.recv_timeout(RUN_MAX));
    let (Ok(out), Ok(err)) = texts else {
        child.kill().expect("it can be ended");
        panic!("{args:?} did not end");
    };
    let code = child.wait().expect("it ended").code().expect("it was not ended by a signal");
    Ran { code, out, err }
}

fn collected(mut pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        drop(pipe.read_to_end(&mut bytes));
        drop(sender.send(String::from_utf8_lossy(&bytes).into_owned()));
    });
    receiver
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
