//! Steers a running Finbridge emulator over HTTP: clock, chance, faults, limits, errors, journal, snapshots,
//! forks, scenarios and webhooks.
//!
//! The crate speaks the emulator's control surface (`/_emulator`) and shares no type with the emulator, so it also
//! shows whether that surface can be used by others. Every error says what to do about it.
//!
//! ```no_run
//! use std::time::Duration;
//! use finbridge_emulator_client::{Control, Fault, JournalQuery};
//!
//! # async fn example() -> Result<(), finbridge_emulator_client::ControlError> {
//! let control = Control::new("http://127.0.0.1:8081");
//! control.freeze(None).await?;
//! let fault = control.add_fault(&Fault::preset("429_minute").path("/books/v3/**").count(1)).await?;
//! // ... run the client under test ...
//! control.advance(Duration::from_secs(60)).await?;
//! assert_eq!(control.fault(fault).await?.fired, 1);
//! control.expect_count(&JournalQuery::new().method("POST").path("/books/v3/contacts"), 1).await?;
//! # Ok(())
//! # }
//! ```

mod clock;
mod error;
mod fault;
mod http;
mod journal;
mod limit;
mod outbox;
mod override_error;
mod seed;
mod service;
mod snapshot;
mod webhook;

pub use clock::{Clock, ClockMode};
pub use error::ControlError;
pub use fault::{Action, Effect, ExceededLimit, Fault, FaultId, FaultState, Preset};
pub use http::Control;
pub use journal::{Entry, JournalQuery, Order, Outcome};
pub use limit::{
    ConcurrentLimits, DayLimits, LimitUsage, Limits, LimitsInForce, OrganizationUsage, UserUsage,
};
pub use outbox::{Mail, MailDocument, MailFile, MailQuery};
pub use override_error::{ErrorOverride, ErrorRow};
pub use seed::{GenerateOrder, Generated, Played};
pub use service::{CodeOrder, Health};
pub use snapshot::{Fork, ForkOrder, Snapshot};
pub use webhook::{
    Delivery, DeliveryQuery, DeliveryStatus, Mishap, Shot, SignatureEncoding, Webhook, WebhookFault,
    WebhookFormat, WebhookMethod,
};
