//! Documents: estimates, orders, invoices and the like.

mod adapter;
mod read;
mod words;
mod write;

pub(crate) use adapter::Documents;
pub(crate) use words::{DocumentWords, OF_BILLING, OF_BOOKS, OF_EXPENSE, OF_INVOICE};
