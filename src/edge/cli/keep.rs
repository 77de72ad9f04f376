//! Opening the store as the command line's options say.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::error::CliError;
use crate::edge::engine::Keep;
use crate::edge::store::{self, Store, StoreError};

/// Opens the store to write in it.
///
/// # Errors
/// It cannot be had.
pub async fn open(option: Option<&Path>, lock_timeout: Duration) -> Result<Keep, CliError> {
    let folder: PathBuf = store::folder(option).ok_or(StoreError::NoPlace)?;
    Ok(Keep::open(&folder, who(), lock_timeout).await?)
}

/// The store as `plan` and `history` have it: only read, and `None` where there is none.
///
/// # Errors
/// There is one, and it cannot be read.
pub async fn open_to_read(option: Option<&Path>) -> Result<Option<Arc<Store>>, CliError> {
    let Some(folder) = store::folder(option) else { return Ok(None) };
    Ok(Store::open_to_read(&folder).await?.map(Arc::new))
}

/// Who runs this program, for people: nothing is decided by it.
fn who() -> String {
    let set = |names: &[&str]| {
        let values = names.iter().filter_map(|name| std::env::var(name).ok());
        values.map(|value| value.trim().to_owned()).find(|value| !value.is_empty())
    };
    let told = |path: &str| {
        let text = std::fs::read_to_string(path).ok()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let user = set(&["USER", "LOGNAME", "USERNAME"]).or_else(user).unwrap_or_else(|| "somebody".to_owned());
    let host = told("/proc/sys/kernel/hostname").or_else(|| set(&["HOSTNAME", "COMPUTERNAME"]));
    format!("{user}@{}", host.unwrap_or_else(|| "this machine".to_owned()))
}

/// Whose process this is, where nothing in its surroundings says so: containers and CI set no `USER`.
#[cfg(unix)]
fn user() -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    // A process's own folder is its user's.
    let uid = std::fs::metadata("/proc/self").ok()?.uid();
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    Some(named_in(&users, uid).unwrap_or_else(|| format!("uid {uid}")))
}

#[cfg(not(unix))]
fn user() -> Option<String> {
    None
}

/// The name of a user in the text of `/etc/passwd`.
#[cfg(unix)]
fn named_in(users: &str, uid: u32) -> Option<String> {
    let name = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid) && !name.is_empty()).then(|| name.to_owned())
    };
    users.lines().find_map(name)
}

/// `30s`, `5m`, `1h`, or a number of seconds.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time: write 30s, 5m or 1h");
    let (number, each) = match text.trim().char_indices().last() {
        Some((at, 's')) => (&text.trim()[..at], 1),
        Some((at, 'm')) => (&text.trim()[..at], 60),
        Some((at, 'h')) => (&text.trim()[..at], 3600),
        _ => (text.trim(), 1),
    };
    let number: u32 = number.parse().map_err(|_| wrong())?;
    Ok(Duration::from_secs(u64::from(number) * each))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_with_its_unit() {
        for (text, seconds) in [
            ("0s", Some(0)),
            ("30s", Some(30)),
            ("5m", Some(300)),
            ("1h", Some(3600)),
            ("7", Some(7)),
            ("m", None),
            ("", None),
            ("-1s", None),
            ("5 minutes", None),
        ] {
            assert_eq!(duration(text).ok(), seconds.map(Duration::from_secs), "{text}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_user_is_found_by_its_number_alone() {
        let users = "root:x:0:0:root:/root:/bin/sh\n\nodd\nci:x:1001:0::/:/bin/sh\n";
        for (uid, name) in [(0, Some("root")), (1001, Some("ci")), (1, None)] {
            assert_eq!(named_in(users, uid).as_deref(), name, "{uid}");
        }
    }
}
