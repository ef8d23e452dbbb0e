// Walks through it all against a server: FINBRIDGE_URL and FINBRIDGE_TOKEN say which. Ends with an error when something is
// not as docs/graphql.md says. It makes accounts of its own, deletes them again, and starts sync runs.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { allAccounts, change, createOnce } from './accounts.js';
import { accepted, Client, RequestError, UserErrors } from './client.js';
import {
  AccountDeleteDocument,
  AccountDocument,
  AccountPageDocument,
  AccountUpdateDocument,
  IntegrationsDocument,
  SyncRunStartDocument,
} from './generated/operations.js';
import type { SyncRunStartInput } from './generated/schema.js';
import { overEvents, overWebSocket, type Progress, watch } from './watch.js';

const { FINBRIDGE_URL: url, FINBRIDGE_TOKEN: token } = process.env;
if (!url || !token) throw new Error('Set FINBRIDGE_URL and FINBRIDGE_TOKEN, or use tools/graphql/with-server');
const client = new Client(`${url}/graphql`, token);

await pages();
await errors();
await versionsAndKeys();
await throttling();
await watching();
console.log('The TypeScript example did all it shows.');

async function pages() {
  const { accounts } = await client.request(AccountPageDocument, {});
  assert(accounts && accounts.totalCount > 50, 'the sample has more than one page');
  const all = [];
  for await (const account of allAccounts(client)) all.push(account);
  assert.equal(all.length, accounts.totalCount);
  assert.equal(new Set(all.map((account) => account.id)).size, all.length, 'no account came twice');
  const rich = [];
  for await (const account of allAccounts(client, { annualRevenue: { gte: '2000000000' } })) rich.push(account);
  assert(rich.length > 0 && rich.length < all.length);
  assert(rich.every((account) => Number(account.annualRevenue?.amount) >= 2_000_000_000));
  console.log(`${all.length} accounts in pages of 50, ${rich.length} of them with a revenue of two billions or more`);
}

async function errors() {
  const wrong = client.request(AccountDocument, { id: 'nonsense' });
  await assert.rejects(wrong, (error) => error instanceof RequestError && error.code === 'BAD_USER_INPUT');
  const unsigned = new Client(`${url}/graphql`, 'fbt_wrong').request(AccountPageDocument, {});
  await assert.rejects(unsigned, (error) => error instanceof RequestError && error.code === 'UNAUTHENTICATED');
  const nameless = createOnce(client, { name: ' ' }, randomUUID());
  await assert.rejects(nameless, (error) => {
    assert(error instanceof UserErrors && error.has('REQUIRED'));
    assert.deepEqual(error.errors[0]?.field, ['name']);
    return true;
  });
  console.log('Errors are told apart: BAD_USER_INPUT, UNAUTHENTICATED, and a user error at `name`');
}

async function versionsAndKeys() {
  const key = randomUUID();
  const name = `Example ${key}`;
  const made = await createOnce(client, { name }, key);
  const again = await createOnce(client, { name }, key);
  assert.equal(again.id, made.id, 'the same key makes one account');
  const other = createOnce(client, { name: 'Something else' }, key);
  await assert.rejects(other, (error) => error instanceof UserErrors && error.has('IDEMPOTENCY_KEY_REUSED'));

  // Somebody else changes the account between our reading and our writing.
  let readings = 0;
  const changed = await change(client, made.id, (account) => {
    readings += 1;
    return { website: `https://example.com/${account.version}` };
  });
  assert.equal(readings, 1);
  const stale = { id: made.id, version: made.version, website: 'https://late.example' };
  const { accountUpdate } = await client.request(AccountUpdateDocument, { input: stale });
  assert.equal(accountUpdate?.userErrors[0]?.code, 'VERSION_CONFLICT');
  assert.equal(changed.version, made.version + 1);

  accepted((await client.request(AccountDeleteDocument, { input: { id: made.id } })).accountDelete);
  console.log('An account was made once with one key, and a stale version was refused');
}

async function throttling() {
  await client.request(AccountPageDocument, {});
  const { cost } = client;
  assert(cost && cost.requestedQueryCost > 0, 'answers tell what they cost');
  const { maximumAvailable, restoreRate } = cost.throttleStatus;
  // Half as much again as the token can spend at once, as fast as it goes: the client waits by itself where it has to.
  const requests = Math.ceil((1.5 * maximumAvailable) / cost.requestedQueryCost);
  if (requests > 100) return console.log('The limits of this server are too generous to run into them here');
  const before = client.waits;
  await Promise.all(Array.from({ length: requests }, () => client.request(AccountPageDocument, {})));
  assert(client.waits > before, 'some of them had to wait');
  console.log(`${requests} requests at once took ${client.waits - before} pauses; ${restoreRate} points return each second`);
}

async function watching() {
  const { integrations } = await client.request(IntegrationsDocument, {});
  const integrationId: string | undefined = integrations?.[0]?.id;
  assert(integrationId, 'the sample CRM is connected');
  for (const [name, subscribe] of [
    ['a WebSocket', overWebSocket(url!, token!)],
    ['server-sent events', overEvents(url!, token!)],
  ] as const) {
    const input: SyncRunStartInput = { integrationId, module: 'CUSTOMERS' };
    const { syncRunStart } = await client.request(SyncRunStartDocument, { input });
    const run = accepted(syncRunStart).syncRun!;
    const states: Progress[] = [];
    for await (const state of watch(subscribe, run.id)) states.push(state);
    const last = states.at(-1);
    assert.equal(last?.run?.id, run.id);
    assert.equal(last?.run?.state, 'SUCCEEDED', JSON.stringify(last));
    assert.equal(new Set(states.map((state) => state.cursor)).size, states.length, 'no state came twice');
    console.log(`A run was watched over ${name}: ${states.length} states, the last one ${last.run.state}`);
  }
}
