//! A server of a few lines: it speaks just enough HTTP/1.1 to hand out what a test wants, however wrong.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use icewarden::edge::icewarp::{Client, Limits, Options};
use icewarden::edge::secrets::Secret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;
use tokio::task::JoinHandle;

pub const ACCOUNT: &str = "admin@example.com";
pub const PASSWORD: &str = "correct horse & <staple>";
pub const SID: &str = "201602051125504026";

/// A test that asks for more than this has gone astray.
const REQUESTS_MAX: usize = 400;

/// What one request said, found by plain search: this side uses nothing of the client's codec.
#[derive(Debug, Clone, Default)]
pub struct Request {
    pub head: String,
    pub body: String,
    /// Whether it is the first one of its connection.
    pub first: bool,
}

impl Request {
    pub fn command(&self) -> &str {
        between(&self.body, "<commandname>", "</commandname>").unwrap_or_default()
    }

    pub fn field(&self, name: &str) -> &str {
        between(&self.body, &format!("<{name}>"), &format!("</{name}>")).unwrap_or_default()
    }

    pub fn number(&self, name: &str) -> usize {
        self.field(name).parse().unwrap_or_default()
    }

    pub fn sid(&self) -> &str {
        between(&self.body, "<iq sid=\"", "\"").unwrap_or_default()
    }

    /// The names that a `get…properties` asks for.
    pub fn names(&self) -> Vec<String> {
        self.body
            .split("<propname>")
            .skip(1)
            .filter_map(|rest| rest.split("</propname>").next())
            .map(str::to_owned)
            .collect()
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(inside, _)| inside)
}

/// What to send back.
pub enum Reply {
    /// Status 200 and this body.
    Body(String),
    /// These bytes, head and all; then the connection is closed.
    Raw(Vec<u8>),
    /// These bytes, and then the same piece again and again, until nobody reads any more.
    Endless(Vec<u8>, Vec<u8>),
    /// Like `Body`, once as many requests as the barrier wants have come to it.
    Together(Arc<Barrier>, String),
    /// The connection is closed without a word.
    Close,
    /// Nothing comes, and the connection stays open.
    Silence,
}

pub struct Responder {
    pub url: String,
    seen: Arc<Mutex<Vec<Request>>>,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Responder {
    pub async fn start(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Responder {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/icewarpapi/", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let reply = Arc::new(reply);
        let connections = Arc::new(AtomicUsize::new(0));
        let task = {
            let (seen, connections) = (Arc::clone(&seen), Arc::clone(&connections));
            tokio::spawn(async move {
                let mut open = tokio::task::JoinSet::new();
                while let Ok((stream, _)) = listener.accept().await {
                    connections.fetch_add(1, Ordering::Relaxed);
                    open.spawn(converse(stream, Arc::clone(&reply), Arc::clone(&seen)));
                }
            })
        };
        Responder { url, seen, connections, task }
    }

    /// How many connections were made in all.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    pub fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    /// The commands that came, in their order.
    pub fn commands(&self) -> Vec<String> {
        self.seen().iter().map(|request| request.command().to_owned()).collect()
    }

    pub fn count(&self, command: &str) -> usize {
        self.commands().iter().filter(|seen| *seen == command).count()
    }

    pub fn options(&self) -> Options {
        options(&self.url)
    }

    pub async fn client(&self) -> Client {
        Client::connect(self.options()).await.unwrap()
    }
}

pub fn options(url: &str) -> Options {
    let second = Duration::from_secs(1);
    Options {
        url: url.to_owned(),
        account: ACCOUNT.to_owned(),
        password: Secret::new(PASSWORD),
        ca_file: None,
        login: None,
        insecure_skip_verify: false,
        limits: Limits {
            connect: 2 * second,
            login: 4 * second,
            call: 4 * second,
            logout: second,
            read_again: [Duration::from_millis(1); 2],
            ..Limits::default()
        },
    }
}

async fn converse(
    mut stream: TcpStream,
    reply: Arc<impl Fn(&Request) -> Reply>,
    seen: Arc<Mutex<Vec<Request>>>,
) {
    let mut first = true;
    while let Some(request) = read(&mut stream).await {
        let request = Request { first: std::mem::replace(&mut first, false), ..request };
        let count = {
            let mut seen = seen.lock().unwrap();
            seen.push(request.clone());
            seen.len()
        };
        if count > REQUESTS_MAX {
            return;
        }
        let reply = match reply(&request) {
            Reply::Together(barrier, body) => {
                barrier.wait().await;
                Reply::Body(body)
            }
            reply => reply,
        };
        match reply {
            Reply::Body(body) | Reply::Together(_, body) => {
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: {}\r\n\r\n",
                    body.len()
                );
                if stream.write_all((head + &body).as_bytes()).await.is_err() {
                    return;
                }
            }
            Reply::Raw(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                return;
            }
            Reply::Endless(head, piece) => {
                let _ = stream.write_all(&head).await;
                while stream.write_all(&piece).await.is_ok() {}
                return;
            }
            Reply::Close => return,
            Reply::Silence => {
                // Until the other side gives up.
                let _ = stream.read(&mut [0; 1]).await;
                return;
            }
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length: usize = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length:").map(str::to_owned))
                .and_then(|value| value.trim().parse().ok())
                .unwrap_or(0);
            if bytes.len() >= end + 4 + length {
                let body = String::from_utf8_lossy(&bytes[end + 4..end + 4 + length]).into_owned();
                return Some(Request { head, body, first: false });
            }
        }
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
        }
    }
}

/// A `result` as a server sends it, with the blank lines of the recordings.
pub fn result(inside: &str) -> String {
    format!(
        "\r\n<iq type=\"result\" sid=\"{SID}\">\n <query xmlns=\"admin:iq:rpc\">\n  <result>{inside}</result>\n\n </query>\n</iq>\n"
    )
}

pub fn error(uid: &str) -> String {
    format!(
        "<iq type=\"error\" sid=\"{SID}\"><query xmlns=\"admin:iq:rpc\"><error uid=\"{uid}\"/></query></iq>"
    )
}

/// One value of a `get…properties`.
pub fn item(name: &str, value: &str) -> String {
    format!(
        "<item><apiproperty><propname>{name}</propname>\n\n</apiproperty><propertyval>\
         <classname>TPropertyString</classname><val>{value}</val>\n\n</propertyval>\
         <propertyright>2</propertyright></item>"
    )
}

pub fn no_value(name: &str) -> String {
    format!(
        "<item><apiproperty><propname>{name}</propname></apiproperty><propertyval>\
         <classname>TPropertyNoValue</classname></propertyval><propertyright>2</propertyright></item>"
    )
}

/// Accepts logins and logouts, and asks `other` about the rest.
pub fn welcoming(
    other: impl Fn(&Request) -> Reply + Send + Sync,
) -> impl Fn(&Request) -> Reply + Send + Sync {
    move |request| match request.command() {
        "authenticate" | "logout" => Reply::Body(result("1")),
        _ => other(request),
    }
}

/// What an HTTP server would send by itself.
pub fn raw(status: &str, headers: &str, body: &str) -> Reply {
    Reply::Raw(
        format!(
            "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .into_bytes(),
    )
}
