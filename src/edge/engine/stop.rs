//! That somebody wants the work to end, as an argument.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::watch;

/// Asks for the end. The first time nothing more is begun; the second time nothing is waited for.
#[derive(Debug)]
pub struct Stopper(watch::Sender<usize>);

/// Knows how often the end was asked for. Clones know the same.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<usize>);

impl Stopper {
    /// A stopper, and what hears it.
    pub fn new() -> (Stopper, Stop) {
        let (sender, receiver) = watch::channel(0);
        (Stopper(sender), Stop(receiver))
    }

    /// Asks for the end once more.
    pub fn stop(&self) {
        self.0.send_modify(|asked| *asked += 1);
    }
}

impl Stop {
    /// Whether it was asked for; then nothing new is begun.
    pub fn is_asked(&self) -> bool {
        *self.0.borrow() > 0
    }

    /// Whether it was asked for twice; then nothing is waited for, not even a logout.
    pub fn is_urgent(&self) -> bool {
        *self.0.borrow() > 1
    }
}

/// Hears each asking once, for one server. One that comes while nobody listens is not lost.
#[derive(Debug)]
pub struct Ear {
    stop: Stop,
    heeded: AtomicUsize,
}

impl Ear {
    /// An ear that has heard nothing yet.
    pub fn new(stop: &Stop) -> Ear {
        Ear { stop: stop.clone(), heeded: AtomicUsize::new(0) }
    }

    /// What it listens to.
    pub fn stop(&self) -> &Stop {
        &self.stop
    }

    /// Ends at one of them, once for each.
    pub async fn interrupted(&self) {
        let mut asked = self.stop.0.clone();
        let heeded = self.heeded.load(Ordering::SeqCst);
        if asked.wait_for(|asked| *asked > heeded).await.is_err() {
            // Whoever could ask is gone, so nobody will.
            std::future::pending::<()>().await;
        }
        self.heeded.fetch_add(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use super::*;

    #[tokio::test]
    async fn each_ear_hears_each_asking_once() {
        let (stopper, stop) = Stopper::new();
        let (one, other) = (Ear::new(&stop), Ear::new(&stop));
        assert!(!stop.is_asked());
        stopper.stop();
        one.interrupted().await;
        assert!(stop.is_asked() && !stop.is_urgent());
        stopper.stop();
        one.interrupted().await;
        other.interrupted().await;
        other.interrupted().await;
        assert!(stop.is_urgent());
        let mut third = Box::pin(one.interrupted());
        assert!(third.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
}
