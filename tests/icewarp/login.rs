//! Logging in with the password encrypted, against a server that holds the key and looks at what it gets.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use icewarden::edge::icewarp::{Client, Options};
use icewarden::edge::secrets::Secret;
use icewarden::report::remedy;
use icewarden::spec::meaning::Login;
use rsa::traits::PublicKeyParts as _;
use rsa::{BoxedUint, PrivateKey};

use super::responder::{ACCOUNT, Reply, Request, Responder, error, options, result};

/// Two primes of 512 bits, made for these tests.
const PRIMES: [&str; 2] = [
    "d065f3436b7eb3f123baf785b760bfb46ba2ffbe40845f9c36f606217b6aeb09\
     581cbd5b2cba73f7e26803cb236158f7755e8067a90c78183b1105fa480e6da3",
    "f88d3aa5647d93883b57f14f4f178fc6ce79e2b504113335643fc1bcef113c95\
     c2dd79aa7458f551546ed5653de90cdef054e4cdba9d785c9b087ab12e954f59",
];

/// Their product, by another program.
const MODULUS: &str = "ca55bb8e08e610d142ed6e21ecc303238b8cd5e4970beb07723ba5be2870ceddb41cb881c98f234b974d7aec033e0f94\
                       6cd3d79e379c50b60173c8caacdd7c2af0e1b8ae98ff502d958325b519c3b6f03043d0103b8b0140eea0e1194e003051\
                       888bbf7f1749c0143f33ca7e40bb4a4ea2031ad9dfb8de6e0db3540b9ab86aab";

const TIMESTAMP: &str = "1768464000";

fn key() -> PrivateKey {
    let number = |digits: &str| BoxedUint::from_be_slice_vartime(&bytes(digits));
    PrivateKey::from_p_q(number(PRIMES[0]), number(PRIMES[1]), BoxedUint::from(65_537_u32)).expect("a key")
}

fn bytes(hexadecimal: &str) -> Vec<u8> {
    let pairs = hexadecimal.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("digits"));
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal")).collect()
}

fn challenge(modulus: &str, timestamp: &str) -> Reply {
    Reply::Body(result(&format!(
        "<classname>tauthchallenge</classname>\n\n<hashid>{modulus}</hashid><timestamp>{timestamp}</timestamp>"
    )))
}

/// What the digest of a login holds.
fn decrypted(request: &Request) -> String {
    let plain = key().pkcs1v15_decrypt(&bytes(request.field("digest"))).expect("encrypted with this key");
    String::from_utf8(plain).expect("a text")
}

fn encrypted(server: &Responder, password: &str) -> Options {
    Options { login: Some(Login::Rsa), password: Secret::new(password), ..options(&server.url) }
}

async fn connect(options: Options) -> Result<(), (String, String)> {
    match Client::connect(options).await {
        Ok(client) => {
            client.close().await;
            Ok(())
        }
        Err(error) => {
            let told = format!("{:?}: {}", error.meaning(), icewarden::report::chain(&error));
            Err((told, remedy::text(&error.remedy())))
        }
    }
}

/// A server that hands out this challenge and takes every login.
async fn trusting(modulus: &'static str, timestamp: &'static str) -> Responder {
    Responder::start(move |request| match request.command() {
        "getauthchallenge" => challenge(modulus, timestamp),
        _ => Reply::Body(result("1")),
    })
    .await
}

#[test]
fn the_modulus_is_that_of_the_key() {
    assert_eq!(&*key().n_bytes(), bytes(MODULUS));
}

/// As a page of the vendor's would encode it: each row was made with `encodeURIComponent` in a browser's language,
/// plus the five characters, then `+` for the space.
#[tokio::test]
async fn the_password_reaches_the_server_encrypted_and_no_other_way() {
    let passwords = [
        ("sandbox", "sandbox"),
        ("correct horse & <staple>", "correct+horse+%26+%3Cstaple%3E"),
        ("!'()*-_.~", "%21%27%28%29%2A-_.~"),
        ("a+b=c%20&t=1", "a%2Bb%3Dc%2520%26t%3D1"),
        ("pš\u{20ac}\u{1f600}", "p%C5%A1%E2%82%AC%F0%9F%98%80"),
        ("09azAZ/?:@,;$#", "09azAZ%2F%3F%3A%40%2C%3B%24%23"),
        (" ", "+"),
    ];
    for (password, encoded) in passwords {
        let server = trusting(MODULUS, TIMESTAMP).await;
        connect(encrypted(&server, password)).await.expect("it is let in");
        assert_eq!(server.commands(), ["getauthchallenge", "authenticate", "logout"]);
        let seen = server.seen();
        assert_eq!((seen[0].field("authtype"), seen[0].sid()), ("1", ""));
        let login = &seen[1];
        assert_eq!(
            [login.field("authtype"), login.field("email"), login.field("password")],
            ["1", ACCOUNT, ""]
        );
        assert_eq!(decrypted(login), format!("p={encoded}&t={TIMESTAMP}"));
        assert_eq!(login.field("digest").len(), 256, "all of the key's bytes, leading zeros too");
        let order =
            ["authtype", "email", "password", "digest"].map(|name| login.body.find(&format!("<{name}>")));
        assert!(order.is_sorted(), "{}", login.body);
        let sent = seen.iter().map(|request| request.body.as_str()).collect::<String>();
        assert!(password == " " || !sent.contains(password), "{sent}");
    }
}

