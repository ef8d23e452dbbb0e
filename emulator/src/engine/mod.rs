//! What all resources have in common: create, read, update, delete, upsert, lists, and the tables that describe them.

pub(crate) mod criteria;
pub(crate) mod desk;
pub(crate) mod list;
pub(crate) mod reader;
pub(crate) mod spec;
pub(crate) mod upsert;
pub(crate) mod write;
