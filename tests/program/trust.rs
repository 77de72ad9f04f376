//! `--trusted`: a pull request may change what is wished of a server, and never where a secret goes or which one is
//! read. Commands are run only where whoever runs the program allows it.

use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;

use super::run::Desk;
use super::spec::{REFERENCE, backup, policy, server, world};
use super::stand::Stand;

/// Somebody who waits for a password.
struct Foreign(TcpListener);

impl Foreign {
    fn wait() -> Foreign {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("it does not wait");
        Foreign(listener)
    }

    fn url(&self) -> String {
        format!("http://{}/icewarpapi/", self.0.local_addr().expect("its address"))
    }

    #[track_caller]
    fn heard_nothing(&self) {
        let heard = self.0.accept().expect_err("somebody connected");
        assert_eq!(heard.kind(), ErrorKind::WouldBlock);
        let caller = TcpStream::connect(self.0.local_addr().expect("its address")).expect("it listens");
        let (heard, _) = self.0.accept().expect("it would have heard");
        assert_eq!(heard.peer_addr().ok(), caller.local_addr().ok());
    }
}

/// The spec of the base branch in `trusted`, the one of the pull request in `spec`.
fn desk(base: &[String], head: &[String]) -> Desk {
    let desk =
        Desk::with(&head.join("---\n")).env("OTHER_SECRET", "told to nobody").env("DSN", "x;u;s3cret;h;7;3");
    std::fs::create_dir(desk.path("trusted")).expect("a folder");
    desk.write("trusted/server.yaml", &base.join("---\n"));
    desk
}

const TRUSTED: [&str; 2] = ["--trusted", "trusted"];

fn start() -> (Stand, [String; 3]) {
    let stand = Stand::of(world(&[("anna@example.com", &[])]));
    let documents = [
        server("eu", &stand.url, ""),
        policy("chat", "scope: {accounts: [anna@example.com]}\nservices: {im: enabled}"),
        backup("databases: {antispam: {target: {env: DSN}}}"),
    ];
    (stand, documents)
}

#[test]
fn a_pull_request_that_changes_where_a_secret_goes_or_which_is_read_reaches_nobody() {
    let (stand, base) = start();
    let foreign = Foreign::wait();
    let swap = |from: &str, to: &str| {
        let head = base.clone().map(|document| document.replace(from, to));
        assert_ne!(head, base, "{from}");
        head
    };
    let cases = [
        ("another host", swap(&stand.url, &foreign.url()), vec![format!("rpc.url is {}", foreign.url())]),
        ("another path of the same host", swap("/icewarpapi/", "/elsewhere/"), vec!["rpc.url is".to_owned()]),
        (
            "another account",
            swap("admin@example.com", "root@example.com"),
            vec!["rpc.account is root@example.com and not admin@example.com".to_owned()],
        ),
        (
            "another variable",
            swap("ICEWARP_PASSWORD", "OTHER_SECRET"),
            vec!["rpc.password is env OTHER_SECRET and not env ICEWARP_PASSWORD".to_owned()],
        ),
        (
            "a file instead",
            swap("env: ICEWARP_PASSWORD", "file: /etc/hostname"),
            vec!["rpc.password is file /etc/hostname".to_owned()],
        ),
        (
            "a command instead",
            swap("env: ICEWARP_PASSWORD", "exec: [touch, ran]"),
            vec!["rpc.password is exec touch ran".to_owned()],
        ),
        (
            "an unchecked certificate",
            swap("password: {", "insecureSkipVerify: true, password: {"),
            vec!["rpc.insecureSkipVerify is true and not false".to_owned()],
        ),
        (
            "a password in plain words",
            swap("password: {", "login: plain, password: {"),
            vec!["rpc.login is plain and not absent".to_owned()],
        ),
        (
            "another authority",
            swap("password: {", "caFile: own.pem, password: {"),
            vec!["rpc.caFile is own.pem and not absent".to_owned()],
        ),
        (
            "a secret for the backup from elsewhere",
            swap("env: DSN", "env: OTHER_SECRET"),
            vec!["backup.databases.antispam.target is env OTHER_SECRET and not env DSN".to_owned()],
        ),
        (
            "a secret for another setting of the backup",
            swap("{antispam:", "{accounts:"),
            vec!["backup.databases.accounts.target is env DSN and not absent".to_owned()],
        ),
        (
            "two at once",
            swap(&stand.url, &foreign.url())
                .map(|document| document.replace("ICEWARP_PASSWORD", "OTHER_SECRET")),
            vec!["rpc.url is".to_owned(), "rpc.password is env OTHER_SECRET".to_owned()],
        ),
        (
            "a server that is not known",
            swap("name: eu", "name: new").map(|document| document.replace("server: eu", "server: new")),
            vec!["it is not in the trusted spec, so no secret is read for it".to_owned()],
        ),
    ];
    for (name, head, words) in cases {
        let desk = desk(&base, &head);
        for command in ["plan", "apply"] {
            let ran = match command {
                "plan" => desk.plan(&[&TRUSTED[..], &["--allow-exec", "--out", "plan.json"]].concat()),
                _ => desk.apply(&[&TRUSTED[..], &["--allow-exec"]].concat()),
            };
            assert_eq!(ran.code, 3, "{name}: {ran:?}");
            ran.says(&words).says(&["next: change connections and secrets by themselves"]);
        }
        assert!(!desk.path("plan.json").exists() && !desk.path("ran").exists(), "{name}");
    }
    foreign.heard_nothing();
    assert_eq!(stand.commands(), [""; 0], "not even the trusted server was asked anything");
}

