//! Zoho Expense (section 13): expenses of employees, the reports they hand them in with, and the categories.

pub(crate) mod category;
pub(crate) mod common;
pub(crate) mod expense;
pub(crate) mod period;
pub(crate) mod report;
pub(crate) mod user;
