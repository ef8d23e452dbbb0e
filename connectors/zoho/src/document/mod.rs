//! Documents: estimates, orders, invoices and the like.

mod adapter;
mod expense;
mod letter;
mod lookup;
mod read;
mod stock;
mod words;
mod write;

pub(crate) use adapter::Documents;
pub(crate) use expense::categories;
pub(crate) use lookup::Lookup;
pub(crate) use stock::stock;
pub(crate) use words::{DocumentWords, OF_BILLING, OF_BOOKS, OF_EXPENSE, OF_INVOICE};
