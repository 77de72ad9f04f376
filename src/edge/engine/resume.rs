//! Runs that have not ended: which there are, and with what they go on. Whether one may is for `flow/resume`.

use std::path::Path;
use std::sync::Arc;

use super::keep::server_key;
use super::load::Loaded;
use crate::diff::Narrowing;
use crate::edge::git::Commit;
use crate::edge::store::{RunRow, StepTold, Store, StoreError};
use crate::flow::resume::{Approved, Came, Effect, SpecOrigin};
use crate::plan::Allow;
use crate::spec::meaning::{ServerSpec, Source};

/// A run to go on with.
pub struct Resumed {
    pub run: RunRow,
    pub(super) steps: Vec<StepTold>,
    pub allows: Vec<Allow>,
    pub narrowing: Narrowing,
    pub loaded: Arc<Loaded>,
    pub(super) spec: SpecOrigin,
}

impl Resumed {
    /// A run as the store holds it, to go on with by this spec.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn of(
        run: RunRow,
        loaded: Arc<Loaded>,
        spec: SpecOrigin,
        store: &Store,
    ) -> Result<Resumed, StoreError> {
        let narrowing = store.narrowing(run.id).await?;
        let (steps, allows) = (store.steps(run.id).await?, store.allows(run.id).await?);
        // What this version does not understand it does not grant: the guardrail then holds the rest.
        let allows = allows.iter().filter_map(|allow| Allow::of(allow).ok()).collect();
        Ok(Resumed { run, steps, allows, narrowing, loaded, spec })
    }

    /// Whether the store still says of it what was read: nobody else went on with it or ended it.
    pub(super) async fn is_as_it_was(&self, store: &Store) -> Result<bool, StoreError> {
        let key = &self.run.server_key;
        let open = store.all_unfinished(Some(key)).await?.iter().any(|run| run.id == self.run.id);
        Ok(open && store.steps(self.run.id).await? == self.steps)
    }

    /// The run's server in the spec.
    pub fn server(&self) -> Option<&ServerSpec> {
        self.loaded.spec.servers.iter().find(|server| server_key(server) == self.run.server_key)
    }

    /// A server of the spec that looks like the run's and is none: it is reached elsewhere, or another is pinned.
    pub fn mistaken(&self) -> Option<&ServerSpec> {
        let RunRow { server, url, .. } = &self.run;
        let like = |other: &&ServerSpec| other.name == *server || other.connection.target() == *url;
        self.loaded.spec.servers.iter().find(like)
    }

    /// The commit that the run's own spec was taken from.
    pub fn commit(&self) -> Option<&Commit> {
        self.run.commit.as_ref().filter(|_| self.spec == SpecOrigin::OfTheRun)
    }

    /// Its steps as they were approved, and how far it had come with each.
    pub(super) fn approved(&self) -> Vec<Approved<'_>> {
        approved(&self.steps)
    }
}

/// The steps of a run as they were approved.
pub(super) fn approved(steps: &[StepTold]) -> Vec<Approved<'_>> {
    steps.iter().map(approved_step).collect()
}

fn approved_step(told: &StepTold) -> Approved<'_> {
    let StepTold { step, begun, .. } = told;
    let came = match begun {
        _ if told.is_done() => Came::Done,
        Some(_) => Came::Begun,
        None => Came::NotBegun,
    };
    let effect = Effect {
        action: &step.action,
        address: &step.address,
        before: step.before.as_deref(),
        after: step.after.as_deref(),
        secret: step.secret.as_deref(),
    };
    Approved { effect, came }
}

/// The text of the spec that a run was begun with. Its files' names are made absolute: what the spec names lies beside
/// them, and this program may have been started elsewhere.
///
/// # Errors
/// The store cannot be read.
pub async fn sources_of(run: &RunRow, store: &Store) -> Result<Vec<Source>, StoreError> {
    let absolute = |source: Source| {
        let name = Path::new(&run.folder).join(&*source.name);
        Source { name: name.to_string_lossy().into(), text: source.text }
    };
    Ok(store.sources(run.id).await?.into_iter().map(absolute).collect())
}

/// The runs that no other has settled or taken the place of meanwhile.
///
/// # Errors
/// The store cannot be read.
pub async fn still_open(runs: Vec<Resumed>, store: &Store) -> Result<Vec<Resumed>, StoreError> {
    let mut open = Vec::new();
    for resumed in runs {
        if store.run(resumed.run.id).await?.is_some_and(|run| run.is_unfinished()) {
            open.push(resumed);
        }
    }
    Ok(open)
}
