//! Column types.

use rust_decimal::Decimal;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ArrayType, Nullable, ValueType, ValueTypeErr};
use sea_orm::{ColIdx, FromJsonQueryResult, QueryResult, TryGetError, TryGetable};
use serde::{Deserialize, Serialize};

/// Declares an enum that is stored as the UPPER_CASE text of its variant.
macro_rules! text_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
        #[sea_orm(rs_type = "String", db_type = "Text")]
        pub enum $name { $($(#[$vdoc])* #[sea_orm(string_value = $text)] $variant,)+ }
    };
}

text_enum! {
    /// What a person may do in an organization.
    Role {
        /// Everything, integrations and tokens included (R005).
        Administrator = "ADMINISTRATOR",
        /// The CRM's records.
        Standard = "STANDARD",
    }
}

text_enum! {
    /// What a stage means to the rest of the system.
    StageKind {
        /// Still being worked on.
        Open = "OPEN",
        /// The customer bought.
        Won = "WON",
        /// The customer did not buy.
        Lost = "LOST",
    }
}

text_enum! {
    /// The kinds of records that people name, own, tag, note on and delete.
    RecordType {
        /// A company.
        Account = "ACCOUNT",
        /// A person.
        Contact = "CONTACT",
        /// A supplier.
        Vendor = "VENDOR",
        /// Something that is sold.
        Product = "PRODUCT",
        /// An opportunity.
        Deal = "DEAL",
    }
}

impl RecordType {
    /// What several of them are called in sentences.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Account => "accounts",
            Self::Contact => "contacts",
            Self::Vendor => "vendors",
            Self::Product => "products",
            Self::Deal => "deals",
        }
    }
}

text_enum! {
    /// What a custom field holds.
    CustomFieldKind {
        /// One line of text.
        Text = "TEXT",
        /// Text of several lines.
        LongText = "LONG_TEXT",
        /// One of a list of texts.
        PickList = "PICK_LIST",
        /// A whole number.
        Integer = "INTEGER",
        /// A number with up to four decimals.
        Decimal = "DECIMAL",
        /// Yes or no.
        Boolean = "BOOLEAN",
        /// A day.
        Date = "DATE",
        /// An instant.
        DateTime = "DATE_TIME",
    }
}

text_enum! {
    /// Whether an integration works.
    IntegrationState {
        /// Connected.
        Active = "ACTIVE",
        /// The finance app refuses the credential; it has to be connected again.
        ReconnectNeeded = "RECONNECT_NEEDED",
        /// Switched off for a time: nothing is asked of the finance app (R158).
        Disabled = "DISABLED",
    }
}

text_enum! {
    /// Whether a finance app is asked.
    CircuitState {
        /// It is.
        Closed = "CLOSED",
        /// It did not answer, and is left alone until a certain time.
        Open = "OPEN",
        /// One request tries whether it answers again.
        HalfOpen = "HALF_OPEN",
    }
}

text_enum! {
    /// A limit of a finance app.
    QuotaLimit {
        /// Requests of an organization in a minute.
        Minute = "MINUTE",
        /// Requests of a user in a minute.
        User = "USER",
        /// Requests of an organization in a day.
        Day = "DAY",
        /// Requests at the same time.
        Concurrency = "CONCURRENCY",
    }
}

text_enum! {
    /// Where a link stands.
    LinkState {
        /// The finance record is about to be made; nobody else may make one.
        Claimed = "CLAIMED",
        /// Both records are known.
        Linked = "LINKED",
        /// The CRM record was deleted and the finance record with it.
        Deleted = "DELETED",
        /// The CRM record was deleted; the finance record had transactions and was made inactive (R117).
        Deactivated = "DEACTIVATED",
        /// The CRM record was deleted; the finance record was there first and stays (R118).
        CrmDeleted = "CRM_DELETED",
        /// The finance record was found to be gone although nobody here removed it; the next plan decides about the pair.
        RemoteGone = "REMOTE_GONE",
        /// The finance record is gone although nobody here removed it, and is not made again.
        RemoteMissing = "REMOTE_MISSING",
        /// The CRM record was merged into another, which has a finance record of its own; this one stays as it is.
        Merged = "MERGED",
    }
}

text_enum! {
    /// Which side had the record first.
    Origin {
        /// Born in the CRM.
        Crm = "CRM",
        /// Born on the finance side.
        Finance = "FINANCE",
    }
}

