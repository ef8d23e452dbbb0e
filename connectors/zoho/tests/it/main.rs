//! The connector against recorded answers: what it sends, and what it makes of each shape that comes back.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

mod apps;
mod changes;
mod classification;
mod customers;
mod documents;
mod items;
mod persons;
mod setup;
mod support;
mod tokens;
