//! The rows of `wrong`.

use icewarden::edge::sandbox::World;

use super::front::{Front, Identity, at, authority, tls};
use super::run::{Desk, desk};
use super::spec::{REFERENCE, backup, group, license, policy, server, server_unpinned, whole, world};
use super::stand::{Reply, Request, Stand, http, result, without};
use super::wrong::{Row, Runs, Scene};

pub fn rows() -> Vec<Row> {
    [
        reaching(),
        certificates(),
        logins(),
        passwords(),
        languages(),
        statuses(),
        lists(),
        identities(),
        selectors(),
        limits(),
        closed(),
        yaml(),
        documents(),
        values(),
        folders(),
        typed(),
        saved(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Anna has chat, Bob has not; the administrator is there by himself.
fn stand() -> Stand {
    Stand::of(world(&[("anna@example.com", &["im"]), ("bob@example.com", &[])]))
}

/// Bob gets chat.
fn chat() -> String {
    policy("chat", "scope: {accounts: [bob@example.com]}\nservices: {im: enabled}")
}

/// Anna loses it.
fn quiet() -> String {
    policy("quiet", "scope: {accounts: [anna@example.com]}\nservices: {im: disabled}")
}

/// The plain scene: this stand, and these documents.
fn scene(stand: Stand, documents: &[String]) -> Scene {
    Scene::new(desk(&stand, documents), vec![stand])
}

fn row(
    section: &'static str,
    situation: &'static str,
    code: i32,
    words: &'static [&'static str],
    scene: impl Fn() -> Scene + Send + Sync + 'static,
) -> Row {
    Row { section, situation, code, words, scene: Box::new(scene) }
}

/// A server that answers this in the world's place, from the command on that is named.
fn answers(
    section: &'static str,
    situation: &'static str,
    code: i32,
    words: &'static [&'static str],
    command: &'static str,
    reply: impl Fn() -> Reply + Send + Sync + Clone + 'static,
) -> Row {
    row(section, situation, code, words, move || {
        let (stand, reply) = (stand(), reply.clone());
        stand.twist(move |_, request: &Request| (request.command == command).then(&reply));
        scene(stand, &[chat()])
    })
}

fn refused(uid: &str) -> Reply {
    Reply::Body(format!(
        "<iq type=\"error\"><query xmlns=\"admin:iq:rpc\"><error uid=\"{uid}\"/></query></iq>"
    ))
}

fn raw(status: &str, headers: &str, body: &str) -> Reply {
    let length = body.len();
    Reply::Raw(format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}").into_bytes())
}

fn reaching() -> Vec<Row> {
    const S: &str = "Reaching the server";
    let url = |situation, code, words, url: &'static str| {
        row(S, situation, code, words, move || Scene::new(at(url, ""), Vec::new()))
    };
    let port = |situation, code, words, answer: &'static [u8]| {
        row(S, situation, code, words, move || {
            let front = Front::saying(answer);
            Scene::new(at(&format!("http://{}/icewarpapi/", front.address), ""), Vec::new()).keep(front)
        })
    };
    vec![
        url(
            "unknown host",
            69,
            &["no-such-host.test", "connection.rpc.url"],
            "http://no-such-host.test/icewarpapi/",
        ),
        url(
            "closed port",
            69,
            &["127.0.0.1:1", "refused", "connection.rpc.url"],
            "http://127.0.0.1:1/icewarpapi/",
        ),
        row(S, "the proxy of the environment is down", 69, &["HTTP_PROXY is set", "NO_PROXY"], || {
            let desk = at("http://mail.example.test/icewarpapi/", "");
            Scene::new(desk, Vec::new()).env("HTTP_PROXY", "http://127.0.0.1:1")
        }),
        row(S, "the proxy wants a password", 1, &["407", "the user and password of the proxy"], || {
            let front =
                Front::saying(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
            let proxy = format!("http://{}", front.address);
            let desk = at("http://mail.example.test/icewarpapi/", "");
            Scene::new(desk, Vec::new()).env("HTTP_PROXY", &proxy).keep(front)
        }),
        port("the port of another service", 1, &["it is not HTTP"], b"220 mail.example.com ESMTP\r\n"),
        port("the connection is closed without a word", 1, &["ended before an answer came"], b""),
        row(S, "TLS towards a port of plain HTTP", 69, &["does not speak TLS"], || {
            let stand = stand();
            Scene::new(at(&stand.url.replace("http://", "https://"), ""), vec![stand])
        }),
        row(S, "plain HTTP towards a port of TLS", 1, &["https://"], || {
            let (stand, identity) = (stand(), Identity::new(|_| ()));
            let front = tls(&identity, &stand);
            Scene::new(at(&format!("http://{}/icewarpapi/", front.address), ""), vec![stand]).keep(front)
        }),
    ]
}

