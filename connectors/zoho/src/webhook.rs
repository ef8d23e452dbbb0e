//! Webhooks of the vendor: their signature, and which records they are about.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use finbridge_contract::{DocumentNotice, WebhookDelivery, WebhookNotice, WebhookRefusal};
use finbridge_domain::DocumentKind;
use finbridge_domain::record::RecordKind;
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use crate::lenient::as_text;

/// The header with the HMAC-SHA256 of the body. Some accounts sign the sorted parameters of the address too; our
/// addresses have none, so both come to the same.
const SIGNATURE: &str = "X-Zoho-Webhook-Signature";

/// Bytes of a signature.
const TAG: usize = 32;

/// The form field that holds a record where a body is a form.
const FORM_FIELD: &str = "JSONString";

/// Checks and reads a delivery.
pub(crate) fn read(
    secret: &SecretString,
    delivery: &WebhookDelivery<'_>,
) -> Result<WebhookNotice, WebhookRefusal> {
    let signature = (delivery.header)(SIGNATURE).ok_or(WebhookRefusal::Signature)?;
    let tag = tag_of(signature.trim()).ok_or(WebhookRefusal::Signature)?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
    // Compares in constant time.
    hmac::verify(&key, delivery.body, &tag).map_err(|_| WebhookRefusal::Signature)?;
    let members = members(delivery.body).ok_or(WebhookRefusal::Unreadable)?;
    let told = |name: &str| members.get(name).and_then(as_text).filter(|text| !text.is_empty());
    let happened_at = told("event_time").or_else(|| told("created_time")).and_then(|text| instant(&text));
    let records = match members.get("data") {
        Some(Value::Object(data)) if members.contains_key("event_type") => data,
        _ => &members,
    };
    let key = told("event_id").unwrap_or_else(|| hex(&tag));
    Ok(WebhookNotice { key, happened_at, kinds: kinds(records), documents: documents(records) })
}

