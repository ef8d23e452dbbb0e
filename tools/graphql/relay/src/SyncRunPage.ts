// Starting a run, watching it, and its items page by page.
import { graphql } from 'relay-runtime';

export const start = graphql`
  mutation SyncRunPageStartMutation($input: SyncRunStartInput!) {
    syncRunStart(input: $input) {
      syncRun {
        ...SyncRunPage_run
      }
      userErrors {
        ...AccountEdit_errors
      }
    }
  }
`;

export const run = graphql`
  fragment SyncRunPage_run on SyncRun
  @refetchable(queryName: "SyncRunPageItemsQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 50 }
    after: { type: "String" }
    filter: { type: "SyncRunItemFilter" }
  ) {
    state
    phase
    startedAt
    finishedAt
    totals {
      planned
      added
      updated
      failed
      pending
    }
    items(first: $first, after: $after, filter: $filter) @connection(key: "SyncRunPage_items", filters: ["filter"]) {
      edges {
        node {
          id
          recordName
          action
          outcome
          reason
          error {
            code
            message
            remoteCode
          }
        }
      }
    }
  }
`;

export const progress = graphql`
  subscription SyncRunPageProgressSubscription($runId: ID!, $after: String) {
    syncRunProgress(runId: $runId, after: $after) {
      cursor
      done
      expected
      run {
        ...SyncRunPage_run
      }
    }
  }
`;
