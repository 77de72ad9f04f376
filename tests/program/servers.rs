//! Several servers in one spec: worked on side by side, and none hides another.

use std::sync::{Arc, Barrier};

use super::run::Desk;
use super::spec::{document, put, world};
use super::stand::{Reply, Stand, http};

const NAMES: [&str; 5] = ["berlin", "london", "paris", "prague", "vienna"];

/// A stand whose licence is for a machine of its own, with Bob, who would get chat.
fn stand(name: &str) -> Stand {
    let mut world = world(&[("anna@example.com", &["im"]), ("bob@example.com", &[])]);
    assert!(world.set_server_variable("C_Reference", &reference(name)));
    Stand::of(world)
}

fn reference(name: &str) -> String {
    format!("{name:X<8.8}-0DC1291E-05492B82-877710E7-MW-").to_uppercase()
}

/// The documents of one server, whose password is in a variable of its own.
fn documents(name: &str, url: &str) -> String {
    let password = format!("{{env: PASSWORD_{}}}", name.to_uppercase());
    let rpc = format!("{{url: \"{url}\", account: admin@example.com, password: {password}}}");
    let identity = format!("{{domain: example.com, referenceId: {}}}", reference(name));
    let server = document("Server", name, &format!("connection:\n  rpc: {rpc}\nidentity: {identity}\n"));
    let body = format!("server: {name}\nscope: {{accounts: [bob@example.com]}}\nservices: {{im: enabled}}");
    server + "---\n" + &document("ServicePolicy", &format!("chat-{name}"), &body)
}

fn desk(stands: &[(&str, &str)]) -> Desk {
    let all: Vec<String> = stands.iter().map(|(name, url)| documents(name, url)).collect();
    let mut desk = Desk::with(&all.join("---\n"));
    for (name, _) in stands {
        desk = desk.env(&format!("PASSWORD_{}", name.to_uppercase()), "sandbox");
    }
    desk
}

