//! The example is valid and means what its comments say.

use std::path::Path;

use icewarden::edge::files::read_folder;
use icewarden::model::{BackupKey, Module, SecretRef, Service};
use icewarden::spec::meaning::{BackupValue, ExcludeLicenseSense, Others, Switch, Want};
use icewarden::spec::parse;

#[test]
fn the_example_means_what_it_says() {
    let sources = read_folder(Path::new("examples/demo")).expect("the example is there");
    let names: Vec<&str> = sources.iter().map(|source| &*source.name).collect();
    let files = ["backup", "license", "policies", "server"].map(|name| format!("examples/demo/{name}.yaml"));
    assert_eq!(names, files);
    let spec = parse(&sources).unwrap_or_else(|findings| panic!("{findings:#?}"));
    assert_eq!(spec.findings, []);
    let [server] = spec.servers.as_slice() else { panic!("one server") };
    assert_eq!(server.name, "eu");
    assert_eq!(server.labels["env"], "demo");
    assert_eq!(server.connection.rpc().url, "http://127.0.0.1:18090/icewarpapi/");
    assert_eq!(server.connection.caller().as_str(), "admin@example.com");
    assert_eq!(server.connection.rpc().password, SecretRef::Env("ICEWARP_PASSWORD".into()));
    let identity = &server.identity;
    assert_eq!(identity.domain.as_ref().map(|(domain, _)| domain.as_str()), Some("example.com"));
    let reference = identity.reference_id.as_ref().expect("it is pinned");
    assert_eq!(reference.0, "82811415-0DC1291E-05492B82-877710E7-MW-");
    assert_eq!(reference.1.to_string(), "examples/demo/server.yaml:15:18");
    assert_eq!((server.guardrails.disable_accounts, server.guardrails.disable_percent), (20, 50.0));
    assert_eq!(server.guardrails.exclude_license_sense, ExcludeLicenseSense::Unknown);
    let license = server.license.as_ref().expect("it is declared");
    assert_eq!(license.order_id.as_ref().map(|(id, _)| id.as_str()), Some("EXAMPLE-0001"));
    let expected = &license.expect[&Module::parse("activesync").expect("a module")];
    assert_eq!((expected.seats, expected.keep_free), (Some(50), 5));
    let backup = server.backup.as_ref().expect("it is declared");
    let days = backup.settings.iter().find(|setting| setting.key == BackupKey::KeepDays);
    assert_eq!(days.map(|setting| &setting.value), Some(&BackupValue::Number(30)));
    let names: Vec<&str> = server.policies.iter().map(|policy| policy.name.as_str()).collect();
    assert_eq!(names, ["chat", "no-chat", "phones"]);
    let [chat, no_chat, phones] = server.policies.as_slice() else { panic!("three policies") };
    assert_eq!(chat.services[0].service, Service::Im);
    assert_eq!(chat.services[0].want, Want::Everyone(Switch::Enabled));
    assert_eq!(no_chat.services[0].want, Want::Everyone(Switch::Disabled));
    assert!(matches!(phones.services[0].want, Want::Selected { others: Others::Disabled, .. }));
    assert_eq!(phones.exceptions[0].until, Some(jiff::civil::date(2030, 3, 31)));
}
