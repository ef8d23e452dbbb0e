//! The emulator over real HTTP.
#![expect(clippy::unwrap_used, reason = "a failed assumption of a test should fail the test where it stands")]

mod clock;
mod consent;
mod contacts;
mod control;
mod docs;
mod durability;
mod encoding;
mod errors;
mod fault_delivery;
mod faults;
mod generator;
mod hosts;
mod integration;
mod journal;
mod limits;
mod lists;
mod oauth;
mod scenarios;
mod scopes;
mod snapshots;
mod tls;
mod webhooks;
mod world;
