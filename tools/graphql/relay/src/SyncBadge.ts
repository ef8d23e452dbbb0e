// How any record stands with the finance apps: a fragment on the interface.
import { graphql } from 'relay-runtime';

export const record = graphql`
  fragment SyncBadge_record on Syncable {
    __typename
    syncState
    externalReferences {
      id
      remoteKey
      organization {
        id
        name
      }
    }
  }
`;
