//! Organizations.

pub(crate) mod routes;
pub(crate) mod view;

use crate::auth::Need;
use crate::product::Product;
use crate::routes::Handler::Plain;
use crate::routes::{Operation, Served, op};

const CREATE: Need = ("settings", "create");
const READ: Need = ("settings", "read");
const UPDATE: Need = ("settings", "update");
const HERE: Served = Served::By(&[Product::Books, Product::Erp, Product::Invoice]);

/// The operations. None of them needs an organization to be selected.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(HERE, "GET", "organizations", READ, "List organizations", Plain(routes::list)).unscoped(),
    op(HERE, "POST", "organizations", CREATE, "Create an organization", Plain(routes::create)).unscoped(),
    op(HERE, "GET", "organizations/*", READ, "Get an organization", Plain(routes::read)).unscoped(),
    op(HERE, "PUT", "organizations/*", UPDATE, "Update an organization", Plain(routes::update)).unscoped(),
];
