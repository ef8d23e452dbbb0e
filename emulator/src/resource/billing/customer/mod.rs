//! Customers: the contacts of the organization that are customers, in the shape of Billing.

mod body;
mod list;
mod person;
mod routes;
mod view;

pub(crate) use routes::{OPERATIONS, add};
pub(crate) use view::brief;

use std::sync::Arc;

use crate::engine::desk::Desk;
use crate::error::ApiError;
use crate::resource::contact::model::{Contact, ContactType};
use crate::store::books::Books;

/// Name in sentences: "Customer does not exist."
const LABEL: &str = "Customer";

/// The customer with this id (code 1002 when there is none; vendors are none).
pub(crate) fn find(books: &Books, id: u64) -> Result<Arc<Contact>, ApiError> {
    let known = books.contacts.get(&id).filter(|contact| contact.contact_type == ContactType::Customer);
    known.cloned().ok_or_else(|| ApiError::missing(LABEL))
}

/// Changes a customer by `act` and stores it as modified now.
fn change<T>(
    desk: &mut Desk<'_>,
    id: u64,
    act: impl FnOnce(&mut Desk<'_>, &mut Contact) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let mut contact = (*find(&desk.books(), id)?).clone();
    let value = act(desk, &mut contact)?;
    contact.modified = desk.now;
    body::save(desk, contact)?;
    Ok(value)
}
