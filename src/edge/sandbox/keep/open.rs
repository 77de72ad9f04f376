//! Opening a sandbox's file: its world, and who keeps it from now on.

use std::path::Path;

use sqlx::{Connection, SqliteConnection};

use super::super::world::World;
use super::changes::Watch;
use super::file::{Header, KeepError, header, is_empty_database, locked, taken_up};
use super::keeper::Keeper;

/// A world and who keeps it.
#[derive(Debug)]
pub struct Opened {
    pub world: World,
    /// Stores what changes from now on, once its `run` is awaited.
    pub keeper: Keeper,
    /// Whether the file was new, and the world made for it.
    pub new: bool,
}

/// Opens the file, or makes it and stores in it the world that `seed` gives.
///
/// # Errors
/// The file is somebody else's, newer, in use, or cannot be read: nothing in it was changed.
pub async fn open(path: &Path, seed: impl FnOnce() -> World) -> Result<Opened, KeepError> {
    let header = header(path)?;
    if header == Header::Other && !is_empty_database(path).await {
        return Err(KeepError::Foreign);
    }
    let mut connection = locked(path).await?;
    match taken_up(&mut connection, seed).await {
        Ok((world, new)) => Ok(watched(world, connection, new)),
        Err(error) => {
            // Now, and not some time after: who is told of the error may look at the file at once.
            connection.close().await.ok();
            Err(error)
        }
    }
}

fn watched(mut world: World, connection: SqliteConnection, new: bool) -> Opened {
    let (out, parcels) = tokio::sync::mpsc::unbounded_channel();
    world.watch = Some(Watch::of(&world, out));
    Opened { world, keeper: Keeper { connection, parcels }, new }
}
