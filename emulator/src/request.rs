//! Decoding of requests: the query, and a body in any of the encodings that clients use.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use futures::{StreamExt, stream};
use tokio::runtime::Handle;

use crate::error::overrides::Overrides;
use crate::error::{ApiError, Code};
use crate::json::Json;

/// The largest body that is read, in bytes.
const MAX_BODY: usize = 10 * 1024 * 1024;
/// How much of an excessive body is read before the connection is given up, in bytes.
const MAX_DRAINED: usize = 64 * 1024 * 1024;

/// Parameters of the query, followed by form fields that stand for query options.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads `application/x-www-form-urlencoded` text.
    pub(crate) fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// The parameter `name`. Empty parameters count as absent: a published SDK sends them on every call.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.trim())
            .find(|it| !it.is_empty())
    }

    /// The parameter `name` as it was sent, blanks included.
    pub(crate) fn exact(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Adds a parameter.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
    }

    /// Changes the values of all parameters.
    pub(crate) fn change(&mut self, mut change: impl FnMut(&str, &mut String)) {
        self.0.iter_mut().for_each(|(name, value)| change(name, value));
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, value)| known == name && !value.trim().is_empty())?;
        Some(self.0.remove(at).1)
    }

    fn extend(&mut self, other: Query) {
        self.0.extend(other.0);
    }
}

/// A file that came in a multipart body.
#[derive(Debug, Clone)]
pub(crate) struct File {
    /// Name of the form field: `attachment`, `receipt`, `image`.
    pub(crate) field: String,
    pub(crate) name: String,
    pub(crate) content_type: String,
    pub(crate) bytes: Bytes,
}

/// A decoded call to an emulated operation.
#[derive(Debug)]
pub(crate) struct Call {
    /// Segments of the path that stand for ids, in order.
    pub(crate) ids: Vec<String>,
    pub(crate) query: Query,
    pub(crate) headers: Arc<HeaderMap>,
    /// Files of a multipart body.
    pub(crate) files: Vec<File>,
    /// The body; an undecodable one is an error only for the operations that read it.
    pub(crate) body: Result<Option<Json>, ApiError>,
    pub(crate) settings: Settings,
}

/// What the emulator was told, as far as operations must know it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    /// What refusals inside an answer are worded by.
    pub(crate) errors: Arc<Overrides>,
    /// The most contacts an organization may have, if there is a limit.
    pub(crate) contact_quota: Option<u64>,
}

impl Call {
    /// The body as an object. Errors: code 11 without a body, 1038 for bad JSON, 2 for another shape.
    pub(crate) fn object(&self) -> Result<&Json, ApiError> {
        match self.body.as_ref().map_err(Clone::clone)? {
            None => Err(Code::EmptyBody.into()),
            Some(object @ Json::Object(_)) => Ok(object),
            Some(_) => Err(ApiError::invalid("JSONString")),
        }
    }

    /// The body as an object, or nothing: acts take either.
    pub(crate) fn optional_object(&self) -> Result<Option<&Json>, ApiError> {
        match self.body.as_ref().map_err(Clone::clone)? {
            None => Ok(None),
            Some(_) => self.object().map(Some),
        }
    }

    /// Code and sentence of one act among several: `done` when it was not refused.
    pub(crate) fn outcome(&self, outcome: Result<(), ApiError>, done: &str) -> (u32, String) {
        match outcome {
            Ok(()) => (0, done.to_owned()),
            Err(error) => {
                let wording = self.settings.errors.wording(&error);
                (wording.code, wording.message)
            }
        }
    }

    /// A header's text. Clients send the unique values of their records unencoded, so it may be UTF-8.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| std::str::from_utf8(value.as_bytes()).ok()).map(str::trim)
    }

    /// The path's id number `index` as a record id; text that is no id names no record.
    pub(crate) fn id(&self, index: usize, resource: &str) -> Result<u64, ApiError> {
        self.text_id(index).parse().map_err(|_| ApiError::missing(resource))
    }

    /// The path's id number `index` as text.
    pub(crate) fn text_id(&self, index: usize) -> &str {
        self.ids.get(index).map_or("", String::as_str)
    }
}

