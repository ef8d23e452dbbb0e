//! The promises that documents keep. Nothing deletes documents, so each run makes new ones, by a reference that is free.

use chrono::{Days, NaiveDate};
use finbridge_domain::record::{CrmRecordType, CustomerKind, RecordKind};
use finbridge_domain::{DocumentAct, DocumentKind, DocumentStatus, PartyKind, WireId};
use rust_decimal::Decimal;

use super::sample::{named, wanted};
use super::{FIRST_NUMBER, adapter, fails, holds, prepare, said};
use crate::adapter::CrmReference;
use crate::connector::{Connection, Connector};
use crate::document::{DocumentAdapter, DocumentDraft, Mail, NewDealMark, NewLine, Party, RemoteDocument};
use crate::failure::FailureKind;

/// The name of the customer, and of the vendor, that documents are with.
const PARTY_NAME: &str = "Conformance Counterpart Ltd";

/// An id that no document has.
const NOBODYS_ID: &str = "999999999999999999";

/// Pages after which a list is taken to be endless.
const PAGE_LIMIT: usize = 10_000;

/// References that are tried before the app is taken to find everything.
const REFERENCE_LIMIT: usize = 10_000;

/// Checks everything that the engine relies on for documents of this kind. Expenses need a category to be there.
///
/// # Errors
/// A sentence that says which promise the app does not keep.
pub async fn documents(
    connector: &dyn Connector,
    connection: &Connection,
    kind: DocumentKind,
) -> Result<(), String> {
    let offered = connector.documents(kind);
    let adapter = offered.ok_or_else(|| format!("the app does not offer {}", kind.as_str()))?;
    holds(adapter.kind() == kind, "an adapter is of the kind that was asked for")?;
    let probe = Probe { adapter, connector, connection, kind };
    fails("fetch of what is not there", adapter.fetch(connection, NOBODYS_ID).await, &FailureKind::NotFound)?;
    probe.all(None).await?;
    if !adapter.abilities().creates {
        let outcome = adapter.create(connection, &DocumentDraft::default()).await;
        return fails("create", outcome, &FailureKind::NotSupported);
    }
    probe.run().await
}

/// Documents of one kind that are tried.
struct Probe<'a> {
    adapter: &'a dyn DocumentAdapter,
    connector: &'a dyn Connector,
    connection: &'a Connection,
    kind: DocumentKind,
}

