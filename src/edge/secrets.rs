//! From where a secret is kept to the secret itself.
//!
//! A [`Secret`] has no `Display`, no `Serialize`, and a `Debug` that shows nothing, so it cannot slip into a
//! message; it is overwritten when it is dropped. Copies that a library makes on the way (a request's text) are
//! not: Rust gives no hold on them.

use std::fmt;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use super::children;
use crate::model::{Remedy, SecretRef};

/// No password is longer; a file or command that gives more is the wrong one.
const BYTES_MAX: usize = 64 * 1024;

/// A password manager may ask a server, or a person; few wait longer for a password, and those say so.
const EXEC_LIMIT: Duration = Duration::from_secs(30);

/// The variable of the environment with another limit for a command, in whole seconds.
pub const EXEC_SECONDS: &str = "ICEWARDEN_EXEC_SECONDS";

/// Longer than an hour would be no limit.
const EXEC_SECONDS_MAX: u64 = 3600;

/// Of what a command says on its error output this much is shown.
const STDERR_CHARS: usize = 400;

/// A secret in memory.
pub struct Secret(Vec<u8>);

impl Secret {
    /// From here on the text is wiped when it is dropped, and no `Debug` shows it.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into().into_bytes())
    }

    /// The secret itself, for the one place that sends it.
    pub fn reveal(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl From<Vec<u8>> for Secret {
    /// The bytes are taken over, not copied.
    fn from(bytes: Vec<u8>) -> Secret {
        Secret(bytes)
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.fill(0);
        // Without a reader the compiler may leave the writes out.
        std::hint::black_box(&self.0);
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A secret that could not be had. It names where it was looked for, never what was found.
#[derive(Debug, thiserror::Error)]
#[error("the secret from {reference} cannot be had")]
pub struct SecretError {
    pub reference: SecretRef,
    #[source]
    pub why: Absence,
}

/// Why there is no secret. No variant holds any of its text.
#[derive(Debug, thiserror::Error)]
pub enum Absence {
    #[error("the variable is not set")]
    NotSet,
    #[error("it is empty")]
    Empty,
    #[error("it is not UTF-8")]
    NotUtf8,
    /// No password has this by intent, and a refused login makes the server slower each time (U-16).
    #[error("{0}")]
    Odd(Oddity),
    #[error("it is larger than 64 KiB")]
    TooLarge,
    #[error("it is a folder, a pipe or a device, and no file")]
    NoFile,
    #[error("it cannot be read")]
    File(#[source] io::Error),
    #[error("the command cannot be started")]
    Start(#[source] io::Error),
    #[error("the reference names no command")]
    NoCommand,
    #[error("the limit in {EXEC_SECONDS} is no whole number from 1 to {EXEC_SECONDS_MAX}")]
    Limit,
    #[error("the command did not end within {} s and was stopped", .0.as_secs())]
    Late(Duration),
    #[error("the command {status}{}", said(.stderr))]
    Failed { status: String, stderr: String },
}

/// What a secret holds that nobody typed on purpose. It says where, and nothing of the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Oddity {
    #[error("it begins with a byte order mark (U+FEFF)")]
    Mark,
    #[error("it begins with a blank")]
    BlankBefore,
    #[error("it ends with a blank")]
    BlankAfter,
    #[error("it goes on after the end of its first line: a secret is one line")]
    Lines,
    #[error("it holds the control character U+{:04X}", u32::from(*.0))]
    Control(char),
    #[error("it holds U+{:04X}, which nobody can see", u32::from(*.0))]
    Invisible(char),
}

impl Oddity {
    /// The first that a secret has.
    fn of(secret: &str) -> Option<Oddity> {
        let odd = |character: char| match character {
            '\n' | '\r' => Some(Oddity::Lines),
            _ if character.is_control() => Some(Oddity::Control(character)),
            '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}' => Some(Oddity::Invisible(character)),
            _ => None,
        };
        if secret.starts_with('\u{feff}') {
            return Some(Oddity::Mark);
        }
        secret.chars().find_map(odd).or_else(|| match () {
            () if secret.starts_with(char::is_whitespace) => Some(Oddity::BlankBefore),
            () if secret.ends_with(char::is_whitespace) => Some(Oddity::BlankAfter),
            () => None,
        })
    }
}

fn said(stderr: &str) -> String {
    if stderr.is_empty() { String::new() } else { format!(" and said: {stderr}") }
}

impl SecretError {
    /// What to do next.
    pub fn remedy(&self) -> Remedy {
        match self.why {
            Absence::Late(_) => {
                return Remedy::Check(format!(
                    "by running it: the command must not ask for anything; one that is slow may have more seconds by \
                     the environment variable {EXEC_SECONDS}"
                ));
            }
            Absence::NoFile => {
                return Remedy::EditSpec(
                    "name a file that holds the secret, or the command that prints it with {exec: [...]}"
                        .to_owned(),
                );
            }
            Absence::Odd(_) => {
                let place = match &self.reference {
                    SecretRef::Env(name) => format!("the variable {name}"),
                    SecretRef::File(path) => format!("the file {}", path.display()),
                    SecretRef::Exec(_) => "what the command prints".to_owned(),
                };
                return Remedy::Check(format!(
                    "{place}, and write the secret alone there: `printf %s` adds nothing to it, and an editor may have to \
                     be told to leave the byte order mark out; one line end after it is not part of it"
                ));
            }
            Absence::Limit => return Remedy::Check(format!("the environment variable {EXEC_SECONDS}")),
            _ => {}
        }
        Remedy::Check(match &self.reference {
            SecretRef::Env(name) => format!("that the environment variable {name} holds the secret"),
            SecretRef::File(path) => {
                format!("that the file {} holds the secret and nothing else, and may be read", path.display())
            }
            SecretRef::Exec(_) => {
                "by running it: the command must print the secret, and nothing else, and end with 0"
                    .to_owned()
            }
        })
    }
}

/// Gets a secret. One line end after it is not part of it.
pub async fn resolve(reference: &SecretRef) -> Result<Secret, SecretError> {
    let limit = match std::env::var(EXEC_SECONDS) {
        Ok(seconds) => match seconds.parse() {
            Ok(seconds @ 1..=EXEC_SECONDS_MAX) => Duration::from_secs(seconds),
            _ => return Err(SecretError { reference: reference.clone(), why: Absence::Limit }),
        },
        Err(_) => EXEC_LIMIT,
    };
    resolve_within(reference, limit).await
}

/// The same with another limit on how long a command may take.
pub async fn resolve_within(reference: &SecretRef, limit: Duration) -> Result<Secret, SecretError> {
    let bytes = match reference {
        SecretRef::Env(name) => match std::env::var_os(name) {
            Some(value) => Ok(value.into_encoded_bytes()),
            None => Err(Absence::NotSet),
        },
        SecretRef::File(path) => file(path).await,
        SecretRef::Exec(command) => exec(command, limit).await,
    };
    bytes.and_then(secret).map_err(|why| SecretError { reference: reference.clone(), why })
}

fn secret(bytes: Vec<u8>) -> Result<Secret, Absence> {
    // From here on every way out overwrites the bytes.
    let mut secret = Secret(bytes);
    if secret.0.len() > BYTES_MAX {
        return Err(Absence::TooLarge);
    }
    if std::str::from_utf8(&secret.0).is_err() {
        return Err(Absence::NotUtf8);
    }
    if secret.0.last() == Some(&b'\n') {
        secret.0.pop();
        if secret.0.last() == Some(&b'\r') {
            secret.0.pop();
        }
    }
    if secret.0.is_empty() {
        return Err(Absence::Empty);
    }
    match Oddity::of(secret.reveal()) {
        Some(oddity) => Err(Absence::Odd(oddity)),
        None => Ok(secret),
    }
}

async fn file(path: &Path) -> Result<Vec<u8>, Absence> {
    // Opening a pipe would wait for its writer, and nothing could end that.
    if !tokio::fs::metadata(path).await.map_err(Absence::File)?.is_file() {
        return Err(Absence::NoFile);
    }
    let mut file = tokio::fs::File::open(path).await.map_err(Absence::File)?;
    bounded(&mut file).await.map_err(Absence::File)
}

/// Reads at most one byte more than a secret may have.
async fn bounded(source: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    // Room for all of it at once: a vector that grows leaves copies of the secret behind.
    let mut bytes = Vec::with_capacity(BYTES_MAX + 2);
    source.take(BYTES_MAX as u64 + 1).read_to_end(&mut bytes).await?;
    Ok(bytes)
}

async fn exec(command: &[String], limit: Duration) -> Result<Vec<u8>, Absence> {
    let Some((program, arguments)) = command.split_first() else { return Err(Absence::NoCommand) };
    let mut command = Command::from(children::command(program));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut family = children::Family::start(command).map_err(Absence::Start)?;
    // However this ends – an answer, the limit, a stop that drops it – the family ends with it.
    match tokio::time::timeout(limit, output(&mut family.child)).await {
        Ok(answer) => answer,
        Err(_) => Err(Absence::Late(limit)),
    }
}

async fn output(child: &mut Child) -> Result<Vec<u8>, Absence> {
    let (stdout, stderr) = tokio::join!(printed(child.stdout.take()), complained(child.stderr.take()));
    let stdout = stdout.map_err(Absence::File)?;
    if stdout.len() > BYTES_MAX {
        return Err(Absence::TooLarge);
    }
    let status = child.wait().await.map_err(Absence::File)?;
    if status.success() {
        return Ok(stdout);
    }
    drop(Secret(stdout));
    let status = match status.code() {
        Some(code) => format!("ended with {code}"),
        None => "was stopped by a signal".to_owned(),
    };
    Err(Absence::Failed { status, stderr: shown(&stderr.unwrap_or_default()) })
}

/// The pipe is closed when more came than a secret has, so that the command does not wait for a reader.
async fn printed(source: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    match source {
        Some(mut source) => bounded(&mut source).await,
        None => Ok(Vec::new()),
    }
}

/// The beginning is kept and the rest read and dropped: a command may say on this pipe what it likes.
async fn complained(source: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let Some(mut source) = source else { return Ok(Vec::new()) };
    let kept = bounded(&mut source).await?;
    tokio::io::copy(&mut source, &mut tokio::io::sink()).await?;
    Ok(kept)
}

/// One line of it, without control characters.
fn shown(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    let line = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(STDERR_CHARS) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}
