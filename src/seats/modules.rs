//! The modules a plan has to do with: their services, their seats, and where the number comes from.

use std::collections::{BTreeMap, BTreeSet};

use super::pairing;
use crate::model::{Licence, Module, ModuleIndex, Place, Reading, Seats, SeatsSource, Service, ServiceSet};
use crate::spec::meaning::LicenseSpec;

/// One module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleSeats {
    pub module: Module,
    /// The name to show: as the licence writes it, else the module's own.
    pub title: String,
    /// The services that take a seat of it; empty for the mail server itself and for unknown products.
    pub services: ServiceSet,
    /// Of these, services that may take their seat of another module instead ([`moved_from`]). Each is counted here, and
    /// nothing rests on it: an account that has only these may hold no seat of this module.
    pub unsure: ServiceSet,
    pub seats: Seats,
    pub source: SeatsSource,
    /// Seats that no claim may take (`expect.*.keepFree`).
    pub keep_free: u64,
    pub keep_free_place: Option<Place>,
}

/// All modules, sorted by name, and the module of each service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modules {
    pub list: Vec<ModuleSeats>,
    /// Modules beyond the number that an index can hold.
    pub left_out: usize,
    of: [[Option<ModuleIndex>; 2]; Service::ALL.len()],
    /// For each service those that share a module with it, itself included.
    mates: [ServiceSet; Service::ALL.len()],
}

impl Modules {
    /// The indices, in `list`, of the modules whose seats a service takes: none, one, or the one that the spec names
    /// and then the one that [`moved_from`] keeps.
    pub fn of(&self, service: Service) -> impl Iterator<Item = ModuleIndex> {
        self.of[service as usize].into_iter().flatten()
    }

    /// The services that share a module with any of `services`, those included: an account's seat hangs on all.
    pub fn with_mates(&self, services: ServiceSet) -> ServiceSet {
        services.iter().fold(services, |all, service| all.union(self.mates[service as usize]))
    }
}

/// The pairing after the spec's overrides.
pub fn pair(license: Option<&LicenseSpec>, service: Service) -> Option<Module> {
    let declared = license.and_then(|license| license.module_of.get(&service));
    declared.map(|(module, _)| module.clone()).or_else(|| pairing::module_of(service))
}

/// The module that a service would take seats of by its name, where `moduleOf` names another and this one has seats
/// all the same: the licence lists it, or `expect` says how many where the licence cannot be read (U-1).
///
/// Which service takes a seat of which module is inferred from names, and so is what an author knows better (U-18).
/// While the licence sells both, a seat may be taken of either, so the service is counted in both: an override must
/// not switch off the guard of a module that is there.
pub fn moved_from(licence: &Licence, license: Option<&LicenseSpec>, service: Service) -> Option<Module> {
    let named = pairing::module_of(service).filter(|named| pair(license, service).as_ref() != Some(named))?;
    let has_seats = match &licence.modules {
        Reading::Read(offers) => offers.iter().any(|offer| offer.module == named),
        Reading::Unread(_) => {
            let expected = license.and_then(|license| license.expect.get(&named));
            expected.is_some_and(|expect| expect.seats.is_some())
        }
    };
    has_seats.then_some(named)
}

/// The services that may share a module with any of `services`, before anything was read: by what the spec pairs, and
/// by the names, since the licence may list those modules too ([`moved_from`]).
pub fn mates(license: Option<&LicenseSpec>, services: ServiceSet) -> ServiceSet {
    let modules = |service: Service| pair(license, service).into_iter().chain(pairing::module_of(service));
    let paired: BTreeSet<Module> = services.iter().flat_map(modules).collect();
    let mates = Service::ALL.into_iter().filter(|service| modules(*service).any(|one| paired.contains(&one)));
    services.union(mates.collect())
}

/// How many modules an index of eight bits can name.
const MODULES_MAX: usize = 255;

