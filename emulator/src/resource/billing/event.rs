//! Events: what happened in Billing, for webhooks and for those who poll (section 15).

use crate::auth::Need;
use crate::engine::desk::Desk;
use crate::engine::spec::{Filters, Messages, Resource, Spec};
use crate::error::ApiError;
use crate::format;
use crate::json::Json;
use crate::resource::field::Kind as Field;
use crate::routes::{BILLING, Operation, lists, op, reads};
use crate::store::kind::Kind;

/// The resource.
pub(crate) struct BillingEvent;

static SPEC: Spec = Spec {
    kind: Kind::BillingEvent,
    singular: "event",
    plural: "events",
    id: "event_id",
    label: "Event",
    report: "Events",
    fields: &[],
    computed: &[
        ("event_type", Field::Free),
        ("event_time", Field::Free),
        ("payload", Field::Free),
        ("webhooks", Field::List),
        ("description", Field::Free),
        ("subscription_id", Field::Id),
    ],
    required: &[],
    detail: &["event_type", "event_time", "payload", "webhooks"],
    row: &["event_type", "event_time"],
    number: None,
    unique: &[],
    references: &["subscription_id"],
    filters: Filters { exact: &["event_type", "subscription_id"], ..Filters::NONE },
    sorts: &["event_type"],
    indexed: &[],
    order: ("created_time", true),
    messages: Messages { created: "", updated: "", deleted: "" },
    entity: "",
};

const READ: Need = ("webhooks", "read");

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BILLING, "GET", "events", READ, "List events", lists(&BillingEvent)),
    op(BILLING, "GET", "events/*", READ, "Get an event", reads(&BillingEvent)),
];

impl Resource for BillingEvent {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn changed_member(&self) -> &'static str {
        "updated_time"
    }
}

/// What happened.
pub(crate) struct Happening<'a> {
    /// A word of section 15, such as `subscription_created`.
    pub(crate) event_type: &'a str,
    /// Key and record of the payload's `data`.
    pub(crate) data: (&'static str, Json),
    pub(crate) subscription_id: Option<u64>,
    /// The sentence among a subscription's recent activities.
    pub(crate) description: String,
}

/// Records an event at the desk's moment. The payload is the whole body that a webhook receives, as text.
pub(crate) fn record(desk: &mut Desk<'_>, happening: Happening<'_>) -> Result<(), ApiError> {
    let mut event = desk.blank(Kind::BillingEvent);
    let time = format::timestamp(desk.now, desk.organization.zone());
    let payload = Json::object([
        ("event_id", Json::id(event.id)),
        ("event_type", happening.event_type.into()),
        ("event_time", time.as_str().into()),
        ("created_time", time.as_str().into()),
        ("data", Json::Object(vec![(happening.data.0.to_owned(), happening.data.1)])),
    ]);
    event.set("event_type", happening.event_type);
    event.set("event_time", time);
    event.set("payload", payload.to_text());
    event.set("description", happening.description);
    if let Some(id) = happening.subscription_id {
        event.set("subscription_id", Json::id(id));
    }
    desk.put(event).map(|_| ())
}
