//! One change of every kind there is: it is planned, done, and then there is nothing to do.

use icewarden::model::{BackupKey, Service};

use super::run::{desk, steps};
use super::spec::{backup, policy, world};
use super::stand::Stand;

#[test]
fn every_service_is_claimed_and_released_and_then_there_is_nothing_to_do() {
    let [on, off]: [Vec<String>; 2] = ["on", "off"]
        .map(|word| Service::ALL.map(|service| format!("{word}-{service}@example.com")).to_vec());
    let names = Service::ALL.map(|service| [service.name()]);
    let mut users: Vec<(&str, &[&str])> = Vec::new();
    for (index, name) in names.iter().enumerate() {
        users.extend([(on[index].as_str(), name.as_slice()), (off[index].as_str(), &[])]);
    }
    let stand = Stand::of(world(&users));
    let mut documents = Vec::new();
    for (index, name) in names.iter().enumerate() {
        for (account, word) in [(&off[index], "enabled"), (&on[index], "disabled")] {
            let body = format!("scope: {{accounts: [{account}]}}\nservices: {{{}: {word}}}", name[0]);
            documents.push(policy(&format!("{}-{word}", name[0]), &body));
        }
    }
    let desk = desk(&stand, &documents);
    let allow = ["--allow", "disable=1", "--allow", "mail=1", "--reason", "a test"];
    let planned = steps(&desk.planned(2, &allow));
    assert_eq!(planned.len(), 2 * Service::ALL.len());
    desk.apply(&allow).exits(0);
    for service in Service::ALL {
        for (action, word, is_on) in [("claim", "off", true), ("release", "on", false)] {
            let account = format!("{word}-{service}@example.com");
            assert!(planned.contains(&format!("{action} {account}/{service}")), "{action} of {service}");
            assert_eq!(stand.is_on(&account, service.name()), is_on, "{action} of {service}");
            let state = stand.state();
            let services = state["accounts"][account.as_str()]["services"].as_object().expect("services");
            assert_eq!(services.len(), usize::from(is_on), "{account} has nothing else");
        }
    }
    assert_eq!(stand.writes(), 2 * Service::ALL.len() as u64);
    desk.nothing_to_do(&[]);
}

/// The variable of a backup setting, what the spec below says of it, and how that is written on the wire.
fn on_the_wire(key: BackupKey) -> (&'static str, &'static str) {
    match key {
        BackupKey::Enabled => ("C_System_Tools_AutoBackup_Enable", "0"),
        BackupKey::Path => ("C_System_Tools_AutoBackup_BackupTo", "/backup/iw.bak"),
        BackupKey::Schedule => ("C_System_Tools_AutoBackup_Schedule", "Q0FQVFVSRUQ="),
        BackupKey::KeepDays => ("C_System_Tools_AutoBackup_DeleteAfter", "30"),
        BackupKey::MailFolders => ("C_System_Tools_IncludeMailDir", "0"),
        BackupKey::ExcludeLicense => ("C_System_Tools_ExcludeLicense", "1"),
        BackupKey::EmailsEnabled => ("C_System_Tools_Backup_Emails", "1"),
        BackupKey::EmailsSkipLargerMb => ("C_System_Tools_Backup_SkipLarger", "20"),
        BackupKey::EmailsSkipOlderDays => ("C_System_Tools_Backup_SkipOlder", "365"),
        BackupKey::Directories => ("C_System_Tools_Backup_Dirs", "/srv/one"),
        BackupKey::Logs => ("C_System_Tools_Backup_Logs", "1"),
        BackupKey::GroupwareAttachments => ("C_System_Tools_Backup_GWAttach", "0"),
        BackupKey::AccountsEnabled => ("C_System_Tools_Backup_DB_AccountsEnabled", "0"),
        BackupKey::AccountsTarget => ("C_System_Tools_Backup_DB_Accounts", "one;user;s3cret-1;host;7;3"),
        BackupKey::AntispamEnabled => ("C_System_Tools_Backup_DB_ASEnabled", "1"),
        BackupKey::AntispamTarget => ("C_System_Tools_Backup_DB_AS", "two;user;s3cret-2;host;7;3"),
        BackupKey::GroupwareEnabled => ("C_System_Tools_Backup_DB_GWEnabled", "1"),
        BackupKey::GroupwareTarget => ("C_System_Tools_Backup_DB_GW", "three;user;s3cret-3;host;7;3"),
        BackupKey::DirectoryCacheEnabled => ("C_System_Tools_Backup_DB_DirectoryCacheEnabled", "1"),
        BackupKey::DirectoryCacheTarget => {
            ("C_System_Tools_Backup_DB_DirectoryCache", "four;u;s3cret-4;h;7;3")
        }
        BackupKey::ArchiveEnabled => ("C_System_Tools_AutoArchive_Backup_Active", "1"),
        BackupKey::ArchiveKeepDays => ("C_System_Tools_AutoArchive_Backup_DeleteOlder", "90"),
        BackupKey::ArchivePath => ("C_System_Tools_AutoArchive_Backup_File", "/backup/archive.bak"),
        BackupKey::Password => ("C_System_Tools_AutoBackup_Password", "s3cret-5"),
        BackupKey::ArchivePassword => ("C_System_Tools_AutoArchive_Backup_Password", "s3cret-6"),
    }
}

