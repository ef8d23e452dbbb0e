#!/usr/bin/env node
// The audits of the GraphQL-over-HTTP specification, run against a server that is up.
//   FINBRIDGE_URL=http://127.0.0.1:8080 FINBRIDGE_TOKEN=fbt_… npm run audit
// SHOULD and MAY count like MUST: the conventions promise the specification whole.
import { serverAudits } from 'graphql-http';
import { server, endpoint } from './server.mjs';

/** How many audits this version of graphql-http has: a list that came out empty or cut short is no pass. */
const EXPECTED = 61;

const { token } = server();

/** Every request signed in, and with the header that GET asks for so that no form and no image tag can run anything. */
function signedIn(url, init = {}) {
  const headers = new Headers(init.headers);
  headers.set('authorization', `Bearer ${token}`);
  headers.set('x-requested-with', 'graphql-http');
  return fetch(url, { ...init, headers });
}

const audits = serverAudits({ url: endpoint(), fetchFn: signedIn });
let failed = 0;
for (const audit of audits) {
  const result = await audit.fn();
  const verdict = result.status === 'ok' ? 'ok' : result.status.toUpperCase();
  console.log(`${verdict.padEnd(7)} ${audit.id}  ${audit.name}`);
  if (result.status === 'ok') continue;
  failed += 1;
  console.log(`        ${result.reason}`);
  const { response } = result;
  console.log(`        answered ${response.status} ${response.headers.get('content-type')}: ${(await response.text()).slice(0, 300)}`);
}
if (audits.length !== EXPECTED) {
  console.error(`There are ${audits.length} audits, not ${EXPECTED}: look at what the new graphql-http brings, then change EXPECTED.`);
  process.exitCode = 1;
}
console.log(`${audits.length - failed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
