// The comparison of schemas catches what breaks clients, and lets the rest pass.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { announced, compare } from '../compare.mjs';

const fixture = (name) => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8');
const RELEASED = fixture('released.graphql');
const SILENT = '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- `Account.fax` and more.\n';

/** The released schema with one change: the comparison must not pass because the change was not made. */
function changed(from, to) {
  assert.ok(RELEASED.includes(from), `the fixture has no ${from}`);
  return RELEASED.replace(from, to);
}

const breaking = [
  ['a removed field', '  fax: String\n', '', 'Account.fax'],
  ['a retyped field', 'employeeCount: Int', 'employeeCount: String', 'Account.employeeCount'],
  ['a field that became nullable', 'name: String!\n  # of Account', 'name: String\n  # of Account', 'Account.name'],
  ['an argument made required', 'first: Int, industry: String', 'first: Int!, industry: String', 'Query.accounts.first'],
  ['a new required argument', 'first: Int, industry', 'year: Int!, first: Int, industry', 'Query.accounts.year'],
  ['a removed argument', 'first: Int, industry: String', 'first: Int', 'Query.accounts.industry'],
  ['an input field made required', 'website: String\n  # of input', 'website: String!\n  # of input', 'AccountCreateInput.website'],
  ['a new required input field', '  # of input', '  year: Int!\n  # of input', 'AccountCreateInput.year'],
  ['a removed enum value', '  LOST\n', '', 'StageKind.LOST'],
  ['a removed type', 'type Address {\n  city: String\n}\n', '', 'Address'],
  ['an interface that is no longer implemented', 'type Account implements Node', 'type Account', 'Account'],
];

for (const [what, from, to, path] of breaking) {
  test(`${what} breaks`, async () => {
    const result = await compare(RELEASED, changed(from, to), SILENT);
    assert.deepEqual(result.breaking.map((change) => change.path), [path]);
  });
  test(`${what} may be announced`, async () => {
    const changelog = `# Changelog\n\n## [Unreleased]\n\n### Breaking\n\n- \`${path}\`: use another.\n\n### Added\n\n## [0.1.0]\n`;
    const result = await compare(RELEASED, changed(from, to), changelog);
    assert.deepEqual(result.breaking, []);
    assert.equal(result.announced.length, 1);
  });
}

const harmless = [
  ['a new field', '  fax: String\n', '  fax: String\n  phone: String\n'],
  ['a new optional argument', 'industry: String)', 'industry: String, after: String)'],
  ['a new optional input field', '  # of input', '  phone: String\n  # of input'],
  ['a new type', 'scalar Date', 'scalar Date\ntype Phone { number: String }'],
  ['a deprecation', '  fax: String\n', '  fax: String @deprecated(reason: "Nobody has one. Removed no earlier than 0.3.")\n'],
  ['an argument made optional', 'id: ID!): Account', 'id: ID): Account'],
];

for (const [what, from, to] of harmless) {
  test(`${what} breaks nothing`, async () => {
    const result = await compare(RELEASED, changed(from, to), SILENT);
    assert.deepEqual(result.breaking, []);
    assert.ok(result.others > 0, 'the change was seen');
  });
}

test('only the unreleased part of the changelog announces', () => {
  assert.deepEqual([...announced('## [Unreleased]\n\n## [0.1.0]\n\n### Breaking\n\n- `Account.fax`\n')], []);
  assert.deepEqual([...announced('## [Unreleased]\n\n### Breaking\n\n- `Account.fax`, `Node`\n\n### Added\n\n- `A.b`\n')], ['Account.fax', 'Node']);
});

test('the command fails with the path and the remedy, and passes when nothing changed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'finbridge-compare-'));
  const write = (name, text) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  try {
    const released = write('released.graphql', RELEASED);
    const changelog = write('CHANGELOG.md', SILENT);
    const same = await run(released, released, changelog);
    assert.equal(same.status, 0, same.output);
    const worse = await run(released, write('current.graphql', changed('  fax: String\n', '')), changelog);
    assert.equal(worse.status, 1);
    assert.match(worse.output, /BREAKING +Account\.fax/);
    assert.match(worse.output, /### Breaking/);
    const unreleased = await run(join(folder, 'none.graphql'), released, changelog);
    assert.equal(unreleased.status, 0);
    assert.match(unreleased.output, /Nothing is released yet/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function run(...files) {
  const script = fileURLToPath(new URL('../compare.mjs', import.meta.url));
  return new Promise((done) => {
    execFile(process.execPath, [script, ...files], (error, out, err) => done({ status: error?.code ?? 0, output: out + err }));
  });
}
