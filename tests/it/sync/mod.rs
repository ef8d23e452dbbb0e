//! The sync engine, from GraphQL to the finance side and back.

mod crashes;
mod duplicates;
mod failures;
mod merge;
mod runs;
mod settings;
mod views;
