//! A plan for a terminal: the seats first, then whom it hits, then the changes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::groups::Sample;
use super::layout::{Layout, hang, wrap};
use super::paint::{Colour, Tone};
use super::table;
use super::visible::shown;
use crate::model::address::domain_of;
use crate::model::{counted, grouped};
use crate::plan::file::{
    ActionFile, FindingFile, GroupFile, HoldFile, LedgerFile, LicenceOutcomeFile, PlanFile, PlanOutcomeFile,
    ReasonFile, RuleFile, SeatsSourceFile, ServerFile, SeverityFile, StepFile,
};

/// What is shown of a rule's changes without `--full`.
pub const SAMPLE: Sample = Sample { of_rule: 20, domains: 6, of_domain: 3 };

/// How many rules of one action, and how many obstacles, are shown without `--full`.
const RULES: usize = 30;

/// How many changes that one thing blocks are named where there are more than a rule would show.
const BLOCKED: usize = 5;

/// The columns of the seats' table beside the name.
const NUMBERS: usize = 63;

/// How many findings are shown without `--full`.
const FINDINGS: usize = 20;

/// A whole plan.
pub fn plan(file: &PlanFile, layout: Layout) -> String {
    let mut out = String::new();
    for server in &file.servers {
        // What a spec or a server says must not forge a line, or move the cursor.
        self::server(&mut out, &shown(server), layout);
    }
    out
}

fn server(out: &mut String, server: &ServerFile, layout: Layout) {
    let version = server.version.as_ref().map(|version| format!("  IceWarp {version}")).unwrap_or_default();
    let order = server.order_id.as_ref().map(|order| format!("  order {order}")).unwrap_or_default();
    let head = layout.colour.paint(Tone::Heading, &server.server);
    let title = format!("{}  {}{version}{order}", server.server, server.url);
    let title = if title.chars().count() > layout.width { hang(&title, layout.width, 2) } else { title };
    let _ = writeln!(out, "{}", title.replacen(&server.server, &head, 1));
    if let Some(error) = &server.error {
        let word = layout.colour.paint(Tone::Bad, "error:");
        let message = hang(&format!("error: {}", error.message), layout.width, 2);
        let _ = writeln!(out, "{}", message.replacen("error:", &word, 1));
        next(out, error.remedy.as_deref(), 0, layout);
        let _ = writeln!(out);
        return;
    }
    // A long plan says its sum first: who reads no further knows at least that. A plan with nothing to do is short.
    if server.outcome != PlanOutcomeFile::NothingToDo {
        let _ = writeln!(out, "{}", wrap(&format!("Plan: {}.", sum(server)), layout.width, 0));
    }
    ledger(out, &server.ledger, layout);
    table::harm(out, &server.harm, layout);
    holds(out, &server.holds, layout);
    changes(out, server, layout);
    blocked(out, server, layout);
    for held in &server.held_policies {
        let sign = layout.colour.paint(Tone::Bad, "! held   ");
        let head = format!("policy {} {}", held.policy, held.place);
        let _ = writeln!(out, "  {sign} {}", hang(&head, layout.width, 13));
        let _ = writeln!(out, "{}", wrap(&held.message, layout.width, 13));
        next(out, held.remedy.as_deref(), 13, layout);
    }
    findings(out, &server.findings, layout);
    left_alone(out, server, layout);
    narrowed(out, server, layout);
    let _ = writeln!(out, "{}\n", wrap(&summary(server, layout.colour), layout.width, 0));
}

/// The next act below a line.
fn next(out: &mut String, remedy: Option<&str>, indent: usize, layout: Layout) {
    if let Some(remedy) = remedy {
        let _ = writeln!(out, "{}", wrap(&format!("next: {remedy}"), layout.width, indent));
    }
}

