//! Ctrl-C, SIGTERM and SIGHUP, as a wish to end that the engine hears.

use tokio::runtime::Runtime;

use crate::edge::engine::{Stop, Stopper};

/// Passes on the signals from here on, until the runtime ends.
pub fn listen(runtime: &Runtime) -> Stop {
    // Entering it is what lets a signal be listened to outside of a task.
    let entered = runtime.enter();
    survive_full_files();
    drop(entered);
    let (stopper, stop) = Stopper::new();
    runtime.spawn(async move {
        loop {
            signal().await;
            stopper.stop();
        }
    });
    stop
}

/// Ends at the next Ctrl-C or SIGTERM, or when the terminal is gone.
pub async fn signal() {
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = unix(Ending::Terminate) => {}
        () = unix(Ending::Hangup) => {}
    }
}

/// A file that may grow no more (`ulimit -f`) is an error of the write then, which is told, and not the end of the
/// program without a word: once somebody has listened to a signal, the system does not end the program by it.
#[cfg(unix)]
pub fn survive_full_files() {
    /// SIGXFSZ, as Linux (but on MIPS), macOS and the BSDs number it.
    const FILE_SIZE: i32 = 25;
    drop(tokio::signal::unix::signal(tokio::signal::unix::SignalKind::from_raw(FILE_SIZE)));
}

/// Elsewhere there is no such signal.
#[cfg(not(unix))]
pub fn survive_full_files() {}

enum Ending {
    Terminate,
    Hangup,
}

#[cfg(unix)]
async fn unix(kind: Ending) {
    use tokio::signal::unix::{SignalKind, signal};
    let kind = match kind {
        // `nohup` wants the program to outlive its terminal, and listening would undo that.
        Ending::Hangup if ignores_hangup() => return std::future::pending().await,
        Ending::Hangup => SignalKind::hangup(),
        Ending::Terminate => SignalKind::terminate(),
    };
    match signal(kind) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn unix(_: Ending) {
    std::future::pending().await
}

/// Whether the program was started with SIGHUP ignored, asked before anybody listens for it. Only Linux tells.
#[cfg(unix)]
fn ignores_hangup() -> bool {
    static IGNORES: std::sync::LazyLock<bool> = std::sync::LazyLock::new(|| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        // SIGHUP is number 1, the lowest bit.
        mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
    });
    *IGNORES
}
