//! A plan for a pull request: what matters first, the changes folded away, never longer than a comment may be.
//!
//! Whoever opens the pull request wrote the names, reasons and addresses in it, and the server holds names that its
//! users chose. So no such text is taken for markdown: it stands in code ([`super::escape`]), where nobody is mentioned
//! and nothing is linked.
//!
//! The comment is made of blocks that are whole in themselves. A block that no longer fits is left out and counted, so the
//! limit can cut nothing in half.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::escape::{cell, code, fence, fenced, html, prose};
use super::groups::Sample;
use super::table::protected;
use super::text::licence;
use super::text::{key, narrowed_words, rule_words, value_words};
use crate::model::address::domain_of;
use crate::model::{counted, grouped};
use crate::plan::file::{
    ActionFile, AddressesFile, AllowFile, FindingFile, GroupFile, HarmFile, HarmKindFile, HoldFile,
    LedgerFile, ObstacleFile, PlanFile, PlanOutcomeFile, ServerFile, SeverityFile, StepFile,
};

/// By this line a later run finds the comment of an earlier one, to replace it.
pub const MARKER: &str = "<!-- icewarden:plan -->";

/// What GitHub takes for a comment, in characters. It is heeded in bytes, which are never fewer.
pub const BYTES_MAX: usize = 65_536;

/// What is put into words of a rule's changes.
pub const SAMPLE: Sample = Sample { of_rule: 200, domains: 20, of_domain: 20 };

/// How many rows of a table, and how many blocks of one kind, are shown.
const ROWS: usize = 25;

/// Kept for the lines that say what was left out.
const RESERVE: usize = 400;

/// A whole plan.
pub fn plan(file: &PlanFile) -> String {
    let mut comment = Comment { text: format!("{MARKER}\n"), limit: BYTES_MAX - RESERVE, lacks: false };
    comment.push(&format!("## icewarden: {}\n\n", headline(file)));
    if file.servers.len() > 1 {
        servers(&mut comment, &file.servers);
    }
    allows(&mut comment, &file.allows);
    // Where addresses are not shown there are only the numbers, and nothing is hidden for want of room.
    let named = file.addresses != Some(AddressesFile::Count);
    let mut hidden = 0;
    for (index, server) in file.servers.iter().enumerate() {
        // What one server does not need is there for those after it.
        let left = (BYTES_MAX - RESERVE).saturating_sub(comment.text.len());
        comment.limit = comment.text.len() + left / (file.servers.len() - index);
        hidden += self::server(&mut comment, server, named);
    }
    comment.limit = BYTES_MAX;
    if comment.lacks {
        comment.push("**Parts of the plan had no room here.** The plan as text, or as JSON, holds all.\n\n");
    }
    if hidden > 0 {
        comment.push(&format!(
            "**{} not shown here.** The plan as text with `--full`, or as JSON, holds all.\n",
            were(hidden, "change", "is", "are")
        ));
    }
    comment.text
}

/// The text so far, and how long it may become.
struct Comment {
    text: String,
    limit: usize,
    /// Something did not fit that no other line counts.
    lacks: bool,
}

impl Comment {
    /// Adds a block if it fits.
    fn push(&mut self, block: &str) -> bool {
        let fits = self.text.len() + block.len() <= self.limit;
        if fits {
            self.text.push_str(block);
        }
        self.lacks |= !fits;
        fits
    }

    fn left(&self) -> usize {
        self.limit.saturating_sub(self.text.len())
    }

    /// Adds a heading, as many of these lines as fit, and how many did not.
    fn list(&mut self, heading: &str, lines: impl ExactSizeIterator<Item = String>) {
        let all = lines.len();
        if all == 0 {
            return;
        }
        let mut block = heading.to_owned();
        let mut shown = 0;
        for line in lines.take(ROWS) {
            if block.len() + line.len() + MORE > self.left() {
                break;
            }
            block.push_str(&line);
            shown += 1;
        }
        if shown < all {
            let _ = write!(block, "\n… and {} more.\n", all - shown);
        }
        block.push('\n');
        self.push(&block);
    }
}

