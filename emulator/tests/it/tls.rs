use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use finbridge_emulator::*;
use reqwest::{Certificate, Client};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::world::*;

const CENTRES: [&str; 8] = ["com", "eu", "in", "com.au", "jp", "sa", "ca", "com.cn"];

fn scratch(name: &str) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("finbridge-emulator-tls-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&dir);
    dir
}

async fn start(dir: Option<PathBuf>) -> Emulator {
    Emulator::builder().tls(TlsOptions { port: 0, dir }).start().await.unwrap()
}

/// A client that trusts the emulator's authority alone and finds the vendor's names at the emulator.
fn unchanged(emulator: &Emulator) -> Client {
    http();
    let ca = Certificate::from_pem(emulator.ca_pem().unwrap().as_bytes()).unwrap();
    let addr = emulator.tls_addr().unwrap();
    let mut names: Vec<String> = vec!["accounts.zohocloud.ca".to_owned(), "www.zoho.example".to_owned()];
    for dc in CENTRES {
        for host in ["accounts.zoho", "books.zoho", "billing.zoho", "www.zohoapis"] {
            names.push(format!("{host}.{dc}"));
        }
    }
    let client = names.iter().fold(Client::builder(), |client, name| client.resolve(name, addr));
    client.tls_certs_only([ca]).build().unwrap()
}

async fn token(client: &Client, accounts: &str, refresh: &str) -> Value {
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh),
        ("client_id", DEMO_CLIENT_ID),
        ("client_secret", DEMO_CLIENT_SECRET),
    ];
    let (status, answer) = send(client.post(format!("{accounts}/oauth/v2/token")).form(&form)).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

#[tokio::test]
async fn a_client_with_built_in_host_names_works_unchanged() {
    let emulator = start(None).await;
    let client = unchanged(&emulator);
    let refresh = Api { url: emulator.url(), token: String::new(), http: http() }
        .refresh_token(DEMO_EMAIL, DEMO_ZSC_KEY, None)
        .await;
    let answer = token(&client, "https://accounts.zoho.com", &refresh).await;
    assert_eq!(answer["api_domain"], "https://www.zohoapis.com");
    let authorization = format!("Zoho-oauthtoken {}", answer["access_token"].as_str().unwrap());
    let get = |url: String| client.get(url).header("Authorization", &authorization);
    let create = client
        .post("https://www.zohoapis.com/books/v3/contacts")
        .header("Authorization", &authorization)
        .json(&json!({"contact_name": "Over TLS"}));
    assert_eq!(send(create).await.0, 201);
    for url in ["https://www.zohoapis.com/books/v3/contacts", "https://books.zoho.com/api/v3/contacts"] {
        let (status, body) = send(get(url.to_owned())).await;
        assert_eq!((status, names(&body)), (200, vec!["Over TLS".to_owned()]), "{url}");
    }
    assert_eq!(send(get("https://www.zohoapis.eu/books/v3/contacts".to_owned())).await.0, 401);

    // By its own name the emulator tells its own address, on the port that was asked.
    let url = emulator.tls_url().unwrap();
    assert_eq!(token(&client, url, &refresh).await["api_domain"], url);
    assert_eq!(token(&client, &emulator.url(), &refresh).await["api_domain"], emulator.url());
    let port = emulator.tls_addr().unwrap().port();
    let by_port = token(&client, &format!("https://accounts.zoho.com:{port}"), &refresh).await;
    assert_eq!(by_port["api_domain"], format!("https://www.zohoapis.com:{port}"));
}

#[tokio::test]
async fn consent_over_tls_names_the_vendors_servers() {
    let emulator = start(None).await;
    let client = unchanged(&emulator);
    let query = [
        ("response_type", "code"),
        ("client_id", DEMO_CLIENT_ID),
        ("scope", "ZohoBooks.contacts.READ"),
        ("redirect_uri", "https://www.zohoapis.com/books/v3/nowhere"),
        ("emulator_consent", "accept"),
    ];
    // The client follows the redirect, which leads to an unknown path.
    let answer = client.get("https://accounts.zoho.com/oauth/v2/auth").query(&query).send().await.unwrap();
    let members: Vec<(String, String)> = answer.url().query_pairs().into_owned().collect();
    assert_eq!(members[1], ("location".to_owned(), "us".to_owned()));
    assert_eq!(members[2], ("accounts-server".to_owned(), "https://accounts.zoho.com".to_owned()));
}

