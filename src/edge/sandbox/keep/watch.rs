//! What changed since it was last handed over.

use std::collections::BTreeSet;

use tokio::sync::{mpsc, oneshot};

use super::super::world::World;
use super::changes::{AccountRow, Changes, DomainRow, Parcel, Small, Watch};
use super::rows;

impl Small {
    /// Every field of a world is named here, so that a new one is decided on: kept in the file, or not.
    pub(super) fn of(world: &World) -> Small {
        let World {
            server,
            licence,
            counts,
            switches_new,
            stopped,
            writes,
            // Have tables of their own.
            domains: _,
            accounts: _,
            // Follow from what is kept.
            domain_names: _,
            with_aliases: _,
            forced: _,
            // End with the process, or are given to it anew.
            sessions: _,
            calls: _,
            tarpit_ms: _,
            watch: _,
            exchanges: _,
            switches: _,
            lags: _,
            faults: _,
            challenges: _,
            clock_ahead_s: _,
            login_bars: _,
            second: _,
            refused_logins: _,
        } = world;
        Small {
            server: server.clone(),
            licence: licence.clone(),
            highest: counts.highest,
            switches_new: *switches_new,
            stopped: *stopped,
            writes: *writes,
        }
    }

    /// The same as `Small::of(world) == *self`, without a copy: it is asked after every call.
    fn holds(&self, world: &World) -> bool {
        self.writes == world.writes
            && self.highest == world.counts.highest
            && self.switches_new == world.switches_new
            && self.stopped == world.stopped
            && self.server == world.server
            && self.licence == world.licence
    }
}

impl Watch {
    pub(super) fn of(world: &World, out: mpsc::UnboundedSender<Parcel>) -> Watch {
        Watch { accounts: BTreeSet::new(), domains: BTreeSet::new(), stored: Small::of(world), out }
    }
}

impl World {
    pub(in super::super) fn touch_account(&mut self, id: u32) {
        if let Some(watch) = &mut self.watch {
            watch.accounts.insert(id);
        }
    }

    pub(in super::super) fn touch_domain(&mut self, place: u32) {
        if let Some(watch) = &mut self.watch {
            watch.domains.insert(place);
        }
    }

    /// Hands over what changed since the last time. To be called before the world is unlocked, so that changes
    /// are stored in the order in which they came about. `None`: nothing changed, or nothing is kept.
    pub(in super::super) fn hand_over(&mut self) -> Option<oneshot::Receiver<()>> {
        let watch = self.watch.as_ref()?;
        if watch.accounts.is_empty() && watch.domains.is_empty() && watch.stored.holds(self) {
            return None;
        }
        let changes = self.changes(watch);
        let small = Small::of(self);
        let watch = self.watch.as_mut()?;
        watch.accounts.clear();
        watch.domains.clear();
        watch.stored = small;
        let (stored, told) = oneshot::channel();
        // Where nobody takes it any more, `told` says so.
        drop(watch.out.send((changes, stored)));
        Some(told)
    }

    fn changes(&self, watch: &Watch) -> Changes {
        let small = Small::of(self);
        Changes {
            accounts: watch.accounts.iter().map(|id| (*id, AccountRow::of(self, *id))).collect(),
            domains: watch.domains.iter().map(|place| (*place, DomainRow::of(self, *place))).collect(),
            server: rows::server_changes(&watch.stored.server, &small.server),
            facts: if small == watch.stored { Vec::new() } else { rows::facts(&small) },
        }
    }

    /// Stores what was changed by other ways than an exchange over HTTP, as tests and rehearsals do. `false`:
    /// it could not be stored. Without a file there is nothing to store, which is well.
    pub fn stored(&mut self) -> impl Future<Output = bool> + Send + 'static {
        let told = self.hand_over();
        async move {
            match told {
                Some(told) => told.await.is_ok(),
                None => true,
            }
        }
    }
}
