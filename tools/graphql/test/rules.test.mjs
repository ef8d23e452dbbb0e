// Our own lint rules name what they are for, and exceptions that are none any more.
import { describe, it } from 'node:test';
import graphql from '@graphql-eslint/eslint-plugin';
import { RuleTester } from 'eslint';
import { bothWays, nodeInterface } from '../rules.mjs';

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

const LIST = 'type DealConnection { nodes: [String] } type Query ';
const PLAN = [{ forwardOnly: ['Query.deals'] }];

new RuleTester({ languageOptions: { parser: graphql.parser } }).run('both-ways', bothWays, {
  valid: [
    { name: 'a list that pages both ways', code: `${LIST} { deals(first: Int, after: String, last: Int, before: String): DealConnection! }` },
    { name: 'a named list that pages forwards', code: `${LIST} { deals(first: Int, after: String): DealConnection }`, options: PLAN },
  ],
  invalid: [
    {
      name: 'a list that pages forwards only',
      code: `${LIST} { deals(first: Int, after: String): DealConnection }`,
      errors: [
        { messageId: 'missing', data: { path: 'Query.deals', argument: 'last' } },
        { messageId: 'missing', data: { path: 'Query.deals', argument: 'before' } },
      ],
    },
    { name: 'a named list that does not page', code: `${LIST} { deals(last: Int, before: String): DealConnection }`, options: PLAN, errors: 3 },
    {
      name: 'an exception that pages both ways by now',
      code: `${LIST} { deals(first: Int, after: String, last: Int, before: String): DealConnection }`,
      options: PLAN,
      errors: [{ messageId: 'stale' }],
    },
  ],
});
