//! What the pipeline does with a struck call, step by step.

use axum::body::Bytes;
use chrono::{DateTime, Utc};

use super::action::FaultAction;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::limit::{refusal, seconds_to_midnight};
use crate::random::Random;
use crate::server::Answer;

/// How old a stale answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Age {
    OneWrite,
    /// Seconds of the emulator's clock.
    Seconds(u64),
}

/// Where the answer comes from.
#[derive(Debug)]
pub(crate) enum Make {
    /// The call is handled, perhaps on an earlier state or with half of its ids.
    Handle { stale: Option<Age>, half: bool },
    /// The call is not handled; this is the answer.
    Ready(Answer),
    /// The call is not handled and has no answer.
    Nothing,
}

/// How the answer travels. `None` as a length stands for half of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    Whole,
    Truncated(Option<usize>),
    Cut(Option<usize>),
    Slow { bytes: usize, ms: u64 },
    Close,
    Reset,
}

/// The steps: wait, make the answer, deliver it.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Real milliseconds.
    pub(crate) wait: u64,
    pub(crate) make: Make,
    pub(crate) delivery: Delivery,
}

const HANDLE: Make = Make::Handle { stale: None, half: false };

impl Plan {
    /// What happens to a call that nothing strikes.
    pub(crate) const USUAL: Self = Self { wait: 0, make: HANDLE, delivery: Delivery::Whole };

    /// An answer that replaces the handling.
    pub(crate) fn ready(answer: impl Into<Answer>) -> Self {
        Self { make: Make::Ready(answer.into()), ..Self::USUAL }
    }

    /// The steps of an action. `day_limit` is the number that the sentence of code 45 names.
    pub(crate) fn of(action: FaultAction, now: DateTime<Utc>, day_limit: u64, random: &Random) -> Self {
        let nothing = |wait, delivery| Self { wait, make: Make::Nothing, delivery };
        let handled = |delivery| Self { delivery, ..Self::USUAL };
        match action {
            FaultAction::Respond { status, body, headers } => {
                let mut answer = Answer::from(Reply::json(status, &Json::Null));
                answer.code =
                    body.get("code").and_then(|code| code.as_u64()).and_then(|code| code.try_into().ok());
                answer.body = body.to_string().into();
                answer.headers = headers.into_iter().collect();
                Self::ready(answer)
            }
            FaultAction::Delay { ms } => Self { wait: ms, ..Self::USUAL },
            FaultAction::CloseBeforeCommit => nothing(0, Delivery::Close),
            FaultAction::CloseAfterCommit => handled(Delivery::Close),
            FaultAction::Hang { ms } => nothing(ms, Delivery::Close),
            FaultAction::ResetBeforeCommit => nothing(0, Delivery::Reset),
            FaultAction::ResetAfterCommit => handled(Delivery::Reset),
            FaultAction::Exceeded { limit, retry_after, bare } => {
                let seconds = retry_after.unwrap_or_else(|| limit.usual_wait(seconds_to_midnight(now)));
                Self::ready(refusal(limit, (!bare).then_some(seconds), day_limit))
            }
            FaultAction::ExpiredToken => Self::ready(Reply::from(ApiError::from(Code::NotAuthorized))),
            FaultAction::Error { code, subject } => {
                // A rule with another code is refused when it is written.
                let kind = Code::numbered(code).unwrap_or(Code::Internal);
                Self::ready(Reply::from(ApiError::about(kind, &subject)))
            }
            FaultAction::ServerError { status: 500 } => {
                Self::ready(Reply::from(ApiError::from(Code::Internal)))
            }
            FaultAction::ServerError { status } | FaultAction::Html { status } => {
                Self::ready(Answer { status, ..Reply::html(page(status)).into() })
            }
            FaultAction::Garbage { bytes } => {
                let mut noise = random.noise(bytes);
                // No text begins with this byte, whatever the generator drew for the others.
                if let Some(first) = noise.first_mut() {
                    *first = 0xff;
                }
                let body = Bytes::from(noise);
                Self::ready(Answer { body, ..Reply::json(200, &Json::Null).into() })
            }
            FaultAction::TruncateBody { keep } => handled(Delivery::Truncated(keep)),
            FaultAction::CutBody { keep } => handled(Delivery::Cut(keep)),
            FaultAction::SlowBody { bytes, ms } => handled(Delivery::Slow { bytes: bytes.max(1), ms }),
            FaultAction::StaleRead { seconds } => {
                let age = seconds.map_or(Age::OneWrite, Age::Seconds);
                Self { make: Make::Handle { stale: Some(age), half: false }, ..Self::USUAL }
            }
            FaultAction::PartialBatch => {
                Self { make: Make::Handle { stale: None, half: true }, ..Self::USUAL }
            }
        }
    }
}

/// The page of a gateway in front of the service.
fn page(status: u16) -> String {
    let reason = axum::http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let title = format!("{status} {}", reason.unwrap_or_default());
    let title = title.trim_end();
    format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n\
         <hr><center>ZGS</center>\r\n</body>\r\n</html>\r\n"
    )
}