/// Deliveries carry hexadecimal digits, and some base64.
fn tag_of(signature: &str) -> Option<Vec<u8>> {
    if signature.len() == 2 * TAG && signature.is_ascii() {
        let digits = (0..TAG).map(|at| u8::from_str_radix(signature.get(2 * at..2 * at + 2)?, 16).ok());
        return digits.collect();
    }
    STANDARD.decode(signature).ok().filter(|tag| tag.len() == TAG)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn members(body: &[u8]) -> Option<Map<String, Value>> {
    if let Ok(members) = serde_json::from_slice(body) {
        return Some(members);
    }
    let (_, text) = form_urlencoded::parse(body).find(|(name, _)| name == FORM_FIELD)?;
    serde_json::from_str(&text).ok()
}

fn kinds(records: &Map<String, Value>) -> Vec<RecordKind> {
    let mut kinds = Vec::new();
    for (name, record) in records {
        match name.as_str() {
            "contact" => match record.get("contact_type").and_then(Value::as_str) {
                Some("customer") => kinds.push(RecordKind::Customer),
                Some("vendor") => kinds.push(RecordKind::Vendor),
                _ => kinds.extend([RecordKind::Customer, RecordKind::Vendor]),
            },
            "customer" => kinds.push(RecordKind::Customer),
            "contact_person" | "contactperson" => kinds.push(RecordKind::ContactPerson),
            "vendor" => kinds.push(RecordKind::Vendor),
            "item" => kinds.push(RecordKind::Item),
            _ => {}
        }
    }
    kinds
}

/// The documents that the members are, by what the vendor calls them and their ids.
const DOCUMENTS: [(&str, DocumentKind, &str); 12] = [
    ("estimate", DocumentKind::Estimate, "estimate_id"),
    ("quote", DocumentKind::Estimate, "estimate_id"),
    ("salesorder", DocumentKind::SalesOrder, "salesorder_id"),
    ("invoice", DocumentKind::Invoice, "invoice_id"),
    ("creditnote", DocumentKind::CreditNote, "creditnote_id"),
    ("customer_payment", DocumentKind::CustomerPayment, "payment_id"),
    ("payment", DocumentKind::CustomerPayment, "payment_id"),
    ("purchaseorder", DocumentKind::PurchaseOrder, "purchaseorder_id"),
    ("bill", DocumentKind::Bill, "bill_id"),
    ("expense", DocumentKind::Expense, "expense_id"),
    ("expense_report", DocumentKind::ExpenseReport, "report_id"),
    ("subscription", DocumentKind::Subscription, "subscription_id"),
];

fn documents(records: &Map<String, Value>) -> Vec<DocumentNotice> {
    let told = DOCUMENTS.iter().filter_map(|(name, kind, id)| {
        let remote_id = records.get(*name)?.get(*id).and_then(as_text).filter(|id| !id.is_empty());
        Some(DocumentNotice { kind: *kind, remote_id })
    });
    told.collect()
}

/// An instant as the vendor writes it: `2026-01-05T12:06:10+0530`.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%z").ok().map(|instant| instant.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_as(signature: Option<String>, body: &str) -> Result<WebhookNotice, WebhookRefusal> {
        let header = |name: &str| signature.clone().filter(|_| name == SIGNATURE);
        read(&"secret".to_owned().into(), &WebhookDelivery { header: &header, body: body.as_bytes() })
    }

    fn signed(body: &str) -> hmac::Tag {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b"secret"), body.as_bytes())
    }

    #[test]
    fn a_right_signature_is_hexadecimal_or_base64() {
        let body = r#"{"contact":{"contact_id":"1","contact_type":"customer"}}"#;
        let tag = signed(body);
        let notice = read_as(Some(hex(tag.as_ref())), body).unwrap();
        assert_eq!((notice.kinds.as_slice(), notice.happened_at), ([RecordKind::Customer].as_slice(), None));
        assert_eq!(read_as(Some(STANDARD.encode(tag.as_ref())), body), Ok(notice));
        for wrong in [None, Some(String::new()), Some("0".repeat(64)), Some("é".repeat(32)), Some("=".into())]
        {
            assert_eq!(read_as(wrong, body), Err(WebhookRefusal::Signature));
        }
        assert_eq!(read_as(Some(hex(signed(&body[1..]).as_ref())), body), Err(WebhookRefusal::Signature));
    }

    #[test]
    fn events_and_forms_say_what_they_are_about() {
        let read = |body: &str| read_as(Some(hex(signed(body).as_ref())), body);
        let event = r#"{"event_id":"77","event_type":"item_edited","created_time":"2026-01-05T12:06:10+0530","data":{"item":{}}}"#;
        let notice = read(event).unwrap();
        assert_eq!((notice.key.as_str(), notice.kinds.as_slice()), ("77", [RecordKind::Item].as_slice()));
        assert_eq!(notice.happened_at, "2026-01-05T06:36:10Z".parse().ok());
        let form = "JSONString=%7B%22contact%22%3A%7B%7D%7D";
        assert_eq!(read(form).unwrap().kinds, [RecordKind::Customer, RecordKind::Vendor]);
        let invoice = read(r#"{"invoice":{"invoice_id":"46"}}"#).unwrap();
        assert!(invoice.kinds.is_empty());
        let wanted = DocumentNotice { kind: DocumentKind::Invoice, remote_id: Some("46".to_owned()) };
        assert_eq!(invoice.documents, [wanted]);
        let event =
            read(r#"{"event_id":"7","event_type":"payment_succeeded","data":{"subscription":{"subscription_id":8},"payment":{}}}"#).unwrap();
        let told = |kind, id: Option<&str>| DocumentNotice { kind, remote_id: id.map(str::to_owned) };
        let wanted = [told(DocumentKind::CustomerPayment, None), told(DocumentKind::Subscription, Some("8"))];
        assert_eq!(event.documents, wanted);
        assert_eq!(read("nonsense"), Err(WebhookRefusal::Unreadable));
        assert_eq!(read("[]"), Err(WebhookRefusal::Unreadable));
    }
}