impl Probe<'_> {
    async fn run(&self) -> Result<(), String> {
        let party = self.party().await?;
        let reference = self.free_reference().await?;
        let draft = self.draft(&party, reference).await?;
        let made = self.creates(&draft, &party).await?;
        self.lists(&made, &party).await?;
        let made = self.edits(&made).await?;
        self.links(&made).await?;
        self.acts(&made).await?;
        self.prints(&made).await?;
        self.mails(&party).await?;
        self.is_sent_from_the_first(&party).await
    }

    async fn creates(&self, draft: &DocumentDraft, party: &Party) -> Result<RemoteDocument, String> {
        let reference = draft.reference.as_deref().unwrap_or_default();
        let made = said("create", self.adapter.create(self.connection, draft).await)?;
        holds(made.is_whole, "create tells the whole document")?;
        holds(
            made.total == self.total(),
            &format!("a document comes to {}, not {}", self.total(), made.total),
        )?;
        holds(made.parties.iter().any(|one| same(one, party)), "a document names whom it is with")?;
        holds(made.reference.as_deref() == Some(reference), "a document tells the reference it was given")?;
        holds(made.notes == draft.notes, "a document tells the notes it was given")?;
        holds(made.lines.len() == self.line_count(), "a document tells its lines")?;
        holds(!made.currency_code.is_empty(), "a document tells its currency")?;
        let fetched = said("fetch", self.adapter.fetch(self.connection, &made.remote_id).await)?;
        holds(
            fetched == RemoteDocument { request_id: fetched.request_id.clone(), ..made.clone() },
            "fetch tells the same as create",
        )?;
        let found =
            said("find_by_reference", self.adapter.find_by_reference(self.connection, reference).await)?;
        let found = found.ok_or("broken promise: find_by_reference finds what was created")?;
        holds(found.remote_id == made.remote_id, "find_by_reference finds what was created")?;
        Ok(made)
    }

    /// Lists may tell less than a single document, and what they tell is the same.
    async fn lists(&self, made: &RemoteDocument, party: &Party) -> Result<(), String> {
        let told = |list: &str, documents: &[RemoteDocument]| {
            let one = documents.iter().find(|one| one.remote_id == made.remote_id);
            let one = one.ok_or_else(|| format!("broken promise: {list} tells a document that is there"))?;
            let same =
                one.total == made.total && one.status == made.status && one.modified_at == made.modified_at;
            holds(same && one.reference == made.reference, &format!("{list} tells what fetch tells"))?;
            holds(one.currency_code == made.currency_code, &format!("{list} tells the currency"))
        };
        told("list_changed", &self.all(None).await?)?;
        let day = made.dated_on;
        told("list_changed from its day", &self.all(day).await?)?;
        if let Some(later) = day.and_then(|day| day.checked_add_days(Days::new(1))) {
            let later = self.all(Some(later)).await?;
            let is_left_out = later.iter().all(|one| one.remote_id != made.remote_id);
            holds(is_left_out, "list_changed from a later day leaves a document out")?;
        }
        let mut after = None;
        let mut of_party = Vec::new();
        for _ in 0..PAGE_LIMIT {
            let page = self.adapter.list_of_party(self.connection, party, after.as_ref()).await;
            let page = said("list_of_party", page)?;
            of_party.extend(page.records);
            if !page.more {
                break;
            }
            after = Some(page.next);
        }
        told("list_of_party", &of_party)?;
        let are_theirs = of_party.iter().all(|one| one.parties.iter().any(|one| same(one, party)));
        holds(are_theirs, "list_of_party tells documents of that party only")?;
        self.lists_its_id(&made.remote_id).await
    }

    async fn lists_its_id(&self, remote_id: &str) -> Result<(), String> {
        let mut after = None;
        for _ in 0..PAGE_LIMIT {
            let page = said("list_ids", self.adapter.list_ids(self.connection, after.as_ref()).await)?;
            if page.ids.iter().any(|id| id == remote_id) {
                return Ok(());
            }
            after = Some(page.next.ok_or("broken promise: list_ids tells every document")?);
        }
        Err("broken promise: list_ids comes to an end".to_owned())
    }

    async fn edits(&self, made: &RemoteDocument) -> Result<RemoteDocument, String> {
        let notes = DocumentDraft { notes: Some("Tried.".to_owned()), ..DocumentDraft::default() };
        let outcome = self.adapter.update(self.connection, &made.remote_id, &notes).await;
        if !self.adapter.abilities().edits {
            fails("update", outcome, &FailureKind::NotSupported)?;
            return Ok(made.clone());
        }
        let edited = said("update", outcome)?;
        let is_kept = edited.lines == made.lines && edited.total == made.total;
        holds(is_kept && edited.status == made.status, "an update leaves alone what it does not tell")?;
        holds(edited.notes.as_deref() == Some("Tried."), "an update writes the notes")?;
        holds(edited.reference == made.reference, "an update leaves the reference alone")?;
        if self.has_lines() {
            let fewer =
                DocumentDraft { lines: Some(vec![line("Travel", 1, 99, 1)]), ..DocumentDraft::default() };
            let edited = said("update", self.adapter.update(self.connection, &made.remote_id, &fewer).await)?;
            holds(
                edited.lines.len() == 1 && edited.total == Decimal::new(9_9, 1),
                "an update replaces the lines",
            )?;
            holds(edited.notes.as_deref() == Some("Tried."), "an update of lines leaves the notes alone")?;
        }
        let gone = self.adapter.update(self.connection, NOBODYS_ID, &notes).await;
        fails("update of what is not there", gone, &FailureKind::NotFound)?;
        Ok(edited)
    }

    async fn links(&self, made: &RemoteDocument) -> Result<(), String> {
        let mark =
            |number: i64| NewDealMark { wire_id: FIRST_NUMBER + number, name: format!("Deal {number}") };
        let link = async |deal: Option<&NewDealMark>| {
            self.adapter.set_deal(self.connection, &made.remote_id, deal).await
        };
        if !self.adapter.abilities().links_deals {
            return fails("set_deal", link(Some(&mark(20))).await, &FailureKind::NotSupported);
        }
        for number in [20, 21, 21] {
            let linked = said("set_deal", link(Some(&mark(number))).await)?;
            let told = linked.deal.map(|deal| deal.wire_id);
            holds(
                told == Some(WireId(FIRST_NUMBER + number)),
                "a document tells the deal it was linked to last",
            )?;
        }
        for act in ["set_deal to none", "set_deal to none, repeated,"] {
            let free = said(act, link(None).await)?;
            holds(free.deal.is_none(), "a link to a deal can be taken away")?;
            holds(free.reference == made.reference, "links leave everything else alone")?;
        }
        Ok(())
    }

    async fn acts(&self, made: &RemoteDocument) -> Result<(), String> {
        let able = self.adapter.abilities().acts;
        for act in DocumentAct::ALL.iter().filter(|act| !able.contains(act)) {
            let outcome = self.adapter.act(self.connection, &made.remote_id, *act).await;
            fails(act.as_str(), outcome, &FailureKind::NotSupported)?;
        }
        for act in able {
            for name in [act.as_str().to_owned(), format!("{}, repeated,", act.as_str())] {
                let now = said(&name, self.adapter.act(self.connection, &made.remote_id, *act).await)?;
                let status = self.status(&now);
                let is_done = after(*act).contains(&status);
                holds(is_done, &format!("{name} leads to {:?}, not {}", after(*act), status.as_str()))?;
            }
        }
        if let Some(act) = able.first() {
            let gone = self.adapter.act(self.connection, NOBODYS_ID, *act).await;
            fails("an act on what is not there", gone, &FailureKind::NotFound)?;
        }
        Ok(())
    }

    async fn prints(&self, made: &RemoteDocument) -> Result<(), String> {
        let outcome = self.adapter.pdf(self.connection, &made.remote_id).await;
        if !self.adapter.abilities().prints {
            return fails("pdf", outcome, &FailureKind::NotSupported);
        }
        holds(said("pdf", outcome)?.starts_with(b"%PDF-"), "pdf answers with a PDF")?;
        let gone = self.adapter.pdf(self.connection, NOBODYS_ID).await;
        fails("pdf of what is not there", gone, &FailureKind::NotFound)
    }

    /// The app's own subject and text, and own ones. A draft that is mailed is no draft any more (R135).
    async fn mails(&self, party: &Party) -> Result<(), String> {
        let to = vec!["ada@probe.example".to_owned()];
        let own = Mail {
            to: to.clone(),
            cc: vec!["bob@probe.example".to_owned()],
            subject: Some("As agreed".to_owned()),
            body: Some("See attached.".to_owned()),
        };
        if !self.adapter.abilities().mails {
            let outcome = self.adapter.mail(self.connection, NOBODYS_ID, &own).await;
            return fails("mail", outcome, &FailureKind::NotSupported);
        }
        let draft = self.draft(party, self.free_reference().await?).await?;
        let made = said("create", self.adapter.create(self.connection, &draft).await)?;
        for mail in [Mail { to, ..Mail::default() }, own.clone()] {
            let mailed = said("mail", self.adapter.mail(self.connection, &made.remote_id, &mail).await)?;
            holds(self.status(&mailed) != DocumentStatus::Draft, "what was mailed is no draft any more")?;
        }
        let nobody = Mail { to: Vec::new(), ..own.clone() };
        let outcome = self.adapter.mail(self.connection, &made.remote_id, &nobody).await;
        fails("mail to nobody", outcome, &FailureKind::Refused)?;
        let gone = self.adapter.mail(self.connection, NOBODYS_ID, &own).await;
        fails("mail of what is not there", gone, &FailureKind::NotFound)
    }

    async fn is_sent_from_the_first(&self, party: &Party) -> Result<(), String> {
        if !self.adapter.abilities().acts.contains(&DocumentAct::MarkSent) {
            return Ok(());
        }
        let draft = self.draft(party, self.free_reference().await?).await?;
        let made = self.adapter.create(self.connection, &DocumentDraft { is_sent: true, ..draft }).await;
        let status = self.status(&said("create as sent", made)?);
        holds(status == DocumentStatus::Sent, "what is created as sent is sent")
    }

    fn status(&self, document: &RemoteDocument) -> DocumentStatus {
        DocumentStatus::mirrored(self.kind, &document.status, false)
    }

    /// Everything that changed since ever, or of this day and later.
    async fn all(&self, from: Option<NaiveDate>) -> Result<Vec<RemoteDocument>, String> {
        let (mut cursor, mut documents) = (None, Vec::new());
        for _ in 0..PAGE_LIMIT {
            let page = said(
                "list_changed",
                self.adapter.list_changed(self.connection, cursor.as_ref(), from).await,
            )?;
            documents.extend(page.records);
            if !page.more {
                return Ok(documents);
            }
            cursor = Some(page.next);
        }
        Err("broken promise: list_changed comes to an end".to_owned())
    }

    async fn free_reference(&self) -> Result<String, String> {
        for number in 1..=REFERENCE_LIMIT {
            let reference = format!("FB-PROBE-{number}");
            let found = self.adapter.find_by_reference(self.connection, &reference).await;
            if said("find_by_reference", found)?.is_none() {
                return Ok(reference);
            }
        }
        Err("broken promise: find_by_reference finds nothing where nothing is".to_owned())
    }

    async fn party(&self) -> Result<Party, String> {
        prepare(self.connector, self.connection).await?;
        let kind = self.kind.party();
        let (records, record_type, customer_kind) = match kind {
            PartyKind::Customer => {
                (RecordKind::Customer, CrmRecordType::Account, Some(CustomerKind::Business))
            }
            PartyKind::Vendor => (RecordKind::Vendor, CrmRecordType::Vendor, None),
        };
        let parties = adapter(self.connector, records)?;
        let reference = CrmReference { record_type, wire_id: WireId(FIRST_NUMBER + 10) };
        let known = parties.find_by_reference(self.connection, reference, None).await;
        let party = match said("find_by_reference", known)? {
            Some(known) => known,
            None => {
                // Customers and vendors share their names.
                let name = format!("{PARTY_NAME} ({})", kind.as_str());
                let record = named(&wanted(records, customer_kind), records, &name, "");
                said("create", parties.create(self.connection, Some(reference), &record).await)?
            }
        };
        let party = Party { kind, remote_id: party.remote_id, name: None };
        // As if any currency were foreign.
        let terms = said("party_terms", self.connector.party_terms(self.connection, &party, "").await)?;
        holds(!terms.currency_code.is_empty(), "party_terms tells a currency")?;
        Ok(party)
    }

    fn has_lines(&self) -> bool {
        !matches!(
            self.kind,
            DocumentKind::CustomerPayment | DocumentKind::Expense | DocumentKind::ExpenseReport
        )
    }

    fn line_count(&self) -> usize {
        match self.kind {
            DocumentKind::CustomerPayment => 0,
            DocumentKind::Expense | DocumentKind::ExpenseReport => 1,
            _ => 2,
        }
    }

    fn total(&self) -> Decimal {
        if self.has_lines() { Decimal::from(210) } else { Decimal::new(12_34, 2) }
    }

    async fn draft(&self, party: &Party, reference: String) -> Result<DocumentDraft, String> {
        let mut draft = DocumentDraft {
            party_id: Some(party.remote_id.clone()),
            notes: Some("Made to try the finance app.".to_owned()),
            reference: Some(reference.clone()),
            ..DocumentDraft::default()
        };
        match self.kind {
            DocumentKind::Expense => {
                let categories = self.connector.expense_categories(self.connection).await;
                let categories = said("expense_categories", categories)?;
                let category =
                    categories.into_iter().next().ok_or("there is no category to try expenses with")?;
                draft.category_id = Some(category.remote_id);
                draft.amount = Some(self.total());
            }
            DocumentKind::CustomerPayment => {
                draft.amount = Some(self.total());
                draft.payment_mode = Some("cash".to_owned());
            }
            DocumentKind::ExpenseReport => {
                draft.name = Some(format!("Probe {reference}"));
                draft.expense_ids = vec![self.expense(party).await?];
            }
            _ => draft.lines = Some(vec![line("Consulting", 2, 10_005, 2), line("Travel", 1, 99, 1)]),
        }
        Ok(draft)
    }

    /// An expense that a report can hold.
    async fn expense(&self, party: &Party) -> Result<String, String> {
        let kind = DocumentKind::Expense;
        let adapter = self.connector.documents(kind).ok_or("an app with reports of expenses has expenses")?;
        let expenses = Probe { adapter, kind, connector: self.connector, connection: self.connection };
        let reference = expenses.free_reference().await?;
        let draft = Box::pin(expenses.draft(party, reference)).await?;
        Ok(said("create", adapter.create(self.connection, &draft).await)?.remote_id)
    }
}

fn same(one: &Party, other: &Party) -> bool {
    (one.kind, &one.remote_id) == (other.kind, &other.remote_id)
}

fn line(name: &str, quantity: i64, price: i64, decimals: u32) -> NewLine {
    NewLine {
        item_id: None,
        name: name.to_owned(),
        description: Some("As agreed".to_owned()),
        quantity: quantity.into(),
        unit: None,
        unit_price: Decimal::new(price, decimals),
    }
}

/// How a document stands after an act.
fn after(act: DocumentAct) -> &'static [DocumentStatus] {
    match act {
        DocumentAct::MarkSent => &[DocumentStatus::Sent],
        DocumentAct::Accept => &[DocumentStatus::Accepted],
        DocumentAct::Decline => &[DocumentStatus::Declined],
        DocumentAct::Void => &[DocumentStatus::Void],
        DocumentAct::Reopen => &[DocumentStatus::Draft, DocumentStatus::Open],
        DocumentAct::Open => &[DocumentStatus::Open],
        DocumentAct::Cancel => &[DocumentStatus::Cancelled],
    }
}
