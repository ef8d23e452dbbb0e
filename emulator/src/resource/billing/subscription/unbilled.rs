//! Unbilled charges: what a subscription owes besides the terms and no invoice asks for yet. A subscription collects them
//! in one record, which becomes an invoice when that is asked for.

use std::sync::Arc;

use super::{charge, item, places, save, tell};
use crate::auth::{Context, Need};
use crate::engine::desk::{self, Desk};
use crate::engine::reader::Reader;
use crate::engine::spec::{Filters, Messages, Resource, Series, Spec};
use crate::engine::write;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::Call;
use crate::resource::billing::invoice::Invoice;
use crate::resource::billing::{books, customer};
use crate::resource::field::Kind as Field;
use crate::routes::Handler::Plain;
use crate::routes::{BILLING, Operation, op, reads};
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The resource.
pub(crate) struct UnbilledCharge;

/// The member of a body that asks for a charge without an invoice.
const WISH: &str = "add_to_unbilled_charges";
/// The member of a subscription whose first term becomes an unbilled charge, until that term begins.
pub(super) const FIRST: &str = "first_term_unbilled";
/// The statuses [?].
const OPEN: &str = "unbilled";
const INVOICED: &str = "invoiced";

static SPEC: Spec = Spec {
    kind: Kind::UnbilledCharge,
    singular: "unbilled_charge",
    plural: "unbilled_charges",
    id: "unbilled_charge_id",
    label: "Unbilled charge",
    report: "Unbilled Charges",
    fields: &[],
    computed: &[
        ("number", Field::Free),
        ("status", Field::Free),
        ("unbilled_charge_date", Field::Date),
        ("customer_id", Field::Id),
        ("subscription_id", Field::Id),
        ("invoice_id", Field::Id),
        ("line_items", Field::List),
        ("total", Field::Money),
    ],
    required: &[],
    detail: &[
        "number",
        "status",
        "unbilled_charge_date",
        "customer_id",
        "customer_name",
        "email",
        "subscription_id",
        "invoice_id",
        "unbilled_charge_items",
        "coupons",
        "total",
        "currency_code",
        "currency_symbol",
        "billing_address",
        "shipping_address",
    ],
    row: &["number", "status", "unbilled_charge_date", "customer_id", "customer_name", "total"],
    number: Some(Series { member: "number", prefix: "UBC-", digits: 6, guarded: false }),
    unique: &[],
    references: &["customer_id", "subscription_id", "invoice_id"],
    filters: Filters::NONE,
    sorts: &["number"],
    indexed: &[],
    order: ("created_time", true),
    messages: Messages { created: "", updated: "", deleted: "The unbilled charges have been deleted." },
    entity: "",
};

const CREATE: Need = ("subscriptions", "create");
const READ: Need = ("subscriptions", "read");
const DELETE: Need = ("subscriptions", "delete");

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BILLING, "GET", "unbilledcharges/*", READ, "Get an unbilled charge", reads(&UnbilledCharge)),
    op(BILLING, "DELETE", "unbilledcharges/*", DELETE, "Delete an unbilled charge", Plain(delete)),
    op(
        BILLING,
        "POST",
        "unbilledcharges/*/createinvoice",
        CREATE,
        "Invoice an unbilled charge",
        Plain(create_invoice),
    ),
];

impl Resource for UnbilledCharge {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    /// Errors: 4098 for one that was invoiced.
    fn deletable(&self, _: &Desk<'_>, record: &Record) -> Result<(), ApiError> {
        open(record, "deleted")
    }

    fn show(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        let contact = record.reference("customer_id").and_then(|id| reader.books.contacts.get(&id));
        let of_customer = |name: &str| {
            let brief = contact.map(|it| customer::brief(it));
            brief.and_then(|it| it.get(name).cloned()).unwrap_or_else(|| "".into())
        };
        let currency = contact.and_then(|it| reader.organization.currency(it.currency_id));
        match name {
            "customer_name" => of_customer("display_name"),
            "email" | "billing_address" | "shipping_address" => of_customer(name),
            "currency_code" => currency.map_or("", |it| it.code.as_str()).into(),
            "currency_symbol" => currency.map_or("", |it| it.symbol.as_str()).into(),
            "unbilled_charge_items" => items(record),
            "coupons" => Vec::new().into(),
            _ => SPEC.stored(record, name),
        }
    }

    fn changed_member(&self) -> &'static str {
        "updated_time"
    }
}

fn items(record: &Record) -> Json {
    let Json::List(shown) = books::items(record) else { return Vec::new().into() };
    let named = shown.into_iter().map(|line| match line {
        Json::Object(members) => Json::Object(
            members
                .into_iter()
                .map(|(name, value)| match name.as_str() {
                    "item_id" => ("unbilled_charge_item_id".to_owned(), value),
                    _ => (name, value),
                })
                .collect(),
        ),
        other => other,
    });
    named.collect::<Vec<_>>().into()
}

fn open(record: &Record, wish: &str) -> Result<(), ApiError> {
    if record.text("status") == OPEN {
        return Ok(());
    }
    let sentence = format!("An unbilled charge in the status {} cannot be {wish}.", record.text("status"));
    Err(ApiError::about(Code::WrongState, &sentence))
}

