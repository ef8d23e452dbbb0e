//! Documents as they are sent.

use finbridge_contract::{DocumentDraft, NewDealMark, NewLine};
use finbridge_domain::{DocumentAct, DocumentStatus, PartyKind, WireId};
use rust_decimal::Decimal;

use super::read::marked;
use super::words::{Content, DocumentWords, Lines, Reference};
use crate::wire::body::{Member, Members};

/// How a payment was made when nobody says.
const SOME_MODE: &str = "others";

/// The members of a document that is made or changed. What the draft does not tell is left out.
pub(super) fn members(words: &DocumentWords, draft: &DocumentDraft, is_new: bool) -> Members {
    let mut members = Members::new();
    let mut put = |name: &str, value: Member| {
        members.insert(name.to_owned(), value);
    };
    if let Some(party) = &draft.party_id {
        let member = match words.kind.party() {
            PartyKind::Customer => "customer_id",
            PartyKind::Vendor => "vendor_id",
        };
        put(member, party.as_str().into());
    }
    if let Some(day) = draft.dated_on {
        put(words.dated, Member::Text(day.to_string()));
    }
    if let (Some(member), Some(day)) = (words.due, draft.due_on) {
        put(member, Member::Text(day.to_string()));
    }
    if let Some(rate) = draft.exchange_rate {
        put("exchange_rate", number(rate));
    }
    for (name, text) in [(words.notes, &draft.notes), ("terms", &draft.terms)] {
        if let Some(text) = text {
            put(name, text.as_str().into());
        }
    }
    match (words.reference, &draft.reference) {
        (Reference::Member(member), Some(reference)) => put(member, reference.as_str().into()),
        (Reference::EndOf(member), Some(reference)) => {
            put(member, Member::Text(marked(draft.notes.as_deref().unwrap_or_default(), reference)));
        }
        (_, None) => {}
    }
    // A new one needs a number; of one that is there the vendor's stays.
    let stand_in = draft.reference.as_ref().filter(|_| is_new);
    if let Some(given) = draft.name.as_ref().or(stand_in).filter(|_| words.is_number_given) {
        put(words.number, given.as_str().into());
    }
    if let Some(member) = words.draft_flag.filter(|_| is_new && !draft.is_sent) {
        put(member, Member::Flag(true));
    }
    content(words, draft, is_new, &mut put);
    if let Some(deal) = draft.deal.as_ref().filter(|_| words.abilities.links_deals) {
        members.extend(deal_members(Some(deal)));
    }
    members
}

fn content(words: &DocumentWords, draft: &DocumentDraft, is_new: bool, put: &mut impl FnMut(&str, Member)) {
    match words.content {
        Content::Lines => {
            if let Some(lines) = &draft.lines {
                let lines = lines.iter().map(|line| line_members(words.lines, line));
                put(words.lines.list, Member::List(lines.collect()));
            }
            return;
        }
        Content::Payment => {
            let mode = draft.payment_mode.as_deref().or(is_new.then_some(SOME_MODE));
            if let Some(mode) = mode {
                put("payment_mode", mode.into());
            }
            if is_new || !draft.applications.is_empty() {
                let applied = draft.applications.iter().map(|application| {
                    Members::from([
                        ("invoice_id".to_owned(), application.document_id.as_str().into()),
                        ("amount_applied".to_owned(), number(application.amount)),
                    ])
                });
                put("invoices", Member::List(applied.collect()));
            }
        }
        Content::Expense(category) => {
            if let Some(id) = &draft.category_id {
                put(category, id.as_str().into());
            }
        }
        Content::Report => {
            if let Some(name) = &draft.name {
                put("report_name", name.as_str().into());
            }
            if !draft.expense_ids.is_empty() {
                let expenses = draft.expense_ids.iter();
                let expenses =
                    expenses.map(|id| Members::from([("expense_id".to_owned(), id.as_str().into())]));
                put("expenses", Member::List(expenses.collect()));
            }
            return;
        }
    }
    if let Some(amount) = draft.amount {
        put("amount", number(amount));
    }
}

/// The members that link a document to a deal, or take the link away.
pub(super) fn deal_members(deal: Option<&NewDealMark>) -> Members {
    let id = deal.map_or_else(String::new, |deal| WireId(deal.wire_id).to_string());
    let name = deal.map_or("", |deal| deal.name.as_str());
    Members::from([
        ("zcrm_potential_id".to_owned(), Member::Text(id)),
        ("zcrm_potential_name".to_owned(), name.into()),
    ])
}

