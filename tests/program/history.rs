//! What is told of runs later.

use std::process::Command;

use super::lock::start;
use super::run::{Desk, desk};
use super::spec::{policy, world};
use super::stand::{Stand, result};

/// Git in a desk's folder, with nobody's configuration.
fn git(desk: &Desk, args: &[&str]) -> String {
    let mut git = Command::new("git");
    git.current_dir(desk.path("")).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    let identity = ["-c", "user.name=A Test", "-c", "user.email=test@example.com"];
    let ran = git.args(identity).args(args).output().expect("git is there");
    assert!(ran.status.success(), "{args:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8_lossy(&ran.stdout).trim().to_owned()
}

#[test]
fn runs_are_listed_newest_first_and_each_is_told_whole() {
    let (stand, desk) = start();
    let desk = desk.env("USER", "anna").env("PATH", &std::env::var("PATH").expect("a path"));
    git(&desk, &["init", "--quiet"]);
    git(&desk, &["add", "spec"]);
    git(&desk, &["commit", "--quiet", "--message", "a test"]);
    let commit = git(&desk, &["rev-parse", "HEAD"]);
    desk.apply(&[]).exits(0);
    let off = desk.read("spec/spec.yaml").replace("im: enabled", "im: disabled");
    desk.write("spec/spec.yaml", &off);
    let allow = ["--allow", "disable=2", "--reason", "the chat server moves"];
    desk.apply(&allow).exits(0);
    let list = desk.icewarden(&["history"]).exits(0);
    let lines: Vec<&str> = list.out.lines().collect();
    assert_eq!(lines.len(), 3, "{}", list.out);
    assert!(
        lines[1].trim_start().starts_with("2 ") && lines[2].trim_start().starts_with("1 "),
        "{}",
        list.out
    );
    assert!(lines.iter().all(|line| line.chars().count() <= 80), "{}", list.out);
    let first = desk.icewarden(&["history", "show", "1"]).exits(0);
    first.says(&[
        "run 1 on eu (http://127.0.0.1:",
        "by anna@",
        "auto-approve",
        &format!("commit {commit}\n"),
        "complete: 1 of 1 steps done",
        "* done claim anna@example.com/im disabled -> enabled",
    ]);
    desk.icewarden(&["history", "show", "2"]).exits(0).says(&[
        "allowed disable=2: the chat server moves",
        &format!("commit {commit} with changes that were not committed"),
        "* done release anna@example.com/im enabled -> disabled",
    ]);
    let json = desk.icewarden(&["history", "show", "2", "--format", "json"]).exits(0).json();
    assert_eq!(json["run"]["commit"], serde_json::json!({"id": commit, "dirty": true}));
    assert_eq!(json["steps"][0]["outcome"]["word"], "done");
    assert_eq!(json["allows"][0]["reason"], "the chat server moves");
    let json = desk.icewarden(&["history", "--format", "json", "--limit", "1"]).exits(0).json();
    assert_eq!(json["runs"].as_array().expect("runs").len(), 1);
    assert_eq!(json["runs"][0]["run"], 2);
    assert_eq!(stand.writes(), 2);
}

#[test]
fn a_run_that_is_not_there_is_told_with_those_that_are() {
    let (_stand, desk) = start();
    desk.icewarden(&["history", "show", "1"]).exits(64).says(&["there is no run 1", "no runs yet"]);
    desk.apply(&[]).exits(0);
    for run in ["2", "0", "last", "-1"] {
        let ran = desk.icewarden(&["history", "show", "--", run]);
        assert_eq!(ran.code, 64, "{run}: {ran:?}");
        ran.says(&["there is no run", "the newest is 1"]);
    }
    for limit in ["no", "0"] {
        desk.icewarden(&["history", "--limit", limit]).exits(64);
    }
    // Nothing in a test's surroundings says who it is, and still somebody is named.
    let who = desk.icewarden(&["history", "--format", "json"]).exits(0).json()["runs"][0]["who"].to_string();
    assert!(!who.contains("somebody"), "{who}");
}

/// A `git` that never ends is not waited for, and learns no secret.
#[test]
fn a_git_that_never_ends_holds_nothing_up_and_learns_no_secret() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_stand, desk) = start();
    let learnt = desk.path("learnt");
    let path = std::env::var("PATH").expect("a path");
    std::fs::create_dir(desk.path("bin")).expect("a folder");
    desk.write("bin/git", &format!("#!/bin/sh\nenv > '{}'\nexec sleep 600\n", learnt.display()));
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(desk.path("bin/git"), mode).expect("it is ours");
    let first = format!("{}:{path}", desk.path("bin").display());
    let desk = desk.env("PATH", &first);
    desk.apply(&[]).exits(0);
    desk.icewarden(&["history", "show", "1"]).exits(0).says(&["no commit is known", "complete"]);
    let learnt = desk.read("learnt");
    assert!(learnt.contains("PATH=") && !learnt.contains("ICEWARP_PASSWORD"), "{learnt}");
}

#[test]
fn without_git_there_is_no_commit_and_nothing_else_is_missing() {
    let (_stand, desk) = start();
    // The desk has no PATH, so there is no `git`.
    desk.apply(&[]).exits(0);
    desk.icewarden(&["history", "show", "1"]).exits(0).says(&["no commit is known", "complete"]);
}

/// What many steps have in common is said once, and what was not done does not read as if it was.
#[test]
fn what_was_not_done_is_told_as_wanted_and_its_reason_once() {
    let names = ["a@example.com", "b@example.com", "c@example.com"];
    let stand = Stand::of(world(&names.map(|name| (name, &[] as &[&str]))));
    let desk =
        desk(&stand, &[policy("chat", "scope: {accounts: [\"?@example.com\"]}\nservices: {im: enabled}")]);
    stand.twist(|_, request| {
        let odd = request.command == "setaccountproperties" && !request.body.contains("a@example.com");
        odd.then(|| result("0"))
    });
    desk.apply(&[]).exits(5);
    let told = desk.icewarden(&["history", "show", "1"]).exits(0);
    assert_eq!(told.out.matches("did not apply it").count(), 1, "{}", told.out);
    assert!(told.out.lines().all(|line| line.chars().count() <= 80), "{}", told.out);
    told.says(&[
        "* done claim a@example.com/im disabled -> enabled",
        "x refused claim b@example.com/im wanted disabled -> enabled",
        "x refused claim c@example.com/im wanted disabled -> enabled these 2: the server did not apply it",
    ]);
    let coloured = desk.icewarden(&["history", "show", "1", "--color", "always"]).exits(0);
    assert!(coloured.out.contains("\u{1b}[32m* done"), "{}", coloured.out);
}