/// Room for a line that says how many more there are.
const MORE: usize = 80;

/// `3 changes are`.
fn were(count: u64, noun: &str, one: &str, many: &str) -> String {
    format!("{} {}", counted(count, noun), if count == 1 { one } else { many })
}

/// The plan in one line, without a word that anybody else chose.
fn headline(file: &PlanFile) -> String {
    match file.servers.as_slice() {
        [server] => outcome(server).to_owned(),
        servers => {
            let mut words: BTreeMap<&str, u64> = BTreeMap::new();
            for server in servers {
                *words.entry(outcome(server)).or_default() += 1;
            }
            let parts: Vec<String> = words.iter().map(|(word, count)| format!("{count} × {word}")).collect();
            format!("{}: {}", counted(servers.len() as u64, "server"), parts.join(", "))
        }
    }
}

fn outcome(server: &ServerFile) -> &'static str {
    match server.outcome {
        PlanOutcomeFile::NothingToDo if licence(server).is_some() => "nothing to do but the licence",
        PlanOutcomeFile::NothingToDo => "nothing to do",
        PlanOutcomeFile::Changes => "changes",
        PlanOutcomeFile::Blocked if server.holds.is_empty() => "changes, some are blocked",
        PlanOutcomeFile::Blocked => "held back, nothing may be done",
        PlanOutcomeFile::Closed => "the server takes no changes",
        PlanOutcomeFile::Invalid => "the spec does not hold",
        PlanOutcomeFile::Failed => "could not be planned",
        PlanOutcomeFile::Other(_) => "what came of it is not known to this version",
    }
}

fn sign(server: &ServerFile) -> &'static str {
    match server.outcome {
        PlanOutcomeFile::NothingToDo if licence(server).is_some() => "⚠️",
        PlanOutcomeFile::NothingToDo => "✅",
        PlanOutcomeFile::Changes => "📝",
        PlanOutcomeFile::Blocked | PlanOutcomeFile::Closed => "⛔",
        PlanOutcomeFile::Invalid | PlanOutcomeFile::Failed | PlanOutcomeFile::Other(_) => "❌",
    }
}

fn servers(comment: &mut Comment, servers: &[ServerFile]) {
    let row = |server: &ServerFile| {
        let counts = &server.counts;
        let holds = server.holds.len() as u64;
        // Where nothing could be counted there are no zeros either.
        let number = |count: u64| server.error.as_ref().map_or(grouped(count), |_| "–".to_owned());
        let numbers = [counts.claims, counts.releases, counts.settings, counts.blocked, holds].map(number);
        let (sign, name) = (sign(server), cell(&server.server));
        format!("| {sign} {name} | {} | {} |\n", outcome(server), numbers.join(" | "))
    };
    let head = "| server | outcome | claims | releases | settings | blocked | holds |\n\
                |:--|:--|--:|--:|--:|--:|--:|\n";
    comment.list(head, servers.iter().map(row));
}

/// Guardrails that were overridden are part of what is reviewed.
fn allows(comment: &mut Comment, allows: &[AllowFile]) {
    let line = |allow: &AllowFile| {
        format!(
            "- {} because {}\n",
            code(&format!("{}={}", allow.guardrail, allow.value)),
            code(&allow.reason)
        )
    };
    comment.list("⚠️ **Guardrails are overridden:**\n\n", allows.iter().map(line));
}