#[tokio::test]
async fn the_certificate_is_good_for_every_vendor_host_and_no_other() {
    let emulator = start(None).await;
    let client = unchanged(&emulator);
    let mut hosts = vec!["accounts.zohocloud.ca".to_owned()];
    for dc in CENTRES {
        hosts.extend(["books.zoho", "billing.zoho", "www.zohoapis"].map(|host| format!("{host}.{dc}")));
    }
    for host in hosts {
        assert_eq!(
            client.get(format!("https://{host}/_emulator/health")).send().await.unwrap().status(),
            200
        );
    }
    let port = emulator.tls_addr().unwrap().port();
    for host in ["localhost", "127.0.0.1"] {
        let url = format!("https://{host}:{port}/_emulator/health");
        assert_eq!(client.get(url).send().await.unwrap().status(), 200, "{host}");
    }
    assert!(client.get("https://www.zoho.example/_emulator/health").send().await.is_err());
    let other = start(None).await;
    let stranger = unchanged(&other).get(format!("https://localhost:{port}/_emulator/health"));
    assert!(stranger.send().await.is_err(), "another emulator's authority signed this certificate");
}

#[tokio::test]
async fn the_authority_is_served_and_kept() {
    let dir = scratch("kept");
    let emulator = start(Some(dir.clone())).await;
    let ca = emulator.ca_pem().unwrap().to_owned();
    for url in [emulator.url(), emulator.tls_url().unwrap().to_owned()] {
        let answer = unchanged(&emulator).get(format!("{url}/_emulator/ca.pem")).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/x-pem-file");
        assert_eq!(answer.text().await.unwrap(), ca);
    }
    let post = http().post(format!("{}/_emulator/ca.pem", emulator.url()));
    assert_eq!(send(post).await.0, 405);
    let plain = world().await;
    assert_eq!(plain.api.call("GET", "/_emulator/ca.pem", Value::Null).await.0, 404);
    assert_eq!(plain.emulator.tls_url(), None);

    assert_eq!(std::fs::read_to_string(dir.join("ca.pem")).unwrap(), ca);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(dir.join("ca-key.pem")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // A client that trusted the first run trusts the second one.
    let again = start(Some(dir.clone())).await;
    assert_eq!(again.ca_pem(), Some(ca.as_str()));
    let url = format!("{}/_emulator/health", again.tls_url().unwrap());
    assert_eq!(unchanged(&emulator).get(url).send().await.unwrap().status(), 200);
    std::fs::remove_dir_all(dir).unwrap();
}

#[tokio::test]
async fn a_directory_that_cannot_be_used_is_explained() {
    let dir = scratch("damaged");
    drop(start(Some(dir.clone())).await);
    let attempt = async |dir: PathBuf| {
        let started = Emulator::builder().tls(TlsOptions { port: 0, dir: Some(dir) }).start().await;
        match started {
            Err(StartError::Tls { reason }) => reason,
            other => panic!("{:?}", other.map(|it| it.url())),
        }
    };
    let other = scratch("other");
    drop(start(Some(other.clone())).await);
    std::fs::copy(other.join("ca.pem"), dir.join("ca.pem")).unwrap();
    assert!(attempt(dir.clone()).await.contains("ca-key.pem"));
    std::fs::write(dir.join("ca.pem"), "no certificate").unwrap();
    assert!(attempt(dir.clone()).await.contains("ca-key.pem"));
    std::fs::write(dir.join("ca-key.pem"), "no key").unwrap();
    assert!(attempt(dir.clone()).await.contains("ca-key.pem"));
    assert!(attempt(dir.join("ca.pem")).await.contains("ca.pem"));

    // Without its certificate a key makes a new one.
    std::fs::remove_file(other.join("ca.pem")).unwrap();
    let emulator = start(Some(other.clone())).await;
    let url = format!("{}/_emulator/health", emulator.tls_url().unwrap());
    assert_eq!(unchanged(&emulator).get(url).send().await.unwrap().status(), 200);
    let taken = emulator.tls_addr().unwrap();
    let second = Emulator::builder().tls(TlsOptions { port: taken.port(), dir: None }).start().await;
    assert!(matches!(second, Err(StartError::PortInUse { address }) if address == taken));
    for dir in [dir, other] {
        std::fs::remove_dir_all(dir).unwrap();
    }
}

#[tokio::test]
async fn a_bad_handshake_harms_nobody_else() {
    let emulator = start(None).await;
    let addr = emulator.tls_addr().unwrap();
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(TcpStream::connect(addr).await.unwrap());
    }
    let begun = Instant::now();
    let mut plain = TcpStream::connect(addr).await.unwrap();
    plain.write_all(b"GET /_emulator/health HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "the TLS port answered without TLS");
    let url = format!("{}/_emulator/health", emulator.tls_url().unwrap());
    assert_eq!(unchanged(&emulator).get(url).send().await.unwrap().status(), 200);
    assert!(begun.elapsed() < Duration::from_secs(8), "silent connections held up the others");
    // A client that never begins its handshake is dropped after ten seconds.
    let mut byte = [0; 1];
    let read = silent[0].read(&mut byte);
    assert_eq!(tokio::time::timeout(Duration::from_secs(20), read).await.unwrap().unwrap(), 0);
    assert!(begun.elapsed() > Duration::from_secs(9));
    // Stopping waits for none of them.
    let _late = TcpStream::connect(addr).await.unwrap();
    let stopping = Instant::now();
    emulator.shutdown().await;
    assert!(stopping.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn the_program_serves_tls_when_asked_to() {
    let dir = scratch("program");
    let program = || Command::new(env!("CARGO_BIN_EXE_finbridge-emulator"));
    let refused = program().args(["--port", "0", "--tls-port", "0"]).output().unwrap();
    assert!(!refused.status.success(), "--tls-port means nothing without --tls");
    let mut child = program()
        .args(["--port", "0", "--tls", "--tls-port", "0", "--tls-dir"])
        .arg(&dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut told = |what: &str| {
        let line = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains(what))).unwrap().unwrap();
        line.rsplit(' ').next().unwrap().to_owned()
    };
    let (url, path) = (told("over TLS"), told("to be trusted"));
    http();
    let ca = Certificate::from_pem(&std::fs::read(path).unwrap()).unwrap();
    let client = Client::builder().tls_certs_only([ca]).build().unwrap();
    let answer = client.get(format!("{url}/_emulator/health")).send().await;
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(answer.unwrap().status(), 200);
    std::fs::remove_dir_all(dir).unwrap();
}

#[tokio::test]
async fn neither_port_is_in_an_exported_journal() {
    let run = async || {
        let frozen = ClockStart::FrozenAt(start_time());
        let builder = Emulator::builder().clock_start(frozen).seed_number(7);
        let emulator = builder.tls(TlsOptions { port: 0, dir: None }).start().await.unwrap();
        let (client, port) = (unchanged(&emulator), emulator.tls_addr().unwrap().port());
        for host in ["www.zohoapis.com", "www.zohoapis.eu", "localhost", "127.0.0.1"] {
            let url = format!("https://{host}:{port}/books/v3/contacts");
            assert_eq!(send(client.get(url)).await.0, 401, "{host}");
        }
        send(http().get(format!("{}/books/v3/contacts", emulator.url()))).await;
        let control = finbridge_emulator_client::Control::new(&emulator.url());
        let query = finbridge_emulator_client::JournalQuery::new();
        let (lines, archive) =
            (control.export(&query, false).await.unwrap(), control.export_har(&query, false).await.unwrap());
        for port in [port, emulator.addr().port()] {
            let port = format!(":{port}");
            assert!(!lines.contains(&port) && !archive.contains(&port), "{port}: {lines}");
        }
        (emulator, lines, archive)
    };
    let (_first, lines, archive) = run().await;
    let (_second, same_lines, same_archive) = run().await;
    assert_eq!((lines, archive), (same_lines, same_archive));
}