fn ledger(out: &mut String, rows: &[LedgerFile], layout: Layout) {
    let (counted, others): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.used.is_some());
    if !counted.is_empty() {
        let names = counted.iter().map(|row| row.title.chars().count());
        // What is longer takes lines of its own above its numbers.
        let room = layout.width.saturating_sub(NUMBERS).max(20);
        let name = names.max().unwrap_or_default().clamp(12, room);
        let head = format!(
            "{:name$}  {:>7} {:>9} {:>9} {:>7} {:>7} {:>9} {:>7}",
            "Seats", "used", "freed", "taken", "peak", "after", "of", "free"
        );
        let _ = writeln!(out, "\n{}", layout.colour.paint(Tone::Heading, &head));
        for row in counted {
            let _ = writeln!(out, "{}", ledger_line(row, name, layout.colour));
        }
    }
    if !others.is_empty() {
        let named: Vec<String> = others
            .iter()
            .map(|row| match row.seats {
                Some(seats) => format!("{} ({})", row.title, grouped(seats)),
                None if row.unlimited => format!("{} (no limit)", row.title),
                None => row.title.clone(),
            })
            .collect();
        let text = format!(
            "Not counted, as no policy speaks of their services or none is known to be theirs: {}.",
            named.join(", ")
        );
        let _ = writeln!(out, "{}", wrap(&text, layout.width, 0));
    }
    let _ = writeln!(out);
}

fn ledger_line(row: &LedgerFile, name: usize, colour: Colour) -> String {
    let number = |value: Option<u64>| value.map_or("?".to_owned(), grouped);
    let seats = if row.unlimited { "no limit".to_owned() } else { number(row.seats) };
    let moved = |sign: char, value: u64| {
        if value == 0 { "-".to_owned() } else { format!("{sign}{}", grouped(value)) }
    };
    let free = if row.unlimited { "-".to_owned() } else { number(row.free) };
    let title = wrap(&row.title, name, 0);
    let (above, title) = match title.rsplit_once('\n') {
        Some((above, last)) => (format!("{above}\n"), last),
        None if title.chars().count() > name => (format!("{title}\n"), ""),
        None => (String::new(), title.as_str()),
    };
    let mut line = format!(
        "{above}{title:name$}  {:>7} {:>9} {:>9} {:>7} {:>7} {seats:>9} {free:>7}",
        number(row.used),
        moved('-', row.released),
        moved('+', row.claimed),
        number(row.peak),
        number(row.after),
    );
    let mut notes: Vec<String> = Vec::new();
    match (row.over_before, row.over_after) {
        (Some(before), Some(after)) if before > 0 && after < before => {
            notes.push(format!("over by {}, then {}", grouped(before), grouped(after)));
        }
        (Some(before), Some(_)) if before > 0 => notes.push(format!("over by {}", grouped(before))),
        _ => {}
    }
    if row.blocked > 0 {
        notes.push(format!("{} blocked", grouped(row.blocked)));
    }
    if row.keep_free > 0 {
        notes.push(format!("keep {} free", grouped(row.keep_free)));
    }
    if row.seats_source == SeatsSourceFile::Expect {
        notes.push("seats as the spec expects".to_owned());
    }
    if row.doubtful > 0 && row.released + row.claimed > 0 {
        notes.push(format!("{} disabled, guests or expired, counted", grouped(row.doubtful)));
    }
    if row.unread > 0 {
        notes.push(format!("{} not read, counted", grouped(row.unread)));
    }
    if !notes.is_empty() {
        let tone = if row.over_after > Some(0) || row.blocked > 0 { Tone::Bad } else { Tone::Quiet };
        let _ = write!(line, "\n{:4}{}", "", colour.paint(tone, &notes.join(" · ")));
    }
    line
}

fn holds(out: &mut String, holds: &[HoldFile], layout: Layout) {
    if holds.is_empty() {
        return;
    }
    let head = layout.colour.paint(Tone::Bad, "Held back: nothing of this plan may be done.");
    let _ = writeln!(out, "{head}");
    for hold in holds {
        let place = hold.place.as_ref().map(|place| format!("  {place}")).unwrap_or_default();
        let sign = layout.colour.paint(Tone::Bad, "x hold");
        let _ = writeln!(out, "  {sign}  {}{place}", hold.kind);
        let _ = writeln!(out, "{}", wrap(&hold.message, layout.width, 10));
        if hold.accounts_count > 1 && !hold.accounts.is_empty() {
            let more = hold.accounts_count - hold.accounts.len() as u64;
            let more = if more > 0 { format!(" and {} more", grouped(more)) } else { String::new() };
            let _ =
                writeln!(out, "{}", wrap(&format!("{}{more}", hold.accounts.join(", ")), layout.width, 10));
        }
        next(out, Some(&hold.remedy), 10, layout);
    }
    let _ = writeln!(out);
}

