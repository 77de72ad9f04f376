//! One command over HTTP, and its failures sorted.

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Response, StatusCode, Url};
use rustls::ClientConfig;

use super::codec::{self, Answer};
use super::error::{CallError, Garble, NoConnection, Refusal, Silence};
use super::excerpt::{excerpt, sanitised};
use super::options::{Limits, Options};
use super::rpc::Counter;
use super::trust;
use crate::edge::port::Phase;

/// A kept-alive connection older than this is not used again: servers close idle ones without a word, and a
/// command that is written into a closed connection may or may not have happened.
const IDLE_MAX: Duration = Duration::from_secs(15);

/// Of an answer with another HTTP status this much is read, for its excerpt.
const STATUS_BODY_MAX: usize = 2 * 1024;

pub(super) struct Transport {
    http: reqwest::Client,
    /// The same, without connections that are kept: every call of it makes its own.
    fresh: reqwest::Client,
    /// Whether kept connections are still used: not after one turned out to be dead.
    keeps: AtomicBool,
    url: Url,
    /// Scheme, host and port: what may be shown of the address, which can hold a password.
    host: String,
    limits: Limits,
    pub(super) counter: Counter,
}

/// How one command is sent.
pub(super) struct Sending<'a> {
    pub command: &'static str,
    pub phase: Phase,
    pub body: String,
    pub within: Duration,
    /// Texts that must not be shown, whatever comes back.
    pub hide: [&'a str; 2],
}

impl Transport {
    pub(super) async fn new(options: &Options) -> Result<Transport, CallError> {
        let unusable = |host: &str, kind, why| CallError::Unanswered {
            command: "authenticate",
            why: Silence::NoConnection { host: host.to_owned(), kind, why, proxy: None },
        };
        let setup = |host: &str, why: String| unusable(host, NoConnection::Setup, why);
        let url = Url::parse(&options.url)
            .map_err(|error| setup("the server", format!("connection.rpc.url is no address: {error}")))?;
        let host = url.origin().ascii_serialization();
        if !matches!(url.scheme(), "http" | "https") {
            return Err(setup(&host, "connection.rpc.url must begin with https:// or http://".to_owned()));
        }
        if let Some(variable) = unusable_proxy(&url) {
            let why = format!("the proxy in {variable} cannot be used: its value is no address");
            return Err(setup(&host, why));
        }
        let trusted = match &options.ca_file {
            Some(path) => {
                let pinned = trust::certificates(path).await.map_err(|why| setup(&host, why))?;
                let config = trust::config(pinned);
                Some(config.map_err(|error| unusable(&host, NoConnection::Tls, chain(&error)))?)
            }
            None => None,
        };
        // What is left to fail is the platform's trust store: a machine that has none.
        let client = |kept| {
            client(options, &url, trusted.as_ref(), kept)
                .map_err(|error| unusable(&host, NoConnection::Tls, chain(&error)))
        };
        let (http, fresh) = (client(options.limits.in_flight)?, client(0)?);
        let keeps = AtomicBool::new(true);
        Ok(Transport {
            http,
            fresh,
            keeps,
            url,
            host,
            limits: options.limits.clone(),
            counter: Counter::default(),
        })
    }

    /// Whether others can listen: what is sent leaves this machine, and not within TLS.
    pub(super) fn is_hearable(&self) -> bool {
        leaves_in_the_open(&self.url)
    }

    /// Sends a command and reads its answer. A read whose kept-alive connection turned out to be dead is sent
    /// once more; nothing else is ever sent twice from here. A server that closes one connection without a word
    /// closes others too, so from then on every command has its own: a write into a dead one would leave in
    /// doubt whether it happened.
    pub(super) async fn send(&self, sending: &Sending<'_>) -> Result<Answer, CallError> {
        let http = if self.keeps.load(Ordering::Relaxed) { &self.http } else { &self.fresh };
        let first = self.attempt(http, sending).await;
        if !matches!(&first, Err(CallError::Unanswered { why: Silence::Closed(_), .. })) {
            return first;
        }
        self.keeps.store(false, Ordering::Relaxed);
        if sending.command.starts_with("get") { self.attempt(&self.fresh, sending).await } else { first }
    }

