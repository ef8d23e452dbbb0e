//! The outbox: mails that the service would have sent.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::State;
use super::kind::Kind;

/// The outbox keeps this many mails; the oldest go first.
pub(crate) const MAX_MAILS: usize = 10_000;

/// A mail that was sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Mail {
    pub(crate) id: u64,
    pub(crate) time: DateTime<Utc>,
    pub(crate) organization_id: String,
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) cc: Vec<String>,
    pub(crate) bcc: Vec<String>,
    pub(crate) subject: String,
    pub(crate) body: String,
    pub(crate) attachments: Vec<MailFile>,
    /// What the mail is about.
    pub(crate) kind: Kind,
    pub(crate) document_id: u64,
    /// Name of the user who sent it.
    pub(crate) user: String,
}

/// A file in a mail.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct MailFile {
    pub(crate) name: String,
    pub(crate) content_type: String,
    /// In bytes.
    pub(crate) size: usize,
    pub(crate) sha256: String,
}

impl State {
    /// Puts a mail into the outbox and drops the oldest ones above the limit.
    pub(super) fn put_mail(&mut self, mail: &Arc<Mail>) {
        for file in &mail.attachments {
            self.files.hold(&file.sha256, mail.id);
        }
        self.mails.insert(mail.id, Arc::clone(mail));
        while self.mails.len() > MAX_MAILS
            && let Some(oldest) = self.mails.keys().next().copied()
        {
            self.drop_mail(oldest);
        }
    }

    /// Empties the outbox.
    pub(super) fn clear_mails(&mut self) {
        let ids: Vec<u64> = self.mails.keys().copied().collect();
        ids.into_iter().for_each(|id| self.drop_mail(id));
    }

    fn drop_mail(&mut self, id: u64) {
        let Some(mail) = self.mails.remove(&id) else { return };
        for file in &mail.attachments {
            self.files.release(&file.sha256, id);
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;

    use super::*;
    use crate::store::change::Change;
    use crate::store::files::Files;

    #[test]
    fn the_outbox_keeps_the_last_mails_and_their_files() {
        let bytes = Bytes::from_static(b"one page");
        let sha256 = Files::name(&bytes);
        let file = MailFile { name: "a.pdf".into(), content_type: "application/pdf".into(), size: 8, sha256 };
        let mail = |id: u64, attachments| {
            Change::Mail(Arc::new(Mail {
                id,
                time: DateTime::UNIX_EPOCH,
                organization_id: String::new(),
                from: String::new(),
                to: Vec::new(),
                cc: Vec::new(),
                bcc: Vec::new(),
                subject: String::new(),
                body: String::new(),
                attachments,
                kind: Kind::Invoice,
                document_id: 0,
                user: String::new(),
            }))
        };
        let mut state = State::default();
        state.apply(&Change::File { sha256: file.sha256.clone(), bytes });
        state.apply(&mail(1, vec![file.clone()]));
        for id in 2..=MAX_MAILS as u64 {
            state.apply(&mail(id, Vec::new()));
        }
        let mut again = State::default();
        state.snapshot().iter().for_each(|change| again.apply(change));
        assert!(again.files.get(&file.sha256).is_some());
        state.apply(&mail(MAX_MAILS as u64 + 1, Vec::new()));
        assert_eq!((state.mails.len(), state.mails.keys().next()), (MAX_MAILS, Some(&2)));
        assert!(state.files.get(&file.sha256).is_none());
        state.apply(&Change::OutboxCleared);
        assert!(state.mails.is_empty());
    }
}
