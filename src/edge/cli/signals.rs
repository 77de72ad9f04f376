//! Ctrl-C and SIGTERM. Each server that is worked on hears every one of them for itself.

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
    /// Ends at Ctrl-C or SIGTERM, once for each.
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

/// Ends at the next Ctrl-C or SIGTERM.
pub async fn signal() {
    let terminate = async {
        #[cfg(unix)]
        if let Ok(mut signal) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            signal.recv().await;
            return;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
}
