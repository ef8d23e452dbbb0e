//! Addresses of documents: the contact's as they are now, until a document gets its own.

use crate::auth::Context;
use crate::engine::desk::Desk;
use crate::engine::spec::Resource;
use crate::engine::write::act;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::Call;
use crate::resource::contact::model::ADDRESS_FIELDS;
use crate::resource::field::{self, Holder, Members};
use crate::store::kind::Kind;
use crate::store::record::Record;

const MEMBERS: [(&str, &str); 2] =
    [("billing_address_id", "billing_address"), ("shipping_address_id", "shipping_address")];

/// Takes `billing_address_id` and `shipping_address_id` of a body: one of the contact's addresses becomes the document's
/// own. A document that changes its party loses the addresses of the former one. Errors: code 6 for an address of
/// another contact.
pub(crate) fn take(
    desk: &Desk<'_>,
    record: &mut Record,
    before: Option<&Record>,
    body: &Json,
) -> Result<(), ApiError> {
    let moved = before.is_some_and(|it| it.text("customer_id") != record.text("customer_id"));
    for (id, member) in MEMBERS {
        if moved {
            record.members.remove(member);
        }
        let given = body.get(id).filter(|it| **it != Json::Null && it.as_str() != Some(""));
        let Some(given) = given else { continue };
        let contact = desk.contact(record, "customer_id")?;
        let mut known =
            [&contact.billing_address, &contact.shipping_address].into_iter().chain(&contact.addresses);
        let address = known.find(|it| given.as_id_text() == Some(it.address_id.to_string().as_str()));
        let address = address.ok_or_else(|| ApiError::about(Code::InvalidReference, id))?;
        record.set(member, shown(&address.members));
    }
    Ok(())
}

fn shown(members: &impl Holder) -> Json {
    let mut address = Vec::new();
    field::show_all(&mut address, members, ADDRESS_FIELDS);
    Json::Object(address)
}

/// `PUT /x/{id}/address/billing`.
pub(crate) fn billing(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
) -> Result<Reply, ApiError> {
    readdress(context, call, resource, "billing_address", "Billing address updated")
}

/// `PUT /x/{id}/address/shipping`.
pub(crate) fn shipping(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
) -> Result<Reply, ApiError> {
    readdress(context, call, resource, "shipping_address", "Shipping address updated")
}

/// Gives a document an address of its own; members that the body leaves out stay as they were.
fn readdress(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
    member: &'static str,
    message: &str,
) -> Result<Reply, ApiError> {
    let body = call.object()?;
    // Orders and bills answer with a stop, the others without.
    let stops = [Kind::SalesOrder, Kind::PurchaseOrder, Kind::Bill].contains(&resource.spec().kind);
    let stop = if stops { "." } else { "" };
    act(context, call, resource, &format!("{message}{stop}"), |desk, record| {
        let known = resource.show(member, record, &desk.reader());
        let mut members = Members::new();
        field::take(&mut members, ADDRESS_FIELDS, &known, 0)?;
        field::take(&mut members, ADDRESS_FIELDS, body, 0)?;
        desk.alter(record.kind, record.id, |it| it.set(member, shown(&members))).map(|_| ())
    })
}

/// An address as rows of lists show it: with `zipcode` where details say `zip`.
pub(crate) fn row(address: &Json) -> Json {
    const NAMES: [(&str, &str); 9] = [
        ("address", "address"),
        ("street2", "street2"),
        ("city", "city"),
        ("state", "state"),
        ("zipcode", "zip"),
        ("country", "country"),
        ("phone", "phone"),
        ("fax", "fax"),
        ("attention", "attention"),
    ];
    Json::object(
        NAMES.map(|(shown, stored)| (shown, address.get(stored).cloned().unwrap_or_else(|| "".into()))),
    )
}
