//! Certificates: verified unless the spec says otherwise, and against the platform's roots and `caFile`.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use axum_server::tls_rustls::RustlsConfig;
use icewarden::edge::icewarp::{CallError, Client, Meaning, NoConnection, Options, Silence};
use icewarden::model::Remedy;

use super::responder::{SID, options};

struct TlsServer {
    url: String,
    certificate: String,
    handle: axum_server::Handle<SocketAddr>,
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}

async fn start() -> TlsServer {
    start_under(|_| ()).await
}

/// A server that accepts every login, under a certificate that it signed itself.
async fn start_under(change: impl FnOnce(&mut rcgen::CertificateParams)) -> TlsServer {
    let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    change(&mut params);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    serve(&certificate, &key).await
}

/// Whether or not the key is that of the certificate.
async fn serve(certificate: &rcgen::Certificate, key: &rcgen::KeyPair) -> TlsServer {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let private = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let signing = rustls::crypto::ring::sign::any_supported_type(&private).unwrap();
    let shown = rustls::sign::CertifiedKey::new(vec![certificate.der().clone()], signing);
    let resolver = Arc::new(rustls::sign::SingleCertAndKey::from(shown));
    let config = rustls::ServerConfig::builder().with_no_client_auth().with_cert_resolver(resolver);
    let welcome = format!(
        "<iq type=\"result\" sid=\"{SID}\"><query xmlns=\"admin:iq:rpc\"><result>1</result></query></iq>"
    );
    let router = axum::Router::new().fallback(move || async move { welcome });
    let handle = axum_server::Handle::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = RustlsConfig::from_config(Arc::new(config));
    let server = axum_server::from_tcp_rustls(listener, config).unwrap().handle(handle.clone());
    tokio::spawn(server.serve(router.into_make_service()));
    let certificate = certificate.pem();
    TlsServer { url: format!("https://localhost:{port}/icewarpapi/"), certificate, handle }
}

async fn connect(options: Options) -> Result<(), CallError> {
    Client::connect(options).await?.close().await;
    Ok(())
}

fn pem(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused_with_the_way_out() {
    let server = start().await;
    let error = connect(options(&server.url)).await.unwrap_err();
    assert_eq!(error.meaning(), Meaning::NotReachable);
    assert!(
        matches!(
            &error,
            CallError::Unanswered { why: Silence::NoConnection { kind: NoConnection::Tls, .. }, .. }
        ),
        "{error:?}"
    );
    assert!(matches!(error.remedy(), Remedy::EditSpec(text) if text.contains("caFile")));
}

#[tokio::test]
async fn a_ca_file_makes_it_trusted() {
    let server = start().await;
    let file = pem(&server.certificate);
    connect(Options { ca_file: Some(file.path().into()), ..options(&server.url) }).await.unwrap();
}

/// `openssl req -x509` makes such a certificate unless it is told otherwise.
fn own_authority(params: &mut rcgen::CertificateParams) {
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
}

#[track_caller]
fn tls_error(connected: Result<(), CallError>) -> (String, Remedy) {
    let error = connected.expect_err("it must not be trusted");
    assert!(
        matches!(
            &error,
            CallError::Unanswered { why: Silence::NoConnection { kind: NoConnection::Tls, .. }, .. }
        ),
        "{error:?}"
    );
    (icewarden::report::chain(&error), error.remedy())
}

async fn trusting(ca_file: &str, url: &str) -> Result<(), CallError> {
    let file = pem(ca_file);
    connect(Options { ca_file: Some(file.path().into()), ..options(url) }).await
}

#[tokio::test]
async fn a_certificate_that_is_its_own_authority_is_trusted_where_the_ca_file_holds_exactly_it() {
    let (server, other) = (start_under(own_authority).await, start_under(own_authority).await);
    trusting(&server.certificate, &server.url).await.unwrap();
    // Beside others too, wherever it stands.
    trusting(&[&*other.certificate, &server.certificate].concat(), &server.url).await.unwrap();
    let (told, next) = tls_error(trusting(&other.certificate, &server.url).await);
    assert!(told.contains("its certificate is that of an authority (CA:TRUE)"), "{told}");
    assert!(matches!(next, Remedy::EditSpec(text) if text.contains("the server's certificate itself")));
    tls_error(connect(options(&server.url)).await);
}

#[tokio::test]
async fn its_own_authority_is_still_held_to_its_name_and_its_days() {
    let server = start_under(own_authority).await;
    let url = server.url.replace("localhost", "127.0.0.1");
    let (told, _) = tls_error(trusting(&server.certificate, &url).await);
    assert!(told.contains("not valid for name"), "{told}");
    for (from, until, words) in [(2001, 2002, "expired"), (4000, 4001, "not valid yet")] {
        let server = start_under(|params| {
            own_authority(params);
            params.not_before = rcgen::date_time_ymd(from, 1, 1);
            params.not_after = rcgen::date_time_ymd(until, 1, 1);
        })
        .await;
        let (told, _) = tls_error(trusting(&server.certificate, &server.url).await);
        assert!(told.contains(words), "{told}");
    }
}

/// Anybody can show a certificate; only its owner can sign with its key.
#[tokio::test]
async fn a_pinned_certificate_is_worth_nothing_without_its_key() {
    for own in [false, true] {
        let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        if own {
            own_authority(&mut params);
        }
        let [key, other] = [(); 2].map(|()| rcgen::KeyPair::generate().unwrap());
        let certificate = params.self_signed(&key).unwrap();
        let honest = serve(&certificate, &key).await;
        trusting(&honest.certificate, &honest.url).await.unwrap();
        let server = serve(&certificate, &other).await;
        tls_error(trusting(&server.certificate, &server.url).await);
    }
}

/// An authority in the file vouches for what it signed, as ever, and for nothing that only looks like it.
#[tokio::test]
async fn an_authority_in_the_ca_file_vouches_for_the_certificates_that_it_signed() {
    let mut params = rcgen::CertificateParams::new(["authority.test".to_owned()]).unwrap();
    own_authority(&mut params);
    let [key, other, leaf_key] = [(); 3].map(|()| rcgen::KeyPair::generate().unwrap());
    let authority = params.self_signed(&key).unwrap();
    let impostor = params.self_signed(&other).unwrap();
    let leaf = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&leaf_key, &rcgen::Issuer::new(params, key)).unwrap();
    let server = serve(&leaf, &leaf_key).await;
    trusting(&authority.pem(), &server.url).await.unwrap();
    tls_error(trusting(&impostor.pem(), &server.url).await);
}

