//! The sync engine, from GraphQL to the finance side and back.

mod apps;
mod books_2013;
mod both_ways;
mod budget;
mod control;
mod crashes;
mod decisions;
mod duplicates;
mod exact;
mod failures;
mod faults;
mod leaving;
mod lineage;
mod link_map;
mod mapping;
mod merge;
mod modules;
mod plan;
mod profiles;
mod runs;
mod settings;
pub mod support;
mod undo;
mod views;
mod webhooks;
mod worlds;
