//! The GitHub action as GitHub runs it: the steps of `action.yml` itself, each in a fresh shell, with their declared
//! environment, an event's payload, and the files for outputs and summary. Nothing of GitHub is there otherwise.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::spec::{backup, policy, server, world};
use super::stand::Stand;

/// A step of the composite action that runs a script.
#[derive(Debug)]
struct Step {
    id: String,
    env: Vec<(String, String)>,
    run: String,
}

/// What `action.yml` declares.
#[derive(Debug)]
struct Action {
    inputs: BTreeMap<String, String>,
    outputs: BTreeMap<String, String>,
    steps: Vec<Step>,
    /// The `uses:` of steps that are other actions, which are not run here.
    uses: Vec<String>,
}

fn unquoted(text: &str) -> String {
    text.trim().trim_matches('"').to_owned()
}

/// Reads the few forms that the file is written in; anything else is a panic, so that a new form is not passed over.
fn action() -> Action {
    let text = std::fs::read_to_string("action.yml").expect("it is there");
    let mut action =
        Action { inputs: BTreeMap::new(), outputs: BTreeMap::new(), steps: Vec::new(), uses: Vec::new() };
    let (mut part, mut name, mut of_step) = (String::new(), String::new(), String::new());
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.trim().starts_with('#')) {
        let indent = line.len() - line.trim_start().len();
        let (key, value) = line.trim().split_once(':').unwrap_or_else(|| panic!("{line}"));
        match (indent, part.as_str(), key) {
            (0, _, _) => part = key.to_owned(),
            (2, "inputs" | "outputs", _) => name = key.to_owned(),
            (4, "inputs", "default") => drop(action.inputs.insert(name.clone(), unquoted(value))),
            (4, "outputs", "value") => drop(action.outputs.insert(name.clone(), unquoted(value))),
            (4, "inputs" | "outputs", "description") | (2, "runs", "using" | "steps") => {}
            (4, "runs", "- name") => {
                action.steps.push(Step { id: String::new(), env: Vec::new(), run: String::new() });
            }
            (6, "runs", "env" | "with") => of_step = key.to_owned(),
            (6, "runs", _) => {
                let step = action.steps.last_mut().expect("a step");
                match key {
                    "id" => step.id = unquoted(value),
                    "run" => step.run = value.trim().to_owned(),
                    "uses" => action.uses.push(unquoted(value)),
                    "shell" => assert_eq!(value.trim(), "bash"),
                    "if" => {}
                    _ => panic!("{line}"),
                }
            }
            (8, "runs", _) if of_step == "env" => {
                action.steps.last_mut().expect("a step").env.push((key.to_owned(), unquoted(value)));
            }
            (8, "runs", _) => {}
            _ => panic!("{line}"),
        }
    }
    action.steps.retain(|step| !step.run.is_empty());
    action
}

/// A repository with a spec, and a runner on which the action runs in it.
struct Runner {
    folder: TempDir,
    event: (String, Value),
    git_ref: &'static str,
    secrets: BTreeMap<String, String>,
}

/// How the action ended.
#[derive(Debug)]
struct Ended {
    code: i32,
    log: String,
    outputs: BTreeMap<String, String>,
    summary: String,
}

