//! Bodies of requests: how large, how slow and how full one may be, and how much memory all of them may take.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::{HeaderMap, header};
use futures::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Shared;
use crate::graphql::guard::lexer;
use crate::graphql::guard::refusal::{Manner, Refusal};
use crate::telemetry::measure;

/// How much of a body that was refused is read and thrown away, and for how long, so that a client that sends all of it
/// before it looks for an answer finds one, instead of a broken connection.
const LINGER: (usize, Duration) = (64 * 1024 * 1024, Duration::from_secs(5));

/// What a request may take without being counted: most take less, and never wait.
const FREE: usize = 16 * 1024;

/// What a value takes once it is parsed, roughly.
const BYTES_PER_VALUE: usize = 256;

/// How long a request waits for the memory of another.
const QUEUE: Duration = Duration::from_secs(1);

/// The memory that requests take, from the first byte of their body until they are answered.
#[derive(Debug)]
pub(super) struct Memory {
    free: Arc<Semaphore>,
    maximum: usize,
}

/// The part of one request; free again when dropped.
#[derive(Debug, Default)]
pub(super) struct Part {
    bytes: usize,
    permit: Option<OwnedSemaphorePermit>,
}

impl Memory {
    pub fn new(maximum: u64) -> Self {
        let maximum = usize::try_from(maximum).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self { free: Arc::new(Semaphore::new(maximum)), maximum }
    }

    /// Lets a request take more.
    ///
    /// # Errors
    /// When others have all that there is, and go on having it.
    pub async fn grow(&self, part: &mut Part, bytes: usize) -> Result<(), Refusal> {
        part.bytes = part.bytes.saturating_add(bytes);
        // One that takes more than there is takes all there is.
        let wanted = part.bytes.saturating_sub(FREE).min(self.maximum);
        let more = wanted.saturating_sub(part.permit.as_ref().map_or(0, OwnedSemaphorePermit::num_permits));
        if more == 0 {
            return Ok(());
        }
        let more = self.free.clone().acquire_many_owned(u32::try_from(more).unwrap_or(u32::MAX));
        let Ok(Ok(more)) = tokio::time::timeout(QUEUE, more).await else {
            measure::throttled("request_memory");
            let message = "Requests that the server has taken already fill the memory that there is for them (REQUEST_MEMORY); repeat this one in a moment, or send less at a time";
            return Err(Refusal::new(Manner::Unavailable, "UNAVAILABLE", message)
                .with("limit", "REQUEST_MEMORY")
                .with("maximum", self.maximum)
                .after(QUEUE));
        };
        match &mut part.permit {
            Some(permit) => permit.merge(more),
            none => *none = Some(more),
        }
        Ok(())
    }

    /// Lets a request take what its JSON will take when it is parsed.
    ///
    /// # Errors
    /// When others have all that there is, and go on having it.
    pub async fn grow_by_values(&self, part: &mut Part, json: &[u8]) -> Result<(), Refusal> {
        let values = usize::try_from(values(json)).unwrap_or(usize::MAX);
        self.grow(part, values.saturating_mul(BYTES_PER_VALUE)).await
    }
}

/// Refuses JSON that nests too deep or holds too many values.
///
/// # Errors
/// That it does.
pub(super) fn check_json(shared: &Shared, json: &[u8]) -> Result<(), Refusal> {
    let limits = shared.gate.limits();
    let (found, maximum) = (lexer::json_nesting(json), limits.variables_depth);
    if found > maximum {
        let message = format!(
            "The JSON nests brackets {found} deep, and {maximum} are allowed (VARIABLES_DEPTH); flatten the variables"
        );
        return Err(malformed(message)
            .with("limit", "VARIABLES_DEPTH")
            .with("found", found)
            .with("maximum", maximum));
    }
    let (found, maximum) = (values(json), limits.variables_values);
    if found > maximum {
        let message = format!(
            "The JSON holds {found} values, and {maximum} are allowed (VARIABLES_VALUES); send shorter lists, in several requests"
        );
        return Err(malformed(message)
            .with("limit", "VARIABLES_VALUES")
            .with("found", found)
            .with("maximum", maximum));
    }
    Ok(())
}

/// Values of a JSON text: objects, lists, and what they hold.
pub(super) fn values(json: &[u8]) -> u64 {
    let (mut values, mut opened, mut text, mut escaped) = (1, false, false, false);
    for byte in json {
        if text {
            (text, escaped) = (*byte != b'"' || escaped, *byte == b'\\' && !escaped);
            continue;
        }
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => continue,
            b',' => values += 1,
            b'}' | b']' => {}
            // What a bracket holds are as many as its commas, and one; none in an empty one.
            _ if opened => values += 1,
            _ => {}
        }
        opened = matches!(byte, b'{' | b'[');
        text = *byte == b'"';
    }
    values
}

