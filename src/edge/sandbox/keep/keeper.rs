//! Who writes: one task, one connection, one commit for all calls that wait.

use sqlx::{Connection, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

use super::changes::Parcel;
use super::file::{self, KeepError};

/// So many calls share one commit at most; a crowd larger than that would wait too long for its first answer.
const PARCELS_AT_ONCE: usize = 256;

/// Stores what the world hands over. Nothing is stored, and so nothing answered, until [`Keeper::run`] is
/// awaited.
#[derive(Debug)]
pub struct Keeper {
    pub(super) connection: SqliteConnection,
    pub(super) parcels: mpsc::UnboundedReceiver<Parcel>,
}

impl Keeper {
    /// Runs until the world is gone and all of it is stored.
    ///
    /// # Errors
    /// Something could not be stored. `failed` is told at once; calls that wait, and all after them, are not
    /// answered as done.
    pub async fn run(mut self, failed: oneshot::Sender<()>) -> Result<(), KeepError> {
        let mut parcels = Vec::new();
        while self.parcels.recv_many(&mut parcels, PARCELS_AT_ONCE).await > 0 {
            let changes = parcels.iter().map(|(changes, _)| changes);
            if let Err(error) = file::store(&mut self.connection, changes).await {
                // Whoever hears it may already be gone; the error is returned besides.
                failed.send(()).ok();
                return Err(error);
            }
            for (_, told) in parcels.drain(..) {
                // A caller that left needs no answer.
                told.send(()).ok();
            }
        }
        Ok(self.connection.close().await?)
    }
}
