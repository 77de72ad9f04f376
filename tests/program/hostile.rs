//! Text that others chose – in a spec, on a server, in a file's name, in the store – forges no line and moves no cursor.

use super::run::Desk;
use super::spec::{backup, policy, whole, world};
use super::stand::Stand;

/// Moves the cursor up and wipes a line, ends the line, forges one of ours and one for GitHub, turns the rest around.
const HOSTILE: &str = "x\u{1b}[1A\u{1b}[2K\r\neu: nothing to do.\n::warning::forged\u{202e}\u{200b}\u{9b}2J";

/// Looks at the raw bytes of an output for people.
#[track_caller]
fn is_clean(what: &str, text: &str) {
    for line in text.lines() {
        assert!(!line.starts_with("eu: nothing to do.") && !line.starts_with("::"), "{what}: {line:?}");
    }
    let odd = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let found: Vec<char> = text.chars().filter(|c| odd(*c)).collect();
    assert!(found.is_empty(), "{what}: {found:?} in {text:?}");
}

/// A world in which all that a server can say is hostile: names of accounts, of products, of its version and its ids.
fn stand() -> Stand {
    let mut world = world(&[("bob@example.com", &["ftp"]), ("a\u{202e}b@example.com", &[])]);
    world.set_product(&format!("Odd {HOSTILE}"), Some(3));
    world.set_product("Instant Messaging", Some(1));
    assert!(world.set_server_variable("C_Version", HOSTILE));
    assert!(world.set_server_variable("C_System_Tools_AutoBackup_BackupTo", HOSTILE));
    assert!(world.set_server_variable("C_System_Tools_AutoBackup_Schedule", HOSTILE));
    Stand::of(world)
}

fn desk(stand: &Stand) -> Desk {
    let documents = [
        policy("chat", "scope: {domains: [example.com]}\nservices: {im: enabled, ftp: disabled}"),
        backup("path: /b\nschedule: {captured: \"a\\e[2J\\nb\"}\npassword: {file: \"no\u{fffd}such\"}"),
    ];
    Desk::with(&whole(stand, "guardrails: {disable: {accounts: 20, percent: 100}}", &documents))
}

#[test]
fn what_a_server_says_is_text_in_every_format() {
    let stand = stand();
    let desk = desk(&stand);
    desk.write("spec/no\u{fffd}such", "hunter2");
    for format in ["text", "markdown"] {
        let ran = desk.plan(&["--format", format, "--full", "--stats"]);
        is_clean(&format!("plan as {format}"), &ran.out);
        is_clean(&format!("plan as {format}, talk"), &ran.err);
    }
    let planned = desk.planned(3, &[]);
    assert!(planned["findings"].is_array(), "JSON has escapes of its own");
    let asked = desk.on_a_terminal(&["apply", "spec", "--color", "never"], "no\n");
    for line in asked.out.lines().chain(asked.err.lines()) {
        assert!(
            !line.starts_with("::") && !line.contains("\u{1b}[2J") && !line.contains("\u{1b}[1A"),
            "{line:?}"
        );
    }
    let allow = ["--allow", "backup=path", "--allow", "backup=schedule", "--reason", "a test"];
    let ran = desk.apply(&[&["--events", "events.json"], &allow[..]].concat());
    is_clean("apply", &ran.out);
    is_clean("apply, talk", &ran.err);
    for line in desk.read("events.json").lines() {
        let _: serde_json::Value = serde_json::from_str(line).expect("one object a line");
    }
    assert_eq!(ran.code, 5, "what XML cannot carry is not sent: {ran:?}");
    for args in [&["history"][..], &["history", "show", "1"]] {
        let ran = desk.icewarden(args).exits(0);
        is_clean("history", &ran.out);
        is_clean("history, talk", &ran.err);
    }
}

/// An error id is as long and as odd as whoever answers likes.
#[test]
fn what_a_server_answers_is_text_in_every_error() {
    for command in ["authenticate", "getaccountproperties", "setaccountproperties", "getserverproperties"] {
        let stand = stand();
        let desk = desk(&stand);
        desk.write("spec/no\u{fffd}such", "hunter2");
        stand.twist(move |_, request| {
            let escaped = HOSTILE.replace('\u{1b}', "&#x85;").replace('\u{9b}', "");
            let query = format!("<query xmlns=\"admin:iq:rpc\"><error uid=\"{escaped}\"></error></query>");
            (request.command == command)
                .then(|| super::stand::Reply::Body(format!("<iq type=\"error\">{query}</iq>")))
        });
        let ran = desk.apply(&[]);
        is_clean(command, &ran.out);
        is_clean(command, &ran.err);
        let ran = desk.icewarden(&["history", "show", "1"]);
        is_clean(command, &ran.out);
    }
}