#[test]
fn a_pull_request_that_changes_only_wishes_is_planned_with_the_trusted_connection() {
    let (stand, mut base) = start();
    let mut head = base.to_vec();
    head[1] = head[1].replace("im: enabled", "sip: enabled");
    // Guardrails and pins are wishes too; another order and other places make no difference.
    head[0] = head[0].replace("identity:", "guardrails: {disable: {accounts: 1}}\n  identity:");
    head.reverse();
    let planned = desk(&base, &head);
    planned.plan(&TRUSTED).exits(2).says(&["eu/anna@example.com/sip"]);
    planned.apply(&TRUSTED).exits(0);
    assert!(stand.is_on("anna@example.com", "sip"));
    // What is no longer declared is not asked for.
    head.retain(|document| !document.contains("BackupPolicy"));
    desk(&base, &head).plan(&TRUSTED).exits(0);
    // Files are those beside the trusted spec, though both say the same.
    base[0] = base[0].replace("env: ICEWARP_PASSWORD", "file: password");
    let files = desk(&base, &[base[0].clone()]);
    files.write("spec/password", "told by the pull request");
    files.write("trusted/password", "sandbox");
    files.plan(&TRUSTED).exits(0);
}

/// A saved plan holds a spec too, and may have been made by anybody.
#[test]
fn a_saved_plan_is_held_against_the_trusted_spec() {
    let (stand, base) = start();
    let foreign = Foreign::wait();
    let desk = desk(&base, &base);
    desk.save(2, &TRUSTED);
    let elsewhere = [base[0].replace(&stand.url, &foreign.url())];
    desk.write("trusted/server.yaml", &elsewhere.join("---\n"));
    let calls = stand.commands().len();
    let apply = ["apply", "plan.json", "--auto-approve", "--trusted", "trusted"];
    desk.icewarden(&apply).exits(3).says(&["rpc.url is"]);
    assert_eq!(stand.commands().len(), calls);
    foreign.heard_nothing();
    desk.write("trusted/server.yaml", &base.join("---\n"));
    desk.icewarden(&apply).exits(0);
    desk.write("trusted/server.yaml", "kind: Server\n");
    desk.icewarden(&apply).exits(65).says(&["the trusted spec trusted does not hold, so no secret is read"]);
    desk.icewarden(&["apply", "plan.json", "--auto-approve", "--trusted", "nowhere"]).exits(65);
}

#[test]
fn commands_of_a_spec_are_run_only_where_that_is_allowed_outside_of_it() {
    let stand = Stand::of(world(&[]));
    let with = |command: &str| {
        let command = format!("exec: [{command}]");
        vec![server("eu", &stand.url, "").replace("env: ICEWARP_PASSWORD", &command)]
    };
    let shell = with("sh, -c, touch ran; echo sandbox");
    let relative = with("./secret.sh");
    // The spec, the variable, the options, the exit, and what is said.
    type Case<'c> = (&'c [String], &'c str, &'c [&'c str], i32, &'c str);
    let cases: [Case<'_>; 9] = [
        (&shell, "", &[], 0, "nothing to do"),
        (&shell, "1", &[], 0, "nothing to do"),
        (&shell, "0", &[], 3, "commands of a spec are not run here"),
        (&shell, "0", &["--allow-exec"], 0, "nothing to do"),
        (&shell, "yes", &[], 64, "ICEWARDEN_ALLOW_EXEC is yes"),
        (&shell, "", &TRUSTED, 3, "commands of a spec are not run here"),
        (&shell, "0", &TRUSTED, 3, "whoever runs icewarden allows it, with --allow-exec"),
        (&shell, "1", &TRUSTED, 0, "nothing to do"),
        (&relative, "1", &TRUSTED, 3, "by a path that depends on the working folder"),
    ];
    for (spec, variable, options, code, words) in cases {
        let desk = desk(spec, spec).env("ICEWARDEN_ALLOW_EXEC", variable).env("PATH", "/usr/bin:/bin");
        let calls = stand.commands().len();
        let ran = desk.plan(options);
        assert_eq!(ran.code, code, "{variable} {options:?}: {ran:?}");
        ran.says(&[words]);
        assert_eq!(desk.path("ran").exists(), code == 0, "{variable} {options:?}");
        assert_eq!(stand.commands().len() == calls, code != 0);
    }
}

