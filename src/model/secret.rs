//! Where a secret is kept. The secret itself never enters the pure half.

use std::fmt;
use std::path::PathBuf;

/// A reference to a secret. It is safe to show: it says where to look, not what is there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretRef {
    /// The name of an environment variable.
    Env(String),
    /// A file whose content, less one line end, is the secret.
    File(PathBuf),
    /// A command (program and arguments, no shell) whose standard output, less one line end, is the secret.
    Exec(Vec<String>),
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretRef::Env(name) => write!(f, "env {name}"),
            SecretRef::File(path) => write!(f, "file {}", path.display()),
            SecretRef::Exec(command) => write!(f, "exec {}", command.first().map_or("", String::as_str)),
        }
    }
}

/// Whether a text stands for a secret that is not shown (U-12): nothing but stars or dots.
pub fn is_masked(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| matches!(c, '*' | '•' | '●'))
}
