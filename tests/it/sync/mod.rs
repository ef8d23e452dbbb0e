//! The sync engine, from GraphQL to the finance side and back.

mod both_ways;
mod control;
mod crashes;
mod duplicates;
mod exact;
mod failures;
mod merge;
mod modules;
mod runs;
mod settings;
mod support;
mod views;
