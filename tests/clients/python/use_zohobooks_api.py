"""zohobooks-api: Books of an Indian organization by its older host. Bodies as form field JSONString, `authtoken` in the query
of every PUT and DELETE beside the header, POSTs of an empty text as form, and answers read by name without a default: a
member that is missing ends the call with KeyError."""

import wire  # noqa: F401
from books.exception.BooksException import BooksException
from books.model.Address import Address
from books.model.Contact import Contact
from books.model.ContactPerson import ContactPerson
from books.model.CustomerPayment import CustomerPayment
from books.model.Estimate import Estimate
from books.model.Expense import Expense
from books.model.Invoice import Invoice
from books.model.Item import Item
from books.model.LineItem import LineItem
from books.service.ZohoBooks import ZohoBooks
from steps import ACCESS_TOKEN, ORGANIZATION, equal, finish, holds, raises, section, step

books = ZohoBooks(ACCESS_TOKEN, ORGANIZATION)
contacts, persons = books.get_contacts_api(), books.get_contact_persons_api()


def make(kind, **members):
    record = kind()
    for name, value in members.items():
        getattr(record, f"set_{name}")(value)
    return record


def line(**members):
    return make(LineItem, **members)


with section("organizations"):
    with step("list"):
        found = {row.get_organization_id(): row.get_currency_code()
                 for row in books.get_organizations_api().get_organizations()}
        equal(found.get(ORGANIZATION), "INR", "currency of the organization")
    with step("read"):
        holds(books.get_organizations_api().get(ORGANIZATION).get_name(), "name is empty")

with section("contacts"):
    with step("create, with contact persons and address"):
        acme = contacts.create(make(
            Contact, contact_name="Acme & Söhne", company_name="Acme", payment_terms=15, gst_treatment="consumer",
            place_of_contact="TN", billing_address=make(Address, address="1 Mount Road", city="Chennai", zip="600002"),
            contact_persons=[make(ContactPerson, first_name="Ann", last_name="Lee", email="ann@acme.example",
                                  is_primary_contact=True)]))
        holds(acme.get_contact_id(), "the answer brought no contact_id")
        equal(acme.get_contact_name(), "Acme & Söhne", "contact_name")
    with step("read"):
        read = contacts.get(acme.get_contact_id())
        equal(read.get_billing_address().get_city(), "Chennai", "city")
        equal([it.get_email() for it in read.get_contact_persons()], ["ann@acme.example"], "e-mails")
        equal((read.gst_treatment, read.place_of_contact), ("consumer", "TN"), "gst_treatment and place_of_contact")
    with step("update"):
        changed = contacts.update(acme.get_contact_id(), make(Contact, contact_name="Acme & Söhne", notes="Pays late"))
        equal(changed.get_notes(), "Pays late", "notes")
    with step("set inactive and active again"):
        equal(contacts.mark_inactive(acme.get_contact_id()), "The contact has been marked as inactive.", "message")
        equal(contacts.mark_active(acme.get_contact_id()), "The contact has been marked as active.", "message")
    with step("list with filters"):
        listed = contacts.get_contacts({"filter_by": "Status.Active", "search_text": "acme", "sort_column": "contact_name"})
        equal([it.get_contact_name() for it in listed.get_contacts()], ["Acme & Söhne"], "names")
        equal(listed.get_page_context().get_applied_filter(), "Status.Active", "applied_filter")
        equal(listed.get_page_context().get_has_more_page(), False, "has_more_page")
    with step("a name that is taken is refused with code 3062"), raises(BooksException, "3062", "already exists"):
        contacts.create(make(Contact, contact_name="ACME & söhne"))
    with step("delete"):
        gone = contacts.create(make(Contact, contact_name="Soon gone"))
        equal(contacts.delete(gone.get_contact_id()), "The contact has been deleted.", "message")
        with raises(BooksException, "1002"):
            contacts.get(gone.get_contact_id())

with section("contact persons"):
    with step("create"):
        bob = persons.create(make(ContactPerson, contact_id=acme.get_contact_id(), first_name="Bob", last_name="Roy",
                                  email="bob@acme.example", is_primary_contact=False))
        equal(bob.get_first_name(), "Bob", "first_name")
    with step("list"):
        rows = persons.get_contact_persons(acme.get_contact_id()).get_contact_persons()
        equal(sorted(it.get_first_name() for it in rows), ["Ann", "Bob"], "first names")
    with step("read without naming the contact"):
        equal(persons.get(bob.get_contact_person_id()).get_contact_id(), acme.get_contact_id(), "contact_id")
    with step("update"):
        changed = persons.update(bob.get_contact_person_id(), make(
            ContactPerson, contact_id=acme.get_contact_id(), first_name="Robert", is_primary_contact=False))
        equal(changed.get_first_name(), "Robert", "first_name")
    with step("make primary"):
        persons.mark_as_primary_contact(bob.get_contact_person_id())
        equal(persons.get(bob.get_contact_person_id()).get_is_primary_contact(), True, "is_primary_contact")
    with step("delete"):
        persons.delete(bob.get_contact_person_id())
        rows = persons.get_contact_persons(acme.get_contact_id()).get_contact_persons()
        equal([it.get_first_name() for it in rows], ["Ann"], "first names")