    async fn attempt(&self, http: &reqwest::Client, sending: &Sending<'_>) -> Result<Answer, CallError> {
        self.counter.add(sending.phase);
        let command = sending.command;
        match tokio::time::timeout(sending.within, self.exchange(http, sending)).await {
            Ok(answer) => answer,
            Err(_) => Err(CallError::Unanswered { command, why: Silence::Late(sending.within) }),
        }
    }

    async fn exchange(&self, http: &reqwest::Client, sending: &Sending<'_>) -> Result<Answer, CallError> {
        let command = sending.command;
        let sent = http
            .post(self.url.clone())
            .header(CONTENT_TYPE, "text/xml")
            .body(sending.body.clone())
            .send()
            .await
            .map_err(|error| self.unsent(command, error))?;
        let mut response = sent;
        if response.status() != StatusCode::OK {
            return Err(self.status(sending, response).await);
        }
        let body = self.body(sending, &mut response).await?;
        codec::decode(&body).map_err(|why| CallError::Unreadable {
            command,
            why: Garble::Codec { why, excerpt: excerpt(&body, &sending.hide) },
        })
    }

    /// The body as it arrives, up to the limit.
    async fn body(&self, sending: &Sending<'_>, response: &mut Response) -> Result<Vec<u8>, CallError> {
        let limit = self.limits.answer_bytes_max;
        let too_large =
            || CallError::Unreadable { command: sending.command, why: Garble::TooLarge { limit } };
        if response.content_length().is_some_and(|length| length > limit as u64) {
            return Err(too_large());
        }
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > limit => return Err(too_large()),
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return Ok(body),
                // The length that was promised, or the last chunk, never came: half an answer.
                Err(_) => {
                    return Err(CallError::Unreadable {
                        command: sending.command,
                        why: Garble::Half { excerpt: excerpt(&body, &sending.hide) },
                    });
                }
            }
        }
    }

    /// The server answers 200 even to errors of the interface (reference 1.1), so another status comes from
    /// something in front of it, or from another server.
    async fn status(&self, sending: &Sending<'_>, mut response: Response) -> CallError {
        let command = sending.command;
        let status = response.status();
        let number = status.as_u16();
        if status.is_redirection() {
            let to = response
                .headers()
                .get(LOCATION)
                .map_or("nowhere".to_owned(), |to| excerpt(to.as_bytes(), &sending.hide));
            return CallError::Unreadable { command, why: Garble::Redirect { to } };
        }
        match number {
            401 | 403 => return CallError::Refused { command, why: Refusal::Http(number) },
            429 | 500..=599 => return CallError::Unanswered { command, why: Silence::Http(number) },
            _ => {}
        }
        let mut body = Vec::new();
        while body.len() < STATUS_BODY_MAX {
            match response.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk[..chunk.len().min(STATUS_BODY_MAX)]),
                Ok(None) | Err(_) => break,
            }
        }
        let excerpt = excerpt(&body, &sending.hide);
        CallError::Unreadable { command, why: Garble::Status { status: number, excerpt } }
    }

    fn unsent(&self, command: &'static str, error: reqwest::Error) -> CallError {
        // The address can hold a password, and reqwest would show it.
        let error = error.without_url();
        let mut why = chain(&error);
        if !error.is_connect() {
            return if why.contains(NOT_HTTP) {
                CallError::Unreadable { command, why: Garble::NotHttp }
            } else {
                CallError::Unanswered { command, why: Silence::Closed(why) }
            };
        }
        let kind = if speaks_of_tls(&error) || why.contains(HANDSHAKE_END) {
            NoConnection::Tls
        } else if error.is_timeout() {
            NoConnection::Late
        } else if error.is_dns() {
            NoConnection::Name
        } else {
            NoConnection::Other
        };
        if kind == NoConnection::Name {
            // What the resolver says of it differs from system to system, and names nothing more.
            why = "its name cannot be resolved".to_owned();
        }
        if kind == NoConnection::Tls
            && let Some((_, plain)) = TLS_WORDS.iter().find(|(word, _)| why.contains(word))
        {
            why = (*plain).to_owned();
        }
        let proxy = proxy_variable(&self.url);
        let why = Silence::NoConnection { host: self.host.clone(), kind, why, proxy };
        CallError::Unanswered { command, why }
    }
}

/// What the HTTP library says of bytes that are none; it has no type for it that can be asked.
const NOT_HTTP: &str = "invalid HTTP";

