//! From a reference to a secret, or to an error that names the reference and nothing else.

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use icewarden::edge::icewarp::{Client, Options};
use icewarden::edge::secrets::{resolve, resolve_within};
use icewarden::model::SecretRef;
use icewarden::report::chain;

use super::responder::options;

async fn read(reference: SecretRef) -> Result<String, String> {
    match resolve(&reference).await {
        Ok(secret) => {
            assert_eq!(format!("{secret:?}"), "Secret(..)");
            Ok(secret.reveal().to_owned())
        }
        Err(error) => {
            let _next_act = error.remedy();
            Err(format!("{error}: {}", error.source().map(ToString::to_string).unwrap_or_default()))
        }
    }
}

fn sh(script: &str) -> SecretRef {
    SecretRef::Exec(["sh", "-c", script].map(str::to_owned).to_vec())
}

async fn file(content: &[u8]) -> Result<String, String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    let path = file.path().display().to_string();
    read(SecretRef::File(file.path().into())).await.map_err(|error| error.replace(&path, "FILE"))
}

#[tokio::test]
async fn a_variable_of_the_environment() {
    // Cargo sets this one for every test.
    let name = read(SecretRef::Env("CARGO_PKG_NAME".to_owned())).await;
    assert_eq!(name.as_deref(), Ok("icewarden"));
    let missing = read(SecretRef::Env("ICEWARDEN_NO_SUCH_VARIABLE".to_owned())).await.unwrap_err();
    assert_eq!(
        missing,
        "the secret from env ICEWARDEN_NO_SUCH_VARIABLE cannot be had: the variable is not set"
    );
}

#[tokio::test]
async fn a_file_without_its_last_line_end() {
    let cases: [(&[u8], Result<&str, &str>); 8] = [
        (b"secret", Ok("secret")),
        (b"secret\n", Ok("secret")),
        (b"secret\r\n", Ok("secret")),
        (b"se cret", Ok("se cret")),
        ("pšš".as_bytes(), Ok("pšš")),
        (b"", Err("the secret from file FILE cannot be had: it is empty")),
        (b"\n", Err("the secret from file FILE cannot be had: it is empty")),
        (&[b'a'; 65_537], Err("the secret from file FILE cannot be had: it is larger than 64 KiB")),
    ];
    for (content, expected) in cases {
        assert_eq!(file(content).await.as_deref().map_err(String::as_str), expected);
    }
    assert_eq!(file(&[b'a'; 65_536]).await.unwrap().len(), 65_536);
}

/// What nobody typed on purpose is refused before it is sent: a refused login makes the server slower (U-16).
#[tokio::test]
async fn what_nobody_typed_on_purpose_is_named_and_not_sent() {
    for (content, odd) in [
        (&b"\xef\xbb\xbfhunter2"[..], "it begins with a byte order mark (U+FEFF)"),
        (b"hunter2\n\n", "it goes on after the end of its first line: a secret is one line"),
        (b"hunter2\r", "it goes on after the end of its first line: a secret is one line"),
        (b"hunter2\r\n\r\n", "it goes on after the end of its first line: a secret is one line"),
        (b"hunter2\nuser: bob\n", "it goes on after the end of its first line: a secret is one line"),
        (b"hunter2 ", "it ends with a blank"),
        (b"hunter2\t\n", "it holds the control character U+0009"),
        ("hunter2\u{a0}\n".as_bytes(), "it ends with a blank"),
        (b" hunter2\n", "it begins with a blank"),
        (b"hunt\0er2\n", "it holds the control character U+0000"),
        ("hunt\u{200b}er2".as_bytes(), "it holds U+200B, which nobody can see"),
        (b"\xff", "it is not UTF-8"),
    ] {
        let told = file(content).await.unwrap_err();
        assert_eq!(told, format!("the secret from file FILE cannot be had: {odd}"));
        assert!(!told.contains("hunt"));
    }
    let told = read(sh("printf 'hunter2 \\n'")).await.unwrap_err();
    assert!(told.ends_with("it ends with a blank"), "{told}");
}

