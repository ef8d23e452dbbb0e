// graphql-eslint's rules for the schema: its recommended set and its set for Relay, whole, and more.
// Run it from the top of the repository: ESLint lints nothing outside the folder where it starts.
import graphql from '@graphql-eslint/eslint-plugin';
import { bothWays, nodeInterface } from './rules.mjs';

export default [
  {
    files: ['**/*.graphql'],
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: 'api/schema.graphql' } },
    },
    plugins: { '@graphql-eslint': graphql, finbridge: { rules: { 'both-ways': bothWays, 'node-interface': nodeInterface } } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      ...graphql.configs['schema-recommended'].rules,
      ...graphql.configs['schema-relay'].rules,
      // More of its rules, for what docs/graphql.md promises: root fields are nullable, so that one that fails leaves the
      // others; a mutation takes one `input` of its own type and answers with a payload.
      '@graphql-eslint/require-nullable-result-in-root': 'error',
      '@graphql-eslint/no-scalar-result-type-on-mutation': 'error',
      '@graphql-eslint/input-name': ['error', { checkInputType: true, caseSensitiveInputType: false }],
      // Caches keep whatever has an id of its own. These have none: wrappers around a result or a page, and values, which
      // are equal when their parts are. A new type has to be named here, or to get an id.
      '@graphql-eslint/strict-id-in-types': [
        'error',
        {
          exceptions: {
            suffixes: ['Payload', 'Connection', 'Edge'],
            types: [
              'Address',
              'CustomFieldValue',
              'Money',
              'PageInfo',
              'RecordLinkImportResult',
              'RequestQuota',
              'SyncError',
              'SyncFieldConflict',
              'SyncFieldMap',
              'SyncFieldPair',
              'SyncForecast',
              'SyncPlanTotal',
              'SyncRunCrmUserFailure',
              'SyncRunCrmUsers',
              'SyncRunFailureGroup',
              'SyncRunItemChange',
              'SyncRunTotals',
              'UserError',
              'ViewCriteria',
              // There is one of each in an answer, or for each of what has it.
              'ConnectionState',
              'IntegrationSetup',
              'IntegrationSetupStep',
              'IntegrationWebhook',
              'SyncPlan',
              'SyncRunPlan',
              'SyncRunProgress',
              'Viewer',
              // Known by their `key`, which is the same on every server.
              'CapabilityProfile',
              'FinanceApp',
              'MappableField',
              'MappableFields',
              'ViewField',
              // Known by their id in the finance app, and gone from here when they are gone there.
              'CustomerUpdateResult',
              'ExpenseCategory',
              'FinanceParty',
              'FinancePartyCrm',
              'PartyHit',
              // Computed when asked for and stored nowhere, or parts of what has an id.
              'ProductStock',
              'SyncPlanItem',
              'AgeingBucket',
              'FinanceFigure',
              'FinanceSummary',
              'HomeMoney',
              'InvoicedMonth',
              'MoneyExplanation',
              'PipelineRow',
              'TransactionApplication',
              'TransactionCustomer',
              'TransactionFeed',
              'TransactionFeedError',
              'TransactionJobError',
              'TransactionSource',
              'TransactionTax',
              'TransactionTerm',
              'TransactionTrigger',
              'TransactionVendor',
              'TriggerSimulation',
            ],
          },
        },
      ],
      // Lists of other things than edges are wanted: `nodes` beside `edges`, `userErrors`, and lists that are short by
      // nature, such as stages. That nodes of edges implement Node is left to the next rule, which knows what is a value.
      '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: false }],
      // A plan is computed while it is read, and a search joins ranges of names while it goes on, so they have no end to
      // begin at. Every other list pages both ways.
      '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
      'finbridge/both-ways': ['error', { forwardOnly: ['Query.search', 'SyncPlan.items'] }],
      // The id in the result of an act on one of many is that of what it is about.
      'finbridge/node-interface': ['error', { values: ['DealMoveResult', 'FinanceParty', 'RecordActResult', 'SyncConflictResult', 'SyncPlanItem'] }],
    },
  },
];
