//! What can be done with each kind of finance document.

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use finbridge_domain::{DocumentAct, DocumentKind, PartyKind, WireId};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::connector::Connection;
use crate::cursor::{ChangePage, Cursor, IdPage};
use crate::failure::{Failure, FailureKind};

/// Somebody on the other side of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Customer or vendor.
    pub kind: PartyKind,
    /// Its id on the finance side.
    pub remote_id: String,
    /// Its name, where told.
    pub name: Option<String>,
}

/// A line of a document, as the finance side has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteLine {
    /// Its id there.
    pub remote_id: Option<String>,
    /// The item, where it is one of the catalogue.
    pub item_id: Option<String>,
    /// What it is called.
    pub name: String,
    /// What is said about it.
    pub description: Option<String>,
    /// How many.
    pub quantity: Decimal,
    /// Of what unit.
    pub unit: Option<String>,
    /// Price of one, in the document's currency.
    pub unit_price: Decimal,
    /// What is taken off, as the app writes it: an amount, or per cent.
    pub discount: Option<String>,
    /// The tax on it, by name.
    pub tax_name: Option<String>,
    /// The tax on it, in per cent.
    pub tax_percent: Option<Decimal>,
    /// What the line comes to before tax.
    pub total: Decimal,
}

/// A tax of a document, summed over its lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteTax {
    /// Its name.
    pub name: String,
    /// How much.
    pub amount: Decimal,
}

/// A document that a payment or a credit was applied to, and how much of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// The document.
    pub document_id: String,
    /// How much, in the document's currency.
    pub amount: Decimal,
}

/// When a subscription bills.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionTerm {
    /// What is subscribed to.
    pub plan_name: Option<String>,
    /// First day of the present term.
    pub starts_on: Option<NaiveDate>,
    /// Last day of it.
    pub ends_on: Option<NaiveDate>,
    /// Day of the next bill.
    pub next_billing_on: Option<NaiveDate>,
}

/// The deal that a document says it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DealMark {
    /// The CRM's number of it.
    pub wire_id: WireId,
    /// Its name, where told.
    pub name: Option<String>,
}

/// A document as the finance side has it. Amounts are in the document's currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteDocument {
    /// Its id there.
    pub remote_id: String,
    /// Its number, for people.
    pub number: Option<String>,
    /// The number that whoever made it gave it.
    pub reference: Option<String>,
    /// How it stands, in the app's own word.
    pub status: String,
    /// Customer and vendor, as far as it has them; an expense may have both.
    pub parties: Vec<Party>,
    /// The deal, where it is linked to one.
    pub deal: Option<DealMark>,
    /// ISO 4217 code of its currency, as the app writes it.
    pub currency_code: String,
    /// 1 unit of the document's currency = so many of the organization's base currency, as the app has it (R176). None when
    /// it is not told.
    pub exchange_rate: Option<Decimal>,
    /// Its day.
    pub dated_on: Option<NaiveDate>,
    /// The day by which it is due: of estimates the last day on which they hold, of orders the day of shipment or delivery.
    pub due_on: Option<NaiveDate>,
    /// What the lines come to; none where not told, as in lists.
    pub sub_total: Option<Decimal>,
    /// What is taken off the whole.
    pub discount_total: Option<Decimal>,
    /// Taxes.
    pub tax_total: Option<Decimal>,
    /// Shipping.
    pub shipping: Option<Decimal>,
    /// Put right by hand.
    pub adjustment: Option<Decimal>,
    /// What it comes to.
    pub total: Decimal,
    /// What of it is open; none where the kind has no balance. Of payments and credit notes: what is not applied yet.
    pub balance: Option<Decimal>,
    /// Its lines; empty where they are not told.
    pub lines: Vec<RemoteLine>,
    /// Its taxes; empty where they are not told.
    pub taxes: Vec<RemoteTax>,
    /// What it was applied to, of payments and credit notes.
    pub applications: Vec<Application>,
    /// What is said to the customer.
    pub notes: Option<String>,
    /// Terms and conditions.
    pub terms: Option<String>,
    /// When a subscription bills.
    pub subscription: Option<SubscriptionTerm>,
    /// When it was made.
    pub created_at: Option<DateTime<Utc>>,
    /// When it last changed, by the finance side's clock.
    pub modified_at: DateTime<Utc>,
    /// Whether lines and everything else is told, not just what lists tell.
    pub is_whole: bool,
    /// The finance side's id of the request that told this.
    pub request_id: Option<String>,
}

