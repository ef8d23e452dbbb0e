//! Documents of finance apps in the CRM: a mirror, read by cursors, woken by webhooks, swept for what is gone.
//!
//! Nothing is ever written to a finance app from here, and no document of the CRM's own comes into it (R003).

pub mod detail;
pub mod feed;
pub mod lines;
pub(crate) mod made;
pub mod read;
pub mod store;
mod sweep;
mod told;
pub mod wake;
