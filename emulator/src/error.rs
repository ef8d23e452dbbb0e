//! The one table of error codes, and what an emulator answers instead of it.

pub(crate) mod overrides;

use overrides::Wording;
use serde::{Deserialize, Serialize};

/// What went wrong, as the API names it. The table in [`Code::entry`] is the only place that knows numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Code {
    InvalidValue,
    InvalidUrl,
    InvalidReference,
    EmptyBody,
    InvalidToken,
    TooLong,
    AlreadyExists,
    AutoNumbered,
    HasDependents,
    BaseCurrency,
    ItemNameTaken,
    SkuTaken,
    HasTransactions,
    InactiveContact,
    LimitExceeded,
    NoLineItems,
    WrongState,
    OverApplied,
    PaymentsApplied,
    BillNumberTaken,
    UnknownUnique,
    Linked,
    MethodNotAllowed,
    UserBlocked,
    OrganizationBlocked,
    DayUsedUp,
    NotAuthorized,
    BodyTooLarge,
    NotEmulated,
    Internal,
    NotFound,
    MalformedJson,
    TooManyInProcess,
    DuplicateName,
    WrongOrganization,
    NoOrganization,
    ZscRefused,
    UnknownClient,
    LinkedElsewhere,
    LinkedToOther,
    NoCrmLink,
    CrmRecordTaken,
    NotSynchronized,
    CurrencyDiffers,
    LicencesUsedUp,
    UnknownPerson,
    AppNotJoined,
    ModuleRefused,
    ItemMissing,
    WrongGst,
    JournalAccount,
    UnmatchedAccount,
    SalesTaxOff,
    TaxUnsupported,
}

impl Code {
    /// Every kind. Where several share a number, the first stands for it.
    const ALL: &[Self] = &[
        Self::InvalidValue,
        Self::InvalidUrl,
        Self::InvalidReference,
        Self::EmptyBody,
        Self::InvalidToken,
        Self::TooLong,
        Self::AlreadyExists,
        Self::AutoNumbered,
        Self::HasDependents,
        Self::BaseCurrency,
        Self::ItemNameTaken,
        Self::SkuTaken,
        Self::HasTransactions,
        Self::InactiveContact,
        Self::LimitExceeded,
        Self::NoLineItems,
        Self::WrongState,
        Self::OverApplied,
        Self::PaymentsApplied,
        Self::BillNumberTaken,
        Self::UnknownUnique,
        Self::Linked,
        Self::MethodNotAllowed,
        Self::UserBlocked,
        Self::OrganizationBlocked,
        Self::DayUsedUp,
        Self::NotAuthorized,
        Self::BodyTooLarge,
        Self::NotEmulated,
        Self::Internal,
        Self::NotFound,
        Self::MalformedJson,
        Self::TooManyInProcess,
        Self::DuplicateName,
        Self::WrongOrganization,
        Self::NoOrganization,
        Self::ZscRefused,
        Self::UnknownClient,
        Self::LinkedElsewhere,
        Self::LinkedToOther,
        Self::NoCrmLink,
        Self::CrmRecordTaken,
        Self::NotSynchronized,
        Self::CurrencyDiffers,
        Self::LicencesUsedUp,
        Self::UnknownPerson,
        Self::AppNotJoined,
        Self::ModuleRefused,
        Self::ItemMissing,
        Self::WrongGst,
        Self::JournalAccount,
        Self::UnmatchedAccount,
        Self::SalesTaxOff,
        Self::TaxUnsupported,
    ];