/// The changes, those of one rule together below what the rule says and where.
fn changes(out: &mut String, server: &ServerFile, layout: Layout) {
    let mut steps: BTreeMap<_, Vec<&StepFile>> = BTreeMap::new();
    for step in &server.steps {
        steps.entry(key(&step.action, step.service.as_deref(), &step.reason)).or_default().push(step);
    }
    for (action, sign, tone) in [
        (ActionFile::Release, '-', Tone::Careful),
        (ActionFile::Claim, '+', Tone::Good),
        (ActionFile::Change, '~', Tone::Careful),
    ] {
        let groups: Vec<&GroupFile> = server.changes.iter().filter(|group| group.action == action).collect();
        let shown = if layout.full { groups.len() } else { groups.len().min(RULES) };
        for group in &groups[..shown] {
            let steps = steps.remove(&key(&group.action, group.service.as_deref(), &group.reason));
            changes_of_rule(out, group, &steps.unwrap_or_default(), (sign, tone), layout);
        }
        let hidden = &groups[shown..];
        if !hidden.is_empty() {
            let count = hidden.iter().map(|group| group.count).sum();
            let (rules, changes) = (counted(hidden.len() as u64, "more rule"), counted(count, action.text()));
            let _ = writeln!(out, "  … and {rules} with {changes} (--full shows all)");
        }
    }
    if !server.changes.is_empty() {
        let _ = writeln!(out);
    }
}

/// What the steps of one rule have in common. Settings stand together, whatever their places are.
pub fn key<'a>(
    action: &'a ActionFile,
    service: Option<&'a str>,
    reason: &'a ReasonFile,
) -> (&'a str, &'a str, Option<&'a ReasonFile>) {
    (action.text(), service.unwrap_or_default(), (*action != ActionFile::Change).then_some(reason))
}

fn changes_of_rule(
    out: &mut String,
    group: &GroupFile,
    steps: &[&StepFile],
    (sign, tone): (char, Tone),
    layout: Layout,
) {
    let GroupFile { action, reason, count, .. } = group;
    let head = match &group.service {
        Some(service) => {
            let changes = counted(*count, action.text());
            format!("{changes} of {service} · {} · {}", rule_words(group), reason.place)
        }
        // Settings have a place each, in their own lines.
        None => {
            let policy = reason.policy.as_deref().unwrap_or_default();
            format!("{} of the backup · {policy}", counted(*count, "setting"))
        }
    };
    if !out.ends_with("\n\n") {
        out.push('\n');
    }
    let _ = writeln!(out, "{}", layout.colour.paint(Tone::Heading, &hang(&head, layout.width, 2)));
    let line = |step: &StepFile| {
        let sign = layout.colour.paint(tone, &format!("{sign} {action:<7}"));
        // Each setting has a place of its own; all others share the head's.
        let place =
            if *action == ActionFile::Change { format!("  {}", step.reason.place) } else { String::new() };
        format!("  {sign} {}{}{place}", step.address, value_words(step))
    };
    // Where addresses are not shown there are only the numbers.
    let named = !steps.is_empty() || group.domains.is_empty();
    if named && (layout.full || *count <= SAMPLE.of_rule as u64 || group.domains.is_empty()) {
        steps.iter().for_each(|step| {
            let _ = writeln!(out, "{}", line(step));
        });
        return;
    }
    let mut by_domain: BTreeMap<&str, Vec<&StepFile>> = BTreeMap::new();
    for step in steps {
        by_domain.entry(step.account.as_deref().map_or("", domain_of)).or_default().push(step);
    }
    let domains = if layout.full { group.domains.len() } else { group.domains.len().min(SAMPLE.domains) };
    for domain in &group.domains[..domains] {
        if group.domains.len() > 1 || !named {
            let _ = writeln!(out, "    {} at {}", counted(domain.count, action.text()), domain.domain);
        }
        let named = by_domain.get(domain.domain.as_str()).map_or(&[][..], Vec::as_slice);
        let named = &named[..named.len().min(SAMPLE.of_domain)];
        named.iter().for_each(|step| {
            let _ = writeln!(out, "{}", line(step));
        });
        let more = domain.count - named.len() as u64;
        if more > 0 && !named.is_empty() {
            let _ = writeln!(out, "    … and {} more (--full shows all)", grouped(more));
        }
    }
    let hidden = &group.domains[domains..];
    if !hidden.is_empty() {
        let changes = counted(hidden.iter().map(|domain| domain.count).sum(), action.text());
        let domains = counted(hidden.len() as u64, "more domain");
        let _ = writeln!(out, "    … and {changes} at {domains} (--full shows all)");
    }
}

