//! The mail that a client asks for: addresses, subject, body, files.

use super::content::Content;
use crate::engine::desk::Desk;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::Call;
use crate::resource::extra::subject::{flag, text};
use crate::resource::extra::upload;
use crate::store::mail::MailFile;

const MAX_SUBJECT: usize = 1000;
const MAX_BODY: usize = 5000;
/// The most addresses in one of the lists [?].
const MAX_ADDRESSES: usize = 100;
/// The most files a client may add to one mail [?].
const MAX_FILES: usize = 10;

/// A mail before it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) cc: Vec<String>,
    pub(crate) bcc: Vec<String>,
    pub(crate) subject: String,
    pub(crate) body: String,
}

impl Draft {
    /// The default mail. Errors: code 2 when nobody could receive it.
    pub(crate) fn usual(content: Content) -> Result<Self, ApiError> {
        if content.to.is_empty() {
            return Err(ApiError::invalid("to_mail_ids"));
        }
        let Content { from, to, subject, body, .. } = content;
        Ok(Self { from, to, cc: Vec::new(), bcc: Vec::new(), subject, body })
    }

    /// Reads the body of a call; what it leaves out comes from the default mail, except `to_mail_ids` (unless `to_default`)
    /// and the members in `required`. Errors: code 2 for what is missing or no address, 15 for what is too long.
    pub(crate) fn read(
        desk: &Desk<'_>,
        body: Option<&Json>,
        content: Content,
        required: &[&str],
        to_default: bool,
    ) -> Result<Self, ApiError> {
        let nothing = Json::Object(Vec::new());
        let body = body.unwrap_or(&nothing);
        let mut to = addresses(body, "to_mail_ids")?;
        if to.is_empty() && to_default {
            to = content.to;
        }
        if to.is_empty() {
            return Err(ApiError::invalid("to_mail_ids"));
        }
        let (subject, words) = (text(body, "subject", MAX_SUBJECT)?, text(body, "body", MAX_BODY)?);
        for (name, value) in [("subject", subject), ("body", words)] {
            if value.is_empty() && required.contains(&name) {
                return Err(ApiError::invalid(name));
            }
        }
        let or = |value: &str, default: String| if value.is_empty() { default } else { value.to_owned() };
        let from_organization = match body.get("send_from_org_email_id") {
            None | Some(Json::Null) => false,
            Some(Json::Bool(wish)) => *wish,
            Some(_) => return Err(ApiError::invalid("send_from_org_email_id")),
        };
        Ok(Self {
            from: if from_organization { desk.organization.email.clone() } else { content.from },
            to,
            cc: addresses(body, "cc_mail_ids")?,
            bcc: addresses(body, "bcc_mail_ids")?,
            subject: or(subject, content.subject),
            body: or(words, content.body),
        })
    }
}

/// The addresses in a member. Errors: code 2 for anything else than a list of addresses.
fn addresses(body: &Json, name: &str) -> Result<Vec<String>, ApiError> {
    let wrong = || ApiError::invalid(name);
    let entries = match body.get(name) {
        None | Some(Json::Null) => return Ok(Vec::new()),
        Some(Json::List(entries)) if entries.len() <= MAX_ADDRESSES => entries,
        Some(_) => return Err(wrong()),
    };
    let mut known: Vec<String> = Vec::with_capacity(entries.len());
    for entry in entries {
        let address = entry.as_str().map(str::trim).filter(|it| is_address(it)).ok_or_else(wrong)?;
        if !known.iter().any(|it| it.eq_ignore_ascii_case(address)) {
            known.push(address.to_owned());
        }
    }
    Ok(known)
}

/// Whether a text could be an e-mail address: one `@`, something before it, a dotted name after it.
pub(crate) fn is_address(text: &str) -> bool {
    let plain = text.len() <= 254
        && !text.chars().any(|it| it.is_whitespace() || it.is_control() || ",;<>".contains(it));
    let parts = text.split_once('@');
    plain
        && parts.is_some_and(|(local, domain)| {
            let dotted = domain.contains('.') && domain.split('.').all(|label| !label.is_empty());
            !local.is_empty() && dotted && !domain.contains('@')
        })
}

/// Keeps the files that came with the call. Errors: those of [`upload::keep`], 1009 for too many.
pub(crate) fn files(desk: &mut Desk<'_>, call: &Call) -> Result<Vec<MailFile>, ApiError> {
    if call.files.len() > MAX_FILES {
        let sentence = format!("A mail may have at most {MAX_FILES} files.");
        return Err(ApiError::about(Code::LimitExceeded, &sentence));
    }
    let mut files = Vec::with_capacity(call.files.len());
    for file in &call.files {
        let kept = upload::keep(desk, file)?;
        files.push(MailFile {
            name: kept.name,
            content_type: kept.content_type.to_owned(),
            size: kept.size,
            sha256: kept.sha256,
        });
    }
    Ok(files)
}

/// Keeps a PDF that goes with a mail.
pub(crate) fn pdf(desk: &mut Desk<'_>, name: String, bytes: &[u8]) -> Result<MailFile, ApiError> {
    let sha256 = upload::store(desk, bytes)?;
    Ok(MailFile { name, content_type: "application/pdf".to_owned(), size: bytes.len(), sha256 })
}

/// A flag of the query or of the body.
pub(crate) fn wish(call: &Call, body: Option<&Json>, name: &str) -> Result<Option<bool>, ApiError> {
    match body.and_then(|body| body.get(name)) {
        Some(Json::Bool(wish)) => Ok(Some(*wish)),
        _ => flag(call, name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_other_texts() {
        for good in ["a@b.co", "first.last+tag@mail.example.com", "ü@例え.jp"] {
            assert!(is_address(good), "{good}");
        }
        for bad in
            ["", "a", "@b.co", "a@b", "a@b.", "a@.co", "a b@c.de", "a@b@c.de", "a@b.co,c@d.ef", "<a@b.co>"]
        {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
