//! Configuration: one file, environment variables over it, unknown keys refused, everything checked at start.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};

mod books;
mod limits;
mod retention;
mod telemetry;

pub use books::Books;
pub use limits::Limits;
pub use retention::Retention;
mod subscriptions;

pub use subscriptions::Subscriptions;
pub use telemetry::{SpanDetail, Telemetry};

/// What environment variables begin with: `database.url` is `FINBRIDGE_DATABASE_URL`.
pub const ENV_PREFIX: &str = "FINBRIDGE_";

/// The file with every key, its default and what it means.
pub const TEMPLATE: &str = include_str!("../../finbridge.example.toml");

/// The configuration.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The GraphQL server.
    pub server: Server,
    /// What callers may ask of it.
    pub limits: Limits,
    /// Subscriptions.
    pub subscriptions: Subscriptions,
    /// The database.
    pub database: Database,
    /// How long what happened is kept.
    pub retention: Retention,
    /// Files of this installation.
    pub data: Data,
    /// Encryption of secrets.
    pub secrets: Secrets,
    /// The Books app.
    pub books: Books,
    /// The embedded emulator.
    pub emulator: EmulatorSettings,
    /// The sample data of the first start.
    pub demo: Demo,
    /// Logs.
    pub log: Log,
    /// Metrics and traces.
    pub telemetry: Telemetry,
}

/// The GraphQL server.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Whether it serves GraphiQL.
    pub graphiql: bool,
    /// Whether clients may ask what the schema is.
    pub introspection: bool,
    /// Web pages of which origins may call it from a browser, and open WebSockets.
    pub cors_origins: Vec<String>,
    /// Addresses of reverse proxies, whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Seconds for which it goes on serving after it was told to stop, so that load balancers notice.
    pub drain_seconds: u64,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            graphiql: true,
            introspection: true,
            cors_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            drain_seconds: 0,
        }
    }
}

/// The database.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `sqlite://…` or `postgres://…`. Empty: `finbridge.db` in the data folder.
    #[serde(serialize_with = "hidden")]
    pub url: SecretString,
    /// Largest number of connections of one process.
    pub max_connections: u32,
}

impl Default for Database {
    fn default() -> Self {
        Self { url: SecretString::default(), max_connections: 16 }
    }
}

/// Files of this installation.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Data {
    /// The folder.
    pub dir: PathBuf,
}

impl Default for Data {
    fn default() -> Self {
        Self { dir: PathBuf::from("data") }
    }
}

/// Encryption of secrets.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Secrets {
    /// 32 bytes in base64. Empty: `secret.key` in the data folder, made at the first start.
    #[serde(serialize_with = "hidden")]
    pub key: SecretString,
}

/// The embedded emulator.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EmulatorSettings {
    /// Where it listens.
    pub listen: SocketAddr,
}

impl Default for EmulatorSettings {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 8081)) }
    }
}

/// The sample data of the first start.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Demo {
    /// The mapping file of the sample CRM.
    pub mapping: PathBuf,
}

impl Default for Demo {
    fn default() -> Self {
        Self { mapping: PathBuf::from("examples/crm-sales/mapping.toml") }
    }
}

/// Logs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// What is logged, in the language of tracing-subscriber's EnvFilter.
    pub filter: String,
    /// How it is written.
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            filter: "info,sqlx=warn,sea_orm_migration=warn,graphile_worker=warn".to_owned(),
            format: LogFormat::Text,
        }
    }
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// What is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration file {path} cannot be read: {source}")]
    Read {
        /// Which file.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The file is not right.
    #[error("the configuration is not right: {0}\n`finbridge check-config --template` prints every key")]
    Malformed(String),
    /// An environment variable that means nothing.
    #[error(
        "the environment variable {0} names no setting; `finbridge check-config --template` prints every key"
    )]
    UnknownVariable(String),
    /// A value that cannot be.
    #[error("{key}: {problem}")]
    Invalid {
        /// Which key.
        key: &'static str,
        /// What is wrong, and what to do.
        problem: String,
    },
}

fn hidden<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if secret.expose_secret().is_empty() { "" } else { "(set)" })
}

