//! The services whose switch an account carries (reference 2.2), and sets of them.

use std::fmt;

/// A service an account may use. The obsolete ones are not here: nothing may be planned for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Service {
    Smtp,
    Pop3Imap,
    WebMail,
    AntiVirus,
    AntiSpam,
    Quarantine,
    Im,
    Groupware,
    Sip,
    Ftp,
    Sms,
    ActiveSync,
    WebDav,
    Archive,
    OutlookSync,
    Desktop,
    Meeting,
    TeamChat,
    WebDocuments,
    Recording,
    Cisco,
    AiAgent,
    Booking,
    ConferenceFollowup,
    ConferenceWebinar,
    ExtProviders,
}

impl Service {
    /// In the order of their bits in a [`ServiceSet`].
    pub const ALL: [Service; 26] = [
        Service::Smtp,
        Service::Pop3Imap,
        Service::WebMail,
        Service::AntiVirus,
        Service::AntiSpam,
        Service::Quarantine,
        Service::Im,
        Service::Groupware,
        Service::Sip,
        Service::Ftp,
        Service::Sms,
        Service::ActiveSync,
        Service::WebDav,
        Service::Archive,
        Service::OutlookSync,
        Service::Desktop,
        Service::Meeting,
        Service::TeamChat,
        Service::WebDocuments,
        Service::Recording,
        Service::Cisco,
        Service::AiAgent,
        Service::Booking,
        Service::ConferenceFollowup,
        Service::ConferenceWebinar,
        Service::ExtProviders,
    ];

    /// Names that the server still knows and the spec refuses, each with the reason.
    pub const OBSOLETE: [(&'static str, &'static str); 2] = [
        ("syncml", "SyncML is obsolete; the server's own list says so"),
        ("cr", "challenge response is obsolete under this name; the service is called quarantine"),
    ];

    /// The name in the spec and in everything that is shown.
    pub const fn name(self) -> &'static str {
        match self {
            Service::Smtp => "smtp",
            Service::Pop3Imap => "pop3imap",
            Service::WebMail => "webmail",
            Service::AntiVirus => "antivirus",
            Service::AntiSpam => "antispam",
            Service::Quarantine => "quarantine",
            Service::Im => "im",
            Service::Groupware => "groupware",
            Service::Sip => "sip",
            Service::Ftp => "ftp",
            Service::Sms => "sms",
            Service::ActiveSync => "activesync",
            Service::WebDav => "webdav",
            Service::Archive => "archive",
            Service::OutlookSync => "outlooksync",
            Service::Desktop => "desktop",
            Service::Meeting => "meeting",
            Service::TeamChat => "teamchat",
            Service::WebDocuments => "webdocuments",
            Service::Recording => "recording",
            Service::Cisco => "cisco",
            Service::AiAgent => "aiagent",
            Service::Booking => "booking",
            Service::ConferenceFollowup => "conferencefollowup",
            Service::ConferenceWebinar => "conferencewebinar",
            Service::ExtProviders => "extproviders",
        }
    }

    /// The service of a name of the spec, to the letter; `None` where there is none.
    pub fn parse(name: &str) -> Option<Service> {
        Service::ALL.into_iter().find(|service| service.name() == name)
    }

    /// Losing one of these costs people their mail: guardrail `mail` (default: for nobody).
    pub const MAIL: ServiceSet = ServiceSet::of(&[
        Service::Smtp,
        Service::Pop3Imap,
        Service::WebMail,
        Service::Groupware,
        Service::Archive,
    ]);

    /// What a POP3-only account cannot have (reference 2.2, `U_AccountType` 0).
    pub const NOT_FOR_POP3: ServiceSet =
        ServiceSet::of(&[Service::ActiveSync, Service::OutlookSync, Service::Desktop]);
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of services in one machine word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ServiceSet(pub u32);

impl ServiceSet {
    /// No service at all.
    pub const EMPTY: ServiceSet = ServiceSet(0);

    /// The set of these, however often one is named.
    pub const fn of(services: &[Service]) -> ServiceSet {
        let mut bits = 0;
        let mut i = 0;
        while i < services.len() {
            bits |= 1 << services[i] as u8;
            i += 1;
        }
        ServiceSet(bits)
    }

    /// The set of this one alone.
    pub const fn single(service: Service) -> ServiceSet {
        ServiceSet(1 << service as u8)
    }

    /// Whether the service is in the set.
    pub fn contains(self, service: Service) -> bool {
        self.0 & ServiceSet::single(service).0 != 0
    }

    /// Adds one; a service that is in it already changes nothing.
    pub fn insert(&mut self, service: Service) {
        self.0 |= ServiceSet::single(service).0;
    }

    /// Takes one out; a service that is not in it changes nothing.
    pub fn remove(&mut self, service: Service) {
        self.0 &= !ServiceSet::single(service).0;
    }

    /// Whether no service is in the set.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many services are in the set.
    pub fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Those of either set.
    pub fn union(self, other: ServiceSet) -> ServiceSet {
        ServiceSet(self.0 | other.0)
    }

    /// Those of both sets.
    pub fn intersection(self, other: ServiceSet) -> ServiceSet {
        ServiceSet(self.0 & other.0)
    }

    /// Those of this set that the other does not have.
    pub fn without(self, other: ServiceSet) -> ServiceSet {
        ServiceSet(self.0 & !other.0)
    }

    /// The services of the set, in the order of [`Service::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Service> {
        let mut bits = self.0 & ((1 << Service::ALL.len()) - 1);
        std::iter::from_fn(move || {
            (bits != 0).then(|| {
                let index = bits.trailing_zeros();
                bits &= bits - 1;
                Service::ALL[index as usize]
            })
        })
    }
}

impl FromIterator<Service> for ServiceSet {
    fn from_iter<I: IntoIterator<Item = Service>>(services: I) -> ServiceSet {
        let mut set = ServiceSet::EMPTY;
        for service in services {
            set.insert(service);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_is_found_by_its_name_and_stands_at_its_own_bit() {
        for (index, service) in Service::ALL.into_iter().enumerate() {
            assert_eq!(Service::parse(service.name()), Some(service));
            assert_eq!(service as usize, index);
            assert_eq!(ServiceSet::single(service).iter().collect::<Vec<_>>(), [service]);
        }
        for (name, _) in Service::OBSOLETE {
            assert_eq!(Service::parse(name), None, "{name} is refused, so it must not be a service");
        }
    }
}
