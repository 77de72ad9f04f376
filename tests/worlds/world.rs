//! A small world: in the sandbox, and as it is read from there.

use std::collections::BTreeMap;
use std::sync::Arc;

use icewarden::edge::sandbox::World as Sandbox;
use icewarden::model::observed::ServiceBits;
use icewarden::model::{
    AccountFacts, AccountKind, Address, Columns, Directory, DirectoryBuilder, DomainKind, Licence, Module,
    ModuleOffer, Observed, Place, Reading, Seats, SecretRef, Service, ServiceSet, Tri,
};
use icewarden::spec::meaning::{
    Caller, Connection, ExcludeLicenseSense, Guardrails, Identity, LicenseSpec, PolicySpec, RpcConnection,
    Selector, ServerSpec, ServiceRule, SupportSense, Switch, Transport, Want as Wish,
};

/// Which two services vary, and the products whose seats they take.
pub struct Layout {
    pub services: [Service; 2],
    pub products: &'static [&'static str],
    /// What the spec's `moduleOf` says: a service, and the module that it is declared to take seats of.
    pub moved: Option<(Service, &'static str)>,
}

pub const ADDRESSES: [&str; 3] = ["a@example.com", "b@example.com", "c@example.com"];
pub const REFERENCE: &str = "82811415-0DC1291E-05492B82-877710E7-MW-";

/// What is so, and what is wanted, of one service of one account. "Left alone" is one of the two that change
/// nothing: it differs from "as wanted" only in who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Want {
    StaysOff,
    StaysOn,
    Claim,
    Release,
}

impl Want {
    pub const ALL: [Want; 4] = [Want::StaysOff, Want::StaysOn, Want::Claim, Want::Release];

    pub fn on(self) -> bool {
        matches!(self, Want::StaysOn | Want::Release)
    }

    /// What a policy says; nothing where the switch is left alone.
    fn said(self) -> Option<Switch> {
        match self {
            Want::StaysOff => None,
            Want::StaysOn | Want::Claim => Some(Switch::Enabled),
            Want::Release => Some(Switch::Disabled),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Account {
    pub wants: [Want; 2],
    pub disabled: bool,
    pub odd: Odd,
}

/// What is odd about an account, as it is read. The sandbox itself knows each switch, and counts what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Odd {
    Nothing,
    Guest,
    /// The switch of the service of this index cannot be read.
    Unread(usize),
    /// The effective value of the service of this index is not what is stored.
    Otherwise(usize),
}

impl Odd {
    pub const ALL: [Odd; 5] =
        [Odd::Guest, Odd::Unread(0), Odd::Unread(1), Odd::Otherwise(0), Odd::Otherwise(1)];
}

impl Account {
    pub fn all() -> Vec<Account> {
        let mut all = Vec::new();
        for first in Want::ALL {
            for second in Want::ALL {
                for disabled in [false, true] {
                    all.push(Account { wants: [first, second], disabled, odd: Odd::Nothing });
                }
            }
        }
        all
    }

    /// Whether a release of it surely frees what it seems to free (U-5).
    pub fn surely_counts(self) -> bool {
        !self.disabled && self.odd != Odd::Guest
    }
}

/// The variable of a service, written here a third time: the test believes neither side.
pub fn variable(service: Service) -> &'static str {
    match service {
        Service::ActiveSync => "U_ActiveSync",
        Service::Im => "U_IM",
        Service::AntiSpam => "U_AS",
        Service::Quarantine => "U_Quarantine",
        other => panic!("no world has {other}"),
    }
}

fn support(service: Service) -> &'static str {
    match service {
        Service::ActiveSync => "U_ActiveSyncSupport",
        Service::Im => "U_IMSupport",
        Service::AntiSpam => "U_ASSupport",
        Service::Quarantine => "U_QuarantineSupport",
        other => panic!("no world has {other}"),
    }
}

/// A sandbox with as many accounts as asked, all of whose services are off.
pub fn sandbox(accounts: usize) -> Sandbox {
    let mut sandbox = Sandbox::bare();
    for address in &ADDRESSES[..accounts] {
        sandbox.add_account(address, "", 0);
    }
    sandbox
}

/// Brings a sandbox into the state in which a world starts.
pub fn set_up(sandbox: &mut Sandbox, layout: &Layout, accounts: &[Account], seats: &[Option<u32>]) {
    for (account, address) in accounts.iter().zip(ADDRESSES) {
        for (service, want) in layout.services.into_iter().zip(account.wants) {
            let value = if want.on() { "1" } else { "0" };
            assert!(
                sandbox.set_account_variable(address, variable(service), value),
                "{service} of {address}"
            );
        }
        let disabled = if account.disabled { "1" } else { "0" };
        assert!(sandbox.set_account_variable(address, "U_AccountDisabled", disabled));
        let guest = if account.odd == Odd::Guest { "1" } else { "0" };
        assert!(sandbox.set_account_variable(address, "U_IsGuestAccount", guest));
    }
    for (product, seats) in layout.products.iter().zip(seats) {
        // On the wire 0 means unlimited, so no seats at all are shown by another product's absence: unknown.
        sandbox.set_product(product, *seats);
    }
    sandbox.reset_highest();
}