impl Config {
    /// Reads the file, if there is one, and lays environment variables over it.
    ///
    /// # Errors
    /// Unknown keys and variables, values of the wrong kind, values that cannot be.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let text = match file {
            None => String::new(),
            Some(path) => std::fs::read_to_string(path)
                .map_err(|source| ConfigError::Read { path: path.display().to_string(), source })?,
        };
        let mut table: toml::Table =
            text.parse().map_err(|error: toml::de::Error| ConfigError::Malformed(error.to_string()))?;
        let known = toml::Table::try_from(Self::default())
            .map_err(|error| ConfigError::Malformed(error.to_string()))?;
        for (name, value) in environment {
            if let Some(key) = name.strip_prefix(ENV_PREFIX) {
                lay_over(&mut table, &known, key, value).ok_or(ConfigError::UnknownVariable(name))?;
            }
        }
        let config: Self =
            table.try_into().map_err(|error: toml::de::Error| ConfigError::Malformed(error.to_string()))?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let invalid = |key, problem: &str| Err(ConfigError::Invalid { key, problem: problem.to_owned() });
        let url = self.database_url();
        let url = url.expose_secret();
        if !["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
            return invalid("database.url", "must begin with sqlite:// or postgres://");
        }
        if !(4..=1000).contains(&self.database.max_connections) {
            return invalid("database.max_connections", "must lie between 4 and 1000");
        }
        for (key, url) in
            [("books.accounts_url", &self.books.accounts_url), ("books.api_url", &self.books.api_url)]
        {
            let host = url.strip_prefix("http://").and_then(|rest| rest.split(['/', ':']).next());
            if !(url.starts_with("https://") || matches!(host, Some("127.0.0.1" | "localhost"))) {
                return invalid(
                    key,
                    "must begin with https:// (http:// is for 127.0.0.1 and localhost only)",
                );
            }
            if url.ends_with('/') {
                return invalid(key, "must not end with a slash");
            }
        }
        for origin in &self.server.cors_origins {
            let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            let host = rest.filter(|host| !host.is_empty() && !host.contains(['/', '*', ' ', '@']));
            if host.is_none_or(|host| !host.is_ascii()) {
                return invalid(
                    "server.cors_origins",
                    "every entry must be an origin such as https://app.example.com, without a path; * is not allowed",
                );
            }
        }
        if self.server.drain_seconds > 300 {
            return invalid("server.drain_seconds", "must lie between 0 and 300");
        }
        self.limits.check()?;
        self.subscriptions.check()?;
        self.retention.check()?;
        self.telemetry.check()?;
        if self.books.client_id.is_empty() != self.books.client_secret.expose_secret().is_empty() {
            return invalid(
                "books.client_id",
                "client_id and client_secret go together: set both or neither",
            );
        }
        Ok(())
    }

    /// Where the database is.
    pub fn database_url(&self) -> SecretString {
        if self.database.url.expose_secret().is_empty() {
            SecretString::from(format!("sqlite://{}?mode=rwc", self.data.dir.join("finbridge.db").display()))
        } else {
            self.database.url.clone()
        }
    }

    /// Path of the SQLite file; nothing for PostgreSQL and for memory.
    pub fn sqlite_file(&self) -> Option<PathBuf> {
        let url = self.database_url();
        let path = url.expose_secret().strip_prefix("sqlite:")?;
        let path = path.trim_start_matches("//").split('?').next()?;
        (!path.contains(":memory:")).then(|| PathBuf::from(path))
    }
}

