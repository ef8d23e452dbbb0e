// @activepieces/piece-zoho-books: the address of the API taken from the token's `api_domain`, calls made with fetch, bodies
// as JSON, as multipart form with field JSONString, and as JSON that the caller has written.
"use strict";

const { zohoBooks } = require("@activepieces/piece-zoho-books");
const { assert, run, organization, clientId, clientSecret, refreshToken } = require("./steps.cjs");

const queryParams = { organization_id: organization };
const action = zohoBooks.actions().custom_api_call;
let auth;
let acme;

function call(method, url, more = {}) {
  const propsValue = { method, url: { url }, headers: {}, queryParams, failsafe: true, ...more };
  return action.run({ auth, propsValue });
}

async function tokens(step) {
  await step("refresh where the piece says, and take the address of the API from the answer", async () => {
    const form = { grant_type: "refresh_token", refresh_token: refreshToken, client_id: clientId, client_secret: clientSecret };
    const url = zohoBooks.auth.tokenUrl.replace("{location}", "zoho.com");
    const answer = await (await fetch(url, { method: "POST", body: new URLSearchParams(form) })).json();
    assert.equal(answer.api_domain, "https://www.zohoapis.com");
    auth = { access_token: answer.access_token, data: answer };
  });
}

async function contacts(step) {
  await step("create with JSON", async () => {
    const { status, body } = await call("POST", "/contacts", {
      body_type: "json",
      body: { data: { contact_name: "Acme", billing_address: { city: "Springfield" } } },
    });
    assert.equal(status, 201);
    acme = body.contact.contact_id;
  });
  await step("update with a multipart form", async () => {
    const field = { fieldName: "JSONString", fieldType: "text", textFieldValue: JSON.stringify({ notes: "Pays late – very" }) };
    const { body } = await call("PUT", `/contacts/${acme}`, { body_type: "form_data", body: { data: [field] } });
    assert.equal(body.contact.notes, "Pays late – very");
  });
  await step("update with JSON written by the caller", async () => {
    const { body } = await call("PUT", `/contacts/${acme}`, {
      body_type: "raw",
      body: { data: JSON.stringify({ notes: "Pays" }) },
    });
    assert.equal(body.contact.notes, "Pays");
  });
  await step("list", async () => {
    const { body } = await call("GET", "contacts", { queryParams: { ...queryParams, search_text: "acme" } });
    assert.deepEqual(body.contacts.map((row) => row.contact_id), [acme]);
  });
  await step("a refusal as output", async () => {
    const { response } = await call("GET", "/contacts/999999999999");
    assert.equal(response.status, 404);
    assert.equal(response.body.code, 1002);
  });
}

async function invoices(step) {
  await step("create, send, read, delete", async () => {
    const { body: made } = await call("POST", "/invoices", {
      body_type: "json",
      body: { data: { customer_id: acme, line_items: [{ name: "Chair", rate: 49.95, quantity: 2 }] } },
    });
    const path = `/invoices/${made.invoice?.invoice_id}`;
    const { body: sent } = await call("POST", `${path}/status/sent`, { body_type: "none" });
    assert.equal(sent.code, 0, JSON.stringify(sent));
    assert.equal((await call("GET", path)).body.invoice.status, "sent");
    assert.equal((await call("DELETE", path)).body.code, 0);
  });
}

run(["token", tokens], ["contacts", contacts], ["invoices", invoices]);
