//! The GraphQL schema. Its types have shapes of their own and never show rows.

pub mod account;
pub mod connection;
pub mod contact;
pub mod context;
pub mod custom_field;
pub mod deal;
pub mod error;
pub mod exchange_rate;
pub mod filter;
pub mod guard;
pub mod integration;
pub mod loader;
pub mod node;
pub mod note;
pub mod pipeline;
pub mod product;
pub mod record;
pub mod resume;
pub mod scalar;
pub mod schema;
pub mod search;
pub mod stage;
pub mod summary;
pub mod sync;
pub mod syncable;
pub mod tag;
pub mod token;
pub mod transaction;
pub mod trigger;
pub mod user;
pub mod vendor;
pub mod view;
pub mod viewer;

pub use schema::{FinbridgeSchema, Introspection, build, build_streaming, build_traced, sdl};
