//! Plans of small worlds, told as lines of text.

use jiff::civil::date;

use super::{Allow, Inputs, Plan, Step, build};
use crate::diff::{Narrowing, SecretsMet};
use crate::model::{Allowed, Finding, Guardrail, Row};
use crate::policy::Memory;
use crate::policy::tests::World;

/// No secrets were declared, so none was compared.
pub static MET: SecretsMet = SecretsMet::new();

/// Nothing was applied yet.
pub static MEMORY: Memory = Memory::new();

pub fn allow(guardrail: Guardrail, value: &str) -> Allow {
    let allowed = Allowed::parse(guardrail, value).expect("an override");
    Allow { allowed, reason: "a test".to_owned() }
}

pub fn planned_with<'a>(world: &'a World, allows: &'a [Allow]) -> Result<Plan<'a>, Vec<Finding>> {
    let today = date(2026, 11, 24);
    let narrowing = Narrowing::none();
    let World { server, observed } = world;
    build(Inputs { server, observed, today, allows, secrets: &MET, memory: &MEMORY, narrowing })
}

/// A plan of some addresses only.
pub fn planned_within<'a>(world: &'a World, narrowing: &'a Narrowing) -> Result<Plan<'a>, Vec<Finding>> {
    let World { server, observed } = world;
    build(Inputs {
        server,
        observed,
        today: date(2026, 11, 24),
        allows: &[],
        secrets: &MET,
        memory: &MEMORY,
        narrowing,
    })
}

/// A plan with secrets that were compared.
pub fn planned_met<'a>(world: &'a World, secrets: &'a SecretsMet) -> Plan<'a> {
    let (today, memory, narrowing) = (date(2026, 11, 24), &MEMORY, Narrowing::none());
    let World { server, observed } = world;
    let inputs = Inputs { server, observed, today, allows: &[], secrets, memory, narrowing };
    build(inputs).unwrap_or_else(|findings| panic!("{findings:?}"))
}

/// A plan that can be made.
pub fn planned(world: &World) -> Plan<'_> {
    planned_with(world, &[]).unwrap_or_else(|findings| panic!("{findings:?}"))
}

fn name<'a>(plan: &Plan<'a>, row: Row) -> &'a str {
    crate::model::address::local_of(plan.observed.directory.address(row))
}

/// A step without what it does to the seats: `claim a im`, `set keepDays`.
pub fn step_name(plan: &Plan<'_>, step: &Step) -> String {
    match step {
        Step::Switch(step) => {
            format!("{} {} {}", step.direction.word(), name(plan, step.row), step.service)
        }
        Step::Setting(step) => format!("set {}", step.change.key),
    }
}

/// Every step with its delta and what it needs, then what is blocked: `claim a im 1`, `release a im 0 after 1`,
/// `no-seat b im`. `claim a im 1/0` is booked on two modules.
pub fn told(plan: &Plan<'_>) -> Vec<String> {
    let steps = plan.steps.iter().map(|step| {
        let (delta, needs) = match step {
            Step::Switch(step) => {
                let also = step.also.map(|also| format!("/{}", also.delta)).unwrap_or_default();
                (format!(" {}{also}", step.delta), step.needs.into_iter().collect())
            }
            Step::Setting(step) => (String::new(), step.needs.clone()),
        };
        let needs: Vec<String> = needs.iter().map(|needed| needed.index().to_string()).collect();
        let after = if needs.is_empty() { String::new() } else { format!(" after {}", needs.join(",")) };
        format!("{}{delta}{after}", step_name(plan, step))
    });
    let blocked = plan.blocked.iter().map(|blocked| {
        let row = name(plan, blocked.change.row);
        format!("{} {row} {}", blocked.reason.code(), blocked.change.service)
    });
    steps.chain(blocked).collect()
}