/// What the rule says that a change is there for.
pub fn rule_words(group: &GroupFile) -> String {
    let reason = &group.reason;
    let policy = reason.policy.as_deref().unwrap_or_default();
    let mut text = format!("{policy}:");
    match reason.action_reason {
        RuleFile::Others => text.push_str(" others: disabled"),
        RuleFile::Enable => text.push_str(" enable"),
        RuleFile::Exception => {
            text.push_str(" exception");
            if let Some(until) = &reason.until {
                let _ = write!(text, " until {until}");
            }
            if let Some(why) = &reason.why {
                let _ = write!(text, " ({why})");
            }
        }
        RuleFile::Everyone if group.action == ActionFile::Release => {
            text.push_str(" everyone in scope: disabled");
        }
        RuleFile::Everyone => text.push_str(" everyone in scope: enabled"),
        RuleFile::Setting => text.push_str(" settings of the backup"),
        RuleFile::Held | RuleFile::Other(_) => {}
    }
    text
}

/// For a setting what it was and will be.
pub fn value_words(step: &StepFile) -> String {
    match (&step.before, &step.after, &step.secret) {
        (_, _, Some(secret)) => format!("  (secret, from {secret})"),
        (Some(before), Some(after), None) if step.setting.is_some() => format!("  {before} -> {after}"),
        _ => String::new(),
    }
}

fn blocked(out: &mut String, server: &ServerFile, layout: Layout) {
    let shown = if layout.full { server.obstacles.len() } else { server.obstacles.len().min(RULES) };
    for obstacle in &server.obstacles[..shown] {
        let of_reason = server.blocked.iter().filter(|entry| {
            entry.action == obstacle.action
                && entry.service == obstacle.service
                && entry.message == obstacle.message
                && entry.remedy == obstacle.remedy
        });
        let most = match obstacle.count {
            _ if layout.full => usize::MAX,
            count if count <= SAMPLE.of_rule as u64 => SAMPLE.of_rule,
            _ => BLOCKED,
        };
        let mut named = 0;
        for entry in of_reason.take(most) {
            let sign = layout.colour.paint(Tone::Bad, "! blocked");
            let _ = writeln!(out, "  {sign} {} {}", entry.action, entry.address);
            named += 1;
        }
        if named == 0 {
            let sign = layout.colour.paint(Tone::Bad, "! blocked");
            let changes = counted(obstacle.count, obstacle.action.text());
            let _ = writeln!(out, "  {sign} {changes} of {}", obstacle.service);
        } else if obstacle.count > named {
            let _ = writeln!(out, "    … and {} more (--full shows all)", grouped(obstacle.count - named));
        }
        let text = format!("{}  {}", obstacle.message, obstacle.place);
        let _ = writeln!(out, "{}", wrap(&text, layout.width, 6));
        next(out, Some(&obstacle.remedy), 6, layout);
    }
    let hidden = &server.obstacles[shown..];
    if !hidden.is_empty() {
        let count: u64 = hidden.iter().map(|obstacle| obstacle.count).sum();
        let _ = writeln!(
            out,
            "  … and {} blocked by {} other things (--full shows all)",
            grouped(count),
            hidden.len()
        );
    }
}

