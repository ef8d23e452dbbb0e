//! What no call of the API shows yet: a contact's balance is the sum of its open documents, whatever was done to them; and
//! an e-mail sends what can be sent.

use chrono::{DateTime, TimeZone, Utc};
use proptest::prelude::*;

use super::*;
use crate::document::application::{CREDITS, PAYMENTS};
use crate::request::Query;
use crate::resource::contact::model::{Address, Contact, ContactType, SubType};
use crate::resource::creditnote::CreditNote;
use crate::resource::customerpayment::CustomerPayment;
use crate::resource::packed::Packed;
use crate::seed::{DEMO_ORGANIZATION_ID, Seed};
use crate::store::Store;
use crate::store::change::Change;
use crate::store::records::Organization;

const CUSTOMER: u64 = 77;

#[derive(Debug, Clone)]
enum Act {
    Invoice { cents: u32, sent: bool },
    Pay { cents: u32, invoice: usize, applied: u32 },
    Credit { cents: u32 },
    ApplyPayment { payment: usize, invoice: usize, cents: u32 },
    ApplyCredit { note: usize, invoice: usize, cents: u32 },
    Status { invoice: usize, change: usize },
    Reapply { payment: usize, invoice: usize, cents: u32 },
    Delete { kind: usize, at: usize },
    Change { invoice: usize, cents: u32 },
}

fn act() -> impl Strategy<Value = Act> {
    let (cents, at) = (1u32..20_000, 0usize..6);
    prop_oneof![
        (cents.clone(), any::<bool>()).prop_map(|(cents, sent)| Act::Invoice { cents, sent }),
        (cents.clone(), at.clone(), 0u32..20_000).prop_map(|(cents, invoice, applied)| Act::Pay {
            cents,
            invoice,
            applied
        }),
        cents.clone().prop_map(|cents| Act::Credit { cents }),
        (at.clone(), at.clone(), cents.clone()).prop_map(|(payment, invoice, cents)| Act::ApplyPayment {
            payment,
            invoice,
            cents
        }),
        (at.clone(), at.clone(), cents.clone()).prop_map(|(note, invoice, cents)| Act::ApplyCredit {
            note,
            invoice,
            cents
        }),
        (at.clone(), 0usize..5).prop_map(|(invoice, change)| Act::Status { invoice, change }),
        (at.clone(), at.clone(), cents.clone()).prop_map(|(payment, invoice, cents)| Act::Reapply {
            payment,
            invoice,
            cents
        }),
        (0usize..3, at.clone()).prop_map(|(kind, at)| Act::Delete { kind, at }),
        (at, cents).prop_map(|(invoice, cents)| Act::Change { invoice, cents }),
    ]
}

fn money(cents: u32) -> Json {
    Json::amount(Decimal::new(cents.into(), 2))
}

/// The record number `at` of a kind.
fn nth(desk: &Desk<'_>, kind: Kind, at: usize) -> Result<std::sync::Arc<Record>, ApiError> {
    let table = desk.books().table(kind);
    table.rows().nth(at).cloned().ok_or_else(|| ApiError::missing("Record"))
}

fn lines(cents: u32) -> Json {
    vec![Json::object([("name", "x".into()), ("rate", money(cents))])].into()
}

