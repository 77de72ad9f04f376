//! Large directories in memory: assign, compare, count and order.

use std::collections::BTreeMap;
use std::sync::Arc;

use divan::Bencher;
use icewarden::diff::{Narrowing, SecretsMet, compare};
use icewarden::model::observed::ServiceBits;
use icewarden::model::{
    AccountFacts, AccountKind, Address, Columns, DirectoryBuilder, DomainKind, Licence, Module, ModuleOffer,
    Observed, Place, Reading, Seats, SecretRef, Service, ServiceSet, Tri,
};
use icewarden::plan::order::{Ordered, Ordering, order};
use icewarden::plan::{Inputs, build};
use icewarden::policy::{Memory, People, assign};
use icewarden::seats::{modules, used};
use icewarden::spec::meaning::{
    Caller, Connection, ExcludeLicenseSense, Guardrails, Identity, Others, PolicySpec, RpcConnection,
    Selector, ServerSpec, ServiceRule, Source, SupportSense, Switch, Transport, Want,
};
use jiff::civil::date;

const DOMAINS: usize = 10;
const REFERENCE: &str = "82811415-0DC1291E-05492B82-877710E7-MW-";
const SERVICES: [Service; 4] = [Service::ActiveSync, Service::Im, Service::AntiSpam, Service::Quarantine];

fn place() -> Place {
    Place { file: Arc::from("bench.yaml"), line: 1, column: 1, start: 0, end: 0 }
}

/// A small generator, so that every run has the same server: xorshift.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// A server of `accounts` users in ten domains, each switch on for about half of them.
fn observed(accounts: usize) -> Observed {
    let mut random = Random(0x1CE_0A2D);
    let mut builder = DirectoryBuilder::default();
    for domain in 0..DOMAINS {
        builder.domain(&format!("d{domain}.example.com"), DomainKind::Standard);
    }
    for account in 0..accounts {
        let address = format!("user{account:07}@d{}.example.com", account % DOMAINS);
        builder.account(Address::parse(&address).expect("an address"), AccountKind::User);
    }
    let asked: ServiceSet = SERVICES.into_iter().collect();
    let mut columns = Columns::default();
    for _ in 0..accounts {
        let on = ServiceSet(u32::try_from(random.next() & u64::from(u32::MAX)).expect("32 bits"))
            .intersection(asked);
        columns.bits.push(ServiceBits {
            known: asked,
            on,
            editable_known: asked,
            editable: asked,
            support_known: asked,
            support: on,
        });
        columns.facts.push(AccountFacts {
            disabled: (random.next().is_multiple_of(50)).into(),
            guest: Tri::No,
            admin: Tri::No,
            pop3_only: Tri::No,
            expired: Tri::No,
        });
    }
    let offer = |name: &str| ModuleOffer {
        module: Module::parse(name).expect("a module"),
        title: name.to_owned(),
        seats: Seats::Limited(accounts as u64 * 6 / 10),
        demo: None,
        expires_day: None,
    };
    Observed {
        directory: builder.build(),
        asked,
        columns,
        licence: Licence {
            status: Reading::Read(0),
            reference: Reading::Read(REFERENCE.to_owned()),
            order_id: Reading::Read("EXAMPLE-0001".to_owned()),
            modules: Reading::Read(["ActiveSync", "Instant Messaging", "Anti-Spam"].map(offer).into()),
            licensed_users: Reading::Read(accounts as u64),
            active_users: Reading::Read(accounts as u64),
        },
        backup: BTreeMap::new(),
        modes: BTreeMap::new(),
        domain_switches: BTreeMap::new(),
        version: Reading::Read("14.3.0.12".to_owned()),
        not_offered: ServiceSet::EMPTY,
        unread: Vec::new(),
    }
}

fn selector(domains: &[String], accounts: &[&str]) -> Selector {
    let placed = |texts: Vec<String>| {
        let placed: Vec<(String, Place)> = texts.into_iter().map(|text| (text, place())).collect();
        (!placed.is_empty()).then_some(placed)
    };
    Selector {
        domains: placed(domains.to_vec()),
        groups: None,
        accounts: placed(accounts.iter().map(ToString::to_string).collect()),
        except: vec![("svc-*@*".to_owned(), place())],
        states: None,
        place: place(),
    }
}

