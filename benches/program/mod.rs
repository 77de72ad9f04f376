//! Whole processes, and the calls they make.

use std::io::Read as _;
use std::process::{Command, Stdio};

use icewarden::edge::sandbox::{Seed, ServeOptions, World, serve};

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_icewarden"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env("ICEWARP_PASSWORD", "sandbox");
    command
}

#[divan::bench(sample_count = 50)]
fn validate_the_example_as_a_process() {
    let status = program().args(["validate", "examples/demo"]).stdout(Stdio::null()).status();
    assert!(status.expect("it starts").success());
}

/// Serves a sandbox in this process while `with` gets its URL.
fn with_sandbox<T>(accounts: u32, with: impl FnOnce(&str) -> T) -> T {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (send, receive) = std::sync::mpsc::channel();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let options = ServeOptions { listen: ([127, 0, 0, 1], 0).into(), addr_file: None };
    let world = World::seeded(&Seed { accounts, seed: 1 });
    let serving = runtime.spawn(serve(
        world,
        options,
        move |address| {
            let _ = send.send(address);
        },
        async {
            let _ = stopped.await;
        },
    ));
    let address = receive.recv().expect("it listens");
    let result = with(&format!("http://{address}/icewarpapi/"));
    let _ = stop.send(());
    let _ = runtime.block_on(serving);
    result
}

/// A folder with a spec that manages two services of a sandbox and finds nothing to change.
fn no_op_spec(url: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!(
        "apiVersion: icewarden.dev/v1\nkind: Server\nmetadata: {{name: eu}}\nspec:\n  connection:\n    rpc: {{url: \
         \"{url}\", account: admin@example.com, password: {{env: ICEWARP_PASSWORD}}}}\n---\napiVersion: \
         icewarden.dev/v1\nkind: ServicePolicy\nmetadata: {{name: nothing}}\nspec:\n  server: eu\n  scope: {{accounts: \
         [admin@example.com]}}\n  services: {{smtp: enabled, pop3imap: enabled}}\n"
    );
    std::fs::write(folder.path().join("spec.yaml"), text).expect("it is written");
    folder
}

/// Prints the calls of a plan without changes for 1,000 accounts.
pub fn say_calls() {
    with_sandbox(1_000, |url| {
        let folder = no_op_spec(url);
        let mut child = program()
            .args(["plan", "--stats"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut said = String::new();
        child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("it talks");
        assert!(child.wait().expect("it ends").success(), "{said}");
        let calls = said.lines().find(|line| line.starts_with("calls to")).unwrap_or("no calls were told");
        println!("no-op plan of 1,000 accounts, two services managed: {calls}");
    });
}

#[divan::bench(args = [1_000, 10_000], sample_count = 3)]
fn no_op_plan_over_loopback(bencher: divan::Bencher<'_, '_>, accounts: u32) {
    with_sandbox(accounts, |url| {
        let folder = no_op_spec(url);
        bencher.bench_local(|| {
            let status = program().arg("plan").arg(folder.path()).stdout(Stdio::null()).status();
            assert!(status.expect("it starts").success());
        });
    });
}

#[divan::bench(args = [100_000], sample_count = 3)]
fn seed_a_sandbox(accounts: u32) -> World {
    World::seeded(&Seed { accounts, seed: 1 })
}
