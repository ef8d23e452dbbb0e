//! One module per resource. What all of them share is in `engine` and, for documents with lines, in `document`.

pub(crate) mod account;
pub(crate) mod bill;
pub(crate) mod billing;
pub(crate) mod contact;
pub(crate) mod contact_person;
pub(crate) mod creditnote;
pub(crate) mod currency;
pub(crate) mod custom_field;
pub(crate) mod customerpayment;
pub(crate) mod estimate;
pub(crate) mod exchange_rate;
pub(crate) mod expense;
pub(crate) mod expense_v1;
pub(crate) mod extra;
pub(crate) mod field;
pub(crate) mod invoice;
pub(crate) mod item;
pub(crate) mod members;
pub(crate) mod organization;
pub(crate) mod packed;
pub(crate) mod purchase;
pub(crate) mod purchaseorder;
pub(crate) mod receipt;
pub(crate) mod salesorder;
pub(crate) mod step;
pub(crate) mod tax;
pub(crate) mod text;
pub(crate) mod unbuilt;
pub(crate) mod user;
pub(crate) mod vendorpayment;

use crate::engine::spec::Resource;
use crate::routes::Operation;
use crate::store::kind::Kind;

/// The resource whose rules hold for a kind of record.
pub(crate) fn of(kind: Kind) -> &'static dyn Resource {
    match kind {
        // Contacts have a table of their own, and no record of the common tables is of their kind.
        Kind::Contact => &contact::Unlisted,
        Kind::Item => &item::Item,
        Kind::Estimate => &estimate::Estimate,
        Kind::SalesOrder => &salesorder::SalesOrder,
        Kind::Invoice => &invoice::Invoice,
        Kind::CreditNote => &creditnote::CreditNote,
        Kind::CustomerPayment => &customerpayment::CustomerPayment,
        Kind::PurchaseOrder => &purchaseorder::PurchaseOrder,
        Kind::Bill => &bill::Bill,
        Kind::VendorPayment => &vendorpayment::VendorPayment,
        Kind::Expense => &expense::Expense,
        Kind::ExchangeRate => &exchange_rate::ExchangeRate,
        Kind::Tax => &tax::Tax,
        Kind::TaxAuthority => &tax::authority::TaxAuthority,
        Kind::TaxExemption => &tax::exemption::TaxExemption,
        Kind::User => &user::User,
        Kind::ItemImage => &item::image::ItemImage,
        Kind::Account => &account::Account,
        Kind::CustomField => &custom_field::CustomField,
        Kind::Comment => &extra::comment::Comment,
        Kind::Attachment => &extra::attachment::Attachment,
        Kind::EmployeeExpense => &expense_v1::expense::EmployeeExpense,
        Kind::ExpenseReport => &expense_v1::report::ExpenseReport,
        Kind::ExpenseCategory => &expense_v1::category::ExpenseCategory,
        Kind::Receipt => &receipt::Receipt,
        Kind::Product => &billing::product::Product,
        Kind::Plan => &billing::plan::Plan,
        Kind::Addon => &billing::addon::Addon,
        Kind::Coupon => &billing::coupon::Coupon,
        Kind::Subscription => &billing::subscription::Subscription,
        Kind::BillingEvent => &billing::event::BillingEvent,
        Kind::HostedPage => &billing::hosted::HostedPage,
        Kind::UnbilledCharge => &billing::subscription::unbilled::UnbilledCharge,
    }
}

/// Every operation there is.
pub(crate) static OPERATIONS: &[&[Operation]] = &[
    contact::OPERATIONS,
    organization::OPERATIONS,
    user::OPERATIONS,
    crate::integration::OPERATIONS,
    item::OPERATIONS,
    estimate::OPERATIONS,
    salesorder::OPERATIONS,
    invoice::OPERATIONS,
    creditnote::OPERATIONS,
    customerpayment::OPERATIONS,
    purchaseorder::OPERATIONS,
    bill::OPERATIONS,
    vendorpayment::OPERATIONS,
    expense::OPERATIONS,
    currency::OPERATIONS,
    exchange_rate::OPERATIONS,
    tax::OPERATIONS,
    tax::authority::OPERATIONS,
    tax::exemption::OPERATIONS,
    account::OPERATIONS,
    custom_field::OPERATIONS,
    extra::comment::OPERATIONS,
    extra::attachment::OPERATIONS,
    expense_v1::common::OPERATIONS,
    expense_v1::user::OPERATIONS,
    extra::mail::OPERATIONS,
    extra::render::OPERATIONS,
    expense_v1::expense::OPERATIONS,
    expense_v1::report::OPERATIONS,
    expense_v1::category::OPERATIONS,
    billing::product::OPERATIONS,
    billing::plan::OPERATIONS,
    billing::addon::OPERATIONS,
    billing::coupon::OPERATIONS,
    billing::subscription::OPERATIONS,
    billing::subscription::unbilled::OPERATIONS,
    billing::event::OPERATIONS,
    billing::customer::OPERATIONS,
    billing::hosted::OPERATIONS,
    billing::invoice::OPERATIONS,
    billing::payment::OPERATIONS,
    billing::creditnote::OPERATIONS,
    billing::quote::OPERATIONS,
    billing::refund::OPERATIONS,
    billing::shared::OPERATIONS,
    unbuilt::RECURRING_INVOICES,
    unbuilt::RETAINER_INVOICES,
    unbuilt::RECURRING_EXPENSES,
    unbuilt::VENDOR_CREDITS,
    unbuilt::JOURNALS,
    unbuilt::BANK_ACCOUNTS,
    unbuilt::BANK_TRANSACTIONS,
    unbuilt::PROJECTS,
    unbuilt::TASKS,
    unbuilt::ALL_TASKS,
    unbuilt::TIME_ENTRIES,
    unbuilt::EXPENSE_CATEGORIES,
    unbuilt::SINGLE,
];