fn certificates() -> Vec<Row> {
    const S: &str = "Certificates";
    /// A server under a certificate; `ca` is what the spec's `caFile` holds, if it has one.
    fn under(
        change: fn(&mut rcgen::CertificateParams),
        host: &str,
        ca: Option<fn(&Identity) -> String>,
    ) -> Scene {
        let (stand, identity) = (stand(), Identity::new(change));
        let front = tls(&identity, &stand);
        let url = format!("https://{host}:{}/icewarpapi/", front.address.port());
        let desk = at(&url, if ca.is_some() { ", caFile: ca.pem" } else { "" });
        if let Some(ca) = ca {
            desk.write("spec/ca.pem", &ca(&identity));
        }
        Scene::new(desk, vec![stand]).keep(front)
    }
    fn years(params: &mut rcgen::CertificateParams, from: i32, until: i32) {
        params.not_before = rcgen::date_time_ymd(from, 1, 1);
        params.not_after = rcgen::date_time_ymd(until, 1, 1);
    }
    let own: fn(&Identity) -> String = |identity| identity.certificate.pem();
    let ca_file = |situation, words, name: &'static str, text: &'static str| {
        row(S, situation, 69, words, move || {
            let desk = at("https://mail.example.test/icewarpapi/", &format!(", caFile: {name}"));
            desk.write("spec/ca.pem", text);
            Scene::new(desk, Vec::new())
        })
    };
    vec![
        row(S, "nobody vouches for the certificate", 69, &["unknown issuer", "caFile"], || {
            under(|_| (), "localhost", None)
        }),
        row(S, "caFile names another authority", 69, &["not signed by", "caFile"], || {
            under(|_| (), "localhost", Some(|_| Identity::new(|_| ()).certificate.pem()))
        }),
        row(S, "the certificate has expired", 69, &["expired", "renew its certificate"], move || {
            under(|params| years(params, 2001, 2002), "localhost", Some(own))
        }),
        row(S, "the certificate is not valid yet", 69, &["not valid yet", "clocks"], move || {
            under(|params| years(params, 4000, 4001), "localhost", Some(own))
        }),
        row(
            S,
            "the certificate carries another name",
            69,
            &["not valid for name", "only for \"localhost\"", "connection.rpc.url"],
            move || under(|_| (), "127.0.0.1", Some(own)),
        ),
        row(
            S,
            "the certificate is that of an authority, and caFile does not name it",
            69,
            &["CA:TRUE"],
            || under(|params| authority(params, true), "localhost", None),
        ),
        ca_file("caFile is missing", &["caFile spec/gone.pem cannot be read", "PEM form"], "gone.pem", ""),
        ca_file("caFile is no PEM file", &["holds no certificate"], "ca.pem", "hello\n"),
        ca_file(
            "caFile is cut off",
            &["is no PEM file"],
            "ca.pem",
            "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUJ\n",
        ),
        ca_file(
            "caFile holds something else that is called a certificate",
            &["number 1 in", "is no certificate"],
            "ca.pem",
            "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n",
        ),
    ]
}

fn logins() -> Vec<Row> {
    const S: &str = "Logging in";
    let uid = |situation, words, uid: &'static str| {
        answers(S, situation, 77, words, "authenticate", move || refused(uid))
    };
    let rsa = |situation, code, words, reply: fn() -> Reply| {
        row(S, situation, code, words, move || {
            let stand = stand();
            stand.twist(move |_, request| (request.command == "getauthchallenge").then(reply));
            Scene::new(at(&stand.url, ", login: rsa"), vec![stand])
        })
    };
    vec![
        row(
            S,
            "wrong password",
            77,
            &["the account or its password is wrong", "we do not try again"],
            || scene(stand(), &[chat()]).env("ICEWARP_PASSWORD", "wrong"),
        ),
        row(
            S,
            "an account that does not exist logs in",
            77,
            &["the account or its password is wrong"],
            || {
                let stand = stand();
                let spec = whole(&stand, "", &[chat()]).replace("admin@example.com", "nobody@example.com");
                Scene::new(Desk::with(&spec), vec![stand])
            },
        ),
        answers(S, "the login is answered 0", 77, &["does not accept the account"], "authenticate", || {
            result("0")
        }),
        row(
            S,
            "the account needs a second factor",
            77,
            &["second factor", "without two-factor login"],
            || {
                let stand = stand();
                assert!(stand.world().set_account_variable("admin@example.com", "U_2F_Enabled", "1"));
                scene(stand, &[chat()])
            },
        ),
        row(S, "the account is disabled", 77, &["the account is disabled", "enable the account"], || {
            let stand = stand();
            assert!(stand.world().set_account_variable("admin@example.com", "U_AccountDisabled", "1"));
            scene(stand, &[chat()])
        }),
        row(S, "the account is not an administrator", 77, &["administrator rights"], || {
            let stand = stand();
            let spec = whole(&stand, "", &[chat()]).replace("admin@example.com", "bob@example.com");
            Scene::new(Desk::with(&spec), vec![stand])
        }),
        uid(
            "the account has expired",
            &["the account has expired", "valid for longer"],
            "account_disabled_4",
        ),
        uid(
            "the account may not log in from here",
            &["from this address", "this machine's address"],
            "account_disabled_1",
        ),
        uid("logging in from here is not allowed to anybody", &["from this address"], "login_ip_invalid"),
        uid(
            "the password has expired, and the login is refused",
            &["password has expired", "new password"],
            "account_disabled_3",
        ),
        row(
            S,
            "the password has expired, and the login is accepted",
            77,
            &["password has expired", "new password"],
            || {
                let stand = stand();
                stand.twist(|_, request| {
                    (request.command == "getsessioninfo").then(|| {
                        result("<email>admin@example.com</email><passwordexpired>1</passwordexpired>")
                    })
                });
                scene(stand, &[chat()])
            },
        ),
        uid(
            "logging in to the account's domain is disabled",
            &["logins to the domain"],
            "account_disabled_11",
        ),
        uid("the account's domain has expired", &["the account's domain has expired"], "account_disabled_12"),
        uid("the licence keeps the account out", &["look at the licence"], "account_disabled_13"),
        uid("an access mode keeps the account out", &["access mode"], "account_disabled_10"),
        uid("the second factor is wrong", &["without two-factor login"], "auth_two_factor_invalid"),
        uid("the kind of login is not offered", &["connection.rpc.login"], "auth_type_invalid"),
        uid("an error id that nobody has listed", &["`moon_phase`, which is not in our list"], "moon_phase"),
        rsa("encrypted login to a server without it", 77, &["offers no encrypted login", "https://"], || {
            refused("invoker_commandname_invalid")
        }),
        rsa("the key for the password is too short", 1, &["its key has 64 bits"], || {
            result("<hashid>c0ffee5a9d0b0c57</hashid><timestamp>1768464000</timestamp>")
        }),
        rsa("the key for the password is no number", 1, &["its key (hashid) is not hexadecimal"], || {
            result("<hashid>no key</hashid><timestamp>1768464000</timestamp>")
        }),
        answers(S, "every session ends at once", 1, &["session", "next:"], "getserverproperties", || {
            refused("session_expired")
        }),
        answers(
            S,
            "a proxy changes our address from call to call",
            1,
            &["our address"],
            "getserverproperties",
            || refused("session_ip_mismatch"),
        ),
    ]
}