/// Gathers the modules: those of the licence, those that are expected, and those of the services in `asked`.
pub fn modules(licence: &Licence, license: Option<&LicenseSpec>, asked: ServiceSet) -> Modules {
    let mut services: BTreeMap<Module, ServiceSet> = BTreeMap::new();
    let moved = |service: &Service| moved_from(licence, license, *service).is_some();
    let moved: ServiceSet = Service::ALL.into_iter().filter(moved).collect();
    for service in Service::ALL {
        for module in pair(license, service).into_iter().chain(moved_from(licence, license, service)) {
            services.entry(module).or_default().insert(service);
        }
    }
    let mut names: BTreeSet<Module> = Module::parse(Module::MAIL_SERVER).into_iter().collect();
    names.extend(licence.modules.read().into_iter().flatten().map(|offer| offer.module.clone()));
    names.extend(license.into_iter().flat_map(|license| license.expect.keys().cloned()));
    names.extend(asked.iter().filter_map(|service| pair(license, service)));

    let left_out = names.len().saturating_sub(MODULES_MAX);
    let list: Vec<ModuleSeats> = names
        .into_iter()
        .take(MODULES_MAX)
        .map(|module| {
            let (seats, source) = seats_of(&module, licence, license);
            let expected = license.and_then(|license| license.expect.get(&module));
            ModuleSeats {
                title: title_of(&module, licence),
                services: services.get(&module).copied().unwrap_or_default(),
                unsure: services.get(&module).copied().unwrap_or_default().intersection(moved),
                seats,
                source,
                keep_free: expected.map_or(0, |expect| expect.keep_free),
                keep_free_place: expected.map(|expect| expect.place.clone()),
                module,
            }
        })
        .collect();
    let mut of = [[None; 2]; Service::ALL.len()];
    for (index, module) in list.iter().enumerate() {
        for service in module.services.iter() {
            // The one that is declared comes first: a plan shows it.
            let declared = pair(license, service).as_ref() == Some(&module.module);
            of[service as usize][usize::from(!declared)] = Some(ModuleIndex::new(index));
        }
    }
    let mates = Service::ALL.map(|service| {
        let modules = of[service as usize].into_iter().flatten();
        modules.fold(ServiceSet::single(service), |all, index| all.union(list[index.index()].services))
    });
    Modules { list, left_out, of, mates }
}

fn title_of(module: &Module, licence: &Licence) -> String {
    let offers = licence.modules.read().map_or(&[][..], Vec::as_slice);
    let offer = offers.iter().find(|offer| offer.module == *module);
    offer.map_or_else(|| module.to_string(), |offer| offer.title.clone())
}

/// The licence text rules. Where it cannot be read, the spec's `expect` is the limit, and for the mail server
/// the statistics (U-1). A module that a readable text does not list has no seats that anybody knows of.
fn seats_of(module: &Module, licence: &Licence, license: Option<&LicenseSpec>) -> (Seats, SeatsSource) {
    if let Reading::Read(offers) = &licence.modules {
        let mut found = None;
        for offer in offers.iter().filter(|offer| offer.module == *module) {
            // Two lines of one product: the smaller promise is the one that surely holds.
            found = Some(found.map_or(offer.seats, |seats: Seats| least(seats, offer.seats)));
        }
        if let Some(seats) = found {
            return (seats, SeatsSource::LicenceText);
        }
    }
    if module.as_str() == Module::MAIL_SERVER
        && let Reading::Read(users) = licence.licensed_users
    {
        return (Seats::Limited(users), SeatsSource::Statistics);
    }
    let expected = license.and_then(|license| license.expect.get(module)).and_then(|expect| expect.seats);
    // U-1: an unread text is no text. A text that was read and leaves the module out is not overruled by a wish.
    match (&licence.modules, expected) {
        (Reading::Unread(_), Some(seats)) => (Seats::Limited(seats), SeatsSource::Expect),
        _ => (Seats::Unknown, SeatsSource::Nowhere),
    }
}

