//! Which variable is meant by a service's switch, and by a setting of the backup. Written by hand from the
//! reference (2.2, 2.3, 5.1); names are the vendor's and follow no rule that could be relied on.

use crate::model::{BackupKey, Service, ServiceSet};

/// The variables of one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceVariables {
    pub service: Service,
    /// The account's switch: read and written.
    pub switch: &'static str,
    /// The effective value; `None` where the server has no such variable (U-32).
    pub support: Option<&'static str>,
    /// Whether the account may choose; `None` where the server has no such variable, and then it may.
    pub editable: Option<&'static str>,
    /// The domain's switch.
    pub domain_switch: Option<&'static str>,
    /// The access mode; most services have none under a known name (U-14).
    pub mode: Option<&'static str>,
}

type Row = (
    Service,
    &'static str,
    Option<&'static str>,
    Option<&'static str>,
    Option<&'static str>,
    Option<&'static str>,
);

const fn row((service, switch, support, editable, domain_switch, mode): Row) -> ServiceVariables {
    ServiceVariables { service, switch, support, editable, domain_switch, mode }
}

/// One row for each service, in the order of [`Service::ALL`]. Columns: switch, support, editable, the domain's
/// switch, access mode.
#[rustfmt::skip]
pub const SERVICES: [ServiceVariables; 26] = [
    row((Service::Smtp, "U_SMTP", None, None, None, None)),
    row((Service::Pop3Imap, "U_POP3IMAP", None, None, None, None)),
    row((Service::WebMail, "U_WebMail", Some("U_WebMailSupport"), None, None, None)),
    row((Service::AntiVirus, "U_AVScan", Some("U_AVSupport"), Some("U_AVEditable"), Some("D_AVScan"), None)),
    row((Service::AntiSpam, "U_AS", Some("U_ASSupport"), Some("U_ASEditable"), Some("D_AntiSpam"), None)),
    row((Service::Quarantine, "U_Quarantine", Some("U_QuarantineSupport"), Some("U_QuarantineEditable"), Some("D_ChallengeResponse"), None)),
    row((Service::Im, "U_IM", Some("U_IMSupport"), Some("U_IMEditable"), Some("D_IM"), None)),
    row((Service::Groupware, "U_GW", Some("U_GWSupport"), Some("U_GWEditable"), Some("D_Calendar"), None)),
    row((Service::Sip, "U_SIP", Some("U_SIPSupport"), Some("U_SIPEditable"), Some("D_SIP"), Some("C_System_Services_SIP_Mode"))),
    row((Service::Ftp, "U_FTP", Some("U_FTPSupport"), Some("U_FTPEditable"), Some("D_FTP"), Some("C_FTPService_ProcessingMode"))),
    row((Service::Sms, "U_SMS", Some("U_SMSSupport"), Some("U_SMSEditable"), Some("D_SMS"), Some("C_SMSService_ProcessingMode"))),
    row((Service::ActiveSync, "U_ActiveSync", Some("U_ActiveSyncSupport"), Some("U_ActiveSyncEditable"), Some("D_ActiveSync"), Some("C_ActiveSync_ProcessingMode"))),
    row((Service::WebDav, "U_WebDAV", Some("U_WebDAVSupport"), Some("U_WebDAVEditable"), Some("D_WebDAV"), Some("C_WebDAV_ProcessingMode"))),
    row((Service::Archive, "U_Archive", Some("U_ArchiveSupport"), Some("U_ArchiveEditable"), Some("D_Archive"), None)),
    row((Service::OutlookSync, "U_Client_Connector", Some("U_ConnectorSupport"), Some("U_ConnectorEditable"), Some("D_Client_Connector"), None)),
    row((Service::Desktop, "U_Client_Desktop", Some("U_DesktopSupport"), Some("U_DesktopEditable"), Some("D_Client_Desktop"), None)),
    row((Service::Meeting, "U_Meeting", Some("U_MeetingSupport"), Some("U_MeetingEditable"), Some("D_Meeting"), None)),
    row((Service::TeamChat, "U_TeamChat", Some("U_TeamChatSupport"), Some("U_TeamChatEditable"), Some("D_TeamChat"), None)),
    row((Service::WebDocuments, "U_WebDocuments", Some("U_WebDocumentsSupport"), Some("U_WebDocumentsEditable"), Some("D_WebDocuments"), None)),
    row((Service::Recording, "U_Recording", Some("U_RecordingSupport"), Some("U_RecordingEditable"), Some("D_Recording"), None)),
    row((Service::Cisco, "U_Cisco", Some("U_CiscoSupport"), Some("U_CiscoEditable"), None, None)),
    row((Service::AiAgent, "U_AIAgent", Some("U_AIAgentSupport"), Some("U_AIAgentEditable"), Some("D_AIAgent"), None)),
    row((Service::Booking, "U_Booking", Some("U_BookingSupport"), Some("U_BookingEditable"), Some("D_Booking"), None)),
    row((Service::ConferenceFollowup, "U_ConferenceFollowup", Some("U_ConferenceFollowupSupport"), Some("U_ConferenceFollowupEditable"), Some("D_ConferenceFollowup"), None)),
    row((Service::ConferenceWebinar, "U_ConferenceWebinar", Some("U_ConferenceWebinarSupport"), Some("U_ConferenceWebinarEditable"), Some("D_ConferenceWebinar"), None)),
    row((Service::ExtProviders, "U_ExtProviders", Some("U_ExtProvidersSupport"), Some("U_ExtProvidersEditable"), Some("D_ExtProviders"), None)),
];

