//! How a text fits its terminal.

use super::paint::Colour;

/// How a text is laid out.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    pub colour: Colour,
    /// Columns of the terminal.
    pub width: usize,
    /// Show every change; otherwise a [`sample`](super::text::SAMPLE) of each rule.
    pub full: bool,
}

/// Text broken at spaces, every line indented.
pub fn wrap(text: &str, width: usize, indent: usize) -> String {
    let room = width.saturating_sub(indent).max(20);
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().map_or(0, |line| line.chars().count());
        if line > 0 && line + 1 + word.chars().count() > room {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    let pad = " ".repeat(indent);
    lines.iter().map(|line| format!("{pad}{line}")).collect::<Vec<_>>().join("\n")
}

/// Likewise, and the first line begins where it stands.
pub fn hang(text: &str, width: usize, indent: usize) -> String {
    wrap(text, width, indent).trim_start().to_owned()
}
