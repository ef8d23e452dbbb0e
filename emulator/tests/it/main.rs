//! The emulator over real HTTP.
#![expect(clippy::unwrap_used, reason = "a failed assumption of a test should fail the test where it stands")]

mod bills;
mod contacts;
mod control;
mod durability;
mod employee_expenses;
mod encoding;
mod errors;
mod expense_reports;
mod expenses;
mod integration;
mod lists;
mod oauth;
mod purchase_world;
mod purchaseorders;
mod vendorpayments;
mod world;
