"""zohopy: Books by both of its clients, blocking and asynchronous, over HTTP/1.1 with kept connections. Tokens asked for in a
form body, JSON with a content type, errors told apart by status, code and words of the message."""

import wire  # noqa: F401
import asyncio

from steps import CLIENT_ID, CLIENT_SECRET, ORGANIZATION, REFRESH_TOKEN, equal, finish, holds, raises, section, step
from zohopy import AsyncZohoClient, SyncZohoClient, ZohoConfig
from zohopy.exceptions import (ZohoBusinessRuleError, ZohoDuplicateError, ZohoEmptyBodyError, ZohoInvalidFieldError,
                               ZohoNotFoundError, ZohoResourceDependentError, ZohoTokenRefreshError)
from zohopy.products.books import AsyncZohoBooks, ZohoBooks

config = ZohoConfig(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, refresh_token=REFRESH_TOKEN,
                    organization_id=ORGANIZATION, data_center="us", max_retries=1, _env_file=None)
client = SyncZohoClient(config)
books = ZohoBooks(client)

with section("organizations"):
    with step("list and read"):
        ids = [row["organization_id"] for row in books.organizations.list()["organizations"]]
        holds(ORGANIZATION in ids, f"{ORGANIZATION} is not among {ids}")
        equal(books.organizations.get(ORGANIZATION)["organization"]["organization_id"], ORGANIZATION, "organization_id")

with section("contacts"):
    with step("create"):
        answer = books.contacts.create({
            "contact_name": "Acme", "contact_type": "customer", "payment_terms": 15,
            "contact_persons": [{"first_name": "Ann", "last_name": "Lee", "email": "ann@acme.example"}]})
        equal((answer["code"], answer["message"]), (0, "The contact has been created."), "code and message")
        acme = answer["contact"]["contact_id"]
    with step("read and update"):
        books.contacts.update(acme, {"notes": "Pays late"})
        contact = books.contacts.get(acme)["contact"]
        equal((contact["notes"], contact["payment_terms"]), ("Pays late", 15), "notes and payment_terms")
    with step("set inactive and active again"):
        books.contacts.mark_inactive(acme)
        equal(books.contacts.get(acme)["contact"]["status"], "inactive", "status")
        books.contacts.mark_active(acme)
    with step("every page"):
        for number in range(3):
            books.contacts.create({"contact_name": f"Page {number}"})
        pages = list(books.contacts.list_all(per_page=2, sort_column="contact_name"))
        names = [[row["contact_name"] for row in page["contacts"]] for page in pages]
        equal(names, [["Acme", "Page 0"], ["Page 1", "Page 2"]], "names by page")
    with step("additional addresses"):
        made = books.contacts.add_address(acme, {"address": "2 Side Street", "city": "Springfield"})["address_info"]
        books.contacts.edit_address(acme, made["address_id"], {"address": "3 Side Street"})
        listed = books.contacts.list_addresses(acme)["addresses"]
        holds("3 Side Street" in [row["address"] for row in listed], f"the new address is not among {listed}")
        books.contacts.delete_address(acme, made["address_id"])
    with step("contact persons of a contact"):
        person = books.contact_persons.list_for_contact(acme)["contact_persons"][0]
        read = books.contact_persons.get_for_contact(acme, person["contact_person_id"])["contact_person"]
        equal((read["email"], read["is_primary_contact"]), ("ann@acme.example", True), "email and is_primary_contact")
    with step("a taken name, an unknown id, no body, a bad value"):
        with raises(ZohoDuplicateError, "already exists"):
            books.contacts.create({"contact_name": "ACME"})
        with raises(ZohoNotFoundError):
            books.contacts.get("999999999999")
        with raises(ZohoEmptyBodyError):
            client.post("/books/v3/contacts")
        with raises(ZohoInvalidFieldError, "contact_type"):
            books.contacts.create({"contact_name": "Nobody", "contact_type": "nobody"})
        with raises(ZohoInvalidFieldError, "filter_by"):
            books.contacts.list(filter_by="Status.Nonsense")
    with step("delete"):
        gone = books.contacts.create({"contact_name": "Soon gone"})["contact"]["contact_id"]
        equal(books.contacts.delete(gone)["code"], 0, "code")
        with raises(ZohoNotFoundError):
            books.contacts.get(gone)

with section("reminders and comments of contacts"):
    with step("stop reminders, start them, list comments"):
        books.contacts.disable_payment_reminders(acme)
        equal(books.contacts.get(acme)["contact"]["payment_reminder_enabled"], False, "payment_reminder_enabled")
        books.contacts.enable_payment_reminders(acme)
        holds(isinstance(books.contacts.list_comments(acme)["contact_comments"], list), "contact_comments is no list")

with section("contacts, asynchronous"):
    async def five():
        async with AsyncZohoClient(config) as waiting:
            other = AsyncZohoBooks(waiting)
            await other.contacts.list(per_page=1)
            made = await asyncio.gather(*(other.contacts.create({"contact_name": f"Async {n:02}"}) for n in range(5)))
            names = []
            async for page in other.contacts.list_all(per_page=2, contact_name_startswith="Async"):
                names += [row["contact_name"] for row in page["contacts"]]
            await asyncio.gather(*(other.contacts.delete(answer["contact"]["contact_id"]) for answer in made))
            left = await other.contacts.list(contact_name_startswith="Async")
            return names, left["contacts"]

    with step("five at once: create, list in pages, delete"):
        names, left = asyncio.run(five())
        equal(sorted(names), [f"Async {n:02}" for n in range(5)], "names")
        equal(left, [], "contacts left")

