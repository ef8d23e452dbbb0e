//! What sales and purchase documents share: the party, the currency, the lines and the totals.

pub(crate) mod account;
pub(crate) mod line;
pub(crate) mod party;
pub(crate) mod tax;
pub(crate) mod total;
