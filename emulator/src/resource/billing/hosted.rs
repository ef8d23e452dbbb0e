//! Hosted pages: links that a customer opens to subscribe, change or pay. The emulator keeps the page and what it was
//! made for; `POST /integration/v1/hostedpages/{id}/complete` does what the customer would.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::subscription;
use crate::auth::{Context, Need};
use crate::engine::desk::{self, Desk};
use crate::engine::reader::Reader;
use crate::engine::spec::{Filters, Messages, Resource, Spec, Unique};
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::page::Page;
use crate::request::Call;
use crate::resource;
use crate::resource::field::Kind as Field;
use crate::routes::Handler::Plain;
use crate::routes::{BILLING, Operation, Served, op};
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The resource.
pub(crate) struct HostedPage;

/// The card that a customer gives on a page.
const NEW_CARD: &str = "900000001";
/// How long a page can be used [?].
const LIFE: TimeDelta = TimeDelta::hours(24);

static SPEC: Spec = Spec {
    kind: Kind::HostedPage,
    singular: "hostedpage",
    plural: "hosted_pages",
    id: "hostedpage_id",
    label: "Hosted page",
    report: "Hosted Pages",
    fields: &[],
    computed: &[
        ("hostedpage_id", Field::Free),
        ("action", Field::Free),
        ("url", Field::Free),
        ("status", Field::Free),
        ("wish", Field::Object),
        ("subscription_id", Field::Id),
        ("invoice_id", Field::Id),
    ],
    required: &[],
    detail: &[],
    row: &[],
    number: None,
    unique: &[Unique { name: "hostedpage_id", code: Code::AlreadyExists, scope: None }],
    references: &[],
    filters: Filters::NONE,
    sorts: &[],
    indexed: &[],
    order: ("created_time", true),
    messages: Messages { created: "Hosted page has been created successfully.", updated: "", deleted: "" },
    entity: "",
};

impl Resource for HostedPage {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }
}

const CREATE: Need = ("hostedpages", "create");
const READ: Need = ("hostedpages", "read");
/// The private service is fenced by scopes of Books.
const COMPLETE: Need = ("contacts", "create");

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BILLING, "GET", "hostedpages", READ, "List hosted pages", Plain(list)),
    op(BILLING, "GET", "hostedpages/*", READ, "Get a hosted page", Plain(read)),
    op(
        BILLING,
        "POST",
        "hostedpages/newsubscription",
        CREATE,
        "Create a page for a new subscription",
        Plain(for_new_subscription),
    ),
    op(
        BILLING,
        "POST",
        "hostedpages/updatesubscription",
        CREATE,
        "Create a page for changing a subscription",
        Plain(for_changed_subscription),
    ),
    op(
        BILLING,
        "POST",
        "hostedpages/buyonetimeaddon",
        CREATE,
        "Create a page for buying a one-time addon",
        Plain(for_addon),
    ),
    op(
        BILLING,
        "POST",
        "hostedpages/updatecard",
        CREATE,
        "Create a page for changing a card",
        Plain(for_card),
    ),
    op(
        BILLING,
        "POST",
        "hostedpages/addpaymentmethod",
        CREATE,
        "Create a page for a payment method",
        Plain(for_method),
    )
    .partial("what is chosen on the page is not kept"),
    op(
        BILLING,
        "POST",
        "hostedpages/updatepaymentmethod",
        CREATE,
        "Create a page for changing a payment method",
        Plain(for_changed_method),
    )
    .partial("what is chosen on the page is not kept"),
    op(
        BILLING,
        "POST",
        "hostedpages/invoicepayment",
        CREATE,
        "Create a page for paying an invoice",
        Plain(for_payment),
    ),
    op(
        Served::ByIntegration,
        "POST",
        "hostedpages/*/complete",
        COMPLETE,
        "Do what the customer does on a hosted page",
        Plain(complete),
    ),
];

fn list(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let reader = Reader::new(context)?;
    let page = Page::read(&call.query)?;
    let table = reader.books.table(Kind::HostedPage);
    let (rows, more) = page.take(table.rows().rev());
    let rows: Vec<Json> = rows.into_iter().map(|it| Json::Object(head(it, &reader))).collect();
    let page_context = page.context(more, [("report_name", SPEC.report.into())]);
    Ok(Reply::read([(SPEC.plural, rows.into()), ("page_context", page_context)]))
}

/// `GET /hostedpages/{id}`: the page itself is the answer; once it was used, `data` holds what came of it.
fn read(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let reader = Reader::new(context)?;
    let page = find(&reader, call.text_id(0))?;
    Ok(shown(&page, &reader, "success"))
}

fn find(reader: &Reader<'_>, id: &str) -> Result<Arc<Record>, ApiError> {
    let table = reader.books.table(Kind::HostedPage);
    let known = table.holder("hostedpage_id", id).and_then(|id| table.get(id).cloned());
    known.ok_or_else(|| ApiError::missing(SPEC.label))
}

fn shown(page: &Record, reader: &Reader<'_>, message: &str) -> Reply {
    let mut object = vec![("code".to_owned(), Json::from(0)), ("message".to_owned(), message.into())];
    object.extend(head(page, reader));
    let mut data = Vec::new();
    for (kind, key) in [(Kind::Subscription, "subscription"), (Kind::Invoice, "invoice")] {
        let id = page.reference(if kind == Kind::Invoice { "invoice_id" } else { "subscription_id" });
        if let Some(record) = id.and_then(|id| reader.books.record(kind, id)) {
            let resource: &dyn Resource =
                if kind == Kind::Invoice { &super::invoice::Invoice } else { resource::of(kind) };
            data.push((key.to_owned(), reader.detail(resource, record)));
        }
    }
    if page.text("status") == "success" {
        object.push(("data".to_owned(), Json::Object(data)));
    }
    Reply { code: Some(0), ..Reply::json(200, &Json::Object(object)) }
}