/// Whether a body wants a charge without an invoice. Errors: code 2 for anything but a flag.
pub(super) fn wanted(body: &Json) -> Result<bool, ApiError> {
    match body.get(WISH) {
        None | Some(Json::Null) => Ok(false),
        Some(Json::Bool(wish)) => Ok(*wish),
        Some(_) => Err(ApiError::invalid(WISH)),
    }
}

/// Adds lines to what a subscription owes without an invoice, and gives back the id of the unbilled charge.
pub(super) fn add(desk: &mut Desk<'_>, record: &mut Record, lines: Vec<Json>) -> Result<u64, ApiError> {
    let known = record.reference("unbilled_charge_id");
    let known = known.and_then(|id| desk.books().record(Kind::UnbilledCharge, id).cloned());
    let known = known.filter(|it| it.text("status") == OPEN);
    let charge = match known {
        Some(charge) => charge,
        None => {
            let mut charge = desk.blank(Kind::UnbilledCharge);
            charge.set("status", OPEN);
            charge.set("unbilled_charge_date", desk.today().to_string());
            charge.set("customer_id", record.text("customer_id"));
            charge.set("subscription_id", Json::id(record.id));
            desk.create_from(&UnbilledCharge, charge, &Json::Object(Vec::new()))?
        }
    };
    let mut all = charge.list("line_items").to_vec();
    all.extend(lines);
    let places = places(desk, record);
    let totals = item::computed(desk, record, all, places)?;
    let mut lines = totals.list("line_items").to_vec();
    for line in &mut lines {
        if line.get("line_item_id").and_then(Json::as_str).is_none_or(str::is_empty) {
            *line = item::with(line, &[("line_item_id", Json::id(desk.next_id()))]);
        }
    }
    desk.alter(Kind::UnbilledCharge, charge.id, |charge| {
        charge.set("line_items", lines);
        charge.set("total", totals.members.get("total").cloned().unwrap_or(Json::Null));
    })?;
    record.set("unbilled_charge_id", Json::id(charge.id));
    Ok(charge.id)
}

/// Takes the charge off its subscription, if that still stands.
fn settle(
    desk: &mut Desk<'_>,
    charge: &Record,
    act: impl FnOnce(&mut Desk<'_>, &mut Record) -> Result<(), ApiError>,
) -> Result<(), ApiError> {
    let id = charge.reference("subscription_id").ok_or_else(|| ApiError::missing("Subscription"))?;
    let mut record = super::current(desk, id)?;
    record.set("unbilled_charge_id", "");
    act(desk, &mut record)?;
    save(desk, record).map(|_| ())
}

/// `DELETE /unbilledcharges/{id}`.
fn delete(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = call.id(0, SPEC.label)?;
    desk::write(context, call, |desk| {
        let charge = desk.find(Kind::UnbilledCharge, id)?;
        open(&charge, "deleted")?;
        settle(desk, &charge, |_, _| Ok(()))?;
        desk.delete(&UnbilledCharge, id)
    })?;
    Ok(Reply::done(SPEC.messages.deleted, []))
}

/// `POST /unbilledcharges/{id}/createinvoice`: the lines become an invoice, which the subscription's card pays when it
/// collects by itself. Errors: 4098 for a charge that was invoiced.
fn create_invoice(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = call.id(0, SPEC.label)?;
    let invoice: Arc<Record> = desk::write(context, call, |desk| {
        let unbilled = desk.find(Kind::UnbilledCharge, id)?;
        open(&unbilled, INVOICED)?;
        let lines = unbilled.list("line_items").iter().map(billable).collect();
        let mut invoice_id = 0;
        settle(desk, &unbilled, |desk, record| {
            invoice_id = super::change::sent(desk, |desk| {
                let invoice_id = charge::invoice(desk, record, lines, false)?;
                charge::collect_if_wanted(desk, record, invoice_id)?;
                Ok(invoice_id)
            })?;
            Ok(())
        })?;
        desk.alter(Kind::UnbilledCharge, id, |charge| {
            charge.set("status", INVOICED);
            charge.set("invoice_id", Json::id(invoice_id));
        })?;
        if let Some(subscription) = unbilled.reference("subscription_id") {
            tell(desk, subscription, "subscription_updated", "Unbilled charges invoiced")?;
        }
        desk.find(Kind::Invoice, invoice_id)
    })?;
    write::reply(context, &Invoice, &invoice, 201, "Unbilled Charges have been invoiced.")
}

/// A line as an invoice takes it: the invoice computes the rest anew.
fn billable(line: &Json) -> Json {
    const TAKEN: [&str; 8] =
        ["name", "description", "rate", "quantity", "discount", "code", "tax_id", "account_id"];
    let given = |name: &&str| line.get(name).is_some_and(|it| it.as_str() != Some(""));
    let members = TAKEN.iter().filter(|name| given(name));
    Json::Object(
        members.map(|name| ((*name).to_owned(), line.get(name).cloned().unwrap_or(Json::Null))).collect(),
    )
}

/// The answer of a call that made an unbilled charge.
pub(super) fn reply(context: &Context<'_>, id: u64, message: &str) -> Result<Reply, ApiError> {
    let organization = context.organization()?;
    let books = context.store.read().books(&organization.organization_id);
    let reader = Reader::over(books, organization, context.now);
    let charge =
        reader.books.record(Kind::UnbilledCharge, id).ok_or_else(|| ApiError::missing(SPEC.label))?;
    Ok(Reply::done(message, [(SPEC.singular, reader.detail(&UnbilledCharge, charge))]))
}
