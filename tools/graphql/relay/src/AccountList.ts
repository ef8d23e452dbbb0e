// A list of accounts that loads further pages, filters and order.
import { graphql } from 'relay-runtime';

export const query = graphql`
  query AccountListQuery($filter: AccountFilter, $orderBy: AccountOrder) {
    viewer {
      user {
        name
      }
    }
    ...AccountList_accounts @arguments(filter: $filter, orderBy: $orderBy)
  }
`;

export const list = graphql`
  fragment AccountList_accounts on Query
  @refetchable(queryName: "AccountListPageQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 25 }
    after: { type: "String" }
    filter: { type: "AccountFilter" }
    orderBy: { type: "AccountOrder" }
  ) {
    accounts(first: $first, after: $after, filter: $filter, orderBy: $orderBy)
      @connection(key: "AccountList_accounts", filters: ["filter", "orderBy"]) {
      totalCount
      edges {
        node {
          id
          ...AccountList_row
        }
      }
    }
  }
`;

export const row = graphql`
  fragment AccountList_row on Account {
    name
    industry
    annualRevenue {
      amount
      currencyCode
    }
    ...SyncBadge_record
  }
`;
