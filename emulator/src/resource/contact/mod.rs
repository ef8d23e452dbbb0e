//! Contacts: customers and vendors, their addresses and their import from the CRM.

pub(crate) mod address;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod model;
pub(crate) mod routes;
pub(crate) mod rules;
pub(crate) mod view;