/// The rows of the table: server, outcome, exit.
fn table(out: &str) -> Vec<String> {
    let lines = out.lines().skip_while(|line| !line.starts_with("Servers "));
    let rows = lines.skip(1).take_while(|line| !line.is_empty());
    rows.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn one_that_is_down_broken_closed_or_refuses_hides_no_other() {
    let [berlin, london, paris, prague] = ["berlin", "london", "paris", "prague"].map(stand);
    london.twist(|_, _| Some(Reply::Raw(http("text/html", "<html>It works!</html>"))));
    assert!(paris.world().set_server_variable("C_LicenseStatus", "1"));
    let urls = [
        ("berlin", berlin.url.as_str()),
        ("london", &london.url),
        ("paris", &paris.url),
        ("prague", &prague.url),
        ("vienna", "http://127.0.0.1:1/icewarpapi/"),
    ];
    let desk = desk(&urls).env("PASSWORD_PRAGUE", "wrong");

    let ran = desk.plan(&[]).exits(77);
    let rows = [
        "berlin changes 1 0 0 0 2",
        "london failed - - - - 1",
        "paris takes no changes 1 0 0 0 6",
        "prague login refused - - - - 77",
        "vienna not reachable - - - - 69",
    ];
    assert_eq!(table(&ran.out), rows, "{}", ran.out);
    let page = desk.plan(&["--format", "markdown"]).exits(77).out;
    for row in
        ["`berlin` | changes | 1 | 0 | 0 | 0 | 0 |", "`vienna` | could not be planned | – | – | – | – | – |"]
    {
        assert!(page.contains(row), "{row}: {page}");
    }
    let applied = desk.apply(&[]).exits(77);
    let rows = [
        "berlin done 1 0 0 0 0",
        "london failed - - - - 1",
        "paris takes no changes - - - - 6",
        "prague login refused - - - - 77",
        "vienna not reachable - - - - 69",
    ];
    assert_eq!(table(&applied.out), rows, "{}", applied.out);
    applied.says(&["london: ", "prague: ", "vienna: "]);
    assert_eq!([&berlin, &london, &paris, &prague].map(Stand::writes), [1, 0, 0, 0]);
    assert!(berlin.is_on("bob@example.com", "im"));
    // Each next exit in the order of the contract.
    let left: Vec<(&str, &str)> = urls.into_iter().filter(|(name, _)| *name != "prague").collect();
    for (without, code) in [("", 69), ("vienna", 6), ("paris", 1), ("london", 0)] {
        let left: Vec<(&str, &str)> = left
            .iter()
            .filter(|(name, _)| match without {
                "" => true,
                "vienna" => *name != "vienna",
                "paris" => !["vienna", "paris"].contains(name),
                _ => *name == "berlin",
            })
            .copied()
            .collect();
        self::desk(&left).plan(&[]).exits(code);
    }
}

/// Each answers its first call only when all have been called: one after the other would wait for ever.
#[test]
fn five_servers_are_read_and_changed_side_by_side() {
    let stands = NAMES.map(stand);
    for (round, command) in [(1, "authenticate"), (2, "setaccountproperties")] {
        let meeting = Arc::new(Barrier::new(NAMES.len()));
        for stand in &stands {
            let (meeting, mut waited) = (Arc::clone(&meeting), false);
            stand.twist(move |_, request| {
                if request.command == command && !std::mem::replace(&mut waited, true) {
                    meeting.wait();
                }
                None
            });
        }
        let urls: Vec<(&str, &str)> =
            NAMES.iter().zip(&stands).map(|(name, stand)| (*name, stand.url.as_str())).collect();
        let desk = desk(&urls);
        desk.apply(&[]).exits(0);
        desk.plan(&[]).exits(0).says(&["berlin: nothing to do", "vienna: nothing to do"]);
        for stand in &stands {
            assert_eq!(stand.writes(), round);
            put(&mut stand.world(), "bob@example.com", &["im"], "0");
        }
    }
}

/// One question for all: each plan is shown first.
#[test]
fn one_answer_holds_for_all_servers() {
    for (typed, code, writes) in [("yes\n", 0, 1), ("no\n", 1, 0)] {
        let stands = ["berlin", "london"].map(stand);
        let desk = desk(&[("berlin", stands[0].url.as_str()), ("london", &stands[1].url)]);
        let ran = desk.on_a_terminal(&["apply", "spec"], typed).exits(code);
        ran.says(&[
            "berlin/bob@example.com/im",
            "london/bob@example.com/im",
            "Perform 2 steps on berlin, london? Only `yes` does it.",
        ]);
        assert_eq!(stands.map(|stand| stand.writes()), [writes, writes]);
    }
}

/// Ctrl-C is heard by every server's run.
#[test]
fn ctrl_c_ends_the_runs_of_all_servers() {
    let stands = ["berlin", "london"].map(stand);
    let meeting = Arc::new(Barrier::new(3));
    for stand in &stands {
        stand.world().add_account("carl@example.com", "", 0);
        let (meeting, mut waited) = (Arc::clone(&meeting), false);
        stand.twist(move |_, request| {
            if request.command == "setaccountproperties" && !std::mem::replace(&mut waited, true) {
                meeting.wait();
                meeting.wait();
            }
            None
        });
    }
    let desk = desk(&[("berlin", stands[0].url.as_str()), ("london", &stands[1].url)]);
    let mut started = desk.start(&["apply", "spec", "--auto-approve"]);
    meeting.wait();
    started.signal("INT");
    for name in ["berlin", "london"] {
        started.says(&format!("{name}: interrupted"));
    }
    meeting.wait();
    started.ends().exits(0).says(&["berlin: 1 of 1 steps done", "london: 1 of 1 steps done"]);
    assert_eq!(
        stands.map(|stand| stand.commands().last().cloned()),
        [Some("logout".to_owned()), Some("logout".to_owned())]
    );
}
