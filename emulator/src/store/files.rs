//! The bytes of attached and mailed files, kept once per content and named by their SHA-256.

use axum::body::Bytes;
use imbl::{OrdMap, OrdSet};
use sha2::{Digest, Sha256};

use super::kind::Kind;
use super::record::Record;

/// The most bytes that all files of all organizations may hold together.
pub(crate) const MAX_TOTAL: usize = 256 * 1024 * 1024;

/// Files by content. A file goes when the last record or mail that holds it goes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Files {
    bytes: OrdMap<String, Bytes>,
    /// Content and id of the attachment or mail that holds it.
    holders: OrdSet<(String, u64)>,
    total: usize,
}

impl Files {
    /// The name of a content: its SHA-256 in hexadecimal.
    pub(crate) fn name(bytes: &[u8]) -> String {
        Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Keeps a content that is not kept yet.
    pub(crate) fn add(&mut self, sha256: &str, bytes: &Bytes) {
        if !self.bytes.contains_key(sha256) {
            self.total += bytes.len();
            self.bytes.insert(sha256.to_owned(), bytes.clone());
        }
    }

    /// The bytes of a content.
    pub(crate) fn get(&self, sha256: &str) -> Option<&Bytes> {
        self.bytes.get(sha256)
    }

    /// Whether `more` bytes may be added.
    pub(crate) fn fits(&self, more: usize) -> bool {
        self.total.saturating_add(more) <= MAX_TOTAL
    }

    /// Says that an attachment or a mail holds a content.
    pub(crate) fn hold(&mut self, sha256: &str, holder: u64) {
        self.holders.insert((sha256.to_owned(), holder));
    }

    /// Says that an attachment or a mail holds a content no longer.
    pub(crate) fn release(&mut self, sha256: &str, holder: u64) {
        self.holders.remove(&(sha256.to_owned(), holder));
        let held =
            self.holders.range((sha256.to_owned(), 0)..=(sha256.to_owned(), u64::MAX)).next().is_some();
        if !held && let Some(bytes) = self.bytes.remove(sha256) {
            self.total -= bytes.len();
        }
    }

    /// Every content with its name, for a snapshot.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Bytes)> {
        self.bytes.iter()
    }
}

/// The content that an attachment holds.
pub(crate) fn held_by(record: &Record) -> Option<&str> {
    Some(record.text("sha256")).filter(|name| record.kind == Kind::Attachment && !name.is_empty())
}

/// Bytes as Base64 text in the state file.
pub(crate) mod base64_text {
    use axum::body::Bytes;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Bytes::from).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_is_kept_once_and_goes_with_its_last_holder() {
        let mut files = Files::default();
        let bytes = Bytes::from_static(b"scan");
        let name = Files::name(&bytes);
        assert_eq!(name, "59ad1b2fc74287ded1bba7af67765d23ad4a49f1ae51902cc2ed3f8ebee96cfa");
        for holder in [7, 8] {
            files.add(&name, &bytes);
            files.hold(&name, holder);
        }
        assert!(files.fits(MAX_TOTAL - 4) && !files.fits(MAX_TOTAL - 3));
        files.release(&name, 7);
        files.release(&name, 7);
        assert_eq!(files.get(&name), Some(&bytes));
        files.release(&name, 8);
        assert_eq!(files.get(&name), None);
        assert!(files.fits(MAX_TOTAL));
    }
}