text_enum! {
    /// What started a run.
    RunTrigger {
        /// A person, now (R103).
        Instant = "INSTANT",
        /// Saving the settings with "save and sync" (R080).
        Initial = "INITIAL",
        /// The schedule (R100, R101).
        Auto = "AUTO",
        /// A person, for one record (R104).
        Resync = "RESYNC",
        /// A person, for what failed in an earlier run.
        Retry = "RETRY",
        /// A person, for a plan that was looked at.
        Plan = "PLAN",
        /// A person, for every pair whether it changed or not.
        Reconcile = "RECONCILE",
        /// The finance app told of a change.
        Webhook = "WEBHOOK",
        /// A person, to take back what an earlier run did.
        Undo = "UNDO",
    }
}

text_enum! {
    /// How a run stands.
    RunState {
        /// Waiting for a worker.
        Queued = "QUEUED",
        /// Under way.
        Running = "RUNNING",
        /// Planned; nothing is done before somebody says so.
        Planned = "PLANNED",
        /// Ended; every record succeeded or was skipped by rule.
        Succeeded = "SUCCEEDED",
        /// Ended; some records failed (R107).
        Partial = "PARTIAL",
        /// Could not be carried out.
        Failed = "FAILED",
        /// Ended by a person before its end.
        Cancelled = "CANCELLED",
    }
}

text_enum! {
    /// Whether a module's runs may start.
    ModuleState {
        /// They may.
        Active = "ACTIVE",
        /// They may not, once the one under way has ended (R109).
        Pausing = "PAUSING",
        /// They may not (R108).
        Paused = "PAUSED",
    }
}

text_enum! {
    /// How a conflict stands.
    ConflictState {
        /// Waits for a person.
        Open = "OPEN",
        /// Both sides keep what they have.
        Kept = "KEPT",
        /// The CRM's value was chosen.
        Crm = "CRM",
        /// The finance side's value was chosen.
        Finance = "FINANCE",
    }
}

text_enum! {
    /// What a person decided about a record that could be several things.
    MatchChoice {
        /// It is this finance record.
        Link = "LINK",
        /// It is a record of its own.
        Clone = "CLONE",
        /// It is not synchronised.
        Skip = "SKIP",
    }
}

impl RunState {
    /// Whether the run is over.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Partial | Self::Failed | Self::Cancelled)
    }
}

text_enum! {
    /// What a run is doing.
    RunPhase {
        /// Reading what changed on the finance side.
        Read = "READ",
        /// Deciding what to do with each record.
        Plan = "PLAN",
        /// Doing it.
        Apply = "APPLY",
        /// Nothing more.
        Done = "DONE",
    }
}

text_enum! {
    /// What is to be done with a record.
    ItemAction {
        /// Make a finance record.
        Create = "CREATE",
        /// Make a finance record beside one of the same name.
        Clone = "CLONE",
        /// Link the finance record that is already there, and write the CRM's values into it.
        Overwrite = "OVERWRITE",
        /// Link the finance record that already names this CRM record.
        Adopt = "ADOPT",
        /// Write what changed.
        Update = "UPDATE",
        /// Remove the finance record because the CRM record was deleted.
        Delete = "DELETE",
        /// Leave the finance record, which was there first, although the CRM record was deleted (R118).
        Keep = "KEEP",
        /// Leave both sides alone.
        Skip = "SKIP",
        /// Two or more candidates: a person has to decide (A17.10).
        Ambiguous = "AMBIGUOUS",
        /// Make a CRM record of a finance record.
        CreateInCrm = "CREATE_IN_CRM",
        /// Delete the CRM record because its finance record, which was there first, is gone.
        DeleteInCrm = "DELETE_IN_CRM",
        /// Make the person anew at the customer of its new account, and remove it at the old one (A17.14).
        Move = "MOVE",
        /// Note that the finance record is gone; the CRM record stays.
        Detach = "DETACH",
        /// Put back, on either side, what an earlier run wrote.
        Revert = "REVERT",
        /// The same, and give up the link that the run made.
        Unlink = "UNLINK",
        /// Remove the finance record that an earlier run made, and its link.
        Remove = "REMOVE",
        /// Delete the CRM record that an earlier run made, and give up its link.
        RemoveInCrm = "REMOVE_IN_CRM",
        /// Bring back the CRM record that an earlier run deleted.
        RestoreInCrm = "RESTORE_IN_CRM",
    }
}

