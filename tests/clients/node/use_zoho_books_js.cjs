// zoho-books-js: Books by its older host, scheme `Bearer`. Tokens asked for in a form, refusals returned and not thrown, so
// that the caller reads `code` of every answer.
"use strict";

const { Zoho } = require("zoho-books-js");
const { assert, run, organization, clientId, clientSecret, refreshToken } = require("./steps.cjs");

const inOrganization = { organization_id: organization };
const contacts = new Zoho.Contacts();
const persons = new Zoho.ContactPerson();
const estimates = new Zoho.Estimates();
const accounts = new Zoho.ChartOfAccounts();
let token;
let acme;

async function tokens(step) {
  await step("refresh", async () => {
    Zoho.init(clientId, clientSecret);
    const answer = await new Zoho.OAuth().refresh(refreshToken);
    assert.equal(answer.token_type, "Bearer");
    assert.equal(answer.refresh_token, undefined);
    assert.match(answer.api_domain, /^https?:\/\//);
    token = answer.access_token;
  });
  await step("an unknown refresh token is an error with status 200", async () => {
    assert.deepEqual(await new Zoho.OAuth().refresh("1000.nonsense"), { error: "invalid_code" });
  });
}

async function contactSteps(step) {
  await step("create", async () => {
    const answer = await contacts.post(token, inOrganization, {
      contact_name: "Acme",
      contact_type: "customer",
      contact_persons: [{ first_name: "Ann", last_name: "Lee", email: "ann@acme.example" }],
    });
    assert.equal(answer.code, 0, JSON.stringify(answer));
    acme = answer.contact.contact_id;
  });
  await step("read, update, list", async () => {
    const changed = await contacts.update(token, acme, inOrganization, { notes: "Pays late" });
    assert.equal(changed.contact.notes, "Pays late");
    assert.equal((await contacts.getOne(token, acme, inOrganization)).contact.contact_name, "Acme");
    const listed = await contacts.get(token, organization);
    assert.deepEqual(listed.contacts.map((row) => row.contact_name), ["Acme"]);
    assert.equal(listed.page_context.has_more_page, false);
  });
  await step("set inactive and active again", async () => {
    assert.equal((await contacts.markAsInactive(token, acme, inOrganization)).message, "The contact has been marked as inactive.");
    assert.equal((await contacts.getOne(token, acme, inOrganization)).contact.status, "inactive");
    assert.equal((await contacts.markAsActive(token, acme, inOrganization)).message, "The contact has been marked as active.");
  });
  await step("additional addresses", async () => {
    const made = await contacts.addAdditionalAddress(token, acme, inOrganization, { address: "2 Side Street" });
    const { address_id: id } = made.address_info;
    await contacts.editAdditionalAddress(token, acme, id, inOrganization, { address: "3 Side Street" });
    const listed = await contacts.getContactAddresses(token, acme, inOrganization);
    assert.ok(listed.addresses.some((row) => row.address === "3 Side Street"), JSON.stringify(listed));
    assert.equal((await contacts.deleteAdditionalAddress(token, acme, id, inOrganization)).code, 0);
  });
  await step("refusals: a foreign organization, a bad token, an unknown id", async () => {
    assert.equal((await contacts.get(token, "99999999")).code, 6041);
    assert.equal((await contacts.get("1000.nonsense", organization)).code, 14);
    assert.equal((await contacts.getOne(token, "999999999999", inOrganization)).code, 1002);
  });
  await step("delete", async () => {
    const gone = await contacts.post(token, inOrganization, { contact_name: "Soon gone" });
    const answer = await contacts.delete(token, gone.contact.contact_id, inOrganization);
    assert.deepEqual(answer, { code: 0, message: "The contact has been deleted." });
  });
}

async function reminderSteps(step) {
  await step("stop reminders, start them, list comments", async () => {
    assert.equal((await contacts.disablePaymentReminders(token, acme, inOrganization)).code, 0);
    assert.equal((await contacts.enablePaymentReminders(token, acme, inOrganization)).code, 0);
    assert.ok(Array.isArray((await contacts.listComments(token, acme, inOrganization)).contact_comments));
  });
}

async function personSteps(step) {
  let bob;
  await step("create, update, make primary, delete", async () => {
    const made = await persons.post(token, inOrganization, { contact_id: acme, first_name: "Bob", email: "bob@acme.example" });
    assert.equal(made.code, 0, JSON.stringify(made));
    bob = made.contact_person.contact_person_id;
    const changed = await persons.update(token, bob, inOrganization, { contact_id: acme, first_name: "Robert" });
    assert.equal(changed.contact_person.first_name, "Robert");
    assert.equal((await persons.markAsPrimaryContactPerson(token, bob, inOrganization)).code, 0);
    assert.equal((await contacts.getOne(token, acme, inOrganization)).contact.primary_contact_id, bob);
  });
  await step("read without naming the contact, list those of all contacts", async () => {
    assert.equal((await persons.getOne(token, bob, inOrganization)).contact_person?.first_name, "Robert");
    assert.equal((await persons.get(token, organization)).contact_persons?.length, 2);
  });
  await step("delete", async () => {
    assert.equal((await persons.delete(token, bob, inOrganization)).code, 0);
  });
}

async function accountSteps(step) {
  await step("create, read, list, update, delete", async () => {
    const made = await accounts.post(token, inOrganization, { account_name: "Coffee", account_type: "expense" });
    assert.equal(made.code, 0, JSON.stringify(made));
    const { account_id: id } = made.chart_of_account;
    const listed = await accounts.get(token, organization);
    assert.ok(listed.chartofaccounts.some((row) => row.account_id === id), "the account is not in the list");
    const changed = await accounts.update(token, id, inOrganization, { account_name: "Tea", account_type: "expense" });
    assert.equal(changed.chart_of_account.account_name, "Tea");
    assert.equal((await accounts.getOne(token, id, inOrganization)).chart_of_account.account_name, "Tea");
    assert.equal((await accounts.delete(token, id, inOrganization)).code, 0);
  });
}

async function estimateSteps(step) {
  await step("create, read, list, update, delete", async () => {
    const lines = [{ name: "Chair", rate: 49.95, quantity: 2 }];
    const made = await estimates.post(token, inOrganization, { customer_id: acme, line_items: lines });
    assert.equal(made.code, 0, JSON.stringify(made));
    const id = made.estimate.estimate_id;
    assert.equal((await estimates.getOne(token, id, inOrganization)).estimate.total, 99.9);
    const changed = await estimates.update(token, id, inOrganization, { customer_id: acme, reference_number: "Q-1" });
    assert.equal(changed.estimate.reference_number, "Q-1");
    assert.equal(changed.estimate.line_items.length, 1);
    assert.deepEqual((await estimates.get(token, organization)).estimates.map((row) => row.estimate_id), [id]);
    assert.equal((await estimates.delete(token, id, inOrganization)).code, 0);
  });
  await step("none without lines: code 4016", async () => {
    assert.equal((await estimates.post(token, inOrganization, { customer_id: acme })).code, 4016);
  });
}

run(
  ["token", tokens],
  ["contacts", contactSteps],
  ["contact persons", personSteps],
  ["reminders and comments of contacts", reminderSteps],
  ["estimates", estimateSteps],
  ["accounts", accountSteps],
);
