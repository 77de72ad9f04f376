//! Tables of a terminal: whom a plan hits.

use std::fmt::Write as _;

use super::layout::{Layout, wrap};
use super::paint::Tone;
use crate::model::grouped;
use crate::plan::file::{HarmFile, HarmKindFile};

/// How many rows are shown without `--full`.
const ROWS: usize = 12;

/// The columns beside the domain's: kind, service, three numbers, the gaps.
const BESIDE: usize = 2 + 11 + 1 + 3 * 11 + 1;

/// A domain's column is never narrower than this.
const DOMAIN_MIN: usize = 12;

/// Who loses what, who gets what, and how many have it now.
pub fn harm(out: &mut String, rows: &[HarmFile], layout: Layout) {
    if rows.is_empty() {
        return;
    }
    let shown = if layout.full { rows.len() } else { rows.len().min(ROWS) };
    let widest = |text: fn(&HarmFile) -> &str, least: usize| {
        rows[..shown].iter().map(|row| text(row).chars().count()).max().unwrap_or_default().max(least)
    };
    let service = widest(service, 7);
    let room = layout.width.saturating_sub(BESIDE + service).max(DOMAIN_MIN);
    let domain = widest(domain, 6).min(room);
    let head = format!(
        "{:13} {:service$} {:domain$} {:>10} {:>10} {:>10}",
        "Whom it hits", "service", "domain", "lose", "get", "have it"
    );
    let _ = writeln!(out, "{}", layout.colour.paint(Tone::Heading, &head));
    for row in &rows[..shown] {
        line(out, row, Columns { service, domain }, layout);
    }
    if rows.len() > shown {
        let hidden = &rows[shown..];
        let (losing, getting) =
            hidden.iter().fold((0, 0), |(losing, getting), row| (losing + row.losing, getting + row.getting));
        let text = format!(
            "… and {} more rows: {} switched off, {} switched on (--full shows all)",
            hidden.len(),
            grouped(losing),
            grouped(getting)
        );
        let _ = writeln!(out, "{}", wrap(&text, layout.width, 2));
    }
    let _ = writeln!(out);
}

#[derive(Clone, Copy)]
struct Columns {
    service: usize,
    domain: usize,
}

fn line(out: &mut String, row: &HarmFile, columns: Columns, layout: Layout) {
    let (sign, tone) = match row.kind {
        HarmKindFile::Mail | HarmKindFile::Protected | HarmKindFile::Backup => ('!', Tone::Bad),
        // What is not known is not taken for harmless.
        HarmKindFile::Loss | HarmKindFile::Other(_) => ('-', Tone::Careful),
        HarmKindFile::Gain => ('+', Tone::Good),
    };
    let word = layout.colour.paint(tone, &format!("{sign} {:<9}", row.kind));
    if let Some(setting) = &row.setting {
        let why = row.message.as_deref().unwrap_or_default();
        let text = wrap(&format!("{setting}: {why}"), layout.width, 14);
        let _ = writeln!(out, "  {word} {}", text.trim_start());
        return;
    }
    let Columns { service: wide, domain: room } = columns;
    let _ = write!(out, "  {word} {:wide$} {:room$}", service(row), domain(row));
    // A name that is longer than its column pushes the numbers into a line of their own.
    if domain(row).chars().count() > room {
        let _ = write!(out, "\n{:1$}", "", 14 + wide + 1 + room);
    }
    let number = |sign: &str, value: u64| {
        if value == 0 { "-".to_owned() } else { format!("{sign}{}", grouped(value)) }
    };
    let (losing, getting) = (number("-", row.losing), number("+", row.getting));
    let _ = writeln!(out, " {losing:>10} {getting:>10} {:>10}", grouped(row.having));
    if row.protected > 0 {
        let _ = writeln!(out, "{:14}{}", "", layout.colour.paint(Tone::Bad, &protected(row.protected)));
    }
}

/// What is said of protected accounts among those that lose something.
pub fn protected(count: u64) -> String {
    format!("{} of those who lose it {} protected", grouped(count), if count == 1 { "is" } else { "are" })
}

fn service(row: &HarmFile) -> &str {
    row.service.as_deref().unwrap_or_default()
}

fn domain(row: &HarmFile) -> &str {
    row.domain.as_deref().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Colour;

    fn row(kind: HarmKindFile, service: &str, domain: &str, numbers: (u64, u64, u64)) -> HarmFile {
        HarmFile {
            service: Some(service.to_owned()),
            domain: Some(domain.to_owned()),
            losing: numbers.0,
            getting: numbers.1,
            having: numbers.2,
            ..HarmFile::of(kind)
        }
    }

    fn told(rows: &[HarmFile], full: bool) -> String {
        let mut out = String::new();
        harm(&mut out, rows, Layout { colour: Colour::Never, width: 80, full });
        out
    }

    #[test]
    fn a_table_keeps_to_its_width_and_counts_what_it_hides() {
        let long = "a-very-long-name-of-a-mail-domain-that-nobody-would-want-to-type.example.com";
        let mut rows = vec![row(HarmKindFile::Mail, "conferencefollowup", long, (1_234_567, 1, 7_654_321))];
        rows[0].protected = 2;
        rows.extend((0..20).map(|_| row(HarmKindFile::Loss, "im", "example.com", (3, 1, 10))));
        let text = told(&rows, false);
        for line in text.lines().filter(|line| !line.contains(long)) {
            assert!(line.chars().count() <= 80, "{line}");
        }
        assert!(text.contains("2 of those who lose it are protected"), "{text}");
        assert!(
            text.contains("… and 9 more rows: 27 switched off, 9 switched on (--full shows all)"),
            "{text}"
        );
        assert!(!told(&rows, true).contains("more rows"), "all are shown");
        assert_eq!(told(&[], true), "");
    }
}
