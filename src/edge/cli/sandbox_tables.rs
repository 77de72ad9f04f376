//! What `sandbox` offers, as its help and `list` show it.

use crate::edge::sandbox::{FAULT_FORM, FAULTS, NOT_OFFERED, SWITCHES};

/// The switches and the faults there are, in 80 columns.
pub fn tables() -> String {
    let mut out = "Switches (the first position of each is what a server does anyway):\n".to_owned();
    for row in SWITCHES {
        out.push_str(&entry("  ", 6, row.id, row.asks));
        for position in row.positions {
            out.push_str(&entry("        ", 17, position.name, position.meaning));
        }
    }
    out.push_str("No switches:\n");
    for (id, why) in NOT_OFFERED {
        out.push_str(&entry("  ", 6, id, why));
    }
    out.push_str("Faults:\n");
    for (kind, meaning) in FAULTS {
        out.push_str(&entry("  ", 15, kind, meaning));
    }
    out + &entry("", 9, "The form:", FAULT_FORM)
}

/// A name and a text beside it, wrapped where 80 columns end.
fn entry(indent: &str, width: usize, name: &str, text: &str) -> String {
    let mut lines = vec![format!("{indent}{name:width$}")];
    let margin = indent.len() + width;
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= 80 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("{}{word}", " ".repeat(margin + 1))),
        }
    }
    lines.join("\n") + "\n"
}
