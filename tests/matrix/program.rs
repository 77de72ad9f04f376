//! The program's own way over a server, in this process: the real client, plan and run.

use std::sync::Arc;
use std::time::Duration;

use icewarden::diff::{Narrowing, SecretsMet};
use icewarden::edge::engine::perform::{Performing, perform};
use icewarden::edge::engine::{Ear, Job, Silent, Stopper, Trust};
use icewarden::edge::icewarp::{
    CallError, Client, Limits, Options, RpcServer, domain_switches, observe, recheck_lists,
};
use icewarden::edge::port::Wanted;
use icewarden::edge::secrets::Secret;
use icewarden::edge::store::{Beginning, DigestKey, Journal, StepRow, Store};
use icewarden::flow::{Outcome, StepState};
use icewarden::model::observed::ServiceBits;
use icewarden::model::{Address, Observed};
use icewarden::plan::{Inputs, Plan, Step, asks, build};
use icewarden::policy::{Memory, groups_of, named_in, services_of};
use icewarden::report::chain;
use icewarden::report::groups::Detail;
use icewarden::report::view;
use icewarden::seats::modules::mates;
use icewarden::spec::meaning::{Login, ServerSpec, SupportSense};
use icewarden::spec::trust::ExecRule;
use jiff::Timestamp;
use jiff::civil::{Date, date};

use super::world::Thing;

const TODAY: Date = date(2026, 3, 1);

/// Nothing is remembered of earlier runs.
static MEMORY: Memory = Memory::new();

/// Lists come in several pages, so that it matters whether they hold still.
const PAGE: u64 = 5;

fn options(url: &str, login: Option<Login>) -> Options {
    let limits = Limits { page: PAGE, read_again: [Duration::from_millis(1); 2], ..Limits::default() };
    Options {
        url: url.to_owned(),
        account: "admin@example.com".to_owned(),
        password: Secret::new("sandbox"),
        login,
        ca_file: None,
        insecure_skip_verify: false,
        limits,
    }
}

/// Where runs are written down.
pub struct Desk {
    store: Arc<Store>,
    key: DigestKey,
    _folder: tempfile::TempDir,
}

impl Desk {
    pub async fn new() -> Desk {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Arc::new(Store::open(folder.path()).await.expect("a store"));
        Desk { store, key: DigestKey::open(folder.path()).expect("a key"), _folder: folder }
    }

    async fn journal(&self, plan: &Plan<'_>) -> Journal {
        let server = plan.server;
        let beginning = Beginning {
            server: &server.name,
            // Each case has a server of its own.
            server_key: server.connection.target(),
            url: server.connection.target(),
            reference_id: None,
            who: "matrix",
            now: Timestamp::UNIX_EPOCH,
            approval: "auto-approve",
            effects: &plan.effects.0,
            folder: ".",
            commit: None,
            resumes: None,
            allows: &[],
            narrowing: Narrowing::none(),
            sources: &[],
            steps: view::server(plan, Detail::All).steps.into_iter().map(StepRow::from).collect(),
        };
        Journal::begin(&self.store, &beginning).await.expect("a journal")
    }
}

/// What a plan or a run came to, in this test's words.
#[derive(Debug, Default)]
pub struct Came {
    /// Why nothing was planned; empty where something was.
    pub failed: Option<String>,
    /// Why nothing of the plan may be done.
    pub holds: Vec<String>,
    pub held_policies: Vec<String>,
    /// What is left as it is, and the code of the reason.
    pub blocked: Vec<(Thing, &'static str)>,
    pub unread: u64,
    pub incomplete: Vec<String>,
    /// Steps, with what came of them where they were performed.
    pub steps: Vec<(Thing, String, Option<StepState>)>,
    pub halted: Option<String>,
}

impl Came {
    fn failed(why: String) -> Came {
        Came { failed: Some(why), ..Came::default() }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    Plan,
    Apply,
}

/// `plan`, or `apply`, from login to logout.
pub async fn run(desk: &Desk, spec: &ServerSpec, ends: Ends) -> Came {
    let client = match connect(spec.connection.target(), spec.connection.rpc().login).await {
        Ok(client) => client,
        Err(error) => return Came::failed(chain(&error)),
    };
    let came = match read(&client, spec).await {
        Ok(observed) => planned(desk, &client, spec, &observed, ends).await,
        Err(error) => Came::failed(chain(&error)),
    };
    client.close().await;
    came
}

async fn connect(url: &str, login: Option<Login>) -> Result<Client, CallError> {
    let client = Client::connect(options(url, login)).await?;
    match client.check_password().await {
        Ok(()) => Ok(client),
        Err(error) => {
            client.close().await;
            Err(error)
        }
    }
}

/// All that a plan needs, as the commands read it.
async fn read(client: &Client, spec: &ServerSpec) -> Result<Observed, CallError> {
    let named = named_in(&spec.policies, std::iter::empty());
    let wanted = Wanted {
        services: mates(spec.license.as_ref(), services_of(&spec.policies)),
        accounts: true,
        groups: groups_of(&spec.policies).iter().filter_map(|group| Address::parse(group).ok()).collect(),
        named: named.addresses,
        domains: named.domains,
        today: Some(date(2026, 11, 24)),
        licence: true,
        backup: spec.backup.iter().flat_map(|backup| &backup.settings).map(|setting| setting.key).collect(),
    };
    let mut observed = observe(client, &wanted, &|_| {}).await?;
    if spec.guardrails.support_sense == SupportSense::Available {
        observed.columns.bits.iter_mut().for_each(ServiceBits::take_support_as_available);
    }
    let asks = asks(inputs(spec, &observed, &SecretsMet::default()));
    if asks.lists_again {
        let moved = recheck_lists(client, &wanted, &observed.directory, &|_| {}).await?;
        observed.directory.incomplete.extend(moved);
    }
    if !asks.claim_domains.is_empty() {
        let domains: Vec<&str> = asks.claim_domains.iter().map(String::as_str).collect();
        observed.domain_switches = domain_switches(client, &domains, wanted.services).await?;
    }
    Ok(observed)
}

fn inputs<'a>(spec: &'a ServerSpec, observed: &'a Observed, secrets: &'a SecretsMet) -> Inputs<'a> {
    let (memory, narrowing) = (&MEMORY, Narrowing::none());
    Inputs { server: spec, observed, today: TODAY, allows: &[], secrets, memory, narrowing }
}

