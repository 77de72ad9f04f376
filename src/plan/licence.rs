//! What the licence offers against what the spec expects of it: findings, never changes.

use jiff::civil::Date;

use crate::lifecycle::days::{date_of, day_number};
use crate::lifecycle::periods::TRAFFIC_USERS;
use crate::lifecycle::renewal::{ends_soon, gap_in, notice, renewal};
use crate::lifecycle::status::comes_next;
use crate::lifecycle::traffic::{Traffic, traffic};
use crate::lifecycle::{LicenceStatus, Licensed, status};
use crate::model::{Finding, Module, ModuleOffer, Observed, Place, Reading, Remedy, Seats, Service, counted};
use crate::seats::Modules;
use crate::spec::meaning::LicenseSpec;

/// How the licence stands against the spec and the calendar: the worst that anything said of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// As declared, or nothing is declared of it.
    #[default]
    Ok,
    /// Something of it has ended, or ends within the days of the system's own notices (SEAT-6).
    Due,
    /// It is not as the spec says: another order, other seats.
    Differs,
    /// The server takes no changes because of it.
    Closed,
}

/// What there is to say of a licence.
#[derive(Debug, Clone, Default)]
pub struct Looked {
    pub verdict: Verdict,
    pub findings: Vec<Finding>,
}

impl Looked {
    fn say(&mut self, verdict: Verdict, finding: Finding) {
        self.verdict = self.verdict.max(verdict);
        self.findings.push(finding);
    }
}

