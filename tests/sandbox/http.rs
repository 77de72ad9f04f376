//! The interface over HTTP: paths, headers, the address file, many callers, and a client that others wrote.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use icewarden::edge::sandbox::{Seed, ServeOptions, World, serve};
use tokio::sync::oneshot;

use super::client::{attribute, error, login_params, request, texts};

/// Serves a world on a free port while `use_it` runs, then stops it and gives what `use_it` gave.
pub async fn served<T, F: Future<Output = T>>(world: World, use_it: impl FnOnce(SocketAddr) -> F) -> T {
    let (ready, address) = oneshot::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let options = ServeOptions { listen: SocketAddr::from(([127, 0, 0, 1], 0)), addr_file: None };
    let serving =
        tokio::spawn(serve(world, options, |address| ready.send(address).expect("somebody waits"), async {
            drop(stopped.await);
        }));
    let out = use_it(address.await.expect("the server says where it is")).await;
    stop.send(()).expect("the server still runs");
    serving.await.expect("the server ends in peace").expect("and without an error");
    out
}

pub fn client() -> reqwest::Client {
    // No TLS is spoken here, but the client wants to know how it would.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder().no_proxy().build().expect("a client")
}

async fn post(client: &reqwest::Client, url: &str, body: String) -> reqwest::Response {
    client.post(url).body(body).send().await.expect("an answer")
}

