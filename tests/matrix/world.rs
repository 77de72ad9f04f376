//! The server of the matrix, what is declared of it, and what must then be so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use icewarden::edge::sandbox::World;
use icewarden::spec::meaning::ServerSpec;
use icewarden::spec::{Source, parse};

/// Users with what they have on, and what is odd about them.
const USERS: [(&str, &str, &str); 15] = [
    ("anna@example.com", "activesync antispam im", ""),
    ("bob@example.com", "antispam im", ""),
    ("carla@example.com", "antispam", ""),
    ("dora@example.com", "activesync quarantine", ""),
    ("emil@example.com", "activesync antispam", ""),
    ("guest@example.com", "activesync antispam", "U_IsGuestAccount"),
    ("left@example.com", "activesync antispam", "U_AccountDisabled"),
    ("pop@example.com", "antispam", "POP3"),
    ("hana@example.org", "", ""),
    ("ivan@example.org", "antispam", ""),
    ("jana@example.org", "antispam im", ""),
    ("kim@example.org", "antispam im quarantine", ""),
    // In the other form of a domain, and a name with its accents apart (U-44).
    ("lea@bücher.example.test", "im", ""),
    ("rene\u{301}@bücher.example.test", "im", ""),
    ("mia@bücher.example.test", "im", ""),
];

/// Guests of the server's own domain (U-43): no policy may speak of them, and each counts.
const VISITORS: [&str; 3] = [
    "visitor.a@##internalservicedomain.icewarp.com##",
    "visitor.b@##internalservicedomain.icewarp.com##",
    "visitor.c@##internalservicedomain.icewarp.com##",
];

/// Seats, as tight as a plan of them can be: each free seat, and each that is released for sure, is needed.
/// Releases of the guest and of the disabled account are not counted on (U-5).
const SEATS: [(&str, u32); 6] = [
    ("Mail Server", 100),
    ("ActiveSync", 5),
    ("Instant Messaging", 7),
    ("Anti-Spam", 12),
    ("FTP", 5),
    ("SMS", 5),
];

pub const PRODUCTS: [&str; 6] = ["Mail Server", "ActiveSync", "Instant Messaging", "Anti-Spam", "FTP", "SMS"];

const VARIABLES: [(&str, &str); 7] = [
    ("activesync", "U_ActiveSync"),
    ("antispam", "U_AS"),
    ("quarantine", "U_Quarantine"),
    ("im", "U_IM"),
    ("sms", "U_SMS"),
    ("ftp", "U_FTP"),
    ("teamchat", "U_TeamChat"),
];

/// The word of the switch that a variable is, lower case; the variable itself where it is none.
pub fn service_of(variable: &str) -> &str {
    let row = VARIABLES.iter().find(|(_, name)| name.eq_ignore_ascii_case(variable));
    row.map_or(variable, |(service, _)| service)
}

