//! The resources of Books v3.

pub(crate) mod contact;
pub(crate) mod contact_person;
pub(crate) mod field;
pub(crate) mod organization;
pub(crate) mod user;
