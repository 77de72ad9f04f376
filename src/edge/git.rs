//! The commit that a spec was taken from, as the system's `git` tells it. Where there is no Git, no repository or no
//! answer in time, there is no commit: nothing depends on it but what a person is told later.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use super::children;

/// A commit, and whether the spec's files were otherwise than in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    pub id: String,
    pub dirty: bool,
}

/// How long Git may take; a large repository on a cold disk is slow to say what changed.
const LIMIT: Duration = Duration::from_secs(5);

/// The commit of the folder that a spec stands in.
pub async fn commit(spec: &Path) -> Option<Commit> {
    let folder = if spec.is_dir() { spec } else { spec.parent()? };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let of = if spec.is_dir() { Path::new(".") } else { Path::new(spec.file_name()?) };
    let asked = async {
        let id = git(folder, &["rev-parse", "--verify", "HEAD"], None).await?;
        let status =
            git(folder, &["status", "--porcelain", "--ignore-submodules=dirty", "--"], Some(of)).await?;
        Some(Commit { id: id.trim().to_owned(), dirty: !status.trim().is_empty() })
    };
    tokio::time::timeout(LIMIT, asked).await.ok()?
}

/// What a command of Git prints, if it succeeds.
async fn git(folder: &Path, args: &[&str], path: Option<&Path>) -> Option<String> {
    let mut command = Command::from(children::command("git"));
    // Neither a monitor that a configuration names nor a lock of the index: this only looks.
    command.args(["--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]);
    // A spec's folder may be laid out like a repository's inside, with a configuration whose filters are commands.
    // Whoever wrote the spec wrote that too. What is in a `.git` nobody can commit, so that is the user's own.
    command
        .args(["-c", "safe.bareRepository=explicit", "-c", "protocol.ext.allow=never", "-C"])
        .arg(folder)
        .args(args)
        .args(path);
    // Of the environment it needs where programs and its configuration are.
    command.env_clear();
    for name in ["PATH", "HOME", "XDG_CONFIG_HOME", "SYSTEMROOT"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
