//! Files that this program writes and reads back whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

/// How much of a file is looked at to see whose it is.
const HEAD_BYTES: u64 = 4096;

/// Looks at what stands where a file is to be written: nothing, an empty file, or one that we wrote before.
///
/// # Errors
/// Why it has to stay as it is. A path that was mistyped must not cost a spec, or a device.
pub fn may_replace(path: &Path, what: &str, ours: impl FnOnce(&str) -> bool) -> Result<(), String> {
    let met = match fs::symlink_metadata(path) {
        Ok(met) => met,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.to_string()),
    };
    if met.is_dir() {
        return Err("this is a folder".to_owned());
    }
    if met.is_symlink() {
        return Err("this is a link to elsewhere".to_owned());
    }
    if !met.is_file() {
        return Err("this is a device or a pipe, not a file".to_owned());
    }
    let head = head(path).map_err(|error| format!("it is not known what it holds: {error}"))?;
    if head.is_empty() || ours(&head) {
        return Ok(());
    }
    Err(format!("this file is no {what}, and it stays as it is"))
}

/// How a file begins.
pub fn head(path: &Path) -> io::Result<String> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD_BYTES).read_to_end(&mut head)?;
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// Whether two paths lead to one file that exists.
pub fn is_same(one: &Path, other: &Path) -> bool {
    matches!((fs::canonicalize(one), fs::canonicalize(other)), (Ok(one), Ok(other)) if one == other)
}

/// Writes a file all at once or not at all: whoever reads it meanwhile sees the old one, or none.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::metadata(folder)?;
    // The error has the name of the file beside it, which tells nobody anything.
    let new = tempfile::NamedTempFile::new_in(folder);
    let mut file = new.map_err(|error| io::Error::from(error.kind()))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Opens a file to append to it. One that is made is its owner's alone: what we write tells who has which address. One
/// that is there already keeps the mode that its owner gave it.
pub fn append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Reads a text file of at most `bytes_max`; of a larger one no more than that is read.
pub fn read(path: &Path, bytes_max: u64) -> io::Result<String> {
    let mut text = String::new();
    let read = File::open(path)?.take(bytes_max + 1).read_to_string(&mut text)?;
    if read as u64 > bytes_max {
        return Err(io::Error::other(format!("it is larger than {bytes_max} bytes")));
    }
    Ok(text)
}
