//! The profiles. What the guides behind them say stands in `docs/requirements.md`, section 3; each profile is written as
//! its difference from another.

use super::fixed::BOOKS_2013_MAPS;
use super::{
    CapabilityProfile, CredentialKind, DeletePropagation, Edition, EstimateTrigger, ExitAction,
    InvoiceTrigger, Mapping, MultiOrganization, Pause, SharedData, TransactionSync,
};
use crate::document::DocumentKind;
use crate::module::{CrmModule, Direction, DuplicatePolicy, ItemMatchKey, Side, SyncModule};
use crate::record::CrmRecordType;

const ALL_POLICIES: &[DuplicatePolicy] =
    &[DuplicatePolicy::Clone, DuplicatePolicy::Overwrite, DuplicatePolicy::Skip];
const BOTH: &[Direction] = &[Direction::FetchFromCrm, Direction::BothWays];
const ALL_VIEWS: &[CrmRecordType] = CrmRecordType::ALL;
const OF_USERS: &[SharedData] =
    &[SharedData::OrganizationName, SharedData::Email, SharedData::Country, SharedData::Users];
const OF_CONTACTS: &[SharedData] =
    &[SharedData::OrganizationName, SharedData::Email, SharedData::Country, SharedData::Contacts];

const OF_BOOKS: &[DocumentKind] = &[
    DocumentKind::Estimate,
    DocumentKind::SalesOrder,
    DocumentKind::Invoice,
    DocumentKind::CreditNote,
    DocumentKind::CustomerPayment,
    DocumentKind::PurchaseOrder,
    DocumentKind::Bill,
    DocumentKind::Expense,
];

/// ERP: the newest guide, and the most complete.
pub const ERP: CapabilityProfile = CapabilityProfile {
    key: "ERP",
    modules: SyncModule::ALL,
    customer_crm_modules: CrmModule::ALL,
    directions: BOTH,
    default_direction: Direction::BothWays,
    extent_modules: SyncModule::ALL,
    duplicate_policies: ALL_POLICIES,
    sku_duplicate_policies: &[DuplicatePolicy::Overwrite, DuplicatePolicy::Skip],
    is_duplicate_policy_shared: false,
    item_match_keys: ItemMatchKey::ALL,
    customers_first: Side::Crm,
    vendors_first: Side::Crm,
    items_first: Side::Finance,
    views: ALL_VIEWS,
    mapping: Mapping::Free,
    fixed_maps: &[],
    is_unassociated_offered: true,
    is_standard_layout_only: true,
    vendor_custom_field_limit: None,
    is_account_also_person: false,
    is_user_sync_offered: false,
    auto_interval_hours: 2,
    is_auto_opt_in: false,
    pause: Pause::Module,
    is_single_resync_offered: true,
    is_status_check_offered: true,
    delete_crm_origin: DeletePropagation::DeleteOrDeactivate,
    delete_finance_origin: DeletePropagation::Keep,
    multi_organization: MultiOrganization::SupportOneWay,
    credential: CredentialKind::PickOrganization,
    shared_data: OF_USERS,
    transaction_sync: TransactionSync::None,
    documents: &[],
    estimate_trigger: EstimateTrigger::None,
    invoice_trigger: InvoiceTrigger::None,
    is_stopped_by_manual_status: false,
    is_deal_link_offered: false,
    exit_actions: &[ExitAction::Disable, ExitAction::DeleteWithConversion],
    min_edition: Some(Edition::Professional),
    is_on_request: true,
};

/// Books as it was in 2013: accounts and contacts, one way, with a fixed list of fields.
pub const BOOKS_2013: CapabilityProfile = CapabilityProfile {
    key: "BOOKS_2013",
    modules: &[SyncModule::Customers],
    directions: &[Direction::FetchFromCrm],
    default_direction: Direction::FetchFromCrm,
    extent_modules: &[],
    item_match_keys: &[],
    items_first: Side::Crm,
    views: &[],
    mapping: Mapping::Fixed,
    fixed_maps: BOOKS_2013_MAPS,
    is_unassociated_offered: false,
    is_standard_layout_only: false,
    auto_interval_hours: 12,
    is_auto_opt_in: true,
    pause: Pause::None,
    is_single_resync_offered: false,
    is_status_check_offered: false,
    multi_organization: MultiOrganization::Never,
    credential: CredentialKind::FinanceServiceKey,
    shared_data: OF_CONTACTS,
    transaction_sync: TransactionSync::OnDemand,
    documents: &[DocumentKind::Estimate, DocumentKind::Invoice],
    estimate_trigger: EstimateTrigger::DealLife,
    invoice_trigger: InvoiceTrigger::WonLost,
    is_stopped_by_manual_status: true,
    exit_actions: &[ExitAction::Deactivate],
    min_edition: None,
    is_on_request: false,
    ..ERP
};

