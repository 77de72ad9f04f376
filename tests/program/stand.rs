//! A server for the program to run against: a sandbox's world behind a few lines of HTTP, held by the test, so that
//! it is looked at and altered between two processes without any client, and answers what no sandbox would.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use icewarden::edge::sandbox::World;

/// A peer that says nothing for so long has gone astray.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// What one request asks for.
pub struct Request {
    pub command: String,
    pub body: String,
}

/// What is answered in the world's place.
pub enum Reply {
    /// Status 200 and this body.
    Body(String),
    /// These bytes, head and all; then the connection is closed.
    Raw(Vec<u8>),
}

/// Answers in the world's place; `None` lets the world answer.
type Twist = Box<dyn FnMut(&mut World, &Request) -> Option<Reply> + Send>;

struct Shared {
    world: Mutex<World>,
    twist: Mutex<Option<Twist>>,
    commands: Mutex<Vec<String>>,
    stopped: AtomicBool,
    /// How many connections are open, and what tells that one was closed.
    open: Mutex<usize>,
    closed: Condvar,
}

pub struct Stand {
    pub url: String,
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

impl Stand {
    pub fn of(world: World) -> Stand {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let shared = Arc::new(Shared {
            world: Mutex::new(world),
            twist: Mutex::new(None),
            commands: Mutex::default(),
            stopped: AtomicBool::new(false),
            open: Mutex::new(0),
            closed: Condvar::new(),
        });
        let accepting = {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || accept(&listener, &shared))
        };
        Stand { url: format!("http://{address}/icewarpapi/"), address, shared, accepting: Some(accepting) }
    }

    /// The world. While it is held the server waits, and so would a second holder in the same statement.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sandbox's own report of its state.
    pub fn state(&self) -> serde_json::Value {
        self.world().state()
    }

    /// How many calls changed something.
    pub fn writes(&self) -> u64 {
        self.state()["writes"].as_u64().expect("a number")
    }

    /// Whether a switch is stored on, by the state report.
    pub fn is_on(&self, address: &str, service: &str) -> bool {
        let state = self.state();
        let account = &state["accounts"][address];
        assert!(account.is_object(), "{address} is no account");
        account["services"][service] == true
    }

    /// Seats of a product in use, by the sandbox's own count.
    pub fn used(&self, product: &str) -> u64 {
        self.world().used(product)
    }

    /// By how much it is used beyond its seats.
    pub fn over(&self, product: &str) -> u64 {
        self.world().over(product)
    }

    /// The most that it ever was beyond them.
    pub fn over_highest(&self, product: &str) -> u64 {
        self.world().over_highest(product)
    }

    /// A variable of the server, by the world itself.
    pub fn server(&self, name: &str) -> String {
        self.world().server_variable(name).unwrap_or_else(|| panic!("{name} has no value"))
    }

    pub fn twist(&self, twist: impl FnMut(&mut World, &Request) -> Option<Reply> + Send + 'static) {
        *self.shared.twist.lock().expect("no panic") = Some(Box::new(twist));
    }

    /// Waits until every connection was closed: what a process sent before it was killed may still be worked on.
    pub fn quiet(&self) {
        let open = self.shared.open.lock().expect("no panic");
        let waited = self.shared.closed.wait_timeout_while(open, SILENCE_MAX, |open| *open > 0);
        assert_eq!(*waited.expect("no panic").0, 0, "connections stay open");
    }

    /// The commands of all requests so far, in their order.
    pub fn commands(&self) -> Vec<String> {
        self.shared.commands.lock().expect("no panic").clone()
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Whoever accepts wakes up once more, and then sees that it is over.
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            drop(accepting.join());
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.stopped.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let shared = Arc::clone(shared);
        *shared.open.lock().expect("no panic") += 1;
        std::thread::spawn(move || {
            drop(converse(&stream, &shared));
            *shared.open.lock().expect("no panic") -= 1;
            shared.closed.notify_all();
        });
    }
}

