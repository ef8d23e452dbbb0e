//! The contract's adapters, one file per kind of record.

pub(crate) mod customer;