fn passwords() -> Vec<Row> {
    const S: &str = "Where the password is kept";
    let kept = |situation, words, reference: &'static str| {
        row(S, situation, 1, words, move || {
            let stand = stand();
            let spec = whole(&stand, "", &[chat()]).replace("{env: ICEWARP_PASSWORD}", reference);
            let desk = Desk::with(&spec).env("EMPTY", "").env("ICEWARDEN_EXEC_SECONDS", "1");
            desk.write("spec/empty", "\n");
            Scene::new(desk, vec![stand])
        })
    };
    vec![
        kept("the variable is not set", &["NOT_SET", "the variable is not set"], "{env: NOT_SET}"),
        kept("the variable is empty", &["EMPTY", "it is empty"], "{env: EMPTY}"),
        kept("the file is missing", &["spec/gone", "cannot be read"], "{file: gone}"),
        kept("the file is empty", &["spec/empty", "it is empty"], "{file: empty}"),
        kept("the file is a folder", &["a folder, a pipe or a device"], "{file: .}"),
        kept(
            "the command fails",
            &["ended with 3 and said: no such vault"],
            "{exec: [sh, -c, 'echo no such vault >&2; exit 3']}",
        ),
        kept("the command does not exist", &["cannot be started"], "{exec: [no-such-program]}"),
        kept("the command says nothing", &["it is empty"], "{exec: ['true']}"),
        kept(
            "the command never ends",
            &["did not end within 1 s", "ICEWARDEN_EXEC_SECONDS"],
            "{exec: [sleep, '60']}",
        ),
        row(S, "the limit for the command is no number", 1, &["ICEWARDEN_EXEC_SECONDS"], || {
            let stand = stand();
            let spec =
                whole(&stand, "", &[chat()]).replace("{env: ICEWARP_PASSWORD}", "{exec: [echo, sandbox]}");
            Scene::new(Desk::with(&spec).env("ICEWARDEN_EXEC_SECONDS", "soon"), vec![stand])
        }),
    ]
}

fn languages() -> Vec<Row> {
    const S: &str = "Answers that are none of an IceWarp server";
    const OPEN: &str = "<iq type=\"result\" sid=\"1\"><query xmlns=\"admin:iq:rpc\">";
    const LOG: &[&str] = &["connection.rpc.url"];
    let body = |situation, words, body: &'static str| {
        answers(S, situation, 1, words, "authenticate", move || Reply::Body(body.to_owned()))
    };
    let later =
        |situation, command, reply: fn() -> Reply| answers(S, situation, 1, &["next:"], command, reply);
    let half = || {
        let mut bytes = http("application/xml", &format!("{OPEN}<result>1</result></query></iq>"));
        bytes.truncate(bytes.len() - 20);
        Reply::Raw(bytes)
    };
    vec![
        answers(S, "an HTML page", 1, &["an HTML page", "/icewarpapi/"], "authenticate", || {
            Reply::Raw(http("text/html", "<!DOCTYPE html>\n<html><body>It works!</body></html>"))
        }),
        later("an HTML page in the middle of reading", "getaccountproperties", || {
            Reply::Raw(http("text/html", "<!DOCTYPE html>\n<html><body>Be right back</body></html>"))
        }),
        body("nothing", &["it is empty"], ""),
        body("other text", &["not XML but other text"], "Service Unavailable"),
        body("JSON", &["not XML but other text"], "{\"result\": 1}"),
        answers(S, "half an answer", 1, &["the connection ended in the middle of it"], "authenticate", half),
        later("half an answer in the middle of reading", "getaccountproperties", || {
            let mut bytes =
                http("application/xml", "<iq type=\"result\"><query><result></result></query></iq>");
            bytes.truncate(bytes.len() - 20);
            Reply::Raw(bytes)
        }),
        body(
            "XML that stops",
            &["it stops half-way"],
            "<iq type=\"result\"><query xmlns=\"admin:iq:rpc\"><result>1",
        ),
        body("XML that is not well-formed", &["not well-formed"], "<iq type=\"result\"><query></iq>"),
        body("another root", LOG, "<methodResponse><params/></methodResponse>"),
        body(
            "another namespace",
            &["and not `admin:iq:rpc`"],
            "<iq type=\"result\"><query xmlns=\"jabber:iq:auth\"><result>1</result></query></iq>",
        ),
        body("no result and no error", LOG, "<iq type=\"result\"><query xmlns=\"admin:iq:rpc\"/></iq>"),
        body(
            "a login without a session",
            &["accepted the login and gave no session"],
            "<iq type=\"result\"><query xmlns=\"admin:iq:rpc\"><result>1</result></query></iq>",
        ),
        body(
            "a document type",
            &["declares a document type"],
            "<!DOCTYPE iq><iq type=\"result\"><query xmlns=\"admin:iq:rpc\"><result>1</result></query></iq>",
        ),
        body(
            "entities that multiply (billion laughs)",
            &["declares a document type"],
            "<!DOCTYPE iq [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \
             \"&b;&b;&b;&b;&b;&b;&b;&b;\">]><iq type=\"result\"><query><result>&c;</result></query></iq>",
        ),
        body(
            "an entity from a file (XXE)",
            &["declares a document type"],
            "<!DOCTYPE iq [<!ENTITY f SYSTEM \"file:///etc/passwd\">]><iq type=\"result\"><query><result>&f;</result>\
             </query></iq>",
        ),
        body(
            "an entity that nobody declared",
            &["uses the entity"],
            "<iq type=\"result\"><query xmlns=\"admin:iq:rpc\"><result>&nbsp;</result></query></iq>",
        ),
        answers(
            S,
            "elements within elements without end",
            1,
            &["nested deeper than 64 levels"],
            "authenticate",
            || Reply::Body(format!("{OPEN}{}", "<a>".repeat(100_000))),
        ),
        answers(S, "an answer that is not UTF-8", 1, &["not UTF-8"], "authenticate", || {
            let text = b"<iq type=\"result\"><query><result>\xff\xfe</result></query></iq>";
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", text.len());
            Reply::Raw([head.as_bytes(), text].concat())
        }),
        answers(S, "an answer that says it has 2 GB", 1, &["larger than 32 MiB"], "authenticate", || {
            Reply::Endless(
                b"HTTP/1.1 200 OK\r\nContent-Length: 2147483648\r\n\r\n".to_vec(),
                vec![b' '; 1 << 16],
            )
        }),
        answers(S, "an answer that never ends", 1, &["larger than 32 MiB"], "authenticate", || {
            let piece = [b"10000\r\n".as_slice(), &vec![b' '; 1 << 16], b"\r\n"].concat();
            Reply::Endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(), piece)
        }),
    ]
}

