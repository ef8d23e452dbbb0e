//! What a contact owes and is owed, kept up to date with every document that is written.

use rust_decimal::Decimal;

use super::kind::Kind;
use super::record::Record;

/// Sums over a contact's documents, each in the contact's currency and in the base currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Balance {
    pub(crate) receivable: Money,
    pub(crate) payable: Money,
    pub(crate) credits_receivable: Money,
    pub(crate) credits_payable: Money,
    /// Documents that name the contact; a contact with any cannot be deleted (code 1004).
    pub(crate) documents: u64,
}

/// An amount in the document's currency and in the base currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Money {
    pub(crate) own: Decimal,
    pub(crate) base: Decimal,
}

impl Money {
    /// Adds an amount. Records of a state file may hold more than calls may write, and nobody could be told.
    pub(crate) fn add(&mut self, other: Self) {
        self.own = self.own.saturating_add(other.own);
        self.base = self.base.saturating_add(other.base);
    }

    fn sub(&mut self, other: Self) {
        self.own = self.own.saturating_sub(other.own);
        self.base = self.base.saturating_sub(other.base);
    }
}

impl Balance {
    /// Adds a document's share.
    pub(crate) fn add(&mut self, share: Self) {
        self.receivable.add(share.receivable);
        self.payable.add(share.payable);
        self.credits_receivable.add(share.credits_receivable);
        self.credits_payable.add(share.credits_payable);
        self.documents += share.documents;
    }

    /// Takes a document's share away again.
    pub(crate) fn sub(&mut self, share: Self) {
        self.receivable.sub(share.receivable);
        self.payable.sub(share.payable);
        self.credits_receivable.sub(share.credits_receivable);
        self.credits_payable.sub(share.credits_payable);
        self.documents = self.documents.saturating_sub(share.documents);
    }
}

/// The contacts that a document names, each with the document's share of its balance. The amounts belong to the first;
/// the others only have the document. Drafts and void documents owe nothing, yet count as documents.
pub(crate) fn shares(record: &Record) -> Vec<(u64, Balance)> {
    let members: &[&str] = match record.kind {
        Kind::Estimate | Kind::SalesOrder | Kind::Invoice | Kind::CreditNote | Kind::CustomerPayment => {
            &["customer_id"]
        }
        Kind::PurchaseOrder => &["vendor_id", "delivery_customer_id"],
        Kind::Bill | Kind::VendorPayment => &["vendor_id"],
        Kind::Expense => &["vendor_id", "customer_id"],
        Kind::Subscription | Kind::UnbilledCharge | Kind::EmployeeExpense | Kind::ExpenseReport => {
            &["customer_id"]
        }
        _ => return Vec::new(),
    };
    let owner = members.first().and_then(|member| record.reference(member));
    let mut contacts: Vec<u64> = members.iter().filter_map(|member| record.reference(member)).collect();
    // A line of a bill names the customer whom its cost is billed to.
    if record.kind == Kind::Bill {
        let customers = record.list("line_items").iter().filter_map(|line| line.get("customer_id"));
        contacts.extend(customers.filter_map(|id| id.as_id_text()?.parse::<u64>().ok()));
    }
    contacts.sort_unstable();
    contacts.dedup();
    let named = Balance { documents: 1, ..Balance::default() };
    contacts.into_iter().map(|id| (id, if Some(id) == owner { own(record, named) } else { named })).collect()
}

/// What a document adds to the balance of the contact it is for.
fn own(record: &Record, named: Balance) -> Balance {
    let mut balance = named;
    let inactive = ["draft", "void", "pending_approval", "approved"].contains(&record.text("status"));
    let amount = |name: &str| {
        let own = record.decimal(name);
        let rate =
            record.members.get("exchange_rate").map_or(Decimal::ONE, |_| record.decimal("exchange_rate"));
        Money { own, base: own.saturating_mul(rate) }
    };
    match record.kind {
        Kind::Invoice if !inactive => balance.receivable = amount("balance"),
        Kind::Bill if !inactive => balance.payable = amount("balance"),
        Kind::CreditNote if !inactive => balance.credits_receivable = amount("balance"),
        Kind::CustomerPayment => balance.credits_receivable = amount("unused_amount"),
        Kind::VendorPayment => balance.credits_payable = amount("unused_amount"),
        _ => {}
    }
    balance
}
