//! Fields that an organization adds to its records.

pub mod definition;
pub mod value;