fn statuses() -> Vec<Row> {
    const S: &str = "HTTP statuses";
    let status = |situation, code, words, status: &'static str, headers: &'static str| {
        answers(S, situation, code, words, "authenticate", move || raw(status, headers, "<h1>no</h1>"))
    };
    vec![
        status(
            "301, to https",
            1,
            &["https://mail.example.com/icewarpapi/"],
            "301 Moved Permanently",
            "Location: https://mail.example.com/icewarpapi/\r\n",
        ),
        status("302, to a web page", 1, &["/webmail/"], "302 Found", "Location: /webmail/\r\n"),
        status("400", 1, &["HTTP status 400"], "400 Bad Request", ""),
        status(
            "401",
            77,
            &["HTTP status 401", "what stands in front of the server"],
            "401 Unauthorized",
            "WWW-Authenticate: Basic\r\n",
        ),
        status("403", 77, &["HTTP status 403", "what stands in front of the server"], "403 Forbidden", ""),
        status("404", 1, &["HTTP status 404", "/icewarpapi/"], "404 Not Found", ""),
        status("429", 1, &["HTTP status 429", "later"], "429 Too Many Requests", ""),
        status("500", 1, &["HTTP status 500", "control service"], "500 Internal Server Error", ""),
        status("502", 1, &["HTTP status 502", "control service"], "502 Bad Gateway", ""),
        status(
            "503",
            1,
            &["HTTP status 503", "control service"],
            "503 Service Unavailable",
            "Retry-After: 60\r\n",
        ),
        status("204, and no answer in it", 1, &["HTTP status 204"], "204 No Content", ""),
    ]
}

fn lists() -> Vec<Row> {
    const S: &str = "Lists and values that cannot be right";
    let twisted = |situation, code, words, twist: fn(&mut World, &Request) -> Option<Reply>| {
        row(S, situation, code, words, move || {
            let stand = stand();
            stand.twist(twist);
            scene(stand, &[quiet()])
        })
    };
    vec![
        twisted(
            "a list that never ends",
            3,
            &["while it was read", "nothing is switched off"],
            |world, request| {
                (request.command == "getaccountsinfolist").then(|| {
                let offset: u64 = super::stand::between(&request.body, "offset").parse().unwrap_or(0);
                if offset == 0 {
                    let text = super::stand::answer(world, request);
                    let count = super::stand::between(&text, "overallcount").to_owned();
                    return Reply::Body(text.replace(&format!("<overallcount>{count}<"), "<overallcount>9<"));
                }
                let item = format!(
                    "<item><name>X</name><email>x{offset}@example.com</email><accounttype>0</accounttype></item>"
                );
                result(&format!("{item}<offset>{offset}</offset><overallcount>{}</overallcount>", offset + 9))
            })
            },
        ),
        twisted(
            "a page of 0 items before the end",
            3,
            &["with an empty page", "nothing is switched off"],
            |world, request| {
                (request.command == "getaccountsinfolist").then(|| {
                    let text = super::stand::answer(world, request);
                    let count = super::stand::between(&text, "overallcount").to_owned();
                    Reply::Body(text.replace(&format!("<overallcount>{count}<"), "<overallcount>1000<"))
                })
            },
        ),
        twisted("a list of domains that is empty", 77, &["administrator rights"], |_, request| {
            (request.command == "getdomainsinfolist")
                .then(|| result("<offset>0</offset><overallcount>0</overallcount>"))
        }),
        twisted("a list of accounts that is empty", 77, &["administrator rights"], |_, request| {
            (request.command == "getaccountsinfolist")
                .then(|| result("<offset>0</offset><overallcount>0</overallcount>"))
        }),
        twisted("a list that is answered 0", 77, &["next:"], |_, request| {
            (request.command == "getdomainsinfolist").then(|| result("0"))
        }),
        twisted("the lists may not be read", 77, &["administrator rights"], |_, request| {
            (request.command == "getaccountsinfolist").then(|| refused("account_permission"))
        }),
        twisted("an account that is gone in the middle of reading", 3, &["next:"], |_, request| {
            (request.command == "getaccountproperties" && request.body.contains("anna@"))
                .then(|| refused("account_does_not_exist"))
        }),
        row(S, "the licence status has no value", 6, &["its licence status was not read"], || {
            let stand = stand();
            stand.twist(without(&["C_LicenseStatus"]));
            scene(stand, &[chat()])
        }),
    ]
}