/// The server before anything is declared.
pub fn world() -> World {
    let mut world = World::bare();
    for (address, services, odd) in USERS {
        world.add_account(address, address, 0);
        for service in services.split_whitespace() {
            let variable = VARIABLES.iter().find(|(name, _)| *name == service).expect("a service").1;
            assert!(world.set_account_variable(address, variable, "1"), "{variable} of {address}");
        }
        let set = match odd {
            "" => true,
            "POP3" => world.set_account_variable(address, "U_AccountType", "0"),
            variable => world.set_account_variable(address, variable, "1"),
        };
        assert!(set, "{odd} of {address}");
    }
    world.add_domain("##internalservicedomain.icewarp.com##", 5);
    for visitor in VISITORS {
        world.add_account(visitor, visitor, 0);
        assert!(world.set_account_variable(visitor, "U_SMS", "1"));
    }
    world.add_account("readers@example.com", "Readers", 7);
    let readers =
        ["Lea@BÜCHER.example.test", "ren\u{e9}@xn--bcher-kva.example.test", "outside@elsewhere.test"];
    world.set_members("readers@example.com", &readers);
    world.add_account("sales@example.com", "Sales", 7);
    world.add_account("team@example.com", "Team", 7);
    world.set_members("sales@example.com", &["anna@example.com", "bob@example.com", "team@example.com"]);
    // A group in a group, and back.
    world.set_members(
        "team@example.com",
        &["carla@alias.example.test", "pp@example.com", "sales@example.com"],
    );
    // By an alias domain, and by an alias (U-45).
    assert!(world.set_aliases("pop@example.com", &["pp"]));
    world.add_account("news@example.com", "News", 1);
    world.add_account("room@example.org", "Room", 8);
    world.add_domain("alias.example.test", 2);
    world.set_domain_variable("alias.example.test", "D_DomainValue", "example.com");
    world.set_domain_variable("example.org", "D_SMS", "0");
    for (name, value) in [
        ("C_FTPService_ProcessingMode", "3"),
        ("C_System_Tools_AutoBackup_DeleteAfter", "7"),
        ("C_System_Tools_Backup_Logs", "0"),
        ("C_System_Tools_AutoBackup_Password", "hush"),
    ] {
        assert!(world.set_server_variable(name, value), "{name}");
    }
    for (product, seats) in SEATS {
        world.set_product(product, Some(seats));
    }
    world.reset_highest();
    world
}

const SPEC: &str = r#"
apiVersion: icewarden.dev/v1
kind: Server
metadata: {name: eu}
spec:
  connection: {rpc: {url: "URL", account: admin@example.com, password: {env: ICEWARP_PASSWORD}}}
  identity: {domain: example.com, referenceId: 82811415-0DC1291E-05492B82-877710E7-MW-}
  guardrails: {disable: {accounts: 20, percent: 100}}
---
apiVersion: icewarden.dev/v1
kind: License
metadata: {name: eu}
spec:
  server: eu
  orderId: EXAMPLE-0001
  expect: {activesync: {seats: 5}}
---
apiVersion: icewarden.dev/v1
kind: BackupPolicy
metadata: {name: nightly}
spec: {server: eu, enabled: true, keepDays: 30, logs: true}
---
apiVersion: icewarden.dev/v1
kind: ServicePolicy
metadata: {name: phones}
spec:
  server: eu
  scope: {domains: [example.com], except: [admin@example.com]}
  services:
    activesync: {enable: {groups: [sales@example.com]}, others: disabled}
    quarantine: {enable: {accounts: [anna@example.com]}, others: leave}
---
apiVersion: icewarden.dev/v1
kind: ServicePolicy
metadata: {name: chat}
spec:
  server: eu
  scope: {domains: [example.org]}
  services:
    im: {enable: {accounts: ["h*@example.org", ivan@example.org]}, others: disabled}
    sms: enabled
---
apiVersion: icewarden.dev/v1
kind: ServicePolicy
metadata: {name: clean}
spec:
  server: eu
  scope: {domains: [example.com, example.org], except: [admin@example.com]}
  services:
    antispam: enabled
    ftp: {enable: {accounts: [emil@example.com]}, others: leave}
---
apiVersion: icewarden.dev/v1
kind: ServicePolicy
metadata: {name: books}
spec:
  server: eu
  scope: {domains: [bücher.example.test]}
  services:
    im: {enable: {groups: [readers@example.com]}, others: disabled}
---
apiVersion: icewarden.dev/v1
kind: ServicePolicy
metadata: {name: nobody-here}
spec:
  server: eu
  scope: {accounts: ["visitor*", lea@xn--bcher-kva.example.test]}
  services: {sms: disabled}
"#;

/// What a spec that knows this year's services says beside it.
const NEWER: &str = r#"
---
apiVersion: icewarden.dev/v1
kind: ServicePolicy
metadata: {name: newer}
spec:
  server: eu
  scope: {domains: [example.org]}
  services:
    teamchat: {enable: {accounts: [ivan@example.org]}, others: leave}
"#;

/// What is declared, with TeamChat or without.
pub fn text(url: &str, teamchat: bool) -> String {
    let newer = if teamchat { NEWER } else { "" };
    format!("{}{newer}", SPEC.trim_start().replace("URL", url))
}

