//! RSA login, the server's half (reference 1.3): a challenge goes out, a digest comes in.
//!
//! The key is made when the first challenge is asked for, once in the life of the process. It has 1,024 bits,
//! which is enough for a server that guards nothing.

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use rsa::rand_core::TryCryptoRng;
use rsa::traits::PublicKeyParts as _;
use rsa::{Generate, PrivateKey};

/// How long a challenge is good for, seconds (reference 1.3).
const GOOD_FOR_S: i64 = 5 * 60;

const KEY_BITS: usize = 1024;

static KEY: LazyLock<Option<LoginKey>> = LazyLock::new(|| LoginKey::try_generate().ok());

/// The server's key; no key where the machine had no randomness.
struct LoginKey(Option<PrivateKey>);

impl Generate for LoginKey {
    fn try_generate_from_rng<R: TryCryptoRng + ?Sized>(rng: &mut R) -> Result<LoginKey, R::Error> {
        Ok(LoginKey(PrivateKey::new(rng, KEY_BITS).ok()))
    }
}

fn key() -> Option<&'static PrivateKey> {
    KEY.as_ref()?.0.as_ref()
}

/// A challenge as it goes out.
#[derive(Debug)]
pub(super) struct Challenge {
    /// The modulus, hexadecimal.
    pub hash_id: String,
    /// Unix seconds.
    pub timestamp: i64,
}

/// Challenges that went out, by their moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Challenges(BTreeSet<i64>);

/// The moment of a server whose clock is ahead of the machine's by so many seconds, Unix seconds.
fn now(clock_ahead_s: i64) -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX) + clock_ahead_s
}

impl Challenges {
    /// A new challenge; `None` without a key.
    pub(super) fn issue(&mut self, clock_ahead_s: i64) -> Option<Challenge> {
        let key = key()?;
        // After the key: making the first one takes a while.
        let now = now(clock_ahead_s);
        self.0 = self.0.split_off(&(now - GOOD_FOR_S));
        self.0.insert(now);
        let hash_id =
            key.n().to_be_bytes_trimmed_vartime().iter().map(|byte| format!("{byte:02X}")).collect();
        Some(Challenge { hash_id, timestamp: now })
    }

    /// The password in a digest. A challenge that never went out is told like one that is too old; what cannot
    /// be read at all holds no right password (synthetic).
    pub(super) fn password_of_digest(
        &self,
        digest: &str,
        clock_ahead_s: i64,
    ) -> Result<String, &'static str> {
        let opened = bytes_of(digest).and_then(|digest| key()?.pkcs1v15_decrypt(&digest).ok());
        let text = opened.and_then(|opened| String::from_utf8(opened).ok()).ok_or("auth_login_invalid")?;
        let (password, timestamp) = parts(&text).ok_or("auth_login_invalid")?;
        let fresh = now(clock_ahead_s) - timestamp <= GOOD_FOR_S;
        if self.0.contains(&timestamp) && fresh { Ok(password) } else { Err("auth_digest_expired") }
    }
}

fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    let hex = hex.trim().as_bytes();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let digits = hex.iter().all(u8::is_ascii_hexdigit) && hex.len().is_multiple_of(2);
    hex.chunks(2).map(pair).collect::<Option<Vec<u8>>>().filter(|bytes| digits && !bytes.is_empty())
}

/// `p=<password, URL-encoded>&t=<unix seconds>`.
fn parts(text: &str) -> Option<(String, i64)> {
    let (password, timestamp) = text.strip_prefix("p=")?.split_once("&t=")?;
    Some((url_decoded(password)?, timestamp.parse().ok()?))
}

/// `+` is a space, `%41` a byte of UTF-8. Characters that a browser would have encoded are taken as they are.
fn url_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let (byte, taken) = match first {
            b'+' => (b' ', 0),
            b'%' => {
                let digits = after.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
                (u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?, 2)
            }
            other => (*other, 0),
        };
        bytes.push(byte);
        rest = &after[taken..];
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_a_password_and_a_moment() {
        for (text, expected) in [
            ("p=sandbox&t=1768464000", Some(("sandbox", 1_768_464_000))),
            ("p=&t=0", Some(("", 0))),
            ("p=a+b%20c%26t%3D7%2B%25&t=5", Some(("a b c&t=7+%", 5))),
            ("p=%C5%99%21%27%28%29%2A&t=5", Some(("ř!'()*", 5))),
            ("p=%C5&t=5", None),
            ("p=%+1&t=5", None),
            ("p=%4&t=5", None),
            ("p=a&t=", None),
            ("p=a", None),
            ("t=5&p=a", None),
        ] {
            let expected = expected.map(|(password, moment)| (password.to_owned(), moment));
            assert_eq!(parts(text), expected, "{text}");
        }
    }

    #[test]
    fn hexadecimal_is_read_in_either_case_and_nothing_else_is() {
        assert_eq!(bytes_of(" 00fFA1 "), Some(vec![0, 255, 161]));
        for wrong in ["", "0", "0g", "+1", "0x00", "00 11"] {
            assert_eq!(bytes_of(wrong), None, "{wrong}");
        }
    }
}