/// A line of a document that is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewLine {
    /// The item of the catalogue, by its id on the finance side.
    pub item_id: Option<String>,
    /// What it is called.
    pub name: String,
    /// What is said about it.
    pub description: Option<String>,
    /// How many.
    pub quantity: Decimal,
    /// Of what unit.
    pub unit: Option<String>,
    /// Price of one, in the document's currency.
    pub unit_price: Decimal,
}

/// A document that is to be made, or what an edit makes of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentDraft {
    /// Customer or vendor. Needed, but for expenses and reports.
    pub party_id: Option<String>,
    /// By what a repetition finds it: unique, at most 50 characters. Empty on edits that keep it.
    pub reference: Option<String>,
    /// ISO 4217 code; none: the customer's currency (A17.27).
    pub currency_code: Option<String>,
    /// 1 unit of the document's currency = so many of the base currency; needed where they differ (A17.21).
    pub exchange_rate: Option<Decimal>,
    /// Its day; none: today, by the finance side's calendar.
    pub dated_on: Option<NaiveDate>,
    /// The day by which it is due; none: as the customer's terms say.
    pub due_on: Option<NaiveDate>,
    /// Its lines. Of edits: none keeps them, some replaces all.
    pub lines: Option<Vec<NewLine>>,
    /// Of expenses and payments: how much.
    pub amount: Option<Decimal>,
    /// Of expenses: the category, by its id on the finance side.
    pub category_id: Option<String>,
    /// Of expense reports: its name. Of bills: the vendor's number of it; none: the reference.
    pub name: Option<String>,
    /// Of expense reports: the expenses in it, by their ids on the finance side.
    pub expense_ids: Vec<String>,
    /// Of payments: how it was paid, such as `cash` or `banktransfer`.
    pub payment_mode: Option<String>,
    /// Of payments: what they are for.
    pub applications: Vec<Application>,
    /// What is said to the customer; of expenses what it was for.
    pub notes: Option<String>,
    /// Terms and conditions.
    pub terms: Option<String>,
    /// The deal that it belongs to.
    pub deal: Option<NewDealMark>,
    /// Whether it counts as sent at once. Nobody is mailed.
    pub is_sent: bool,
}

/// A deal that a document is linked to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewDealMark {
    /// The CRM's number of it.
    pub wire_id: i64,
    /// Its name.
    pub name: String,
}

/// A mail with the document attached, which the finance app sends (R135).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// To whom.
    pub to: Vec<String>,
    /// To whom a copy goes.
    pub cc: Vec<String>,
    /// Subject; none: the app's own.
    pub subject: Option<String>,
    /// Text; none: the app's own.
    pub body: Option<String>,
}

/// What a kind of document can be asked in one app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentAbilities {
    /// Whether it can be made.
    pub creates: bool,
    /// Whether it can be edited.
    pub edits: bool,
    /// Whether it can be linked to a deal.
    pub links_deals: bool,
    /// Whether it can be mailed with the document attached.
    pub mails: bool,
    /// Whether it can be had as a PDF.
    pub prints: bool,
    /// What changes how it stands.
    pub acts: &'static [DocumentAct],
}

/// Documents of one kind in one finance app.
#[async_trait]
pub trait DocumentAdapter: Send + Sync {
    /// What these are.
    fn kind(&self) -> DocumentKind;

    /// What they can be asked.
    fn abilities(&self) -> DocumentAbilities;

    /// The page of documents changed since the cursor, oldest change first; without one, from the beginning, or from the day
    /// `dated_from` where it is told and the app can limit by it: how far back is a limit of work, not a promise.
    ///
    /// # Errors
    /// As any call. A failed page never means that nothing is there.
    async fn list_changed(
        &self,
        connection: &Connection,
        after: Option<&Cursor>,
        dated_from: Option<NaiveDate>,
    ) -> Result<ChangePage<RemoteDocument>, Failure>;

    /// A page of the documents of one party; the cursor of the last page is of no further use.
    ///
    /// # Errors
    /// As any call; [`FailureKind::NotSupported`] where the app has no such list.
    async fn list_of_party(
        &self,
        connection: &Connection,
        party: &Party,
        after: Option<&Cursor>,
    ) -> Result<ChangePage<RemoteDocument>, Failure>;

