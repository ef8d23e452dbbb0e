//! Zoho's finance apps over their REST APIs. This release serves Books.
//!
//! Everything that leaves goes through one request function (`client`), which adds the access token, waits no longer
//! than the caller asked, and turns whatever comes back into a [`finbridge_contract::FailureKind`].

mod adapter;
mod auth;
mod books;
mod client;
mod cursor;
mod envelope;
mod lenient;
mod map;
mod observe;
mod product;
mod transport;
mod wire;

pub use books::{Books, ZohoConfig};
