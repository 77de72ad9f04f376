//! The services of an account and the modules of a licence, written by hand from the reference.
//!
//! The client has tables of its own. That the two agree is shown by the exchanges in `tests/wire`; that one
//! was not copied into the other is the point of having two.

/// One row of the reference's table 2.2.
#[derive(Debug)]
pub(super) struct Service {
    /// The word the state report uses.
    pub name: &'static str,
    /// Variable names, lower case. An empty name: the reference lists none.
    pub switch: &'static str,
    pub support: &'static str,
    pub editable: &'static str,
    pub domain_switch: &'static str,
    pub domain_support: &'static str,
    /// The server variable that holds the access mode (reference 2.3), if one is known (U-14).
    pub mode: &'static str,
    /// The module whose seat it takes (reference 4.4).
    pub module: Option<Module>,
}

/// What a licence counts seats of (product names of the reference, 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Module {
    MailServer,
    WebMail,
    AntiVirus,
    AntiSpam,
    InstantMessaging,
    GroupWare,
    CalDav,
    Sip,
    Ftp,
    Sms,
    ActiveSync,
    OutlookConnector,
    DesktopClient,
    SyncMl,
}

pub(super) const MODULE_COUNT: usize = 14;

/// Every module that is counted, in the order of its discriminant, with its product name.
pub(super) const MODULES: [(Module, &str); MODULE_COUNT] = [
    (Module::MailServer, "Mail Server"),
    (Module::WebMail, "WebMail"),
    (Module::AntiVirus, "Anti-Virus"),
    (Module::AntiSpam, "Anti-Spam"),
    (Module::InstantMessaging, "Instant Messaging"),
    (Module::GroupWare, "GroupWare"),
    (Module::CalDav, "CalDAV"),
    (Module::Sip, "SIP"),
    (Module::Ftp, "FTP"),
    (Module::Sms, "SMS"),
    (Module::ActiveSync, "ActiveSync"),
    (Module::OutlookConnector, "Outlook Connector"),
    (Module::DesktopClient, "Desktop Client"),
    (Module::SyncMl, "SyncML"),
];

/// The module a product name stands for. `Mail Server` comes in editions and the connector in two spellings
/// (reference 4.1); products without a count (`Log Analyzer`, `Migration Tool`, …) give `None`.
pub(super) fn module_of_product(product: &str) -> Option<Module> {
    let name = product.trim();
    if name.eq_ignore_ascii_case("outlook-connector") {
        return Some(Module::OutlookConnector);
    }
    if name.to_ascii_lowercase().starts_with("mail server") {
        return Some(Module::MailServer);
    }
    MODULES.iter().find(|(_, product)| product.eq_ignore_ascii_case(name)).map(|(module, _)| *module)
}

