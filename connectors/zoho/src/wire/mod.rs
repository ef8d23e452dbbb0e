//! The vendor's answers, as far as they are needed. Members that are not named here are ignored.

pub(crate) mod contact;
pub(crate) mod organization;