impl Ended {
    #[track_caller]
    fn exits(self, code: i32) -> Ended {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    /// Asks for each of these in the summary, which is where a person looks.
    #[track_caller]
    fn sums_up(self, words: &[&str]) -> Ended {
        for word in words {
            assert!(self.summary.contains(word), "`{word}` is not in\n{}", self.summary);
        }
        self
    }

    fn output(&self, name: &str) -> &str {
        self.outputs.get(name).map_or("", String::as_str)
    }
}

fn git(folder: &Path, args: &[&str]) {
    let mut command = Command::new("git");
    command.current_dir(folder).args(["-c", "user.name=a", "-c", "user.email=a@example.com"]).args(args);
    let ran = command.env("GIT_CONFIG_GLOBAL", "/dev/null").output().expect("Git is there");
    assert!(ran.status.success(), "{args:?}: {}", String::from_utf8_lossy(&ran.stderr));
}

impl Runner {
    /// A checkout of `main` with this spec in `mail`, and its origin.
    fn with(spec: &[String]) -> Runner {
        let folder = tempfile::tempdir().expect("a folder");
        let runner = Runner {
            folder,
            event: ("push".to_owned(), json!({"repository": {"default_branch": "main"}})),
            git_ref: "refs/heads/main",
            secrets: BTreeMap::from([("ICEWARP_PASSWORD".to_owned(), "sandbox".to_owned())]),
        };
        let origin = runner.path(HERE);
        std::fs::create_dir_all(origin.join("mail")).expect("a folder");
        std::fs::create_dir_all(runner.path("temp")).expect("a folder");
        std::fs::create_dir_all(runner.path("bin")).expect("a folder");
        git(&origin, &["init", "--quiet", "--initial-branch=main"]);
        std::fs::write(origin.join("mail/spec.yaml"), spec.join("---\n")).expect("a file");
        git(&origin, &["add", "."]);
        git(&origin, &["commit", "--quiet", "--message=spec"]);
        let url = format!("file://{}", origin.display());
        git(runner.folder.path(), &["clone", "--quiet", "--depth=1", &url, "checkout"]);
        runner.stub_cargo();
        runner
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A `cargo` that has built already what the tests run, if it is asked as the action should ask: from its own
    /// source, so that it heeds nothing of the checkout's, and without a secret.
    fn stub_cargo(&self) {
        let script = format!(
            "#!/bin/sh\n[ \"$1 $2 $3 $4\" = \"build --release --locked --manifest-path\" ] || exit 9\n\
             [ \"$PWD\" = '{}' ] && [ -z \"${{ICEWARP_PASSWORD:-}}\" ] && [ -n \"$HOME\" ] || exit 9\n\
             [ -f \"$5\" ] && [ \"$6\" = --target-dir ] || exit 9\n\
             mkdir -p \"$7/release\" && cp '{}' \"$7/release/icewarden\"\n",
            env!("CARGO_MANIFEST_DIR"),
            env!("CARGO_BIN_EXE_icewarden")
        );
        let path = self.path("bin/cargo");
        std::fs::write(&path, script).expect("a file");
        assert!(Command::new("chmod").arg("755").arg(&path).status().expect("chmod").success());
    }

    /// The spec of the branch that is checked out.
    fn head(&self, spec: &[String]) -> &Runner {
        std::fs::write(self.path("checkout/mail/spec.yaml"), spec.join("---\n")).expect("a file");
        self
    }

    /// The event is a pull request into `main`, from this repository or from another.
    fn pull_request(self, from: &str) -> Runner {
        let payload = json!({"pull_request": {"head": {"repo": {"full_name": from}}, "number": 7}});
        self.on("pull_request", "refs/pull/7/merge", payload)
    }

    /// Another event, of a repository whose default branch is `main`.
    fn on(mut self, event: &str, git_ref: &'static str, mut payload: Value) -> Runner {
        payload["repository"] = json!({"default_branch": "main"});
        self.event = (event.to_owned(), payload);
        self.git_ref = git_ref;
        self
    }

    /// The value of `${{ a || b }}`, or the text as it is.
    fn value(&self, text: &str, inputs: &BTreeMap<String, String>) -> String {
        let Some(inside) = text.strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}")) else {
            return text.to_owned();
        };
        let one = |name: &str| -> String {
            let (context, rest) = name.split_once('.').unwrap_or_else(|| panic!("{name}"));
            match (context, rest) {
                ("inputs", input) => inputs.get(input).unwrap_or_else(|| panic!("no input {input}")).clone(),
                ("github", "action_path") => env!("CARGO_MANIFEST_DIR").to_owned(),
                ("github", "token") => "the-token-of-the-run".to_owned(),
                ("github", path) => {
                    let pointer =
                        path.strip_prefix("event").unwrap_or_else(|| panic!("{name}")).replace('.', "/");
                    self.event.1.pointer(&pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
                }
                _ => panic!("{name}"),
            }
        };
        inside.split("||").map(|name| one(name.trim())).find(|value| !value.is_empty()).unwrap_or_default()
    }

    fn step(&self, step: &Step, inputs: &BTreeMap<String, String>, output: &Path, summary: &Path) -> Output {
        let payload = self.path("event.json");
        std::fs::write(&payload, self.event.1.to_string()).expect("a file");
        let mut command = Command::new("bash");
        // As the runner does: the script in a file, with these options.
        let script = self.path("step.sh");
        std::fs::write(&script, &step.run).expect("a file");
        command.args(["--noprofile", "--norc", "-eo", "pipefail"]).arg(&script);
        command.current_dir(self.path("checkout")).env_clear().envs(&self.secrets);
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", self.path("bin").display());
        command.env("PATH", path).env("HOME", self.folder.path()).env("NO_PROXY", "127.0.0.1");
        command.env("RUNNER_TEMP", self.path("temp")).env("CI", "true").env("GITHUB_ACTIONS", "true");
        command.env("GITHUB_OUTPUT", output).env("GITHUB_STEP_SUMMARY", summary);
        command.env("GITHUB_EVENT_NAME", &self.event.0).env("GITHUB_EVENT_PATH", payload);
        command.env("GITHUB_REPOSITORY", HERE).env("GITHUB_WORKSPACE", self.path("checkout"));
        command.env("GITHUB_SERVER_URL", format!("file://{}", self.folder.path().display()));
        command.env("GITHUB_REF", self.git_ref);
        for (name, value) in &step.env {
            command.env(name, self.value(value, inputs));
        }
        command.output().expect("bash is there")
    }

