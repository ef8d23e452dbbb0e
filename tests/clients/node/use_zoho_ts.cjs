// @trieb.work/zoho-ts: client credentials, scheme `Bearer`, empty parameters on every list, deletes and status changes of many
// records in one call. Books and Invoice by their older hosts.
"use strict";

const { Zoho, ZohoApiClient, ZohoApiError } = require("@trieb.work/zoho-ts");
const { assert, run, organization, accessToken, clientId, clientSecret } = require("./steps.cjs");

let books;
let acme;
let chair;

function makers(zoho) {
  return {
    contact: (name, more = {}) => zoho.contact.create({ contact_name: name, ...more }),
    invoice: (customer, more = {}) =>
      zoho.invoice.create({ customer_id: customer, line_items: [{ name: "Chair", rate: 49.95, quantity: 2 }], ...more }),
  };
}

async function token(step) {
  await step("by client credentials", async () => {
    const client = await ZohoApiClient.fromOAuth({
      orgId: organization,
      dc: ".com",
      scope: "ZohoBooks.fullaccess.all",
      client: { id: clientId, secret: clientSecret },
      baseUrl: "https://books.zoho.com/api/v3",
    });
    books = new Zoho(client);
  });
  await step("a wrong secret is told by its error", async () => {
    const wrong = { orgId: organization, dc: ".com", client: { id: clientId, secret: "wrong" }, scope: "ZohoBooks.fullaccess.all" };
    await assert.rejects(ZohoApiClient.fromOAuth(wrong), /invalid_client/);
  });
}

async function organizations(step) {
  await step("list", async () => {
    const ids = (await books.organization.list()).map((row) => row.organization_id);
    assert.ok(ids.includes(organization), `${organization} is not among ${ids}`);
  });
}

async function contacts(step) {
  const make = makers(books);
  await step("create", async () => {
    acme = await make.contact("Acme", {
      contact_type: "customer",
      contact_persons: [{ first_name: "Ann", last_name: "Lee", email: "ann@acme.example" }],
    });
    assert.match(acme.contact_id, /^\d{12,19}$/);
  });
  await step("update with the whole record, computed members and all", async () => {
    const read = await books.contact.get(acme.contact_id);
    const changed = await books.contact.update({ ...read, notes: "Pays late" });
    assert.equal(changed.notes, "Pays late");
    assert.equal(changed.contact_persons.length, 1);
  });
  await step("list with empty filters", async () => {
    await make.contact("Supplier", { contact_type: "vendor" });
    const all = await books.contact.list({ sortColumn: "contact_name", sortOrder: "ascending" });
    assert.deepEqual(all.map((row) => row.contact_name), ["Acme", "Supplier"]);
  });
  await step("list by status, type and time of the last change", async () => {
    const found = await books.contact.list({ filterBy: "active", contactType: "vendor", lastModifiedTime: new Date(0) });
    assert.deepEqual(found.map((row) => row.contact_name), ["Supplier"]);
    assert.deepEqual(await books.contact.list({ lastModifiedTime: new Date(Date.now() + 86_400_000) }), []);
  });
  await step("additional addresses", async () => {
    const id = await books.contact.addAddress(acme.contact_id, { address: "2 Side Street", city: "Springfield" });
    assert.equal(await books.contact.updateAddress(acme.contact_id, id, { address: "3 Side Street" }), id);
    assert.ok((await books.contact.get(acme.contact_id)).addresses.some((row) => row.address === "3 Side Street"));
  });
  await step("the call that failed is told by code and message", async () => {
    await assert.rejects(make.contact("ACME"), (error) => {
      assert.ok(error instanceof ZohoApiError);
      assert.equal(error.code, 3062);
      assert.match(error.message, /already exists/);
      return true;
    });
  });
  await step("delete one, and two at once", async () => {
    const gone = [];
    for (const name of ["One", "Two", "Three"]) gone.push((await make.contact(name)).contact_id);
    await books.contact.delete(gone.slice(0, 1));
    await books.contact.delete(gone.slice(1));
    const left = (await books.contact.list({})).map((row) => row.contact_name).sort();
    assert.deepEqual(left, ["Acme", "Supplier"]);
  });
}