/// Reads the whole body; `None` when it is larger than [`MAX_BODY`] or broke off. The excess is read and dropped, up to
/// a limit, because a client that is still sending would otherwise meet a closed connection instead of the answer.
pub(crate) async fn read_body(body: axum::body::Body) -> Option<Vec<u8>> {
    let mut stream = body.into_data_stream();
    let (mut bytes, mut seen) = (Vec::new(), 0usize);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.ok()?;
        seen += chunk.len();
        if seen <= MAX_BODY {
            bytes.extend_from_slice(&chunk);
        } else if seen > MAX_DRAINED {
            return None;
        }
    }
    (seen <= MAX_BODY).then_some(bytes)
}

/// A body read by its encoding.
#[derive(Debug, Clone)]
pub(crate) struct Decoded {
    pub(crate) body: Result<Option<Json>, ApiError>,
    pub(crate) files: Vec<File>,
}

impl From<Result<Option<Json>, ApiError>> for Decoded {
    fn from(body: Result<Option<Json>, ApiError>) -> Self {
        Self { body, files: Vec::new() }
    }
}

/// A body above this size, in bytes, is decoded off the event loop.
const LARGE_BODY: usize = 64 * 1024;

/// Whether working on a body of this size would keep others waiting.
pub(crate) fn is_large(bytes: &Bytes) -> bool {
    bytes.len() > LARGE_BODY
}

/// Reads the body as [`decode_body`] does, a large one on another thread.
pub(crate) async fn decode(headers: &Arc<HeaderMap>, bytes: &Bytes, mut query: Query) -> (Decoded, Query) {
    if !is_large(bytes) {
        let decoded = decode_body(headers, bytes, &mut query).await;
        return (decoded, query);
    }
    let (headers, bytes, runtime) = (Arc::clone(headers), bytes.clone(), Handle::current());
    let work = tokio::task::spawn_blocking(move || {
        let decoded = runtime.block_on(decode_body(&headers, &bytes, &mut query));
        (decoded, query)
    });
    work.await.unwrap_or_else(|_| (Err(ApiError::from(Code::Internal)).into(), Query::default()))
}

/// Reads the body by its content type and, where that is missing or wrong, by its first byte. Form fields other than
/// `JSONString` join the query.
pub(crate) async fn decode_body(headers: &HeaderMap, bytes: &Bytes, query: &mut Query) -> Decoded {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind == "multipart/form-data" {
        return match multipart(content_type, bytes).await {
            Ok((fields, files)) => {
                query.extend(fields);
                Decoded { body: json_string(query), files }
            }
            Err(error) => Err(error).into(),
        };
    }
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    let body = match first {
        None => json_string(query),
        Some(b'{' | b'[') => parse(bytes).map(Some),
        // A published client sends `null` with every call that has no body.
        Some(_) if kind == "application/json" => parse(bytes).map(|it| (it != Json::Null).then_some(it)),
        Some(_) => {
            query.extend(Query::parse(bytes));
            match json_string(query) {
                Ok(None) if kind != "application/x-www-form-urlencoded" => Err(Code::MalformedJson.into()),
                decoded => decoded,
            }
        }
    };
    body.into()
}

fn parse(bytes: &[u8]) -> Result<Json, ApiError> {
    let text = std::str::from_utf8(bytes).map_err(|_| ApiError::from(Code::MalformedJson))?;
    Json::parse(text.trim_start_matches('\u{feff}')).map_err(|_| Code::MalformedJson.into())
}

fn json_string(query: &mut Query) -> Result<Option<Json>, ApiError> {
    query.take("JSONString").map(|text| parse(text.as_bytes())).transpose()
}

async fn multipart(content_type: &str, bytes: &Bytes) -> Result<(Query, Vec<File>), ApiError> {
    let malformed = || ApiError::invalid("multipart body");
    let boundary = multer::parse_boundary(content_type).map_err(|_| malformed())?;
    let whole = stream::once(std::future::ready(Ok::<_, std::convert::Infallible>(bytes.clone())));
    let mut form = multer::Multipart::new(whole, boundary);
    let (mut fields, mut files) = (Vec::new(), Vec::new());
    while let Some(part) = form.next_field().await.map_err(|_| malformed())? {
        let Some(field) = part.name().map(str::to_owned) else { continue };
        match part.file_name().map(str::to_owned) {
            Some(name) => {
                let content_type = part.content_type().map(ToString::to_string).unwrap_or_default();
                let bytes = part.bytes().await.map_err(|_| malformed())?;
                files.push(File { field, name, content_type, bytes });
            }
            None => fields.push((field, part.text().await.map_err(|_| malformed())?)),
        }
    }
    Ok((Query(fields), files))
}

#[cfg(test)]
mod tests;