fn identities() -> Vec<Row> {
    const S: &str = "Which server it is";
    const OTHER: &str = "00000000-00000000-00000000-00000000-MW-";
    let pinned = |situation, words, identity: &'static str| {
        row(S, situation, 3, words, move || {
            let stand = stand();
            {
                let mut world = stand.world();
                world.add_domain("alias.example.com", 2);
                assert!(world.set_domain_variable("alias.example.com", "D_DomainValue", "example.com"));
            }
            let identity = identity.replace("REFERENCE", REFERENCE);
            let spec = [server_unpinned("eu", &stand.url, &identity), chat()].join("---\n");
            Scene::new(Desk::with(&spec), vec![stand])
        })
    };
    let two = |situation, words, second: fn(&Stand) -> String| {
        row(S, situation, 65, words, move || {
            let stand = stand();
            let spec = [server("eu", &stand.url, ""), second(&stand), chat()].join("---\n");
            Scene::new(Desk::with(&spec), vec![stand]).runs(Runs::Spec)
        })
    };
    const PIN: &[&str] = &["does not pin", "identity: {domain: example.com, referenceId: 82811415"];
    vec![
        pinned(
            "other Reference ID",
            &["Reference ID is 82811415", "the spec pins 00000000"],
            "identity: {domain: example.com, referenceId: 00000000-00000000-00000000-00000000-MW-}",
        ),
        pinned(
            "missing identity domain",
            &["no standard domain other.example.com"],
            "identity: {domain: other.example.com, referenceId: REFERENCE}",
        ),
        pinned(
            "an identity domain that is an alias",
            &["no standard domain alias.example.com"],
            "identity: {domain: alias.example.com, referenceId: REFERENCE}",
        ),
        pinned("an identity without a domain", PIN, "identity: {referenceId: REFERENCE}"),
        pinned("an identity without a Reference ID", PIN, "identity: {domain: example.com}"),
        pinned("no identity", PIN, ""),
        row(S, "a Reference ID that cannot be read", 3, &["Reference ID could not be read"], || {
            let stand = stand();
            stand.twist(without(&["C_Reference"]));
            scene(stand, &[chat()])
        }),
        row(S, "licence of another order", 2, &["of order EXAMPLE-0001, the spec says EXAMPLE-0002"], || {
            let scene = scene(stand(), &[license("orderId: EXAMPLE-0002")]);
            Scene { runs: Runs::Only(&["plan", "spec", "--detailed-exitcode"]), ..scene }
        }),
        two("two servers with one Reference ID", &["pinned to one machine"], |_| {
            server("us", "https://us.example.com/icewarpapi/", "")
        }),
        two("two servers with one address", &["have one address"], |stand| {
            server("us", stand.url.trim_end_matches('/'), "").replace(REFERENCE, OTHER)
        }),
    ]
}

fn selectors() -> Vec<Row> {
    const S: &str = "Whom a policy means";
    let scope = |situation, words, scope_text: &'static str| {
        row(S, situation, 3, words, move || {
            let stand = stand();
            {
                let mut world = stand.world();
                world.add_domain("lost.example.com", 2);
                world.add_domain("##internalservicedomain.icewarp.com##", 5);
                group(&mut world, "lost@example.com", &["anna@example.com", "left@example.com"]);
                world.add_domain("alias.example.com", 2);
                assert!(world.set_domain_variable("alias.example.com", "D_DomainValue", "example.com"));
                world.add_account("news@example.com", "", 1);
                world.set_members("news@example.com", &["anna@example.com"]);
                group(&mut world, "empty@example.com", &[]);
                group(&mut world, "mixed@example.com", &["anna@example.com", "[all users]"]);
            }
            let text = format!("scope: {scope_text}\nservices: {{im: disabled}}");
            scene(stand, &[policy("sales", &text)])
        })
    };
    const ALLOW: &str = "--allow shrink=sales:0 --reason TEXT";
    let remark = |situation, words, exception: &'static str| {
        row(S, situation, 0, words, move || {
            let stand = stand();
            super::spec::put(&mut stand.world(), "bob@example.com", &["im"], "1");
            let chat = format!("{}  exceptions: [{exception}]\n", chat());
            scene(stand, &[chat])
        })
    };
    vec![
        remark(
            "an exception for an account that does not exist",
            &["nobody@example.com"],
            "{account: nobody@example.com, service: im, set: disabled}",
        ),
        remark(
            "an exception whose last day is over",
            &["2020-01-31"],
            "{account: bob@example.com, service: im, set: disabled, until: 2020-01-31}",
        ),
        remark(
            "an exception for somebody outside the scope",
            &["anna@example.com"],
            "{account: anna@example.com, service: im, set: disabled}",
        ),
        scope(
            "an account that does not exist",
            &["matches no account", ALLOW],
            "{accounts: [nobody@example.com]}",
        ),
        scope(
            "a glob that matches nobody",
            &["matches no account", ALLOW],
            "{accounts: ['x-*@example.com']}",
        ),
        scope("a domain that does not exist", &["no domain `example.net`"], "{domains: [example.net]}"),
        scope(
            "an alias domain that does not say what it stands for",
            &["lost.example.com", "name the domain itself"],
            "{domains: [lost.example.com]}",
        ),
        scope(
            "the server's own domain",
            &["the server's own domain"],
            "{domains: ['*internalservicedomain*']}",
        ),
        scope(
            "a group with a member that is gone",
            &["left@example.com", "take out of it"],
            "{groups: [lost@example.com]}",
        ),
        scope("a group that does not exist", &["no group gone@example.com"], "{groups: [gone@example.com]}"),
        scope("a group that is a mailing list", &["mailing list"], "{groups: [news@example.com]}"),
        scope("a group that is a user", &["user account"], "{groups: [anna@example.com]}"),
        scope("a group without members", &["has no members", ALLOW], "{groups: [empty@example.com]}"),
        scope(
            "a group with a member that is no account here",
            &["cannot be read"],
            "{groups: [mixed@example.com]}",
        ),
        scope("all that are meant are excepted", &[ALLOW], "{accounts: [anna@example.com], except: ['*']}"),
    ]
}

