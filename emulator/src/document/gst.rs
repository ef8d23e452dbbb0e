//! India's goods and services tax: a supply within a state bears CGST and SGST, one between states IGST.

use crate::document::tax;
use crate::engine::desk::Desk;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::resource::contact::model::Contact;
use crate::resource::field::text;
use crate::store::kind::Kind;
use crate::store::record::Record;
use crate::store::records::Organization;

const COUNTRY: &str = "India";
const BETWEEN: &str = "IGST has to be applied as this is an interstate transaction";
const WITHIN: &str = "CGST and SGST have to be applied as this is an intrastate transaction";

/// Checks the taxes of a sale: it goes from the organization's state to `place_of_supply`, or else to the customer's
/// `place_of_contact`. Nothing is checked where a state is not known. Errors: code 3032.
pub(crate) fn check_sale(desk: &Desk<'_>, record: &Record, customer: &Contact) -> Result<(), ApiError> {
    let to = known(record.text("place_of_supply"), text(&customer.members, "place_of_contact"));
    check(desk, record, home(desk.organization), to)
}

/// Checks the taxes of a purchase: it goes from `source_of_supply`, or else from the vendor's `place_of_contact`, to
/// `destination_of_supply`, or else to the organization's state. Errors: code 3032.
pub(crate) fn check_purchase(desk: &Desk<'_>, record: &Record, vendor: &Contact) -> Result<(), ApiError> {
    let from = known(record.text("source_of_supply"), text(&vendor.members, "place_of_contact"));
    check(desk, record, from, known(record.text("destination_of_supply"), home(desk.organization)))
}

fn known<'a>(given: &'a str, usual: &'a str) -> &'a str {
    if given.is_empty() { usual } else { given }
}

/// The code of the organization's state, empty when it was never written.
fn home(organization: &Organization) -> &str {
    let address = organization.members.get("address");
    address.and_then(|it| it.get("state_code")).and_then(Json::as_str).unwrap_or_default()
}

fn check(desk: &Desk<'_>, record: &Record, from: &str, to: &str) -> Result<(), ApiError> {
    if desk.organization.country != COUNTRY || from.is_empty() || to.is_empty() {
        return Ok(());
    }
    let between = !from.trim().eq_ignore_ascii_case(to.trim());
    let books = desk.books();
    let id = |line: &Json| line.get("tax_id")?.as_id_text()?.parse::<u64>().ok();
    let taxes = record.list("line_items").iter().filter_map(id).filter_map(|id| books.record(Kind::Tax, id));
    for component in taxes.flat_map(|it| tax::components(&books, it)) {
        let specific =
            books.record(Kind::Tax, component.tax_id).map_or("", |it| it.text("tax_specific_type"));
        let sentence = match specific.to_ascii_lowercase().as_str() {
            "igst" if !between => WITHIN,
            "cgst" | "sgst" | "utgst" if between => BETWEEN,
            _ => continue,
        };
        return Err(ApiError::about(Code::WrongGst, sentence));
    }
    Ok(())
}
