//! What the licence offers against what the spec expects of it: findings, never changes.

use jiff::civil::Date;

use crate::lifecycle::days::{date_of, day_number};
use crate::lifecycle::{LicenceStatus, status};
use crate::model::{Finding, Module, Observed, Place, Reading, Remedy, Seats, Service};
use crate::seats::Modules;
use crate::spec::meaning::LicenseSpec;

/// Everything that a person should know about the licence.
pub fn findings(
    license: Option<&LicenseSpec>,
    observed: &Observed,
    modules: &Modules,
    today: Date,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(status_finding(observed));
    findings.extend(offers(observed, today));
    if let Some(license) = license {
        findings.extend(order(license, observed));
        findings.extend(expected(license, observed, modules));
        findings.extend(moved(license, modules));
    }
    findings
}

/// Services that `moduleOf` takes away from a module that has seats: they are counted in both (`seats::moved_from`).
fn moved(license: &LicenseSpec, modules: &Modules) -> Vec<Finding> {
    let finding = |(service, (_, place)): (&Service, &(Module, Place))| {
        let titles = modules.of(*service).map(|module| modules.list[module.index()].title.as_str());
        let [declared, named] = titles.collect::<Vec<&str>>().try_into().ok()?;
        let text = format!(
            "`moduleOf` says that {service} takes seats of {declared}, and {named} has seats too, which it takes by its \
             name: it is counted in both, and a claim must fit into both"
        );
        let remedy = Remedy::Check(format!(
            "the licence view on the server's console, which module counts {service}; if it is {named}, remove \
             {service} from moduleOf"
        ));
        Some(Finding::warning("module-moved", text).at(place.clone()).remedy(remedy))
    };
    license.module_of.iter().filter_map(finding).collect()
}

fn status_finding(observed: &Observed) -> Option<Finding> {
    match &observed.licence.status {
        Reading::Read(0) => None,
        Reading::Read(number) => {
            let status = LicenceStatus::from_number(*number);
            Some(Finding::warning("licence-status", format!("the licence status is {number}: {status}")))
        }
        Reading::Unread(why) => {
            Some(Finding::warning("licence-status", format!("the licence status was not read: {why}")))
        }
    }
}

/// Trials and products past their day.
fn offers(observed: &Observed, today: Date) -> Vec<Finding> {
    let Reading::Read(offers) = &observed.licence.modules else { return Vec::new() };
    let mut findings = Vec::new();
    for offer in offers {
        if offer.demo == Some(true) {
            let text = format!("{} is licensed as a trial", offer.title);
            findings.push(Finding::info("licence-trial", text));
        }
        if let Some(day) = offer.expires_day
            && day <= day_number(today)
        {
            let date = date_of(day).map_or_else(|| format!("day {day}"), |date| date.to_string());
            let text = format!("{} ran out on {date}", offer.title);
            let remedy = Remedy::Check("the renewal of the licence with the vendor".into());
            findings.push(Finding::warning("licence-ran-out", text).remedy(remedy));
        }
    }
    findings
}

fn order(license: &LicenseSpec, observed: &Observed) -> Option<Finding> {
    let (wanted, place) = license.order_id.as_ref()?;
    match &observed.licence.order_id {
        Reading::Read(live) if live == wanted => None,
        Reading::Read(live) => {
            let text = format!("the server's licence is of order {live}, the spec says {wanted}");
            let remedy =
                Remedy::Check("which of the two is right; icewarden does not activate licences yet".into());
            Some(Finding::warning("licence-order", text).at(place.clone()).remedy(remedy))
        }
        Reading::Unread(why) => {
            let text = format!("the licence's order id was not read ({why}), so it was not compared");
            Some(Finding::warning("licence-order-unread", text).at(place.clone()))
        }
    }
}

fn expected(license: &LicenseSpec, observed: &Observed, modules: &Modules) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (module, expect) in &license.expect {
        let Some(wanted) = expect.seats else { continue };
        let seats = modules.list.iter().find(|known| known.module == *module).map(|known| known.seats);
        let text = match (&observed.licence.modules, seats) {
            (Reading::Unread(why), _) => {
                let text = format!(
                    "the licence text was not read ({why}): {wanted} {module} seats are taken \
                                    from the spec"
                );
                findings.push(Finding::info("licence-expect", text).at(expect.place.clone()));
                continue;
            }
            (_, Some(Seats::Limited(seats))) if seats == wanted => continue,
            (_, Some(Seats::Limited(seats))) => {
                format!("the licence has {seats} {module} seats, the spec expects {wanted}")
            }
            (_, Some(Seats::Unlimited)) => {
                format!("the licence has no limit for {module}, the spec expects {wanted} seats")
            }
            _ => format!("the licence names no {module}, the spec expects {wanted} seats"),
        };
        let remedy = Remedy::Check("the licence, or correct `expect`".into());
        findings.push(Finding::warning("licence-expect", text).at(expect.place.clone()).remedy(remedy));
    }
    findings
}

/// The server's own count of users against ours (U-5, U-20).
pub fn skew(observed: &Observed) -> Option<Finding> {
    let Reading::Read(theirs) = observed.licence.active_users else { return None };
    let ours = observed.directory.len() as u64;
    if theirs == ours {
        return None;
    }
    let facts = &observed.columns.facts;
    let disabled = facts.iter().filter(|facts| facts.disabled.certain()).count();
    let guests = facts.iter().filter(|facts| facts.guest.certain()).count();
    let text = format!(
        "the server counts {theirs} users towards its licence, the directory has {ours} ({disabled} of them \
         disabled, {guests} guests)"
    );
    if theirs > ours {
        let remedy = Remedy::Check(
            "whether the account we log in with sees every domain; until then each account that is not listed is counted \
             as a user of every module"
                .into(),
        );
        return Some(Finding::warning("users-skew", text).remedy(remedy));
    }
    Some(Finding::info("users-skew", text))
}

/// Whether the server takes changes now.
pub fn standing(observed: &Observed) -> status::Standing {
    match &observed.licence.status {
        Reading::Read(number) => status::standing(Ok(*number)),
        Reading::Unread(why) => status::standing(Err(why)),
    }
}
