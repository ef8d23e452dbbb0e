//! What an item must obey, and how it is shown.

use super::{Item, SPEC, image, stock};
use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::engine::spec::{Resource, Spec};
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::resource::account;
use crate::resource::contact::model::ContactType;
use crate::resource::field;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The account that each side of an item is booked on unless the client names one, and the types that have the side.
const ACCOUNTS: [(&str, &str, &[&str]); 3] = [
    ("account_id", "Sales", &["sales", "sales_and_purchases", "inventory"]),
    ("purchase_account_id", "Cost of Goods Sold", &["purchases", "sales_and_purchases", "inventory"]),
    ("inventory_account_id", "Inventory Asset", &["inventory"]),
];

impl Resource for Item {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn begin(&self, _: &mut Desk<'_>, record: &mut Record) -> Result<(), ApiError> {
        record.set("status", "active");
        record.set("product_type", "goods");
        record.set("item_type", "sales");
        record.set("is_taxable", true);
        Ok(())
    }

    fn take(
        &self,
        desk: &mut Desk<'_>,
        record: &mut Record,
        _: Option<&Record>,
        body: &Json,
    ) -> Result<(), ApiError> {
        field::take(&mut record.members, SPEC.fields, body, desk.places())?;
        for name in ["rate", "reorder_level"] {
            let empty =
                |value: &Json| *value == Json::Null || value.as_str().is_some_and(|it| it.trim().is_empty());
            if body.get(name).is_some_and(empty) {
                record.members.remove(name);
            }
        }
        tax_by_percentage(desk, record, body)
    }

    /// Errors: code 2 for a service that is stocked, a negative stock, or a vendor that is none; 6 for an unknown tax,
    /// account or vendor.
    fn complete(&self, desk: &mut Desk<'_>, record: &mut Record, _: Option<&Record>) -> Result<(), ApiError> {
        desk.named(Kind::Tax, record, "tax_id")?;
        desk.named(Kind::TaxExemption, record, "tax_exemption_id")?;
        if record.text("item_type") == "inventory" && record.text("product_type") != "goods" {
            return Err(ApiError::invalid("item_type"));
        }
        for name in ["initial_stock", "initial_stock_rate", "reorder_level"] {
            if record.decimal(name).is_sign_negative() {
                return Err(ApiError::invalid(name));
            }
        }
        for (member, name, types) in ACCOUNTS {
            let known = desk.named(Kind::Account, record, member)?;
            if known.is_none()
                && types.contains(&record.text("item_type"))
                && let Some(id) = account::named(&desk.books(), name)
            {
                record.set(member, Json::id(id));
            }
        }
        if !record.text("vendor_id").is_empty()
            && desk.contact(record, "vendor_id")?.contact_type != ContactType::Vendor
        {
            return Err(ApiError::invalid("vendor_id"));
        }
        Ok(())
    }

    /// An item of any transaction stays (code 1004); comments and files do not hold it.
    fn deletable(&self, desk: &Desk<'_>, record: &Record) -> Result<(), ApiError> {
        let mut naming = desk.books().naming(record.id).map(|(kind, _)| kind).collect::<Vec<_>>();
        naming.retain(|kind| ![Kind::Attachment, Kind::Comment].contains(kind));
        if naming.is_empty() {
            return Ok(());
        }
        let subject = format!("The item \"{}\"", record.text("name"));
        Err(ApiError::about(Code::HasTransactions, &subject))
    }

    fn deleted(&self, desk: &mut Desk<'_>, record: &Record) -> Result<(), ApiError> {
        image::forget(desk, record);
        Ok(())
    }

    fn show(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        let tax = || record.reference("tax_id").and_then(|id| reader.books.record(Kind::Tax, id));
        let account = |member: &str| {
            let account = record.reference(member).and_then(|id| reader.books.record(Kind::Account, id));
            Json::from(account.map_or("", |account| account.text("account_name")))
        };
        match name {
            "item_name" => record.text("name").into(),
            "source" => if record.text("zcrm_product_id").is_empty() { "user" } else { "zoho_crm" }.into(),
            "is_linked_with_zohocrm" => (!record.text("zcrm_product_id").is_empty()).into(),
            "tax_name" | "tax_type" => tax().map_or("", |tax| tax.text(name)).into(),
            "tax_percentage" => Json::amount(tax().map(|tax| tax.decimal(name)).unwrap_or_default()),
            "account_name" => account("account_id"),
            "purchase_account_name" => account("purchase_account_id"),
            "inventory_account_name" => account("inventory_account_id"),
            "vendor_name" => {
                let vendor = record.reference("vendor_id").and_then(|id| reader.books.contacts.get(&id));
                vendor.map_or("", |vendor| vendor.contact_name.as_str()).into()
            }
            "reorder_level" => record.members.get(name).cloned().unwrap_or_else(|| "".into()),
            "stock_on_hand" | "available_stock" | "actual_available_stock" => {
                stock::show(name, record, reader)
            }
            "has_attachment" => {
                (reader.has_attachment(record.id) || record.reference("image_document_id").is_some()).into()
            }
            _ => SPEC.stored(record, name),
        }
    }