/// Ten policies, one for each domain: one service for everyone, one for a part by a glob.
fn server() -> ServerSpec {
    let policy = |index: usize| PolicySpec {
        name: format!("p{index}"),
        place: place(),
        priority: i64::try_from(index % 3).expect("small"),
        scope: selector(&[format!("d{index}.example.com")], &[]),
        services: vec![
            ServiceRule {
                service: SERVICES[index % 4],
                want: Want::Everyone(if index.is_multiple_of(2) {
                    Switch::Enabled
                } else {
                    Switch::Disabled
                }),
                place: place(),
            },
            ServiceRule {
                service: SERVICES[(index + 1) % 4],
                want: Want::Selected {
                    enable: selector(&[], &["user00*"]),
                    others: Others::Disabled,
                    others_place: place(),
                },
                place: place(),
            },
        ],
        exceptions: Vec::new(),
    };
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
            domain: Some(("d0.example.com".to_owned(), place())),
            reference_id: Some((REFERENCE.to_owned(), place())),
        },
        guardrails: Guardrails {
            disable_accounts: u64::MAX,
            disable_percent: 100.0,
            protect: Vec::new(),
            disable_place: None,
            exclude_license_sense: ExcludeLicenseSense::Unknown,
            support_sense: SupportSense::Unknown,
        },
        license: None,
        backup: None,
        policies: (0..DOMAINS).map(policy).collect(),
    }
}

/// The budgeted part: assign, diff, ledger, order.
fn assign_to_order(server: &ServerSpec, observed: &Observed) -> Ordered {
    let assignment =
        assign(&server.policies, People::of(observed), date(2026, 11, 24), &BTreeMap::new(), &Memory::new());
    let differences = compare(&assignment, observed);
    let modules = modules(&observed.licence, None, observed.asked);
    let used = used(&modules, observed);
    let ordering = Ordering { assignment: &assignment, observed, modules: &modules, keep_free_allowed: &[] };
    order(&differences.changes, used, &ordering)
}

#[divan::bench(args = [100_000, 1_000_000], sample_count = 10)]
fn assign_diff_ledger_order(bencher: Bencher<'_, '_>, accounts: usize) {
    let (server, observed) = (server(), observed(accounts));
    bencher.bench_local(|| assign_to_order(&server, &observed));
}

#[divan::bench(args = [100_000, 1_000_000], sample_count = 5)]
fn whole_plan_verified(bencher: Bencher<'_, '_>, accounts: usize) {
    let (server, observed, met) = (server(), observed(accounts), SecretsMet::new());
    bencher.bench_local(|| {
        let inputs = Inputs {
            server: &server,
            observed: &observed,
            today: date(2026, 11, 24),
            allows: &[],
            secrets: &met,
            memory: &Memory::new(),
            narrowing: Narrowing::none(),
        };
        build(inputs).expect("a plan").steps.len()
    });
}

/// Ten megabytes of policies, as text.
fn large_spec() -> Vec<Source> {
    let mut text = String::new();
    let mut index = 0;
    while text.len() < 10 << 20 {
        text.push_str(&format!(
            "---\napiVersion: icewarden.dev/v1\nkind: ServicePolicy\nmetadata: {{name: p{index}}}\nspec:\n  server: eu\n  \
             scope: {{domains: [example.com], except: [\"svc-*@example.com\"]}}\n  services:\n    im: enabled\n    \
             activesync: {{enable: {{groups: [sales@example.com]}}, others: disabled}}\n"
        ));
        index += 1;
    }
    let server = "apiVersion: icewarden.dev/v1\nkind: Server\nmetadata: {name: eu}\nspec:\n  connection:\n    rpc: {url: \
                  \"https://mail.example.com/icewarpapi/\", account: admin@example.com, password: {env: PW}}\n";
    [("server.yaml", server.to_owned()), ("policies.yaml", text)]
        .map(|(name, text)| Source { name: name.into(), text: text.into() })
        .into()
}

#[divan::bench(sample_count = 5)]
fn parse_10_mb_of_spec(bencher: Bencher<'_, '_>) {
    let sources = large_spec();
    bencher.bench_local(|| icewarden::spec::parse(&sources).expect("a valid spec").servers.len());
}

/// The stages of it, each by itself.
#[divan::bench(sample_count = 10)]
fn stage_assign_1000000(bencher: Bencher<'_, '_>) {
    let (server, observed) = (server(), observed(1_000_000));
    bencher.bench_local(|| {
        assign(&server.policies, People::of(&observed), date(2026, 11, 24), &BTreeMap::new(), &Memory::new())
    });
}

#[divan::bench(sample_count = 10)]
fn stage_compare_1000000(bencher: Bencher<'_, '_>) {
    let (server, observed) = (server(), observed(1_000_000));
    let assignment =
        assign(&server.policies, People::of(&observed), date(2026, 11, 24), &BTreeMap::new(), &Memory::new());
    bencher.bench_local(|| compare(&assignment, &observed));
}

#[divan::bench(sample_count = 10)]
fn stage_count_1000000(bencher: Bencher<'_, '_>) {
    let observed = observed(1_000_000);
    let modules = modules(&observed.licence, None, observed.asked);
    bencher.bench_local(|| used(&modules, &observed));
}
