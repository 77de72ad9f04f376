//! Logging in, with the password as it is or encrypted (reference 1.3).
//!
//! *Encrypted* means: the server gives the modulus of an RSA key and a moment, and gets back the password and the
//! moment under that key. Whoever only listens learns no password from that. Whoever can also change what is sent
//! puts a key of his own in; against him only TLS helps. A server that does not offer it is never given the plain
//! password instead: what stands in between could have said so.

use std::time::Duration;

use rsa::traits::PublicKeyParts as _;
use rsa::{BoxedUint, PublicKey};

use super::codec::{Answer, Body, Element, Sid};
use super::encode::{self, Params};
use super::error::{CallError, Refusal};
use super::transport::{Sending, Transport};
use super::uids::{Bears, Uid};
use crate::edge::port::Phase;
use crate::edge::secrets::Secret;
use crate::spec::meaning::Login;

const AUTHENTICATE: &str = "authenticate";
const CHALLENGE: &str = "getauthchallenge";

/// The public exponent, which no answer names.
const EXPONENT: u32 = 0x1_0001;

/// Shorter keys have been broken in public since 2010; who listens would have the password after all.
const KEY_BITS_MIN: usize = 1024;

/// Nobody uses longer ones, and each doubling makes the arithmetic eight times as slow.
const KEY_BITS_MAX: usize = 8192;

/// Who logs in, and how.
pub(super) struct Credentials<'a> {
    pub account: &'a str,
    pub password: &'a Secret,
    pub login: Login,
}

/// Logs in once. Only a challenge that ran out before the server looked at the answer is asked for anew, once: no
/// password was wrong then, and nothing slows down (U-16).
pub(super) async fn log_in(
    transport: &Transport,
    credentials: &Credentials<'_>,
    within: Duration,
) -> Result<Sid, CallError> {
    match credentials.login {
        Login::Plain => {
            let password = credentials.password.reveal();
            let proof = Params::new().number("authtype", 0);
            let proof = proof.text("email", credentials.account).text("password", password);
            authenticate(transport, &proof, [password, ""], within).await
        }
        Login::Rsa => match encrypted(transport, credentials, within).await {
            Err(error) if error.uid().is_some_and(Uid::is_expired_challenge) => {
                encrypted(transport, credentials, within).await
            }
            answer => answer,
        },
    }
}

async fn encrypted(
    transport: &Transport,
    credentials: &Credentials<'_>,
    within: Duration,
) -> Result<Sid, CallError> {
    let challenge = challenge(transport, credentials, within).await?;
    let digest = challenge.digest(credentials.password)?;
    let proof = Params::new()
        .number("authtype", 1)
        .text("email", credentials.account)
        .text("password", "")
        .text("digest", digest.reveal());
    authenticate(transport, &proof, [credentials.password.reveal(), digest.reveal()], within).await
}

async fn authenticate(
    transport: &Transport,
    proof: &Params,
    hide: [&str; 2],
    within: Duration,
) -> Result<Sid, CallError> {
    let command = AUTHENTICATE;
    let answer = send(transport, command, proof, hide, within).await.map_err(CallError::unshown)?;
    match answer.body {
        Body::Error(uid) => {
            let uid = Uid::masked(&uid, &hide);
            let why = match uid.bears() {
                Bears::Protocol | Bears::Licence => Refusal::Uid(uid),
                _ => Refusal::Login(uid),
            };
            Err(CallError::Refused { command, why })
        }
        Body::Result(result) => match (result.text.trim(), answer.sid) {
            ("1", Some(sid)) => Ok(sid),
            ("1", None) => Err(CallError::shape(command, "it accepted the login and gave no session")),
            ("0", _) => Err(CallError::Refused { command, why: Refusal::LoginZero }),
            _ => Err(CallError::shape(command, "it is neither 1 nor 0")),
        },
    }
}

async fn challenge(
    transport: &Transport,
    credentials: &Credentials<'_>,
    within: Duration,
) -> Result<Challenge, CallError> {
    let command = CHALLENGE;
    let params = Params::new().number("authtype", 1);
    let answer = send(transport, command, &params, [credentials.password.reveal(), ""], within).await?;
    match answer.body {
        Body::Error(uid) => {
            let uid = Uid::masked(&uid, &[credentials.password.reveal()]);
            let why = match uid.bears() {
                Bears::Licence => Refusal::Uid(uid),
                _ => Refusal::NoRsa(uid),
            };
            Err(CallError::Refused { command, why })
        }
        Body::Result(result) => Challenge::read(&result).map_err(|what| CallError::shape(command, what)),
    }
}