/// One server; how many changes of it are not shown.
fn server(comment: &mut Comment, server: &ServerFile, named: bool) -> u64 {
    let version = server.version.as_ref().map(|version| format!(" · IceWarp {}", code(version)));
    let order = server.order_id.as_ref().map(|order| format!(" · order {}", code(order)));
    comment.push(&format!(
        "### {} {}: {}\n\n{}{}{}\n\n",
        sign(server),
        code(&server.server),
        outcome(server),
        code(&server.url),
        version.unwrap_or_default(),
        order.unwrap_or_default()
    ));
    if let Some(error) = &server.error {
        let next = error.remedy.as_ref().map(|remedy| format!("\n**Next:** {}\n", prose(remedy)));
        comment.push(&format!("**Error:** {}\n{}\n", prose(&error.message), next.unwrap_or_default()));
        findings(comment, &server.findings);
        return 0;
    }
    comment.push(&format!("{}\n\n", summary(server)));
    if let Some(narrowed) = narrowed_words(server) {
        comment.push(&format!("⚠️ {narrowed}\n\n"));
    }
    holds(comment, server);
    ledger(comment, &server.ledger);
    harm(comment, &server.harm);
    obstacles(comment, server);
    let hidden = changes(comment, server, named);
    findings(comment, &server.findings);
    hidden
}

fn summary(server: &ServerFile) -> String {
    let counts = &server.counts;
    let mut parts = vec![
        format!("**{}**", counted(counts.claims, "claim")),
        format!("**{}**", counted(counts.releases, "release")),
        format!("**{}**", counted(counts.settings, "setting")),
    ];
    if counts.blocked > 0 {
        parts.push(format!("**{} blocked**", grouped(counts.blocked)));
    }
    if counts.unread > 0 {
        parts.push(format!("{} not read", grouped(counts.unread)));
    }
    if server.unmanaged.accounts > 0 {
        parts.push(format!(
            "{} of {} accounts left alone",
            grouped(server.unmanaged.accounts),
            grouped(server.accounts.count)
        ));
    }
    let digest = server.effects_digest.get(..12).unwrap_or_default();
    format!("{} · effects {}", parts.join(" · "), code(digest))
}

fn holds(comment: &mut Comment, server: &ServerFile) {
    let line = |hold: &HoldFile| {
        let place = hold.place.as_ref().map(|place| format!(" {}", code(place))).unwrap_or_default();
        let mut line = format!("- **{}**{place}: {}", plain(hold.kind.text()), prose(&hold.message));
        if hold.accounts_count > 1 && !hold.accounts.is_empty() {
            let named: Vec<String> = hold.accounts.iter().map(|account| code(account)).collect();
            let more = hold.accounts_count.saturating_sub(hold.accounts.len() as u64);
            let more = if more > 0 { format!(" and {} more", grouped(more)) } else { String::new() };
            let _ = write!(line, ": {}{more}", named.join(", "));
        }
        let _ = writeln!(line, "<br>**Next:** {}", prose(&hold.remedy));
        line
    };
    comment.list("⛔ **Held back: nothing of this plan may be done.**\n\n", server.holds.iter().map(line));
    let held = server.held_policies.iter().map(|held| {
        let next = held.remedy.as_ref().map(|remedy| format!("<br>**Next:** {}", prose(remedy)));
        let (policy, place) = (code(&held.policy), code(&held.place));
        format!("- {policy} {place}: {}{}\n", prose(&held.message), next.unwrap_or_default())
    });
    comment.list("⛔ **Policies that decide nothing this time:**\n\n", held);
}

/// A word of ours, such as the name of a guardrail; of anything else nothing is left.
fn plain(word: &str) -> String {
    word.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect()
}

fn ledger(comment: &mut Comment, rows: &[LedgerFile]) {
    let number = |value: Option<u64>| value.map_or("?".to_owned(), grouped);
    let moved = |sign: char, value: u64| {
        if value == 0 { "–".to_owned() } else { format!("{sign}{}", grouped(value)) }
    };
    let row = |row: &&LedgerFile| {
        let seats = if row.unlimited { "no limit".to_owned() } else { number(row.seats) };
        let free = if row.unlimited { "–".to_owned() } else { number(row.free) };
        let mut notes = Vec::new();
        if row.over_before > Some(0) || row.over_after > Some(0) {
            notes.push(format!("**over by {}**, then {}", number(row.over_before), number(row.over_after)));
        }
        if row.blocked > 0 {
            notes.push(format!("**{} blocked**", grouped(row.blocked)));
        }
        if row.keep_free > 0 {
            notes.push(format!("keep {} free", grouped(row.keep_free)));
        }
        format!(
            "| {} | {} | {} | {} | {} | {} | {seats} | {free} | {} |\n",
            cell(&row.title),
            number(row.used),
            moved('−', row.released),
            moved('+', row.claimed),
            number(row.peak),
            number(row.after),
            notes.join(" · ")
        )
    };
    let counted: Vec<&LedgerFile> = rows.iter().filter(|row| row.used.is_some()).collect();
    let head = "#### Seats\n\n| module | used | freed | taken | peak | after | of | free | |\n\
                |:--|--:|--:|--:|--:|--:|--:|--:|:--|\n";
    comment.list(head, counted.iter().map(row));
}