    /// A page of the ids of all documents there are: what a sweep for removals reads.
    ///
    /// # Errors
    /// As any call.
    async fn list_ids(&self, connection: &Connection, after: Option<&Cursor>) -> Result<IdPage, Failure>;

    /// One document, whole.
    ///
    /// # Errors
    /// [`FailureKind::NotFound`] when it is gone.
    async fn fetch(&self, connection: &Connection, remote_id: &str) -> Result<RemoteDocument, Failure>;

    /// The document with this reference: what a retry asks before it makes one. It may be one that was made and not yet
    /// marked as sent, where the maker was interrupted in between.
    ///
    /// # Errors
    /// As any call.
    async fn find_by_reference(
        &self,
        connection: &Connection,
        reference: &str,
    ) -> Result<Option<RemoteDocument>, Failure>;

    /// Makes a document and reads it back.
    ///
    /// # Errors
    /// [`FailureKind::OutcomeUnknown`] when it may have been made; [`FailureKind::NotSupported`].
    async fn create(
        &self,
        connection: &Connection,
        draft: &DocumentDraft,
    ) -> Result<RemoteDocument, Failure> {
        let _ = (connection, draft);
        Err(not_supported())
    }

    /// Writes what the draft tells, leaves everything else alone, and reads the document back.
    ///
    /// # Errors
    /// [`FailureKind::NotFound`] when it is gone; [`FailureKind::NotSupported`].
    async fn update(
        &self,
        connection: &Connection,
        remote_id: &str,
        draft: &DocumentDraft,
    ) -> Result<RemoteDocument, Failure> {
        let _ = (connection, remote_id, draft);
        Err(not_supported())
    }

    /// Changes how it stands, and reads it back. Repeated, it finds its work done.
    ///
    /// # Errors
    /// [`FailureKind::Refused`] where it may not be done as the document stands; [`FailureKind::NotSupported`].
    async fn act(
        &self,
        connection: &Connection,
        remote_id: &str,
        act: DocumentAct,
    ) -> Result<RemoteDocument, Failure> {
        let _ = (connection, remote_id, act);
        Err(not_supported())
    }

    /// Links it to a deal, or with none takes the link away (R139), and reads it back.
    ///
    /// # Errors
    /// [`FailureKind::NotFound`] when it is gone; [`FailureKind::NotSupported`].
    async fn set_deal(
        &self,
        connection: &Connection,
        remote_id: &str,
        deal: Option<&NewDealMark>,
    ) -> Result<RemoteDocument, Failure> {
        let _ = (connection, remote_id, deal);
        Err(not_supported())
    }

    /// Has it mailed with a copy attached (R135), and reads it back.
    ///
    /// # Errors
    /// [`FailureKind::OutcomeUnknown`] when it may have been sent; [`FailureKind::NotSupported`].
    async fn mail(
        &self,
        connection: &Connection,
        remote_id: &str,
        mail: &Mail,
    ) -> Result<RemoteDocument, Failure> {
        let _ = (connection, remote_id, mail);
        Err(not_supported())
    }

    /// The document as a PDF.
    ///
    /// # Errors
    /// [`FailureKind::NotFound`] when it is gone; [`FailureKind::NotSupported`].
    async fn pdf(&self, connection: &Connection, remote_id: &str) -> Result<Vec<u8>, Failure> {
        let _ = (connection, remote_id);
        Err(not_supported())
    }
}

fn not_supported() -> Failure {
    Failure::new(FailureKind::NotSupported, "the finance app does not do this with documents of this kind")
}

/// What documents of a customer or vendor begin with (A17.27).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartyTerms {
    /// ISO 4217 code of its currency, as the app writes it.
    pub currency_code: String,
    /// 1 unit of that currency = so many of the base currency, where the app has a rate; none for the base currency itself.
    pub exchange_rate: Option<Decimal>,
    /// Its e-mail address.
    pub email: Option<String>,
}

/// A category of expenses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpenseCategory {
    /// Its id on the finance side.
    pub remote_id: String,
    /// Its name.
    pub name: String,
}

/// How much of an item is there (X01).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stock {
    /// On hand.
    pub on_hand: Decimal,
    /// On hand and not promised to anybody; none where the app does not tell.
    pub available: Option<Decimal>,
}
