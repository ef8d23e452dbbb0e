//! Finbridge's vocabulary: ids, money, time, modules, records and capability profiles.
//!
//! Nothing here does I/O, and nothing here knows the database, GraphQL or any finance app.

pub mod clock;
pub mod currency;
pub mod document;
pub mod id;
pub mod module;
pub mod money;
pub mod name;
pub mod profile;
pub mod record;

pub use clock::{Clock, SystemClock, VirtualClock};
pub use currency::{CurrencyCode, UnknownCurrency};
pub use document::{
    ConversionError, DocumentAct, DocumentKind, DocumentStatus, HomeAmount, MayNot, PartyKind, is_rate_inverted,
};
pub use id::{Ids, InvalidNodeId, NodeId, NodeKind, WireId};
pub use module::{
    BothModifiedPolicy, CompareNameWith, CrmModule, Direction, DuplicatePolicy, ItemMatchKey, Lane, Members,
    Side, SyncModule, SyncSettings, ViewChoice, map_key,
};
pub use money::{Amount, AmountError, Money};
pub use name::{fold, name_key, name_words};
pub use profile::{CapabilityProfile, DeletePropagation, SettingsRefusal, SettingsWish};
