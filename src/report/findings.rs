//! Findings as a person reads them: sign, word, place, the author's line, the next act.
//!
//! A line is cut to what fits before it is rendered, so that showing a mistake costs the same in a short file
//! and in one of megabytes. What must not be shown is masked in every line, whichever finding shows it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::layout::wrap;
use super::mask::{self, boundary};
use super::paint::Colour;
use super::remedy;
use crate::model::visible::{code_point, hides, visible};
use crate::model::{Finding, Place, Severity};
use crate::spec::Source;

/// All findings in their order, then one line that counts them; nothing where there are none.
pub fn text(findings: &[Finding], sources: &[Source], colour: Colour, width: usize) -> String {
    if findings.is_empty() {
        return String::new();
    }
    let frame = Frame::new(findings, sources, colour, width);
    let mut text = String::new();
    for finding in findings {
        text.push_str(&frame.finding(finding));
        text.push_str("\n\n");
    }
    text.push_str(&summary(findings));
    text.push('\n');
    text
}

/// `3 errors, 1 warning in 2 files`.
pub fn summary(findings: &[Finding]) -> String {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let parts: Vec<String> =
        [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Info, "remark")]
            .into_iter()
            .filter_map(|(severity, word)| match count(severity) {
                0 => None,
                1 => Some(format!("1 {word}")),
                number => Some(format!("{number} {word}s")),
            })
            .collect();
    let files: BTreeSet<&str> =
        findings.iter().filter_map(|finding| finding.places.first()).map(|(place, _)| &*place.file).collect();
    match files.len() {
        0 => parts.join(", "),
        1 => format!("{} in 1 file", parts.join(", ")),
        number => format!("{} in {number} files", parts.join(", ")),
    }
}

struct Frame<'f> {
    texts: BTreeMap<&'f str, &'f str>,
    /// What must not be shown, by file, sorted by its start.
    hidden: BTreeMap<&'f str, Vec<Range<usize>>>,
    renderer: Renderer,
    /// Characters of a line that are shown.
    columns: usize,
    /// Characters of the terminal's line.
    width: usize,
}

impl<'f> Frame<'f> {
    fn new(findings: &'f [Finding], sources: &'f [Source], colour: Colour, width: usize) -> Frame<'f> {
        // Of a narrow terminal the gutter alone would leave nothing.
        const GUTTER: usize = 10;
        const COLUMNS_MIN: usize = 40;
        let mut hidden: BTreeMap<&str, Vec<Range<usize>>> = BTreeMap::new();
        for place in findings.iter().flat_map(|finding| &finding.hidden) {
            hidden.entry(&place.file).or_default().push(place.start..place.end);
        }
        for ranges in hidden.values_mut() {
            ranges.sort_by_key(|range| range.start);
        }
        let renderer = match colour {
            Colour::Never => Renderer::plain(),
            Colour::Always => Renderer::styled(),
        };
        Frame {
            texts: sources.iter().map(|source| (&*source.name, &*source.text)).collect(),
            hidden,
            // Lines are cut here already.
            renderer: renderer.term_width(usize::MAX / 4),
            columns: width.saturating_sub(GUTTER).max(COLUMNS_MIN),
            width,
        }
    }

    fn finding(&self, finding: &Finding) -> String {
        let level = match finding.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Info => Level::INFO,
        };
        // `error[code]: ` stands before the first line, and the lines below it are set in as far.
        let before = level_word(finding.severity).len() + finding.code.len() + "[]: ".len();
        let message = fitted(&visible(&finding.message), self.width, before);
        let mut group = Group::with_title(level.primary_title(message).id(finding.code));
        for (index, (place, label)) in finding.places.iter().enumerate() {
            let kind = if index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
            group = group.element(origin(place));
            if let Some(line) = self.line(place) {
                let mut mark = kind.span(line.mark);
                if !label.is_empty() {
                    mark = mark.label(visible(label));
                }
                let number = usize::try_from(place.line).unwrap_or(1);
                group = group.element(Snippet::source(line.text).line_start(number).annotation(mark));
            }
        }
        if let Some(remedy) = &finding.remedy {
            group =
                group.element(Level::HELP.message(fitted(&visible(&remedy::text(remedy)), self.width, HELP)));
        }
        without_empty_origins(&self.renderer.render(&[group]))
    }

    /// The line of a place as it may be shown; `None` where its text is not at hand.
    fn line(&self, place: &Place) -> Option<Line> {
        let text = self.texts.get(&*place.file)?;
        let empty = Vec::new();
        let hidden = self.hidden.get(&*place.file).unwrap_or(&empty);
        let start = boundary(text, place.start);
        // Of a line that is longer than this, its ends make no difference to what is shown.
        const LINE_SEARCHED_MAX: usize = 8 * 1024;
        let from = boundary(text, start.saturating_sub(LINE_SEARCHED_MAX));
        let to = boundary(text, start.saturating_add(LINE_SEARCHED_MAX));
        let line_start = text[from..start].rfind(['\n', '\r']).map_or(from, |at| from + at + 1);
        let line_end = text[start..to].find(['\n', '\r']).map_or(to, |at| start + at);
        let end = boundary(text, place.end).clamp(start, line_end);
        let window = window(text, line_start..line_end, start..end, self.columns);
        let secret = mask::hidden(text, line_start..line_end, window.clone(), hidden);
        Some(Line::new(text, window, start..end, &secret, line_start, line_end))
    }
}

