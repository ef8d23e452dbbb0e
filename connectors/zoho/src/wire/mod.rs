//! The vendor's answers, as far as they are needed. Members that are not named here are ignored.

pub(crate) mod body;
pub(crate) mod organization;
pub(crate) mod row;
