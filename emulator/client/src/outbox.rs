//! The outbox: the mails that the service would have sent.

use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::Method;
use serde::Deserialize;

use crate::error::ControlError;
use crate::http::Control;

/// A mail.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Mail {
    /// What [`Control::mail`] asks for.
    pub id: String,
    /// When it was sent, on the emulator's clock.
    pub time: DateTime<Utc>,
    /// The organization that sent it.
    pub organization_id: String,
    /// Sender.
    pub from: String,
    /// Recipients.
    pub to: Vec<String>,
    /// Recipients of a copy.
    pub cc: Vec<String>,
    /// Recipients of a hidden copy.
    pub bcc: Vec<String>,
    /// Subject.
    pub subject: String,
    /// Text.
    pub body: String,
    /// The files that went with it.
    pub attachments: Vec<MailFile>,
    /// The record that it is about.
    pub document: MailDocument,
    /// Name of the user who sent it.
    pub user: String,
}

/// A file that went with a mail.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MailFile {
    /// Its place in the mail, from 0; what [`Control::mail_file`] asks for.
    pub number: usize,
    /// File name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Content type.
    pub content_type: String,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
}

/// The record that a mail is about.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MailDocument {
    /// Singular key of the record's kind, such as `invoice`.
    pub kind: String,
    /// Id of the record.
    pub id: String,
}

/// Which mails to list; everything left out means any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailQuery {
    /// Text that a recipient's address contains, copies included; compared without case.
    pub to: Option<String>,
    /// Text that the subject contains; compared without case.
    pub subject: Option<String>,
    /// Id of the record that the mail is about.
    pub document_id: Option<String>,
    /// Mails sent at this instant or later.
    pub since: Option<DateTime<Utc>>,
    /// Mails at most; without it 100.
    pub limit: Option<usize>,
}

#[derive(Deserialize)]
struct Mails {
    mails: Vec<Mail>,
}

impl Control {
    /// The mails that fit, newest first.
    pub async fn mails(&self, query: &MailQuery) -> Result<Vec<Mail>, ControlError> {
        let parameters = [
            ("to", query.to.clone()),
            ("subject", query.subject.clone()),
            ("document_id", query.document_id.clone()),
            ("since", query.since.map(|since| since.to_rfc3339_opts(SecondsFormat::AutoSi, true))),
            ("limit", query.limit.map(|limit| limit.to_string())),
        ];
        let parameters: Vec<(&str, String)> =
            parameters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let listed: Result<Mails, _> = self.send(Method::GET, "outbox", &parameters, None::<&()>).await;
        listed.map(|listed| listed.mails)
    }

    /// One mail. Refused with 404 when there is none with this id.
    pub async fn mail(&self, id: &str) -> Result<Mail, ControlError> {
        self.get(&format!("outbox/{id}")).await
    }

    /// The bytes of a file that went with a mail. Refused with 404 when there is none.
    pub async fn mail_file(&self, id: &str, number: usize) -> Result<Vec<u8>, ControlError> {
        self.bytes(&format!("outbox/{id}/attachments/{number}")).await
    }

    /// Forgets all mails.
    pub async fn clear_mails(&self) -> Result<(), ControlError> {
        self.order(Method::DELETE, "outbox").await
    }
}