with section("items"):
    items = books.get_items_api()
    with step("create"):
        chair = items.create(make(Item, name="Chair", rate=49.95, description="Four legs"))
        equal((chair.get_name(), chair.get_rate(), chair.get_status()), ("Chair", 49.95, "active"), "name, rate, status")
    with step("update, read, list"):
        items.update(chair.get_item_id(), make(Item, name="Chair", rate=59))
        equal(items.get(chair.get_item_id()).get_rate(), 59, "rate")
        equal([it.get_name() for it in items.list_items().get_items()], ["Chair"], "names")
    with step("set inactive and active with an empty JSONString"):
        equal(items.mark_item_as_inactive(chair.get_item_id()), "The item has been marked as inactive.", "message")
        equal(items.mark_item_as_active(chair.get_item_id()), "The item has been marked as active.", "message")
    with step("delete"):
        gone = items.create(make(Item, name="Stool", rate=5))
        equal(items.delete_item(gone.get_item_id()), "The item has been deleted.", "message")

with section("estimates"):
    estimates = books.get_estimates_api()
    with step("create"):
        offer = estimates.create(make(Estimate, customer_id=acme.get_contact_id(), reference_number="Q-1",
                                      line_items=line(name="Chair", rate=49.95, quantity=2)))
        equal((offer.get_status(), offer.get_total()), ("draft", 99.9), "status and total")
    with step("update, read, list"):
        estimates.update(offer.get_estimate_id(), make(
            Estimate, customer_id=acme.get_contact_id(), reference_number="Q-2",
            line_items=line(name="Chair", rate=49.95, quantity=3)))
        equal(estimates.get(offer.get_estimate_id()).get_total(), 149.85, "total")
        rows = estimates.get_estimates({"customer_id": acme.get_contact_id()}).get_estimates()
        equal([it.get_reference_number() for it in rows], ["Q-2"], "reference numbers")
    with step("sent, then accepted"):
        estimates.mark_an_estimate_as_sent(offer.get_estimate_id())
        estimates.mark_an_estimate_as_accepted(offer.get_estimate_id())
        equal(estimates.get(offer.get_estimate_id()).get_status(), "accepted", "status")
    with step("delete"):
        gone = estimates.create(make(Estimate, customer_id=acme.get_contact_id(),
                                     line_items=line(name="Chair", rate=1, quantity=1)))
        equal(estimates.delete(gone.get_estimate_id()), "The estimate has been deleted.", "message")

with section("invoices and payments"):
    invoices, payments = books.get_invoices_api(), books.get_customer_payments_api()
    with step("create a number of one's own"):
        bill = invoices.create(make(Invoice, customer_id=acme.get_contact_id(), invoice_number="IN/2026/1",
                                    line_items=line(name="Chair", rate=100, quantity=1)),
                               ignore_auto_number_generation="true")
        equal((bill.get_invoice_number(), bill.get_status()), ("IN/2026/1", "draft"), "number and status")
    with step("update, read, list"):
        invoices.update(bill.get_invoice_id(), make(
            Invoice, customer_id=acme.get_contact_id(), invoice_number="IN/2026/1", reference_number="PO-7",
            line_items=line(name="Chair", rate=120, quantity=1)), ignore_auto_number_generation="true")
        equal(invoices.get(bill.get_invoice_id()).get_total(), 120, "total")
        rows = invoices.get_invoices({"reference_number": "PO-7"}).get_invoices()
        equal([it.get_balance() for it in rows], [120], "balances")
    with step("sent, void, draft, sent"):
        invoices.mark_an_invoice_as_sent(bill.get_invoice_id())
        invoices.void_an_invoice(bill.get_invoice_id())
        equal(invoices.get(bill.get_invoice_id()).get_status(), "void", "status")
        invoices.mark_as_draft(bill.get_invoice_id())
        equal(invoices.get(bill.get_invoice_id()).get_status(), "draft", "status")
        invoices.mark_an_invoice_as_sent(bill.get_invoice_id())
    with step("pay"):
        paid = make(Invoice, invoice_id=bill.get_invoice_id(), amount_applied=120)
        payment = payments.create(make(CustomerPayment, customer_id=acme.get_contact_id(), payment_mode="cash", amount=120,
                                       date=bill.get_date(), invoices=[paid]))
        equal([it.get_amount_applied() for it in payment.get_invoices()], [120], "amounts applied")
        equal(invoices.get(bill.get_invoice_id()).get_status(), "paid", "status")
    with step("the invoice's payments, all payments"):
        equal([it.get_amount() for it in invoices.list_invoice_payments(bill.get_invoice_id()).get_payments()], [120],
              "amounts")
        rows = payments.get_customer_payments({"customer_id": acme.get_contact_id()}).get_customer_payments()
        equal([it.get_invoice_numbers() for it in rows], ["IN/2026/1"], "invoice numbers")
    with step("delete the payment, then the invoice"):
        equal(payments.delete(payment.get_payment_id()), "The payment has been deleted.", "message")
        equal(invoices.get(bill.get_invoice_id()).get_balance(), 120, "balance")
        equal(invoices.delete(bill.get_invoice_id()), "The invoice has been deleted.", "message")

with section("expenses"):
    expenses, accounts = books.get_expenses_api(), books.get_chart_of_accounts_api()
    with step("accounts by type"):
        rows = accounts.get_chart_of_accounts({"filter_by": "AccountType.Expense"}).get_chartofaccounts()
        account = next(it.get_account_id() for it in rows if it.get_account_type() == "expense")
    with step("create, read, list, delete"):
        trip = expenses.create(make(Expense, account_id=account, date="2026-01-05", amount=80, reference_number="R-1"))
        equal(expenses.get(trip.get_expense_id()).get_total(), 80, "total")
        rows = expenses.get_expenses({"filter_by": "Status.All"}).get_expenses()
        equal([it.get_reference_number() for it in rows], ["R-1"], "reference numbers")
        expenses.delete(trip.get_expense_id())

finish()
