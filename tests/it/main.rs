//! End-to-end tests: real HTTP, real databases, the real emulator.

mod connector;
mod graphql;
mod jobs;
mod sync;
mod workshop;
