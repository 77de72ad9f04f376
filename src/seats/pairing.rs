//! Which service takes a seat of which module (reference 4.4).

use crate::model::{Module, Service};

/// The module of a service, where one is known. Only the products' names are confirmed; that a service of a
/// like name takes a seat of it is inferred, and a spec's `moduleOf` overrides it. A service without a module
/// takes no seat that we know of: it is shown so, never as free of charge.
pub fn module_of(service: Service) -> Option<Module> {
    let name = match service {
        Service::WebMail => "webmail",
        Service::AntiVirus => "antivirus",
        // Both are parts of one product. An account that has both takes one seat (U-37).
        Service::AntiSpam | Service::Quarantine => "antispam",
        Service::Im => "instantmessaging",
        Service::Groupware => "groupware",
        Service::WebDav => "caldav",
        Service::Sip => "sip",
        Service::Ftp => "ftp",
        Service::Sms => "sms",
        Service::ActiveSync => "activesync",
        Service::OutlookSync => "outlookconnector",
        Service::Desktop => "desktopclient",
        // The account itself is the seat.
        Service::Smtp | Service::Pop3Imap => return None,
        Service::Archive
        | Service::Meeting
        | Service::TeamChat
        | Service::WebDocuments
        | Service::Recording
        | Service::Cisco
        | Service::AiAgent
        | Service::Booking
        | Service::ConferenceFollowup
        | Service::ConferenceWebinar
        | Service::ExtProviders => return None,
    };
    Module::parse(name)
}
