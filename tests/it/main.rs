//! End-to-end tests: real HTTP, real databases, the real emulator.

#![allow(clippy::unwrap_used, reason = "a test that finds something missing is meant to stop there")]

mod connector;
mod connector_documents;
mod events;
mod graphql;
mod jobs;
mod sync;
mod transaction;
mod trigger;
mod workshop;
