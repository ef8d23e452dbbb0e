"""cizohosubscriptions: Billing by its older host. The organization in a header, the JSON text `null` as body of every read,
answers recognised by an exactly spelt content type, a new token after every refusal."""

import wire  # noqa: F401
from steps import (ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET, ORGANIZATION, REFRESH_TOKEN, equal, finish, holds, prepare,
                   section, step)
from cizohosubscriptions.addon import Addon
from cizohosubscriptions.customer import Customer
from cizohosubscriptions.invoice import Invoice
from cizohosubscriptions.plan import Plan
from cizohosubscriptions.subscription import Subscription
from cizohosubscriptions.tax import Tax

CONFIG = {"authtoken": ACCESS_TOKEN, "zohoOrgId": ORGANIZATION, "cache_enabled": False, "client_id": CLIENT_ID,
          "client_secret": CLIENT_SECRET, "refresh_token": REFRESH_TOKEN, "redirect_uri": "https://localhost:3000"}

customers = Customer(CONFIG)

with section("customers"):
    with step("create"):
        ann = customers.create_customer({
            "display_name": "Ann Lee", "first_name": "Ann", "last_name": "Lee", "email": "ann@acme.example",
            "company_name": "Acme", "billing_address": {"street": "1 Main Street", "city": "Springfield"}})
        holds(isinstance(ann, dict) and ann["customer_id"], f"no customer was made: {ann}")
    with step("read by id"):
        read = customers.get_customer_by_id(ann["customer_id"])
        equal(read["display_name"], "Ann Lee", "display_name")
        equal(read["billing_address"]["street"], "1 Main Street", "billing_address.street")
    with step("find by e-mail"):
        found = customers.get_list_customers_by_Email("ann@acme.example")
        equal([row["customer_id"] for row in found], [ann["customer_id"]], "customers")
        equal(customers.get_customer_by_Email("ann@acme.example")["email"], "ann@acme.example", "email")
        equal(customers.get_list_customers_by_Email("nobody@acme.example"), [], "customers")
    with step("update"):
        customers.update_customer(ann["customer_id"], {"notes": "Pays late"})
        equal(customers.get_customer_by_id(ann["customer_id"])["notes"], "Pays late", "notes")
    with step("a refused token is refreshed once and the call repeated"):
        stale = Customer({**CONFIG, "authtoken": "1000." + "0" * 32 + "." + "0" * 32})
        equal(stale.get_customer_by_id(ann["customer_id"])["display_name"], "Ann Lee", "display_name")
    with step("one person is a contact of Books under the same id"):
        contact = prepare("GET", f"books/v3/contacts/{ann['customer_id']}?organization_id={ORGANIZATION}")["contact"]
        equal(contact["contact_name"], "Ann Lee", "contact_name")

with section("plans"):
    with step("list, read, price"):
        product = prepare("POST", "billing/v1/products", {"name": "Magazine"})["product"]
        for code, name, price in (("monthly", "Monthly", 9.5), ("yearly", "Yearly", 99)):
            prepare("POST", "billing/v1/plans", {
                "plan_code": code, "name": name, "recurring_price": price, "interval": 1, "product_id": product["product_id"],
                "interval_unit": "years" if code == "yearly" else "months"})
        plans = Plan(CONFIG)
        equal(sorted(row["plan_code"] for row in plans.list_plans()), ["monthly", "yearly"], "plan codes")
        equal(plans.get_plan("monthly")["name"], "Monthly", "name")
        equal(plans.get_price_by_plan_code("monthly"), 9.5, "recurring_price")
    with step("list and read an add-on"):
        prepare("POST", "billing/v1/addons", {
            "addon_code": "issue", "name": "Special issue", "type": "one_time", "pricing_scheme": "unit", "unit_name": "piece",
            "price_brackets": [{"price": 4}], "applicable_to_all_plans": True, "product_id": product["product_id"]})
        addons = Addon(CONFIG)
        equal([row["addon_code"] for row in addons.list_addons()], ["issue"], "add-on codes")
        equal(addons.get_addon("issue")["name"], "Special issue", "name")
    with step("list taxes"):
        holds(isinstance(Tax(CONFIG).list_taxes(), list), "taxes is no list")

with section("subscriptions"):
    subscriptions = Subscription(CONFIG)
    with step("create for a customer"):
        answer = subscriptions.create({"customer_id": ann["customer_id"], "plan": {"plan_code": "monthly"},
                                       "auto_collect": False})
        equal(answer["code"], 0, "code")
        made = answer["subscription"]
        equal((made["status"], made["plan"]["plan_code"]), ("live", "monthly"), "status and plan")
    with step("read"):
        equal(subscriptions.get_subscriptions(made["subscription_id"])["amount"], 9.5, "amount")
    with step("list those of the customer"):
        rows = subscriptions.list_subscriptions_by_customer(ann["customer_id"])
        equal([row["subscription_id"] for row in rows], [made["subscription_id"]], "subscriptions")
    with step("its invoice, from the list and alone"):
        invoices = Invoice(CONFIG)
        rows = invoices.list_invoices_by_customer(ann["customer_id"])
        equal([row["total"] for row in rows], [9.5], "totals")
        equal(invoices.get_invoice(rows[0]["invoice_id"])["customer_id"], ann["customer_id"], "customer_id")
    with step("buy a one-time add-on"):
        answer = subscriptions.buy_add_on(made["subscription_id"], {"addons": [{"addon_code": "issue", "quantity": 2}]})
        equal(answer["code"], 0, "code")
    with step("cancel at once"):
        equal(subscriptions.cancel_immediately(made["subscription_id"])["code"], 0, "code")
        equal(subscriptions.get_subscriptions(made["subscription_id"])["status"], "cancelled", "status")
    with step("reactivate"):
        subscriptions.reactivate(made["subscription_id"])
        equal(subscriptions.get_subscriptions(made["subscription_id"])["status"], "live", "status")
    with step("one with transactions cannot be deleted"):
        holds(subscriptions.delete(made["subscription_id"])["code"] != 0, "it was deleted")
    with step("delete one that begins in the future"):
        later = subscriptions.create({"customer_id": ann["customer_id"], "plan": {"plan_code": "yearly"},
                                      "starts_at": "2099-01-01", "auto_collect": False})["subscription"]
        equal(later["status"], "future", "status")
        equal(subscriptions.delete(later["subscription_id"])["code"], 0, "code")

finish()
