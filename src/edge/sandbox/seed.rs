//! A believable server out of a number and a seed.
//!
//! The number is of *user* accounts; groups, a list and a resource come on top. What is always there, as far
//! as the number reaches: the administrator and the postmaster, an address with an apostrophe, a POP3-only
//! account, a guest, a disabled account, names with XML and non-ASCII characters. ActiveSync has a sixth of
//! the accounts as seats (at least 3) and two of them free; about half of its users are in
//! `sales@example.com`, and a few members of that group lack it. Instant Messaging starts three over its
//! licence. All of it is synthetic.

use super::entries::{
    ALIAS, Account, FLAG_ADMIN, FLAG_GUEST, GROUP, MAILING_LIST, Member, RESOURCE, SERVICE, STANDARD, USER,
};
use super::licence::Product;
use super::services::{self, MODULES, Module, SERVICES};
use super::world::World;

/// What a seeded world is made from; the same gives the same world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed {
    /// User accounts, at least 1.
    pub accounts: u32,
    pub seed: u64,
}

/// Domains and the share of user accounts they have, in hundredths.
const DOMAINS: [(&str, u64); 4] =
    [("example.com", 60), ("example.org", 20), ("berlin.example.test", 12), ("paris.example.test", 8)];

/// The service domain every server has; not for people (reference 7).
const INTERNAL_DOMAIN: &str = "##internalservicedomain.icewarp.com##";

/// How many of a thousand users have a service on. ActiveSync is dealt out by hand.
const SHARES: [(&str, u64); 22] = [
    ("smtp", 985),
    ("pop3imap", 985),
    ("webmail", 970),
    ("antivirus", 960),
    ("antispam", 960),
    ("quarantine", 300),
    ("im", 600),
    ("groupware", 970),
    ("sip", 80),
    ("ftp", 50),
    ("sms", 60),
    ("webdav", 350),
    ("archive", 200),
    ("outlooksync", 150),
    ("desktop", 150),
    ("meeting", 400),
    ("teamchat", 500),
    ("webdocuments", 250),
    ("recording", 80),
    ("aiagent", 40),
    ("booking", 50),
    ("conferencefollowup", 20),
];

#[rustfmt::skip]
const FIRST_NAMES: [(&str, &str); 24] = [
    ("anna", "Anna"), ("bob", "Bob"), ("carla", "Carla"), ("david", "David"), ("eva", "Eva"), ("frantisek", "František"),
    ("greta", "Greta"), ("hana", "Hana"), ("ivan", "Иван"), ("joerg", "Jörg"), ("katerina", "Kateřina"), ("lena", "Lena"),
    ("marta", "Marta"), ("noemi", "Noémi"), ("oskar", "Oskar"), ("petr", "Petr"), ("quentin", "Quentin"), ("renee", "Renée"),
    ("sofia", "Σοφία"), ("tomas", "Tomáš"), ("ursula", "Ursula"), ("vera", "Věra"), ("wei", "伟"), ("zoe", "Zoë"),
];

#[rustfmt::skip]
const LAST_NAMES: [(&str, &str); 24] = [
    ("adler", "Adler"), ("brandt", "Brandt"), ("cerny", "Černý"), ("dvorak", "Dvořák"), ("ericsson", "Ericsson"),
    ("fischer", "Fischer"), ("garcia", "García"), ("horak", "Horák"), ("ilic", "Ilić"), ("jansen", "Jansen"),
    ("kowalski", "Kowalski"), ("lange", "Lange"), ("mueller", "Müller"), ("novak", "Novák"), ("olsen", "Ølsen"),
    ("prochazka", "Procházka"), ("quist", "Quist"), ("rossi", "Rossi"), ("svoboda", "Svoboda"), ("toth", "Tóth"),
    ("urban", "Urban"), ("vesely", "Veselý"), ("weiss", "Weiß"), ("zeman", "Zeman"),
];

const NAME_PAIRS: u64 = 24 * 24;