async function persons(step) {
  let bob;
  await step("create, and read under the contact", async () => {
    bob = await books.contactperson.create({ contact_id: acme.contact_id, first_name: "Bob", email: "bob@acme.example" });
    assert.equal((await books.contactperson.get(acme.contact_id, bob.contact_person_id)).first_name, "Bob");
  });
  await step("those of a contact", async () => {
    const names = (await books.contact.listContactPersons(acme.contact_id)).map((row) => row.first_name).sort();
    assert.deepEqual(names, ["Ann", "Bob"]);
  });
  await step("those of all contacts", async () => {
    const names = (await books.contactperson.list()).map((row) => row.first_name).sort();
    assert.deepEqual(names, ["Ann", "Bob"]);
  });
  await step("delete", async () => {
    await books.contactperson.delete(bob.contact_person_id);
    assert.equal((await books.contact.listContactPersons(acme.contact_id)).length, 1);
  });
}

async function items(step) {
  await step("create and read", async () => {
    chair = await books.item.create({ name: "Chair", rate: 49.95, sku: "CH-1" });
    assert.equal((await books.item.get(chair.item_id)).rate, 49.95);
  });
  await step("many details in one call", async () => {
    const stool = await books.item.create({ name: "Stool", rate: 5 });
    const names = (await books.item.getMany([chair.item_id, stool.item_id])).map((row) => row.name).sort();
    assert.deepEqual(names, ["Chair", "Stool"]);
  });
  await step("list", async () => {
    const rows = await books.item.list({ sortColumn: "name", sortOrder: "ascending" });
    assert.deepEqual(rows.map((row) => row.name), ["Chair", "Stool"]);
  });
  await step("list taxes", async () => assert.ok(Array.isArray(await books.tax.list())));
}

// Books and Invoice serve the same records in the same shapes.
function invoicesAndPayments(zoho) {
  return async (step) => {
    const client = zoho();
    const make = makers(client);
    let customer;
    let invoice;
    await step("create an invoice, with a number of one's own and without", async () => {
      customer = (await make.contact(`Buyer ${Math.random()}`)).contact_id;
      invoice = await make.invoice(customer);
      assert.equal(invoice.total, 99.9);
      const number = `OWN-${customer}`;
      assert.equal((await make.invoice(customer, { invoice_number: number })).invoice_number, number);
    });
    await step("list with empty filters", async () => {
      const own = (await client.invoice.list()).filter((row) => row.customer_id === customer);
      assert.equal(own.length, 2);
    });
    await step("mark many as sent, their ids in a form", async () => {
      const ids = (await client.invoice.list()).filter((row) => row.customer_id === customer).map((row) => row.invoice_id);
      await client.invoice.sent(ids);
      for (const id of ids) assert.equal((await client.invoice.get(id)).status, "sent");
    });
    await step("pay, read the payment, list payments", async () => {
      const payment = await client.payment.create({
        customer_id: customer,
        payment_mode: "cash",
        amount: 99.9,
        date: invoice.date,
        invoices: [{ invoice_id: invoice.invoice_id, amount_applied: 99.9 }],
      });
      assert.equal((await client.payment.get(payment.payment_id)).amount, 99.9);
      assert.equal((await client.invoice.get(invoice.invoice_id)).status, "paid");
      const own = (await client.payment.list({})).filter((row) => row.customer_id === customer);
      assert.deepEqual(own.map((row) => row.invoice_numbers_array), [[invoice.invoice_number]]);
      await client.payment.delete([payment.payment_id]);
      assert.equal((await client.invoice.get(invoice.invoice_id)).balance, 99.9);
    });
    await step("delete many at once", async () => {
      const ids = (await client.invoice.list()).filter((row) => row.customer_id === customer).map((row) => row.invoice_id);
      await client.invoice.delete(ids);
      assert.equal((await client.invoice.list()).filter((row) => row.customer_id === customer).length, 0);
    });
  };
}

function viaInvoice() {
  const headers = { authorization: `Bearer ${accessToken}` };
  return new Zoho(new ZohoApiClient({ orgId: organization, dc: ".com", apiFlavour: "invoice", headers }));
}

run(
  ["token", token],
  ["organizations", organizations],
  ["contacts", contacts],
  ["contact persons", persons],
  ["items", items],
  ["Books: invoices and payments", invoicesAndPayments(() => books)],
  ["Invoice: invoices and payments", invoicesAndPayments(viaInvoice)],
);
