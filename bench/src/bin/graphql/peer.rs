//! The three servers, each a process of its own.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use finbridge_bench::Failure;
use serde_json::Value;

use crate::bare;
use crate::calls::Call;
use crate::client::Client;

/// Connections that each of them has to the database at most.
pub const POOL: usize = 16;
/// The longest that a server takes to start.
const PATIENCE: Duration = Duration::from_secs(60);
/// Clock ticks in a second, as `/proc` counts them on Linux.
const TICKS: u64 = 100;

const ORGANIZATION: &str = "Bench";
const EMAIL: &str = "bench@example.com";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Ours,
    Bare,
    Postgraphile,
}

/// A server under way; it ends when it is dropped.
pub struct Server {
    pub kind: Kind,
    pub address: String,
    /// Sent with every request.
    pub head: String,
    child: Child,
    log: PathBuf,
}

/// The program that is measured: the one beside this one, unless `FINBRIDGE_BIN` names another.
fn program() -> Result<PathBuf, Failure> {
    let beside = std::env::current_exe()?.with_file_name("finbridge");
    let program = std::env::var("FINBRIDGE_BIN").map_or(beside, PathBuf::from);
    if program.exists() {
        return Ok(program);
    }
    Err(format!("{} is missing: build it, as `make bench-graphql` does", program.display()).into())
}

/// Finbridge with a database, and none of the settings of whoever starts this.
fn finbridge(url: &str) -> Result<Command, Failure> {
    let mut command = Command::new(program()?);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("FINBRIDGE_")) {
        command.env_remove(name);
    }
    let data = std::env::temp_dir().join(format!("finbridge-bench.{}", std::process::id()));
    command
        .args(["--config", "/dev/null"])
        .env("FINBRIDGE_DATABASE_URL", url)
        .env("FINBRIDGE_DATA_DIR", data);
    Ok(command)
}

/// Makes the tables and an organization, and returns the token of its administrator.
pub fn make_organization(url: &str) -> Result<String, Failure> {
    let mut command = finbridge(url)?;
    command.args(["token", "--create", "--organization", ORGANIZATION, "--email", EMAIL]);
    let output = command.output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// A port that nobody has.
fn free_port() -> Result<u16, Failure> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

impl Server {
    /// Finbridge as it is: with its guard and its limits, but for the points that a token may spend, and without a worker.
    pub async fn ours(url: &str, token: &str) -> Result<Self, Failure> {
        let (mut command, port) = (finbridge(url)?, free_port()?);
        command
            .args(["serve", "--no-worker"])
            .env("FINBRIDGE_SERVER_LISTEN", format!("127.0.0.1:{port}"))
            .env("FINBRIDGE_LIMITS_COST_BUCKET", "1000000000")
            .env("FINBRIDGE_LIMITS_COST_RESTORE", "1000000000")
            .env("FINBRIDGE_DATABASE_MAX_CONNECTIONS", POOL.to_string());
        let head = format!("Authorization: Bearer {token}\r\n");
        Self::start(Kind::Ours, command, port, head, "/health/ready").await
    }

    /// Handlers that do nothing but ask the database and write down what it says.
    pub async fn bare(url: &str) -> Result<Self, Failure> {
        let (mut command, port) = (Command::new(std::env::current_exe()?), free_port()?);
        command.args([bare::WORD, url, &port.to_string()]);
        Self::start(Kind::Bare, command, port, String::new(), "/accounts").await
    }

    pub async fn postgraphile(url: &str) -> Result<Self, Failure> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("graphql");
        let node = folder.join("node_modules/node/bin/node");
        if !node.exists() {
            return Err(
                "PostGraphile is not installed: `npm ci` in bench/graphql, as `make bench-graphql` does"
                    .into(),
            );
        }
        let (mut command, port) = (Command::new(node), free_port()?);
        command
            .arg("postgraphile.mjs")
            .current_dir(folder)
            .env("DATABASE_URL", url)
            .env("PORT", port.to_string())
            .env("POOL", POOL.to_string())
            .env("NODE_ENV", "production")
            .env("GRAPHILE_ENV", "production");
        let ready = "/graphql?query=%7B__typename%7D";
        Self::start(Kind::Postgraphile, command, port, String::new(), ready).await
    }

    async fn start(
        kind: Kind,
        mut command: Command,
        port: u16,
        head: String,
        ready: &str,
    ) -> Result<Self, Failure> {
        let log = std::env::temp_dir().join(format!("finbridge-bench.{}.{kind:?}.log", std::process::id()));
        let output = File::create(&log)?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let child = command.spawn()?;
        let mut server = Self { kind, address: format!("127.0.0.1:{port}"), head, child, log };
        let begun = Instant::now();
        let call = Call { method: "GET", path: ready.to_owned(), body: String::new() };
        loop {
            // What a server says first may be that it knows no such question: it is there, then.
            if let Ok(mut client) = server.connect().await {
                match client.call(call.method, &call.path, &call.body).await {
                    Ok(_) => return Ok(server),
                    Err(error) if error.to_string().contains("HTTP/1.1 4") => return Ok(server),
                    Err(_) => {}
                }
            }
            if begun.elapsed() > PATIENCE || server.child.try_wait()?.is_some() {
                let log = std::fs::read_to_string(&server.log).unwrap_or_default();
                return Err(format!("{kind:?} did not start: {log}").into());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    pub async fn connect(&self) -> Result<Client, Failure> {
        Client::connect(&self.address, &self.head).await
    }

    /// Asks once, and reads the answer.
    pub async fn ask(&self, call: &Call) -> Result<Value, Failure> {
        let (_, text) = self.connect().await?.call(call.method, &call.path, &call.body).await?;
        let answer: Value = serde_json::from_str(&text)?;
        if answer.get("errors").is_some() || answer["data"].is_null() {
            return Err(format!("{:?} answers {} with {answer}", self.kind, call.body).into());
        }
        Ok(answer)
    }

    /// Processor time that it has used so far.
    pub fn cpu(&self) -> Result<Duration, Failure> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name may hold anything; what follows its bracket is numbers.
        let (_, numbers) = stat.rsplit_once(')').ok_or("no name in stat")?;
        let fields: Vec<&str> = numbers.split_whitespace().collect();
        let ticks =
            |place: usize| fields.get(place).and_then(|text| text.parse::<u64>().ok()).ok_or("stat is short");
        Ok(Duration::from_millis((ticks(11)? + ticks(12)?) * 1_000 / TICKS))
    }

    /// Bytes that it has in memory now, of them those that are pages of its program file, and the most that it ever had.
    pub fn memory(&self) -> Result<[u64; 3], Failure> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let bytes = |name: &str| -> Result<u64, Failure> {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("status is short")?;
            Ok(line.trim().trim_end_matches("kB").trim().parse::<u64>()? * 1024)
        };
        Ok([bytes("VmRSS:")?, bytes("RssFile:")?, bytes("VmHWM:")?])
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.log);
    }
}