    /// The kind with this number, such as a fault asks for.
    pub(crate) fn numbered(number: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.entry().0 == number)
    }

    /// The kind with this name, such as `duplicate_name`.
    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// The name by which the kind is overridden.
    fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// The HTTP status of the kind.
    pub(crate) fn status(self) -> u16 {
        self.entry().1
    }

    /// Code, HTTP status and message; `{}` in a message stands for the subject of the error.
    fn entry(self) -> (u32, u16, &'static str) {
        match self {
            Self::InvalidValue => (2, 400, "Invalid value passed for {}"),
            Self::InvalidUrl => (5, 404, "Invalid URL Passed"),
            Self::InvalidReference => (6, 400, "Invalid reference passed for {}"),
            Self::EmptyBody => (11, 400, "JSONString is missing or empty"),
            Self::InvalidToken => (14, 401, "Invalid value passed for authtoken."),
            Self::TooLong => (15, 400, "Please ensure that the {} characters."),
            Self::AlreadyExists => (4, 400, "{} already exists."),
            Self::AutoNumbered => (
                4097,
                400,
                "{} is generated automatically. Send ignore_auto_number_generation=true to choose one.",
            ),
            Self::HasDependents => (36, 400, "{} is used by other records and cannot be deleted."),
            Self::BaseCurrency => (4099, 400, "The base currency cannot {}."),
            Self::ItemNameTaken => {
                (1001, 400, "The item \"{}\" already exists. Please specify a different name.")
            }
            Self::SkuTaken => (1001, 400, "The SKU \"{}\" already exists. Please specify a different SKU."),
            Self::HasTransactions => {
                (1004, 400, "{} has transactions and cannot be deleted. It can only be marked as inactive.")
            }
            Self::InactiveContact => (1005, 400, "The contact \"{}\" is inactive. Mark it as active first."),
            Self::LimitExceeded => (1009, 400, "{}"),
            Self::NoLineItems => (4016, 400, "Please add at least one line item."),
            Self::WrongState => (4098, 400, "{}"),
            Self::OverApplied => (4017, 400, "The amount applied to {} is more than its balance."),
            Self::PaymentsApplied => (4018, 400, "{} has payments or credits applied. Remove them first."),
            Self::BillNumberTaken => {
                (13011, 400, "The bill number \"{}\" has already been used for this vendor.")
            }
            Self::UnknownUnique => (1003, 404, "No record has the value {} in its unique custom field."),
            Self::Linked => (
                36,
                400,
                "The contact \"{}\" is linked with Zoho CRM and cannot be deleted. Remove the link first.",
            ),
            Self::MethodNotAllowed => (37, 405, "The HTTP method is not allowed for the requested resource"),
            Self::UserBlocked => (
                43,
                429,
                "For security reasons you have been blocked for some time as you have exceeded the maximum number of \
                 requests per minute.",
            ),
            // The slip of grammar is the service's own.
            Self::OrganizationBlocked => (
                44,
                429,
                "For security reasons your organization has been blocked as it have exceeded the maximum number of \
                 requests per minute that can originate from an organization.",
            ),
            Self::DayUsedUp => (
                45,
                429,
                "The API call for this organization has exceeded the maximum call rate limit of {}.",
            ),
            Self::NotAuthorized => (57, 401, "You are not authorized to perform this operation"),
            Self::BodyTooLarge => (413, 413, "The request body is larger than 10 MiB."),
            Self::NotEmulated => (501, 501, "{} is not emulated yet"),
            Self::Internal => (1000, 500, "Internal error"),
            Self::NotFound => (1002, 404, "{} does not exist."),
            Self::MalformedJson => (1038, 400, "JSON is not well formed"),
            Self::TooManyInProcess => (
                1070,
                429,
                "You have reached the maximum number of in process requests allowed. Kindly try again after some time.",
            ),
            Self::DuplicateName => (3062, 400, "The {} already exists. Please specify a different name."),
            Self::WrongOrganization => {
                (6041, 400, "This user is not associated with the CompanyID/CompanyName:{}.")
            }
            Self::NoOrganization => (9017, 400, "This user is not associated with any organization."),
            // The codes of the private link service lie far above every range of the public API.
            Self::ZscRefused => (900_001, 401, "The e-mail address or the ZSC key is not valid."),
            Self::UnknownClient => (900_002, 401, "The client id or the client secret is not valid."),
            Self::LinkedElsewhere => (900_003, 400, "The CRM record is already linked to the contact {}."),
            Self::LinkedToOther => (900_004, 400, "The contact is already linked to the CRM record {}."),
            Self::NoCrmLink => (900_005, 400, "The organization {} does not offer the capability crm_link."),
            Self::CrmRecordTaken => (900_003, 400, "The CRM record {} is already linked to another record."),
            Self::NotSynchronized => (900_006, 400, "The integration is not set to synchronize {}."),
            Self::CurrencyDiffers => (
                900_007,
                400,
                "The contact {} has another currency. Only contacts of one currency can be merged.",
            ),
            Self::LicencesUsedUp => {
                (900_008, 400, "All {} licences of the organization are in use. Buy more, or remove a user.")
            }
            Self::UnknownPerson => {
                (900_009, 400, "{} is neither a user nor an integration user of the organization.")
            }
            Self::AppNotJoined => (900_010, 400, "The organization has not been added to the app {}."),
            Self::ModuleRefused => (9, 400, "You do not have access to this module."),
            Self::ItemMissing => (2006, 404, "Item does not exist."),
            Self::WrongGst => (3032, 400, "{}"),
            Self::JournalAccount => (11016, 400, "The account cannot be used in a journal."),
            Self::UnmatchedAccount => (
                108_004,
                400,
                "Transactions cannot be matched as the account you are trying to match it to, is different.",
            ),
            Self::SalesTaxOff => {
                (110_817, 400, "Enable Sales Tax in order to perform tax related operations.")
            }
            Self::TaxUnsupported => (110_942, 400, "Tax not supported."),
        }
    }
}