with section("currencies"):
    with step("add one, twice"):
        euro = next((row for row in books.currencies.list()["currencies"] if row["currency_code"] == "EUR"), None)
        if euro is None:
            euro = books.currencies.create({"currency_code": "EUR", "currency_symbol": "€", "price_precision": 2,
                                            "currency_format": "1.234.567,89"})["currency"]
        with raises(ZohoDuplicateError, "already exists"):
            books.currencies.create({"currency_code": "EUR", "currency_format": "1.234.567,89"})
    with step("exchange rates"):
        rate = books.currencies.create_exchange_rate(euro["currency_id"], {"effective_date": "2026-01-05", "rate": 1.17})
        number = rate["exchange_rate"]["exchange_rate_id"]
        books.currencies.update_exchange_rate(euro["currency_id"], number, {"effective_date": "2026-01-05", "rate": 1.2})
        read = books.currencies.get_exchange_rate(euro["currency_id"], number)["exchange_rate"]
        equal(read["rate"], 1.2, "rate")
        books.currencies.delete_exchange_rate(euro["currency_id"], number)

with section("items"):
    with step("create, read, update, list"):
        chair = books.items.create({"name": "Chair", "rate": 49.95, "sku": "CH-1"})["item"]["item_id"]
        books.items.update(chair, {"name": "Chair", "rate": 59})
        equal(books.items.get(chair)["item"]["rate"], 59, "rate")
        equal([row["name"] for row in books.items.list()["items"]], ["Chair"], "names")
    with step("set inactive and active again"):
        books.items.mark_inactive(chair)
        equal(books.items.get(chair)["item"]["status"], "inactive", "status")
        books.items.mark_active(chair)

with section("estimates"):
    with step("create, and none without lines"):
        lines = [{"item_id": chair, "quantity": 2, "rate": 49.95}]
        made = books.estimates.create({"customer_id": acme, "line_items": lines})["estimate"]
        equal((made["status"], made["total"]), ("draft", 99.9), "status and total")
        offer = made["estimate_id"]
        with raises(ZohoBusinessRuleError):
            books.estimates.create({"customer_id": acme})
    with step("sent, declined, accepted"):
        for change, status in ((books.estimates.mark_sent, "sent"), (books.estimates.mark_declined, "declined"),
                               (books.estimates.mark_accepted, "accepted")):
            change(offer)
            equal(books.estimates.get(offer)["estimate"]["status"], status, "status")
    with step("list by status"):
        rows = books.estimates.list(filter_by="Status.Accepted")["estimates"]
        equal([row["estimate_id"] for row in rows], [offer], "estimates")
    with step("comments"):
        books.estimates.add_comment(offer, {"description": "Called them"})
        texts = [row["description"] for row in books.estimates.list_comments(offer)["comments"]]
        holds("Called them" in texts, f"the comment is not among {texts}")

with section("invoices and payments"):
    with step("create, send, list"):
        made = books.invoices.create({"customer_id": acme, "line_items": lines})["invoice"]
        invoice = made["invoice_id"]
        books.invoices.mark_sent(invoice)
        equal(books.invoices.get(invoice)["invoice"]["status"], "sent", "status")
        rows = books.invoices.list(customer_id=acme)["invoices"]
        equal([row["invoice_number"] for row in rows], [made["invoice_number"]], "numbers")
    with step("write off, and take it back"):
        books.invoices.write_off(invoice)
        equal(books.invoices.get(invoice)["invoice"]["balance"], 0, "balance")
        books.invoices.cancel_write_off(invoice)
        equal(books.invoices.get(invoice)["invoice"]["balance"], 99.9, "balance")
    with step("pay more than is due on it, the rest is unused"):
        payment = books.customer_payments.create({
            "customer_id": acme, "payment_mode": "banktransfer", "amount": 120, "date": made["date"],
            "invoices": [{"invoice_id": invoice, "amount_applied": 99.9}]})["payment"]
        equal(payment["unused_amount"], 20.1, "unused_amount")
        equal(books.invoices.get(invoice)["invoice"]["status"], "paid", "status")
        equal(books.contacts.get(acme)["contact"]["unused_credits_receivable_amount"], 20.1, "unused credits")
    with step("refund of the rest"):
        account = next(row["account_id"] for row in books.chart_of_accounts.list()["chartofaccounts"]
                       if row["account_type"] in ("cash", "bank"))
        refund = books.customer_payments.refund(payment["payment_id"], {
            "date": made["date"], "refund_mode": "cash", "amount": 20.1, "from_account_id": account})
        equal(refund["code"], 0, "code")
        equal(len(books.customer_payments.list_refunds(payment["payment_id"])["payment_refunds"]), 1, "refunds")
    with step("what is in use is not deleted"):
        with raises(ZohoResourceDependentError):
            books.contacts.delete(acme)
    with step("void and draft"):
        other = books.invoices.create({"customer_id": acme, "line_items": lines})["invoice"]["invoice_id"]
        books.invoices.void(other)
        equal(books.invoices.get(other)["invoice"]["status"], "void", "status")
        books.invoices.mark_draft(other)
        books.invoices.delete(other)

with section("expenses"):
    with step("create, read, delete"):
        accounts = books.chart_of_accounts.list(filter_by="AccountType.Expense")["chartofaccounts"]
        trip = books.expenses.create({"account_id": accounts[0]["account_id"], "date": "2026-01-05", "amount": 80})["expense"]
        equal(books.expenses.get(trip["expense_id"])["expense"]["total"], 80, "total")
        books.expenses.delete(trip["expense_id"])

with section("token"):
    with step("after the refresh token is revoked nothing goes on"):
        client._auth.revoke()
        with raises(ZohoTokenRefreshError, "invalid_code"):
            books.organizations.list()

client.close()
finish()