fn line_members(words: &Lines, line: &NewLine) -> Members {
    let mut members = Members::from([
        ("name".to_owned(), line.name.as_str().into()),
        ("quantity".to_owned(), number(line.quantity)),
        (words.price.to_owned(), number(line.unit_price)),
    ]);
    for (name, text) in
        [(words.item, &line.item_id), ("description", &line.description), ("unit", &line.unit)]
    {
        if let Some(text) = text {
            members.insert(name.to_owned(), text.as_str().into());
        }
    }
    members
}

fn number(number: Decimal) -> Member {
    Member::number(&number.normalize().to_string())
}

/// Whether an act has nothing left to do. What pays or looks may have led further since.
pub(super) fn is_so(act: DocumentAct, status: DocumentStatus) -> bool {
    use DocumentStatus as Is;
    match act {
        DocumentAct::MarkSent => {
            matches!(
                status,
                Is::Sent | Is::Viewed | Is::PartiallyPaid | Is::Paid | Is::Accepted | Is::Invoiced
            )
        }
        DocumentAct::Accept => matches!(status, Is::Accepted | Is::Invoiced),
        DocumentAct::Decline => status == Is::Declined,
        DocumentAct::Void => status == Is::Void,
        DocumentAct::Reopen => matches!(status, Is::Draft | Is::Open),
        DocumentAct::Open => matches!(
            status,
            Is::Open | Is::Closed | Is::PartiallyInvoiced | Is::Invoiced | Is::PartiallyBilled | Is::Billed
        ),
        DocumentAct::Cancel => status == Is::Cancelled,
    }
}

#[cfg(test)]
mod tests {
    use finbridge_domain::DocumentKind;

    use super::super::words::{OF_BILLING, OF_BOOKS};
    use super::*;

    fn sent(
        words: &'static [DocumentWords],
        kind: DocumentKind,
        draft: &DocumentDraft,
        is_new: bool,
    ) -> serde_json::Value {
        let words = words.iter().find(|words| words.kind == kind).unwrap();
        serde_json::to_value(members(words, draft, is_new)).unwrap()
    }

    #[test]
    fn an_edit_sends_what_it_changes_and_nothing_else() {
        let draft = DocumentDraft { notes: Some("Thanks".to_owned()), ..DocumentDraft::default() };
        for kind in [DocumentKind::Invoice, DocumentKind::CreditNote, DocumentKind::Bill] {
            let edit = sent(OF_BOOKS, kind, &draft, false);
            assert_eq!(edit, serde_json::json!({ "notes": "Thanks" }), "{kind:?}");
        }
    }

    #[test]
    fn numbers_are_sent_with_every_digit() {
        let line = NewLine {
            item_id: Some("9".to_owned()),
            name: "Seat".to_owned(),
            description: None,
            quantity: "0.3333333333".parse().unwrap(),
            unit: None,
            unit_price: "1234567890.1234".parse().unwrap(),
        };
        let draft = DocumentDraft { lines: Some(vec![line]), ..DocumentDraft::default() };
        let words = OF_BOOKS.iter().find(|words| words.kind == DocumentKind::Invoice).unwrap();
        let written = serde_json::to_string(&members(words, &draft, true)).unwrap();
        assert!(
            written.contains(r#""quantity":0.3333333333"#) && written.contains(r#""rate":1234567890.1234"#),
            "{written}"
        );
        let billing = sent(OF_BILLING, DocumentKind::Invoice, &draft, true);
        assert_eq!(billing["invoice_items"][0]["product_id"], "9");
        assert_eq!(billing["invoice_items"][0]["item_id"], serde_json::Value::Null);
    }

    #[test]
    fn a17_3_a_credit_note_is_a_draft_unless_it_counts_as_sent() {
        let draft = |is_sent| DocumentDraft { is_sent, ..DocumentDraft::default() };
        assert_eq!(sent(OF_BOOKS, DocumentKind::CreditNote, &draft(false), true)["is_draft"], true);
        assert_eq!(sent(OF_BOOKS, DocumentKind::CreditNote, &draft(true), true), serde_json::json!({}));
    }

    #[test]
    fn a_deal_is_written_with_all_its_digits_and_taken_away_by_nothing() {
        let deal = NewDealMark { wire_id: 123, name: "Big".to_owned() };
        let mark = |deal| serde_json::to_value(deal_members(deal)).unwrap();
        let wanted =
            serde_json::json!({ "zcrm_potential_id": "000000000000000123", "zcrm_potential_name": "Big" });
        assert_eq!(mark(Some(&deal)), wanted);
        assert_eq!(mark(None), serde_json::json!({ "zcrm_potential_id": "", "zcrm_potential_name": "" }));
    }
}