fn perform(desk: &mut Desk<'_>, act: &Act) -> Result<(), ApiError> {
    let customer = || ("customer_id", Json::id(CUSTOMER));
    match *act {
        Act::Invoice { cents, sent } => {
            let invoice = desk.create(&Invoice, &Json::object([customer(), ("line_items", lines(cents))]))?;
            if sent { status::mark_sent(desk, &invoice) } else { Ok(()) }
        }
        Act::Pay { cents, invoice, applied } => {
            let invoice = nth(desk, Kind::Invoice, invoice)?.id;
            let entry = Json::object([("invoice_id", Json::id(invoice)), ("amount_applied", money(applied))]);
            let body = Json::object([
                customer(),
                ("payment_mode", "cash".into()),
                ("amount", money(cents)),
                ("date", "2026-01-05".into()),
                ("invoices", vec![entry].into()),
            ]);
            desk.create(&CustomerPayment, &body).map(|_| ())
        }
        Act::Credit { cents } => {
            let body = Json::object([customer(), ("line_items", lines(cents))]);
            desk.create(&CreditNote, &body).map(|_| ())
        }
        Act::ApplyPayment { payment, invoice, cents } => {
            let (payment, invoice) = (nth(desk, PAYMENTS.kind, payment)?, nth(desk, Kind::Invoice, invoice)?);
            application::add(desk, &PAYMENTS, &payment, invoice.id, Decimal::new(cents.into(), 2))
        }
        Act::ApplyCredit { note, invoice, cents } => {
            let (note, invoice) = (nth(desk, CREDITS.kind, note)?, nth(desk, Kind::Invoice, invoice)?);
            application::add(desk, &CREDITS, &note, invoice.id, Decimal::new(cents.into(), 2))
        }
        Act::Status { invoice, change } => {
            let invoice = nth(desk, Kind::Invoice, invoice)?;
            let change = [
                status::mark_sent,
                status::void,
                status::redraft,
                status::write_off,
                status::cancel_write_off,
            ][change];
            change(desk, &invoice)
        }
        Act::Reapply { payment, invoice, cents } => {
            let (payment, invoice) = (nth(desk, PAYMENTS.kind, payment)?, nth(desk, Kind::Invoice, invoice)?);
            let entry =
                Json::object([("invoice_id", Json::id(invoice.id)), ("amount_applied", money(cents))]);
            let body = Json::object([("invoices", vec![entry].into())]);
            desk.update(&CustomerPayment, &payment, &body).map(|_| ())
        }
        Act::Delete { kind, at } => {
            let resources: [&dyn Resource; 3] = [&Invoice, &CustomerPayment, &CreditNote];
            let id = nth(desk, resources[kind].spec().kind, at)?.id;
            desk.delete(resources[kind], id)
        }
        Act::Change { invoice, cents } => {
            let invoice = nth(desk, Kind::Invoice, invoice)?;
            let body = Json::object([("line_items", lines(cents))]);
            desk.update(&Invoice, &invoice, &body).map(|_| ())
        }
    }
}

fn contact(now: DateTime<Utc>, currency_id: u64) -> Contact {
    Contact {
        contact_id: CUSTOMER,
        contact_name: "Bowman".into(),
        contact_type: ContactType::Customer,
        customer_sub_type: SubType::Business,
        active: true,
        imported: false,
        link: None,
        currency_id,
        billing_address: Address::default(),
        shipping_address: Address::default(),
        addresses: Vec::new(),
        persons: Vec::new(),
        members: Packed::default(),
        created: now,
        modified: now,
        created_by: String::new().into(),
    }
}

/// A store with one customer.
fn shop() -> (Store, std::sync::Arc<Organization>, DateTime<Utc>) {
    let now = Utc.with_ymd_and_hms(2026, 1, 5, 20, 0, 0).unwrap();
    let store = {
        let random = std::sync::Arc::default();
        Store::in_memory(crate::store::seeding::planted(&Seed::demo(), now, &random), random)
    };
    let organization = store.read().organizations[DEMO_ORGANIZATION_ID].clone();
    let customer = contact(now, organization.currencies[0].currency_id);
    let planted = store.write(|transaction| {
        transaction.apply(Change::Contact {
            organization_id: DEMO_ORGANIZATION_ID.to_owned(),
            contact: customer.into(),
        });
        Ok(())
    });
    planted.unwrap();
    (store, organization, now)
}

