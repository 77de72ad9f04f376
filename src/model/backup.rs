//! The settings of the server's own backup (reference 5.1).

use std::fmt;

macro_rules! backup_keys {
    ($($variant:ident $path:literal $kind:ident,)*) => {
        /// A setting of the backup, named by its path in the spec. `C_Backup` is no setting but a whole backup.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum BackupKey { $($variant,)* }

        impl BackupKey {
            /// Every setting that can be managed, in the order of the table below.
            pub const ALL: &'static [BackupKey] = &[$(BackupKey::$variant,)*];

            /// The path below `spec` of a `BackupPolicy`.
            pub const fn path(self) -> &'static str {
                match self { $(BackupKey::$variant => $path,)* }
            }

            /// What its values look like, which decides how they are compared and written.
            pub const fn kind(self) -> BackupKind {
                match self { $(BackupKey::$variant => BackupKind::$kind,)* }
            }
        }
    };
}

/// How a setting is written and compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupKind {
    Flag,
    Number,
    Text,
    /// Text that holds a password: compared, written, never shown (reference 5.2).
    Secret,
    /// Text whose form nobody knows: only a captured value is ever written (U-11).
    Opaque,
}

backup_keys! {
    Enabled "enabled" Flag,
    Path "path" Text,
    Password "password" Secret,
    Schedule "schedule" Opaque,
    KeepDays "keepDays" Number,
    MailFolders "mailFolders" Flag,
    ExcludeLicense "excludeLicense" Flag,
    EmailsEnabled "emails.enabled" Flag,
    EmailsSkipLargerMb "emails.skipLargerMb" Number,
    EmailsSkipOlderDays "emails.skipOlderDays" Number,
    Directories "directories" Text,
    Logs "logs" Flag,
    GroupwareAttachments "groupwareAttachments" Flag,
    AccountsEnabled "databases.accounts.enabled" Flag,
    AccountsTarget "databases.accounts.target" Secret,
    AntispamEnabled "databases.antispam.enabled" Flag,
    AntispamTarget "databases.antispam.target" Secret,
    GroupwareEnabled "databases.groupware.enabled" Flag,
    GroupwareTarget "databases.groupware.target" Secret,
    DirectoryCacheEnabled "databases.directoryCache.enabled" Flag,
    DirectoryCacheTarget "databases.directoryCache.target" Secret,
    ArchiveEnabled "archive.enabled" Flag,
    ArchiveKeepDays "archive.keepDays" Number,
    ArchivePath "archive.path" Text,
    ArchivePassword "archive.password" Secret,
}

impl fmt::Display for BackupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.path())
    }
}
