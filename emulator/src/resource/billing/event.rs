//! Events: what happened in Billing, for webhooks and for those who poll (section 15).

use crate::auth::{Context, Need};
use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::engine::spec::{Filters, Messages, Resource, Spec};
use crate::engine::write;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::format;
use crate::json::Json;
use crate::request::Call;
use crate::resource::field::Kind as Field;
use crate::routes::Handler::Plain;
use crate::routes::{BILLING, Operation, lists, op};
use crate::store::kind::Kind;
use crate::webhook::model::Status;

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
    op(BILLING, "GET", "events/*", READ, "Get an event", Plain(read)),
];

impl Resource for BillingEvent {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn changed_member(&self) -> &'static str {
        "updated_time"
    }
}

/// `GET /events/{id}`, with the webhooks that were told of it.
fn read(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let record = write::find(context, call, &BillingEvent)?;
    let reader = Reader::new(context)?;
    let Json::Object(mut members) = reader.detail(&BillingEvent, &record) else {
        return Err(ApiError::missing(SPEC.label));
    };
    let id = record.id.to_string();
    let told = context.state.deliveries.values().filter(|it| it.record_id == id).map(|delivery| {
        let webhook = context.state.webhooks.get(&delivery.webhook_id);
        let status = match delivery.status {
            Status::Pending => "scheduled",
            Status::Delivered => "success",
            Status::Failed | Status::Lost => "failure",
        };
        Json::object([
            ("webhook_id", Json::id(delivery.webhook_id)),
            ("url", webhook.map_or("", |it| it.url.as_str()).into()),
            ("status", status.into()),
            ("last_updated_time", reader.timestamp(delivery.last_attempt.unwrap_or(record.created))),
        ])
    });
    let told: Vec<Json> = told.collect();
    if let Some((_, webhooks)) = members.iter_mut().find(|(name, _)| name == "webhooks") {
        *webhooks = told.into();
    }
    Ok(Reply::read([(SPEC.singular, Json::Object(members))]))
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