#[test]
fn an_email_sends_what_can_be_sent() {
    let (store, organization, now) = shop();
    let query = Query::default();
    let system = std::sync::Arc::new(crate::store::records::User::system(now));
    for (kind, from, to) in [
        (Kind::Estimate, "draft", Some("sent")),
        (Kind::Estimate, "declined", Some("sent")),
        (Kind::Estimate, "approved", Some("sent")),
        (Kind::Estimate, "accepted", Some("accepted")),
        (Kind::Estimate, "invoiced", Some("invoiced")),
        (Kind::Estimate, "pending_approval", None),
        (Kind::SalesOrder, "draft", Some("open")),
        (Kind::SalesOrder, "void", Some("void")),
        (Kind::Invoice, "draft", Some("sent")),
        (Kind::Invoice, "approved", Some("sent")),
        (Kind::Invoice, "sent", Some("sent")),
        (Kind::Invoice, "void", Some("void")),
        (Kind::Invoice, "pending_approval", None),
        (Kind::CreditNote, "draft", Some("open")),
        (Kind::CreditNote, "void", Some("void")),
        (Kind::CreditNote, "pending_approval", None),
    ] {
        let resource = crate::resource::of(kind);
        let mailed = store.write(|transaction| {
            let mut desk = Desk {
                transaction,
                organization: &organization,
                now,
                user: "x",
                caller: &system,
                query: &query,
                contact_quota: None,
            };
            let body = Json::object([("customer_id", Json::id(CUSTOMER)), ("line_items", lines(100))]);
            let id = desk.create(resource, &body)?.id;
            let record = desk.alter(kind, id, |record| record.set("status", from))?;
            resource.mailed(&mut desk, &record)?;
            desk.find(kind, id)
        });
        let shown = mailed.map(|record| (record.text("status").to_owned(), record.flag("is_emailed")));
        match to {
            Some(to) => assert_eq!(shown.unwrap(), (to.to_owned(), true), "{kind:?} {from}"),
            None => assert_eq!(shown.unwrap_err().code(), 4098, "{kind:?} {from}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn balances_are_the_sums_of_open_documents(acts in prop::collection::vec(act(), 1..60)) {
        let (store, organization, now) = shop();
        let query = Query::default();
        let system = std::sync::Arc::new(crate::store::records::User::system(now));
        let mut done = 0;
        for act in &acts {
            let outcome = store.write(|transaction| {
                let mut desk = Desk { transaction, organization: &organization, now, user: "x", caller: &system, query: &query, contact_quota: None };
                perform(&mut desk, act)
            });
            done += usize::from(outcome.is_ok());
            let books = store.read().books(DEMO_ORGANIZATION_ID);
            let (mut due, mut credit) = (Decimal::ZERO, Decimal::ZERO);
            for invoice in books.table(Kind::Invoice).rows() {
                let left = invoice.decimal("total") - invoice.decimal("payment_made")
                    - invoice.decimal("credits_applied") - invoice.decimal("write_off_amount");
                prop_assert_eq!(left, invoice.decimal("balance"));
                prop_assert!(left >= Decimal::ZERO);
                for (source, sum) in [(&PAYMENTS, "payment_made"), (&CREDITS, "credits_applied")] {
                    let given: Decimal = books.table(source.kind).rows().flat_map(|it| application::of(it))
                        .filter(|it| it.invoice_id == invoice.id).map(|it| it.amount).sum();
                    prop_assert_eq!(given, invoice.decimal(sum));
                }
                if invoice.text("status") == "sent" {
                    due += left;
                }
            }
            for source in [&PAYMENTS, &CREDITS] {
                for record in books.table(source.kind).rows() {
                    let applied: Decimal = application::of(record).iter().map(|it| it.amount).sum();
                    prop_assert_eq!(record.decimal(source.left), record.decimal(source.whole) - applied);
                    prop_assert!(record.decimal(source.left) >= Decimal::ZERO);
                    credit += record.decimal(source.left);
                }
            }
            let balance = books.balance(CUSTOMER);
            prop_assert_eq!((balance.receivable.own, balance.credits_receivable.own), (due, credit));
            prop_assert_eq!((balance.receivable.base, balance.credits_receivable.base), (due, credit));
        }
        prop_assume!(done > 0);
    }
}
