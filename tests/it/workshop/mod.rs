//! Checks of the repository itself.

mod crate_directions;
mod errors_catalogue;
mod requirements_coverage;
mod schema;
mod tables;
