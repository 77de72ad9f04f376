//! Where in the author's text something stands.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A range of one file. Lines and columns count from 1, columns in characters, as editors do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The path as the user gave it, with `/` between its parts.
    pub file: Arc<str>,
    pub line: u32,
    pub column: u32,
    /// Byte offsets into the file, for showing the line.
    pub start: usize,
    pub end: usize,
}

impl Place {
    /// The path of a file that is named here: relative to the folder of the file that names it.
    pub fn beside(&self, path: &Path) -> PathBuf {
        Path::new(&*self.file).parent().unwrap_or(Path::new("")).join(path)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}
