//! The Finbridge server: GraphQL, services, HTTP, the worker, and the command line around them.

// Merged root objects nest once for each part, and so do the futures that resolve them.
#![recursion_limit = "256"]

pub mod app;
pub mod auth;
pub mod cli;
pub mod config;
pub mod graphql;
pub mod http;
pub mod import;
pub mod secrets;
pub mod service;
pub mod telemetry;
