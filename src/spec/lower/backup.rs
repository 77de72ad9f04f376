//! What a `BackupPolicy` means, except for what only its server can say.

use super::At;
use super::at::secret;
use crate::model::{BackupKey, Finding, Place, Remedy};
use crate::spec::meaning::{BackupSetting, BackupSpec, BackupValue, ExcludeLicenseSense};
use crate::spec::shape::backup::{
    ArchiveShape, BackupPolicyBody as Body, DatabaseShape, DatabasesShape, EmailsShape, LicenseInBackupWord,
    ScheduleShape,
};
use crate::spec::shape::document::BackupPolicy;
use crate::spec::shape::values::{Count, FilePath, SecretReference, Text};

/// A backup policy whose intent about the licence is not resolved yet.
pub struct BackupDraft {
    pub spec: BackupSpec,
    pub intent: Option<(LicenseInBackupWord, Place)>,
}

/// The rules that need more than one field.
pub fn test(body: At<'_, '_>, findings: &mut Vec<Finding>) {
    if let (Some(intent), Some(flag)) = (body.get("licenseInBackup"), body.get("excludeLicense")) {
        let message = "`licenseInBackup` (the intent) and `excludeLicense` (the raw flag) are both given";
        findings.push(
            Finding::error("license-in-backup", message)
                .at(intent.key_place())
                .also_at(flag.key_place(), "the raw flag")
                .remedy(Remedy::EditSpec(format!("keep one of the two. {SENSES}"))),
        );
    }
}

/// A `BackupPolicy` as far as it can be told alone: the sense of its licence flag is in the document of the server.
pub fn backup(shape: BackupPolicy, at: At<'_, '_>) -> BackupDraft {
    let body = at.key("spec");
    let intent = shape.spec.license_in_backup.map(|intent| (intent, body.key("licenseInBackup").key_place()));
    let mut settings = Settings { list: Vec::new() };
    settings.body(&shape.spec, body);
    settings.secret(BackupKey::Password, shape.spec.password, body.key("password"));
    if let Some(emails) = &shape.spec.emails {
        settings.emails(emails, body.key("emails"));
    }
    if let Some(databases) = shape.spec.databases {
        settings.databases(databases, body.key("databases"));
    }
    if let Some(archive) = shape.spec.archive {
        settings.archive(archive, body.key("archive"));
    }
    settings.list.sort_by_key(|setting| setting.key);
    let place = at.key("metadata").key("name").place();
    let spec = BackupSpec { name: shape.metadata.name.0, place, settings: settings.list };
    BackupDraft { spec, intent }
}

const SENSES: &str = "By the vendor's manual the flag puts the licence into the backup (BAK-3), by the vendor's \
    list of variables it leaves it out (reference 5.3); nobody outside can tell which is so (U-2)";

/// The intent cannot be written while nobody knows the sense of the flag.
pub fn unknown_sense(place: Place) -> Finding {
    let message = "`licenseInBackup` cannot be written: the server's `excludeLicenseSense` is unknown";
    Finding::error("license-in-backup", message).at(place).remedy(Remedy::EditSpec(format!(
        "find out on the server's console, then set `excludeLicenseSense` of the Server to manual or variableList; \
         or write the raw flag `excludeLicense`. {SENSES}"
    )))
}

/// Writes the intent as the raw flag; that its sense is known was tested.
pub fn resolve(draft: BackupDraft, sense: ExcludeLicenseSense) -> BackupSpec {
    let BackupDraft { mut spec, intent } = draft;
    let Some((intent, place)) = intent else { return spec };
    let included = intent == LicenseInBackupWord::Included;
    let flag = match sense {
        ExcludeLicenseSense::Manual => included,
        ExcludeLicenseSense::VariableList => !included,
        ExcludeLicenseSense::Unknown => return spec,
    };
    let value = BackupValue::Flag(flag);
    spec.settings.push(BackupSetting { key: BackupKey::ExcludeLicense, value, place });
    spec.settings.sort_by_key(|setting| setting.key);
    spec
}

struct Settings {
    list: Vec<BackupSetting>,
}