fn harm(comment: &mut Comment, rows: &[HarmFile]) {
    let number = |sign: &str, value: u64| {
        if value == 0 { "–".to_owned() } else { format!("{sign}{}", grouped(value)) }
    };
    let row = |row: &HarmFile| {
        let word = plain(row.kind.text());
        let kind = match row.kind {
            HarmKindFile::Mail | HarmKindFile::Protected | HarmKindFile::Backup => format!("⚠️ **{word}**"),
            HarmKindFile::Loss | HarmKindFile::Gain | HarmKindFile::Other(_) => word,
        };
        let what = row.service.as_ref().or(row.setting.as_ref()).map(|what| cell(what)).unwrap_or_default();
        let mut whom = row.domain.as_ref().map(|domain| cell(domain)).unwrap_or_default();
        if let Some(message) = &row.message {
            // Two pieces of code must not touch.
            let _ = write!(whom, " {}", prose(message));
        }
        let numbers = if row.setting.is_some() {
            "| | |".to_owned()
        } else {
            let (losing, getting) = (number("−", row.losing), number("+", row.getting));
            let protected = match row.protected {
                0 => String::new(),
                count => format!(" **{}**", protected(count)),
            };
            format!("{losing}{protected} | {getting} | {}", grouped(row.having))
        };
        format!("| {kind} | {what} | {whom} | {numbers} |\n")
    };
    let head = "#### Whom it hits\n\n| | what | domain | lose it | get it | have it now |\n\
                |:--|:--|:--|--:|--:|--:|\n";
    comment.list(head, rows.iter().map(row));
}

fn obstacles(comment: &mut Comment, server: &ServerFile) {
    let line = |obstacle: &ObstacleFile| {
        let changes = counted(obstacle.count, &plain(obstacle.action.text()));
        let (service, place) = (code(&obstacle.service), code(&obstacle.place));
        let (message, next) = (prose(&obstacle.message), prose(&obstacle.remedy));
        format!("- **{changes}** of {service} {place}: {message}<br>**Next:** {next}\n")
    };
    comment.list("#### Blocked\n\n", server.obstacles.iter().map(line));
}

/// The changes by rule, each folded; how many are not shown.
fn changes(comment: &mut Comment, server: &ServerFile, named: bool) -> u64 {
    let all: u64 = server.changes.iter().map(|group| group.count).sum();
    if all == 0 {
        return 0;
    }
    let mut steps: BTreeMap<_, Vec<&StepFile>> = BTreeMap::new();
    for step in &server.steps {
        steps.entry(key(&step.action, step.service.as_deref(), &step.reason)).or_default().push(step);
    }
    let mut shown = 0;
    if !comment.push(&format!("#### Changes: {all}\n\n")) {
        return all;
    }
    // What is left is shared by the rules; what the first ones do not need is there for the others.
    for (index, group) in server.changes.iter().enumerate() {
        let of_rule = key(&group.action, group.service.as_deref(), &group.reason);
        let steps = steps.get(&of_rule).map_or(&[][..], Vec::as_slice);
        let room = comment.left() / (server.changes.len() - index).min(RULES);
        let (block, taken) = folded(group, steps, if named || group.domains.is_empty() { room } else { 0 });
        if !comment.push(&block) {
            break;
        }
        shown += taken;
    }
    if named { all - shown } else { 0 }
}

/// Of how many rules each gets an equal part of the room.
const RULES: usize = 8;

