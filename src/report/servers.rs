//! What came of each server, where a command had several.

use std::fmt::Write as _;

use super::layout::Layout;
use super::paint::Tone;
use crate::model::grouped;

/// One server's line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerRow {
    pub server: String,
    /// How it ended, in a word or three.
    pub outcome: &'static str,
    /// Under the heads; absent where nothing could be counted.
    pub numbers: Option<[u64; 4]>,
    /// The exit code it would have alone.
    pub exit: u8,
}

/// What is longer is shortened in its middle: names often differ at their ends.
const NAME_MAX: usize = 20;

/// A table of all servers, and how many of them ended well; empty for a single one.
pub fn table(heads: [&str; 4], rows: &[ServerRow], layout: Layout) -> String {
    if rows.len() < 2 {
        return String::new();
    }
    let longest = rows.iter().map(|row| row.server.chars().count()).max().unwrap_or_default();
    let name = longest.clamp(10, NAME_MAX);
    let head = format!(
        "{:name$}  {:16} {:>7} {:>8} {:>8} {:>9} {:>4}",
        "Servers", "outcome", heads[0], heads[1], heads[2], heads[3], "exit"
    );
    let mut out = layout.colour.paint(Tone::Heading, &head) + "\n";
    for row in rows {
        let number = |index: usize| row.numbers.map_or("-".to_owned(), |numbers| grouped(numbers[index]));
        let tone = match row.exit {
            0 => Tone::Good,
            2 => Tone::Careful,
            _ => Tone::Bad,
        };
        let _ = writeln!(
            out,
            "{:name$}  {} {:>7} {:>8} {:>8} {:>9} {:>4}",
            shortened(&row.server),
            layout.colour.paint(tone, &format!("{:16}", row.outcome)),
            number(0),
            number(1),
            number(2),
            number(3),
            row.exit
        );
    }
    out
}

fn shortened(name: &str) -> String {
    let count = name.chars().count();
    if count <= NAME_MAX {
        return name.to_owned();
    }
    let begin: String = name.chars().take(NAME_MAX / 2 - 1).collect();
    let end: String = name.chars().skip(count - NAME_MAX / 2).collect();
    format!("{begin}…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Colour;

    #[test]
    fn one_server_needs_no_table_and_each_of_two_has_a_line_within_80_columns() {
        let row = |server: &str, outcome, numbers, exit| ServerRow {
            server: server.to_owned(),
            outcome,
            numbers,
            exit,
        };
        let layout = Layout { colour: Colour::Never, width: 80, full: false };
        let heads = ["claims", "releases", "settings", "blocked"];
        let one = [row("eu", "changes", Some([1, 2, 3, 4]), 0)];
        assert_eq!(table(heads, &one, layout), "");
        let [one] = one;
        let down = row("frankfurt-and-its-surrounds", "not reachable", None, 69);
        let text = table(heads, &[one, down], layout);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|line| line.chars().count() <= 80), "{text}");
        assert!(lines[1].starts_with("eu ") && lines[1].ends_with(" 0"), "{text}");
        assert!(lines[2].starts_with("frankfurt…-surrounds  not"), "{text}");
        assert!(lines[2].ends_with("-   69") && lines[2].contains("not reachable"), "{text}");
    }
}
