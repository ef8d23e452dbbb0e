//! The Finbridge server: GraphQL, services, HTTP, the worker, and the command line around them.

pub mod app;
pub mod auth;
pub mod cli;
pub mod config;
pub mod graphql;
pub mod http;
pub mod import;
pub mod secrets;
pub mod service;
