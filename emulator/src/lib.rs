//! An emulator of the Zoho finance REST APIs (Books, Invoice, ERP, Expense, Billing) with their OAuth server, for
//! development and tests.
//!
//! It keeps state, answers with the real service's shapes, codes and sentences, records every call, and fails on
//! demand. Clients written for the real API run against it unchanged.
//!
//! ```no_run
//! # async fn example() -> Result<(), finbridge_emulator::StartError> {
//! let emulator = finbridge_emulator::Emulator::builder().start().await?;
//! println!("Books v3 is at {}/books/v3", emulator.url());
//! emulator.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod auth;
mod builder;
mod clock;
mod control;
mod docs;
mod document;
mod emulator;
mod engine;
mod envelope;
mod error;
mod fault;
mod filter;
mod fork;
mod format;
mod generate;
mod host;
mod integration;
mod journal;
mod json;
mod launch;
mod limit;
mod oauth;
mod outbox;
mod page;
mod parse;
mod pattern;
mod product;
mod random;
mod request;
mod resource;
mod routes;
mod sample;
mod scenario;
mod scope;
mod seed;
mod server;
mod snapshot;
mod status_page;
mod store;
mod sync;
mod tls;
mod webhook;
mod writer;

pub use builder::{Builder, StartError};
pub use clock::{Clock, ClockError, ClockMode, ClockStart, ManualClock, SteeredClock, SystemClock};
pub use emulator::{Emulator, StateError};
pub use error::overrides::{ErrorOverride, ErrorOverrides, OverrideError};
pub use fault::{ExceededLimit, FaultAction, FaultId, FaultRule, FaultState};
pub use generate::{Generate, GenerateError};
pub use host::DataCentre;
pub use journal::JournalEntry;
pub use limit::{ConcurrentLimits, DayLimits, Limits};
pub use scenario::{Scenario, ScenarioError};
pub use seed::{
    DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, DEMO_EMAIL, DEMO_ORGANIZATION_ID, DEMO_ORGANIZATION_NAME,
    DEMO_USER_NAME, DEMO_ZSC_KEY, Seed, SeedClient, SeedCustomField, SeedOrganization, SeedUser,
};
pub use snapshot::SnapshotError;
pub use tls::TlsOptions;