/// The smaller of two promises; one that nobody knows may be the smaller (U-1).
fn least(a: Seats, b: Seats) -> Seats {
    match (a, b) {
        (Seats::Unknown, _) | (_, Seats::Unknown) => Seats::Unknown,
        (Seats::Unlimited, other) | (other, Seats::Unlimited) => other,
        (Seats::Limited(a), Seats::Limited(b)) => Seats::Limited(a.min(b)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::policy::tests::{World, license, module, place, unread};
    use crate::spec::meaning::Expect;

    const TEXT: SeatsSource = SeatsSource::LicenceText;
    const EXPECT: SeatsSource = SeatsSource::Expect;
    const STATISTICS: SeatsSource = SeatsSource::Statistics;
    const NOWHERE: SeatsSource = SeatsSource::Nowhere;

    /// What a licence text (`None`: not read), the statistics and an `expect` of 7 seats make of a module.
    fn check(text: Option<&str>, statistics: Option<u64>, expected: bool, of: &str) -> (Seats, SeatsSource) {
        let mut licence = World::of(text.unwrap_or_default(), &[]).observed.licence;
        if text.is_none() {
            licence.modules = unread();
        }
        licence.licensed_users = statistics.map_or_else(unread, Reading::Read);
        let expect = Expect { seats: Some(7), keep_free: 2, place: place() };
        let expect = expected.then(|| (module(of), expect));
        let license = license(BTreeMap::from_iter(expect));
        let asked = ServiceSet::of(&[Service::Im, Service::ActiveSync]);
        let modules = modules(&licence, Some(&license), asked);
        let found = modules.list.iter().find(|known| known.module.as_str() == of).expect(of);
        assert_eq!(found.keep_free, if expected { 2 } else { 0 }, "what is kept free");
        (found.seats, found.source)
    }

    #[test]
    fn the_licence_text_rules_then_statistics_for_the_mail_server_then_what_is_expected() {
        use Seats::{Limited, Unknown, Unlimited};
        for (text, statistics, expected, of, seats) in [
            (Some("instantmessaging=5"), Some(9), false, "instantmessaging", (Limited(5), TEXT)),
            (Some("instantmessaging=5"), Some(9), true, "instantmessaging", (Limited(5), TEXT)),
            (Some("instantmessaging=unlimited"), None, true, "instantmessaging", (Unlimited, TEXT)),
            (Some("instantmessaging=unknown"), None, true, "instantmessaging", (Unknown, TEXT)),
            // Two lines of one product: the smaller promise, in either order; one unknown makes both so.
            (Some("activesync=5 activesync=3"), None, false, "activesync", (Limited(3), TEXT)),
            (Some("activesync=3 activesync=5"), None, false, "activesync", (Limited(3), TEXT)),
            (Some("activesync=3 activesync=unlimited"), None, false, "activesync", (Limited(3), TEXT)),
            (Some("activesync=unlimited activesync=3"), None, false, "activesync", (Limited(3), TEXT)),
            (Some("activesync=unknown activesync=3"), None, false, "activesync", (Unknown, TEXT)),
            (Some("activesync=unlimited activesync=unknown"), None, false, "activesync", (Unknown, TEXT)),
            // A text that was read and does not list it: nobody knows, whatever is expected.
            (Some("im=5"), Some(9), false, "activesync", (Unknown, NOWHERE)),
            (Some("im=5"), Some(9), true, "activesync", (Unknown, NOWHERE)),
            // No text: what is expected is the limit; the statistics are the mail server's alone.
            (None, None, true, "activesync", (Limited(7), EXPECT)),
            (None, Some(9), true, "activesync", (Limited(7), EXPECT)),
            (None, Some(9), false, "activesync", (Unknown, NOWHERE)),
            (None, Some(9), true, "mailserver", (Limited(9), STATISTICS)),
            (None, None, true, "mailserver", (Limited(7), EXPECT)),
            (None, None, false, "mailserver", (Unknown, NOWHERE)),
            (Some("im=5"), Some(9), true, "mailserver", (Limited(9), STATISTICS)),
            (Some("mailserver=4"), Some(9), true, "mailserver", (Limited(4), TEXT)),
        ] {
            assert_eq!(
                check(text, statistics, expected, of),
                seats,
                "{of} of {text:?}, statistics {statistics:?}, expected {expected}"
            );
        }
    }

    #[test]
    fn a_pairing_of_the_spec_moves_a_service_from_a_module_that_has_no_seats_and_adds_it_to_one_that_has() {
        // The licence, how many CalDAV seats are expected, and the modules of WebDAV.
        for (text, expected, of) in [
            (Some("groupware=5"), None, &["groupware"][..]),
            (Some("groupware=5"), Some(7), &["groupware"]),
            (Some("caldav=5 groupware=5"), None, &["groupware", "caldav"]),
            (Some("caldav=unlimited groupware=5"), None, &["groupware", "caldav"]),
            (Some("caldav=unknown groupware=5"), None, &["groupware", "caldav"]),
            (None, None, &["groupware"]),
            (None, Some(7), &["groupware", "caldav"]),
        ] {
            let mut licence = World::of(text.unwrap_or_default(), &[]).observed.licence;
            if text.is_none() {
                licence.modules = unread();
            }
            let expect = Expect { seats: expected, keep_free: 0, place: place() };
            let mut license = license(BTreeMap::from([(module("caldav"), expect)]));
            license.module_of.insert(Service::WebDav, (module("groupware"), place()));
            let asked = ServiceSet::of(&[Service::WebDav]);
            let modules = modules(&licence, Some(&license), asked);
            let name = |index: ModuleIndex| modules.list[index.index()].module.as_str();
            let found: Vec<&str> = modules.of(Service::WebDav).map(name).collect();
            assert_eq!(found, of, "{text:?}, {expected:?} expected");
            assert_eq!(modules.of(Service::Smtp).count(), 0);
            let both = ServiceSet::of(&[Service::WebDav, Service::Groupware]);
            assert_eq!(modules.with_mates(asked), both);
            assert_eq!(mates(Some(&license), asked), both);
            assert_eq!(mates(None, asked), asked);
            let caldav = modules.list.iter().find(|known| known.module.as_str() == "caldav").unwrap();
            assert_eq!(caldav.services.contains(Service::WebDav), of.len() == 2);
        }
    }

    #[test]
    fn the_services_of_a_module_are_asked_for_where_one_of_them_may_still_be_its_own() {
        let mut license = license(BTreeMap::new());
        license.module_of.insert(Service::AntiSpam, (module("webmail"), place()));
        let asked = mates(Some(&license), ServiceSet::of(&[Service::AntiSpam]));
        assert_eq!(asked, ServiceSet::of(&[Service::AntiSpam, Service::Quarantine, Service::WebMail]));
    }
}
