//! The emulator over real HTTP.
#![expect(clippy::unwrap_used, reason = "a failed assumption of a test should fail the test where it stands")]

mod accounts;
mod calls;
mod contacts;
mod control;
mod currencies;
mod custom_fields;
mod durability;
mod encoding;
mod errors;
mod integration;
mod item_lists;
mod items;
mod lists;
mod oauth;
mod organizations;
mod restart;
mod taxes;
mod upsert;
mod users;
mod world;