text_enum! {
    /// Whether an item is done.
    ItemState {
        /// Not yet.
        Pending = "PENDING",
        /// Done as planned.
        Succeeded = "SUCCEEDED",
        /// Left alone by rule.
        Skipped = "SKIPPED",
        /// Not done yet: it waits for something that a later run may find.
        Waiting = "WAITING",
        /// Not done, for a reason that is with the item.
        Failed = "FAILED",
    }
}

text_enum! {
    /// What came of an item; history counts these (R106).
    ItemOutcome {
        /// Nothing yet.
        None = "NONE",
        /// A finance record was made.
        Added = "ADDED",
        /// A finance record was changed or linked.
        Updated = "UPDATED",
        /// A finance record was removed.
        Deleted = "DELETED",
        /// A finance record was made inactive (R117).
        Deactivated = "DEACTIVATED",
        /// Left alone by rule.
        Skipped = "SKIPPED",
        /// A person has to decide.
        Conflict = "CONFLICT",
        /// Not done.
        Failed = "FAILED",
        /// Not put back as it was, or not all of it: somebody touched it since, or it cannot be.
        Kept = "KEPT",
    }
}

text_enum! {
    /// What can be asked of a finance app about a document.
    DocumentActKind {
        /// Make it.
        Create = "CREATE",
        /// Edit it.
        Update = "UPDATE",
        /// Change how it stands.
        Status = "STATUS",
        /// Link it to a deal, or take the link away.
        Link = "LINK",
        /// Mail it (R135).
        Mail = "MAIL",
        /// Read it again.
        Refresh = "REFRESH",
    }
}

text_enum! {
    /// How something stands that was asked of a finance app.
    DocumentActState {
        /// Waiting for a worker.
        Queued = "QUEUED",
        /// Under way.
        Running = "RUNNING",
        /// Done.
        Succeeded = "SUCCEEDED",
        /// Not done.
        Failed = "FAILED",
    }
}

text_enum! {
    /// What deals do to documents (R122).
    TriggerPoint {
        /// Nothing.
        None = "NONE",
        /// Estimates, by stages.
        Estimate = "ESTIMATE",
        /// Invoices, when deals are won or lost.
        Invoice = "INVOICE",
    }
}

text_enum! {
    /// What happens to a deal that triggers look at.
    DealEventKind {
        /// It was made.
        Created = "CREATED",
        /// It moved to another stage.
        Moved = "MOVED",
        /// It was deleted (A17.8).
        Deleted = "DELETED",
    }
}

text_enum! {
    /// What a trigger does.
    TriggerAction {
        /// Nothing that it could do came into question.
        None = "NONE",
        /// Make a document.
        Create = "CREATE",
        /// Have an estimate accepted.
        Accept = "ACCEPT",
        /// Have an estimate declined, or an invoice voided.
        Invalidate = "INVALIDATE",
        /// Take a document's link to its deal away.
        Unlink = "UNLINK",
    }
}

text_enum! {
    /// What came of a trigger.
    TriggerOutcome {
        /// It was done.
        Done = "DONE",
        /// It was left alone by rule.
        Skipped = "SKIPPED",
        /// It could not be done.
        Failed = "FAILED",
    }
}

/// A short list of texts, in an order that means something.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct TextList(pub Vec<String>);

/// A postal address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(default)]
pub struct Address {
    /// Street and house number.
    pub street: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State or province.
    pub state: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Country, by name.
    pub country: Option<String>,
}

/// An exact decimal kept as text: quantities, unit prices and rates, which are never sorted or summed in SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExactDecimal(pub Decimal);

impl From<ExactDecimal> for Value {
    fn from(decimal: ExactDecimal) -> Self {
        decimal.0.to_string().into()
    }
}

impl TryGetable for ExactDecimal {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        let text = String::try_get_by(row, index)?;
        text.parse()
            .map(Self)
            .map_err(|_| TryGetError::DbErr(DbErr::Type(format!("`{text}` is not a decimal number"))))
    }
}

impl ValueType for ExactDecimal {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        let text = <String as ValueType>::try_from(value)?;
        text.parse().map(Self).map_err(|_| ValueTypeErr)
    }

    fn type_name() -> String {
        "ExactDecimal".to_owned()
    }

    fn array_type() -> ArrayType {
        ArrayType::String
    }

    fn column_type() -> ColumnType {
        ColumnType::Text
    }
}

impl Nullable for ExactDecimal {
    fn null() -> Value {
        String::null()
    }
}