#[tokio::test]
async fn every_path_answers_with_the_sandbox_header_and_status_200() {
    served(World::bare(), |address| async move {
        let client = client();
        for path in ["icewarpapi", "icewarpapi/", "icewarpapi/Authenticate"] {
            for body in
                [request("", "authenticate", &login_params("admin@example.com", "sandbox")), "?".to_owned()]
            {
                let answer = post(&client, &format!("http://{address}/{path}"), body).await;
                assert_eq!(answer.status(), 200, "{path}");
                assert_eq!(answer.headers()["x-icewarden-sandbox"], "1", "{path}");
                assert_eq!(answer.headers()["content-type"], "application/xml", "{path}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_state_is_shown_with_and_without_accounts() {
    served(World::seeded(&Seed { accounts: 30, seed: 1 }), |address| async move {
        for (query, with_accounts) in [("", true), ("?accounts=none", false)] {
            let answer = client()
                .get(format!("http://{address}/sandbox/state{query}"))
                .send()
                .await
                .expect("an answer");
            let state: serde_json::Value =
                serde_json::from_str(&answer.text().await.expect("text")).expect("JSON");
            assert_eq!(state["sandbox"], true);
            assert_eq!(state["accounts"].is_object(), with_accounts);
            assert_eq!(state["modules"]["ActiveSync"]["seats"], 5);
        }
    })
    .await;
}

#[tokio::test]
async fn the_address_file_holds_the_url_and_a_line_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("address");
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let options = ServeOptions { listen, addr_file: Some(file.clone()) };
    let mut heard = None;
    serve(World::bare(), options, |address| heard = Some(address), async {}).await.expect("served");
    let address = heard.expect("ready was called");
    assert_eq!(std::fs::read_to_string(&file).expect("the file"), format!("http://{address}/icewarpapi/\n"));
    assert_eq!(
        std::fs::read_dir(folder.path()).expect("the folder").count(),
        1,
        "nothing else is left there"
    );
}

#[tokio::test]
async fn a_refused_login_waits_if_the_world_says_so() {
    let mut world = World::bare();
    world.tarpit_ms = 300_000;
    served(world, |address| async move {
        let client = client();
        let url = format!("http://{address}/icewarpapi/");
        let refused =
            post(&client, &url, request("", "authenticate", &login_params("admin@example.com", "no")));
        let waited = tokio::time::timeout(Duration::from_millis(50), refused).await;
        assert!(waited.is_err(), "the answer came at once");
        let accepted =
            post(&client, &url, request("", "authenticate", &login_params("admin@example.com", "sandbox")));
        assert_eq!(error(&accepted.await.text().await.expect("text")), None);
    })
    .await;
}

/// Requests as the C# client of the reference (6) builds them: `type="get"` even for writes, a `uid`, an XML
/// declaration, the right beside the value; then one as curl sends it from a one-line script.
#[tokio::test]
async fn a_session_in_the_manner_of_other_clients_works() {
    served(World::seeded(&Seed { accounts: 60, seed: 3 }), |address| async move {
        let client = client();
        let url = format!("http://{address}/icewarpapi/");
        let send = async |sid: &str, command: &str, params: &str| {
            let sid = if sid.is_empty() { String::new() } else { format!(" sid=\"{sid}\"") };
            let body = format!(
                "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<iq type=\"get\" uid=\"17\"{sid}>\r\n  <query \
                 xmlns=\"admin:iq:rpc\">\r\n    <commandname>{command}</commandname>\r\n    <commandparams>{params}\
                 </commandparams>\r\n  </query>\r\n</iq>"
            );
            let answer = post(&client, &url, body).await.text().await.expect("text");
            assert_eq!(attribute(&answer, "uid").as_deref(), Some("17"));
            assert_eq!(attribute(&answer, "type").as_deref(), Some("result"), "{answer}");
            answer
        };
        let login = "<authtype>0</authtype><email>admin@example.com</email><password>sandbox</password><digest/>\
                     <persistentlogin>0</persistentlogin>";
        let answer = send("", "authenticate", login).await;
        let sid = attribute(&answer, "sid").expect("a session");
        let create = "<domainstr>example.com</domainstr><accountproperties>\
            <item><apiproperty><propname>u_mailbox</propname></apiproperty><propertyval><classname>TPropertyString\
            </classname><val>new.one</val></propertyval><propertyright>2</propertyright></item>\
            <item><apiproperty><propname>u_type</propname></apiproperty><propertyval><classname>TPropertyString\
            </classname><val>0</val></propertyval><propertyright>2</propertyright></item>\
            <item><apiproperty><propname>a_name</propname></apiproperty><propertyval><classname>TAccountName</classname>\
            <name>New</name><surname>One</surname></propertyval><propertyright>2</propertyright></item>\
            </accountproperties>";
        assert_eq!(texts(&send(&sid, "createaccount", create).await, "result"), ["1"]);
        let mask = "<domainstr>example.com</domainstr><filter><namemask>*new*one*</namemask></filter>\
                    <offset>0</offset><count>10</count>";
        let listed = send(&sid, "getaccountsinfolist", mask).await;
        assert_eq!(texts(&listed, "email"), ["new.one@example.com"]);
        let delete = "<domainstr>example.com</domainstr><accountlist><classname>tpropertystringlist</classname><val>\
                      <item>new.one@example.com</item></val></accountlist><leavedata>0</leavedata>";
        assert_eq!(texts(&send(&sid, "deleteaccounts", delete).await, "result"), ["1"]);
        let line = format!(
            "<iq sid=\"{sid}\" type=\"get\"><query xmlns=\"admin:iq:rpc\"><commandname>logout</commandname>\
             <commandparams></commandparams></query></iq>"
        );
        let posted = client.post(&url).header("content-type", "application/x-www-form-urlencoded").body(line);
        let answer = posted.send().await.expect("an answer").text().await.expect("text");
        assert_eq!(texts(&answer, "result"), ["1"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_python_client_from_pypi_works_unchanged() {
    let python = std::env::var("ICEWARDEN_PYTHON").unwrap_or_default();
    assert!(
        !python.is_empty(),
        "ICEWARDEN_PYTHON names no interpreter: `just setup` makes one that has icewarp-api 0.1.1 and sets it"
    );
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/icewarp_api.py");
    served(World::seeded(&Seed { accounts: 300, seed: 1 }), |address| async move {
        let url = format!("http://{address}/icewarpapi/");
        let mut command = tokio::process::Command::new(&python);
        let run = command.arg(script).arg(&url).env("NO_PROXY", "127.0.0.1").stdin(Stdio::null()).output();
        let output = run.await.unwrap_or_else(|error| panic!("{python} does not run: {error}"));
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{said}");
    })
    .await;
}

#[tokio::test]
async fn half_a_request_does_not_keep_the_sandbox_from_its_end() {
    use tokio::io::AsyncWriteExt as _;
    let served = served(World::bare(), |address| async move {
        let mut half = tokio::net::TcpStream::connect(address).await.expect("it listens");
        half.write_all(b"POST /icewarpapi/ HTTP/1.1\r\nContent-Length: 100\r\n\r\n<iq")
            .await
            .expect("it is sent");
        // Another request is answered after it, so the half one is under way.
        let state = client().get(format!("http://{address}/sandbox/state")).send().await.expect("an answer");
        assert_eq!(state.status(), 200);
        half
    });
    let half = tokio::time::timeout(Duration::from_secs(60), served).await.expect("it ends");
    drop(half);
}
