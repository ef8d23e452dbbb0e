//! Billing v1 (section 12).

pub(crate) mod addon;
pub(crate) mod coupon;
pub(crate) mod event;
pub(crate) mod plan;
pub(crate) mod product;
pub(crate) mod subscription;
