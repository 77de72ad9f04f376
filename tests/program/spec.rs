//! Specs and worlds in few words.

use icewarden::edge::sandbox::World;
use icewarden::model::Service;

use super::stand::Stand;

pub const REFERENCE: &str = "82811415-0DC1291E-05492B82-877710E7-MW-";

/// A server whose identity is pinned; `more` are further lines of its `spec`.
pub fn server(name: &str, url: &str, more: &str) -> String {
    let identity = format!("identity: {{domain: example.com, referenceId: {REFERENCE}}}");
    server_unpinned(name, url, &format!("{identity}\n{more}"))
}

/// A server without any further line than `more`.
pub fn server_unpinned(name: &str, url: &str, more: &str) -> String {
    let rpc = format!("{{url: \"{url}\", account: admin@example.com, password: {{env: ICEWARP_PASSWORD}}}}");
    document("Server", name, &format!("connection:\n  rpc: {rpc}\n{more}"))
}

/// A document with these lines below `spec`.
pub fn document(kind: &str, name: &str, body: &str) -> String {
    let body: String = body.lines().map(|line| format!("  {line}\n")).collect();
    format!("apiVersion: icewarden.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n{body}")
}

pub fn policy(name: &str, body: &str) -> String {
    document("ServicePolicy", name, &format!("server: eu\n{body}"))
}

pub fn license(body: &str) -> String {
    document("License", "eu", &format!("server: eu\n{body}"))
}

pub fn backup(body: &str) -> String {
    document("BackupPolicy", "nightly", &format!("server: eu\n{body}"))
}

/// The server of a stand, then the other documents.
pub fn whole(stand: &Stand, more: &str, documents: &[String]) -> String {
    let mut all = vec![server("eu", &stand.url, more)];
    all.extend_from_slice(documents);
    all.join("---\n")
}

/// The variable of a service's switch, written here once more: the tests believe neither side of the wire.
pub fn variable(service: Service) -> &'static str {
    match service {
        Service::Smtp => "U_SMTP",
        Service::Pop3Imap => "U_POP3IMAP",
        Service::WebMail => "U_WebMail",
        Service::AntiVirus => "U_AVScan",
        Service::AntiSpam => "U_AS",
        Service::Quarantine => "U_Quarantine",
        Service::Im => "U_IM",
        Service::Groupware => "U_GW",
        Service::Sip => "U_SIP",
        Service::Ftp => "U_FTP",
        Service::Sms => "U_SMS",
        Service::ActiveSync => "U_ActiveSync",
        Service::WebDav => "U_WebDAV",
        Service::Archive => "U_Archive",
        Service::OutlookSync => "U_Client_Connector",
        Service::Desktop => "U_Client_Desktop",
        Service::Meeting => "U_Meeting",
        Service::TeamChat => "U_TeamChat",
        Service::WebDocuments => "U_WebDocuments",
        Service::Recording => "U_Recording",
        Service::Cisco => "U_Cisco",
        Service::AiAgent => "U_AIAgent",
        Service::Booking => "U_Booking",
        Service::ConferenceFollowup => "U_ConferenceFollowUp",
        Service::ConferenceWebinar => "U_ConferenceWebinar",
        Service::ExtProviders => "U_ExtProviders",
    }
}

/// Every product that has seats.
pub const PRODUCTS: [&str; 13] = [
    "Mail Server",
    "WebMail",
    "Anti-Virus",
    "Anti-Spam",
    "Instant Messaging",
    "GroupWare",
    "CalDAV",
    "SIP",
    "FTP",
    "SMS",
    "ActiveSync",
    "Outlook Connector",
    "Desktop Client",
];

/// Puts an account's services on, by their words.
#[track_caller]
pub fn put(world: &mut World, address: &str, services: &[&str], value: &str) {
    for name in services {
        let service = Service::parse(name).unwrap_or_else(|| panic!("no service {name}"));
        assert!(world.set_account_variable(address, variable(service), value), "{name} of {address}");
    }
}

/// A world of these users with these services on; 100 seats of everything.
pub fn world(users: &[(&str, &[&str])]) -> World {
    let mut world = World::bare();
    for (address, services) in users {
        world.add_account(address, "", 0);
        put(&mut world, address, services, "1");
    }
    for product in PRODUCTS {
        world.set_product(product, Some(100));
    }
    world.reset_highest();
    world
}

/// Adds a group with members.
pub fn group(world: &mut World, address: &str, members: &[&str]) {
    world.add_account(address, "", 7);
    world.set_members(address, members);
}
