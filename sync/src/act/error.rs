//! Why something that was asked about a document was not done.

use finbridge_contract::{Failure, FailureKind};

use crate::error::SyncError;

/// Declares the codes: the stored text, and the sentence for when nobody knows a better one.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $sentence:literal;)+) => {
        /// Why an act failed. Stable, for programs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code { $($(#[$doc])* $name,)+ }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// As it is stored and told.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// For people: why, and what to do.
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)+ }
            }
        }
    };
}

codes! {
    /// The integration is disabled (R158).
    IntegrationDisabled = "INTEGRATION_DISABLED", "The integration is disabled; enable it, then ask again.";
    /// The finance app refuses the credential.
    ReconnectNeeded = "RECONNECT_NEEDED", "The finance app refuses the stored credential; connect it again, then ask again.";
    /// The document was deleted on the finance side.
    DocumentGone = "DOCUMENT_GONE", "The document was deleted in the finance app.";
    /// It was made, and cannot be shown here.
    DocumentNotKept = "DOCUMENT_NOT_KEPT", "The finance app has the document, but an amount of it has more than 4 decimals or is too large, and is not kept otherwise than it is; look at it there.";
    /// Not as it stands.
    ActNotAllowed = "ACT_NOT_ALLOWED", "The document does not stand so that this may be done with it; read it again and look how it stands.";
    /// Something was paid (A17.2).
    HasPayments = "HAS_PAYMENTS", "Payments or credits are applied to the document; take them off in the finance app, then ask again.";
    /// The app does not do this.
    NotSupported = "NOT_SUPPORTED", "The finance app does not do this with documents of this kind.";
    /// Documents of this kind belong to no deal (R136).
    LinkNotSupported = "LINK_NOT_SUPPORTED", "Documents of this kind are linked to no deal; estimates, sales orders and invoices are.";
    /// The deal is gone.
    DealGone = "DEAL_GONE", "The deal was deleted meanwhile; choose another one.";
    /// The record is no customer and does not become one.
    NoCustomer = "NO_CUSTOMER", "The record is no customer or vendor in the finance app and cannot become one; synchronise customers or vendors with it first.";
    /// Its finance record is gone.
    CustomerGone = "CUSTOMER_GONE", "The customer or vendor was removed in the finance app; unlink the record, then ask again.";
    /// The finance side has one of this name, which is not taken for the same.
    CustomerIsDuplicate = "DUPLICATE_CUSTOMER", "The finance app has a customer or vendor of this name already; choose that one, or decide with `syncMatchDecide` whether it is the same.";
    /// Somebody has to decide (A17.10).
    AmbiguousMatch = "AMBIGUOUS_MATCH", "Several customers or vendors could be this record; decide with `syncMatchDecide`: link, clone or skip.";
    /// The name belongs to somebody else.
    NameTaken = "NAME_TAKEN", "Another customer or vendor of the finance app has this name; choose that one, or rename the record.";
    /// The other side is of the wrong kind.
    WrongParty = "WRONG_PARTY", "A document of this kind is with somebody else: purchase orders and bills with a vendor, the others with a customer.";
    /// Nothing is converted (A17.27).
    CurrencyDiffers = "CURRENCY_DIFFERS", "The customer or vendor has another currency in the finance app; nothing is converted. Leave the currency out, or choose theirs.";
    /// There is no rate (A17.21).
    ExchangeRateMissing = "EXCHANGE_RATE_MISSING", "The finance app has no exchange rate for this currency; add one there, or give one.";
    /// The finance app says no.
    FinanceRefused = "FINANCE_REFUSED", "The finance app refused it; its own words stand beside.";
    /// Its answers make no sense.
    FinanceAnswerUnreadable = "FINANCE_ANSWER_UNREADABLE", "The finance app's answer could not be understood; look at the document there before asking again.";
    /// It did not answer.
    FinanceUnavailable = "FINANCE_UNAVAILABLE", "The finance app did not answer, however often it was asked; ask again later.";
    /// It may or may not have been done.
    OutcomeUnknown = "OUTCOME_UNKNOWN", "The finance app did not answer, however often it was asked, and nobody knows whether it did it; look there before asking again.";
    /// It may or may not have been mailed.
    MailOutcomeUnknown = "MAIL_OUTCOME_UNKNOWN", "Nobody knows whether the mail went out, and it is not sent twice; look at the document's history in the finance app before sending it again.";
    /// Somebody else makes the customer and does not come to an end.
    CustomerIsBeingMade = "CUSTOMER_IS_BEING_MADE", "A run makes the customer or vendor at this moment; ask again when it has ended.";
    /// Something of ours is not as it has to be.
    NotPossible = "NOT_POSSIBLE", "This cannot be done; the server's log tells why.";
}

/// Why an act, or a step of it, was not done.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// It is not done, and asking again changes nothing.
    #[error("{message}")]
    Refused {
        /// Why.
        code: Code,
        /// The same, for people.
        message: String,
        /// What the finance app said, where it was asked.
        failure: Option<Box<Failure>>,
    },
    /// Somebody else is making the customer or vendor at this moment.
    #[error("the customer or vendor is being made at this moment")]
    Waits,
    /// The act went over to another worker.
    #[error("the act went over to another worker")]
    Lost,
    /// The finance app, the database, or something of ours.
    #[error(transparent)]
    Engine(#[from] SyncError),
}

impl ActError {
    /// For this reason.
    pub(crate) fn refused(code: Code) -> Self {
        Self::Refused { code, message: code.sentence().to_owned(), failure: None }
    }

    /// For this reason, in these words.
    pub(crate) fn because(code: Code, message: impl Into<String>) -> Self {
        Self::Refused { code, message: message.into(), failure: None }
    }

    /// For this reason, after the finance app said this.
    pub(crate) fn after(code: Code, failure: Failure) -> Self {
        Self::Refused { code, message: code.sentence().to_owned(), failure: Some(Box::new(failure)) }
    }

    /// What a failure of the finance app comes to where nothing particular is known about it.
    pub(super) fn of(failure: Failure) -> Self {
        let Some(code) = final_code(&failure.kind) else { return Self::Engine(failure.into()) };
        let message = match code {
            Code::FinanceRefused | Code::NotSupported if !failure.message.is_empty() => {
                failure.message.clone()
            }
            code => code.sentence().to_owned(),
        };
        Self::Refused { code, message, failure: Some(Box::new(failure)) }
    }
}

impl From<Failure> for ActError {
    fn from(failure: Failure) -> Self {
        Self::of(failure)
    }
}

impl From<sea_orm::DbErr> for ActError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Engine(error.into())
    }
}

/// The code of a failure that ends an act; none: it may pass.
fn final_code(kind: &FailureKind) -> Option<Code> {
    match kind {
        FailureKind::RateLimited { .. }
        | FailureKind::Unavailable
        | FailureKind::OutcomeUnknown
        | FailureKind::Malformed => None,
        FailureKind::Unauthorized => Some(Code::ReconnectNeeded),
        FailureKind::NotFound => Some(Code::DocumentGone),
        FailureKind::NameTaken => Some(Code::NameTaken),
        FailureKind::CurrencyDiffers => Some(Code::CurrencyDiffers),
        FailureKind::NotSupported => Some(Code::NotSupported),
        FailureKind::Refused => Some(Code::FinanceRefused),
    }
}
