//! What the commands that talk to servers run on.

use futures_util::{StreamExt as _, stream};
use tokio::runtime::{Builder, Runtime};

use super::error::CliError;
use super::exit::Exit;
use super::signals;
use crate::edge::engine::Stop;

/// How many servers are worked on at once. Each is read over connections of its own, and held whole meanwhile.
const AT_ONCE: usize = 8;

/// The runtime, and what hears Ctrl-C and SIGTERM from here on.
///
/// # Errors
/// The system has no file handles or threads left.
pub fn session_runtime() -> Result<(Sessions, Stop), CliError> {
    let runtime = room_for_files().and_then(|()| Builder::new_current_thread().enable_all().build());
    let runtime = runtime.map_err(|error| {
        CliError::new(Exit::Failed, format!("the program cannot start its work: {error}"))
            .next("allow it more open files (`ulimit -n`), then run it again")
    })?;
    let stop = signals::listen(&runtime);
    Ok((Sessions { runtime: Some(runtime), stop: stop.clone() }, stop))
}

/// How many files are open at once at the least: what hears signals, the store with its log and locks, one connection.
const FILES_MIN: usize = 16;

/// Whether that many can be opened. What hears signals would panic for want of them, and give no error.
///
/// # Errors
/// They cannot.
pub fn room_for_files() -> std::io::Result<()> {
    let here = std::env::current_exe()?;
    let mut held = Vec::with_capacity(FILES_MIN);
    for _ in 0..FILES_MIN {
        held.push(std::fs::File::open(&here)?);
    }
    Ok(())
}

/// The runtime. Once somebody wants the program to end, no thread of it is waited for: one may hang in the operating
/// system for ever, such as in a file of a network that is gone.
pub struct Sessions {
    runtime: Option<Runtime>,
    stop: Stop,
}

impl std::ops::Deref for Sessions {
    type Target = Runtime;

    #[expect(clippy::expect_used, reason = "it is taken only when it is dropped")]
    fn deref(&self) -> &Runtime {
        self.runtime.as_ref().expect("it is taken only when it is dropped")
    }
}

impl Drop for Sessions {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take()
            && self.stop.is_asked()
        {
            runtime.shutdown_background();
        }
    }
}

/// Works on every server, some side by side; what came of each is given in the order of the spec. One that is
/// down or slow holds up no other.
pub async fn side_by_side<T, R, F: Future<Output = R>>(
    items: impl IntoIterator<Item = T>,
    work: impl FnMut(T) -> F,
) -> Vec<R> {
    stream::iter(items).map(work).buffered(AT_ONCE).collect().await
}
