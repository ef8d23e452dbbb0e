//! Why a trigger did nothing.

use finbridge_contract::{Failure, FailureKind};

/// Declares the codes: the stored text, and the sentence.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $sentence:literal;)+) => {
        /// Why a trigger did nothing, or not what was to be done. Stable, for programs.
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
    /// The stage does nothing.
    StageNotChosen = "STAGE_NOT_CHOSEN", "The trigger does nothing in this stage.";
    /// The integration is disabled (A17.5).
    IntegrationDisabled = "INTEGRATION_DISABLED", "The integration is disabled; triggers run again once it is enabled.";
    /// The finance app refuses the credential.
    ReconnectNeeded = "RECONNECT_NEEDED", "The finance app refuses the stored credential; connect it again, then move the deal once more.";
    /// There is a document (A17.1).
    AlreadyHasDocument = "ALREADY_HAS_DOCUMENT", "A document was made for this deal before, and another is not made; ask for a new one with `dealDocumentRecreate` where the old one is void or gone.";
    /// It stands as it should already.
    AlreadySo = "ALREADY_SO", "The document stands as it should already.";
    /// There is none to be changed.
    NoDocument = "NO_DOCUMENT", "No document was made for this deal, so there is none to be declined or voided.";
    /// It was deleted on the finance side.
    DocumentGone = "DOCUMENT_GONE", "The document was deleted in the finance app; ask for a new one with `dealDocumentRecreate`.";
    /// Somebody changed its status (R128).
    ManualStatusChange = "MANUAL_STATUS_CHANGE", "Somebody changed the document's status by hand, so triggers leave this document alone from now on.";
    /// Something was paid (A17.2).
    HasPayments = "HAS_PAYMENTS", "Payments or credits are applied to the invoice, so it is not voided; take them off in the finance app and void it there.";
    /// The finance app does not take it as it stands.
    ActNotAllowed = "ACT_NOT_ALLOWED", "The document does not stand so that this may be done with it; look at it in the finance app.";
    /// The deal is with nobody.
    NoAccount = "NO_ACCOUNT", "The deal has no account to be billed; give it one, then move it once more.";
    /// The account is no customer and cannot become one (A17.4).
    NoCustomer = "NO_CUSTOMER", "The account is no customer in the finance app and cannot become one; set up the synchronisation of customers, or link the account, then move the deal once more.";
    /// There is nothing to be billed (A17.6).
    DealHasNoAmount = "DEAL_HAS_NO_AMOUNT", "The deal has neither lines nor an amount that come to more than zero; give it one, then move it once more.";
    /// A line has no price.
    LineHasNoPrice = "LINE_HAS_NO_PRICE", "A line of the deal has no price; give it one, then move the deal once more.";
    /// The customer is billed in another currency.
    CurrencyDiffers = "CURRENCY_DIFFERS", "The deal's currency is not the one in which the customer is billed; nothing is converted. Change the deal or the customer, then move the deal once more.";
    /// There is no rate (A17.21).
    ExchangeRateMissing = "EXCHANGE_RATE_MISSING", "The finance app has no exchange rate for the deal's currency; add one there, then move the deal once more.";
    /// The finance app says no.
    FinanceRefused = "FINANCE_REFUSED", "The finance app refused it; its own words stand beside.";
    /// The deal was deleted.
    DealGone = "DEAL_GONE", "The deal was deleted meanwhile, so no document was made for it.";
    /// The stage was deleted.
    StageGone = "STAGE_GONE", "The stage was deleted before the trigger looked at the deal, so nothing was done; move the deal once more.";
    /// Something of ours is not as it has to be.
    NotPossible = "NOT_POSSIBLE", "This cannot be done; the server's log tells why.";
    /// The finance app did not answer.
    FinanceUnavailable = "FINANCE_UNAVAILABLE", "The finance app did not answer, however often it was asked; move the deal once more later.";
}

/// Whether a failure ends a matter, and with which code.
pub(super) fn final_code(failure: &Failure) -> Option<Code> {
    match failure.kind {
        FailureKind::RateLimited { .. }
        | FailureKind::Unavailable
        | FailureKind::OutcomeUnknown
        | FailureKind::Malformed => None,
        FailureKind::Unauthorized => Some(Code::ReconnectNeeded),
        FailureKind::NotFound => Some(Code::DocumentGone),
        _ => Some(Code::FinanceRefused),
    }
}
