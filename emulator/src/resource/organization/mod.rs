//! Organizations.

pub(crate) mod routes;
pub(crate) mod view;
