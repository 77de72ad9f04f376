//! A sample of the matrix through the program itself, each command a process of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use super::case::{Case, Server, is_passing, set_up, stands_in_the_way, touched};
use super::world::{PRODUCTS, Thing, barred, declared, snapshot, text};

/// How a command ended, and what it printed.
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

fn icewarden(folder: &std::path::Path, args: &[&str]) -> Ran {
    let ran = Command::new(env!("CARGO_BIN_EXE_icewarden"))
        .args(args)
        .current_dir(folder)
        .env_clear()
        .envs([("ICEWARP_PASSWORD", "sandbox"), ("NO_PROXY", "127.0.0.1"), ("COLUMNS", "160"), ("HOME", ".")])
        .output()
        .expect("it starts");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Ran { code: ran.status.code(), out: text(ran.stdout), err: text(ran.stderr) }
}

/// Plans, applies and plans, by the exit codes and the words of the program. Whether it ends as declared, and what is
/// wrong.
fn judge(runtime: &tokio::runtime::Runtime, case: &Case) -> (bool, Vec<String>) {
    let server = runtime.block_on(Server::of(set_up(case)));
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("spec")).expect("a folder");
    // Only the author can know; without this every seat passes for taken (U-36).
    let available = case.settings.iter().any(|setting| setting.to_string() == "U-32=available");
    let spec = text(&server.url, case.teamchat);
    let spec = match available {
        true => spec.replace("  guardrails: {", "  supportSense: available\n  guardrails: {"),
        false => spec,
    };
    std::fs::write(folder.path().join("spec/spec.yaml"), spec).expect("a file");
    let over: BTreeMap<&str, u64> = PRODUCTS.map(|product| (product, server.world().over(product))).into();
    let before = snapshot(&server.world());

    let planned = icewarden(folder.path(), &["plan", "spec", "--format", "json", "--detailed-exitcode"]);
    let after_plan = snapshot(&server.world());
    let applied = icewarden(folder.path(), &["apply", "spec", "--auto-approve"]);
    let after = snapshot(&server.world());
    let last = icewarden(folder.path(), &["plan", "spec", "--format", "json", "--detailed-exitcode"]);

    let mut wrong = Vec::new();
    let second = touched(&server.world());
    for (by, was, is, report) in [
        ("plan", &before, &after_plan, ""),
        ("apply", &after_plan, &after, &format!("{}{}", applied.out, applied.err)),
    ] {
        let things: BTreeSet<&Thing> = was.keys().chain(is.keys()).collect();
        for thing in things.into_iter().filter(|thing| was.get(*thing) != is.get(*thing)) {
            let (address, name) = thing;
            let told =
                if address.is_empty() { format!("eu/backup/{name}") } else { format!("eu/{address}/{name}") };
            if !second.contains(thing) && !report.contains(&told) {
                wrong.push(format!("{by} changed {told} and does not say so: {report}"));
            }
        }
    }
    for (product, before) in over {
        let highest = server.world().over_highest(product);
        let counted_once =
            product == "Anti-Spam" && case.settings.iter().any(|setting| setting.to_string() == "U-37=two");
        if highest > before && !counted_once {
            wrong.push(format!("{product} was over by {before}, and then by {highest}"));
        }
    }
    for (what, ran, codes) in [
        ("plan", &planned, &[0, 1, 2, 3, 65, 69, 77][..]),
        ("apply", &applied, &[0, 1, 3, 5, 6, 65, 69, 77]),
        ("plan after it", &last, &[0, 1, 2, 3, 65, 69, 77]),
    ] {
        if ran.code.is_none_or(|code| !codes.contains(&code)) || ran.err.contains("panicked") {
            wrong.push(format!("{what} ended with {:?}: {}", ran.code, ran.err));
        }
        // A run that was stopped says so where it tells what it did.
        let says_why = ran.err.contains("error") || ran.out.contains("stopped: ");
        if !matches!(ran.code, Some(0 | 2 | 3 | 5)) && !says_why {
            wrong.push(format!("{what} ended with {:?} and does not say why: {}", ran.code, ran.err));
        }
    }
    let reached = ends_well(case, &last, &server, &second).unwrap_or_else(|told| {
        wrong.push(told);
        false
    });
    server.end();
    (reached, wrong.into_iter().map(|wrong| format!("{case}: {wrong}")).collect())
}

/// Whether the case ends as declared; and what is wrong where the last plan finds nothing that it could do, or where
/// nothing of the case accounts for work that is left.
fn ends_well(case: &Case, last: &Ran, server: &Server, second: &BTreeSet<Thing>) -> Result<bool, String> {
    let stands = case.settings.iter().any(|setting| stands_in_the_way(&setting.to_string(), case));
    let excused = stands || is_passing(case);
    let file: Value = match serde_json::from_str(&last.out) {
        Ok(file) => file,
        Err(_) if excused => return Ok(false),
        Err(error) => return Err(format!("the last plan gives no JSON: {error}: {}", last.err)),
    };
    let plan = &file["servers"][0];
    let idle = plan["error"].is_null() && plan["steps"].as_array().is_some_and(Vec::is_empty);
    if !idle {
        return if excused { Ok(false) } else { Err(format!("the last plan still has work: {}", last.err)) };
    }
    let barred = barred();
    let blocked = plan["blocked"].as_array().expect("blocked").iter().map(|entry| {
        let text = |key: &str| entry[key].as_str().expect("text").to_owned();
        (text("account"), text("service"))
    });
    let blocked: BTreeSet<Thing> = blocked.filter(|thing| !barred.contains(thing)).collect();
    let now = snapshot(&server.world());
    let declared = declared(case.teamchat);
    let off = declared.iter().find(|(thing, value)| {
        now.get(*thing).map_or("0", String::as_str) != **value && !second.contains(*thing)
    });
    match (off, blocked.first()) {
        (None, None) => Ok(true),
        _ if excused => Ok(false),
        (off, first) => {
            Err(format!("the last plan does nothing, and {off:?} is not as declared; blocked: {first:?}"))
        }
    }
}

/// Judges cases on two threads, each with servers of its own.
pub fn check(cases: &[Case]) {
    let halves = cases.chunks(cases.len().div_ceil(2));
    let judged: Vec<(bool, Vec<String>)> = std::thread::scope(|scope| {
        let threads: Vec<_> = halves
            .map(|half| {
                scope.spawn(move || {
                    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
                    half.iter().map(|case| judge(&runtime, case)).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    });
    let reached = judged.iter().filter(|(reached, _)| *reached).count();
    let wrong: Vec<&String> = judged.iter().flat_map(|(_, wrong)| wrong).collect();
    println!("through the binary: {} cases, {reached} reached what is declared", cases.len());
    for wrong in &wrong {
        println!("  wrong: {wrong}");
    }
    assert!(wrong.is_empty(), "{} things are wrong, the first: {}", wrong.len(), wrong[0]);
    assert!(reached > 0, "none ended as declared");
}