fn limits() -> Vec<Row> {
    const S: &str = "More than may be done at once";
    let held = |situation, words, documents: fn() -> Vec<String>, alter: fn(&mut World)| {
        row(S, situation, 3, words, move || {
            let stand = stand();
            alter(&mut stand.world());
            scene(stand, &documents())
        })
    };
    let everybody = |world: &mut World| {
        for number in 0..30 {
            let address = format!("user{number:02}@example.com");
            world.add_account(&address, "", 0);
            super::spec::put(world, &address, &["im", "smtp"], "1");
        }
    };
    vec![
        held(
            "many accounts would lose a service",
            &["--allow disable="],
            || {
                vec![policy(
                    "off",
                    "scope: {domains: [example.com], except: [admin@example.com]}\nservices: {im: disabled}",
                )]
            },
            everybody,
        ),
        held(
            "somebody would lose mail",
            &["--allow mail="],
            || vec![policy("off", "scope: {accounts: [user01@example.com]}\nservices: {smtp: disabled}")],
            everybody,
        ),
        held(
            "an administrator would lose a service",
            &["--allow protect="],
            || vec![policy("off", "scope: {accounts: [admin@example.com]}\nservices: {im: disabled}")],
            |world| super::spec::put(world, "admin@example.com", &["im"], "1"),
        ),
        held(
            "the backup would keep fewer days",
            &["--allow backup="],
            || vec![backup("keepDays: 1")],
            |world| assert!(world.set_server_variable("C_System_Tools_AutoBackup_DeleteAfter", "30")),
        ),
        held(
            "no seat is left",
            &["no Instant Messaging seat is left", "get 1 more seat"],
            || vec![chat()],
            |world| world.set_product("Instant Messaging", Some(1)),
        ),
    ]
}

fn closed() -> Vec<Row> {
    const S: &str = "The server takes no changes";
    let status = |situation, words, number: &'static str| {
        row(S, situation, 6, words, move || {
            let stand = stand();
            assert!(stand.world().set_server_variable("C_LicenseStatus", number));
            scene(stand, &[chat()])
        })
    };
    vec![
        status("the licence is on trial, or in Emergency Mode", &["status is 1"], "1"),
        status("the Reference ID does not match the licence", &["status is 2", "Reference ID mismatch"], "2"),
        status("the licence waits for re-validation", &["status is 3"], "3"),
        status("the licence has expired", &["status is 4", "expired"], "4"),
        status("there is no licence", &["status is 5", "no licence"], "5"),
        status("a licence status that nobody has listed", &["unlisted status 9"], "9"),
    ]
}

/// A spec that is right but for one text in it.
fn mistaken(
    section: &'static str,
    situation: &'static str,
    words: &'static [&'static str],
    right: &'static str,
    wrong: &'static str,
) -> Row {
    row(section, situation, 65, words, move || {
        let stand = stand();
        let spec = whole(&stand, "", &[chat(), backup("keepDays: 30"), license("orderId: EXAMPLE-0001")]);
        assert!(spec.contains(right), "{situation}: `{right}` is not in the spec");
        Scene::new(Desk::with(&spec.replacen(right, wrong, 1)), vec![stand]).runs(Runs::Spec)
    })
}

fn yaml() -> Vec<Row> {
    const S: &str = "YAML";
    let wrong = |situation, words, right, wrong| mistaken(S, situation, words, right, wrong);
    vec![
        wrong(
            "a bracket that is not closed",
            &["spec.yaml:"],
            "scope: {accounts: [bob@example.com]}",
            "scope: {accounts: [bob@example.com}",
        ),
        wrong("a line that is indented wrongly", &["spec.yaml:"], "  keepDays: 30", "   keepDays: 30"),
        wrong("a tab for indentation", &["spec.yaml:"], "  keepDays: 30", "\tkeepDays: 30"),
        wrong("a key that is there twice", &["keepDays"], "  keepDays: 30", "  keepDays: 30\n  keepDays: 31"),
        wrong("an anchor", &["spec.yaml:"], "keepDays: 30", "keepDays: &days 30"),
        wrong("a glob without quotes", &["spec.yaml:"], "[bob@example.com]", "[*@example.com]"),
        wrong("on for a service, which is a boolean to some", &["enabled"], "{im: enabled}", "{im: on}"),
        wrong("true for a service", &["enabled"], "{im: enabled}", "{im: true}"),
        wrong("null", &["spec.yaml:"], "keepDays: 30", "keepDays: null"),
    ]
}