    /// Runs the action with these inputs, as `uses:` does.
    #[track_caller]
    fn uses(&self, with: &[(&str, &str)]) -> Ended {
        let action = action();
        let mut inputs = action.inputs.clone();
        inputs.insert("path".to_owned(), "mail".to_owned());
        for (name, value) in with {
            assert!(inputs.insert((*name).to_owned(), (*value).to_owned()).is_some(), "no input {name}");
        }
        let (mut code, mut log, mut summary) = (0, String::new(), String::new());
        let mut by_step: BTreeMap<String, String> = BTreeMap::new();
        for step in &action.steps {
            let (output, page) = (self.path("output"), self.path("summary"));
            for file in [&output, &page] {
                std::fs::write(file, "").expect("a file");
            }
            let ran = self.step(step, &inputs, &output, &page);
            log += &String::from_utf8_lossy(&ran.stdout);
            log += &String::from_utf8_lossy(&ran.stderr);
            summary += &std::fs::read_to_string(&page).expect("a summary");
            for line in std::fs::read_to_string(&output).expect("outputs").lines() {
                let (name, value) = line.split_once('=').unwrap_or_else(|| panic!("{line}"));
                by_step.insert(format!("${{{{ steps.{}.outputs.{name} }}}}", step.id), value.to_owned());
            }
            code = ran.status.code().expect("it ended by itself");
            if code != 0 {
                break;
            }
        }
        let value =
            |(name, of): (&String, &String)| (name.clone(), by_step.get(of).cloned().unwrap_or_default());
        let outputs: BTreeMap<String, String> = action.outputs.iter().map(value).collect();
        let given = by_step.keys().all(|name| action.outputs.values().any(|declared| declared == name));
        assert!(given, "an output that action.yml does not pass on: {by_step:?}");
        Ended { code, log, outputs, summary }
    }
}

fn start() -> (Stand, Vec<String>) {
    let stand = Stand::of(world(&[("anna@example.com", &[]), ("bob@example.com", &[])]));
    let spec = vec![
        server("eu", &stand.url, ""),
        policy("chat", "scope: {accounts: [anna@example.com]}\nservices: {im: enabled}"),
    ];
    (stand, spec)
}

const HERE: &str = "example/mail";

#[test]
fn validate_says_whether_the_spec_is_valid() {
    let (stand, spec) = start();
    let runner = Runner::with(&spec);
    let valid =
        runner.uses(&[]).exits(0).sums_up(&["### icewarden validate: done", "valid: 1 server in 1 file"]);
    assert_eq!(valid.output("exit-code"), "0");
    let wrong = spec[1].replace("services", "servises");
    let wrong = runner.head(&[spec[0].clone(), wrong]).uses(&[]).exits(65);
    assert_eq!(wrong.output("exit-code"), "65");
    wrong.sums_up(&["the spec is invalid (exit 65)", "servises", "spec.yaml:"]);
    assert_eq!(stand.commands(), [""; 0]);
    runner.uses(&[("command", "destroy")]).exits(64).sums_up(&["validate, plan or apply"]);
}

#[test]
fn a_plan_gives_its_outputs_and_apply_takes_the_reviewed_effects_and_no_others() {
    let (stand, spec) = start();
    let runner = Runner::with(&spec);
    let plan = runner.uses(&[("command", "plan")]).exits(0);
    assert_eq!(["changes", "blocked", "exit-code"].map(|name| plan.output(name)), ["true", "false", "2"]);
    let digest = plan.output("effects-digest").to_owned();
    assert!(digest.starts_with("eu=") && digest.len() == 67, "{digest}");
    let saved: Value =
        serde_json::from_str(&std::fs::read_to_string(plan.output("plan-file")).expect("a plan"))
            .expect("it is JSON");
    assert_eq!(digest, format!("eu={}", saved["servers"][0]["effects_digest"].as_str().expect("a digest")));
    assert_eq!(std::fs::read_to_string(plan.output("summary-file")).expect("a page"), plan.summary);
    let plan_file = plan.output("plan-file").to_owned();
    plan.sums_up(&["<!-- icewarden:plan -->", "anna@example.com"]);

    let apply = |with: &[(&str, &str)]| runner.uses(&[&[("command", "apply")], with].concat());
    apply(&[]).exits(4).sums_up(&["Only what was reviewed is applied"]);
    let other = format!("eu={}", "0".repeat(64));
    apply(&[("effects-digest", &other)]).exits(4).sums_up(&["the plan is stale", "nothing was changed"]);
    apply(&[("plan-file", &plan_file), ("effects-digest", &other)]).exits(4);
    assert_eq!(stand.writes(), 0);
    // A branch whose spec now wishes something else.
    let more =
        [spec[0].clone(), spec[1].replace("[anna@example.com]", "[anna@example.com, bob@example.com]")];
    runner.head(&more).uses(&[("command", "apply"), ("effects-digest", &digest)]).exits(4);
    assert_eq!(stand.writes(), 0);
    runner.head(&spec);
    apply(&[("effects-digest", &digest)]).exits(0).sums_up(&["eu: 1 of 1 steps done"]);
    assert!(stand.is_on("anna@example.com", "im") && !stand.is_on("bob@example.com", "im"));
    let nothing = runner.uses(&[("command", "plan")]).exits(0);
    assert_eq!(["changes", "blocked", "exit-code"].map(|name| nothing.output(name)), ["false", "false", "0"]);
}

#[test]
fn a_saved_plan_is_applied_with_the_connection_of_the_checkout() {
    let (stand, spec) = start();
    let runner = Runner::with(&spec);
    let plan = runner.uses(&[("command", "plan")]).exits(0).output("plan-file").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let elsewhere = format!("http://{}/icewarpapi/", listener.local_addr().expect("its address"));
    let moved = [spec[0].replace(&stand.url, &elsewhere), spec[1].clone()];
    let calls = stand.commands().len();
    runner.head(&moved).uses(&[("command", "apply"), ("plan-file", &plan)]).exits(3).sums_up(&["rpc.url is"]);
    assert_eq!(stand.commands().len(), calls);
    runner.head(&spec).uses(&[("command", "apply"), ("plan-file", &plan)]).exits(0);
    assert_eq!(stand.writes(), 1);
}

#[test]
fn a_pull_request_that_changes_the_url_reaches_nobody() {
    let (stand, mut spec) = start();
    spec.push(backup("databases: {antispam: {target: {env: ICEWARP_PASSWORD}}}"));
    let runner = Runner::with(&spec[..2]).pull_request(HERE);
    let foreign = TcpListener::bind("127.0.0.1:0").expect("a free port");
    foreign.set_nonblocking(true).expect("it does not wait");
    let elsewhere = format!("http://{}/icewarpapi/", foreign.local_addr().expect("its address"));
    let cases = [
        ([spec[0].replace(&stand.url, &elsewhere), spec[1].clone()].to_vec(), "rpc.url is"),
        (
            [spec[0].replace("env: ICEWARP_PASSWORD", "exec: [touch, ran]"), spec[1].clone()].to_vec(),
            "rpc.password is exec",
        ),
        (spec.clone(), "backup.databases.antispam.target is env ICEWARP_PASSWORD"),
    ];
    for (head, words) in cases {
        let ended = runner.head(&head).uses(&[("command", "plan"), ("allow-exec", "true")]).exits(3);
        assert_eq!(["changes", "blocked", "plan-file"].map(|name| ended.output(name)), [""; 3]);
        ended.sums_up(&[words]);
    }
    let heard = foreign.accept().expect_err("somebody connected");
    assert_eq!(heard.kind(), ErrorKind::WouldBlock);
    assert_eq!(stand.commands(), [""; 0], "nor was the right one asked");
    assert!(!runner.path("checkout/ran").exists());
    // What only changes wishes is planned, with the connection of the base branch.
    let sip = [spec[0].clone(), spec[1].replace("im: enabled", "sip: enabled")];
    let plan = runner.head(&sip).uses(&[("command", "plan")]).exits(0);
    assert_eq!(plan.output("changes"), "true");
    let digest = plan.output("effects-digest").to_owned();
    plan.sums_up(&["sip"]);
    runner
        .uses(&[("command", "apply"), ("effects-digest", &digest)])
        .exits(64)
        .sums_up(&["A pull request is planned and not applied"]);
    assert_eq!(stand.writes(), 0);
}

#[test]
fn a_spec_that_the_base_branch_does_not_have_is_not_planned() {
    let (stand, spec) = start();
    let runner = Runner::with(&spec).pull_request(HERE);
    std::fs::create_dir(runner.path("checkout/new")).expect("a folder");
    std::fs::write(runner.path("checkout/new/spec.yaml"), spec.join("---\n")).expect("a file");
    let words = ["has no spec there yet", "before the connection is merged"];
    runner.uses(&[("command", "plan"), ("path", "new")]).exits(3).sums_up(&words);
    runner.uses(&[("command", "plan"), ("path", "nowhere")]).exits(65).sums_up(&["nowhere"]);
    runner.uses(&[("command", "plan"), ("trusted-ref", "gone")]).exits(1).sums_up(&["refs/heads/gone"]);
    assert_eq!(stand.commands(), [""; 0]);
    let outside = runner.path("temp").display().to_string();
    runner.uses(&[("command", "plan"), ("path", &outside)]).exits(64).sums_up(&["in no Git checkout"]);
    // One file, and the top of the checkout, have their trusted counterparts too.
    runner.uses(&[("command", "plan"), ("path", "mail/spec.yaml")]).exits(0);
    std::fs::remove_dir_all(runner.path("checkout/new")).expect("it is there");
    runner.uses(&[("command", "plan"), ("path", ".")]).exits(0);
}

#[test]
fn a_fork_gets_no_secrets_and_is_told_so() {
    let (stand, spec) = start();
    let mut runner = Runner::with(&spec).pull_request("stranger/mail");
    runner.secrets.clear();
    for command in ["plan", "apply"] {
        let ended = runner.uses(&[("command", command)]).exits(0).sums_up(&[
            "This pull request comes from a fork, where anybody may write anything",
            "the spec was validated, and not planned",
            "valid: 1 server in 1 file",
        ]);
        assert_eq!(["changes", "effects-digest", "plan-file"].map(|name| ended.output(name)), [""; 3]);
        assert!(ended.log.contains("::warning::This pull request comes from a fork"), "{}", ended.log);
    }
    assert_eq!(stand.commands(), [""; 0]);
}

/// Such an event's run has the secrets, and may have anybody's checkout.
#[test]
fn a_fork_is_not_planned_by_a_run_that_has_the_secrets() {
    let (stand, spec) = start();
    let of_fork = |key: &str| json!({key: {"head": {"repo": {"full_name": "stranger/mail"}}}});
    let workflow = json!({"workflow_run": {"head_repository": {"full_name": "stranger/mail"}}});
    for (event, payload) in [
        ("pull_request_target", of_fork("pull_request")),
        ("pull_request_review", of_fork("pull_request")),
        ("pull_request", json!({"pull_request": {"head": {"repo": null}}})),
        ("workflow_run", workflow),
    ] {
        let runner = Runner::with(&spec).on(event, "refs/heads/main", payload);
        runner.uses(&[("command", "plan")]).exits(0).sums_up(&["comes from a fork", "valid: 1 server"]);
    }
    assert_eq!(stand.commands(), [""; 0]);
}

/// Whatever the event, the default branch says where secrets go, and no branch that a pull request's author chose.
#[test]
fn the_default_branch_is_trusted_whatever_the_event() {
    let digest = format!("eu={}", "0".repeat(64));
    let (stand, spec) = start();
    let foreign = TcpListener::bind("127.0.0.1:0").expect("a free port");
    foreign.set_nonblocking(true).expect("it does not wait");
    let elsewhere = format!("http://{}/icewarpapi/", foreign.local_addr().expect("its address"));
    let moved = [spec[0].replace(&stand.url, &elsewhere), spec[1].clone()];
    let ours = || json!({"pull_request": {"head": {"repo": {"full_name": HERE}}, "base": {"ref": "mine"}}});
    let commented = json!({"issue": {"pull_request": {"url": "https://api.example.com/7"}}});
    let events = [
        ("pull_request", "refs/pull/7/merge", ours()),
        ("pull_request_target", "refs/heads/mine", ours()),
        ("pull_request_review", "refs/pull/7/merge", ours()),
        ("issue_comment", "refs/heads/main", commented.clone()),
        (
            "workflow_run",
            "refs/heads/main",
            json!({"workflow_run": {"head_repository": {"full_name": HERE}}}),
        ),
        ("workflow_dispatch", "refs/heads/mine", json!({})),
        ("workflow_dispatch", "refs/heads/main", json!({})),
        ("merge_group", "refs/heads/queue", json!({"merge_group": {"base_ref": "refs/heads/mine"}})),
        ("push", "refs/heads/mine", json!({})),
        ("push", "refs/tags/main", json!({})),
        ("release", "refs/tags/v1", json!({})),
    ];
    for (event, git_ref, payload) in events {
        let runner = Runner::with(&spec).on(event, git_ref, payload);
        // The branch `mine` of the same repository says what its author likes.
        let origin = runner.path(HERE);
        git(&origin, &["switch", "--quiet", "--create=mine"]);
        std::fs::write(origin.join("mail/spec.yaml"), moved.join("---\n")).expect("a file");
        git(&origin, &["commit", "--quiet", "--all", "--message=moved"]);
        git(&origin, &["switch", "--quiet", "main"]);
        runner.head(&moved).uses(&[("command", "plan")]).exits(3).sums_up(&["rpc.url is"]);
        if !event.starts_with("pull_request") && event != "merge_group" && event != "issue_comment" {
            let apply = [("command", "apply"), ("effects-digest", &digest)];
            runner.uses(&apply).exits(3).sums_up(&["rpc.url is"]);
        }
    }
    let heard = foreign.accept().expect_err("somebody connected");
    assert_eq!(heard.kind(), ErrorKind::WouldBlock);
    assert_eq!(stand.commands(), [""; 0], "nor was the right one asked");
    let comment = Runner::with(&spec).on("issue_comment", "refs/heads/main", commented);
    comment
        .uses(&[("command", "apply"), ("effects-digest", &digest)])
        .exits(64)
        .sums_up(&["planned and not applied"]);
}

#[test]
fn where_no_trusted_branch_is_known_nothing_is_planned() {
    let digest = format!("eu={}", "0".repeat(64));
    let (stand, spec) = start();
    for event in ["push", "workflow_dispatch", "repository_dispatch", "anything"] {
        let mut runner = Runner::with(&spec);
        runner.event = (event.to_owned(), json!({}));
        for command in [&[("command", "plan")][..], &[("command", "apply"), ("effects-digest", &digest)]] {
            runner.uses(command).exits(3).sums_up(&["Which branch is trusted is not known", "trusted-ref"]);
        }
        assert_eq!(stand.commands(), [""; 0]);
    }
    let mut runner = Runner::with(&spec);
    runner.event = ("anything".to_owned(), json!({}));
    runner.uses(&[("command", "plan"), ("trusted-ref", "main")]).exits(0);
    runner.event.0 = "schedule".to_owned();
    runner.uses(&[("command", "plan")]).exits(0);
}

/// What was checked out may be a fork's clone, or hold another repository where the spec should be.
#[test]
fn the_trusted_spec_is_this_repositorys_whatever_was_checked_out() {
    let (stand, spec) = start();
    let foreign = TcpListener::bind("127.0.0.1:0").expect("a free port");
    foreign.set_nonblocking(true).expect("it does not wait");
    let elsewhere = format!("http://{}/icewarpapi/", foreign.local_addr().expect("its address"));
    let moved = [spec[0].replace(&stand.url, &elsewhere), spec[1].clone()];
    let own = |folder: &Path| {
        std::fs::create_dir_all(folder.join("mail")).expect("a folder");
        git(folder, &["init", "--quiet", "--initial-branch=main"]);
        for path in ["spec.yaml", "mail/spec.yaml"] {
            std::fs::write(folder.join(path), moved.join("---\n")).expect("a file");
        }
        git(folder, &["add", "."]);
        git(folder, &["commit", "--quiet", "--message=moved"]);
        git(folder, &["remote", "add", "origin", "."]);
    };
    let plan = [("command", "plan")];
    // The fork's clone, whose origin is the fork.
    let runner = Runner::with(&spec).pull_request(HERE);
    std::fs::remove_dir_all(runner.path("checkout")).expect("it is there");
    own(&runner.path("checkout"));
    std::fs::remove_file(runner.path("checkout/spec.yaml")).expect("it is there");
    runner.uses(&plan).exits(3).sums_up(&["rpc.url is"]);
    // A submodule.
    let runner = Runner::with(&spec).pull_request(HERE);
    std::fs::remove_dir_all(runner.path("checkout/mail")).expect("it is there");
    own(&runner.path("checkout/mail"));
    std::fs::remove_dir_all(runner.path("checkout/mail/mail")).expect("it is there");
    runner.uses(&plan).exits(3).sums_up(&["lies in another repository, mail"]);
    runner.uses(&[plan[0], ("path", "mail/spec.yaml")]).exits(3).sums_up(&["lies in another repository"]);
    // A link, to another folder of the base branch or anywhere.
    for target in ["other", "../example/mail/other", "nowhere"] {
        let runner = Runner::with(&spec).pull_request(HERE);
        std::fs::rename(runner.path("checkout/mail"), runner.path("checkout/other")).expect("it is there");
        git(&runner.path(HERE), &["mv", "mail", "other"]);
        git(&runner.path(HERE), &["commit", "--quiet", "--message=other"]);
        std::os::unix::fs::symlink(target, runner.path("checkout/mail")).expect("a link");
        let absolute = runner.path("checkout/mail").display().to_string();
        for path in ["mail", "./mail/", "mail/spec.yaml", &absolute] {
            // Where nothing is, there is nothing to refuse either.
            if target == "nowhere" && path.contains("mail/") && path != absolute {
                runner.uses(&[plan[0], ("path", path)]).exits(65);
            } else {
                runner.uses(&[plan[0], ("path", path)]).exits(3).sums_up(&["a symbolic link, mail."]);
            }
        }
        runner.uses(&[plan[0], ("path", "other/../other")]).exits(64).sums_up(&["must not hold .."]);
    }
    let heard = foreign.accept().expect_err("somebody connected");
    assert_eq!(heard.kind(), ErrorKind::WouldBlock);
    assert_eq!(stand.commands(), [""; 0]);
}

/// A folder that Git would take for a repository's inside has a configuration, and that may name commands.
#[test]
fn a_spec_laid_out_like_a_repository_runs_no_commands() {
    let (stand, spec) = start();
    let runner = Runner::with(&spec).pull_request(HERE);
    let inside = runner.path("checkout/mail");
    for folder in ["objects", "refs"] {
        std::fs::create_dir(inside.join(folder)).expect("a folder");
    }
    std::fs::write(inside.join("HEAD"), "ref: refs/heads/main\n").expect("a file");
    let ran = runner.path("ran").display().to_string();
    let command = format!("sh -c 'env > {ran}; exit 1'");
    let config = format!(
        "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = .\n\tfsmonitor = \"{command}\"\n\
         [remote \"origin\"]\n\turl = file://{}\n\tuploadpack = \"{command}\"\n",
        runner.path(HERE).display()
    );
    std::fs::write(inside.join("config"), config).expect("a file");
    runner.uses(&[("command", "plan")]).exits(0);
    assert!(!runner.path("ran").exists(), "{:?}", std::fs::read_to_string(runner.path("ran")));
    assert!(!stand.commands().is_empty());
}

/// Of the run's environment, Git is given no secret, and the program not the run's own token.
#[test]
fn git_and_the_program_see_no_more_than_they_need() {
    let (_stand, spec) = start();
    let runner = Runner::with(&spec).pull_request(HERE);
    let seen = runner.path("seen").display().to_string();
    for name in ["git", "stub"] {
        let next = if name == "git" { "git" } else { env!("CARGO_BIN_EXE_icewarden") };
        let script = format!(
            "#!/bin/sh\nenv > '{seen}.{name}'\nPATH=/usr/local/bin:/usr/bin:/bin\nexec {next} \"$@\"\n"
        );
        std::fs::write(runner.path("bin").join(name), script).expect("a file");
        let path = runner.path("bin").join(name);
        assert!(Command::new("chmod").arg("755").arg(path).status().expect("chmod").success());
    }
    let stub = runner.path("bin/stub");
    let sum: String = Sha256::digest(std::fs::read(&stub).expect("a file"))
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let binary = stub.display().to_string();
    runner.uses(&[("command", "plan"), ("binary", &binary), ("sha256", &sum)]).exits(0);
    let read = |name: &str| std::fs::read_to_string(runner.path(name)).expect("it ran");
    assert!(read("seen.git").contains("GIT_CONFIG_VALUE_0=AUTHORIZATION: basic "), "{}", read("seen.git"));
    assert!(!read("seen.git").contains("ICEWARP_PASSWORD"), "{}", read("seen.git"));
    assert!(read("seen.stub").contains("ICEWARP_PASSWORD=sandbox"));
    assert!(!read("seen.stub").contains("the-token-of-the-run"), "{}", read("seen.stub"));
}

#[test]
fn cargo_builds_outside_of_the_checkout() {
    let (_stand, spec) = start();
    let runner = Runner::with(&spec);
    let inside = runner.path("checkout/target").display().to_string();
    let around = runner.path("temp/../checkout").display().to_string();
    for folder in ["target", &inside, &around] {
        let ended = runner.uses(&[("target-dir", folder)]).exits(64);
        assert!(ended.log.contains("the input target-dir must"), "{}", ended.log);
    }
    let outside = runner.path("elsewhere").display().to_string();
    runner.uses(&[("target-dir", &outside)]).exits(0);
    assert!(runner.path("elsewhere/release/icewarden").exists());
}

#[test]
fn runs_share_the_store_that_the_workflow_names() {
    let (stand, spec) = start();
    let runner = Runner::with(&spec);
    let inside = runner.path("checkout/store").display().to_string();
    let around = runner.path("temp/../checkout/store").display().to_string();
    for folder in ["store", &inside, &around] {
        runner
            .uses(&[("command", "plan"), ("store", folder)])
            .exits(64)
            .sums_up(&["The input store must be"]);
    }
    assert_eq!(stand.commands(), [""; 0]);
    let store = runner.path("store").display().to_string();
    let digest = runner.uses(&[("command", "plan"), ("store", &store)]).exits(0);
    let digest = digest.output("effects-digest").to_owned();
    runner.uses(&[("command", "apply"), ("store", &store), ("effects-digest", &digest)]).exits(0);
    let mut history = Command::new(env!("CARGO_BIN_EXE_icewarden"));
    let told = history.args(["history", "--store", &store]).output().expect("it runs");
    assert!(String::from_utf8_lossy(&told.stdout).contains(" eu "), "{told:?}");
}

#[test]
fn options_are_lines_and_commands_of_a_spec_are_off() {
    let (stand, spec) = start();
    let on = ["anna@example.com", "bob@example.com"];
    for user in on {
        super::spec::put(&mut stand.world(), user, &["sip"], "1");
    }
    let off =
        policy("calls", "scope: {accounts: ['*b@example.com', anna@example.com]}\nservices: {sip: disabled}");
    let exec = spec[0].replace("env: ICEWARP_PASSWORD", "exec: [echo, sandbox]");
    let runner = Runner::with(&[exec, spec[1].clone(), off]);
    runner.uses(&[("command", "plan")]).exits(3).sums_up(&["commands of a spec are not run here"]);
    let with = [("command", "plan"), ("allow-exec", "true")];
    let held = runner.uses(&with).exits(3);
    assert_eq!(["changes", "blocked"].map(|name| held.output(name)), ["false", "true"]);
    assert!(!held.output("plan-file").is_empty(), "a blocked plan is kept, to be looked at");
    let allow = [("allow", "disable=sip:2\nprotect=x@example.com\n"), ("reason", "a test; $(touch ran) `x`")];
    runner.uses(&[&with[..], &allow[..1]].concat()).exits(64).sums_up(&["allow needs the input reason"]);
    let allowed = runner.uses(&[&with[..], &allow].concat()).exits(0);
    assert_eq!(["changes", "blocked"].map(|name| allowed.output(name)), ["true", "false"]);
    let narrow = [("target", "eu/anna@example.com/*\neu/bob@example.com/*"), ("exclude", "*/sip")];
    let narrowed = runner.uses(&[&with[..], &narrow].concat()).exits(0);
    assert!(narrowed.summary.contains("2 changes left out"), "{}", narrowed.summary);
    let counted = runner.uses(&[&with[..], &narrow, &[("addresses", "count")]].concat()).exits(0);
    assert!(!counted.summary.contains("anna@"), "{}", counted.summary);
    // By the digest, an override is given again; a saved plan carries its own.
    let digest = allowed.output("effects-digest").to_owned();
    let apply = [("command", "apply"), ("allow-exec", "true")];
    let (by_digest, by_plan) =
        ([("effects-digest", digest.as_str())], [("plan-file", allowed.output("plan-file"))]);
    runner.uses(&[&apply[..], &by_digest].concat()).exits(3);
    runner.uses(&[&apply[..], &by_plan, &allow].concat()).exits(64).sums_up(&["carries its overrides"]);
    assert_eq!(stand.writes(), 0);
    let again = runner.uses(&[&with[..], &allow].concat()).exits(0);
    assert_eq!(again.output("effects-digest"), digest);
    runner.uses(&[&apply[..], &by_digest, &allow].concat()).exits(0);
    assert!(!stand.is_on("bob@example.com", "sip"));
    assert!(!runner.path("checkout/ran").exists());
}

/// What stands in a spec gives the runner no commands, becomes no markup, and cannot make the summary too long.
#[test]
fn what_a_spec_holds_is_shown_and_nothing_more() {
    let (_stand, spec) = start();
    let runner = Runner::with(&spec);
    let hostile = spec[1].replace("[anna@example.com]", "['x\\n::error::owned']").replace('\'', "\"");
    let ended =
        runner.head(&[spec[0].clone(), hostile, "<b>::set-output name=changes::true</b>: 1\n".to_owned()]);
    let ended = ended.uses(&[]).exits(65);
    let mut stopped = None;
    for line in ended.log.lines() {
        match (&stopped, line.strip_prefix("::stop-commands::")) {
            (None, Some(token)) => stopped = Some(format!("::{token}::")),
            (None, None) => assert!(!line.starts_with("::"), "{line}"),
            (Some(token), _) if line == token => stopped = None,
            (Some(_), _) => {}
        }
    }
    assert!(stopped.is_none() && ended.summary.lines().skip(2).all(|line| line.starts_with("    ")));
    let long: Vec<String> = (0..20_000).map(|number| format!("wrong{number:060}: 1\n")).collect();
    let long = runner.head(&[spec[0].clone(), long.concat()]).uses(&[]).exits(65);
    assert!(long.summary.len() < 1 << 20, "{}", long.summary.len());
    std::fs::create_dir(runner.path("checkout/-dash")).expect("a folder");
    runner.uses(&[("path", "-dash")]).exits(65).sums_up(&["-dash"]);
}

#[test]
fn a_binary_is_run_only_with_the_checksum_that_the_workflow_names() {
    let (_stand, spec) = start();
    let runner = Runner::with(&spec);
    let binary = env!("CARGO_BIN_EXE_icewarden");
    let bytes = std::fs::read(binary).expect("the binary");
    let sum: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let url = format!("file://{binary}");
    let upper = sum.to_uppercase();
    // Cargo is not asked.
    std::fs::remove_file(runner.path("bin/cargo")).expect("it is there");
    for (place, sum) in [(url.as_str(), sum.as_str()), (binary, &upper)] {
        runner.uses(&[("binary", place), ("sha256", sum)]).exits(0);
        std::fs::remove_dir_all(runner.path("temp/icewarden")).expect("it is there");
    }
    let other = "0".repeat(64);
    for (place, sum, code, words) in [
        (url.as_str(), other.as_str(), 1, "it was not run"),
        (&url, "", 64, "64 hexadecimal digits"),
        (&url, "abc", 64, "has 3 digits"),
        ("file:///nowhere", &sum, 1, "could not be fetched"),
        ("http://127.0.0.1:1/icewarden", &sum, 64, "by https only"),
        ("", &sum, 64, "which is empty"),
    ] {
        let ended = runner.uses(&[("binary", place), ("sha256", sum)]).exits(code);
        assert!(ended.log.contains(words), "{words}: {}", ended.log);
        assert!(
            !runner.path("temp/icewarden/icewarden").exists()
                && !runner.path("temp/icewarden/unchecked").exists()
        );
    }
}

/// Another action is named by its whole commit, so that nobody can move it.
#[test]
fn other_actions_are_pinned() {
    for uses in action().uses {
        let commit = uses.split_once('@').map_or("", |(_, commit)| commit);
        assert!(commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{uses}");
    }
}
