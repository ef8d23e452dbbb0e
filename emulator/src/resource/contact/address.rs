//! Addresses of a contact: billing, shipping and any number more.

use super::model::{ADDRESS_FIELDS, Address, Contact};
use super::{rules, view};
use crate::auth::Context;
use crate::engine::desk::{self, Desk};
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::Json;
use crate::request::Call;
use crate::resource::field;
use crate::resource::packed::Packed;

/// `GET /contacts/{contact_id}/address`: billing, shipping, then the further ones.
pub(crate) fn list(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let books = context.state.books(&context.organization()?.organization_id);
    let id = call.id(0, "Contact")?;
    let contact = books.contacts.get(&id).ok_or_else(|| ApiError::missing("Contact"))?;
    let addresses: Vec<Json> = [&contact.billing_address, &contact.shipping_address]
        .into_iter()
        .chain(&contact.addresses)
        .map(view::address)
        .collect();
    Ok(Reply::read([("addresses", addresses.into())]))
}

/// `POST /contacts/{contact_id}/address`.
pub(crate) fn create(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let body = call.object()?;
    let shown = change(context, call, |desk, contact| {
        let mut address = Address { address_id: desk.next_id(), members: Packed::default() };
        field::take(&mut address.members, ADDRESS_FIELDS, body, 0)?;
        let shown = view::address(&address);
        contact.addresses.push(address);
        Ok(shown)
    })?;
    Ok(Reply::done("The address has been created.", [("address_info", shown)]))
}

/// `PUT /contacts/{contact_id}/address/{address_id}`.
pub(crate) fn update(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let body = call.object()?;
    let id = call.id(1, "Address")?;
    let shown = change(context, call, |_, contact| {
        let address = [&mut contact.billing_address, &mut contact.shipping_address]
            .into_iter()
            .chain(&mut contact.addresses)
            .find(|address| address.address_id == id)
            .ok_or_else(|| ApiError::missing("Address"))?;
        field::take(&mut address.members, ADDRESS_FIELDS, body, 0)?;
        Ok(view::address(address))
    })?;
    Ok(Reply::done("The address has been updated.", [("address_info", shown)]))
}

/// `DELETE /contacts/{contact_id}/address/{address_id}`: only further addresses can go.
pub(crate) fn delete(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = call.id(1, "Address")?;
    change(context, call, |_, contact| {
        let at = contact.addresses.iter().position(|address| address.address_id == id);
        contact.addresses.remove(at.ok_or_else(|| ApiError::missing("Address"))?);
        Ok(())
    })?;
    Ok(Reply::done("The address has been deleted.", []))
}

fn change<T>(
    context: &Context<'_>,
    call: &Call,
    act: impl FnOnce(&mut Desk<'_>, &mut Contact) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let id = call.id(0, "Contact")?;
    desk::write(context, call, |desk| rules::change(desk, id, act))
}
