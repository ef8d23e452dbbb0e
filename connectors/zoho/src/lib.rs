//! Zoho's finance apps over their REST APIs. Each app is a row of data in `product`; what differs
//! between them in paths and members is in `words`.
//!
//! Everything that leaves goes through one request function (`client`), which adds the access token, waits no longer
//! than the caller asked, and turns whatever comes back into a [`finbridge_contract::FailureKind`].

mod adapter;
mod app;
mod auth;
mod client;
mod cursor;
mod document;
mod envelope;
mod lenient;
mod map;
mod observe;
mod product;
mod transport;
mod webhook;
mod wire;
mod words;

pub use app::{App, ZohoApp, ZohoConfig};
