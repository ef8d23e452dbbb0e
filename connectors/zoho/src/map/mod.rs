//! Between the vendor's members and the domain's fields.

pub(crate) mod customer;