fn git(folder: &Path, args: &[&str]) {
    let mut git = Command::new("git");
    git.current_dir(folder).args(["-c", "user.name=a", "-c", "user.email=a@example.com"]).args(args);
    let ran = git.env("GIT_CONFIG_GLOBAL", "/dev/null").output().expect("Git is there");
    assert!(ran.status.success(), "{args:?}: {}", String::from_utf8_lossy(&ran.stderr));
}

/// A folder that Git would take for a repository's inside has a configuration, and its filters are commands.
#[test]
fn a_spec_laid_out_like_a_repository_runs_no_filter() {
    let (_stand, base) = start();
    let desk = Desk::with(&base.join("---\n")).env("PATH", "/usr/bin:/bin").env("DSN", "x;u;s3cret;h;7;3");
    let folder = desk.path("spec");
    git(&folder, &["init", "--quiet"]);
    desk.write("spec/.gitattributes", "*.yaml filter=f\n");
    git(&folder, &["add", "."]);
    git(&folder, &["commit", "--quiet", "--message=spec"]);
    for entry in std::fs::read_dir(folder.join(".git")).expect("it is there") {
        let entry = entry.expect("an entry");
        std::fs::rename(entry.path(), folder.join(entry.file_name())).expect("it moves");
    }
    std::fs::remove_dir(folder.join(".git")).expect("it is empty");
    let ran = desk.path("ran").display().to_string();
    let config = format!(
        "[core]\n\trepositoryformatversion = 0\n\tworktree = .\n[filter \"f\"]\n\tclean = \"touch {ran}; cat\"\n"
    );
    desk.write("spec/config", &config);
    // A time that is not the index's, so that Git would look into the file, and through the filter.
    desk.write("spec/spec.yaml", &base.join("---\n"));
    desk.apply(&[]).exits(0);
    assert!(!desk.path("ran").exists());
    git(&folder, &["status", "--porcelain"]);
    assert!(desk.path("ran").exists(), "this test would see a filter that ran");
}

/// The commands of docs/ci.md, in a checkout that holds what they could take for the target branch's.
#[test]
fn the_commands_for_any_other_ci_trust_no_folder_of_the_checkout() {
    let page = std::fs::read_to_string("docs/ci.md").expect("it is there");
    let commands = page.split("```").find(|block| block.contains("git worktree add")).expect("a block");
    let commands = commands.strip_prefix("sh\n").expect("a block of sh");
    let (stand, base) = start();
    let foreign = Foreign::wait();
    let moved = base.clone().map(|document| document.replace(&stand.url, &foreign.url())).join("---\n");
    let desk = Desk::with("");
    let checkout = desk.path("checkout");
    std::fs::create_dir_all(checkout.join("mail")).expect("a folder");
    git(&checkout, &["init", "--quiet", "--initial-branch=main"]);
    std::fs::write(checkout.join("mail/s.yaml"), base.join("---\n")).expect("a file");
    git(&checkout, &["add", "."]);
    git(&checkout, &["commit", "--quiet", "--message=spec"]);
    git(&checkout, &["remote", "add", "origin", "."]);
    git(&checkout, &["fetch", "--quiet", "origin"]);
    let program = Path::new(env!("CARGO_BIN_EXE_icewarden")).parent().expect("a folder");
    let bash = |folder: &Path| {
        // Without any option, as some runners have it.
        let mut bash = Command::new("bash");
        bash.args(["-c", commands]).current_dir(folder).env_clear().env("HOME", desk.path("."));
        bash.env("PATH", format!("{}:/usr/bin:/bin", program.display())).env("NO_PROXY", "127.0.0.1");
        bash.env("ICEWARP_PASSWORD", "sandbox").env("DSN", "x;u;s3cret;h;7;3");
        bash.output().expect("bash is there")
    };
    std::fs::write(checkout.join("mail/s.yaml"), &moved).expect("a file");
    for folder in ["trusted/mail", "base/mail", "target/mail"] {
        std::fs::create_dir_all(checkout.join(folder)).expect("a folder");
        std::fs::write(checkout.join(folder).join("s.yaml"), &moved).expect("a file");
    }
    let ran = bash(&checkout);
    assert!(!ran.status.success(), "{ran:?}");
    let plan = std::fs::read_to_string(checkout.join("plan.md")).expect("a page")
        + &String::from_utf8_lossy(&ran.stderr);
    assert!(plan.contains("rpc.url is"), "{ran:?} {plan}");
    // A target branch that cannot be had ends it.
    git(&checkout, &["update-ref", "-d", "refs/remotes/origin/main"]);
    assert!(!bash(&checkout).status.success());
    foreign.heard_nothing();
    assert_eq!(stand.commands(), [""; 0]);
    git(&checkout, &["fetch", "--quiet", "origin"]);
    std::fs::write(checkout.join("mail/s.yaml"), base.join("---\n")).expect("a file");
    let ran = bash(&checkout);
    assert!(ran.status.success(), "{ran:?}");
}