/// A refusal that becomes `{"code":…,"message":…}` with its HTTP status.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub(crate) struct ApiError {
    /// The row of the table.
    pub(crate) kind: Code,
    /// The sentence shown to the caller.
    pub(crate) message: String,
    /// What another sentence in its place would speak of.
    subject: String,
}

impl ApiError {
    /// The error with the subject that its sentence speaks of.
    pub(crate) fn about(kind: Code, subject: &str) -> Self {
        Self { kind, message: kind.entry().2.replace("{}", subject), subject: subject.to_owned() }
    }

    /// The error with a sentence that the table does not have.
    pub(crate) fn worded(kind: Code, message: &str) -> Self {
        Self { kind, message: message.to_owned(), subject: String::new() }
    }

    /// "Invalid value passed for `name`" (code 2).
    pub(crate) fn invalid(name: &str) -> Self {
        Self::about(Code::InvalidValue, name)
    }

    /// The field has more than `max` characters (code 15).
    pub(crate) fn too_long(field: &str, max: usize) -> Self {
        Self::about(Code::TooLong, &format!("{field} has less than {max}"))
    }

    /// "`Resource` does not exist." (code 1002).
    pub(crate) fn missing(resource: &str) -> Self {
        Self::about(Code::NotFound, resource)
    }

    /// The number in the envelope.
    pub(crate) fn code(&self) -> u32 {
        self.kind.entry().0
    }

    /// The HTTP status.
    pub(crate) fn status(&self) -> u16 {
        self.kind.status()
    }

    /// What the table answers.
    pub(crate) fn wording(&self) -> Wording {
        Wording { code: self.code(), status: self.status(), message: self.message.clone() }
    }
}

impl From<Code> for ApiError {
    fn from(kind: Code) -> Self {
        Self::about(kind, "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str =
        concat!(include_str!("../tests/it/error_table.rs"), include_str!("../tests/it/error_rules.rs"));

    /// Each kind beside the test over HTTP that provokes it. A kind that is left out does not compile.
    macro_rules! provoked {
        ($($test:ident: $($kind:ident)+;)+) => {
            fn test_of(kind: Code) -> &'static str {
                match kind { $($(Code::$kind)|+ => stringify!($test),)+ }
            }
            const TESTED: &[Code] = &[$($(Code::$kind),+),+];
        };
    }

    provoked! {
        platform_codes: InvalidValue InvalidUrl InvalidReference EmptyBody TooLong MethodNotAllowed BodyTooLarge
            NotEmulated Internal NotFound MalformedJson WrongOrganization NoOrganization;
        token_codes: InvalidToken NotAuthorized ZscRefused UnknownClient;
        limit_codes: UserBlocked OrganizationBlocked DayUsedUp TooManyInProcess;
        record_codes: AlreadyExists HasDependents BaseCurrency ItemNameTaken SkuTaken UnknownUnique DuplicateName;
        transaction_codes: AutoNumbered HasTransactions InactiveContact LimitExceeded NoLineItems WrongState
            OverApplied PaymentsApplied BillNumberTaken;
        link_service_codes: Linked LinkedElsewhere LinkedToOther NoCrmLink CrmRecordTaken NotSynchronized
            CurrencyDiffers LicencesUsedUp UnknownPerson AppNotJoined;
        codes_of_what_is_not_built: ModuleRefused ItemMissing JournalAccount UnmatchedAccount TaxUnsupported;
        goods_and_services_tax_follows_the_states: WrongGst;
        without_sales_tax_there_are_no_taxes: SalesTaxOff;
    }

    #[test]
    fn every_kind_is_found_by_its_number() {
        assert_eq!(TESTED.len(), Code::ALL.len());
        for kind in TESTED.iter().copied() {
            let number = kind.entry().0;
            assert!(Code::ALL.contains(&kind), "{kind:?}");
            assert_eq!(Code::numbered(number).map(|found| found.entry().0), Some(number));
        }
        assert_eq!(Code::numbered(7), None);
    }

    #[test]
    fn every_kind_is_provoked_by_its_test() {
        for kind in TESTED.iter().copied() {
            let head = format!("async fn {}()", test_of(kind));
            let at = TABLE.find(&head).unwrap_or_else(|| panic!("no test {head}"));
            let body = TABLE[at..].split("#[tokio::test]").next().unwrap_or_default().replace('_', "");
            let code = kind.entry().0;
            let named = body.split(|it: char| !it.is_ascii_alphanumeric()).any(|it| it == code.to_string());
            assert!(named, "{kind:?}: {head} does not name {code}");
        }
    }
}