impl Settings {
    fn body(&mut self, body: &Body, at: At<'_, '_>) {
        self.flag(BackupKey::Enabled, body.enabled, at.key("enabled"));
        self.path(BackupKey::Path, body.path.as_ref(), at.key("path"));
        if let Some(ScheduleShape::Captured(schedule)) = &body.schedule {
            self.text(BackupKey::Schedule, Some(&schedule.captured), at.key("schedule"));
        }
        self.count(BackupKey::KeepDays, body.keep_days, at.key("keepDays"));
        self.flag(BackupKey::MailFolders, body.mail_folders, at.key("mailFolders"));
        self.flag(BackupKey::ExcludeLicense, body.exclude_license, at.key("excludeLicense"));
        self.text(BackupKey::Directories, body.directories.as_ref(), at.key("directories"));
        self.flag(BackupKey::Logs, body.logs, at.key("logs"));
        self.flag(
            BackupKey::GroupwareAttachments,
            body.groupware_attachments,
            at.key("groupwareAttachments"),
        );
    }

    fn emails(&mut self, emails: &EmailsShape, at: At<'_, '_>) {
        self.flag(BackupKey::EmailsEnabled, emails.enabled, at.key("enabled"));
        self.count(BackupKey::EmailsSkipLargerMb, emails.skip_larger_mb, at.key("skipLargerMb"));
        self.count(BackupKey::EmailsSkipOlderDays, emails.skip_older_days, at.key("skipOlderDays"));
    }

    fn databases(&mut self, databases: DatabasesShape, at: At<'_, '_>) {
        use BackupKey as Key;
        self.database([Key::AccountsEnabled, Key::AccountsTarget], databases.accounts, at.key("accounts"));
        self.database([Key::AntispamEnabled, Key::AntispamTarget], databases.antispam, at.key("antispam"));
        self.database(
            [Key::GroupwareEnabled, Key::GroupwareTarget],
            databases.groupware,
            at.key("groupware"),
        );
        let keys = [Key::DirectoryCacheEnabled, Key::DirectoryCacheTarget];
        self.database(keys, databases.directory_cache, at.key("directoryCache"));
    }

    fn database(
        &mut self,
        [enabled, target]: [BackupKey; 2],
        database: Option<DatabaseShape>,
        at: At<'_, '_>,
    ) {
        if let Some(database) = database {
            self.flag(enabled, database.enabled, at.key("enabled"));
            self.secret(target, database.target, at.key("target"));
        }
    }

    fn archive(&mut self, archive: ArchiveShape, at: At<'_, '_>) {
        self.flag(BackupKey::ArchiveEnabled, archive.enabled, at.key("enabled"));
        self.count(BackupKey::ArchiveKeepDays, archive.keep_days, at.key("keepDays"));
        self.path(BackupKey::ArchivePath, archive.path.as_ref(), at.key("path"));
        self.secret(BackupKey::ArchivePassword, archive.password, at.key("password"));
    }

    fn flag(&mut self, key: BackupKey, value: Option<bool>, at: At<'_, '_>) {
        self.put(key, value.map(BackupValue::Flag), at);
    }

    fn count(&mut self, key: BackupKey, value: Option<Count>, at: At<'_, '_>) {
        self.put(key, value.map(|count| BackupValue::Number(count.0)), at);
    }

    fn path(&mut self, key: BackupKey, value: Option<&FilePath>, at: At<'_, '_>) {
        self.put(key, value.map(|path| BackupValue::Text(path.0.clone())), at);
    }

    fn text(&mut self, key: BackupKey, value: Option<&Text>, at: At<'_, '_>) {
        self.put(key, value.map(|text| BackupValue::Text(text.0.clone())), at);
    }

    fn secret(&mut self, key: BackupKey, value: Option<SecretReference>, at: At<'_, '_>) {
        self.put(key, value.and_then(secret).map(BackupValue::Secret), at);
    }

    fn put(&mut self, key: BackupKey, value: Option<BackupValue>, at: At<'_, '_>) {
        if let Some(value) = value {
            self.list.push(BackupSetting { key, value, place: at.key_place() });
        }
    }
}
