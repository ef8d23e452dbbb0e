//! Billing v1 (section 12). Its customers, invoices, payments, quotes and credit notes are the organization's contacts
//! and documents, which Books shows in shapes of its own.

pub(crate) mod addon;
mod books;
pub(crate) mod code;
pub(crate) mod coupon;
pub(crate) mod creditnote;
pub(crate) mod customer;
pub(crate) mod event;
pub(crate) mod fields;
pub(crate) mod hosted;
pub(crate) mod invoice;
pub(crate) mod payment;
pub(crate) mod plan;
pub(crate) mod price;
pub(crate) mod product;
pub(crate) mod quote;
pub(crate) mod refund;
pub(crate) mod shared;
pub(crate) mod subscription;

pub(crate) use subscription::cycle::catch_up;
