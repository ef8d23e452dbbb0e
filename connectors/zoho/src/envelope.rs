//! What an answer means. The vendor says it twice, by HTTP status and by `code`, and the two do not always agree:
//! an error may come with status 200, and one quota text comes under several codes. Both are looked at.

use finbridge_contract::{Failure, FailureKind};
use reqwest::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::lenient;
use crate::transport::{Body, Effect, RawAnswer};

/// Longest part of the vendor's own words that is kept.
const REMOTE_MESSAGE_LIMIT: usize = 500;

/// A good answer.
pub(crate) struct Answer<T> {
    pub(crate) body: T,
    pub(crate) request_id: Option<String>,
}

/// Why there is no good answer.
pub(crate) enum Rejection {
    /// The access token was refused; nothing was done. An expired token and a missing scope look the same.
    Token(Failure),
    /// Anything else.
    Other(Failure),
}

/// The body of a write of which nothing but the success matters.
#[derive(Deserialize)]
pub(crate) struct Acknowledged {}

#[derive(Default, Deserialize)]
struct Envelope {
    #[serde(default, deserialize_with = "lenient::integer")]
    code: Option<i64>,
    #[serde(default, deserialize_with = "lenient::text")]
    message: Option<String>,
}

/// What can be said of a body before its members are looked at.
enum Seen {
    Envelope(Envelope),
    /// It did not arrive whole.
    Lost(String),
    /// It is not the app that speaks here.
    Unreadable(String),
}

/// Judges an answer. Where `bare` is set, a success need not carry a `code`.
pub(crate) fn judge<T: DeserializeOwned>(
    raw: RawAnswer,
    effect: Effect,
    bare: bool,
    app: &str,
) -> Result<Answer<T>, Rejection> {
    let seen = look_at(&raw.body, app);
    let code = match &seen {
        Seen::Envelope(envelope) => envelope.code,
        Seen::Lost(_) | Seen::Unreadable(_) => None,
    };
    if !raw.status.is_success() || code.is_some_and(|code| code != 0) {
        return Err(reject(&raw, seen, effect, app));
    }
    let fault = match seen {
        Seen::Lost(message) => effect.lost(message),
        Seen::Unreadable(message) => effect.unreadable(message),
        Seen::Envelope(Envelope { code: None, .. }) if !bare => {
            effect.unreadable(format!("{app} answered without saying whether it succeeded"))
        }
        Seen::Envelope(_) => match raw.body.parse() {
            Ok(body) => return Ok(Answer { body, request_id: raw.request_id }),
            Err(error) => effect.unreadable(format!("the answer of {app} lacks what was asked for: {error}")),
        },
    };
    Err(Rejection::Other(Failure { request_id: raw.request_id, ..fault }))
}

/// Judges an answer that should be a PDF.
pub(crate) fn judge_pdf(raw: RawAnswer, app: &str) -> Result<Answer<Vec<u8>>, Rejection> {
    let is_good = raw.status.is_success();
    match raw.body {
        Body::Pdf(body) if is_good && body.starts_with(b"%PDF-") => {
            Ok(Answer { body, request_id: raw.request_id })
        }
        body => {
            let request_id = raw.request_id.clone();
            let _: Answer<Acknowledged> = judge(RawAnswer { body, ..raw }, Effect::Read, false, app)?;
            let fault = Effect::Read.unreadable(format!("{app} answered with something that is no PDF"));
            Err(Rejection::Other(Failure { request_id, ..fault }))
        }
    }
}

impl Body {
    /// Reads the members of a JSON body.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        match self {
            Self::Json(bytes) => serde_json::from_slice(bytes),
            Self::Pdf(_) | Self::Foreign | Self::Broken(_) | Self::TooLarge => serde_json::from_slice(&[]),
        }
    }
}

fn look_at(body: &Body, app: &str) -> Seen {
    match body {
        Body::Json(_) => match body.parse() {
            Ok(envelope) => Seen::Envelope(envelope),
            Err(error) if error.is_data() => {
                Seen::Unreadable(format!("{app} answered with JSON of another shape: {error}"))
            }
            Err(error) => Seen::Lost(format!("the answer of {app} is damaged: {error}")),
        },
        Body::Pdf(_) => Seen::Unreadable(format!("{app} answered with a file")),
        Body::Foreign => Seen::Unreadable(format!("{app} answered with something that is not JSON")),
        Body::Broken(reason) => Seen::Lost(format!("the answer of {app} broke off: {reason}")),
        Body::TooLarge => Seen::Unreadable(format!("the answer of {app} is too large to be read")),
    }
}

