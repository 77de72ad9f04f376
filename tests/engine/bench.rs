//! Servers to try the engine on, looked at without it.

use icewarden::edge::icewarp::{Limits, Rpc};
use icewarden::edge::port::Connect;
use icewarden::model::{BackupKey, Service};

use super::memory::Memory;
use crate::program::spec::{self, REFERENCE, put, world};
use crate::program::stand::{Reply, Stand, answer, result};

/// All of so few accounts may lose a service.
const GUARDRAILS: &str = "guardrails: {disable: {accounts: 20, percent: 100}}";

/// What a write comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Twist {
    #[default]
    None,
    /// It is answered 0, and nothing is done.
    Refuse,
    /// It is done, and the answer is lost.
    LoseAnswer,
    /// It never arrives.
    LoseRequest,
}

/// A server that a test holds.
pub trait Bench {
    type Connect: Connect;

    /// A server of these users, with these services on. ActiveSync has `seats`, all else has plenty.
    fn of(users: &[(&str, &[&str])], seats: u64) -> Self;
    fn door(&self) -> Self::Connect;
    /// Its `Server` document.
    fn document(&self) -> String;
    fn is_on(&self, address: &str, service: Service) -> bool;
    fn keep_days(&self) -> String;
    fn writes(&self) -> u64;
    /// What every write comes to from here on.
    fn twist(&self, twist: Twist);
    /// Another administrator's hand.
    fn put(&self, address: &str, service: Service, on: bool);
}

/// The sandbox, over HTTP.
pub struct Http(Stand);

impl Bench for Http {
    type Connect = Rpc;

    fn of(users: &[(&str, &[&str])], seats: u64) -> Http {
        let mut world = world(users);
        world.set_product("ActiveSync", Some(u32::try_from(seats).expect("few")));
        world.set_server_variable("C_System_Tools_AutoBackup_DeleteAfter", "7");
        Http(Stand::of(world))
    }

    fn door(&self) -> Rpc {
        Rpc { limits: Limits { read_again: Default::default(), ..Limits::default() } }
    }

    fn document(&self) -> String {
        spec::server("eu", &self.0.url, GUARDRAILS)
    }

    fn is_on(&self, address: &str, service: Service) -> bool {
        self.0.is_on(address, service.name())
    }

    fn keep_days(&self) -> String {
        self.0.server("C_System_Tools_AutoBackup_DeleteAfter")
    }

    fn writes(&self) -> u64 {
        self.0.writes()
    }

    fn twist(&self, twist: Twist) {
        self.0.twist(move |world, request| {
            if !request.command.starts_with("set") {
                return None;
            }
            match twist {
                Twist::None => None,
                Twist::Refuse => Some(result("0")),
                Twist::LoseRequest => Some(Reply::Raw(Vec::new())),
                Twist::LoseAnswer => {
                    answer(world, request);
                    Some(Reply::Raw(Vec::new()))
                }
            }
        });
    }

    fn put(&self, address: &str, service: Service, on: bool) {
        put(&mut self.0.world(), address, &[service.name()], if on { "1" } else { "0" });
    }
}

impl Bench for Memory {
    type Connect = Memory;

    fn of(users: &[(&str, &[&str])], seats: u64) -> Memory {
        let memory = Memory::default();
        {
            let mut held = memory.held();
            for (address, services) in users {
                let services = services.iter().filter_map(|name| Service::parse(name));
                let mut on = icewarden::model::ServiceSet::EMPTY;
                services.for_each(|service| on.insert(service));
                held.accounts.insert((*address).to_owned(), on);
            }
            held.settings.insert(BackupKey::KeepDays, "7".to_owned());
            held.seats.insert("activesync", seats);
            held.seats.insert("instantmessaging", 100);
        }
        memory
    }

    fn door(&self) -> Memory {
        self.clone()
    }

    fn document(&self) -> String {
        spec::server("eu", "http://127.0.0.1:9/", GUARDRAILS).replace(REFERENCE, "MEMORY")
    }

    fn is_on(&self, address: &str, service: Service) -> bool {
        self.held().accounts[address].contains(service)
    }

    fn keep_days(&self) -> String {
        self.held().settings[&BackupKey::KeepDays].clone()
    }

    fn writes(&self) -> u64 {
        self.held().writes
    }

    fn twist(&self, twist: Twist) {
        self.held().twist = twist;
    }

    fn put(&self, address: &str, service: Service, on: bool) {
        let mut held = self.held();
        let switches = held.accounts.get_mut(address).expect("an account");
        if on { switches.insert(service) } else { switches.remove(service) }
    }
}