async fn send(
    transport: &Transport,
    command: &'static str,
    params: &Params,
    hide: [&str; 2],
    within: Duration,
) -> Result<Answer, CallError> {
    if let Some(character) = params.unsendable() {
        return Err(CallError::Refused { command, why: Refusal::NotSendable(character) });
    }
    let body = encode::request(command, params, None);
    transport.send(&Sending { command, phase: Phase::Login, body, within, hide }).await
}

/// What a server gives to encrypt a password with.
#[derive(Debug)]
struct Challenge {
    key: PublicKey,
    /// Sent back as it came; the server finds the challenge by it.
    timestamp: String,
}

impl Challenge {
    fn read(result: &Element) -> Result<Challenge, String> {
        let field = |name: &str| result.field(name).map(str::trim).filter(|text| !text.is_empty());
        let modulus = field("hashid").ok_or("it gives no key to encrypt the password with (hashid)")?;
        let timestamp = field("timestamp").ok_or("it gives no timestamp")?;
        if timestamp.len() > 20 || !timestamp.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err("its timestamp is no number".to_owned());
        }
        Ok(Challenge { key: key(modulus)?, timestamp: timestamp.to_owned() })
    }

    /// `p=` the password, `t=` the timestamp, encrypted with PKCS#1 v1.5, as hexadecimal digits.
    fn digest(&self, password: &Secret) -> Result<Secret, CallError> {
        let mut plain = form_encoded(password.reveal());
        plain.extend_from_slice(format!("&t={}", self.timestamp).as_bytes());
        let plain = Secret::from(plain);
        match self.key.pkcs1v15_encrypt(plain.reveal().as_bytes()) {
            Ok(encrypted) => Ok(Secret::new(hexadecimal(&encrypted))),
            Err(rsa::Error::MessageTooLong) => {
                let bits = self.key.size() * 8;
                Err(CallError::Refused { command: AUTHENTICATE, why: Refusal::TooLong { bits } })
            }
            // The machine gave no random numbers, or the key is one in form only.
            Err(error) => Err(CallError::shape(CHALLENGE, format!("its key does not encrypt: {error}"))),
        }
    }
}

/// A modulus that is fit to encrypt with.
fn key(modulus: &str) -> Result<PublicKey, String> {
    if !modulus.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err("its key (hashid) is not hexadecimal".to_owned());
    }
    let digits = modulus.trim_start_matches('0').as_bytes();
    let bits = match digits.first() {
        Some(first) => digits.len() * 4 - digit(*first).leading_zeros() as usize + 4,
        None => 0,
    };
    if !(KEY_BITS_MIN..=KEY_BITS_MAX).contains(&bits) {
        return Err(format!("its key has {bits} bits, and {KEY_BITS_MIN} to {KEY_BITS_MAX} are safe to use"));
    }
    // From the end, because an odd count leaves its single digit at the front.
    let bytes: Vec<u8> = digits.rchunks(2).rev().map(byte).collect();
    let modulus = BoxedUint::from_be_slice_vartime(&bytes);
    PublicKey::new_with_size_limits(modulus, BoxedUint::from(EXPONENT), KEY_BITS_MIN..=KEY_BITS_MAX)
        .map_err(|_| "its key (hashid) is no RSA modulus".to_owned())
}

/// The value of one or two hexadecimal digits.
fn byte(digits: &[u8]) -> u8 {
    digits.iter().fold(0, |value, one| value << 4 | digit(*one))
}

fn digit(hexadecimal: u8) -> u8 {
    match hexadecimal {
        b'0'..=b'9' => hexadecimal - b'0',
        letter => letter.to_ascii_lowercase().wrapping_sub(b'a').wrapping_add(10),
    }
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The text is made at once in its full size: it opens the server for as long as its challenge holds.
fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// As the vendor's own page encodes it: a space becomes `+`, letters, digits and `- _ . ~` stay, all else becomes
/// `%XX` (reference 1.3).
fn form_encoded(password: &str) -> Vec<u8> {
    // Room for all of it at once: a vector that grows leaves copies of the secret behind.
    let mut text = Vec::with_capacity("p=".len() + password.len() * 3 + "&t=".len() + 20);
    text.extend_from_slice(b"p=");
    for byte in password.bytes() {
        match byte {
            b' ' => text.push(b'+'),
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'_' | b'.' | b'~' => text.push(byte),
            other => {
                let digit = |half: u8| DIGITS[usize::from(half)].to_ascii_uppercase();
                text.extend_from_slice(&[b'%', digit(other >> 4), digit(other & 15)]);
            }
        }
    }
    text
}
