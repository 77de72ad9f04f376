//! How many calls a plan makes, as the program says it and as the sandbox counted them, over the sandbox's own HTTP.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::channel;
use std::thread::JoinHandle;
use std::time::Duration;

use icewarden::edge::sandbox::{Seed, ServeOptions, World, serve};
use serde_json::Value;
use tokio::sync::oneshot;

use super::run::{Desk, steps};
use super::spec::{policy, server};

/// A sandbox as `icewarden sandbox` serves it.
struct Served {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    fn of(world: World) -> Served {
        let (ready, address) = channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let options = ServeOptions { listen: SocketAddr::from(([127, 0, 0, 1], 0)), addr_file: None };
            let ready = |address| ready.send(address).expect("somebody waits");
            let stopped = async { drop(stopped.await) };
            runtime.block_on(serve(world, options, ready, stopped)).expect("it serves");
        });
        let address = address.recv_timeout(Duration::from_secs(60)).expect("it is up");
        Served { address, stop: Some(stop), thread: Some(thread) }
    }

    fn url(&self) -> String {
        format!("http://{}/icewarpapi/", self.address)
    }

    /// The sandbox's own report, asked for in plain HTTP.
    fn state(&self) -> Value {
        let mut stream = TcpStream::connect(self.address).expect("it answers");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a limit");
        let request = format!("GET /sandbox/state HTTP/1.0\r\nHost: {}\r\n\r\n", self.address);
        stream.write_all(request.as_bytes()).expect("it listens");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        serde_json::from_str(body).expect("JSON")
    }

    /// Calls of a command so far; of all of them for the empty name.
    fn calls(&self, command: &str) -> u64 {
        let state = self.state();
        let calls = state["calls"].as_object().expect("calls");
        let meant = calls.iter().filter(|(name, _)| command.is_empty() || *name == command);
        meant.filter_map(|(_, count)| count.as_u64()).sum()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

const ACCOUNTS: u64 = 300;

/// Two managed services, one of them by a group.
fn spec(url: &str, others: &str) -> String {
    let phones = format!(
        "scope: {{domains: [example.com]}}\nservices: {{activesync: {{enable: {{groups: [sales@example.com]}}, others: {others}}}}}"
    );
    let calls = "scope: {accounts: [admin@example.com]}\nservices: {sip: enabled}";
    [server("eu", url, ""), policy("phones", &phones), policy("calls", calls)].join("---\n")
}

/// What is counted by the sandbox while `work` is done, and what that gave.
fn counted<T>(served: &Served, work: impl FnOnce() -> T) -> (T, u64, [u64; 3]) {
    let commands = ["getdomainsinfolist", "getaccountsinfolist", "getaccountmemberinfolist"];
    let (all, lists) = (served.calls(""), commands.map(|command| served.calls(command)));
    let done = work();
    let after = commands.map(|command| served.calls(command));
    (done, served.calls("") - all, std::array::from_fn(|index| after[index] - lists[index]))
}

fn said(server: &Value) -> u64 {
    server["calls"].as_object().expect("calls").values().filter_map(Value::as_u64).sum()
}

#[test]
fn a_plan_with_nothing_to_do_keeps_to_its_budget_of_calls() {
    let mut world = World::seeded(&Seed { accounts: ACCOUNTS as u32, seed: 1 });
    world.set_product("ActiveSync", Some(100));
    let served = Served::of(world);
    let desk = Desk::with(&spec(&served.url(), "leave"));
    desk.apply(&[]).exits(0);
    let writes = served.state()["writes"].as_u64();
    let (planned, calls, lists) = counted(&served, || desk.planned(0, &[]));
    assert_eq!(planned["outcome"], "nothing-to-do");
    assert_eq!(planned["accounts"]["count"], ACCOUNTS);
    let pages: u64 = lists.iter().sum();
    // One page of domains; at most two of the largest domain, one of each other; one of the group.
    assert!(lists[0] == 1 && lists[1] <= 5 && lists[2] == 1, "{lists:?}");
    assert!(calls <= pages + ACCOUNTS + 12, "{calls} calls with {pages} pages");
    assert_eq!(said(&planned), calls, "what the program says is what was counted");
    let (ran, calls, _) = counted(&served, || desk.plan(&["--stats"]).exits(0));
    ran.says(&[&format!("calls to eu: {calls} (")]);
    assert_eq!(served.state()["sessions"], 0, "every session was closed");
    assert_eq!(served.state()["writes"].as_u64(), writes);
}

/// Where something would be switched off the lists are read twice (U-9), and where something would be switched on
/// its domain is asked; no more.
#[test]
fn a_plan_that_would_disable_reads_the_lists_twice() {
    let served = Served::of(World::seeded(&Seed { accounts: ACCOUNTS as u32, seed: 1 }));
    let desk = Desk::with(&spec(&served.url(), "disabled"));
    let allow = ["--allow", "disable=100", "--reason", "a test"];
    let (planned, calls, lists) = counted(&served, || desk.planned(2, &allow));
    assert!(steps(&planned).iter().any(|step| step.starts_with("release")));
    assert!(lists[0] == 2 && lists[2] == 2, "{lists:?}");
    let pages: u64 = lists.iter().sum();
    assert!(calls <= pages + ACCOUNTS + 12, "{calls} calls with {pages} pages");
    assert_eq!(said(&planned), calls);
}

/// From plan to nothing, over the sandbox as it is served, looked at in plain HTTP.
#[test]
fn a_seeded_server_is_planned_applied_and_done_and_no_module_got_worse() {
    let served = Served::of(World::seeded(&Seed { accounts: ACCOUNTS as u32, seed: 2 }));
    let before = served.state();
    let desk = Desk::with(&spec(&served.url(), "disabled"));
    let allow = ["--allow", "disable=100", "--reason", "a test"];
    let planned = desk.planned(2, &allow);
    desk.apply(&allow).exits(0);
    let after = served.state();
    for step in steps(&planned) {
        let (action, address) = step.split_once(' ').expect("two words");
        let (account, service) = address.split_once('/').expect("two parts");
        assert_eq!(after["accounts"][account]["services"][service] == true, action == "claim", "{step}");
    }
    assert_eq!(after["writes"].as_u64(), Some(steps(&planned).len() as u64));
    for (name, module) in before["modules"].as_object().expect("modules") {
        assert_eq!(after["modules"][name]["highestOver"], module["over"], "{name} was never worse");
    }
    desk.nothing_to_do(&[]);
}
