//! Valid specs that look odd. Program and schema must both take them.

use icewarden::spec::meaning::{BackupValue, Want};

use super::read;
use super::schema::{documents, validator};

const SERVER: &str = "apiVersion: icewarden.dev/v1\nkind: Server\nmetadata: {name: eu}\nspec: {connection: {rpc: {url: \
    'http://[::1]:8090/x/y', account: Admin@example.com, password: {exec: [pass, show, 1]}}}}\n---\n";

const TABLE: &[(&str, &str)] = &[
    ("only comments beside", "# nothing\n---\n---\n# nothing\n"),
    (
        "an order id of digits",
        "apiVersion: icewarden.dev/v1\nkind: License\nmetadata: {name: 0012}\nspec: {server: eu, orderId: 0012}\n",
    ),
    (
        "an order id that looks like a float",
        "apiVersion: icewarden.dev/v1\nkind: License\nmetadata: {name: true}\nspec: {server: eu, orderId: 1e3}\n",
    ),
    (
        "a quoted null",
        "apiVersion: icewarden.dev/v1\nkind: License\nmetadata: {name: a}\nspec: {server: eu, orderId: 'null'}\n",
    ),
    (
        "empty sets",
        "apiVersion: icewarden.dev/v1\nkind: ServicePolicy\nmetadata: {name: a, labels: {}}\nspec: {server: eu, scope: {domains: [example.com]}, services: {}, exceptions: []}\n",
    ),
    (
        "globs",
        "apiVersion: icewarden.dev/v1\nkind: ServicePolicy\nmetadata: {name: a}\nspec: {server: eu, priority: -5, scope: {domains: ['*.test', 7], accounts: ['*', 'a*', 'a?b', 'x@*'], except: ['Bob@Example.com']}}\n",
    ),
    (
        "names in two forms, and states",
        "apiVersion: icewarden.dev/v1\nkind: ServicePolicy\nmetadata: {name: a}\nspec: {server: eu, scope: {domains: [bücher.test, XN--BCHER-KVA.test, 'b*r.test'], accounts: ['*@bücher.test', rené@Bücher.test, '?@*ü.test'], states: [active, expired]}}\n",
    ),
    (
        "a module that nobody knows",
        "apiVersion: icewarden.dev/v1\nkind: License\nmetadata: {name: a}\nspec: {server: eu, expect: {TeamChat: {}, Anti-Spam Live: {seats: 3, keepFree: 3}}}\n",
    ),
    (
        "a service declared as a module",
        "apiVersion: icewarden.dev/v1\nkind: License\nmetadata: {name: a}\nspec: {server: eu, expect: {webdav: {seats: 3}}, moduleOf: {webdav: WebDAV}}\n",
    ),
    (
        "a backup of nothing",
        "apiVersion: icewarden.dev/v1\nkind: BackupPolicy\nmetadata: {name: a}\nspec: {server: eu, schedule: keep, emails: {}, databases: {}, archive: {}}\n",
    ),
    (
        "a captured schedule",
        "apiVersion: icewarden.dev/v1\nkind: BackupPolicy\nmetadata: {name: a}\nspec:\n  server: eu\n  schedule:\n    captured: |\n      0;1\n      2\n",
    ),
    (
        "a path of digits",
        "apiVersion: icewarden.dev/v1\nkind: BackupPolicy\nmetadata: {name: a}\nspec: {server: eu, path: 123, directories: ''}\n",
    ),
    (
        "a byte order mark and line ends of Windows",
        "apiVersion: icewarden.dev/v1\r\nkind: BackupPolicy\r\nmetadata: {name: a}\r\nspec: {server: eu}\r\n",
    ),
];

#[test]
fn odd_but_valid_specs_are_taken_by_program_and_schema() {
    let validator = validator();
    for (what, text) in TABLE {
        let text = format!("{SERVER}{text}");
        assert!(read(&text).is_ok(), "{what}: {:#?}", read(&text));
        for document in documents(&text) {
            assert!(validator.is_valid(&document), "{what}: {:?}", validator.validate(&document));
        }
    }
}

#[test]
fn identifiers_are_text_whatever_they_look_like() {
    for written in ["0012", "1e3", "true", "0x10", "2027-03-31", "1_000"] {
        let text = format!(
            "{SERVER}apiVersion: icewarden.dev/v1\nkind: License\nmetadata: {{name: a}}\nspec: {{server: eu, orderId: {written}}}\n"
        );
        let spec = read(&text).expect(written);
        let order = spec.servers[0].license.as_ref().and_then(|license| license.order_id.as_ref());
        assert_eq!(order.map(|(id, _)| id.as_str()), Some(written));
    }
}