async fn planned(desk: &Desk, client: &Client, spec: &ServerSpec, observed: &Observed, ends: Ends) -> Came {
    let secrets = SecretsMet::default();
    let plan = match build(inputs(spec, observed, &secrets)) {
        Ok(plan) => plan,
        Err(findings) => {
            let told: Vec<String> =
                findings.iter().map(|finding| format!("{}: {}", finding.code, finding.message)).collect();
            return Came::failed(told.join("; "));
        }
    };
    let states = match ends {
        Ends::Apply if plan.holds.is_empty() && plan.has_steps() => {
            Some(performed(desk, client, &plan).await)
        }
        Ends::Apply | Ends::Plan => None,
    };
    let (states, halted) = states.unwrap_or_default();
    let address = |row| observed.directory.address(row).to_owned();
    let steps = plan.steps.iter().enumerate().map(|(index, step)| {
        let (thing, value) = match step {
            Step::Switch(step) => {
                let on = if step.direction == icewarden::diff::Direction::Claim { "1" } else { "0" };
                ((address(step.row), step.service.name().to_owned()), on.to_owned())
            }
            Step::Setting(step) => {
                let value = step.change.after.clone().unwrap_or_default();
                ((String::new(), step.change.key.to_string()), value)
            }
        };
        (thing, value, states.get(index).cloned())
    });
    let blocked = plan.blocked.iter().map(|blocked| {
        let change = blocked.change;
        ((address(change.row), change.service.name().to_owned()), blocked.reason.code())
    });
    Came {
        failed: None,
        holds: plan.holds.iter().map(|hold| hold.message.clone()).collect(),
        held_policies: plan
            .assignment
            .held
            .iter()
            .map(|held| format!("{}: {}", held.policy, held.why))
            .collect(),
        blocked: blocked.collect(),
        unread: plan.unread,
        incomplete: observed.directory.incomplete.clone(),
        steps: steps.collect(),
        halted,
    }
}

async fn performed(desk: &Desk, client: &Client, plan: &Plan<'_>) -> (Vec<StepState>, Option<String>) {
    let (_stopper, stop) = Stopper::new();
    let job = Job {
        server: plan.server,
        allows: &[],
        narrowing: Narrowing::none(),
        trust: &Trust { spec: None, exec: ExecRule::Allowed },
        tell: &Silent,
        ear: Ear::new(&stop),
    };
    let journal = desk.journal(plan).await;
    let performing = Performing {
        job: &job,
        plan,
        server: &RpcServer(client.clone()),
        secrets: &Arc::default(),
        journal: &journal,
        key: &desk.key,
    };
    let run = perform(&performing).await;
    (run.states().to_vec(), run.halted().map(ToString::to_string))
}

/// How a step ended, in a word, and whether the program said that it may have been done.
pub fn word(state: &StepState) -> (&'static str, bool) {
    match state {
        StepState::Ended(Outcome::Done { .. }) => ("done", true),
        StepState::Ended(Outcome::Said) => ("said", true),
        StepState::Ended(Outcome::Doubt(_)) => ("doubt", true),
        // It says so, and that reading back does not show it (yet).
        StepState::Ended(Outcome::Ineffective(_)) => ("ineffective", true),
        StepState::Ended(Outcome::Refused(_)) => ("refused", false),
        StepState::Ended(Outcome::Already { .. }) => ("already", false),
        StepState::Ended(Outcome::Differs(_)) => ("differs", false),
        StepState::Ended(Outcome::NotSent(_)) => ("not-sent", false),
        StepState::Stopped(_) => ("stopped", false),
        StepState::Waiting => ("waiting", false),
        StepState::UnderWay => ("under-way", true),
    }
}
