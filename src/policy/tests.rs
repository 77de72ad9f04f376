//! Small worlds as lines of text, for the tests of this room and of those after it.
//!
//! `"a im:off->on@5 activesync:on/off disabled"` is the account `a@example.com`: its IM is stored off and wanted on
//! by a policy of priority 5, its ActiveSync is stored on and effectively off, and it is disabled. After a switch
//! `!` says that the account may not choose, and `?` that this was not read.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::observed::ServiceBits;
use crate::model::{
    AccountFacts, AccountKind, Address, BackupKey, Columns, DirectoryBuilder, DomainKind, Licence, Module,
    ModuleOffer, Observed, Place, Reading, Seats, SecretRef, Service, ServiceSet, Tri,
};
use crate::spec::meaning::{
    BackupSetting, BackupSpec, BackupValue, Caller, Connection, ExcludeLicenseSense, Expect, Guardrails,
    Identity, LicenseSpec, PolicySpec, RpcConnection, Selector, ServerSpec, ServiceRule, SupportSense,
    Switch, Transport, Want,
};

/// What is wanted of a server, and what it has.
#[derive(Debug, Clone)]
pub struct World {
    pub server: ServerSpec,
    pub observed: Observed,
}

/// Who wants what: a policy for each priority, service and way.
type Wishes = BTreeMap<(i64, Service, bool), Vec<(String, Place)>>;

const REFERENCE: &str = "82811415-0DC1291E-05492B82-877710E7-MW-";

impl World {
    /// `seats` is the licence text, `"im=5 antispam=unlimited sip=unknown"`; `"im=5-2"` is five, two of which are
    /// to be kept free. Accounts stand in the order of their addresses; a switch that a line does not mention is
    /// off.
    pub fn of(seats: &str, accounts: &[&str]) -> World {
        let switches = accounts.iter().flat_map(|line| line.split_whitespace());
        let asked: ServiceSet =
            switches.filter_map(|word| word.split_once(':')).map(|(name, _)| service(name)).collect();
        let mut builder = DirectoryBuilder::default();
        builder.domain("example.com", DomainKind::Standard);
        let (mut columns, mut wishes) = (Columns::default(), Wishes::new());
        for line in accounts {
            let mut words = line.split_whitespace();
            let address = address(words.next().expect("a name"));
            let mut bits = ServiceBits {
                known: asked,
                editable_known: asked,
                editable: asked,
                support_known: asked,
                ..ServiceBits::default()
            };
            let mut facts = FACTS;
            for word in words {
                let Some((name, says)) = word.split_once(':') else {
                    fact(&mut facts, word);
                    continue;
                };
                if let Some((priority, on)) = switch(&mut bits, service(name), says) {
                    let wish = wishes.entry((priority, service(name), on)).or_default();
                    wish.push((address.clone(), place()));
                }
            }
            builder.account(Address::parse(&address).expect(line), AccountKind::User);
            columns.bits.push(bits);
            columns.facts.push(facts);
        }
        let directory = builder.build();
        assert!(accounts.is_sorted() && directory.len() == accounts.len(), "{accounts:?} are not in order");
        let (modules, license) = licensed(seats);
        let observed = Observed {
            directory,
            asked,
            columns,
            licence: Licence {
                status: Reading::Read(0),
                reference: Reading::Read(REFERENCE.to_owned()),
                order_id: Reading::Read("EXAMPLE-0001".to_owned()),
                modules: Reading::Read(modules),
                licensed_users: Reading::Read(100),
                active_users: unread(),
            },
            backup: BTreeMap::new(),
            modes: BTreeMap::new(),
            domain_switches: BTreeMap::new(),
            version: unread(),
            not_offered: ServiceSet::EMPTY,
            unread: Vec::new(),
        };
        World { server: server(wishes, license), observed }
    }

    /// Declares settings of the backup: what was read, and what is wanted.
    pub fn with_backup(mut self, settings: &[(BackupKey, &str, BackupValue)]) -> World {
        let mut declared = Vec::new();
        for (key, read, value) in settings {
            self.observed.backup.insert(*key, Reading::Read((*read).to_owned()));
            declared.push(BackupSetting { key: *key, value: value.clone(), place: place() });
        }
        self.server.backup =
            Some(BackupSpec { name: "backup".to_owned(), place: place(), settings: declared });
        self
    }
}

/// What no line says was read, and is not so.
const FACTS: AccountFacts =
    AccountFacts { disabled: Tri::No, guest: Tri::No, admin: Tri::No, pop3_only: Tri::No, expired: Tri::No };

pub fn place() -> Place {
    Place { file: Arc::from("world.yaml"), line: 1, column: 1, start: 0, end: 0 }
}

pub fn unread<T>() -> Reading<T> {
    Reading::Unread("not asked".to_owned())
}

pub fn address(name: &str) -> String {
    format!("{name}@example.com")
}

pub fn service(name: &str) -> Service {
    Service::parse(name).unwrap_or_else(|| panic!("{name} is no service"))
}

pub fn module(name: &str) -> Module {
    Module::parse(name).unwrap_or_else(|| panic!("{name} is no module"))
}

