// docs/graphql.md shows what works: its code is that of the examples, which run against a server, and its queries fit the
// schema.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { buildSchema, parse, validate } from 'graphql';

const top = new URL('../../../', import.meta.url);
const read = (path) => readFileSync(fileURLToPath(new URL(path, top)), 'utf8');
const page = read('docs/graphql.md');

/** Fenced blocks with their language, and the file that a comment right above names. */
const blocks = [...page.matchAll(/^(?:<!-- from (\S+) -->\n)?```(\w*)\n([\s\S]*?)^```$/gm)].map(([, from, language, text]) => ({
  from,
  language,
  text,
  line: page.slice(0, page.indexOf(text)).split('\n').length,
}));

/** A text without the blanks that all of its lines begin with. */
function dedented(text) {
  const lines = text.split('\n');
  const depth = Math.min(...lines.filter((line) => line.trim()).map((line) => line.search(/\S/)));
  return lines.map((line) => line.slice(depth)).join('\n');
}

/** Whether a block stands in a file as a run of whole lines, however deep. */
function standsIn(block, file) {
  const length = block.split('\n').length - 1;
  const lines = file.split('\n');
  return lines.some((_, at) => dedented(`${lines.slice(at, at + length).join('\n')}\n`) === block);
}

test('code is copied from the examples', () => {
  const code = blocks.filter(({ language }) => ['ts', 'python'].includes(language));
  assert.ok(code.length >= 8, `only ${code.length} blocks of code were found`);
  for (const { from, text, line } of code) {
    assert.ok(from, `docs/graphql.md:${line}: say above the block where it is from: <!-- from tools/graphql/examples/… -->`);
    assert.ok(standsIn(text, read(from)), `docs/graphql.md:${line}: ${from} has changed; copy the lines again`);
  }
});

test('queries fit the schema', () => {
  const schema = buildSchema(read('api/schema.graphql'));
  const queries = blocks.filter(({ language }) => language === 'graphql');
  assert.ok(queries.length >= 5, `only ${queries.length} queries were found`);
  for (const { text, line } of queries) {
    const document = parse(text);
    assert.deepEqual(validate(schema, document).map((error) => error.message), [], `docs/graphql.md:${line}`);
    for (const { operation } of document.definitions) {
      // Validation says nothing of an operation whose root type is missing.
      assert.ok(schema.getRootType(operation), `docs/graphql.md:${line}: the schema has no ${operation}`);
    }
  }
});

test('a changed line is noticed', () => {
  assert.ok(standsIn('b\n  c\n', 'a\n  b\n    c\nd\n'));
  assert.ok(!standsIn('b\n  x\n', 'a\n  b\n    c\nd\n'));
  assert.ok(!standsIn('b\nc\n', 'a\n  b\n    c\nd\n'));
});
