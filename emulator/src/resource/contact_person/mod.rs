//! Contact persons: the people of a contact.

pub(crate) mod model;
pub(crate) mod routes;
