//! What may be uploaded, and how files leave again.

use std::borrow::Cow;
use std::fmt::Write;

use axum::body::Bytes;

use crate::engine::desk::Desk;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::request::File;
use crate::store::change::Change;
use crate::store::files::Files;

/// The largest file, in bytes.
pub(crate) const MAX_FILE: usize = 10_000_000;
/// The longest file name, in characters.
const MAX_NAME: usize = 255;

/// File name endings that may be uploaded, with the type they are given back as.
const TYPES: [(&str, &str); 10] = [
    ("gif", "image/gif"),
    ("png", "image/png"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("bmp", "image/bmp"),
    ("pdf", "application/pdf"),
    ("xls", "application/vnd.ms-excel"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("doc", "application/msword"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
];

/// A file that passed the checks and is kept.
pub(crate) struct Kept {
    pub(crate) name: String,
    /// The file name's ending in lower case.
    pub(crate) ending: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) size: usize,
    pub(crate) sha256: String,
}

/// Keeps an uploaded file; the caller writes the record or the mail that holds it. Errors: code 2 for an empty file or
/// an ending that is not allowed, 15 for a name that is too long, 1009 for a file above [`MAX_FILE`] or when the space
/// for files is used up.
pub(crate) fn keep(desk: &mut Desk<'_>, file: &File) -> Result<Kept, ApiError> {
    let name = base_name(&file.name);
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    let known = TYPES.iter().find(|(known, _)| *known == ending);
    let (ending, content_type) = *known.ok_or_else(|| ApiError::invalid(&file.field))?;
    if file.bytes.is_empty() {
        return Err(ApiError::invalid(&file.field));
    }
    if name.chars().count() > MAX_NAME {
        return Err(ApiError::too_long("file_name", MAX_NAME));
    }
    if file.bytes.len() > MAX_FILE {
        return Err(ApiError::about(Code::LimitExceeded, "A file may have at most 10 MB."));
    }
    let sha256 = store(desk, &file.bytes)?;
    Ok(Kept { name, ending, content_type, size: file.bytes.len(), sha256 })
}

/// Keeps bytes under their name. Errors: code 1009 when the space for files is used up.
pub(crate) fn store(desk: &mut Desk<'_>, bytes: &[u8]) -> Result<String, ApiError> {
    let sha256 = Files::name(bytes);
    let files = &desk.transaction.state.files;
    if files.get(&sha256).is_none() {
        if !files.fits(bytes.len()) {
            let sentence = "The space for files is used up. Delete attachments or empty the outbox first.";
            return Err(ApiError::about(Code::LimitExceeded, sentence));
        }
        // A part of a form may keep the whole form alive.
        let bytes = Bytes::copy_from_slice(bytes);
        desk.transaction.apply(Change::File { sha256: sha256.clone(), bytes });
    }
    Ok(sha256)
}

/// The last part of a path of any system, without control characters.
fn base_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    last.chars().filter(|it| !it.is_control()).collect::<String>().trim().to_owned()
}

/// `1.5 MB`, `12.3 KB`, `40 Bytes`.
pub(crate) fn formatted(size: usize) -> String {
    let tenths = |unit: usize| (size * 10 + unit / 2) / unit;
    match size {
        0..1024 => format!("{size} Bytes"),
        1024..1_048_576 => format!("{}.{} KB", tenths(1024) / 10, tenths(1024) % 10),
        _ => format!("{}.{} MB", tenths(1_048_576) / 10, tenths(1_048_576) % 10),
    }
}

/// An answer that is a file. `inline` asks a browser to show it.
pub(crate) fn download(
    name: &str,
    content_type: impl Into<Cow<'static, str>>,
    bytes: Bytes,
    inline: bool,
) -> Reply {
    let mut reply = Reply::file(content_type.into(), bytes);
    let way = if inline { "inline" } else { "attachment" };
    reply.headers.push(("Content-Disposition".to_owned(), format!("{way}; {}", file_names(name))));
    reply
}

/// The name in both spellings of RFC 6266: ASCII for old clients, percent-encoded UTF-8 for the others. Nothing in a
/// name can end its quotes.
fn file_names(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(
            |it| if it.is_ascii_graphic() && !matches!(it, '"' | '\\' | '%') || it == ' ' { it } else { '_' },
        )
        .collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing into memory cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    format!("filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_quotes() {
        assert_eq!(base_name("C:\\a\\..\\b\r\n.pdf"), "b.pdf");
        assert_eq!(base_name("../../etc/株 1.pdf"), "株 1.pdf");
        assert_eq!(
            file_names("a\"; x=\"b é.pdf"),
            "filename=\"a_; x=_b _.pdf\"; filename*=UTF-8''a%22%3B%20x%3D%22b%20%C3%A9.pdf"
        );
    }

    #[test]
    fn sizes_are_shown_with_one_decimal() {
        let shown: Vec<String> = [1023, 1024, 1587, 1_572_864].map(formatted).into();
        assert_eq!(shown, ["1023 Bytes", "1.0 KB", "1.5 KB", "1.5 MB"]);
    }
}
