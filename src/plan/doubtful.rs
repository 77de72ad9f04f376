//! Claims for accounts of which nobody knows whether they take a seat: the disabled, guests, the expired (U-5).

use crate::diff::Direction;
use crate::model::{AccountFacts, AccountState, Finding, Observed, Remedy, Row, Service, counted};

use super::block::Blocked;
use super::step::SwitchStep;

/// How many accounts a remark names.
const NAMED: usize = 5;

/// Whether a claim waits until the others of its priority had theirs: who is away, or may be, must not take a seat
/// from somebody who works.
fn comes_last(observed: &Observed, row: Row) -> bool {
    observed.columns.facts.get(row.index()).is_none_or(|facts| !facts.certain())
}

/// Says for each service who is claimed though it is doubtful whether they need it, and how to leave them out.
pub fn remarks(steps: &[SwitchStep], blocked: &[Blocked], observed: &Observed) -> Vec<Finding> {
    let admitted =
        steps.iter().filter(|step| step.direction == Direction::Claim).map(|step| (step.row, step.service));
    let not = blocked.iter().map(|blocked| blocked.change);
    let not = not.filter(|change| change.direction == Direction::Claim);
    // One pass over all claims: there may be a million.
    let mut doubtful_of: [Vec<Row>; Service::ALL.len()] = Default::default();
    for (row, service) in admitted.chain(not.map(|change| (change.row, change.service))) {
        if comes_last(observed, row) {
            doubtful_of[service as usize].push(row);
        }
    }
    let mut findings = Vec::new();
    for (service, mut doubtful) in Service::ALL.into_iter().zip(doubtful_of) {
        if doubtful.is_empty() {
            continue;
        }
        doubtful.sort_unstable();
        let named: Vec<String> = doubtful.iter().take(NAMED).map(|row| named(observed, *row)).collect();
        let more = match doubtful.len() - named.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let accounts = counted(doubtful.len() as u64, "account");
        let text = format!(
            "{service} is wanted for {accounts} of people who may be away; they get their seats last: {}{more}",
            named.join(", ")
        );
        let remedy = Remedy::EditSpec("write `states: [active]` in the selector to leave them out".into());
        findings.push(Finding::info("doubtful-claims", text).remedy(remedy));
    }
    findings
}

/// An account with what makes it doubtful.
fn named(observed: &Observed, row: Row) -> String {
    let facts = observed.columns.facts.get(row.index()).copied().unwrap_or_default();
    format!("{} ({})", observed.directory.address(row), why(facts))
}

fn why(facts: AccountFacts) -> &'static str {
    let is = |state| facts.is(state).certain();
    match () {
        () if is(AccountState::Disabled) => "disabled",
        () if is(AccountState::Guest) => "guest",
        () if is(AccountState::Expired) => "expired",
        () => "its state was not read",
    }
}