/// The first accounts of `example.com`: mailbox, name.
const SPECIAL: [(&str, &str); 6] = [
    ("admin", "Administrator"),
    ("postmaster", "Postmaster"),
    ("pat.o'brien", "Pat O'Brien"),
    ("scanner", "Scanner <2nd floor> & \"fax\""),
    ("guest.partner", "Gäste & Partner"),
    ("left.company", "Émile Départ"),
];

impl World {
    /// A server of `accounts` users, laid out by `seed`. 0 accounts are 1: without an administrator nobody
    /// gets in.
    #[must_use]
    pub fn seeded(seed: &Seed) -> World {
        let accounts = u64::from(seed.accounts.max(1));
        let bits = |names: &[&str]| names.iter().fold(0, |bits, name| bits | services::bit(name));
        let mut seeding = Seeding {
            world: World::empty(),
            dice: Dice(seed.seed),
            pool: Vec::new(),
            pool_elsewhere: Vec::new(),
            shares: SHARES.iter().map(Share::of).collect(),
            for_guests: bits(&["webmail", "meeting", "teamchat"]),
            beyond_pop3: bits(&services::BEYOND_POP3),
            switches_of_system: bits(&["smtp", "pop3imap", "webmail", "antivirus", "antispam", "groupware"]),
        };
        seeding.domains();
        seeding.users(accounts);
        let sales = seeding.activesync(accounts);
        seeding.groups(&sales);
        seeding.world.order_domains();
        seeding.products(accounts);
        seeding.world.recount_all();
        seeding.world.reset_highest();
        // Every service is on for every user by default (SEAT-7); the obsolete one is not.
        seeding.world.switches_new = (1 << (SERVICES.len() - 1)) - 1;
        seeding.world
    }
}

struct Seeding {
    world: World,
    dice: Dice,
    /// Ordinary users of `example.com`, and of the other domains: enabled, no guests, not POP3-only, no
    /// administrators.
    pool: Vec<u32>,
    pool_elsewhere: Vec<u32>,
    shares: Vec<Share>,
    /// Services a guest may have at all, and those a POP3-only account cannot.
    for_guests: u32,
    beyond_pop3: u32,
    /// What administrator and postmaster have: never ActiveSync, so that no policy meets its guard over them
    /// by chance.
    switches_of_system: u32,
}

/// A domain that is filled; the main one has the accounts everybody looks for.
#[derive(Clone, Copy)]
struct Home {
    place: u32,
    main: bool,
}

/// A row of [`SHARES`], looked up once instead of for every account.
struct Share {
    bit: u32,
    of_thousand: u64,
    /// Whether a domain can switch the service off.
    by_domain: bool,
}

impl Share {
    fn of((name, of_thousand): &(&str, u64)) -> Share {
        let by_domain =
            SERVICES.iter().any(|service| service.name == *name && !service.domain_switch.is_empty());
        Share { bit: services::bit(name), of_thousand: *of_thousand, by_domain }
    }
}

impl Seeding {
    fn domains(&mut self) {
        self.world.add_domain(INTERNAL_DOMAIN, SERVICE);
        for (name, _) in DOMAINS {
            self.world.add_domain(name, STANDARD);
        }
        self.world.add_domain("alias.example.test", ALIAS);
        self.world.set_domain_variable("alias.example.test", "D_DomainValue", "example.com");
        self.world.set_domain_variable("example.com", "D_Description", "Example & Söhne <main>");
        self.world.set_domain_variable("example.com", "D_PostMaster", "postmaster");
        // One domain without one service, so that somebody's switch cannot be changed (`U_SMSEditable` 0).
        self.world.set_domain_variable("paris.example.test", "D_SMS", "0");
    }

    fn users(&mut self, count: u64) {
        let mut dealt = 0;
        for (nth, (name, share)) in DOMAINS.into_iter().enumerate() {
            let last = nth + 1 == DOMAINS.len();
            let of_domain =
                if last { count - dealt } else { (count * share).div_ceil(100).min(count - dealt) };
            dealt += of_domain;
            let Some(place) = self.world.domain_place(name) else { continue };
            let offset = self.dice.below(NAME_PAIRS);
            for index in 0..of_domain {
                self.user(Home { place, main: nth == 0 }, index, offset);
            }
        }
        self.dice.shuffle(&mut self.pool);
        self.dice.shuffle(&mut self.pool_elsewhere);
    }

