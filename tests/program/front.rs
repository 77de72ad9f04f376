//! What can stand between the program and a server: TLS under some certificate, and a proxy.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use super::run::{Desk, desk};
use super::spec::{policy, server, whole, world};
use super::stand::Stand;

/// A peer that says nothing for so long has gone astray.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// A port that is listened at, each connection by itself, for as long as this is held.
pub struct Front {
    pub address: SocketAddr,
    stopped: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Front {
    pub fn of(converse: impl Fn(TcpStream) -> std::io::Result<()> + Send + Sync + 'static) -> Front {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let stopped = Arc::new(AtomicBool::new(false));
        let accepting = {
            let (stopped, converse) = (Arc::clone(&stopped), Arc::new(converse));
            std::thread::spawn(move || {
                for stream in listener.incoming().map_while(Result::ok) {
                    if stopped.load(Ordering::SeqCst) {
                        return;
                    }
                    let converse = Arc::clone(&converse);
                    std::thread::spawn(move || {
                        stream.set_read_timeout(Some(SILENCE_MAX)).and_then(|()| converse(stream))
                    });
                }
            })
        };
        Front { address, stopped, accepting: Some(accepting) }
    }

    /// Answers every connection with these bytes, once something came.
    pub fn saying(bytes: &'static [u8]) -> Front {
        Front::of(move |mut stream| {
            let _ = stream.read(&mut [0; 4096])?;
            stream.write_all(bytes)
        })
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Whoever accepts wakes up once more, and then sees that it is over.
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            drop(accepting.join());
        }
    }
}

/// A certificate for `localhost`, made as a test likes it, and its key.
pub struct Identity {
    pub certificate: rcgen::Certificate,
    pub key: rcgen::KeyPair,
}

impl Identity {
    pub fn new(change: impl FnOnce(&mut rcgen::CertificateParams)) -> Identity {
        let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).expect("a name");
        change(&mut params);
        let key = rcgen::KeyPair::generate().expect("a key");
        Identity { certificate: params.self_signed(&key).expect("a certificate"), key }
    }
}

/// TLS before a stand: what comes through it is handed on as it is, one request at a time.
pub fn tls(identity: &Identity, stand: &Stand) -> Front {
    let key = rustls::pki_types::PrivateKeyDer::try_from(identity.key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![identity.certificate.der().clone()], key)
        .expect("the key is the certificate's");
    let (config, behind) = (Arc::new(config), host(&stand.url));
    Front::of(move |stream| {
        let connection = rustls::ServerConnection::new(Arc::clone(&config)).map_err(std::io::Error::other)?;
        let mut secured = BufReader::new(rustls::StreamOwned::new(connection, stream));
        let mut plain = BufReader::new(TcpStream::connect(&behind)?);
        while let Some(request) = message(&mut secured)? {
            plain.get_mut().write_all(&request)?;
            let answer = message(&mut plain)?.unwrap_or_default();
            secured.get_mut().write_all(&answer)?;
            secured.get_mut().flush()?;
        }
        Ok(())
    })
}

/// A proxy that writes down the first line of each request and hands everything on to one server, whatever host was
/// asked for.
pub fn proxy(behind: String, asked: Arc<Mutex<Vec<String>>>) -> Front {
    Front::of(move |stream| {
        let mut near = BufReader::new(stream);
        let mut far = BufReader::new(TcpStream::connect(&behind)?);
        while let Some(request) = message(&mut near)? {
            let line = String::from_utf8_lossy(&request).lines().next().unwrap_or_default().to_owned();
            let tunnel = line.starts_with("CONNECT ");
            asked.lock().expect("no panic").push(line);
            if tunnel {
                near.get_mut().write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
                let (mut up, mut down) = (near.get_ref().try_clone()?, far.get_ref().try_clone()?);
                let back = std::thread::spawn(move || std::io::copy(&mut down, &mut up));
                std::io::copy(&mut near, far.get_mut())?;
                far.get_mut().shutdown(std::net::Shutdown::Both)?;
                drop(back.join());
                return Ok(());
            }
            far.get_mut().write_all(&request)?;
            let answer = message(&mut far)?.unwrap_or_default();
            near.get_mut().write_all(&answer)?;
        }
        Ok(())
    })
}

/// One request or answer, head and body; `None` at the end.
fn message(reader: &mut impl BufRead) -> std::io::Result<Option<Vec<u8>>> {
    let (mut bytes, mut length) = (Vec::new(), 0);
    loop {
        let start = bytes.len();
        if reader.read_until(b'\n', &mut bytes)? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&bytes[start..]).trim().to_lowercase();
        if line.is_empty() {
            let head = bytes.len();
            bytes.resize(head + length, 0);
            reader.read_exact(&mut bytes[head..])?;
            return Ok(Some(bytes));
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(std::io::Error::other)?;
        }
    }
}