/// One rule's changes in a fold of at most so many bytes, and how many of them are in it. Where not even its head fits
/// it is longer than that, and then it is the comment that leaves it out.
fn folded(group: &GroupFile, steps: &[&StepFile], room: usize) -> (String, u64) {
    let service = group.service.as_deref().unwrap_or("backup");
    let place = if group.action == ActionFile::Change { "" } else { group.reason.place.as_str() };
    let mut head = format!(
        "<details><summary><b>{}</b> of {} – {} {}</summary>\n\n",
        counted(group.count, &plain(group.action.text())),
        html(service),
        html(&rule_words(group)),
        html(place)
    );
    if group.domains.len() > 1 || !group.domains.is_empty() && steps.is_empty() {
        let named = group.domains.iter().take(ROWS);
        let named: Vec<String> =
            named.map(|domain| format!("{} at {}", domain.count, code(&domain.domain))).collect();
        let more = group.domains.len().saturating_sub(ROWS);
        let more =
            if more > 0 { format!(", {}", counted(more as u64, "more domain")) } else { String::new() };
        let _ = write!(head, "{}{more}\n\n", named.join(", "));
    }
    let sign = match group.action {
        ActionFile::Release => '-',
        ActionFile::Claim => '+',
        ActionFile::Change | ActionFile::Other(_) => '!',
    };
    let mut taken = 0;
    let mut lines: Vec<String> = Vec::new();
    // Fences, the line on what is hidden, and the end of the fold.
    let beside = head.len() + 2 * FENCE + MORE + "\n\n</details>\n\n".len();
    for step in in_turn(steps) {
        let place = if step.action == ActionFile::Change {
            format!("  {}", step.reason.place)
        } else {
            String::new()
        };
        let line = fenced(&format!("{sign} {} {}{}{place}", step.action, step.address, value_words(step)));
        if beside + taken + line.len() + 1 > room {
            break;
        }
        taken += line.len() + 1;
        lines.push(line);
    }
    lines.sort();
    let fence = fence(&lines);
    let more = group.count - lines.len() as u64;
    let mut text = head;
    if fence.len() > FENCE {
        // Nobody has addresses with that many backticks in a row.
        return (format!("{text}Not shown.\n\n</details>\n\n"), 0);
    }
    if !lines.is_empty() {
        let _ = write!(text, "{fence}diff\n{}\n{fence}\n\n", lines.join("\n"));
    }
    if more > 0 && !lines.is_empty() {
        let _ = write!(text, "… and {more} more.\n\n");
    }
    text.push_str("</details>\n\n");
    (text, lines.len() as u64)
}

/// The longest fence.
const FENCE: usize = 64;

/// The steps in their order; where domains were sampled each of them has its turn, so that none is hidden whole.
fn in_turn<'a>(steps: &[&'a StepFile]) -> Vec<&'a StepFile> {
    let mut turns: BTreeMap<&str, usize> = BTreeMap::new();
    let mut ordered: Vec<(usize, &StepFile)> = Vec::with_capacity(steps.len());
    for step in steps {
        let turn = turns.entry(step.account.as_deref().map_or("", domain_of)).or_default();
        ordered.push((*turn / 10, step));
        *turn += 1;
    }
    ordered.sort_by_key(|(turn, _)| *turn);
    ordered.into_iter().map(|(_, step)| step).collect()
}

fn findings(comment: &mut Comment, findings: &[FindingFile]) {
    let line = |finding: &FindingFile| {
        let sign = match finding.severity {
            SeverityFile::Error => "❌",
            SeverityFile::Warning => "⚠️",
            SeverityFile::Info | SeverityFile::Other(_) => "ℹ️",
        };
        let place = finding.places.first().map(|place| format!(" {}", code(place))).unwrap_or_default();
        let next = finding.remedy.as_ref().map(|remedy| format!("<br>**Next:** {}", prose(remedy)));
        format!("- {sign} {}{place}{}\n", prose(&finding.message), next.unwrap_or_default())
    };
    comment.list("#### Findings\n\n", findings.iter().map(line));
}
