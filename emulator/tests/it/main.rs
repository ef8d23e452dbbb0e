//! The emulator over real HTTP.
#![expect(clippy::unwrap_used, reason = "a failed assumption of a test should fail the test where it stands")]

mod clock;
mod consent;
mod contacts;
mod control;
mod creditnotes;
mod customerpayments;
mod docs;
mod durability;
mod encoding;
mod errors;
mod estimates;
mod fault_delivery;
mod faults;
mod hosts;
mod integration;
mod invoices;
mod journal;
mod limits;
mod lists;
mod oauth;
mod sales;
mod sales_details;
mod salesorders;
mod scopes;
mod tls;
mod totals;
mod webhooks;
mod world;
