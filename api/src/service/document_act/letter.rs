//! What a document is mailed with.

use finbridge_contract::Mail;

use crate::service::error::ErrorCode;
use crate::service::validate::{Check, LINE_LENGTH, TEXT_LENGTH};

/// Most addresses in one of the lists of a mail.
const MOST_ADDRESSES: usize = 20;

/// What a document is mailed with.
#[derive(Debug, Clone, Default)]
pub struct Letter {
    /// To whom.
    pub to: Vec<String>,
    /// To whom a copy goes.
    pub cc: Vec<String>,
    /// Subject; none: the app's own.
    pub subject: Option<String>,
    /// Text; none: the app's own.
    pub body: Option<String>,
}

impl Letter {
    /// The mail, where nothing is wrong with it. `prefix` leads to its fields in the input.
    pub(super) fn settle(&self, check: &mut Check, prefix: &str) -> Mail {
        let at = |field: &str| format!("{prefix}{field}");
        if self.to.is_empty() {
            check.fault(ErrorCode::Required, &at("to"), "Give at least one address that the mail goes to");
        }
        let mut addresses = |field: &str, given: &[String]| {
            if given.len() > MOST_ADDRESSES {
                let message = format!(
                    "A mail goes to {MOST_ADDRESSES} addresses at most and these are {}; send several",
                    given.len()
                );
                check.fault(ErrorCode::Invalid, &at(field), message);
                return Vec::new();
            }
            let mut told = Vec::with_capacity(given.len());
            for (place, address) in given.iter().enumerate() {
                let field = format!("{}.{place}", at(field));
                match check.email(&field, Some(address)) {
                    Some(address) => told.push(address),
                    None => {
                        check.fault(ErrorCode::Required, &field, "Give an e-mail address, or leave it out")
                    }
                }
            }
            told
        };
        let (to, cc) = (addresses("to", &self.to), addresses("cc", &self.cc));
        let subject = check.optional(&at("subject"), self.subject.as_deref(), LINE_LENGTH);
        let body = check.optional(&at("body"), self.body.as_deref(), TEXT_LENGTH);
        Mail { to, cc, subject, body }
    }
}
