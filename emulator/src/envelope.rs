//! The shape every answer has: `{"code":0,"message":"success","<key>":…}`.

use std::borrow::Cow;

use axum::body::Bytes;

use crate::error::ApiError;
use crate::error::overrides::Wording;
use crate::json::Json;
use crate::writer::Writer;

/// An answer, complete but not yet on the wire.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// The envelope's code; OAuth answers have none.
    pub(crate) code: Option<u32>,
    pub(crate) content_type: Cow<'static, str>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    /// What the answer refuses for, as long as it is in the words of the table of errors.
    pub(crate) refusal: Option<Box<ApiError>>,
}

/// Clients test that the content type starts with `application/json`.
const JSON: &str = "application/json;charset=UTF-8";

impl Reply {
    /// An envelope with code 0 and the given members after the message.
    pub(crate) fn success<const N: usize>(status: u16, message: &str, members: [(&str, Json); N]) -> Self {
        let mut object = vec![("code".to_owned(), Json::from(0)), ("message".to_owned(), message.into())];
        object.extend(members.into_iter().map(|(name, value)| (name.to_owned(), value)));
        Self { code: Some(0), ..Self::json(status, &Json::Object(object)) }
    }

    /// A read: status 200, message `success`.
    pub(crate) fn read<const N: usize>(members: [(&str, Json); N]) -> Self {
        Self::success(200, "success", members)
    }

    /// A read whose members are known only when it is answered.
    pub(crate) fn read_all(members: Vec<(String, Json)>) -> Self {
        let mut object = vec![("code".to_owned(), Json::from(0)), ("message".to_owned(), "success".into())];
        object.extend(members);
        Self { code: Some(0), ..Self::json(200, &Json::Object(object)) }
    }

    /// A write with its fixed sentence: status 200.
    pub(crate) fn done<const N: usize>(message: &str, members: [(&str, Json); N]) -> Self {
        Self::success(200, message, members)
    }

    /// A document outside the envelope (OAuth, control).
    pub(crate) fn json(status: u16, body: &Json) -> Self {
        Self {
            status,
            code: None,
            content_type: Cow::Borrowed(JSON),
            headers: Vec::new(),
            body: body.to_text().into(),
            refusal: None,
        }
    }

    /// An envelope with code 0 whose further members `write` appends.
    pub(crate) fn writing(status: u16, message: &str, write: impl FnOnce(&mut Writer)) -> Self {
        let mut out = Writer::with_room();
        out.open('{');
        out.raw("code", "0");
        out.text("message", message);
        write(&mut out);
        out.close('}');
        Self {
            status,
            code: Some(0),
            content_type: Cow::Borrowed(JSON),
            headers: Vec::new(),
            body: out.finish().into(),
            refusal: None,
        }
    }

    /// A page for a browser.
    pub(crate) fn html(body: String) -> Self {
        Self::file(Cow::Borrowed("text/html; charset=utf-8"), body.into())
    }

    /// Content that is no JSON: a page, a PDF, an attachment.
    pub(crate) fn file(content_type: Cow<'static, str>, body: Bytes) -> Self {
        Self { status: 200, code: None, content_type, headers: Vec::new(), body, refusal: None }
    }
}

impl From<ApiError> for Reply {
    fn from(error: ApiError) -> Self {
        let reply = Self::from(error.wording());
        Self { refusal: Some(Box::new(error)), ..reply }
    }
}

impl From<Wording> for Reply {
    fn from(wording: Wording) -> Self {
        let members = [("code", u64::from(wording.code).into()), ("message", wording.message.into())];
        Self { code: Some(wording.code), ..Self::json(wording.status, &Json::object(members)) }
    }
}