#[test]
fn a_byte_order_mark_moves_no_column() {
    let plain = "kind: Nothing\n";
    let place = |text: &str| read(text).expect_err("wrong")[0].places[0].0.column;
    assert_eq!(place(&format!("\u{feff}{plain}")), place(plain));
}

#[test]
fn an_intent_becomes_the_raw_flag_by_the_servers_sense() {
    for (sense, intent, flag) in [
        ("manual", "included", true),
        ("manual", "excluded", false),
        ("variableList", "included", false),
        ("variableList", "excluded", true),
    ] {
        let server = SERVER.replace("}}}}\n---", &format!("}}}}}}, excludeLicenseSense: {sense}}}\n---"));
        let text = format!(
            "{server}apiVersion: icewarden.dev/v1\nkind: BackupPolicy\nmetadata: {{name: a}}\nspec: {{server: eu, licenseInBackup: {intent}}}\n"
        );
        let spec = read(&text).expect(sense);
        let backup = spec.servers[0].backup.as_ref().expect("it is declared");
        let [setting] = backup.settings.as_slice() else { panic!("{backup:?}") };
        assert_eq!(setting.key.path(), "excludeLicense");
        assert_eq!(setting.value, BackupValue::Flag(flag), "{sense} {intent}");
    }
}

#[test]
fn every_key_of_the_backup_is_read_and_carries_its_place() {
    let text = format!(
        "{SERVER}apiVersion: icewarden.dev/v1\nkind: BackupPolicy\nmetadata: {{name: a}}\nspec:\n  server: eu\n  \
        enabled: true\n  path: /b\n  password: {{env: P}}\n  schedule: {{captured: x}}\n  keepDays: 1\n  mailFolders: false\n  excludeLicense: true\n  \
        emails: {{enabled: true, skipLargerMb: 2, skipOlderDays: 3}}\n  directories: d\n  logs: true\n  groupwareAttachments: true\n  \
        databases:\n    accounts: {{enabled: true, target: {{env: A}}}}\n    antispam: {{enabled: true, target: {{file: b}}}}\n    \
        groupware: {{enabled: true, target: {{exec: [c]}}}}\n    directoryCache: {{enabled: true, target: {{env: D}}}}\n  \
        archive: {{enabled: true, keepDays: 4, path: /a, password: {{env: Q}}}}\n"
    );
    let spec = read(&text).unwrap_or_else(|findings| panic!("{findings:#?}"));
    let backup = spec.servers[0].backup.as_ref().expect("it is declared");
    let keys: Vec<_> = backup.settings.iter().map(|setting| setting.key).collect();
    assert_eq!(keys, icewarden::model::BackupKey::ALL);
    for setting in &backup.settings {
        let last = setting.key.path().rsplit('.').next().unwrap_or_default();
        assert_eq!(&text[setting.place.start..setting.place.end], last, "the place is that of the key");
    }
}

#[test]
fn policies_keep_what_they_say_and_where() {
    let text = format!(
        "{SERVER}apiVersion: icewarden.dev/v1\nkind: ServicePolicy\nmetadata: {{name: b}}\nspec:\n  server: eu\n  \
        scope: {{domains: [Example.COM]}}\n  services:\n    sip: {{enable: {{groups: [G@Example.com]}}, others: leave}}\n    im: enabled\n\
        ---\napiVersion: icewarden.dev/v1\nkind: ServicePolicy\nmetadata: {{name: a}}\nspec: {{server: eu, scope: {{accounts: ['*']}}}}\n"
    );
    let spec = read(&text).unwrap_or_else(|findings| panic!("{findings:#?}"));
    let [first, second] = spec.servers[0].policies.as_slice() else { panic!("two policies") };
    assert_eq!((first.name.as_str(), second.name.as_str()), ("a", "b"));
    let services: Vec<_> = second.services.iter().map(|rule| rule.service.name()).collect();
    assert_eq!(services, ["im", "sip"], "in the order of the services");
    let Want::Selected { enable, others_place, .. } = &second.services[1].want else { panic!("selected") };
    assert_eq!(enable.groups.as_ref().map(|groups| groups[0].0.as_str()), Some("g@example.com"));
    assert_eq!(&text[others_place.start..others_place.end], "others");
    assert_eq!(second.scope.domains.as_ref().map(|domains| domains[0].0.as_str()), Some("example.com"));
}
