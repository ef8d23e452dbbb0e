//! Identifiers: UUID v7 inside, TypeID outside (`deal_01j…`), and the 18-digit ids that finance apps can carry.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex};

use type_safe_id::{DynamicType, TypeSafeId};
use uuid::{ContextV7, Timestamp, Uuid};

use crate::clock::Clock;

macro_rules! node_kinds {
    ($($(#[$doc:meta])* $kind:ident => $prefix:literal,)+) => {
        /// The kinds of stored things that have an id of their own; the prefix is part of every outside id.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum NodeKind { $($(#[$doc])* $kind,)+ }

        impl NodeKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// The prefix of outside ids of this kind.
            pub const fn prefix(self) -> &'static str {
                match self { $(Self::$kind => $prefix,)+ }
            }
        }
    };
}

node_kinds! {
    /// A tenant.
    Organization => "org",
    /// A person who signs in.
    User => "user",
    /// A person's place in an organization.
    Membership => "member",
    /// An API token.
    ApiToken => "token",
    /// A company in the CRM.
    Account => "account",
    /// A person in the CRM.
    Contact => "contact",
    /// A supplier in the CRM.
    Vendor => "vendor",
    /// A product in the CRM.
    Product => "product",
    /// A list price of a product in a further currency.
    ProductPrice => "price",
    /// An order of stages.
    Pipeline => "pipeline",
    /// A stage a deal can be in.
    Stage => "stage",
    /// An opportunity.
    Deal => "deal",
    /// A product line of a deal.
    DealLine => "dealline",
    /// A field that an organization added to its records.
    CustomField => "field",
    /// Which custom fields a record shows.
    Layout => "layout",
    /// A tag.
    Tag => "tag",
    /// A note on a record.
    Note => "note",
    /// Criteria kept under a name.
    View => "view",
    /// A connection to a finance app.
    Integration => "integration",
    /// An organization on the finance side.
    FinanceOrganization => "finorg",
    /// A module of a connection, with its settings.
    SyncModule => "syncmodule",
    /// A run of the sync engine.
    SyncRun => "syncrun",
    /// What a run did, or means to do, with one record.
    SyncRunItem => "syncitem",
    /// A pair of records that are the same thing on both sides.
    RecordLink => "link",
    /// A field that both sides changed.
    SyncConflict => "conflict",
    /// Where the value of a field of a linked record came from.
    FieldLineage => "lineage",
    /// A document of a finance app.
    Transaction => "txn",
    /// A line of a document.
    TransactionLine => "txnline",
    /// Something that was asked of a finance app about a document.
    TransactionJob => "txnjob",
    /// What a trigger did, or did not do.
    TriggerLogEntry => "triggerlog",
    /// One of the CRM's own exchange rates.
    ExchangeRate => "rate",
}

impl NodeKind {
    fn from_prefix(prefix: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.prefix() == prefix)
    }
}

/// An id as clients see it: kind and UUID, written as a TypeID (`account_01h455vb4pex5vsknk084sn02q`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeId {
    /// What the id names.
    pub kind: NodeKind,
    /// The UUID v7 in the database.
    pub uuid: Uuid,
}

/// The text is not an id that this server could have issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an id of this API; pass an `id` exactly as a query returned it")]
pub struct InvalidNodeId(pub String);

impl NodeId {
    /// Names the thing of this kind with this UUID.
    pub const fn new(kind: NodeKind, uuid: Uuid) -> Self {
        Self { kind, uuid }
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DynamicType::new(self.kind.prefix()) {
            Ok(prefix) => write!(f, "{}", TypeSafeId::from_type_and_uuid(prefix, self.uuid)),
            Err(_) => Err(fmt::Error),
        }
    }
}

impl FromStr for NodeId {
    type Err = InvalidNodeId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidNodeId(text.chars().take(64).collect());
        let id: TypeSafeId<DynamicType> = text.parse().map_err(|_| invalid())?;
        let kind = NodeKind::from_prefix(id.type_prefix()).ok_or_else(invalid)?;
        Ok(Self { kind, uuid: id.uuid() })
    }
}

/// The immutable 18-digit number by which a finance app knows a CRM record (its APIs take digit strings only).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WireId(pub i64);

impl fmt::Display for WireId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:018}", self.0)
    }
}

/// The generator of all ids. Ids made by one generator ascend, so rows keep the order of their making.
pub struct Ids {
    clock: Arc<dyn Clock>,
    context: Mutex<ContextV7>,
    last_wire_id: Mutex<i64>,
}

impl Ids {
    /// A generator that stamps ids with this clock's time.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, context: Mutex::new(ContextV7::new()), last_wire_id: Mutex::new(0) }
    }

    /// A new UUID v7.
    pub fn uuid(&self) -> Uuid {
        let now = self.clock.now();
        let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
        let context = self.context.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        Uuid::new_v7(Timestamp::from_unix(&*context, seconds, now.timestamp_subsec_nanos()))
    }

    /// A new wire id: milliseconds shifted by 18 bits, then 16 random bits that make two processes unlikely to meet.
    /// The database's unique key is what excludes it.
    pub fn wire_id(&self) -> WireId {
        const SHIFT: u32 = 18;
        let random = i64::from(self.uuid().as_fields().3[7]) | (i64::from(self.uuid().as_fields().3[6]) << 8);
        let candidate = (self.clock.now().timestamp_millis() << SHIFT) | random;
        let mut last = self.last_wire_id.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        *last = candidate.max(*last + 1);
        WireId(*last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{SystemClock, VirtualClock};

    #[test]
    fn ids_read_back_as_written_for_every_kind() {
        let ids = Ids::new(Arc::new(SystemClock));
        for kind in NodeKind::ALL {
            let id = NodeId::new(*kind, ids.uuid());
            assert_eq!(id.to_string().parse(), Ok(id));
        }
    }

    #[test]
    fn foreign_text_is_refused() {
        for text in [
            "",
            "account",
            "account_",
            "nothing_01h455vb4pex5vsknk084sn02q",
            "account_01h455vb4pex5vsknk084sn02!",
        ] {
            assert!(text.parse::<NodeId>().is_err(), "{text}");
        }
    }

    #[test]
    fn ids_ascend_and_wire_ids_have_eighteen_digits_even_when_time_stands_still() {
        let start = "2026-01-05T12:00:00Z".parse().unwrap();
        let ids = Ids::new(Arc::new(VirtualClock::starting_at(start)));
        let (mut uuid, mut wire) = (ids.uuid(), ids.wire_id());
        for _ in 0..10_000 {
            let (next_uuid, next_wire) = (ids.uuid(), ids.wire_id());
            assert!(next_uuid > uuid && next_wire > wire);
            assert_eq!(next_wire.to_string().len(), 18);
            (uuid, wire) = (next_uuid, next_wire);
        }
    }
}