/// The kind of an answer that says no.
#[derive(Clone, Copy)]
enum No {
    Token,
    RateLimited,
    Kind(&'static FailureKind),
    /// The body decides: it is not the app's.
    ByBody,
}

fn kind_of(status: StatusCode, code: Option<i64>, enveloped: bool, effect: Effect) -> No {
    match (status.as_u16(), code) {
        (401, _) | (_, Some(14 | 57)) => No::Token,
        (429, _) | (_, Some(43 | 44 | 45 | 1070)) => No::RateLimited,
        // Of contacts, and of items: their names, and their SKUs.
        (_, Some(3062 | 1001)) => No::Kind(&FailureKind::NameTaken),
        // Another run told at the same moment what is synchronised, from before this module was: it is told anew.
        (_, Some(900_006)) => No::Kind(&FailureKind::Unavailable),
        (_, Some(900_007)) => No::Kind(&FailureKind::CurrencyDiffers),
        // The user is in no such organization. As NotFound it would read as "the record was deleted".
        (403, _) | (_, Some(6041 | 9017)) => No::Kind(&FailureKind::Unauthorized),
        // The path or the method does not exist, which says nothing about the record. A 404 without the app's code
        // comes from something in front of it.
        (501, _) | (404 | 405, None) | (_, Some(5 | 37)) => No::Kind(&FailureKind::NotSupported),
        (404, Some(_)) | (_, Some(1002)) => No::Kind(&FailureKind::NotFound),
        // A gateway gave up waiting; the app behind it may have gone on.
        (502 | 504, None) if effect == Effect::Write => No::Kind(&FailureKind::OutcomeUnknown),
        // The app broke down on the way, before or after what was asked.
        (500, _) | (_, Some(1000)) if effect == Effect::Write => No::Kind(&FailureKind::OutcomeUnknown),
        (500.., _) | (_, Some(1000)) => No::Kind(&FailureKind::Unavailable),
        (300..=399, None) => No::ByBody,
        (_, Some(_)) => No::Kind(&FailureKind::Refused),
        (_, None) if enveloped => No::Kind(&FailureKind::Refused),
        (_, None) => No::ByBody,
    }
}

fn reject(raw: &RawAnswer, seen: Seen, effect: Effect, app: &str) -> Rejection {
    let status = raw.status;
    let (envelope, fault) = match seen {
        Seen::Envelope(envelope) => (Some(envelope), None),
        Seen::Lost(message) => (None, Some(effect.lost(message))),
        Seen::Unreadable(message) => (None, Some(effect.unreadable(message))),
    };
    let enveloped = envelope.is_some();
    let Envelope { code, message } = envelope.unwrap_or_default();
    // An error status with code 0 contradicts itself; the status is believed.
    let code = code.filter(|code| *code != 0);
    let remote_message = message
        .filter(|message| !message.is_empty())
        .map(|message| message.chars().take(REMOTE_MESSAGE_LIMIT).collect::<String>());
    let failure = |kind: FailureKind, sentence: String| Failure {
        message: match &remote_message {
            Some(words) => format!("{sentence}: {words}"),
            None => format!("{sentence} (HTTP {})", status.as_u16()),
        },
        remote_code: code.map(|code| code.to_string()),
        remote_message: remote_message.clone(),
        request_id: raw.request_id.clone(),
        kind,
    };
    match kind_of(status, code, enveloped, effect) {
        No::Token => {
            Rejection::Token(failure(FailureKind::Unauthorized, format!("{app} refused the access token")))
        }
        No::RateLimited => Rejection::Other(failure(
            FailureKind::RateLimited { retry_after: raw.retry_after },
            format!("{app} accepts no more requests for now"),
        )),
        No::Kind(kind) => Rejection::Other(failure(kind.clone(), sentence(kind, app))),
        No::ByBody => Rejection::Other(Failure {
            request_id: raw.request_id.clone(),
            ..fault.unwrap_or_else(|| {
                effect.unreadable(format!("{app} pointed to another address, which is not followed"))
            })
        }),
    }
}

fn sentence(kind: &FailureKind, app: &str) -> String {
    match kind {
        FailureKind::NameTaken => format!("another record in {app} has this name"),
        FailureKind::CurrencyDiffers => format!("{app} merges records of one currency only"),
        FailureKind::NotFound => format!("the record is not in {app}"),
        FailureKind::NotSupported => format!("{app} does not offer this call"),
        FailureKind::Unavailable => format!("{app} failed"),
        FailureKind::OutcomeUnknown => format!("{app} failed and did not say whether it did what was asked"),
        FailureKind::Unauthorized => format!("{app} does not let this user in here"),
        FailureKind::Refused | FailureKind::Malformed | FailureKind::RateLimited { .. } => {
            format!("{app} refused the request")
        }
    }
}