fn expires(page: &Record) -> DateTime<Utc> {
    page.created + LIFE
}

fn status(page: &Record, now: DateTime<Utc>) -> &str {
    match page.text("status") {
        "fresh" if now >= expires(page) => "expired",
        status => status,
    }
}

fn head(page: &Record, reader: &Reader<'_>) -> Vec<(String, Json)> {
    let members = [
        ("hostedpage_id", page.text("hostedpage_id").into()),
        ("status", status(page, reader.now).into()),
        ("url", page.text("url").into()),
        ("action", page.text("action").into()),
        ("expiring_time", reader.timestamp(expires(page))),
        ("created_time", reader.timestamp(page.created)),
        ("custom_fields", Vec::new().into()),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn for_new_subscription(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    create(context, call, "new_subscription")
}

fn for_changed_subscription(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    create(context, call, "update_subscription")
}

fn for_addon(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    create(context, call, "one_time_addon")
}

/// This one is answered with status 200, as the service's documents say.
fn for_card(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    create(context, call, "update_card").map(|reply| Reply { status: 200, ..reply })
}

fn for_method(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    create(context, call, "add_payment_method")
}

fn for_changed_method(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    create(context, call, "update_payment_method")
}

fn for_payment(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    create(context, call, "invoice_payment")
}

/// What came of a page: a subscription, an invoice.
type Outcome = (Option<u64>, Option<u64>);

/// Does what a page was made for. Errors: code 2 and 1002 for what the page cannot be about, and those of the act.
fn perform(desk: &mut Desk<'_>, action: &str, wish: &Json) -> Result<Outcome, ApiError> {
    let id = |name: &str| {
        let id = wish.get(name).and_then(Json::as_id_text).and_then(|id| id.parse::<u64>().ok());
        id.ok_or_else(|| ApiError::invalid(name))
    };
    match action {
        "new_subscription" => {
            let made = subscription::create(desk, wish)?;
            Ok((Some(made.id), made.reference("child_invoice_id")))
        }
        "update_subscription" => {
            let id = id("subscription_id")?;
            subscription::update(desk, id, wish)?;
            Ok((Some(id), desk.find(Kind::Subscription, id)?.reference("child_invoice_id")))
        }
        "one_time_addon" => {
            let id = id("subscription_id")?;
            Ok((Some(id), subscription::buy(desk, id, wish)?.invoice()))
        }
        "update_card" => {
            let id = id("subscription_id")?;
            let card = Json::object([("card_id", NEW_CARD.into()), ("auto_collect", true.into())]);
            subscription::set_card(desk, id, &card)?;
            Ok((Some(id), None))
        }
        "invoice_payment" => {
            let id = id("invoice_id")?;
            super::invoice::pay_and_tell(desk, id, NEW_CARD)?;
            Ok((None, Some(id)))
        }
        "add_payment_method" => {
            super::customer::find(&desk.books(), id("customer_id")?).map(|_| (None, None))
        }
        _ => {
            let known = ["card_id", "account_id", "paypal_id"].iter().any(|name| id(name).is_ok());
            if known { Ok((None, None)) } else { Err(ApiError::invalid("card_id")) }
        }
    }
}

/// Creates a page. What the customer is to do on it is tried out and undone, so that a page that could never be
/// completed is refused at once.
fn create(context: &Context<'_>, call: &Call, action: &'static str) -> Result<Reply, ApiError> {
    let body = call.object()?;
    let host = call.header("host").unwrap_or("localhost").to_owned();
    let page = desk::write(context, call, |desk| {
        let mark = desk.transaction.mark();
        let outcome = perform(desk, action, body);
        desk.transaction.return_to(mark);
        outcome?;
        let mut page = desk.blank(Kind::HostedPage);
        let id = format!("2-{:032x}", spread(page.id));
        page.set("url", format!("http://{host}/_emulator/hosted/{id}"));
        page.set("hostedpage_id", id);
        page.set("action", action);
        page.set("status", "fresh");
        page.set("wish", body.clone());
        desk.put(page)
    })?;
    let organization = context.organization()?;
    let books = context.store.read().books(&organization.organization_id);
    let reader = Reader::over(books, organization, context.now);
    Ok(Reply::success(201, SPEC.messages.created, [(SPEC.singular, Json::Object(head(&page, &reader)))]))
}

/// A page's id looks like a hash, is never given twice, and is the same whenever the same calls are made.
fn spread(id: u64) -> u128 {
    u128::from(id).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)
}

/// `POST /integration/v1/hostedpages/{id}/complete`: the customer subscribes, changes or buys. A page works once and
/// until it expires (code 4098 afterwards).
fn complete(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = call.text_id(0);
    desk::write(context, call, |desk| {
        let page = find(&desk.reader(), id)?;
        let status = status(&page, desk.now);
        if status != "fresh" {
            let sentence = format!("The hosted page is {status} and cannot be completed.");
            return Err(ApiError::about(Code::WrongState, &sentence));
        }
        let wish = page.members.get("wish").cloned().unwrap_or(Json::Null);
        let (subscription_id, invoice_id) = perform(desk, page.text("action"), &wish)?;
        desk.alter(Kind::HostedPage, page.id, |page| {
            page.set("status", "success");
            for (name, id) in [("subscription_id", subscription_id), ("invoice_id", invoice_id)] {
                if let Some(id) = id {
                    page.set(name, Json::id(id));
                }
            }
        })
    })?;
    let organization = context.organization()?;
    let books = context.store.read().books(&organization.organization_id);
    let reader = Reader::over(books, organization, context.now);
    Ok(shown(&*find(&reader, id)?, &reader, "success"))
}