#[test]
fn only_the_reviewed_effects_are_applied() {
    let (stand, base) = start();
    let desk = desk(&base, &base);
    let plan = desk.planned(2, &["--outputs", "outputs"]);
    let digest = plan["effects_digest"].as_str().expect("a digest");
    assert_eq!(
        desk.read("outputs"),
        format!("changes=true\nblocked=false\nlicence=ok\neffects-digest=eu={digest}\n")
    );
    let other = "0".repeat(64);
    let by_name = format!("eu={digest}");
    for (effects, code, words) in [
        (other.as_str(), 4, "the plan is stale: its effects are"),
        ("abc", 64, "a digest has 64 hexadecimal digits"),
        (&format!("us={digest}"), 64, "the spec has no server us"),
        (&format!("{by_name},{by_name}"), 64, "eu has two digests"),
    ] {
        desk.apply(&["--effects", effects]).exits(code).says(&[words]);
    }
    assert_eq!(stand.writes(), 0);
    desk.apply(&["--effects", &by_name]).exits(0);
    assert_eq!(stand.writes(), 2);
    // It was done: the same digest does not hold a second time.
    desk.apply(&["--effects", digest]).exits(4);
    desk.planned(0, &["--outputs", "outputs"]);
    assert!(
        desk.read("outputs").contains("\nchanges=false\nblocked=false\nlicence=ok\neffects-digest=eu="),
        "it is appended"
    );
}

#[test]
fn of_several_servers_each_needs_its_reviewed_effects_and_a_failed_one_leaves_the_outputs_empty() {
    let (eu, us) =
        (Stand::of(world(&[("anna@example.com", &[])])), Stand::of(world(&[("anna@example.com", &[])])));
    // Two machines, or they would share one lock.
    let other = "00000000-00000000-00000000-00000000-MW-";
    assert!(us.world().set_server_variable("C_Reference", other));
    let second = server("us", &us.url, "").replace(REFERENCE, other);
    let chat = |server: &str| {
        policy(&format!("chat-{server}"), "scope: {accounts: [anna@example.com]}\nservices: {im: enabled}")
            .replace("server: eu", &format!("server: {server}"))
    };
    let spec = [server("eu", &eu.url, ""), second, chat("eu"), chat("us")].join("---\n");
    let desk = Desk::with(&spec);
    desk.plan(&["--outputs", "outputs"]).exits(2);
    let outputs = desk.read("outputs");
    let digests = outputs.lines().find_map(|line| line.strip_prefix("effects-digest=")).expect("digests");
    let (first, _) = digests.split_once(',').expect("two of them");
    desk.apply(&["--effects", first.trim_start_matches("eu=")]).exits(64).says(&["say SERVER=DIGEST"]);
    desk.apply(&["--effects", first]).exits(4).says(&["us: no effects of this server were reviewed"]);
    assert_eq!((eu.writes(), us.writes()), (1, 0));
    let down = Desk::with(&spec.replace(&us.url, "http://127.0.0.1:1/icewarpapi/"));
    down.plan(&["--outputs", "outputs"]).exits(69);
    assert_eq!(down.read("outputs"), "changes=\nblocked=\nlicence=\neffects-digest=\n");
}