    fn user(&mut self, home: Home, index: u64, offset: u64) {
        let Home { place, main } = home;
        let special = usize::try_from(index).ok().filter(|_| main).and_then(|index| SPECIAL.get(index));
        let mut account = match special {
            Some((mailbox, name)) => Account::new(place, mailbox, name, USER),
            None => named_user(place, index, offset),
        };
        let chance = self.dice.below(1000);
        match (main, index) {
            (true, 0) => account.flags = FLAG_ADMIN,
            (true, 1 | 2) => {}
            (true, 3) => account.protocol = 0,
            (true, 4) => account.flags = FLAG_GUEST,
            (true, 5) => account.disabled = 1,
            _ if chance < 30 => account.disabled = 1 + u8::try_from(chance % 2).unwrap_or(0),
            _ if chance < 50 => account.flags = FLAG_GUEST,
            _ if chance < 60 => account.protocol = 0,
            _ => {}
        }
        let system = main && index < 2;
        account.switches = if system { self.switches_of_system } else { self.switches(&account) };
        let ordinary = !system && account.disabled == 0 && account.flags == 0 && account.protocol == 1;
        let id = self.world.push_account(account);
        match (ordinary, main) {
            (true, true) => self.pool.push(id),
            (true, false) => self.pool_elsewhere.push(id),
            (false, _) => {}
        }
    }

    fn switches(&mut self, account: &Account) -> u32 {
        let mut switches = 0;
        let available = self.world.domain(account.domain).map_or(0, |domain| domain.switches);
        for share in &self.shares {
            let fits = match () {
                () if account.flags & FLAG_GUEST != 0 => self.for_guests & share.bit != 0,
                () if account.protocol == 0 => self.beyond_pop3 & share.bit == 0,
                () => true,
            };
            let drawn = self.dice.below(1000) < share.of_thousand;
            let switched_off_above = share.by_domain && available & share.bit == 0;
            if fits && !switched_off_above && drawn {
                switches |= share.bit;
            }
        }
        switches
    }

    /// Deals out ActiveSync and gives the members of the sales group.
    fn activesync(&mut self, accounts: u64) -> Vec<u32> {
        let used = (activesync_seats(accounts) - 2).min((self.pool.len() + self.pool_elsewhere.len()) as u64);
        let inside = take(&mut self.pool, used.div_ceil(2));
        let lacking = take(&mut self.pool, (used / 12).max(1));
        let rest = used.saturating_sub(inside.len() as u64);
        let elsewhere = take(&mut self.pool_elsewhere, rest.div_ceil(3));
        let mut outside = take(&mut self.pool, rest.saturating_sub(elsewhere.len() as u64));
        let missing = rest.saturating_sub((elsewhere.len() + outside.len()) as u64);
        outside.extend(take(&mut self.pool_elsewhere, missing));
        let bit = services::bit("activesync");
        for id in inside.iter().chain(&elsewhere).chain(&outside) {
            if let Some(account) = self.world.account_mut(*id) {
                account.switches |= bit;
            }
        }
        inside.into_iter().chain(lacking).collect()
    }