/// The variables of a service.
pub const fn of(service: Service) -> &'static ServiceVariables {
    &SERVICES[service as usize]
}

/// Services whose `Support` the console does not list although it is there: it must be asked by its exact name
/// (flag D, reference 2.2).
pub const SUPPORT_ON_DEMAND: ServiceSet = ServiceSet::of(&[
    Service::AntiSpam,
    Service::Quarantine,
    Service::Recording,
    Service::AiAgent,
    Service::Booking,
    Service::ConferenceFollowup,
    Service::ConferenceWebinar,
    Service::ExtProviders,
]);

/// A domain's type, numbered as in the list of domains (reference 1.6).
pub const DOMAIN_TYPE: &str = "D_Type";
/// Of an alias domain, the domain that it stands for (U-45).
pub const DOMAIN_VALUE: &str = "D_DomainValue";

// What decides whether an account counts and is protected, asked with every account (reference 2.2).

/// Whether the account is an administrator: such accounts are protected.
pub const ADMIN: &str = "U_Admin";
/// 0 of an account that may log in; the other numbers say how it may not (reference 2.2).
pub const DISABLED: &str = "U_AccountDisabled";
/// Whether it is a guest. That a guest takes a seat is not known (U-5).
pub const GUEST: &str = "U_IsGuestAccount";
/// 0 is POP3 only, which some services are not offered to (reference 2.2).
pub const PROTOCOL: &str = "U_AccountType";
/// Whether the account expires.
pub const EXPIRES: &str = "U_AccountValid";
/// On which day it expires, counted from 1899-12-30.
pub const EXPIRES_ON: &str = "U_AccountValidTill";
/// The account's names in its domain, in one text or in a list; asked for only where something is named that no list
/// has (U-45).
pub const ALIASES: [&str; 2] = ["U_AliasList", "A_AliasList"];

/// The variable of a setting of the backup (reference 5.1).
pub const fn backup_variable(key: BackupKey) -> &'static str {
    match key {
        BackupKey::Enabled => "C_System_Tools_AutoBackup_Enable",
        BackupKey::Path => "C_System_Tools_AutoBackup_BackupTo",
        BackupKey::Password => "C_System_Tools_AutoBackup_Password",
        BackupKey::Schedule => "C_System_Tools_AutoBackup_Schedule",
        BackupKey::KeepDays => "C_System_Tools_AutoBackup_DeleteAfter",
        BackupKey::MailFolders => "C_System_Tools_IncludeMailDir",
        BackupKey::ExcludeLicense => "C_System_Tools_ExcludeLicense",
        BackupKey::EmailsEnabled => "C_System_Tools_Backup_Emails",
        BackupKey::EmailsSkipLargerMb => "C_System_Tools_Backup_SkipLarger",
        BackupKey::EmailsSkipOlderDays => "C_System_Tools_Backup_SkipOlder",
        BackupKey::Directories => "C_System_Tools_Backup_Dirs",
        BackupKey::Logs => "C_System_Tools_Backup_Logs",
        BackupKey::GroupwareAttachments => "C_System_Tools_Backup_GWAttach",
        BackupKey::AccountsEnabled => "C_System_Tools_Backup_DB_AccountsEnabled",
        BackupKey::AccountsTarget => "C_System_Tools_Backup_DB_Accounts",
        BackupKey::AntispamEnabled => "C_System_Tools_Backup_DB_ASEnabled",
        BackupKey::AntispamTarget => "C_System_Tools_Backup_DB_AS",
        BackupKey::GroupwareEnabled => "C_System_Tools_Backup_DB_GWEnabled",
        BackupKey::GroupwareTarget => "C_System_Tools_Backup_DB_GW",
        BackupKey::DirectoryCacheEnabled => "C_System_Tools_Backup_DB_DirectoryCacheEnabled",
        BackupKey::DirectoryCacheTarget => "C_System_Tools_Backup_DB_DirectoryCache",
        BackupKey::ArchiveEnabled => "C_System_Tools_AutoArchive_Backup_Active",
        BackupKey::ArchiveKeepDays => "C_System_Tools_AutoArchive_Backup_DeleteOlder",
        BackupKey::ArchivePath => "C_System_Tools_AutoArchive_Backup_File",
        BackupKey::ArchivePassword => "C_System_Tools_AutoArchive_Backup_Password",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_stands_in_its_own_row() {
        for service in Service::ALL {
            assert_eq!(of(service).service, service);
        }
    }

    #[test]
    fn no_variable_is_named_twice() {
        let mut names: Vec<String> = SERVICES
            .iter()
            .flat_map(|row| [Some(row.switch), row.support, row.editable, row.domain_switch, row.mode])
            .flatten()
            .chain(BackupKey::ALL.iter().map(|key| backup_variable(*key)))
            .map(str::to_lowercase)
            .collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