/// Sets the key that the variable's name stands for: section, underscore, key.
fn lay_over(table: &mut toml::Table, known: &toml::Table, name: &str, value: String) -> Option<()> {
    let name = name.to_lowercase();
    let (section, key) = known.iter().find_map(|(section, keys)| {
        let rest = name.strip_prefix(section.as_str())?.strip_prefix('_')?;
        keys.as_table()?.contains_key(rest).then(|| (section.clone(), rest.to_owned()))
    })?;
    let value = match known.get(&section)?.get(&key)? {
        toml::Value::Boolean(_) => value.parse().map_or(toml::Value::String(value), toml::Value::Boolean),
        toml::Value::Integer(_) => value.parse().map_or(toml::Value::String(value), toml::Value::Integer),
        toml::Value::Float(_) => value.parse().map_or(toml::Value::String(value), toml::Value::Float),
        // A list is separated by commas.
        toml::Value::Array(_) => {
            let items = value.split(',').map(str::trim).filter(|item| !item.is_empty());
            toml::Value::Array(items.map(|item| toml::Value::String(item.to_owned())).collect())
        }
        _ => toml::Value::String(value),
    };
    let entry = table.entry(section).or_insert_with(|| toml::Table::new().into());
    entry.as_table_mut()?.insert(key, value);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let path = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&path, file).unwrap();
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::load(Some(path.path()), environment)
    }

    #[test]
    fn environment_variables_override_the_file() {
        let file = "[server]\nlisten = \"127.0.0.1:9000\"\n[database]\nmax_connections = 5";
        let config = load(
            file,
            &[
                ("FINBRIDGE_SERVER_LISTEN", "127.0.0.1:9001"),
                ("FINBRIDGE_SERVER_GRAPHIQL", "false"),
                ("HOME", "/x"),
            ],
        )
        .unwrap();
        assert_eq!(config.server.listen.port(), 9001);
        assert!(!config.server.graphiql);
        assert_eq!(config.database.max_connections, 5);
    }

    #[test]
    fn unknown_keys_and_variables_and_impossible_values_are_refused_by_name() {
        let message = |result: Result<Config, ConfigError>| result.unwrap_err().to_string();
        assert!(message(load("[server]\nlisen = \"x\"", &[])).contains("lisen"));
        assert!(message(load("", &[("FINBRIDGE_SERVER_LISEN", "x")])).contains("FINBRIDGE_SERVER_LISEN"));
        assert!(message(load("[database]\nurl = \"mysql://x\"", &[])).contains("database.url"));
        assert!(message(load("", &[("FINBRIDGE_SERVER_GRAPHIQL", "maybe")])).contains("graphiql"));
        assert!(message(load("", &[("FINBRIDGE_LIMITS_DEPTH", "0")])).contains("limits.depth"));
        assert!(message(load("[limits]\ncost_bucket = 4000", &[])).contains("limits.cost_per_request"));
        for origin in ["*", "app.example.com", "https://app.example.com/", "https://*.example.com", "null"] {
            assert!(message(load("", &[("FINBRIDGE_SERVER_CORS_ORIGINS", origin)])).contains("cors_origins"));
        }
        assert!(
            message(load("", &[("FINBRIDGE_SUBSCRIPTIONS_STREAMS_PER_TOKEN", "0")]))
                .contains("subscriptions.streams_per_token")
        );
        for origin in ["*", "app.example.com", "https://app.example.com/", "null"] {
            let origin = [("FINBRIDGE_SERVER_CORS_ORIGINS", origin)];
            assert!(message(load("", &origin)).contains("server.cors_origins"));
        }
        assert!(
            message(load("[books]\napi_url = \"http://127.0.0.1.example.com\"", &[]))
                .contains("books.api_url")
        );
    }

    #[test]
    fn lists_come_separated_by_commas_in_the_environment() {
        let origins = "https://a.example, http://localhost:5173,";
        let config = load("", &[("FINBRIDGE_SERVER_CORS_ORIGINS", origins)]).unwrap();
        assert_eq!(config.server.cors_origins, ["https://a.example", "http://localhost:5173"]);
        let config = load("", &[("FINBRIDGE_SERVER_TRUSTED_PROXIES", "10.0.0.1,::1")]).unwrap();
        assert_eq!(config.server.trusted_proxies.len(), 2);
    }

    #[test]
    fn the_template_names_every_key_with_its_default() {
        let uncommented: String = TEMPLATE
            .lines()
            .filter_map(|line| line.strip_prefix("#= ").or_else(|| line.starts_with('[').then_some(line)))
            .map(|line| format!("{line}\n"))
            .collect();
        let template: toml::Table = uncommented.parse().unwrap();
        assert_eq!(template, toml::Table::try_from(Config::default()).unwrap());
    }
}
