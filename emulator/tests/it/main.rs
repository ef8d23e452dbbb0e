//! The emulator over real HTTP.
#![expect(clippy::unwrap_used, reason = "a failed assumption of a test should fail the test where it stands")]

mod attachments;
mod comments;
mod contacts;
mod control;
mod durability;
mod encoding;
mod errors;
mod integration;
mod lists;
mod mail;
mod oauth;
mod outbox;
mod papers;
mod pdf;
mod world;
