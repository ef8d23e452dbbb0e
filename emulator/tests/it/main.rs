//! The emulator over real HTTP.
#![expect(clippy::unwrap_used, reason = "a failed assumption of a test should fail the test where it stands")]

mod billing_catalogue;
mod billing_changes;
mod billing_customers;
mod billing_documents;
mod billing_events;
mod billing_hosted;
mod billing_renewals;
mod billing_subscriptions;
mod billing_world;
mod contacts;
mod control;
mod creditnotes;
mod customerpayments;
mod durability;
mod encoding;
mod errors;
mod estimates;
mod integration;
mod invoices;
mod lists;
mod oauth;
mod sales;
mod sales_details;
mod salesorders;
mod totals;
mod world;