const EVERY_SETTING: &str = "\
enabled: false
path: /backup/iw.bak
password: {env: SECRET_5}
schedule: {captured: Q0FQVFVSRUQ=}
keepDays: 30
mailFolders: false
excludeLicense: true
emails: {enabled: true, skipLargerMb: 20, skipOlderDays: 365}
directories: /srv/one
logs: true
groupwareAttachments: false
databases:
  accounts: {enabled: false, target: {env: SECRET_1}}
  antispam: {enabled: true, target: {env: SECRET_2}}
  groupware: {enabled: true, target: {env: SECRET_3}}
  directoryCache: {enabled: true, target: {env: SECRET_4}}
archive: {enabled: true, keepDays: 90, path: /backup/archive.bak, password: {env: SECRET_6}}
";

#[test]
fn every_backup_setting_is_changed_and_then_there_is_nothing_to_do() {
    let stand = Stand::of(world(&[]));
    let mut desk = desk(&stand, &[backup(EVERY_SETTING)]);
    for (number, key) in [
        BackupKey::AccountsTarget,
        BackupKey::AntispamTarget,
        BackupKey::GroupwareTarget,
        BackupKey::DirectoryCacheTarget,
        BackupKey::Password,
        BackupKey::ArchivePassword,
    ]
    .into_iter()
    .enumerate()
    {
        desk = desk.env(&format!("SECRET_{}", number + 1), on_the_wire(key).1);
    }
    let allows: Vec<String> = BackupKey::ALL.iter().map(|key| format!("backup={key}")).collect();
    let mut args = vec!["--reason", "a test"];
    args.extend(allows.iter().flat_map(|allow| ["--allow", allow]));
    for key in BackupKey::ALL {
        let (variable, wanted) = on_the_wire(*key);
        assert_ne!(stand.server(variable), wanted, "{key} starts otherwise");
    }
    let planned = desk.plan(&[&["--format", "json"], args.as_slice()].concat()).exits(2);
    let steps = steps(&planned.json()["servers"][0]);
    assert_eq!(steps.len(), BackupKey::ALL.len());
    let applied = desk.apply(&args).exits(0);
    for key in BackupKey::ALL {
        let (variable, wanted) = on_the_wire(*key);
        assert!(steps.contains(&format!("change backup/{key}")), "{key} is planned");
        assert_eq!(stand.server(variable), wanted, "{key} is done");
        assert_eq!(stand.state()["server"][variable], wanted, "{key} is in the state report");
    }
    assert_eq!(stand.writes(), BackupKey::ALL.len() as u64);
    for ran in [planned, applied] {
        assert!(!format!("{}{}", ran.out, ran.err).contains("s3cret"), "a secret is shown");
    }
    desk.nothing_to_do(&[]);
}
