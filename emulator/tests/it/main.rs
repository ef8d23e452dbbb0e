//! The emulator over real HTTP.
#![expect(clippy::unwrap_used, reason = "a failed assumption of a test should fail the test where it stands")]

mod contacts;
mod control;
mod durability;
mod encoding;
mod errors;
mod fork;
mod imports;
mod integration;
mod lists;
mod merge;
mod oauth;
mod provision;
mod world;
