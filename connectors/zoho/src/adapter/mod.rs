//! The contract's adapters, one file per kind of record.

pub(crate) mod contact;
pub(crate) mod item;
pub(crate) mod person;
pub(crate) mod table;
pub(crate) mod user;
