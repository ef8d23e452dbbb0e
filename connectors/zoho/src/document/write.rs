//! Documents as they are sent.

use finbridge_contract::{DocumentDraft, NewDealMark, NewLine};
use finbridge_domain::{DocumentAct, DocumentStatus, PartyKind};
use rust_decimal::Decimal;

use super::words::DocumentWords;
use crate::wire::body::{Member, Members};

/// The members of a document that is made or changed. What the draft does not tell is left out.
pub(super) fn members(words: &DocumentWords, draft: &DocumentDraft) -> Members {
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
    if let (Some(member), Some(reference)) = (words.reference, &draft.reference) {
        put(member, reference.as_str().into());
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
    if let Some(lines) = &draft.lines {
        put(words.lines, Member::List(lines.iter().map(|line| line_members(words, line)).collect()));
    }
    for (name, text) in [("notes", &draft.notes), ("terms", &draft.terms)] {
        if let Some(text) = text {
            put(name, text.as_str().into());
        }
    }
    if let Some(deal) = &draft.deal {
        members.extend(deal_members(Some(deal)));
    }
    members
}

/// The members that link a document to a deal, or take the link away.
pub(super) fn deal_members(deal: Option<&NewDealMark>) -> Members {
    let id = deal.map_or_else(String::new, |deal| format!("{:018}", deal.wire_id));
    let name = deal.map_or("", |deal| deal.name.as_str());
    Members::from([
        ("zcrm_potential_id".to_owned(), Member::Text(id)),
        ("zcrm_potential_name".to_owned(), name.into()),
    ])
}

fn line_members(words: &DocumentWords, line: &NewLine) -> Members {
    let price = if words.lines == "line_items" { "rate" } else { "price" };
    let mut members = Members::from([
        ("name".to_owned(), line.name.as_str().into()),
        ("quantity".to_owned(), number(line.quantity)),
        (price.to_owned(), number(line.unit_price)),
    ]);
    for (name, text) in [("item_id", &line.item_id), ("description", &line.description), ("unit", &line.unit)]
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

/// The status that an act leads to. What pays or looks may have led further since.
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
            Is::Open | Is::PartiallyInvoiced | Is::Invoiced | Is::PartiallyBilled | Is::Billed
        ),
        DocumentAct::Cancel => status == Is::Cancelled,
    }
}