#[tokio::test]
async fn each_login_is_encrypted_anew() {
    let server = trusting(MODULUS, TIMESTAMP).await;
    for _ in 0..2 {
        connect(encrypted(&server, "sandbox")).await.expect("it is let in");
    }
    let seen = server.seen();
    assert_ne!(seen[1].field("digest"), seen[4].field("digest"));
}

/// Nothing leaves this machine at a loopback address, so nothing need be hidden there.
#[tokio::test]
async fn without_a_word_a_loopback_address_gets_the_plain_password_and_the_spec_can_say_otherwise() {
    for (login, commands) in [
        (None, ["authenticate", "logout"].as_slice()),
        (Some(Login::Plain), &["authenticate", "logout"]),
        (Some(Login::Rsa), &["getauthchallenge", "authenticate", "logout"]),
    ] {
        let server = trusting(MODULUS, TIMESTAMP).await;
        connect(Options { login, ..encrypted(&server, "sandbox") }).await.expect("it is let in");
        assert_eq!(server.commands(), commands);
    }
}

#[tokio::test]
async fn a_challenge_that_ran_out_is_asked_for_anew_once() {
    for (expired, outcome, logins) in [(1, true, 2), (2, false, 2)] {
        let count = AtomicUsize::new(0);
        let server = Responder::start(move |request| match request.command() {
            "getauthchallenge" => challenge(MODULUS, &count.load(Ordering::Relaxed).to_string()),
            "authenticate" if count.fetch_add(1, Ordering::Relaxed) < expired => {
                Reply::Body(error("auth_digest_expired"))
            }
            _ => Reply::Body(result("1")),
        })
        .await;
        let ended = connect(encrypted(&server, "sandbox")).await;
        assert_eq!(ended.is_ok(), outcome, "{ended:?}");
        if let Err((told, next)) = ended {
            assert!(told.starts_with("LoginRefused: ") && told.contains("challenge has expired"), "{told}");
            assert!(next.contains("5 minutes"), "{next}");
        }
        let times: Vec<String> =
            server.seen().iter().filter(|seen| seen.command() == "authenticate").map(decrypted).collect();
        assert_eq!(times.len(), logins);
        assert!(times[0].ends_with("&t=0") && times[1].ends_with("&t=1"), "each with its own: {times:?}");
    }
}

/// The reference knows of no second try for anything else, and each failed login slows the server (U-16).
#[tokio::test]
async fn a_refused_password_is_not_sent_again() {
    for uid in ["auth_login_invalid", "login_invalid_keypair", "auth_type_invalid", "session_invalid"] {
        let server = Responder::start(move |request| match request.command() {
            "getauthchallenge" => challenge(MODULUS, TIMESTAMP),
            _ => Reply::Body(error(uid)),
        })
        .await;
        let (told, _) = connect(encrypted(&server, "sandbox")).await.expect_err("it is refused");
        assert!(told.starts_with("LoginRefused: the server refused the login: "), "{told}");
        assert_eq!(server.commands(), ["getauthchallenge", "authenticate"]);
    }
}

/// What stands in between could say that there is no encryption to get the plain password.
#[tokio::test]
async fn a_server_without_encrypted_logins_never_gets_the_plain_password_instead() {
    for uid in ["invoker_commandname_invalid", "auth_type_invalid", "moon_phase", ""] {
        let server = Responder::start(move |request| match request.command() {
            "getauthchallenge" => Reply::Body(error(uid)),
            _ => Reply::Body(result("1")),
        })
        .await;
        let (told, next) = connect(encrypted(&server, "sandbox")).await.expect_err("it is refused");
        assert!(
            told.starts_with("LoginRefused: the server refused the login: it offers no encrypted"),
            "{told}"
        );
        assert!(next.contains("https://") && next.contains("connection.rpc.login"), "{next}");
        assert_eq!(server.commands(), ["getauthchallenge"]);
    }
}