/// The finance suite as seen from the CRM: Books and Invoice.
pub const SUITE: CapabilityProfile = CapabilityProfile {
    key: "SUITE",
    directions: &[Direction::BothWays],
    default_direction: Direction::BothWays,
    extent_modules: &[],
    is_duplicate_policy_shared: true,
    item_match_keys: &[ItemMatchKey::Name],
    views: &[CrmRecordType::Account, CrmRecordType::Contact, CrmRecordType::Vendor],
    is_unassociated_offered: false,
    is_standard_layout_only: false,
    pause: Pause::Integration,
    is_single_resync_offered: false,
    is_status_check_offered: false,
    multi_organization: MultiOrganization::Replaceable,
    credential: CredentialKind::FinanceServiceKey,
    shared_data: OF_CONTACTS,
    transaction_sync: TransactionSync::Instant,
    documents: OF_BOOKS,
    estimate_trigger: EstimateTrigger::ByStage,
    invoice_trigger: InvoiceTrigger::WonLost,
    is_stopped_by_manual_status: true,
    is_deal_link_offered: true,
    exit_actions: &[ExitAction::Deactivate],
    is_on_request: false,
    ..ERP
};

/// Billing, formerly Subscriptions.
pub const BILLING: CapabilityProfile = CapabilityProfile {
    key: "BILLING",
    modules: &[SyncModule::Customers],
    default_direction: Direction::FetchFromCrm,
    extent_modules: &[SyncModule::Customers],
    item_match_keys: &[],
    views: &[CrmRecordType::Account, CrmRecordType::Contact],
    is_standard_layout_only: false,
    pause: Pause::Integration,
    is_single_resync_offered: false,
    is_status_check_offered: false,
    multi_organization: MultiOrganization::Replaceable,
    credential: CredentialKind::CrmServiceKey,
    transaction_sync: TransactionSync::Instant,
    documents: &[
        DocumentKind::Estimate,
        DocumentKind::Invoice,
        DocumentKind::CreditNote,
        DocumentKind::CustomerPayment,
        DocumentKind::Subscription,
    ],
    invoice_trigger: InvoiceTrigger::Won,
    is_deal_link_offered: true,
    exit_actions: &[ExitAction::Disable],
    is_on_request: false,
    ..ERP
};

/// Books as it is sold today (X04–X08).
pub const BOOKS_NOW: CapabilityProfile = CapabilityProfile {
    key: "BOOKS_NOW",
    vendor_custom_field_limit: Some(10),
    credential: CredentialKind::FinanceServiceKey,
    transaction_sync: TransactionSync::Instant,
    documents: OF_BOOKS,
    estimate_trigger: EstimateTrigger::ByStage,
    invoice_trigger: InvoiceTrigger::WonLost,
    is_stopped_by_manual_status: true,
    is_deal_link_offered: true,
    exit_actions: &[ExitAction::Deactivate, ExitAction::Disable, ExitAction::DeleteWithConversion],
    is_on_request: false,
    ..ERP
};

/// Books in the versions that bring accounts as customers and as contact persons of them (X08). No new connection gets it.
pub const BOOKS_ACCOUNT_PERSONS: CapabilityProfile =
    CapabilityProfile { key: "BOOKS_ACCOUNT_PERSONS", is_account_also_person: true, ..BOOKS_NOW };

/// Invoice as it is sold today: Books without vendors, and for every edition of the CRM (X10).
pub const INVOICE_NOW: CapabilityProfile = CapabilityProfile {
    key: "INVOICE_NOW",
    modules: &[SyncModule::Customers, SyncModule::Items],
    extent_modules: &[SyncModule::Customers, SyncModule::Items],
    views: &[CrmRecordType::Account, CrmRecordType::Contact, CrmRecordType::Product],
    vendor_custom_field_limit: None,
    documents: &[
        DocumentKind::Estimate,
        DocumentKind::Invoice,
        DocumentKind::CreditNote,
        DocumentKind::CustomerPayment,
    ],
    min_edition: None,
    ..BOOKS_NOW
};

/// Expense as it is sold today: customers, and CRM users as its own (X11, X12).
pub const EXPENSE_NOW: CapabilityProfile = CapabilityProfile {
    key: "EXPENSE_NOW",
    modules: &[SyncModule::Customers],
    extent_modules: &[SyncModule::Customers],
    item_match_keys: &[],
    views: &[CrmRecordType::Account, CrmRecordType::Contact],
    is_user_sync_offered: true,
    documents: &[DocumentKind::Expense, DocumentKind::ExpenseReport],
    estimate_trigger: EstimateTrigger::None,
    invoice_trigger: InvoiceTrigger::None,
    ..INVOICE_NOW
};