/// One connection, until the other side closes it or a twisted answer did not let it go on.
fn converse(stream: &TcpStream, shared: &Shared) -> std::io::Result<()> {
    stream.set_read_timeout(Some(SILENCE_MAX))?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader)? {
        shared.commands.lock().expect("no panic").push(request.command.clone());
        let mut world = shared.world.lock().unwrap_or_else(PoisonError::into_inner);
        let twisted =
            shared.twist.lock().expect("no panic").as_mut().map(|twist| twist(&mut world, &request));
        let (bytes, last) = match twisted.flatten() {
            Some(Reply::Raw(bytes)) => (bytes, true),
            Some(Reply::Body(body)) => (http("application/xml", &body), false),
            None => (http("application/xml", &answer(&mut world, &request)), false),
        };
        drop(world);
        let mut stream = stream;
        stream.write_all(&bytes)?;
        if last {
            return stream.shutdown(std::net::Shutdown::Both);
        }
    }
    Ok(())
}

fn read(reader: &mut impl BufRead) -> std::io::Result<Option<Request>> {
    let mut length = 0;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 {
        let head = line.trim_end();
        if head.is_empty() {
            let mut body = vec![0; length];
            reader.read_exact(&mut body)?;
            let body = String::from_utf8_lossy(&body).into_owned();
            return Ok(Some(Request { command: between(&body, "commandname").to_lowercase(), body }));
        }
        if let Some((name, value)) = head.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().map_err(std::io::Error::other)?;
        }
        line.clear();
    }
    Ok(None)
}

/// The text of the first element of that name, by plain search.
pub fn between<'t>(text: &'t str, name: &str) -> &'t str {
    let rest = text.split_once(&format!("<{name}>")).map_or("", |(_, rest)| rest);
    rest.split_once(&format!("</{name}>")).map_or("", |(inside, _)| inside)
}

/// An answer of status 200, whole.
pub fn http(kind: &str, body: &str) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
    (head + body).into_bytes()
}

/// What the world itself answers.
pub fn answer(world: &mut World, request: &Request) -> String {
    world.answer(request.body.as_bytes(), None).body
}

/// `<result>` with this inside.
pub fn result(inside: &str) -> Reply {
    Reply::Body(format!(
        "<iq type=\"result\"><query xmlns=\"admin:iq:rpc\"><result>{inside}</result></query></iq>"
    ))
}

/// The world's answers, with these variables of the server without a value.
pub fn without(
    names: &'static [&'static str],
) -> impl FnMut(&mut World, &Request) -> Option<Reply> + Send + 'static {
    move |world, request| {
        let asked = request.command == "getserverproperties";
        (asked && names.iter().any(|name| request.body.contains(name))).then(|| {
            let none = "<propertyval><classname>TPropertyNoValue</classname></propertyval>";
            Reply::Body(names.iter().fold(answer(world, request), |text, name| valued(&text, name, none)))
        })
    }
}

/// An answer in which a property has this `<propertyval>`; as it was where the property is not in it.
pub fn valued(answer: &str, name: &str, propertyval: &str) -> String {
    let Some(at) = answer.find(&format!("<propname>{name}</propname>")) else { return answer.to_owned() };
    let (head, tail) = answer.split_at(at);
    let start = tail.find("<propertyval>").expect("a value");
    let end = tail.find("</propertyval>").expect("its end") + "</propertyval>".len();
    format!("{head}{}{propertyval}{}", &tail[..start], &tail[end..])
}

/// A `<propertyval>` with this text.
pub fn text(value: &str) -> String {
    format!("<propertyval><classname>TPropertyString</classname><val>{value}</val></propertyval>")
}

/// One command to a world, as its own administrator gives it; without HTTP and without icewarden's client.
pub fn command(world: &mut World, command: &str, params: &str) {
    let request = |sid: &str, command: &str, params: &str| {
        format!(
            "<iq sid=\"{sid}\"><query xmlns=\"admin:iq:rpc\"><commandname>{command}</commandname>\
             <commandparams>{params}</commandparams></query></iq>"
        )
    };
    let login = "<authtype>0</authtype><email>admin@example.com</email><password>sandbox</password>";
    let login = world.answer(request("", "authenticate", login).as_bytes(), None).body;
    let sid = login.split("sid=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a session");
    let answer = world.answer(request(sid, command, params).as_bytes(), None).body;
    assert_eq!(between(&answer, "result"), "1", "{command}: {answer}");
}

/// Takes an account away.
pub fn remove(world: &mut World, address: &str) {
    let domain = address.rsplit_once('@').expect("an address").1;
    let list = format!("<classname>tpropertystringlist</classname><val><item>{address}</item></val>");
    let params =
        format!("<domainstr>{domain}</domainstr><accountlist>{list}</accountlist><leavedata>0</leavedata>");
    command(world, "deleteaccounts", &params);
}
