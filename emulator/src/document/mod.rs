//! What sales and purchase documents share: the party, the currency, the lines and the totals; and what sales documents
//! share alone: addresses, contact persons, layouts, payments and credits, refunds.

pub(crate) mod account;
pub(crate) mod address;
pub(crate) mod application;
pub(crate) mod gst;
pub(crate) mod layout;
pub(crate) mod line;
pub(crate) mod party;
pub(crate) mod person;
pub(crate) mod refund;
pub(crate) mod sale;
pub(crate) mod tax;
pub(crate) mod total;
