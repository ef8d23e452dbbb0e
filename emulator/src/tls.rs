//! TLS under the vendor's own host names, signed by an authority of the emulator's own.
//!
//! The authority is kept, so that a client trusts it once. The server's certificate is issued anew at every start: it
//! then never runs out, and no second key lies on the disk. The authority can sign for the vendor's names and for this
//! machine only, so trusting it gives nothing else away.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SerialNumber,
};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, SystemClock};
use crate::envelope::Reply;
use crate::host::DataCentre;

/// Where the authority's certificate is served.
pub(crate) const CA_PATH: &str = "_emulator/ca.pem";
/// A client that has not finished its handshake by then is dropped.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Some clients refuse server certificates that are valid for 398 days or more.
const SERVER_DAYS: i64 = 397;
const AUTHORITY_DAYS: i64 = 3650;
const LOCAL_NAME: &str = "localhost";
const CERTIFICATE_FILE: &str = "ca.pem";
const KEY_FILE: &str = "ca-key.pem";

/// A port that serves TLS, beside the plain one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsOptions {
    /// Port to listen on; 0 takes any free one.
    pub port: u16,
    /// Directory that keeps the signing authority (`ca.pem`, `ca-key.pem`) over restarts; made when it does not exist.
    /// Without one the authority lives in memory.
    pub dir: Option<PathBuf>,
}

/// Why TLS could not be set up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{} and {CERTIFICATE_FILE} beside it do not belong together or are damaged: {reason}", path.display())]
    Kept { path: PathBuf, reason: String },
    #[error("{0}")]
    Certificate(#[from] rcgen::Error),
    #[error("{0}")]
    Tls(#[from] rustls::Error),
}

/// What the TLS port works with.
pub(crate) struct Setup {
    config: Arc<ServerConfig>,
    pub(crate) ca_pem: String,
}

/// Turns fresh connections into TLS ones; every request that came over one carries it.
#[derive(Clone)]
pub(crate) struct Secure {
    acceptor: TlsAcceptor,
    url: Arc<str>,
}

impl Secure {
    pub(crate) fn new(setup: &Setup, reachable: SocketAddr) -> Self {
        let url = format!("https://{reachable}").into();
        Self { acceptor: TlsAcceptor::from(Arc::clone(&setup.config)), url }
    }

    /// The emulator's url on the TLS port.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

/// A connection, with or without TLS.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Shakes hands on a fresh connection. `None` when the client does not manage to in time or the emulator stops.
pub(crate) async fn open<S: Stream + 'static>(
    secure: Option<&Secure>,
    stream: S,
    stop: &CancellationToken,
) -> Option<Box<dyn Stream>> {
    let Some(secure) = secure else { return Some(Box::new(stream)) };
    let shaken = tokio::select! {
        () = stop.cancelled() => return None,
        shaken = tokio::time::timeout(HANDSHAKE, secure.acceptor.accept(stream)) => shaken,
    };
    match shaken {
        Ok(Ok(stream)) => Some(Box::new(stream)),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a TLS handshake failed");
            None
        }
        Err(_) => {
            tracing::debug!("a TLS handshake took too long");
            None
        }
    }
}

/// The answer to `GET /_emulator/ca.pem`.
pub(crate) fn ca_reply(pem: &str) -> Reply {
    Reply::file("application/x-pem-file".into(), pem.to_owned().into())
}

/// Listens for TLS. Errors: the address cannot be had.
pub(crate) async fn listen(
    host: IpAddr,
    port: u16,
) -> Result<(TcpListener, SocketAddr), (SocketAddr, io::Error)> {
    let wanted = SocketAddr::new(host, port);
    let listener = TcpListener::bind(wanted).await.map_err(|error| (wanted, error))?;
    let addr = listener.local_addr().map_err(|error| (wanted, error))?;
    Ok((listener, addr))
}

/// Loads or makes the authority and has it sign a server certificate. The certificates are for real clients with real
/// clocks, so they take the machine's time whatever clock the emulator runs on.
pub(crate) fn prepare(dir: Option<&Path>) -> Result<Setup, TlsError> {
    let now = SystemClock.now();
    let (key, ca_pem) = match dir {
        None => {
            let key = KeyPair::generate()?;
            let pem = authority(now)?.self_signed(&key)?.pem();
            (key, pem)
        }
        Some(dir) => kept_authority(dir, now)?,
    };
    let server_key = KeyPair::generate()?;
    let issuer = Issuer::new(authority(now)?, key);
    let certificate = server(now)?.signed_by(&server_key, &issuer)?.der().clone();
    trusted(&ca_pem, &certificate, now).map_err(|reason| match dir {
        Some(dir) => TlsError::Kept { path: dir.join(KEY_FILE), reason },
        None => TlsError::Tls(rustls::Error::General(reason)),
    })?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(server_key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], private)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Setup { config: Arc::new(config), ca_pem })
}