/// Host and port of a stand's address.
pub fn host(url: &str) -> String {
    url.trim_start_matches("http://").split('/').next().expect("a host").to_owned()
}

fn stand() -> Stand {
    Stand::of(world(&[("bob@example.com", &[])]))
}

fn chat() -> String {
    policy("chat", "scope: {accounts: [bob@example.com]}\nservices: {im: enabled}")
}

/// A desk whose server is at `url`, with these further keys of `rpc`.
pub fn at(url: &str, more: &str) -> Desk {
    let server = server("eu", url, "");
    let password = "password: {env: ICEWARP_PASSWORD}";
    Desk::with(&(server.replace(password, &format!("{password}{more}")) + "---\n" + &chat()))
}

/// The whole of it: a certificate of the server's own, named in `caFile`, with and without CA:TRUE.
#[test]
fn a_ca_file_is_enough_to_be_trusted_and_nothing_is_warned_of() {
    for own in [false, true] {
        let (stand, identity) = (stand(), Identity::new(|params| authority(params, own)));
        let front = tls(&identity, &stand);
        let desk = at(&format!("https://localhost:{}/icewarpapi/", front.address.port()), ", caFile: ca.pem");
        desk.write("spec/ca.pem", &identity.certificate.pem());
        let ran = desk.apply(&[]).exits(0);
        assert!(!ran.err.contains("warning"), "{}", ran.err);
        assert!(stand.is_on("bob@example.com", "im"));
    }
}

pub fn authority(params: &mut rcgen::CertificateParams, own: bool) {
    if own {
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    }
}

#[test]
fn skipping_the_check_of_the_certificate_is_warned_of_on_every_run() {
    let (stand, identity) = (stand(), Identity::new(|_| ()));
    let front = tls(&identity, &stand);
    let url = format!("https://localhost:{}/icewarpapi/", front.address.port());
    let desk = at(&url, ", insecureSkipVerify: true");
    let words = ["warning: eu:", "without checking its certificate", "can read the password"];
    desk.plan(&[]).exits(2).says(&words);
    desk.plan(&["--format", "json"]).exits(2).says(&words);
    desk.apply(&[]).exits(0).says(&words);
    desk.plan(&[]).exits(0).says(&words);
}

/// To a host that is not this machine the password goes encrypted unless the spec says otherwise, and that is told.
/// The proxy is what lets such a host exist here.
#[test]
fn proxies_of_the_environment_are_used_and_an_open_line_is_warned_of() {
    const URL: &str = "http://mail.example.test/icewarpapi/";
    let stand = stand();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let front = proxy(host(&stand.url), Arc::clone(&asked));
    let address = format!("http://{}", front.address);
    let plain = at(URL, ", login: plain").env("HTTP_PROXY", &address);
    plain.plan(&[]).exits(2).says(&["warning: eu:", "without TLS", "whoever listens can read the password"]);
    let lines = std::mem::take(&mut *asked.lock().expect("no panic"));
    assert!(
        lines.iter().all(|line| line.starts_with("POST http://mail.example.test/icewarpapi/")),
        "{lines:?}"
    );
    assert_eq!(stand.commands().len(), lines.len());
    assert_eq!(stand.commands()[0], "authenticate");
    // Without a word it asks for a key first.
    let ran = at(URL, "").env("HTTP_PROXY", &address).plan(&[]).exits(2);
    ran.says(&["warning: eu:", "without TLS", "cannot read the password"]);
    assert_eq!(stand.commands()[lines.len()], "getauthchallenge");
    // A host that is taken out of it is reached directly, which this one cannot be.
    asked.lock().expect("no panic").clear();
    let out = at(URL, ", login: plain").env("HTTP_PROXY", &address).env("NO_PROXY", "example.test");
    out.plan(&[]).exits(69).says(&["HTTP_PROXY is set", "NO_PROXY"]);
    assert!(asked.lock().expect("no panic").is_empty());
}

#[test]
fn a_proxy_of_the_environment_carries_tls_unopened() {
    let (stand, identity) = (
        stand(),
        Identity::new(|params| {
            params.subject_alt_names =
                vec![rcgen::SanType::DnsName("mail.example.test".try_into().expect("a name"))];
        }),
    );
    let secured = tls(&identity, &stand);
    let asked = Arc::new(Mutex::new(Vec::new()));
    let front = proxy(secured.address.to_string(), Arc::clone(&asked));
    let desk = at("https://mail.example.test/icewarpapi/", ", caFile: ca.pem");
    let desk = desk.env("HTTPS_PROXY", &format!("http://{}", front.address));
    desk.write("spec/ca.pem", &identity.certificate.pem());
    desk.apply(&[]).exits(0);
    assert!(stand.is_on("bob@example.com", "im"));
    let lines = asked.lock().expect("no panic").clone();
    assert!(lines.iter().all(|line| line.starts_with("CONNECT mail.example.test:443")), "{lines:?}");
}

