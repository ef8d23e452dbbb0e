// One account: read by id, refetched through `node`, with its deals page by page in both directions.
import { graphql } from 'relay-runtime';

export const query = graphql`
  query AccountPageQuery($id: ID!) {
    node(id: $id) {
      __typename
      ...AccountPage_account @alias(as: "account")
    }
  }
`;

export const account = graphql`
  fragment AccountPage_account on Account @refetchable(queryName: "AccountPageRefetchQuery") {
    id
    version
    name
    website
    parent {
      id
      name
    }
    owner {
      id
      name
    }
    ...AccountPage_deals
  }
`;

export const deals = graphql`
  fragment AccountPage_deals on Account
  @refetchable(queryName: "AccountPageDealsQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 10 }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
  ) {
    deals(first: $first, after: $after, last: $last, before: $before) @connection(key: "AccountPage_deals") {
      edges {
        cursor
        node {
          id
          name
          amount {
            amount
            currencyCode
          }
          closedOn
          stage {
            id
            name
            kind
          }
        }
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
    }
  }
`;