pub fn spec(url: &str, teamchat: bool) -> ServerSpec {
    let source = Source { name: Arc::from("spec.yaml"), text: Arc::from(text(url, teamchat)) };
    let spec = parse(&[source]).unwrap_or_else(|findings| panic!("{findings:?}"));
    spec.servers.into_iter().next().expect("a server")
}

/// A switch of an account, or a setting of the server with no address.
pub type Thing = (String, String);

/// What is so, by thing: switches that are on, and the backup's settings.
pub type Snapshot = BTreeMap<Thing, String>;

/// An address as the program tells it: whatever form the server speaks, it is the same account (U-44).
pub fn as_told(address: &str) -> String {
    address.replace("bücher", "xn--bcher-kva").replace("e\u{301}", "\u{e9}")
}

pub fn snapshot(world: &World) -> Snapshot {
    let state = world.state();
    let mut snapshot = Snapshot::new();
    for (address, account) in state["accounts"].as_object().expect("accounts") {
        let address = as_told(address);
        for service in account["services"].as_object().expect("services").keys() {
            snapshot.insert((address.clone(), service.clone()), "1".to_owned());
        }
    }
    for (name, key) in SETTINGS {
        let value = state["server"][name].as_str().unwrap_or_default();
        snapshot.insert((String::new(), key.to_owned()), value.to_owned());
    }
    snapshot
}

const SETTINGS: [(&str, &str); 3] = [
    ("C_System_Tools_AutoBackup_Enable", "enabled"),
    ("C_System_Tools_AutoBackup_DeleteAfter", "keepDays"),
    ("C_System_Tools_Backup_Logs", "logs"),
];

/// The word of the setting that a variable is.
pub fn setting_of(variable: &str) -> &str {
    let row = SETTINGS.iter().find(|(name, _)| name.eq_ignore_ascii_case(variable));
    row.map_or(variable, |(_, key)| key)
}

/// Everything that is declared and can be so, written here by hand.
pub fn declared(teamchat: bool) -> Snapshot {
    let mut declared = Snapshot::new();
    let mut put = |address: &str, services: &str, on: &str| {
        for service in services.split_whitespace() {
            declared.insert((address.to_owned(), service.to_owned()), on.to_owned());
        }
    };
    for user in ["anna", "bob", "carla"] {
        put(&format!("{user}@example.com"), "activesync", "1");
    }
    for user in ["dora", "emil", "guest", "left"] {
        put(&format!("{user}@example.com"), "activesync", "0");
    }
    put("anna@example.com", "quarantine", "1");
    for (address, ..) in USERS.iter().filter(|(address, ..)| !address.contains("bücher")) {
        put(address, "antispam", "1");
    }
    put("lea@xn--bcher-kva.example.test", "im", "1");
    put("ren\u{e9}@xn--bcher-kva.example.test", "im", "1");
    put("mia@xn--bcher-kva.example.test", "im", "0");
    for visitor in VISITORS {
        put(visitor, "sms", "1");
    }
    put("hana@example.org", "im", "1");
    put("ivan@example.org", "im", "1");
    put("jana@example.org", "im", "0");
    put("kim@example.org", "im", "0");
    if teamchat {
        put("ivan@example.org", "teamchat", "1");
    }
    for (key, value) in [("enabled", "1"), ("keepDays", "30"), ("logs", "1")] {
        put("", key, value);
    }
    declared
}

/// What is declared and cannot be so on this server: the domain has no SMS, FTP is given by a group, and an account
/// of POP3 alone has no ActiveSync.
pub fn barred() -> BTreeSet<Thing> {
    let bar = |(address, service): (&str, &str)| (address.to_owned(), service.to_owned());
    let sms = ["hana", "ivan", "jana", "kim"].map(|user| (format!("{user}@example.org"), "sms".to_owned()));
    let others = [("emil@example.com", "ftp"), ("pop@example.com", "activesync")].map(bar);
    sms.into_iter().chain(others).collect()
}