fn fact(facts: &mut AccountFacts, word: &str) {
    let (name, tri) = word.strip_suffix('?').map_or((word, Tri::Yes), |name| (name, Tri::Unread));
    *match name {
        "disabled" => &mut facts.disabled,
        "guest" => &mut facts.guest,
        "admin" => &mut facts.admin,
        "pop3" => &mut facts.pop3_only,
        "expired" => &mut facts.expired,
        other => panic!("{other} is no fact"),
    } = tri;
}

/// `STORED[/EFFECTIVE][->WANTED[@PRIORITY]][!|?]`: what is wanted, if anything. Effective is as stored where it is
/// not said.
fn switch(bits: &mut ServiceBits, service: Service, says: &str) -> Option<(i64, bool)> {
    let mut set = |word: &str,
                   known: fn(&mut ServiceBits) -> &mut ServiceSet,
                   on: fn(&mut ServiceBits) -> &mut ServiceSet| match word {
        "on" => on(bits).insert(service),
        "off" => {}
        "unread" => known(bits).remove(service),
        other => panic!("{other} is no switch"),
    };
    let (says, locked) = match says.strip_suffix(['!', '?']) {
        Some(rest) => (rest, says.chars().last()),
        None => (says, None),
    };
    let (state, wish) = says.split_once("->").map_or((says, None), |(state, wish)| (state, Some(wish)));
    let (stored, effective) = state.split_once('/').unwrap_or((state, state));
    set(stored, |bits| &mut bits.known, |bits| &mut bits.on);
    set(effective, |bits| &mut bits.support_known, |bits| &mut bits.support);
    match locked {
        Some('?') => {
            bits.editable_known.remove(service);
            bits.editable.remove(service);
        }
        Some(_) => bits.editable.remove(service),
        None => {}
    }
    let wish = wish?;
    let (wanted, priority) = wish.split_once('@').unwrap_or((wish, "0"));
    assert!(matches!(wanted, "on" | "off"), "{wanted} is no wish");
    Some((priority.parse().expect(wish), wanted == "on"))
}

/// The licence's products, and a `License` document where seats are to be kept free.
fn licensed(seats: &str) -> (Vec<ModuleOffer>, Option<LicenseSpec>) {
    let mut offers = Vec::new();
    let mut expect = BTreeMap::new();
    for word in seats.split_whitespace() {
        let (name, says) = word.split_once('=').expect(word);
        let (number, kept) = says.split_once('-').unwrap_or((says, ""));
        let seats = match number {
            "unlimited" => Seats::Unlimited,
            "unknown" => Seats::Unknown,
            number => Seats::Limited(number.parse().expect(word)),
        };
        if !kept.is_empty() {
            let keep_free = kept.parse().expect(word);
            expect.insert(module(name), Expect { seats: None, keep_free, place: place() });
        }
        offers.push(offer(name, seats));
    }
    let license = (!expect.is_empty()).then(|| license(expect));
    (offers, license)
}

pub fn offer(name: &str, seats: Seats) -> ModuleOffer {
    ModuleOffer { module: module(name), title: name.to_owned(), seats, demo: None, expires_day: None }
}

pub fn license(expect: BTreeMap<Module, Expect>) -> LicenseSpec {
    LicenseSpec {
        name: "world".to_owned(),
        place: place(),
        order_id: None,
        evaluation: None,
        activation: None,
        revalidation: None,
        expect,
        module_of: BTreeMap::new(),
    }
}

/// A policy of one rule for everyone in its scope.
pub fn policy(priority: i64, service: Service, on: bool, scope: Selector) -> PolicySpec {
    let want = Want::Everyone(if on { Switch::Enabled } else { Switch::Disabled });
    PolicySpec {
        name: format!("{service}-{}-{priority}", if on { "on" } else { "off" }),
        place: place(),
        priority,
        scope,
        services: vec![ServiceRule { service, want, place: place() }],
        exceptions: Vec::new(),
    }
}

pub fn scope(accounts: Vec<(String, Place)>) -> Selector {
    Selector {
        domains: None,
        groups: None,
        accounts: Some(accounts),
        except: Vec::new(),
        states: None,
        place: place(),
    }
}

fn server(wishes: Wishes, license: Option<LicenseSpec>) -> ServerSpec {
    let policies = wishes
        .into_iter()
        .map(|((priority, service, on), accounts)| policy(priority, service, on, scope(accounts)));
    ServerSpec {
        name: "eu".to_owned(),
        place: place(),
        labels: BTreeMap::new(),
        connection: Connection {
            transport: Transport::Rpc(RpcConnection {
                url: "http://127.0.0.1/icewarpapi/".to_owned(),
                account: Caller::parse("login@example.com").expect("an address"),
                password: SecretRef::Env("UNUSED".to_owned()),
                ca_file: None,
                login: None,
                insecure_skip_verify: false,
            }),
            place: place(),
        },
        identity: Identity {
            domain: Some(("example.com".to_owned(), place())),
            reference_id: Some((REFERENCE.to_owned(), place())),
        },
        guardrails: Guardrails {
            disable_accounts: 100,
            disable_percent: 100.0,
            protect: Vec::new(),
            disable_place: None,
            exclude_license_sense: ExcludeLicenseSense::Unknown,
            support_sense: SupportSense::Unknown,
        },
        license,
        backup: None,
        policies: policies.collect(),
    }
}