/// The sandbox opens the digest with code of its own.
#[test]
fn an_encrypted_password_is_understood_by_the_sandbox_and_a_wrong_one_is_not() {
    for password in ["sandbox", "correct horse & <staple>+%20 \u{20ac}'!()*~", "a", "a b"] {
        let stand = stand();
        assert!(stand.world().set_account_variable("admin@example.com", "U_Password", password));
        let desk = at(&stand.url, ", login: rsa").env("ICEWARP_PASSWORD", password);
        let ran = desk.apply(&[]).exits(0);
        assert!(!ran.err.contains("warning"), "{}", ran.err);
        assert!(stand.is_on("bob@example.com", "im"));
        assert_eq!(stand.commands()[..2], ["getauthchallenge", "authenticate"]);
        let wrong = at(&stand.url, ", login: rsa").env("ICEWARP_PASSWORD", "wrong");
        wrong.plan(&[]).exits(77).says(&["the account or its password is wrong"]);
    }
}

/// A proxy would have another machine's loopback.
#[test]
fn a_loopback_address_never_goes_through_a_proxy() {
    let stand = stand();
    let nobody = "http://127.0.0.1:1";
    let desk = desk(&stand, &[chat()]).env("HTTP_PROXY", nobody).env("ALL_PROXY", nobody).env("NO_PROXY", "");
    desk.plan(&[]).exits(2);
}

/// What the spec names as a secret reaches the server it is for, and no other program.
#[test]
fn a_command_that_gives_a_password_does_not_get_the_secrets_of_the_spec() {
    let stand = stand();
    let script = "env >seen; echo sandbox";
    let exec = format!("password: {{exec: [sh, -c, '{script}']}}");
    let first = server("eu", &stand.url, "").replace("password: {env: ICEWARP_PASSWORD}", &exec);
    let second = "apiVersion: icewarden.dev/v1\nkind: Server\nmetadata: {name: us}\nspec:\n  connection:\n    rpc: {url: \
                  http://127.0.0.1:1/, account: admin@example.com, password: {env: OTHER_PASSWORD}}\n";
    let backup = "apiVersion: icewarden.dev/v1\nkind: BackupPolicy\nmetadata: {name: b}\nspec:\n  server: us\n  databases: \
                  {accounts: {enabled: true, target: {env: BACKUP_TARGET}}}\n";
    let desk = Desk::with(&[&first, second, backup].join("---\n"))
        .env("OTHER_PASSWORD", "hunter2")
        .env("BACKUP_TARGET", "a;b;hunter3")
        .env("VAULT_TOKEN", "needed");
    desk.plan(&[]).exits(69);
    let seen = desk.read("seen");
    assert!(seen.contains("VAULT_TOKEN=needed") && seen.contains("ICEWARP_PASSWORD="), "{seen}");
    assert!(
        !seen.contains("hunter") && !seen.contains("OTHER_PASSWORD") && !seen.contains("BACKUP"),
        "{seen}"
    );
}

/// The administrator of the whole server is in no domain, and is how staff log in (reference 1.3).
#[test]
fn the_administrator_of_the_whole_server_may_log_in() {
    let stand = stand();
    let spec = whole(&stand, "", &[chat()]).replace("account: admin@example.com", "account: GlobalAdmin");
    let desk = Desk::with(&spec);
    desk.plan(&[]).exits(77).says(&["the account or its password is wrong"]);
    assert!(stand.world().set_server_variable("C_Accounts_Policies_EnableGlobalAdmin", "1"));
    desk.plan(&["--stats"]).exits(2).says(&["logged in as globaladmin, admintype 2"]);
    desk.apply(&[]).exits(0);
    desk.nothing_to_do(&[]);
    let nobody = spec.replace("account: GlobalAdmin", "account: root");
    Desk::with(&nobody).plan(&[]).exits(65).says(&["root"]);
}

/// What a command may see: not the key that addresses are hashed by, for it could tell which hash is whose.
#[test]
fn a_command_does_not_get_the_key_of_the_addresses() {
    let stand = stand();
    let exec = "password: {exec: [sh, -c, 'test -z \"$ICEWARDEN_ADDRESS_KEY\" && echo sandbox']}";
    let spec = whole(&stand, "", &[chat()]).replace("password: {env: ICEWARP_PASSWORD}", exec);
    let desk = Desk::with(&spec).env("ICEWARDEN_ADDRESS_KEY", "0123456789abcdef0123456789abcdef");
    desk.plan(&["--addresses", "hash"]).exits(2);
}