/// Everything that a person should know about the licence.
pub fn look(license: Option<&LicenseSpec>, observed: &Observed, modules: &Modules, today: Date) -> Looked {
    let mut looked = Looked::default();
    status_of(license, observed, &mut looked);
    offers(observed, today, &mut looked);
    small(modules, &mut looked);
    if let Some(license) = license {
        order(license, observed, &mut looked);
        expected(license, observed, modules, &mut looked);
        looked.findings.extend(moved(license, modules));
    }
    looked
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

/// Which licence it is meant to be. That it is an evaluation is the author's word; a text that was read and marks no
/// module as a trial is of a full licence, and its status 1 is Emergency Mode (LIC-4).
pub fn licensed(license: Option<&LicenseSpec>, observed: &Observed) -> Licensed {
    let declared = license.is_some_and(|license| license.evaluation.is_some());
    let offers = observed.licence.modules.read().map_or(&[][..], Vec::as_slice);
    let is_full = !offers.is_empty() && offers.iter().all(|offer| offer.demo == Some(false));
    if declared && !is_full { Licensed::Evaluation } else { Licensed::Full }
}

fn status_of(license: Option<&LicenseSpec>, observed: &Observed, looked: &mut Looked) {
    let evaluation = license.and_then(|license| license.evaluation.as_ref());
    let licensed = licensed(license, observed);
    match &observed.licence.status {
        Reading::Read(0) => {
            if let Some(place) = evaluation {
                let text =
                    "the spec says that the licence is an evaluation, and its status is 0: fully registered";
                let remedy = Remedy::EditSpec("take `evaluation` out".into());
                let finding = Finding::warning("licence-no-evaluation", text).at(place.clone());
                looked.say(Verdict::Differs, finding.remedy(remedy));
            }
        }
        Reading::Read(1) if licensed == Licensed::Evaluation => {
            let text =
                "the licence is an evaluation, as the spec says: it ends on its day, and services stop then";
            looked.say(Verdict::Ok, Finding::info("licence-status", text));
        }
        Reading::Read(number) => {
            let status = LicenceStatus::from_number(*number);
            let mut text = format!("the licence status is {number}: {status}");
            if let Some(next) = comes_next(status) {
                text.push_str(&format!("; {next}"));
            }
            let finding = Finding::warning("licence-status", text);
            looked.say(Verdict::Closed, match (status, evaluation) {
                (LicenceStatus::Evaluation, Some(place)) => finding.at(place.clone()).remedy(Remedy::OnServer(
                    "the licence marks no module as a trial, so this is Emergency Mode: open the server's way to the \
                     licence server and wait an hour, or enter the licence again"
                        .into(),
                )),
                (LicenceStatus::Evaluation, None) => finding.remedy(Remedy::EditSpec(
                    "if it is an evaluation, declare `evaluation: true` in its License; else open the server's way to \
                     the licence server and wait an hour"
                        .into(),
                )),
                _ => finding,
            });
        }
        Reading::Unread(why) => {
            let text = format!("the licence status was not read: {why}");
            looked.say(Verdict::Closed, Finding::warning("licence-status", text));
        }
    }
}

/// Trials, and the maintenance of each module: what ended, what ends soon, and whose service that stops (REN-1 to
/// REN-4, SEAT-6).
fn offers(observed: &Observed, today: Date, looked: &mut Looked) {
    let Reading::Read(offers) = &observed.licence.modules else { return };
    let number = day_number(today);
    let left: Vec<Option<i64>> =
        offers.iter().map(|offer| offer.expires_day.map(|day| renewal(day, number))).collect();
    // REN-4 speaks of maintenance; a trial ends by itself and stops nobody else.
    let maintained: Vec<Option<i64>> = offers
        .iter()
        .zip(&left)
        .filter(|(offer, _)| offer.demo != Some(true))
        .map(|(_, left)| *left)
        .collect();
    let mut gaps = gap_in(&maintained).into_iter();
    for (offer, left) in offers.iter().zip(&left) {
        if offer.demo == Some(true) {
            trial(offer, *left, looked);
        } else {
            let gap = gaps.next().flatten();
            maintenance(offer, *left, gap, looked);
        }
    }
}

fn trial(offer: &ModuleOffer, left: Option<i64>, looked: &mut Looked) {
    let text = match left {
        Some(left) if left <= 0 => format!("the trial of {} ended on {}", offer.title, day_of(offer)),
        Some(left) => format!(
            "{} is licensed as a trial, which ends on {}, {}",
            offer.title,
            day_of(offer),
            ahead(left)
        ),
        None => format!("{} is licensed as a trial", offer.title),
    };
    let (verdict, is_near) = match left {
        Some(left) => (due(left), ends_soon(left)),
        None => (Verdict::Ok, false),
    };
    let finding =
        if is_near { Finding::warning("licence-trial", text) } else { Finding::info("licence-trial", text) };
    looked.say(verdict, if is_near { finding.remedy(renew()) } else { finding });
}

fn maintenance(offer: &ModuleOffer, left: Option<i64>, gap: Option<i64>, looked: &mut Looked) {
    let Some(left) = left.filter(|left| ends_soon(*left)) else { return };
    let (title, day) = (&offer.title, day_of(offer));
    let mut text = match left {
        0 => format!("{title} ran out on {day}"),
        left if left < 0 => {
            format!("{title} ran out on {day}: it runs on in its version, without updates (REN-3)")
        }
        left => format!("{title} ends on {day}, {}", ahead(left)),
    };
    // Read literally, and said so: the manual's rule has a negative number that differs from another module's.
    match gap {
        Some(0) => text.push_str(
            "; its service is stopped at every midnight, since another module has another number of days (the renewal \
             gap, REN-4 read literally)",
        ),
        Some(days) => text.push_str(&format!(
            "; {}, its service is first stopped at midnight, since another module has another number of days (the \
             renewal gap, REN-4 read literally)",
            ahead(days)
        )),
        None => {}
    }
    let code = if left <= 0 { "licence-ran-out" } else { "licence-ends-soon" };
    looked.say(due(left), Finding::warning(code, text).remedy(renew()));
}

/// Due from the first of the system's own notices on.
fn due(left: i64) -> Verdict {
    if notice(left).is_some() { Verdict::Due } else { Verdict::Ok }
}

/// What is bought at the vendor is nothing that a program does (ACT-5).
fn renew() -> Remedy {
    Remedy::Check("the renewal of the licence with the vendor".into())
}

fn ahead(days: i64) -> String {
    format!("in {}", counted(days.unsigned_abs(), "day"))
}

fn day_of(offer: &ModuleOffer) -> String {
    let Some(day) = offer.expires_day else { return "a day that was not read".to_owned() };
    date_of(day).map_or_else(|| format!("day {day}"), |date| date.to_string())
}

/// A licence under fifty users may have its outgoing mail put off (SMTP-1, SMTP-2).
fn small(modules: &Modules, looked: &mut Looked) {
    let master = modules.list.iter().find(|module| module.module.as_str() == Module::MAIL_SERVER);
    if let Some(Seats::Limited(users)) = master.map(|module| module.seats)
        && traffic(users) == Traffic::MayBeDelayed
    {
        let text = format!(
            "the licence is for {}, fewer than {TRAFFIC_USERS}: the server may put outgoing mail off when a day's is out \
             of proportion (SMTP-1), and its SMTP log then says `Traffic delay applied`",
            counted(users, "user")
        );
        looked.say(Verdict::Ok, Finding::info("licence-small", text));
    }
}

fn order(license: &LicenseSpec, observed: &Observed, looked: &mut Looked) {
    let Some((wanted, place)) = &license.order_id else { return };
    match &observed.licence.order_id {
        Reading::Read(live) if live == wanted => {}
        Reading::Read(live) => {
            let text = format!("the server's licence is of order {live}, the spec says {wanted}");
            let remedy =
                Remedy::Check("which of the two is right; icewarden does not activate licences yet".into());
            let finding = Finding::warning("licence-order", text).at(place.clone()).remedy(remedy);
            looked.say(Verdict::Differs, finding);
        }
        Reading::Unread(why) => {
            let text = format!("the licence's order id was not read ({why}), so it was not compared");
            looked.say(Verdict::Ok, Finding::warning("licence-order-unread", text).at(place.clone()));
        }
    }
}

fn expected(license: &LicenseSpec, observed: &Observed, modules: &Modules, looked: &mut Looked) {
    for (module, expect) in &license.expect {
        let Some(wanted) = expect.seats else { continue };
        let seats = modules.list.iter().find(|known| known.module == *module).map(|known| known.seats);
        let text = match (&observed.licence.modules, seats) {
            (Reading::Unread(why), _) => {
                let text = format!(
                    "the licence text was not read ({why}): {wanted} {module} seats are taken \
                                    from the spec"
                );
                looked.say(Verdict::Ok, Finding::info("licence-expect", text).at(expect.place.clone()));
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
        let finding = Finding::warning("licence-expect", text).at(expect.place.clone()).remedy(remedy);
        looked.say(Verdict::Differs, finding);
    }
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
pub fn standing(license: Option<&LicenseSpec>, observed: &Observed) -> status::Standing {
    let status = match &observed.licence.status {
        Reading::Read(number) => Ok(*number),
        Reading::Unread(why) => Err(why.as_str()),
    };
    status::standing(status, licensed(license, observed))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::policy::tests::World;

    /// What a licence of these modules gives on 2027-03-01: `NAME DAYS [trial]`, days to its end.
    fn check(modules: &[(&str, Option<i64>, bool)], verdict: Verdict, told: &[&str]) {
        let today = date(2027, 3, 1);
        let seats: Vec<String> = modules.iter().map(|(name, _, _)| format!("{name}=100")).collect();
        let mut world = World::of(&seats.join(" "), &[]);
        if let Reading::Read(offers) = &mut world.observed.licence.modules {
            for (offer, (_, days, trial)) in offers.iter_mut().zip(modules) {
                offer.expires_day = days.map(|days| day_number(today) + days);
                offer.demo = Some(*trial);
            }
        }
        let modules = crate::seats::modules(&world.observed.licence, None, world.observed.asked);
        let looked = look(None, &world.observed, &modules, today);
        let messages: Vec<&str> = looked.findings.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(looked.verdict, verdict, "{messages:?}");
        assert_eq!(messages.len(), told.len(), "{messages:?}");
        for (message, told) in messages.iter().zip(told) {
            assert!(message.contains(told), "{message} does not say {told}");
        }
    }

    #[test]
    fn seat_6_ren_3_ren_4_the_end_of_maintenance_is_told_before_at_and_after_it() {
        check(&[("SIP", Some(31), false), ("FTP", Some(400), false)], Verdict::Ok, &[]);
        check(
            &[("SIP", Some(30), false), ("FTP", Some(30), false)],
            Verdict::Ok,
            &["SIP ends on 2027-03-31, in 30 days", "FTP ends on 2027-03-31, in 30 days"],
        );
        check(
            &[("SIP", Some(9), false), ("FTP", Some(400), false)],
            Verdict::Due,
            &["SIP ends on 2027-03-10, in 9 days; in 10 days, its service is first stopped at midnight"],
        );
        check(&[("SIP", Some(1), false)], Verdict::Due, &["SIP ends on 2027-03-02, in 1 day"]);
        check(
            &[("SIP", Some(-5), false), ("FTP", Some(-5), false)],
            Verdict::Due,
            &[
                "SIP ran out on 2027-02-24: it runs on in its version, without updates (REN-3)",
                "FTP ran out on 2027-02-24: it runs on in its version, without updates (REN-3)",
            ],
        );
        check(
            &[("SIP", Some(-5), false), ("FTP", Some(60), false)],
            Verdict::Due,
            &["without updates (REN-3); its service is stopped at every midnight"],
        );
        // A trial is no maintenance: it stops nobody else's service.
        check(
            &[("SIP", Some(-5), false), ("FTP", Some(20), true)],
            Verdict::Due,
            &["without updates (REN-3)", "FTP is licensed as a trial, which ends on 2027-03-21, in 20 days"],
        );
        check(&[("FTP", Some(0), true)], Verdict::Due, &["the trial of FTP ended on 2027-03-01"]);
        check(&[("FTP", Some(200), true)], Verdict::Ok, &["FTP is licensed as a trial, which ends on"]);
        check(&[("FTP", None, true)], Verdict::Ok, &["FTP is licensed as a trial"]);
    }

    #[test]
    fn smtp_1_smtp_2_a_licence_under_fifty_users_is_told() {
        let small = |seats: u64| {
            let mut world = World::of("", &[]);
            world.observed.licence.licensed_users = Reading::Read(seats);
            let modules = crate::seats::modules(&world.observed.licence, None, world.observed.asked);
            let looked = look(None, &world.observed, &modules, date(2027, 3, 1));
            looked.findings.iter().any(|finding| finding.code == "licence-small")
        };
        assert!(small(49));
        assert!(!small(50));
    }
}