    fn passes(&self, filter: &str, record: &Record, _: &Reader<'_>) -> bool {
        let is = |name: &str, word: &str| record.text(name) == word;
        let both = is("item_type", "sales_and_purchases") || is("item_type", "inventory");
        match filter {
            "Status.Active" => is("status", "active"),
            "Status.Inactive" => is("status", "inactive"),
            "Status.Sales" => is("item_type", "sales") || both,
            "Status.Purchases" => is("item_type", "purchases") || both,
            "Status.SalesAndPurchases" => is("item_type", "sales_and_purchases"),
            "Status.Inventory" => is("item_type", "inventory"),
            "Status.Goods" => is("product_type", "goods"),
            "Status.Services" => is("product_type", "service") || is("product_type", "digital_service"),
            "Status.Crm" => !record.text("zcrm_product_id").is_empty(),
            _ => true,
        }
    }
}

/// `tax_percentage` without `tax_id` asks for the tax of that percentage, unless the item's own tax has it already, as
/// it does when a client sends back what it read. Documents show both `12.5` and `"12.5%"`. Errors: code 2 for no
/// number, or when no tax has the percentage.
fn tax_by_percentage(desk: &Desk<'_>, record: &mut Record, body: &Json) -> Result<(), ApiError> {
    let named = body.get("tax_id").is_some_and(|it| *it != Json::Null && it.as_str() != Some(""));
    let Some(value) = body.get("tax_percentage").filter(|it| **it != Json::Null && !named) else {
        return Ok(());
    };
    let text = match value {
        Json::Text(text) | Json::Number(text) => text.trim().trim_end_matches('%').trim(),
        _ => return Err(ApiError::invalid("tax_percentage")),
    };
    if text.is_empty() {
        return Ok(());
    }
    let wanted = Json::from(text).as_decimal().ok_or_else(|| ApiError::invalid("tax_percentage"))?;
    let books = desk.books();
    let own = record.reference("tax_id").and_then(|id| books.record(Kind::Tax, id));
    if own.map(|tax| tax.decimal("tax_percentage")).unwrap_or_default() == wanted {
        return Ok(());
    }
    if wanted.is_zero() {
        record.set("tax_id", "");
        return Ok(());
    }
    let table = books.table(Kind::Tax);
    let tax = table.rows().find(|tax| tax.decimal("tax_percentage") == wanted);
    let tax = tax.ok_or_else(|| ApiError::invalid("tax_percentage"))?;
    record.set("tax_id", Json::id(tax.id));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::DateTime;

    use super::*;
    use crate::request::Query;
    use crate::seed::Seed;
    use crate::store::{Transaction, seeding};

    /// Documents have rules of their own; here only what they do to an item matters.
    #[test]
    fn a_used_item_stays_and_its_documents_move_its_stock() {
        let mut transaction = Transaction::scratch();
        seeding::plant(&mut transaction, &Seed::demo(), DateTime::UNIX_EPOCH).unwrap();
        let organization = transaction.state.organizations.values().next().map(Arc::clone).unwrap();
        let query = Query::default();
        let now = DateTime::UNIX_EPOCH;
        let system = Arc::new(crate::store::records::User::system(now));
        let mut desk = Desk {
            transaction: &mut transaction,
            organization: &organization,
            now,
            user: "",
            caller: &system,
            query: &query,
            contact_quota: None,
        };
        let body = r#"{"name": "Box", "rate": 1, "item_type": "inventory", "initial_stock": 10}"#;
        let item = desk.create(&Item, &Json::parse(body).unwrap()).unwrap();
        for (kind, status, quantity) in [
            (Kind::Bill, "open", "5"),
            (Kind::Bill, "draft", "100"),
            (Kind::Invoice, "sent", "2.5"),
            (Kind::Invoice, "void", "100"),
            (Kind::CreditNote, "open", "1"),
            (Kind::SalesOrder, "open", "3"),
        ] {
            let mut document = desk.blank(kind);
            let line = [("item_id", Json::id(item.id)), ("quantity", Json::Number(quantity.to_owned()))];
            document.set("line_items", vec![Json::object(line)]);
            document.set("status", status);
            desk.put(document).unwrap();
        }
        let shown = desk.reader().detail(&Item, &item);
        assert_eq!(shown.get("stock_on_hand"), Some(&Json::Number("13.5".to_owned())));
        assert_eq!(shown.get("available_stock"), Some(&Json::Number("10.5".to_owned())));
        let refused = desk.delete(&Item, item.id).unwrap_err();
        assert_eq!((refused.code(), refused.status()), (1004, 400));
        assert!(desk.find(Kind::Item, item.id).is_ok());
    }
}
