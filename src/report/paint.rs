//! Colour, which never carries meaning alone: every line also has a sign and a word.

/// Whether escape codes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    Never,
    Always,
}

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Good,
    Bad,
    Careful,
    Heading,
    Quiet,
}

impl Colour {
    /// The text in a tone. The codes are of the first eight colours, which every theme keeps legible.
    pub fn paint(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Good => "32",
            Tone::Bad => "31",
            Tone::Careful => "33",
            Tone::Heading => "1",
            Tone::Quiet => "2",
        };
        match self {
            Colour::Never => text.to_owned(),
            Colour::Always => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        }
    }
}