fn documents() -> Vec<Row> {
    const S: &str = "Documents";
    let wrong = |situation, words, right, wrong| mistaken(S, situation, words, right, wrong);
    vec![
        wrong("an unknown key", &["did you mean `keepDays`"], "keepDays: 30", "keepDay: 30"),
        wrong("an unknown kind", &["ServicePolicy"], "kind: ServicePolicy", "kind: ServicePolicies"),
        wrong("no kind", &["kind"], "kind: ServicePolicy\n", ""),
        wrong("no apiVersion", &["apiVersion"], "apiVersion: icewarden.dev/v1\n", ""),
        wrong(
            "a newer apiVersion",
            &["icewarden.dev/v1"],
            "apiVersion: icewarden.dev/v1",
            "apiVersion: icewarden.dev/v2",
        ),
        wrong(
            "a Kubernetes document",
            &["apiVersion"],
            "apiVersion: icewarden.dev/v1\nkind: Server",
            "apiVersion: v1\nkind: ConfigMap",
        ),
        wrong("no name", &["name"], "metadata: {name: chat}", "metadata: {}"),
        wrong(
            "two documents with one name",
            &["called `eu`"],
            "---\n",
            "---\napiVersion: icewarden.dev/v1\nkind: Server\nmetadata: {name: eu}\nspec: {connection: {rpc: {url: 'http://a.test/', account: a@a.test, password: {env: A}}}}\n---\n",
        ),
        wrong("a server that is not there", &["no server `us`", "eu"], "server: eu", "server: us"),
        wrong(
            "two licences of one server",
            &["two documents of kind License"],
            "---\n",
            "---\napiVersion: icewarden.dev/v1\nkind: License\nmetadata: {name: second}\nspec: {server: eu}\n---\n",
        ),
        wrong("an unknown service", &["no service `imm`"], "{im: enabled}", "{imm: enabled}"),
        wrong("an obsolete service", &["obsolete", "leave it out"], "{im: enabled}", "{syncml: enabled}"),
        wrong("others is missing", &["others"], "{im: enabled}", "{im: {enable: {domains: [example.com]}}}"),
        wrong("a policy without a scope", &["scope"], "  scope: {accounts: [bob@example.com]}\n", ""),
        wrong("an empty selector", &["spec.yaml:"], "{accounts: [bob@example.com]}", "{accounts: []}"),
        wrong(
            "an exception for what is no address",
            &["spec.yaml:"],
            "services: {im: enabled}",
            "services: {im: enabled}\n  exceptions: [{account: bob, service: im, set: enabled}]",
        ),
        wrong(
            "an exception until a day that does not exist",
            &["2027-02-30"],
            "services: {im: enabled}",
            "services: {im: enabled}\n  exceptions: [{account: bob@example.com, service: im, set: enabled, until: 2027-02-30}]",
        ),
        wrong(
            "an exception for an unknown service",
            &["chatt"],
            "services: {im: enabled}",
            "services: {im: enabled}\n  exceptions: [{account: bob@example.com, service: chatt, set: enabled}]",
        ),
        row(S, "two policies of one priority that differ", 65, &["priority"], || {
            let stand = stand();
            let other = policy("other", "scope: {domains: [example.com]}\nservices: {im: disabled}");
            scene(stand, &[chat(), other])
        }),
    ]
}

fn values() -> Vec<Row> {
    const S: &str = "Values";
    let wrong = |situation, words, right, wrong| mistaken(S, situation, words, right, wrong);
    vec![
        wrong("a password in the spec", &["env"], "{env: ICEWARP_PASSWORD}", "hunter2"),
        wrong(
            "two places for one password",
            &["exactly one"],
            "{env: ICEWARP_PASSWORD}",
            "{env: A, file: b}",
        ),
        wrong(
            "a variable's name that is none",
            &["env"],
            "{env: ICEWARP_PASSWORD}",
            "{env: ICEWARP-PASSWORD}",
        ),
        wrong("an address without http", &["url"], "url: \"http://", "url: \"mail.example.com/"),
        wrong("an address with a password in it", &["url"], "url: \"http://", "url: \"http://joe:hunter2@"),
        wrong(
            "a login that is no word for one",
            &["rsa"],
            "account: admin@example.com,",
            "account: admin@example.com, login: ntlm,",
        ),
        wrong("an account without a domain", &["account"], "account: admin@example.com", "account: admin"),
        wrong("days that are a text", &["keepDays"], "keepDays: 30", "keepDays: thirty"),
        wrong("a negative number", &["keepDays"], "keepDays: 30", "keepDays: -1"),
        wrong("a number with decimals where there are none", &["keepDays"], "keepDays: 30", "keepDays: 1.5"),
        wrong(
            "more than all of 100 percent",
            &["100"],
            "  identity:",
            "  guardrails: {disable: {percent: 500}}\n  identity:",
        ),
        wrong(
            "a negative number of seats",
            &["spec.yaml:"],
            "orderId: EXAMPLE-0001",
            "expect: {holograms: {seats: -3}}",
        ),
    ]
}

fn folders() -> Vec<Row> {
    const S: &str = "Folders and files";
    /// The spec is gone, and this is there instead.
    fn instead(make: impl Fn(&Desk)) -> Scene {
        let desk = Desk::with("");
        std::fs::remove_dir_all(desk.path("spec")).expect("it was there");
        make(&desk);
        Scene::new(desk, Vec::new()).runs(Runs::Spec)
    }
    let file = |situation, words, bytes: fn() -> Vec<u8>| {
        row(S, situation, 65, words, move || {
            let scene = Scene::new(Desk::with(""), Vec::new()).runs(Runs::Spec);
            std::fs::write(scene.desk.path("spec/spec.yaml"), bytes()).expect("a file");
            scene
        })
    };
    vec![
        row(S, "no such folder", 65, &["there is no file or folder spec"], || instead(|_| ())),
        row(S, "an empty folder", 65, &["holds no *.yaml", "spec"], || {
            instead(|desk| std::fs::create_dir(desk.path("spec")).expect("a folder"))
        }),
        row(S, "a folder without YAML", 65, &["spec"], || {
            instead(|desk| {
                std::fs::create_dir(desk.path("spec")).expect("a folder");
                desk.write("spec/README.txt", "hello");
            })
        }),
        file("an empty file", &["there is no document in the spec"], Vec::new),
        file("a file of comments only", &["there is no document in the spec"], || b"# later\n".to_vec()),
        file("a binary file", &["spec/spec.yaml"], || (0..=255).cycle().take(4096).collect()),
        file("a file in another encoding", &["UTF-16"], || {
            "\u{feff}apiVersion: icewarden.dev/v1\n".encode_utf16().flat_map(u16::to_le_bytes).collect()
        }),
        file("20 MB of YAML", &["MiB"], || b"- a line of some length to fill it\n".repeat(600_000)),
        file("YAML nested without end", &["spec/spec.yaml"], || b"[".repeat(100_000)),
    ]
}

