//! Expense v1 (section 13).

pub(crate) mod category;
pub(crate) mod expense;
pub(crate) mod report;