/// A name of a file, a folder or a variable is chosen by whoever wrote the change that is reviewed.
#[test]
fn a_name_of_a_file_is_text_in_every_error() {
    let stand = stand();
    let name = "x\u{1b}[2K\r\neu: nothing to do.\n::warning::forged\u{202e}.yaml";
    let desk = desk(&stand);
    desk.write(&format!("spec/{name}"), "apiVersion: icewarden.dev/v1\nkind: Nothing\n");
    for args in [
        vec!["validate", "spec"],
        vec!["plan", "spec"],
        vec!["apply", "spec", "--auto-approve"],
        vec!["plan", name],
        vec!["apply", name, "--auto-approve"],
        vec!["plan", "spec", "--out", name],
        vec!["plan", "spec", "--store", name],
        vec!["plan", "spec", "--trusted", name],
        vec!["plan", "spec", "--target", name],
        vec!["plan", "spec", "--allow", name, "--reason", name],
        vec!["plan", "spec", "--outputs", name],
        vec!["apply", "spec", "--auto-approve", "--events", name],
        vec!["apply", "spec", "--auto-approve", "--effects", name],
        vec!["history", "show", name],
        vec!["sandbox", "--switch", name],
        vec!["sandbox", "--fault", name],
        vec!["sandbox", "--state", name, "--listen", "nowhere"],
    ] {
        let ran = desk.icewarden(&args);
        is_clean(&format!("{args:?}"), &ran.out);
        is_clean(&format!("{args:?}, talk"), &ran.err);
    }
}

/// Every field of every kind with a text that hides something: named at its place, and shown as text.
#[test]
fn every_field_of_every_kind_refuses_what_hides() {
    let stand = stand();
    let fields = [
        "apiVersion: icewarden.dev/v1\nkind: Server\nmetadata: {name: HERE, labels: {env: prod}}\nspec: {}\n",
        "apiVersion: icewarden.dev/v1\nkind: Server\nmetadata: {name: eu, labels: {env: HERE}}\nspec: {}\n",
        "apiVersion: icewarden.dev/v1\nkind: Server\nmetadata: {name: eu, labels: {HERE: prod}}\nspec: {}\n",
        "apiVersion: HERE\nkind: Server\nmetadata: {name: eu}\nspec: {}\n",
        "apiVersion: icewarden.dev/v1\nkind: HERE\nmetadata: {name: eu}\nspec: {}\n",
        "apiVersion: icewarden.dev/v1\nkind: Server\nmetadata: {name: eu}\nspec: {connection: {rpc: {url: HERE, account: HERE, password: {env: HERE}, caFile: HERE, login: HERE}}, identity: {domain: HERE, referenceId: HERE}, guardrails: {protect: [HERE]}, excludeLicenseSense: HERE, supportSense: HERE}\n",
        "apiVersion: icewarden.dev/v1\nkind: License\nmetadata: {name: HERE}\nspec: {server: HERE, orderId: HERE, activation: {offline: {file: HERE}}, revalidation: HERE, expect: {HERE: {seats: 1}}, moduleOf: {webdav: HERE, HERE: caldav}}\n",
        "apiVersion: icewarden.dev/v1\nkind: BackupPolicy\nmetadata: {name: HERE}\nspec: {server: HERE, path: HERE, password: {file: HERE}, schedule: HERE, directories: HERE, licenseInBackup: HERE, databases: {accounts: {target: {exec: [HERE]}}}, archive: {path: HERE}}\n",
        "apiVersion: icewarden.dev/v1\nkind: ServicePolicy\nmetadata: {name: HERE}\nspec: {server: HERE, scope: {domains: [HERE], groups: [HERE], accounts: [HERE], except: [HERE]}, services: {im: HERE, HERE: enabled, ftp: {enable: {domains: [HERE]}, others: HERE}}, exceptions: [{account: HERE, service: HERE, set: HERE, until: HERE, why: HERE}]}\n",
    ];
    for hostile in [
        "\"x\\e[2K\\r\\neu: nothing to do.\\n::warning::forged\"",
        "\"x\\u202eb\"",
        "\"x\\u200b\"",
        "\"\\ufeffx\"",
        "\"x\\u009b2J\"",
    ] {
        for field in fields {
            let desk = Desk::with(&whole(&stand, "", &[field.replace("HERE", hostile)]));
            for args in
                [&["validate", "spec"][..], &["plan", "spec"], &["validate", "spec", "--format", "json"]]
            {
                let ran = desk.icewarden(args).exits(65);
                is_clean(&format!("{hostile} in {field}"), &ran.out);
                is_clean(&format!("{hostile} in {field}"), &ran.err);
            }
        }
    }
}