/// The findings of a plan; `error`, `warning` and `info` lines with the next act.
pub fn findings(out: &mut String, findings: &[FindingFile], layout: Layout) {
    let shown = if layout.full { findings.len() } else { FINDINGS };
    for finding in findings.iter().take(shown) {
        let tone = match finding.severity {
            SeverityFile::Error => Tone::Bad,
            SeverityFile::Warning => Tone::Careful,
            SeverityFile::Info | SeverityFile::Other(_) => Tone::Quiet,
        };
        let place = finding.places.first().map(|place| format!("  {place}")).unwrap_or_default();
        let word = format!("{}:", finding.severity);
        let text = wrap(&format!("{word} {}{place}", finding.message), layout.width, 4);
        let painted = text.trim_start().replacen(&word, &layout.colour.paint(tone, &word), 1);
        let _ = writeln!(out, "  {painted}");
        next(out, finding.remedy.as_deref(), 4, layout);
    }
    if findings.len() > shown {
        let _ = writeln!(out, "  … and {} more findings (--full shows all)", findings.len() - shown);
    }
}

fn left_alone(out: &mut String, server: &ServerFile, layout: Layout) {
    let accounts = server.unmanaged.accounts;
    if accounts > 0 {
        let of = server.accounts.count;
        let _ = writeln!(
            out,
            "Left alone: {} of {} accounts, of which no policy speaks.",
            grouped(accounts),
            grouped(of)
        );
    }
    // Where a service is left alone for more accounts than those.
    let services = server.unmanaged.services.iter().filter(|(_, count)| **count > accounts);
    let services: Vec<String> =
        services.map(|(service, count)| format!("{service} of {}", grouped(*count))).collect();
    if !services.is_empty() {
        let text = format!("Services that no policy decides, by accounts: {}.", services.join(", "));
        let _ = writeln!(out, "{}", wrap(&text, layout.width, 0));
    }
}

fn narrowed(out: &mut String, server: &ServerFile, layout: Layout) {
    if let Some(text) = narrowed_words(server) {
        let _ = writeln!(out, "{}", layout.colour.paint(Tone::Careful, &wrap(&text, layout.width, 0)));
    }
}

/// A narrowed plan must not be taken for a whole one.
pub fn narrowed_words(server: &ServerFile) -> Option<String> {
    server.left_out.map(|left_out| match left_out {
        0 => "Narrowed by --target or --exclude, which leave no change out.".to_owned(),
        _ => format!(
            "Narrowed: {} left out by --target or --exclude. This is not the whole plan.",
            counted(left_out, "change")
        ),
    })
}

/// What is to be done, counted.
fn sum(server: &ServerFile) -> String {
    let counts = &server.counts;
    let mut parts = vec![
        counted(counts.claims, "claim"),
        counted(counts.releases, "release"),
        counted(counts.settings, "setting"),
    ];
    if counts.blocked > 0 {
        parts.push(format!("{} blocked", grouped(counts.blocked)));
    }
    if counts.unread > 0 {
        parts.push(format!("{} not read", grouped(counts.unread)));
    }
    if !server.held_policies.is_empty() {
        parts.push(format!(
            "{} held",
            counted(server.held_policies.len() as u64, "policy").replace("policys", "policies")
        ));
    }
    parts.join(", ")
}

/// What is wrong with the licence, which no step mends; `None` where nothing is.
pub fn licence(server: &ServerFile) -> Option<&'static str> {
    match server.licence.as_ref()? {
        LicenceOutcomeFile::Ok => None,
        LicenceOutcomeFile::Due => Some("something of its licence is due"),
        LicenceOutcomeFile::Differs => Some("its licence is not as declared"),
        LicenceOutcomeFile::Closed => Some("its licence lets nothing be changed"),
        LicenceOutcomeFile::Other(_) => Some("how its licence stands is not known to this version"),
    }
}

/// One line that says it all.
pub fn summary(server: &ServerFile, colour: Colour) -> String {
    let digest = server.effects_digest.get(..12).unwrap_or_default();
    match server.outcome {
        PlanOutcomeFile::NothingToDo if server.left_out.is_some_and(|left_out| left_out > 0) => {
            format!("{}: nothing to do within the narrowed plan.", server.server)
        }
        PlanOutcomeFile::NothingToDo => match licence(server) {
            Some(licence) => {
                colour.paint(Tone::Careful, &format!("{}: nothing to do, and {licence}.", server.server))
            }
            None => colour.paint(Tone::Good, &format!("{}: nothing to do.", server.server)),
        },
        _ => format!("Plan: {}. Effects {digest}.", sum(server)),
    }
}