    fn groups(&mut self, sales: &[u32]) {
        let support = take_eighth(&mut self.pool);
        let mut team = take_eighth(&mut self.pool_elsewhere);
        team.extend(self.pool.first());
        let readers: Vec<u32> = self.pool.iter().copied().take(5).collect();
        for (name, _) in DOMAINS {
            self.group(&format!("public-folders@{name}"), "Public Folders", GROUP, &[]);
        }
        let addresses = |world: &World, ids: &[u32]| -> Vec<String> {
            let mut found: Vec<String> = ids
                .iter()
                .filter_map(|id| world.account(*id))
                .map(|account| world.address(account))
                .collect();
            found.sort();
            found
        };
        let sales = addresses(&self.world, sales);
        let support = addresses(&self.world, &support);
        let team = addresses(&self.world, &team);
        let mut readers = addresses(&self.world, &readers);
        readers.push("reader@elsewhere.test".to_owned());
        self.group("sales@example.com", "Sales", GROUP, &sales);
        self.group("support@example.com", "Support & Care", GROUP, &support);
        let nested = ["sales@example.com", "support@example.com"].map(str::to_owned).to_vec();
        self.group("everyone@example.com", "Everyone", GROUP, &nested);
        self.group("team@example.org", "Tým", GROUP, &team);
        self.group("news@example.com", "News", MAILING_LIST, &readers);
        self.group("meeting-room@example.com", "Meeting room", RESOURCE, &[]);
    }

    fn group(&mut self, address: &str, name: &str, kind: u8, members: &[String]) {
        let Some((mailbox, domain)) = address.rsplit_once('@') else { return };
        let Some(place) = self.world.domain_place(domain) else { return };
        let mut account = Account::new(place, mailbox, name, kind);
        if !members.is_empty() {
            account.extra_mut().members = members.iter().map(|member| Member::plain(member)).collect();
        }
        self.world.push_account(account);
    }

    /// Seats by what is used; SyncML is not licensed and nobody has it.
    fn products(&mut self, accounts: u64) {
        let used = self.world.count_afresh();
        for (module, product) in MODULES {
            let used = used[module as usize];
            let seats = match module {
                Module::SyncMl => continue,
                Module::ActiveSync => activesync_seats(accounts),
                Module::InstantMessaging => used.saturating_sub(3).max(1),
                // Exactly full.
                Module::DesktopClient => used.max(1),
                // Unlimited on the wire (reference 4.1).
                Module::CalDav => 0,
                Module::OutlookConnector | Module::Sip | Module::Ftp | Module::Sms => used + 5,
                _ => accounts + accounts / 10 + 10,
            };
            let accounts = u32::try_from(seats).unwrap_or(u32::MAX);
            self.world.licence.products.push(Product { name: product.to_owned(), accounts });
        }
    }
}

fn activesync_seats(accounts: u64) -> u64 {
    (accounts / 6).max(3)
}

/// A person. The pairs of names are walked in an order that looks drawn; a number follows when they are used
/// up.
fn named_user(place: u32, index: u64, offset: u64) -> Account {
    // 35 has no divisor in common with the number of pairs, so every pair comes once.
    let pair = usize::try_from((index * 35 + offset) % NAME_PAIRS).unwrap_or(0);
    let ((first, first_shown), (last, last_shown)) = (FIRST_NAMES[pair % 24], LAST_NAMES[pair / 24]);
    let mailbox = match index / NAME_PAIRS {
        0 => format!("{first}.{last}"),
        round => format!("{first}.{last}{}", round + 1),
    };
    let name = match index % 145 {
        7 => format!("{first_shown} {last_shown} & Co"),
        36 => format!("{first_shown} <{last_shown}>"),
        65 => format!("{first_shown} \"Ace\" {last_shown}"),
        94 => format!("{first_shown} D'{last_shown}"),
        _ => format!("{first_shown} {last_shown}"),
    };
    Account::new(place, &mailbox, &name, USER)
}

/// Takes as many as there are, at most `count`, off the end.
fn take(pool: &mut Vec<u32>, count: u64) -> Vec<u32> {
    let count = usize::try_from(count).unwrap_or(usize::MAX).min(pool.len());
    pool.split_off(pool.len() - count)
}

fn take_eighth(pool: &mut Vec<u32>) -> Vec<u32> {
    pool.split_off(pool.len() - pool.len() / 8)
}

/// SplitMix64: a few lines, and the same on every machine and with every version of every crate.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    fn shuffle(&mut self, ids: &mut [u32]) {
        for end in (1..ids.len()).rev() {
            let other = usize::try_from(self.below(end as u64 + 1)).unwrap_or(0);
            ids.swap(end, other);
        }
    }
}
