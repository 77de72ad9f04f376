//! Keyed digests of secrets that were written (U-12).
//!
//! A plain digest of a password can be guessed at by whoever has it. This one cannot without the key, which is 32
//! random bytes in a file of its own: a copy of the database alone tells nothing.

use std::io::{self, Write as _};
use std::path::Path;

use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};

use super::open::StoreError;
use crate::edge::secrets::Secret;
use crate::model::BackupKey;

const FILE: &str = "secrets.key";
const BYTES: usize = 32;

/// The key of a store.
pub struct DigestKey(hmac::Key);

impl DigestKey {
    /// The key of a store, made where there is none.
    ///
    /// # Errors
    /// A file that cannot be had, or is no key.
    pub fn open(folder: &Path) -> Result<DigestKey, StoreError> {
        let path = folder.join(FILE);
        match DigestKey::read(folder)? {
            Some(key) => Ok(key),
            None => {
                make(folder, &path).map_err(|error| StoreError::unusable(&path, error))?;
                DigestKey::read(folder)?.ok_or_else(|| StoreError::unusable(&path, "it was taken away again"))
            }
        }
    }

    /// The key of a store; `None` where there is none. Then nothing can be compared, and all is written.
    ///
    /// # Errors
    /// As for [`DigestKey::open`].
    pub fn read(folder: &Path) -> Result<Option<DigestKey>, StoreError> {
        let path = folder.join(FILE);
        match std::fs::read(&path) {
            Ok(bytes) if bytes.len() == BYTES => {
                Ok(Some(DigestKey(hmac::Key::new(hmac::HMAC_SHA256, &bytes))))
            }
            Ok(bytes) => Err(StoreError::Damaged {
                path: path.display().to_string(),
                why: format!("a key has {BYTES} bytes, and this file {}", bytes.len()),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::unusable(&path, error)),
        }
    }

    /// The digest of a secret as a setting of a server: the same secret elsewhere has another.
    pub fn digest(&self, server_key: &str, setting: BackupKey, secret: &Secret) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.0);
        for part in ["icewarden secret 1", server_key, setting.path()] {
            context.update(part.as_bytes());
            context.update(b"\0");
        }
        context.update(secret.reveal().as_bytes());
        context.sign().as_ref().to_vec()
    }
}

/// All at once, and only where there is none: two first runs must not have two keys.
fn make(folder: &Path, path: &Path) -> io::Result<()> {
    let mut bytes = [0; BYTES];
    SystemRandom::new().fill(&mut bytes).map_err(|_| io::Error::other("the system gives no random bytes"))?;
    // It is private from its first byte: so is every file that tempfile makes.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&bytes)?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error),
        _ => Ok(()),
    }
}