#[tokio::test]
async fn a_file_that_is_not_there_or_is_none() {
    let missing = read(SecretRef::File(PathBuf::from("/no/such/file"))).await.unwrap_err();
    assert_eq!(missing, "the secret from file /no/such/file cannot be had: it cannot be read");
    assert!(read(SecretRef::File(std::env::temp_dir())).await.is_err());
}

/// A pipe without a writer would be waited for, and some devices never end.
#[tokio::test]
async fn a_pipe_or_a_device_is_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [pipe, PathBuf::from("/dev/zero"), folder.path().to_owned()] {
        let told = tokio::time::timeout(Duration::from_secs(20), read(SecretRef::File(path.clone()))).await;
        let told = told.unwrap_or_else(|_| panic!("{} is waited for", path.display())).unwrap_err();
        assert!(told.ends_with("it is a folder, a pipe or a device, and no file"), "{told}");
        let connecting = Client::connect(Options { ca_file: Some(path), ..options("https://127.0.0.1:1/") });
        let error = tokio::time::timeout(Duration::from_secs(20), connecting).await.expect("it ends");
        let told = chain(&error.err().expect("it is refused"));
        assert!(told.ends_with("is a folder, a pipe or a device, and no file"), "{told}");
    }
}

#[tokio::test]
async fn a_command() {
    assert_eq!(read(sh("echo secret")).await.as_deref(), Ok("secret"));
    // Its error output is no part of the secret, however much there is.
    assert_eq!(read(sh("head -c 200000 /dev/zero >&2; printf secret")).await.as_deref(), Ok("secret"));
    assert_eq!(read(sh("cat")).await.unwrap_err(), "the secret from exec sh cannot be had: it is empty");
}

#[tokio::test]
async fn a_command_that_fails_is_told_by_its_error_output_and_never_by_its_output() {
    let failed = read(sh("echo hunter2; echo 'no such\nvault' >&2; exit 3")).await.unwrap_err();
    assert_eq!(
        failed,
        "the secret from exec sh cannot be had: the command ended with 3 and said: no such vault"
    );
    let killed = read(sh("echo hunter2; kill -9 $$")).await.unwrap_err();
    assert_eq!(killed, "the secret from exec sh cannot be had: the command was stopped by a signal");
    let long = read(sh("yes | head -c 5000 >&2; exit 1")).await.unwrap_err();
    assert!(long.chars().count() < 550 && long.ends_with('…'), "{long}");
    let missing = read(SecretRef::Exec(vec!["/no/such/program".to_owned()])).await.unwrap_err();
    assert_eq!(missing, "the secret from exec /no/such/program cannot be had: the command cannot be started");
    assert!(read(SecretRef::Exec(Vec::new())).await.unwrap_err().ends_with("names no command"));
}

#[tokio::test]
async fn a_command_that_never_ends_is_stopped() {
    let limit = Duration::from_millis(100);
    for script in ["sleep 60", "sleep 60 >/dev/null 2>&1"] {
        let error = resolve_within(&sh(script), limit).await.unwrap_err();
        assert!(error.source().unwrap().to_string().contains("was stopped"), "{error}");
    }
    let endless = read(sh("exec yes")).await.unwrap_err();
    assert_eq!(endless, "the secret from exec sh cannot be had: it is larger than 64 KiB");
}

/// What a command started in turn ends with it, also what was put into the background.
#[tokio::test]
async fn a_command_that_is_stopped_leaves_nobody_behind() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // The pipe comes to its end when the last of them is gone, and not before.
    let path = pipe.clone();
    let gone = std::thread::spawn(move || std::io::read_to_string(std::fs::File::open(path).unwrap()));
    let script = format!("exec 3>'{}'; echo begun >&3; sleep 300 & (sleep 300; true)", pipe.display());
    let error = resolve_within(&sh(&script), Duration::from_secs(1)).await.unwrap_err();
    assert!(error.source().unwrap().to_string().contains("was stopped"), "{error}");
    assert_eq!(gone.join().unwrap().unwrap(), "begun\n");
}
