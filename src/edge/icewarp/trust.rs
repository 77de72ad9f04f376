//! Whose certificates are trusted.
//!
//! Without `caFile` that is left to the platform. With it, its certificates are roots beside the platform's; and
//! one case more is taken: a server that shows exactly a certificate of the file. `openssl req -x509` makes its
//! certificates with CA:TRUE unless it is told otherwise, and the TLS library rightly takes no authority for a
//! server. Here nothing is left to decide for an authority: the certificate was put into the file by whoever wrote
//! the spec, the server proves in the handshake that it holds the key, and time and name are verified as always.

use std::io;
use std::path::Path;
use std::sync::{Arc, Once};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_platform_verifier::Verifier;
use tokio::io::AsyncReadExt as _;

/// What the TLS library calls a server's certificate that may itself sign others; it has no type for it here.
pub(super) const OWN_AUTHORITY: &str = "CaUsedAsEndEntity";

/// Every authority that a system trusts together takes some 200 KiB.
const PEM_BYTES_MAX: u64 = 1 << 20;

/// ring is named here once, because no provider is built in: the other choice needs a C compiler.
pub(super) fn install_provider() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error means that one is installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// The certificates of a `caFile`; the error is for people.
pub(super) async fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let shown = path.display();
    let failed = |error: io::Error| format!("connection.rpc.caFile {shown} cannot be read: {error}");
    // Opening a pipe would wait for its writer, and some devices never end.
    if !tokio::fs::metadata(path).await.map_err(failed)?.is_file() {
        return Err(format!("connection.rpc.caFile {shown} is a folder, a pipe or a device, and no file"));
    }
    let mut pem = Vec::new();
    let file = tokio::fs::File::open(path).await.map_err(failed)?;
    file.take(PEM_BYTES_MAX + 1).read_to_end(&mut pem).await.map_err(failed)?;
    if pem.len() as u64 > PEM_BYTES_MAX {
        return Err(format!("connection.rpc.caFile {shown} is larger than {} MiB", PEM_BYTES_MAX >> 20));
    }
    let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|_| format!("connection.rpc.caFile {shown} is no PEM file, or is cut off"))?;
    if certificates.is_empty() {
        return Err(format!("connection.rpc.caFile {shown} holds no certificate"));
    }
    for (at, certificate) in certificates.iter().enumerate() {
        ParsedCertificate::try_from(certificate)
            .map_err(|_| format!("number {} in connection.rpc.caFile {shown} is no certificate", at + 1))?;
    }
    Ok(certificates)
}

/// Trusts the platform's roots and these.
pub(super) fn config(pinned: Vec<CertificateDer<'static>>) -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let platform = Verifier::new_with_extra_roots(pinned.iter().cloned(), Arc::clone(&provider))?;
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Pinning { platform, pinned }))
        .with_no_client_auth())
}

/// The platform's verifier, and the one case more.
#[derive(Debug)]
struct Pinning {
    platform: Verifier,
    pinned: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Pinning {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.platform.verify_server_cert(end_entity, intermediates, name, ocsp, now);
        match verified {
            // The library looks at the time first: of a certificate that has run out it says that, and not this.
            Err(error) if is_own_authority(&error) && self.pinned.contains(end_entity) => {
                rustls::client::verify_server_name(&ParsedCertificate::try_from(end_entity)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.platform.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.platform.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.platform.supported_verify_schemes()
    }
}

fn is_own_authority(error: &Error) -> bool {
    matches!(error, Error::InvalidCertificate(CertificateError::Other(other)) if other.to_string() == OWN_AUTHORITY)
}