/// The authority kept in `dir`, made there when there is none.
fn kept_authority(dir: &Path, now: DateTime<Utc>) -> Result<(KeyPair, String), TlsError> {
    let (key_path, pem_path) = (dir.join(KEY_FILE), dir.join(CERTIFICATE_FILE));
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| TlsError::File { path, source }
    };
    std::fs::create_dir_all(dir).map_err(failed(dir))?;
    let key = match read(&key_path).map_err(failed(&key_path))? {
        Some(pem) => KeyPair::from_pem(&pem)
            .map_err(|error| TlsError::Kept { path: key_path.clone(), reason: error.to_string() })?,
        None => {
            let key = KeyPair::generate()?;
            write_private(&key_path, &key.serialize_pem()).map_err(failed(&key_path))?;
            // A certificate without its key is of no use to anyone.
            let pem = authority(now)?.self_signed(&key)?.pem();
            std::fs::write(&pem_path, &pem).map_err(failed(&pem_path))?;
            return Ok((key, pem));
        }
    };
    match read(&pem_path).map_err(failed(&pem_path))? {
        Some(pem) => Ok((key, pem)),
        None => {
            let pem = authority(now)?.self_signed(&key)?.pem();
            std::fs::write(&pem_path, &pem).map_err(failed(&pem_path))?;
            Ok((key, pem))
        }
    }
}

fn read(path: &Path) -> io::Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a new file that only its owner may read.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    io::Write::write_all(&mut options.open(path)?, text.as_bytes())
}

fn authority(now: DateTime<Utc>) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    dated(&mut params, now, AUTHORITY_DAYS);
    params.distinguished_name.push(DnType::CommonName, "Finbridge emulator authority");
    params.distinguished_name.push(DnType::OrganizationName, "Finbridge emulator, for development only");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let names = zones().chain([LOCAL_NAME]).map(|name| GeneralSubtree::DnsName(name.to_owned()));
    let local = [
        CidrSubnet::from_v4_prefix([127, 0, 0, 0], 8),
        CidrSubnet::from_v6_prefix(std::net::Ipv6Addr::LOCALHOST.octets(), 128),
    ];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: names.chain(local.map(GeneralSubtree::IpAddress)).collect(),
        excluded_subtrees: Vec::new(),
    });
    Ok(params)
}

fn server(now: DateTime<Utc>) -> Result<CertificateParams, rcgen::Error> {
    let local = [LOCAL_NAME, "127.0.0.1", "::1"].map(str::to_owned);
    let wildcards = zones().map(|zone| format!("*.{zone}"));
    let mut params = CertificateParams::new(wildcards.chain(local).collect::<Vec<_>>())?;
    dated(&mut params, now, SERVER_DAYS);
    params.distinguished_name.push(DnType::CommonName, LOCAL_NAME);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn zones() -> impl Iterator<Item = &'static str> {
    DataCentre::ALL.into_iter().flat_map(DataCentre::zones).copied()
}

/// Valid from yesterday, because clocks of containers and their hosts differ, and under a serial number of its own.
fn dated(params: &mut CertificateParams, now: DateTime<Utc>, days: i64) {
    // Month and day always fit a byte.
    let byte = |value: u32| u8::try_from(value).unwrap_or(1);
    let moment = |day: NaiveDate| rcgen::date_time_ymd(day.year(), byte(day.month()), byte(day.day()));
    let first = (now - TimeDelta::days(1)).date_naive();
    params.not_before = moment(first);
    params.not_after = moment(first + TimeDelta::days(days));
    // Positive and never empty, as the standard wants it.
    let serial = (rand::random::<u128>() >> 1) | (1 << 120);
    params.serial_number = Some(SerialNumber::from_slice(&serial.to_be_bytes()));
}

/// Whether a client that trusts `ca_pem` accepts `certificate`; says why not.
fn trusted(ca_pem: &str, certificate: &CertificateDer<'_>, now: DateTime<Utc>) -> Result<(), String> {
    let ca = CertificateDer::from_pem_slice(ca_pem.as_bytes()).map_err(|error| error.to_string())?;
    let mut roots = RootCertStore::empty();
    roots.add(ca).map_err(|error| error.to_string())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|error| error.to_string())?;
    let name = ServerName::try_from(LOCAL_NAME).map_err(|error| error.to_string())?;
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    verifier
        .verify_server_cert(certificate, &[], &name, &[], now)
        .map(|_| ())
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(params: CertificateParams, now: DateTime<Utc>) -> (String, CertificateDer<'static>) {
        let key = KeyPair::generate().unwrap();
        let pem = authority(now).unwrap().self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(authority(now).unwrap(), key);
        (pem, params.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap().der().clone())
    }

    #[test]
    fn the_server_certificate_is_valid_for_less_than_398_days() {
        let now = SystemClock.now();
        let params = server(now).unwrap();
        assert_eq!((params.not_after - params.not_before).whole_days(), SERVER_DAYS);
        let (pem, certificate) = signed(params, now);
        for (days, good) in [(-2, false), (0, true), (395, true), (397, false)] {
            let then = now + TimeDelta::days(days);
            assert_eq!(trusted(&pem, &certificate, then).is_ok(), good, "{days} days");
        }
    }

    #[test]
    fn the_authority_can_sign_for_no_other_name() {
        let now = SystemClock.now();
        for (name, good) in [("www.zohoapis.eu", true), ("bank.example", false), ("10.0.0.1", false)] {
            let mut params = server(now).unwrap();
            let more = CertificateParams::new(vec![name.to_owned()]).unwrap();
            params.subject_alt_names.extend(more.subject_alt_names);
            let (pem, certificate) = signed(params, now);
            assert_eq!(trusted(&pem, &certificate, now).is_ok(), good, "{name}");
        }
    }
}
