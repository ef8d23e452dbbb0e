//! The emulator over real HTTP.
#![expect(clippy::unwrap_used, reason = "a failed assumption of a test should fail the test where it stands")]

mod billing_catalogue;
mod billing_customers;
mod billing_world;
mod contacts;
mod control;
mod durability;
mod encoding;
mod errors;
mod integration;
mod lists;
mod oauth;
mod world;
