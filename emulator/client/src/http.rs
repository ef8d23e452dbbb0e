//! One function through which every call goes.

use std::sync::Once;
use std::time::Duration;

use reqwest::{Client, Method, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::ControlError;

/// Most control calls wait for nothing but a disk.
const PATIENCE: Duration = Duration::from_secs(30);
/// These make as many records as they are asked for, or write all there are.
const LONG: [&str; 4] = ["generate", "seed", "reset", "snapshots/restore"];
const LONG_PATIENCE: Duration = Duration::from_secs(1800);

/// The control surface of one emulator. Cloning is cheap and shares connections.
#[derive(Debug, Clone)]
pub struct Control {
    http: Client,
    root: String,
}

/// A refusal of the control surface, or of the API in front of it.
#[derive(Deserialize)]
struct Refusal {
    #[serde(alias = "message")]
    error: String,
}

impl Control {
    /// Speaks to the emulator whose root is `url`, for example `http://127.0.0.1:8081`. Nothing is sent yet.
    pub fn new(url: &str) -> Self {
        static PROVIDER: Once = Once::new();
        // The HTTP client asks for a provider even when nothing is encrypted. One that is set already stays.
        PROVIDER.call_once(|| {
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        Self::with_http(url, Client::builder().timeout(PATIENCE).build().unwrap_or_default())
    }

    /// The same with an HTTP client of the caller's, for example one that trusts the emulator's certificate.
    pub fn with_http(url: &str, http: Client) -> Self {
        Self { http, root: format!("{}/_emulator", url.trim_end_matches('/')) }
    }

    /// Status and text of an answer. Errors: unreachable, refused.
    pub(crate) async fn text(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        body: Option<&impl Serialize>,
    ) -> Result<(u16, String), ControlError> {
        let (response, url) = self.answer(method, path, query, body).await?;
        let status = response.status().as_u16();
        let text = response.text().await.map_err(|source| ControlError::Unreachable { url, source })?;
        Ok((status, text))
    }

    /// The bytes of a file. Errors: unreachable, refused.
    pub(crate) async fn bytes(&self, path: &str) -> Result<Vec<u8>, ControlError> {
        let (response, url) = self.answer(Method::GET, path, &[], None::<&()>).await?;
        let bytes = response.bytes().await.map_err(|source| ControlError::Unreachable { url, source })?;
        Ok(bytes.to_vec())
    }

    /// An answer that is no refusal, and the address it came from.
    async fn answer(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        body: Option<&impl Serialize>,
    ) -> Result<(Response, String), ControlError> {
        let call = format!("{method} /_emulator/{path}");
        let url = format!("{}/{path}", self.root);
        let mut request = self.http.request(method, &url);
        if !query.is_empty() {
            request = request.query(query);
        }
        if LONG.contains(&path) {
            request = request.timeout(LONG_PATIENCE);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let unreachable = |source| ControlError::Unreachable { url: url.clone(), source };
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status().as_u16();
        if status < 400 {
            return Ok((response, url));
        }
        let text = response.text().await.map_err(unreachable)?;
        match serde_json::from_str::<Refusal>(&text) {
            Ok(Refusal { error: sentence }) => Err(ControlError::Refused { call, status, sentence }),
            Err(source) => Err(ControlError::NotUnderstood { call, status, source }),
        }
    }

    /// The answer, read. Errors: unreachable, refused, not understood.
    pub(crate) async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        body: Option<&impl Serialize>,
    ) -> Result<T, ControlError> {
        let call = format!("{method} /_emulator/{path}");
        let (status, text) = self.text(method, path, query, body).await?;
        serde_json::from_str(&text).map_err(|source| ControlError::NotUnderstood { call, status, source })
    }

    /// `GET`.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ControlError> {
        self.send(Method::GET, path, &[], None::<&()>).await
    }

    /// A call whose answer says nothing but that it succeeded.
    pub(crate) async fn order(&self, method: Method, path: &str) -> Result<(), ControlError> {
        self.text(method, path, &[], None::<&()>).await.map(|_| ())
    }
}