fn typed() -> Vec<Row> {
    const S: &str = "What is typed";
    let typed = |situation, words, args: &'static [&'static str]| {
        row(S, situation, 64, words, move || scene(stand(), &[chat()]).runs(Runs::Typed(args)))
    };
    vec![
        typed("apply without a terminal", &["no terminal", "--auto-approve"], &["apply", "spec"]),
        typed("an unknown command", &["similar"], &["plam", "spec"]),
        typed("no folder", &["<PATH>"], &["plan"]),
        typed("an unknown option", &["--format"], &["plan", "spec", "--fromat", "json"]),
        typed("a general force", &["--force"], &["apply", "spec", "--auto-approve", "--force"]),
        typed("an unknown form of output", &["possible values"], &["plan", "spec", "--format", "xml"]),
        typed("--allow without a reason", &["--reason"], &["plan", "spec", "--allow", "disable=3"]),
        typed("a reason without --allow", &["--allow"], &["plan", "spec", "--reason", "why"]),
        typed(
            "a reason of spaces",
            &["say why"],
            &["plan", "spec", "--allow", "disable=3", "--reason", "  "],
        ),
        typed(
            "--allow without a value",
            &["NAME=VALUE"],
            &["plan", "spec", "--allow", "disable", "--reason", "x"],
        ),
        typed(
            "an unknown guardrail",
            &["there are disable"],
            &["plan", "spec", "--allow", "everything=1", "--reason", "x"],
        ),
        typed(
            "--allow for an unknown service",
            &["no service `phones`"],
            &["plan", "spec", "--allow", "disable=phones:1", "--reason", "x"],
        ),
        row(S, "a --target that matches nothing", 64, &["matches nothing"], || {
            let args = &["plan", "spec", "--target", "eu/nobody@example.com/*"];
            scene(stand(), &[chat()]).runs(Runs::Only(args))
        }),
        typed("a --target without a server", &["--target"], &["plan", "spec", "--target", "bob@example.com"]),
        typed(
            "a port that is none for the sandbox",
            &["--listen"],
            &["sandbox", "--listen", "127.0.0.1:99999"],
        ),
        typed(
            "--allow without a number",
            &["how many accounts"],
            &["plan", "spec", "--allow", "disable=im:many", "--reason", "x"],
        ),
        typed(
            "--allow shrink without a number",
            &["shrink=POLICY:N"],
            &["plan", "spec", "--allow", "shrink=sales", "--reason", "x"],
        ),
    ]
}

fn saved() -> Vec<Row> {
    const S: &str = "Saved plans";
    const APPLY: &[&str] = &["apply", "plan.json", "--auto-approve"];
    let altered = |situation, words, alter: fn(String) -> String| {
        row(S, situation, 65, words, move || {
            let scene = scene(stand(), &[chat()]);
            scene.desk.save(2, &[]);
            let text = scene.desk.read("plan.json");
            let wrong = alter(text.clone());
            assert_ne!(text, wrong, "{situation}: nothing was altered");
            scene.desk.write("plan.json", &wrong);
            scene.runs(Runs::Typed(APPLY))
        })
    };
    let later = |situation, code, words, alter: fn(&mut World)| {
        row(S, situation, code, words, move || {
            let scene = scene(stand(), &[chat()]);
            scene.desk.save(2, &[]);
            alter(&mut scene.stands[0].world());
            scene.runs(Runs::Only(APPLY))
        })
    };
    vec![
        altered("a truncated plan", &["this is no saved plan", "make a new one"], |text| {
            text[..text.find("\"ledger\"").expect("a ledger")].to_owned()
        }),
        altered("an empty plan", &["this is no saved plan"], |_| String::new()),
        altered("a plan of a newer version", &["use the version of icewarden"], |text| {
            let (head, rest) = text.split_once("\"format_version\": \"").expect("a version");
            let (_, rest) = rest.split_once('"').expect("its end");
            format!("{head}\"format_version\": \"9.0\"{rest}")
        }),
        altered("a plan edited by hand", &["changed after it was saved"], |text| {
            text.replace("bob@", "anna@")
        }),
        altered("a spec in place of a plan", &["this is no saved plan"], |_| chat()),
        altered("other JSON", &["has no format_version"], |_| "{}".to_owned()),
        row(S, "what --format json shows", 65, &["this plan was shown, not saved"], || {
            let scene = scene(stand(), &[chat()]);
            let shown = scene.desk.plan(&["--format", "json"]).exits(2).out;
            scene.desk.write("plan.json", &shown);
            scene.runs(Runs::Typed(APPLY))
        }),
        row(S, "a plan that is not there", 65, &["plan.json"], || {
            scene(stand(), &[chat()]).runs(Runs::Typed(APPLY))
        }),
        row(S, "--allow with a saved plan", 64, &["--allow does not go with a saved plan"], || {
            let scene = scene(stand(), &[chat()]);
            scene.desk.save(2, &[]);
            scene.runs(Runs::Typed(&[
                "apply",
                "plan.json",
                "--auto-approve",
                "--allow",
                "disable=9",
                "--reason",
                "x",
            ]))
        }),
        later("a plan of another server", 4, &["nothing was changed"], |world| {
            assert!(world.set_server_variable("C_Reference", "22811415-0DC1291E-05492B82-877710E7-MW-"));
        }),
        later("a plan that somebody else has done meanwhile", 4, &["nothing left to do"], |world| {
            super::spec::put(world, "bob@example.com", &["im"], "1");
        }),
        later("a plan whose account is gone", 4, &["the plan is stale"], |world| {
            super::stand::remove(world, "bob@example.com");
        }),
        later("a plan whose seats are gone", 3, &["no longer free"], |world| {
            world.set_product("Instant Messaging", Some(1));
        }),
    ]
}