#[tokio::test]
async fn a_key_that_is_none_is_told_and_nothing_is_encrypted_with_it() {
    let ones = |digits: usize| -> &'static str { "f".repeat(digits).leak() };
    let even: &'static str = format!("{}e", "f".repeat(255)).leak();
    let short: &'static str = format!("{:0>512}", "7".repeat(255)).leak();
    let cases = [
        ("", TIMESTAMP, "it gives no key to encrypt the password with"),
        ("zz", TIMESTAMP, "its key (hashid) is not hexadecimal"),
        ("-1", TIMESTAMP, "its key (hashid) is not hexadecimal"),
        ("0", TIMESTAMP, "its key has 0 bits, and 1024 to 8192 are safe to use"),
        ("ff", TIMESTAMP, "its key has 8 bits"),
        ("1ff", TIMESTAMP, "its key has 9 bits"),
        (ones(128), TIMESTAMP, "its key has 512 bits"),
        (short, TIMESTAMP, "its key has 1019 bits"),
        (ones(2049), TIMESTAMP, "its key has 8196 bits"),
        (ones(1_000_000), TIMESTAMP, "its key has 4000000 bits"),
        (even, TIMESTAMP, "its key (hashid) is no RSA modulus"),
        (MODULUS, "", "it gives no timestamp"),
        (MODULUS, "soon", "its timestamp is no number"),
        (MODULUS, "-1", "its timestamp is no number"),
        (MODULUS, "123456789012345678901", "its timestamp is no number"),
    ];
    for (modulus, timestamp, expected) in cases {
        let server = trusting(modulus, timestamp).await;
        let (told, next) = connect(encrypted(&server, "sandbox")).await.expect_err("it is unreadable");
        let wanted = format!("NotTheLanguage: the answer to the login cannot be read: {expected}");
        assert!(told.starts_with(&wanted), "{told}");
        assert!(!next.is_empty());
        assert_eq!(server.commands(), ["getauthchallenge"]);
    }
}

#[tokio::test]
async fn an_odd_count_of_digits_white_space_and_upper_case_are_the_same_key() {
    let odd: &'static str = format!("0{MODULUS}").leak();
    let spaced: &'static str = format!("\n  {}\n", MODULUS.to_uppercase()).leak();
    for modulus in [odd, spaced] {
        let server = trusting(modulus, TIMESTAMP).await;
        connect(encrypted(&server, "sandbox")).await.expect("it is let in");
        assert_eq!(decrypted(&server.seen()[1]), format!("p=sandbox&t={TIMESTAMP}"));
    }
}

/// 128 bytes of key leave 117 for the text; 15 of them are `p=`, `&t=` and the moment.
#[tokio::test]
async fn a_password_that_is_longer_than_the_key_takes_is_told_before_it_is_sent() {
    let server = trusting(MODULUS, TIMESTAMP).await;
    connect(encrypted(&server, &"a".repeat(102))).await.expect("it is let in");
    let server = trusting(MODULUS, TIMESTAMP).await;
    let (told, next) = connect(encrypted(&server, &"a".repeat(103))).await.expect_err("it is too long");
    assert!(
        told.contains("the password is too long to be encrypted with the server's key of 1024 bits"),
        "{told}"
    );
    assert!(told.starts_with("LoginRefused") && next.contains("shorter password"), "{told} {next}");
    assert_eq!(server.commands(), ["getauthchallenge"]);
}

/// A server that repeats what it got does not make us show it.
#[tokio::test]
async fn neither_the_password_nor_the_digest_is_shown_whatever_comes_back() {
    let last = std::sync::Arc::new(Mutex::new(String::new()));
    let seen = std::sync::Arc::clone(&last);
    let server = Responder::start(move |request| match request.command() {
        "getauthchallenge" => challenge(MODULUS, TIMESTAMP),
        _ => {
            let digest = request.field("digest").to_owned();
            seen.lock().expect("no panic").clone_from(&digest);
            Reply::Body(format!("no: {digest} of hunter2"))
        }
    })
    .await;
    let (told, _) = connect(encrypted(&server, "hunter2")).await.expect_err("it is unreadable");
    let digest = last.lock().expect("no panic").clone();
    assert!(digest.len() == 256 && !told.contains(&digest[..16]) && !told.contains("hunter2"), "{told}");
}
