// Creating, changing and deleting: the store follows by Relay's own directives, so the payloads must fit them.
import { graphql } from 'relay-runtime';

export const errors = graphql`
  fragment AccountEdit_errors on DisplayableError @relay(plural: true) {
    code
    field
    message
  }
`;

export const create = graphql`
  mutation AccountEditCreateMutation($input: AccountCreateInput!, $connections: [ID!]!) {
    accountCreate(input: $input) {
      account @prependNode(connections: $connections, edgeTypeName: "AccountEdge") {
        id
        ...AccountList_row
      }
      userErrors {
        ...AccountEdit_errors
      }
    }
  }
`;

export const update = graphql`
  mutation AccountEditUpdateMutation($input: AccountUpdateInput!) {
    accountUpdate(input: $input) {
      account {
        ...AccountPage_account
      }
      userErrors {
        ...AccountEdit_errors
      }
    }
  }
`;

export const remove = graphql`
  mutation AccountEditDeleteMutation($input: AccountDeleteInput!, $connections: [ID!]!) {
    accountDelete(input: $input) {
      deletedAccount @deleteEdge(connections: $connections) @deleteRecord
      userErrors {
        ...AccountEdit_errors
      }
    }
  }
`;
