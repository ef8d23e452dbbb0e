//! Small changes of a subscription: coupon, card, collection, reference, salesperson, people, fields, descriptions.

use super::end::act;
use super::{body, card, current, item, places, refuse, save, tell};
use crate::auth::Context;
use crate::engine::desk::{self, Desk};
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::Json;
use crate::request::Call;
use crate::resource::billing::code;
use crate::resource::field;
use crate::store::record::Record;

/// Stores a subscription and tells that it was updated.
pub(super) fn updated(desk: &mut Desk<'_>, record: Record, description: &str) -> Result<(), ApiError> {
    let id = record.id;
    save(desk, record)?;
    tell(desk, id, "subscription_updated", description)
}

/// A subscription that is not over (code 4098 otherwise).
fn running(record: &Record) -> Result<(), ApiError> {
    if super::runs(record) { Ok(()) } else { refuse(record, "changed") }
}

/// `POST /subscriptions/{id}/coupons/{coupon_code}`.
pub(super) fn add_coupon(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let code = code::in_path(call, 1);
    let message = "The coupon has been added to the subscription.";
    act(context, call, |desk, mut record| {
        running(&record)?;
        body::redeem(desk, &mut record, &code)?;
        let places = places(desk, &record);
        item::settle(desk, &mut record, places)?;
        updated(desk, record, "Coupon added")?;
        Ok(message)
    })?;
    Ok(Reply::done(message, []))
}

/// `DELETE /subscriptions/{id}/coupons`.
pub(super) fn remove_coupon(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let message = "The coupon has been removed from the subscription.";
    act(context, call, |desk, mut record| {
        if record.members.get("coupon").is_none() {
            return Ok(message);
        }
        record.members.remove("coupon");
        let places = places(desk, &record);
        item::settle(desk, &mut record, places)?;
        updated(desk, record, "Coupon removed")?;
        Ok(message)
    })?;
    Ok(Reply::done(message, []))
}

/// Takes one member of the body, which must be there (code 2).
pub(super) fn take(record: &mut Record, body: &Json, name: &str) -> Result<(), ApiError> {
    if body.get(name).is_none_or(|value| *value == Json::Null || value.as_str() == Some("")) {
        return Err(ApiError::invalid(name));
    }
    take_optional(record, body, name)
}

/// Takes one member of the body, if it is there.
pub(super) fn take_optional(record: &mut Record, body: &Json, name: &str) -> Result<(), ApiError> {
    let Some(value) = body.get(name) else { return Ok(()) };
    let alone = Json::Object(vec![(name.to_owned(), value.clone())]);
    field::take(&mut record.members, super::spec::SPEC.fields, &alone, 10)
}

/// `POST /subscriptions/{id}/card`. The next charge goes to this card.
pub(super) fn set_card(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    act(context, call, |desk, record| {
        card::set(desk, record.id, call.object()?)?;
        Ok("Card has been updated successfully.")
    })
}

/// `DELETE /subscriptions/{id}/card`. Without a card nothing is collected.
pub(super) fn remove_card(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let message = "Card has been successfully removed from the subscription.";
    act(context, call, |desk, record| {
        card::remove(desk, &record)?;
        Ok(message)
    })?;
    Ok(Reply::done(message, []))
}

/// `POST /subscriptions/{id}/autocollect`.
pub(super) fn auto_collect(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    act(context, call, |desk, mut record| {
        running(&record)?;
        take(&mut record, call.object()?, "auto_collect")?;
        updated(desk, record, "Auto charge changed")?;
        Ok("Auto charge Status has been changed successfully.")
    })
}

/// `POST /subscriptions/{id}/reference`.
pub(super) fn reference(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    act(context, call, |desk, mut record| {
        take(&mut record, call.object()?, "reference_id")?;
        updated(desk, record, "Reference changed")?;
        Ok("Subscription has been updated successfully.")
    })
}

/// `POST /subscriptions/{id}/salesperson`: an id or a name.
pub(super) fn salesperson(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    act(context, call, |desk, mut record| {
        let body = call.object()?;
        if body.get("salesperson_id").is_none() && body.get("salesperson_name").is_none() {
            return Err(ApiError::invalid("salesperson_id"));
        }
        take_optional(&mut record, body, "salesperson_id")?;
        take_optional(&mut record, body, "salesperson_name")?;
        updated(desk, record, "Sales person changed")?;
        Ok("Sales Person has been updated successfully.")
    })
}

/// `POST /subscriptions/{id}/contactpersons`: the people who get the invoices.
pub(super) fn persons(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    act(context, call, |desk, mut record| {
        let body = call.object()?;
        if body.get("contactpersons").and_then(Json::as_list).is_none() {
            return Err(ApiError::invalid("contactpersons"));
        }
        body::take_persons(desk, &mut record, body)?;
        updated(desk, record, "Contact persons changed")?;
        Ok("The contact person's information has been added.")
    })
}

/// `POST /subscriptions/{id}/customfields`.
pub(super) fn custom_fields(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = call.id(0, super::spec::SPEC.label)?;
    let shown = desk::write(context, call, |desk| {
        let body = call.object()?;
        if body.get("custom_fields").is_none() {
            return Err(ApiError::invalid("custom_fields"));
        }
        let mut record = current(desk, id)?;
        body::take_custom_fields(desk, &mut record, body, false)?;
        let shown = record.list("custom_fields").to_vec();
        updated(desk, record, "Custom fields changed")?;
        Ok(shown)
    })?;
    Ok(Reply::done("Custom Fields Updated Successfully.", [("data", shown.into())]))
}

/// `POST /subscriptions/{id}/lineitems/{code}`: another description of the plan or of an addon (code 1002 for a code
/// that the subscription does not hold).
pub(super) fn describe(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let wanted = code::in_path(call, 1);
    let message = "Item description has been updated successfully.";
    act(context, call, |desk, mut record| {
        let text = call.object()?.get("description").and_then(Json::as_str);
        let text = text.ok_or_else(|| ApiError::invalid("description"))?.trim().to_owned();
        let is = |json: &Json, key: &str| json.get(key).and_then(Json::as_str) == Some(wanted.as_str());
        let plan = record.members.get("plan").cloned().unwrap_or(Json::Null);
        let mut found = false;
        if is(&plan, "plan_code") {
            found = true;
            record.set("plan", item::with(&plan, &[("plan_description", text.as_str().into())]));
        }
        let mut addons = record.list("addons").to_vec();
        for addon in addons.iter_mut().filter(|addon| is(addon, "addon_code")) {
            found = true;
            *addon = item::with(addon, &[("addon_description", text.as_str().into())]);
        }
        if !found {
            return Err(ApiError::missing("Plan or addon of the subscription"));
        }
        record.set("addons", addons);
        updated(desk, record, "Item description changed")?;
        Ok(message)
    })?;
    Ok(Reply::done(message, []))
}
