// Our own lint rule names types that cannot be read again by `node(id:)`, and exceptions that are none any more.
import { describe, it } from 'node:test';
import graphql from '@graphql-eslint/eslint-plugin';
import { RuleTester } from 'eslint';
import { nodeInterface } from '../node-interface.mjs';

RuleTester.describe = describe;
RuleTester.it = it;

const NODE = 'interface Node { id: ID! } ';
const EDGE = 'type PlanEdge { cursor: String! node: Plan! } ';

new RuleTester({ languageOptions: { parser: graphql.parser } }).run('node-interface', nodeInterface, {
  valid: [
    { name: 'a node', code: `${NODE} type Deal implements Node { id: ID! } type DealEdge { node: Deal! }` },
    { name: 'a value without an id', code: `${NODE} type Money { amount: String! }` },
    { name: 'a named value in a connection', code: `${NODE} ${EDGE} type Plan { name: String }`, options: [{ values: ['Plan'] }] },
  ],
  invalid: [
    { name: 'an id without Node', code: `${NODE} type Deal { id: ID! }`, errors: [{ messageId: 'missing', data: { name: 'Deal', why: 'it has an id' } }] },
    {
      name: 'a node of a connection without Node',
      code: `${NODE} ${EDGE} type Plan { name: String }`,
      errors: [{ messageId: 'missing', data: { name: 'Plan', why: 'connections of it end in PlanEdge' } }],
    },
    {
      name: 'an exception that implements Node by now',
      code: `${NODE} ${EDGE} type Plan implements Node { id: ID! }`,
      options: [{ values: ['Plan'] }],
      errors: [{ messageId: 'stale' }],
    },
    { name: 'an exception that is gone', code: NODE, options: [{ values: ['Plan'] }], errors: [{ messageId: 'stale' }] },
  ],
});
