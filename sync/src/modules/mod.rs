//! What each sync module reads from the CRM and how its fields map to the finance side.

pub mod customers;