/// What the TLS library calls its cases where it has no words for people.
const TLS_WORDS: [(&str, &str); 7] = [
    (
        trust::OWN_AUTHORITY,
        "its certificate is that of an authority (CA:TRUE), and connection.rpc.caFile does not name it",
    ),
    ("InvalidContentType", NO_TLS),
    (HANDSHAKE_END, NO_TLS),
    ("UnknownIssuer", "nobody who is trusted here vouches for its certificate (unknown issuer)"),
    (
        "BadSignature",
        "its certificate is not signed by the one that is trusted under that name (bad signature)",
    ),
    ("certificate expired", "its certificate has expired"),
    ("certificate not valid yet", "its certificate is not valid yet"),
];

/// The other side closed the connection where its half of the handshake should have come.
const HANDSHAKE_END: &str = "tls handshake eof";

const NO_TLS: &str = "the port does not speak TLS, or refuses to";

/// The variable of the environment that names a proxy for this address, where one is set. Whether `NO_PROXY` takes
/// the address out again is left to the HTTP library.
fn proxy_variable(url: &Url) -> Option<&'static str> {
    let names: &[&str] = match url.scheme() {
        _ if is_loopback(url) => &[],
        "https" => &["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"],
        _ => &["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"],
    };
    names.iter().copied().find(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// The variable whose value is no address of a proxy. The HTTP library would leave it out without a word, and go
/// around the proxy. Where `NO_PROXY` takes some hosts out this host may be one of them, so nothing is said.
fn unusable_proxy(url: &Url) -> Option<&'static str> {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let variable = proxy_variable(url).filter(|_| !set("NO_PROXY") && !set("no_proxy"))?;
    let value = std::env::var(variable).ok();
    value.is_none_or(|value| reqwest::Proxy::all(value).is_err()).then_some(variable)
}

fn client(
    options: &Options,
    url: &Url,
    trusted: Option<&ClientConfig>,
    kept: usize,
) -> Result<reqwest::Client, reqwest::Error> {
    trust::install_provider();
    let limits = &options.limits;
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("icewarden/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(limits.connect)
        .pool_idle_timeout(IDLE_MAX)
        .pool_max_idle_per_host(kept)
        // A redirect would send a password where nobody meant it to go.
        .redirect(Policy::none());
    if url.scheme() == "http" {
        // Without TLS the platform's trust store is not needed, and a machine without one is no obstacle.
        builder = builder.tls_certs_only([]);
    } else if options.insecure_skip_verify {
        builder = builder.tls_danger_accept_invalid_certs(true);
    } else if let Some(config) = trusted {
        builder = builder.tls_backend_preconfigured(config.clone());
    }
    if is_loopback(url) {
        // A proxy has its own loopback.
        builder = builder.no_proxy();
    }
    builder.build()
}

fn leaves_in_the_open(url: &Url) -> bool {
    url.scheme() != "https" && !is_loopback(url)
}

/// Whether others can listen to what is sent to this address; not for one that is none, since nothing is sent there.
pub fn is_hearable(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| leaves_in_the_open(&url))
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// An error with its causes, each said once, in one line.
fn chain(error: &dyn Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let part = error.to_string();
        // Some causes repeat the next one at their end.
        if let Some(last) = parts.last_mut()
            && let Some(start) = last.strip_suffix(&part)
        {
            *last = start.trim_end_matches([':', ' ']).to_owned();
            if last.is_empty() {
                parts.pop();
            }
        }
        parts.push(part);
        next = error.source();
    }
    // What the layers of the HTTP client say of themselves tells a reader nothing.
    let telling = |part: &String| !LAYERS.iter().any(|layer| part.starts_with(layer));
    if parts.iter().any(telling) {
        parts.retain(telling);
    }
    sanitised(&names_in_words(&parts.join(": ")))
}

/// The names of a certificate stand in an error as the library's types print them.
fn names_in_words(text: &str) -> String {
    match text.split_once("; certificate is only valid for ") {
        Some((wanted, found)) => {
            let found = found.replace("DnsName(", "").replace("IpAddress(", "").replace(')', "");
            let wanted = wanted.replace("invalid peer certificate: certificate", "its certificate is");
            format!("{wanted}, only for {found}")
        }
        None => text.to_owned(),
    }
}

const LAYERS: [&str; 4] = ["error sending request", "client error (", "tcp connect error", "dns error"];

fn speaks_of_tls(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<rustls::Error>() {
            return true;
        }
        // An I/O error that wraps another names that one's source as its own, and so hides it.
        next = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    false
}