pub(super) fn malformed(message: impl Into<String>) -> Refusal {
    Refusal::new(Manner::Malformed, "BAD_USER_INPUT", message)
}

/// Reads a body that is small and comes soon.
///
/// # Errors
/// When it is not, when it breaks off, or when there is no memory for it.
pub(super) async fn read(
    shared: &Shared,
    headers: &HeaderMap,
    body: Body,
    part: &mut Part,
) -> Result<Vec<u8>, Refusal> {
    let limits = shared.gate.limits();
    let maximum = usize::try_from(limits.body_bytes).unwrap_or(usize::MAX);
    let declared: Option<u64> =
        headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let mut chunks = body.into_data_stream();
    if let Some(declared) = declared.filter(|declared| *declared > limits.body_bytes) {
        tokio::spawn(discard_rest(chunks));
        return Err(too_large(limits.body_bytes).with("found", declared));
    }
    let mut whole = Vec::new();
    let reading = async {
        // Taken at once where the length is known: bodies that each had a part and waited for more would keep it from each
        // other, and all be refused together.
        let mut counted = declared.and_then(|declared| usize::try_from(declared).ok()).unwrap_or_default();
        shared.memory.grow(part, counted).await?;
        while let Some(chunk) = chunks.next().await {
            let chunk =
                chunk.map_err(|error| malformed(format!("The body broke off: {error}; send it again")))?;
            let come = whole.len() + chunk.len();
            if come > maximum {
                return Err(too_large(limits.body_bytes));
            }
            shared.memory.grow(part, come.saturating_sub(counted)).await?;
            counted = counted.max(come);
            whole.extend_from_slice(&chunk);
        }
        Ok(())
    };
    match tokio::time::timeout(Duration::from_secs(limits.body_seconds), reading).await {
        Ok(Ok(())) => Ok(whole),
        Ok(Err(refusal)) => {
            tokio::spawn(discard_rest(chunks));
            Err(refusal)
        }
        Err(_) => {
            let maximum = limits.body_seconds;
            let message =
                format!("The body did not come within {maximum} seconds (BODY_TIME); send it at once");
            let refusal = Refusal::new(Manner::TooSlow, "BAD_USER_INPUT", message);
            Err(refusal.with("limit", "BODY_TIME").with("maximum", maximum))
        }
    }
}

fn too_large(maximum: u64) -> Refusal {
    let message = format!(
        "The body is larger than {maximum} bytes (BODY_BYTES); send less, or ask in several requests"
    );
    Refusal::new(Manner::TooLarge, "BAD_USER_INPUT", message)
        .with("limit", "BODY_BYTES")
        .with("maximum", maximum)
}

/// Throws a body away that nobody will read.
pub(super) fn discard(body: Body) {
    tokio::spawn(discard_rest(body.into_data_stream()));
}

async fn discard_rest(mut chunks: BodyDataStream) {
    let (bytes, time) = LINGER;
    let reading = async {
        let mut left = bytes;
        while let Some(Ok(chunk)) = chunks.next().await {
            left = left.saturating_sub(chunk.len());
            if left == 0 {
                break;
            }
        }
    };
    // However it ends, the connection is closed when the rest of the body is let go.
    let _ = tokio::time::timeout(time, reading).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_and_texts_are_not_looked_into() {
        for (json, wanted) in [
            ("1", 1),
            ("{}", 1),
            ("[1, 2, 3]", 4),
            ("[{},{},[ ]]", 4),
            (r#"{"a":[{"b":1},{"c":[2,3]}],"d":null}"#, 9),
            (r#"{"a":"[1,2,{\"b\":3,","c":"\\"}"#, 3),
        ] {
            assert_eq!(values(json.as_bytes()), wanted, "{json}");
        }
        let many = format!("[{}]", vec!["{}"; 80_000].join(","));
        assert_eq!(values(many.as_bytes()), 80_001);
    }

    #[tokio::test]
    async fn large_requests_share_what_there_is_and_small_ones_never_wait() {
        let memory = Memory::new(100_000);
        let (mut first, mut second, mut small) = (Part::default(), Part::default(), Part::default());
        memory.grow(&mut first, 1_000_000).await.expect("all of it");
        let refused = memory.grow(&mut second, FREE + 1).await.expect_err("nothing is left");
        assert_eq!((refused.manner, refused.code()), (Manner::Unavailable, "UNAVAILABLE"));
        memory.grow(&mut small, FREE).await.expect("it is not counted");
        drop(first);
        memory.grow(&mut small, 60_000).await.expect("there is room");
        memory.grow(&mut small, 40_000).await.expect("exactly");
        assert!(memory.grow(&mut Part::default(), FREE + 1).await.is_err());
        drop(small);
        assert_eq!(memory.free.available_permits(), 100_000);
    }
}