#[tokio::test]
async fn a_certificate_that_has_run_out_is_to_be_renewed() {
    let server = start_under(|params| {
        params.not_before = rcgen::date_time_ymd(2001, 1, 1);
        params.not_after = rcgen::date_time_ymd(2002, 1, 1);
    })
    .await;
    let file = pem(&server.certificate);
    let error =
        connect(Options { ca_file: Some(file.path().into()), ..options(&server.url) }).await.unwrap_err();
    assert!(matches!(error.remedy(), Remedy::OnServer(text) if text.contains("renew")), "{error:?}");
}

#[tokio::test]
async fn a_ca_file_of_somebody_else_does_not() {
    let (server, other) = (start().await, start().await);
    let file = pem(&other.certificate);
    let error =
        connect(Options { ca_file: Some(file.path().into()), ..options(&server.url) }).await.unwrap_err();
    assert_eq!(error.meaning(), Meaning::NotReachable, "{error:?}");
}

#[tokio::test]
async fn a_trusted_certificate_of_another_name_is_refused() {
    let server = start().await;
    let file = pem(&server.certificate);
    let url = server.url.replace("localhost", "127.0.0.1");
    let error = connect(Options { ca_file: Some(file.path().into()), ..options(&url) }).await.unwrap_err();
    assert!(
        matches!(
            &error,
            CallError::Unanswered { why: Silence::NoConnection { kind: NoConnection::Tls, .. }, .. }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn skipping_the_check_skips_it() {
    let server = start().await;
    connect(Options { insecure_skip_verify: true, ..options(&server.url) }).await.unwrap();
}

#[tokio::test]
async fn a_ca_file_that_is_none_is_said_before_anything_is_sent() {
    let missing = std::env::temp_dir().join("no-such-file.pem");
    let empty = pem("no certificate here");
    for path in [missing.as_path(), empty.path()] {
        let error = connect(Options {
            ca_file: Some(path.into()),
            ..options("https://no-such-host.test/icewarpapi/")
        })
        .await
        .unwrap_err();
        assert!(
            matches!(&error, CallError::Unanswered { why: Silence::NoConnection { kind: NoConnection::Setup, why, .. }, .. } if why.contains("caFile")),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn tls_towards_a_port_without_it_is_told_as_tls() {
    let server = super::responder::Responder::start(|_| super::responder::Reply::Close).await;
    // The responder waits for the end of a head; a handshake has none, so the limit ends it, or it is closed.
    let url = server.url.replace("http://", "https://");
    let mut options = options(&url);
    options.limits.connect = std::time::Duration::from_millis(100);
    let error = connect(options).await.unwrap_err();
    assert_eq!(error.meaning(), Meaning::NotReachable, "{error:?}");
}
