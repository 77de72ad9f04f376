//! Ctrl-C, SIGTERM and SIGHUP. Each server that is worked on hears every one of them for itself.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// How often one of them came.
static CAME: AtomicUsize = AtomicUsize::new(0);

/// Wakes whoever waits for the next.
static NEXT: Notify = Notify::const_new();

/// Counts the signals from here on, until the runtime ends.
pub fn listen(runtime: &tokio::runtime::Runtime) {
    runtime.spawn(async {
        loop {
            signal().await;
            CAME.fetch_add(1, Ordering::SeqCst);
            NEXT.notify_waiters();
        }
    });
}

/// Whether one came; then nothing new is begun.
pub fn was_interrupted() -> bool {
    CAME.load(Ordering::SeqCst) > 0
}

/// Whether a second one came; then nothing is waited for, not even a logout.
pub fn must_end_now() -> bool {
    CAME.load(Ordering::SeqCst) > 1
}

/// Hears each signal once. One that comes while nobody waits is not lost.
#[derive(Debug, Default)]
pub struct Ear {
    heeded: Cell<usize>,
}

impl Ear {
    /// Ends at one of them, once for each.
    pub async fn interrupted(&self) {
        loop {
            // Made before the count is looked at, so that none slips in between.
            let next = NEXT.notified();
            if CAME.load(Ordering::SeqCst) > self.heeded.get() {
                self.heeded.set(self.heeded.get() + 1);
                return;
            }
            next.await;
        }
    }
}

/// Ends at the next Ctrl-C or SIGTERM, or when the terminal is gone.
pub async fn signal() {
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = unix(Kind::Terminate) => {}
        () = unix(Kind::Hangup) => {}
    }
}

enum Kind {
    Terminate,
    Hangup,
}

#[cfg(unix)]
async fn unix(kind: Kind) {
    use tokio::signal::unix::{SignalKind, signal};
    let kind = match kind {
        // `nohup` wants the program to outlive its terminal, and listening would undo that.
        Kind::Hangup if ignores_hangup() => return std::future::pending().await,
        Kind::Hangup => SignalKind::hangup(),
        Kind::Terminate => SignalKind::terminate(),
    };
    match signal(kind) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn unix(_: Kind) {
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
