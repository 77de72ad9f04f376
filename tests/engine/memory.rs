//! A server in memory: accounts with switches, two settings, and answers that can be refused or lost.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use icewarden::edge::port::{
    Access, Calls, Connect, Failed, Phase, Progress, Refused, Sent, Server, Wanted, Written,
};
use icewarden::model::observed::{AccountFacts, Columns, DomainSwitches, ServiceBits};
use icewarden::model::{
    AccountKind, Address, BackupKey, Directory, DirectoryBuilder, DomainKind, Licence, Module, ModuleOffer,
    Observed, Reading, Remedy, Seats, Service, ServiceSet, Tri,
};
use icewarden::spec::meaning::Connection;

use super::bench::Twist;

/// What it holds.
#[derive(Default)]
pub struct Held {
    pub accounts: BTreeMap<String, ServiceSet>,
    pub settings: BTreeMap<BackupKey, String>,
    pub seats: BTreeMap<&'static str, u64>,
    pub writes: u64,
    /// What the next writes come to.
    pub twist: Twist,
}

/// The server; clones are one.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Held>>);

impl Memory {
    pub fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes as the twist says.
    fn write(&self, done: impl FnOnce(&mut Held)) -> Result<Written, Failed> {
        let mut held = self.held();
        match held.twist {
            Twist::Refuse => return Ok(Written::NotApplied),
            Twist::LoseRequest => return Err(lost()),
            Twist::LoseAnswer | Twist::None => {}
        }
        held.writes += 1;
        done(&mut held);
        if held.twist == Twist::LoseAnswer { Err(lost()) } else { Ok(Written::Applied) }
    }
}

fn lost() -> Failed {
    let message = "the answer was lost".to_owned();
    Failed::Unanswered { sent: Sent::Maybe, message, remedy: Remedy::Check("the line".into()) }
}

impl Connect for Memory {
    type Server = Memory;

    async fn connect(&self, _: Access<'_>) -> Result<Memory, Failed> {
        Ok(self.clone())
    }

    fn warning(&self, _: &Connection) -> Option<String> {
        None
    }
}

impl Server for Memory {
    async fn observe(
        &self,
        wanted: &Wanted,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Observed, Failed> {
        progress(Progress { phase: Phase::Lists, done: 1, total: None });
        let held = self.held();
        let mut builder = DirectoryBuilder::default();
        builder.domain("example.com", DomainKind::from_number(0));
        for address in held.accounts.keys() {
            builder.account(Address::parse(address).expect("an address"), AccountKind::User);
        }
        let directory = builder.build();
        let all = wanted.services;
        let bits = directory.rows().map(|row| {
            let on = held.accounts[directory.address(row)].intersection(all);
            ServiceBits {
                known: all,
                on,
                editable_known: all,
                editable: all,
                support_known: all,
                support: on,
            }
        });
        let facts = AccountFacts {
            disabled: Tri::No,
            guest: Tri::No,
            expired: Tri::No,
            admin: Tri::No,
            pop3_only: Tri::No,
        };
        let columns = Columns { bits: bits.collect(), facts: vec![facts; directory.len()] };
        let offer = |(name, seats): (&&'static str, &u64)| ModuleOffer {
            seats: Seats::Limited(*seats),
            ..offer(Module::parse(name).expect("a module"))
        };
        let users = held.accounts.len() as u64;
        Ok(Observed {
            asked: all,
            columns,
            licence: Licence {
                status: Reading::Read(0),
                reference: Reading::Read("MEMORY".into()),
                order_id: Reading::Read("EXAMPLE-0001".into()),
                modules: Reading::Read(held.seats.iter().map(offer).collect()),
                licensed_users: Reading::Read(users),
                active_users: Reading::Read(users),
            },
            backup: wanted.backup.iter().map(|key| (*key, setting(&held, *key))).collect(),
            modes: BTreeMap::new(),
            domain_switches: BTreeMap::new(),
            version: Reading::Read("memory".into()),
            not_offered: ServiceSet::EMPTY,
            unread: Vec::new(),
            directory,
        })
    }

    async fn recheck(&self, _: &Wanted, before: &Directory) -> Result<Vec<String>, Failed> {
        let same = before.len() == self.held().accounts.len();
        Ok(if same { Vec::new() } else { vec!["the accounts are others than a moment ago".to_owned()] })
    }

    async fn domain_switches(
        &self,
        domains: &[&str],
        services: ServiceSet,
    ) -> Result<BTreeMap<Box<str>, DomainSwitches>, Failed> {
        let switches = DomainSwitches { known: services, on: services };
        Ok(domains.iter().map(|domain| (Box::from(*domain), switches)).collect())
    }

    async fn read_switches(
        &self,
        address: &str,
        switches: ServiceSet,
        effective: ServiceSet,
    ) -> Result<ServiceBits, Failed> {
        let Some(on) = self.held().accounts.get(address).copied() else {
            let message = format!("there is no account {address}");
            let remedy = Remedy::Check("the address".into());
            return Err(Failed::Refused { why: Refused::Request, message, remedy });
        };
        Ok(ServiceBits {
            known: switches,
            on: on.intersection(switches),
            support_known: effective,
            support: on.intersection(effective),
            ..ServiceBits::default()
        })
    }

    async fn write_switch(&self, address: &str, service: Service, on: bool) -> Result<Written, Failed> {
        self.write(|held| {
            let switches = held.accounts.get_mut(address).expect("an account that was read");
            if on { switches.insert(service) } else { switches.remove(service) }
        })
    }

    async fn read_setting(&self, key: BackupKey) -> Result<Reading<String>, Failed> {
        Ok(setting(&self.held(), key))
    }

    async fn write_setting(&self, key: BackupKey, text: &str) -> Result<Written, Failed> {
        self.write(|held| drop(held.settings.insert(key, text.to_owned())))
    }

    async fn standing(&self) -> Result<Reading<i64>, Failed> {
        Ok(Reading::Read(0))
    }

    fn caller(&self) -> Option<String> {
        None
    }

    fn wind_up(&self) {}

    async fn log_out(&self) {}

    fn calls(&self) -> Calls {
        Calls::default()
    }
}

fn setting(held: &Held, key: BackupKey) -> Reading<String> {
    match held.settings.get(&key) {
        Some(text) => Reading::Read(text.clone()),
        None => Reading::Unread("there is no such setting".to_owned()),
    }
}

fn offer(module: Module) -> ModuleOffer {
    ModuleOffer { module, title: String::new(), seats: Seats::Unknown, demo: Some(false), expires_day: None }
}
