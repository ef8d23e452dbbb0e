"""pyzohoapi: Books through objects. JSON bodies without a content type, a trailing slash after ids, tokens asked for in the
query, rate-limit headers read as integers."""

import wire  # noqa: F401
from decimal import Decimal

from pyzohoapi import ZohoBooks
from pyzohoapi.exceptions import ZohoBadRequest
from steps import CLIENT_ID, CLIENT_SECRET, DECOY, ORGANIZATION, REFRESH_TOKEN, equal, finish, holds, raises, section, step


def connect(organization=ORGANIZATION, **more):
    return ZohoBooks(organization, "us", client_id=CLIENT_ID, client_secret=CLIENT_SECRET, refresh_token=REFRESH_TOKEN,
                     redirect_url="https://localhost/", **more)


api = connect()


def make(kind, query=None, **members):
    record = kind()
    for name, value in members.items():
        setattr(record, name, value)
    return record.Create(**(query or {}))


with section("token"):
    with step("a refused token is refreshed once and the call repeated"):
        stale = connect(access_token="1000." + "0" * 32 + "." + "0" * 32, expires_in=3600)
        holds(stale.Organization().IsList is False, "nothing is asked for yet")
        equal(stale.Organization(ORGANIZATION).organization_id, ORGANIZATION, "organization_id")
    with step("the daily quota is read from the headers"):
        holds(int(stale._ratelimit["limit"]) > 0, "x-rate-limit-limit is no positive number")
        holds(int(stale._ratelimit["remaining"]) > 1, "x-rate-limit-remaining would stop the client")

with section("organizations"):
    with step("list"):
        found = [row["organization_id"] for row in api.Organization().Iter(raw=True)]
        holds({DECOY, ORGANIZATION} <= set(found), f"{DECOY} and {ORGANIZATION} are not among {found}")
    with step("the first of the list, in full"):
        holds(api.Organization().First().name, "name is empty")

with section("contacts"):
    with step("create"):
        acme = make(api.Contact, contact_name="Acme", company_name="Acme Corporation", payment_terms=15,
                    billing_address={"address": "1 Main Street", "city": "Springfield", "country": "U.S.A."},
                    contact_persons=[{"first_name": "Ann", "last_name": "Lee", "email": "ann@acme.example"}])
        holds(acme.ID, "the answer brought no contact_id")
        equal(acme.status, "active", "status")
        equal(acme.contact_persons[0].email, "ann@acme.example", "e-mail of the contact person")
    with step("read by id, amounts as exact decimals"):
        read = api.Contact(acme.ID)
        equal(read.contact_name, "Acme", "contact_name")
        equal(Decimal(read.outstanding_receivable_amount), Decimal(0), "outstanding_receivable_amount")
        equal(read.billing_address.city, "Springfield", "billing_address.city")
    with step("update only what changed"):
        read.notes = "Pays late"
        read.Update()
        again = api.Contact(acme.ID)
        equal((again.notes, again.payment_terms), ("Pays late", 15), "notes and payment_terms")
    with step("update the billing address by its id"):
        again.billing_address.city = "Shelbyville"
        again.UpdateBilling()
        equal(api.Contact(acme.ID).billing_address.city, "Shelbyville", "billing_address.city")
    with step("set inactive and active again"):
        holds(again.Deactivate(), "Deactivate was refused")
        equal(api.Contact(acme.ID).status, "inactive", "status")
        holds(again.Activate(), "Activate was refused")
        equal(api.Contact(acme.ID).status, "active", "status")
    with step("a name that is taken is refused with code 3062"), raises(ZohoBadRequest, "3062", "already exists"):
        make(api.Contact, contact_name=" acme ")
    with step("a list of several pages"):
        for number in range(5):
            make(api.Contact, contact_name=f"Page {number}")
        names = [row["contact_name"] for row in api.Contact(per_page="2", sort_column="contact_name").Iter(raw=True)]
        equal(names, ["Acme"] + [f"Page {number}" for number in range(5)], "names over three pages")
    with step("find by a part of the name"):
        names = [row["contact_name"] for row in api.Contact(contact_name_contains="AGE").Iter(raw=True)]
        equal(len(names), 5, "number of contacts found")
    with step("an id that does not exist is an empty object"):
        holds(not api.Contact("999999999999").IsLoaded, "something was loaded")
    with step("delete"):
        gone = api.Contact(contact_name="Page 4").First()
        number = gone.ID
        holds(gone.Delete().IsDeleted, "Delete was refused")
        holds(not api.Contact(number).IsLoaded, "the deleted contact is still there")

with section("items"):
    with step("create"):
        chair = make(api.Item, name="Chair", rate=49.95, sku="CH-1", description="Four legs")
        equal(chair.rate, Decimal("49.95"), "rate")
    with step("update"):
        chair.rate = 59
        chair.Update()
        equal(api.Item(chair.ID).rate, Decimal(59), "rate")
    with step("set inactive and active again"):
        holds(chair.Deactivate() and api.Item(chair.ID).status == "inactive", "the item is not inactive")
        holds(chair.Activate() and api.Item(chair.ID).status == "active", "the item is not active")
    with step("list"):
        equal([row["name"] for row in api.Item().Iter(raw=True)], ["Chair"], "names")
    with step("delete"):
        gone = make(api.Item, name="Stool", rate=5)
        number = gone.ID
        gone.Delete()
        holds(not api.Item(number).IsLoaded, "the deleted item is still there")

with section("invoices and payments"):
    with step("create and send an invoice with an item and a free line"):
        buyer = make(api.Contact, contact_name="Buyer of chairs")
        seat = make(api.Item, name="Seat", rate=49.95)
        invoice = make(api.Invoice, query={"send": "true"}, customer_id=buyer.ID, reference_number="PO-77",
                       line_items=[{"item_id": seat.ID, "quantity": 2}, {"name": "Delivery", "rate": 10.1, "quantity": 1}])
        holds(invoice.Number, "the answer brought no invoice_number")
        equal((invoice.status, invoice.total, invoice.balance), ("sent", Decimal("110.00"), Decimal("110.00")),
              "status, total and balance")
    with step("update"):
        invoice.reference_number = "PO-78"
        invoice.Update()
        equal(api.Invoice(invoice.ID).reference_number, "PO-78", "reference_number")
    with step("find by customer"):
        found = [row["invoice_id"] for row in api.Invoice(customer_id=buyer.ID).Iter(raw=True)]
        equal(found, [invoice.ID], "invoices")
    with step("pay a part, and the rest"):
        for amount in (60, 50):
            make(api.CustomerPayment, customer_id=buyer.ID, payment_mode="cash", amount=amount, date=invoice.date,
                 invoices=[{"invoice_id": invoice.ID, "amount_applied": amount}])
        equal((api.Invoice(invoice.ID).status, api.Invoice(invoice.ID).balance), ("paid", Decimal(0)), "status and balance")
    with step("list the payments of the customer"):
        amounts = sorted(row["amount"] for row in api.CustomerPayment(customer_id=buyer.ID).Iter(raw=True))
        equal(amounts, [Decimal(50), Decimal(60)], "amounts")
    with step("a customer with transactions cannot be deleted"), raises(ZohoBadRequest, "1004"):
        api.Contact(buyer.ID).Delete()

finish()
