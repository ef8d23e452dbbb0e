//! The Finbridge server: GraphQL, services, HTTP, the worker, and the command line around them.

pub mod import;