/// A sentence broken at its spaces, for a place where so many columns are taken before each of its lines. What has no
/// space to break at, such as a path, stays whole.
fn fitted(sentence: &str, width: usize, before: usize) -> String {
    wrap(sentence, width.saturating_sub(before).max(TEXT_MIN), 0)
}

/// The columns before a finding's next act: the gutter, `= help: `.
const HELP: usize = 14;

/// Narrower than this a sentence is not read, whatever the terminal is.
const TEXT_MIN: usize = 40;

const fn level_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

/// The origin is given apart from the snippet, since the column is that of the author's line, not of the part of
/// it that is shown. The renderer then writes an empty origin for the snippet too, which says nothing.
fn without_empty_origins(rendered: &str) -> String {
    let lines: Vec<&str> = rendered.lines().filter(|line| uncoloured(line).trim() != ":::").collect();
    lines.join("\n")
}

/// A line without its colours.
fn uncoloured(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let mut text = parts.next().unwrap_or_default().to_string();
    for part in parts {
        text.push_str(part.split_once('m').map_or("", |(_, rest)| rest));
    }
    text
}

fn origin(place: &Place) -> Origin<'static> {
    Origin::path(visible(&place.file).into_owned())
        .line(usize::try_from(place.line).unwrap_or(1))
        .char_column(usize::try_from(place.column).unwrap_or(1))
}

/// The part of a line that is shown: the mark, some of what is before it, and what fits after it.
fn window(text: &str, line: Range<usize>, mark: Range<usize>, columns: usize) -> Range<usize> {
    let fits = text[line.clone()].char_indices().nth(columns).is_none();
    if fits {
        return line;
    }
    let lead = columns / 3;
    let start = text[line.start..mark.start]
        .char_indices()
        .rev()
        .nth(lead)
        .map_or(line.start, |(at, _)| line.start + at);
    let end = text[start..line.end].char_indices().nth(columns).map_or(line.end, |(at, _)| start + at);
    start..end
}

/// A line that may be shown, and the bytes of it that are marked.
struct Line {
    text: String,
    mark: Range<usize>,
}

impl Line {
    fn new(
        source: &str,
        window: Range<usize>,
        mark: Range<usize>,
        secret: &[Range<usize>],
        line_start: usize,
        line_end: usize,
    ) -> Line {
        const MASK: &str = "***";
        let mut text = String::with_capacity(window.len() + 16);
        let (mut from, mut to) = (None, None);
        if window.start > line_start {
            text.push('…');
        }
        let mut at = window.start;
        let mut ranges = secret.iter().peekable();
        while at <= window.end {
            if at >= mark.start && from.is_none() {
                from = Some(text.len());
            }
            if at >= mark.end && to.is_none() {
                to = Some(text.len());
            }
            if at == window.end {
                break;
            }
            if let Some(range) = ranges.next_if(|range| range.start <= at && at < range.end) {
                if range.contains(&mark.start) && from.is_none() {
                    from = Some(text.len());
                }
                text.push_str(MASK);
                at = range.end.min(window.end);
                continue;
            }
            // A mask of another text than this may end within a character.
            let Some(c) = source.get(at..window.end).and_then(|rest| rest.chars().next()) else { break };
            // A tab is shown as the renderer shows it; all else that hides has a sign.
            match hides(c) && c != '\t' {
                true => text.push_str(&code_point(c)),
                false => text.push(c),
            }
            at += c.len_utf8();
        }
        let (shown_end, from) = (text.len(), from.unwrap_or(text.len()));
        if window.end < line_end {
            text.push('…');
        }
        let to = to.unwrap_or(shown_end).max(from);
        Line { text, mark: from..to }
    }
}
