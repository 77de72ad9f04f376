//! `BackupPolicy`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::values::{Count, FilePath, Name, SecretReference, Text};

/// How the server backs itself up. A key that is absent is not managed and never touched.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(extend("not" = {"required": ["excludeLicense", "licenseInBackup"]}))]
pub struct BackupPolicyBody {
    /// The `metadata.name` of the server this speaks of. Example: `eu`.
    pub server: Name,
    /// Whether the server makes backups by itself (`C_System_Tools_AutoBackup_Enable`).
    pub enabled: Option<bool>,
    /// Where the backup is written, on the server (`C_System_Tools_AutoBackup_BackupTo`).
    /// Example: `/backup/iw.bak`; a path of Windows stands in single quotes, such as `'D:\backup\iw.bak'`.
    pub path: Option<FilePath>,
    /// The password of the backup (`C_System_Tools_AutoBackup_Password`): a secret, so only its place is written here.
    /// Where the server lets nobody read it (U-12), it is known by what was written last.
    /// Example: `{env: IW_BACKUP_PASSWORD}`.
    pub password: Option<SecretReference>,
    /// When backups are made (`C_System_Tools_AutoBackup_Schedule`): `keep`, or a text that was captured from a
    /// server, since its form is not known (U-11). `keep` is the same as leaving the key out.
    pub schedule: Option<ScheduleShape>,
    /// After how many days a backup file is deleted (`C_System_Tools_AutoBackup_DeleteAfter`). Example: `30`.
    pub keep_days: Option<Count>,
    /// Whether the settings of mail folders are in the backup (`C_System_Tools_IncludeMailDir`).
    pub mail_folders: Option<bool>,
    /// The raw flag `C_System_Tools_ExcludeLicense`. The vendor's sources contradict each other on what `true`
    /// means (U-2). Not together with `licenseInBackup`.
    pub exclude_license: Option<bool>,
    /// Whether the licence is in the backup. It needs the server's `excludeLicenseSense`, which says how that is
    /// written. Not together with `excludeLicense`.
    pub license_in_backup: Option<LicenseInBackupWord>,
    /// The mails themselves.
    pub emails: Option<EmailsShape>,
    /// More folders to back up, as the server writes them (`C_System_Tools_Backup_Dirs`).
    pub directories: Option<Text>,
    /// Whether logs are in the backup (`C_System_Tools_Backup_Logs`).
    pub logs: Option<bool>,
    /// Whether attachments of GroupWare are in the backup (`C_System_Tools_Backup_GWAttach`).
    pub groupware_attachments: Option<bool>,
    /// Copies of databases into other databases.
    pub databases: Option<DatabasesShape>,
    /// The backup of the mail archive.
    pub archive: Option<ArchiveShape>,
}

/// Which mails are in the backup.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct EmailsShape {
    /// Whether mails are in the backup (`C_System_Tools_Backup_Emails`).
    pub enabled: Option<bool>,
    /// Mails larger than this, in MB, are left out (`C_System_Tools_Backup_SkipLarger`). Example: `20`.
    pub skip_larger_mb: Option<Count>,
    /// Mails older than this, in days, are left out (`C_System_Tools_Backup_SkipOlder`). Example: `365`.
    pub skip_older_days: Option<Count>,
}

/// Copies of the server's databases into other databases.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DatabasesShape {
    /// The database of accounts.
    pub accounts: Option<DatabaseShape>,
    /// The database of the spam filter.
    pub antispam: Option<DatabaseShape>,
    /// The database of GroupWare.
    pub groupware: Option<DatabaseShape>,
    /// The cache of directories.
    pub directory_cache: Option<DatabaseShape>,
}

/// The copy of one database.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DatabaseShape {
    /// Whether it is copied.
    pub enabled: Option<bool>,
    /// The DSN it is copied to, `database;user;password;host;syntax;driver`. It holds a password, so it is a
    /// secret and only its place is written here. Example: `{env: IW_BACKUP_ACCOUNTS_DSN}`.
    pub target: Option<SecretReference>,
}

/// The backup of the mail archive.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ArchiveShape {
    /// Whether the archive is backed up (`C_System_Tools_AutoArchive_Backup_Active`).
    pub enabled: Option<bool>,
    /// After how many days its backups are deleted (`C_System_Tools_AutoArchive_Backup_DeleteOlder`).
    /// Example: `90`.
    pub keep_days: Option<Count>,
    /// Where it is written, on the server (`C_System_Tools_AutoArchive_Backup_File`).
    /// Example: `/backup/archive.bak`.
    pub path: Option<FilePath>,
    /// The password of the archive's backup (`C_System_Tools_AutoArchive_Backup_Password`), likewise a secret.
    /// Example: `{env: IW_ARCHIVE_PASSWORD}`.
    pub password: Option<SecretReference>,
}

/// Whether the licence is in the backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum LicenseInBackupWord {
    /// The licence is in the backup.
    Included,
    /// The licence is not in the backup.
    Excluded,
}

/// `keep`: leave the schedule as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum KeepWord {
    /// Leave the schedule as it is.
    Keep,
}

/// A schedule as it was read from a server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CapturedShape {
    /// The text of the schedule, exactly as it was read from a server.
    pub captured: Text,
}

/// `keep`, or a schedule that was captured from a server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ScheduleShape {
    Keep(KeepWord),
    Captured(CapturedShape),
}