const fn row(
    name: &'static str,
    account: [&'static str; 3],
    domain: [&'static str; 2],
    mode: &'static str,
    module: Option<Module>,
) -> Service {
    let [switch, support, editable] = account;
    let [domain_switch, domain_support] = domain;
    Service { name, switch, support, editable, domain_switch, domain_support, mode, module }
}

pub(super) const SERVICE_COUNT: usize = 27;

/// Reference 2.2, in its order; an account's switches are the bits of this order.
#[rustfmt::skip]
pub(super) const SERVICES: [Service; SERVICE_COUNT] = [
    row("smtp", ["u_smtp", "", ""], ["", ""], "", None),
    row("pop3imap", ["u_pop3imap", "", ""], ["", ""], "", None),
    row("webmail", ["u_webmail", "u_webmailsupport", ""], ["", ""], "", Some(Module::WebMail)),
    row("antivirus", ["u_avscan", "u_avsupport", "u_aveditable"], ["d_avscan", "d_avsupport"], "", Some(Module::AntiVirus)),
    row("antispam", ["u_as", "u_assupport", "u_aseditable"], ["d_antispam", "d_assupport"], "", Some(Module::AntiSpam)),
    row("quarantine", ["u_quarantine", "u_quarantinesupport", "u_quarantineeditable"], ["d_challengeresponse", "d_quarantinesupport"], "", Some(Module::AntiSpam)),
    row("im", ["u_im", "u_imsupport", "u_imeditable"], ["d_im", "d_imsupport"], "", Some(Module::InstantMessaging)),
    row("groupware", ["u_gw", "u_gwsupport", "u_gweditable"], ["d_calendar", "d_gwsupport"], "", Some(Module::GroupWare)),
    row("sip", ["u_sip", "u_sipsupport", "u_sipeditable"], ["d_sip", "d_sipsupport"], "c_system_services_sip_mode", Some(Module::Sip)),
    row("ftp", ["u_ftp", "u_ftpsupport", "u_ftpeditable"], ["d_ftp", "d_ftpsupport"], "c_ftpservice_processingmode", Some(Module::Ftp)),
    row("sms", ["u_sms", "u_smssupport", "u_smseditable"], ["d_sms", "d_smssupport"], "c_smsservice_processingmode", Some(Module::Sms)),
    row("activesync", ["u_activesync", "u_activesyncsupport", "u_activesynceditable"], ["d_activesync", "d_eassupport"], "c_activesync_processingmode", Some(Module::ActiveSync)),
    row("webdav", ["u_webdav", "u_webdavsupport", "u_webdaveditable"], ["d_webdav", "d_webdavsupport"], "c_webdav_processingmode", Some(Module::CalDav)),
    row("archive", ["u_archive", "u_archivesupport", "u_archiveeditable"], ["d_archive", "d_archivesupport"], "", None),
    row("outlooksync", ["u_client_connector", "u_connectorsupport", "u_connectoreditable"], ["d_client_connector", "d_connectorsupport"], "", Some(Module::OutlookConnector)),
    row("desktop", ["u_client_desktop", "u_desktopsupport", "u_desktopeditable"], ["d_client_desktop", "d_desktopsupport"], "", Some(Module::DesktopClient)),
    row("meeting", ["u_meeting", "u_meetingsupport", "u_meetingeditable"], ["d_meeting", "d_meetingsupport"], "", None),
    row("teamchat", ["u_teamchat", "u_teamchatsupport", "u_teamchateditable"], ["d_teamchat", "d_teamchatsupport"], "", None),
    row("webdocuments", ["u_webdocuments", "u_webdocumentssupport", "u_webdocumentseditable"], ["d_webdocuments", "d_webdocumentssupport"], "", None),
    row("recording", ["u_recording", "u_recordingsupport", "u_recordingeditable"], ["d_recording", "d_recordingsupport"], "", None),
    row("cisco", ["u_cisco", "u_ciscosupport", "u_ciscoeditable"], ["", ""], "", None),
    row("aiagent", ["u_aiagent", "u_aiagentsupport", "u_aiagenteditable"], ["d_aiagent", "d_aiagentsupport"], "", None),
    row("booking", ["u_booking", "u_bookingsupport", "u_bookingeditable"], ["d_booking", "d_bookingsupport"], "", None),
    row("conferencefollowup", ["u_conferencefollowup", "u_conferencefollowupsupport", "u_conferencefollowupeditable"], ["d_conferencefollowup", "d_conferencefollowupsupport"], "", None),
    row("conferencewebinar", ["u_conferencewebinar", "u_conferencewebinarsupport", "u_conferencewebinareditable"], ["d_conferencewebinar", "d_conferencewebinarsupport"], "", None),
    row("extproviders", ["u_extproviders", "u_extproviderssupport", "u_extproviderseditable"], ["d_extproviders", "d_extproviderssupport"], "", None),
    row("syncml", ["u_syncml", "u_syncmlsupport", "u_syncmleditable"], ["d_syncml", "d_syncmlsupport"], "c_syncml_processingmode", Some(Module::SyncMl)),
];

/// The switches a POP3-only account cannot make effective: ActiveSync, Outlook Sync, Desktop Client
/// (reference 2.2, "Naming traps").
pub(super) const BEYOND_POP3: [&str; 3] = ["activesync", "outlooksync", "desktop"];

/// The bit of a service by its word.
pub(super) fn bit(name: &str) -> u32 {
    SERVICES.iter().position(|service| service.name == name).map_or(0, |index| 1 << index)
}