pub fn directory(accounts: usize) -> Directory {
    let mut builder = DirectoryBuilder::default();
    builder.domain("example.com", DomainKind::Standard);
    for address in &ADDRESSES[..accounts] {
        builder.account(Address::parse(address).expect("an address"), AccountKind::User);
    }
    builder.build()
}

/// Reads a sandbox without icewarden's client, and as oddly as the accounts are.
pub fn observe(
    sandbox: &Sandbox,
    layout: &Layout,
    directory: &Directory,
    accounts: &[Account],
    seats: &[Option<u32>],
) -> Observed {
    let asked: ServiceSet = layout.services.into_iter().collect();
    let flag = |address: &str, name: &str| sandbox.account_variable(address, name).as_deref() == Some("1");
    let mut columns = Columns::default();
    for row in directory.rows() {
        let address = directory.address(row);
        let switched = |name: fn(Service) -> &'static str| -> ServiceSet {
            layout.services.into_iter().filter(|service| flag(address, name(*service))).collect()
        };
        let mut bits = ServiceBits {
            known: asked,
            on: switched(variable),
            editable_known: asked,
            editable: asked,
            support_known: asked,
            support: switched(support),
        };
        match accounts[row.index()].odd {
            Odd::Nothing | Odd::Guest => {}
            Odd::Unread(index) => {
                bits.known.remove(layout.services[index]);
                bits.on.remove(layout.services[index]);
            }
            Odd::Otherwise(index) => bits.support.0 ^= ServiceSet::single(layout.services[index]).0,
        }
        columns.bits.push(bits);
        columns.facts.push(AccountFacts {
            disabled: flag(address, "U_AccountDisabled").into(),
            guest: flag(address, "U_IsGuestAccount").into(),
            admin: Tri::No,
            pop3_only: Tri::No,
            expired: Tri::No,
        });
    }
    let offers = layout.products.iter().zip(seats).map(|(product, seats)| ModuleOffer {
        module: Module::parse(product).expect("a module"),
        title: (*product).to_owned(),
        seats: seats.map_or(Seats::Unknown, |seats| Seats::Limited(u64::from(seats))),
        demo: None,
        expires_day: None,
    });
    Observed {
        directory: directory.clone(),
        asked,
        columns,
        licence: Licence {
            status: Reading::Read(0),
            reference: Reading::Read(REFERENCE.to_owned()),
            order_id: Reading::Read("EXAMPLE-0001".to_owned()),
            modules: Reading::Read(offers.collect()),
            licensed_users: Reading::Read(100),
            active_users: Reading::Unread("not asked".to_owned()),
        },
        backup: BTreeMap::new(),
        modes: BTreeMap::new(),
        domain_switches: BTreeMap::new(),
        version: Reading::Read("14.3.0.12".to_owned()),
        not_offered: ServiceSet::EMPTY,
        unread: Vec::new(),
    }
}

pub fn place() -> Place {
    Place { file: Arc::from("world.yaml"), line: 1, column: 1, start: 0, end: 0 }
}

/// A spec that says what is wanted, one policy for each service and way.
pub fn spec(layout: &Layout, accounts: &[Account]) -> ServerSpec {
    let mut policies = Vec::new();
    for (index, service) in layout.services.into_iter().enumerate() {
        for switch in [Switch::Enabled, Switch::Disabled] {
            let meant: Vec<_> = accounts
                .iter()
                .zip(ADDRESSES)
                .filter(|(account, _)| account.wants[index].said() == Some(switch))
                .map(|(_, address)| (address.to_owned(), place()))
                .collect();
            if !meant.is_empty() {
                policies.push(policy(&format!("{service}-{switch:?}"), service, switch, meant));
            }
        }
    }
    ServerSpec {
        name: "eu".to_owned(),
        place: place(),
        labels: BTreeMap::new(),
        connection: Connection {
            transport: Transport::Rpc(RpcConnection {
                url: "http://127.0.0.1/icewarpapi/".to_owned(),
                account: Caller::parse("admin@example.com").expect("an address"),
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
        license: layout.moved.map(|(service, module)| license(service, module)),
        backup: None,
        policies,
    }
}

fn license(service: Service, module: &str) -> LicenseSpec {
    LicenseSpec {
        name: "eu".to_owned(),
        place: place(),
        order_id: None,
        evaluation: None,
        activation: None,
        revalidation: None,
        expect: BTreeMap::new(),
        module_of: BTreeMap::from([(service, (Module::parse(module).expect("a module"), place()))]),
    }
}

fn policy(name: &str, service: Service, switch: Switch, accounts: Vec<(String, Place)>) -> PolicySpec {
    PolicySpec {
        name: name.to_owned(),
        place: place(),
        priority: 0,
        scope: Selector {
            domains: None,
            groups: None,
            accounts: Some(accounts),
            except: Vec::new(),
            states: None,
            place: place(),
        },
        services: vec![ServiceRule { service, want: Wish::Everyone(switch), place: place() }],
        exceptions: Vec::new(),
    }
}
