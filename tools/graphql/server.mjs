// Where the server under test is, from the environment that `with-server` sets.

/** Base address and token of the server under test; ends the process with the remedy when they are missing. */
export function server() {
  const { FINBRIDGE_URL: url, FINBRIDGE_TOKEN: token } = process.env;
  if (url && token) return { url: url.replace(/\/$/, ''), token };
  console.error('FINBRIDGE_URL and FINBRIDGE_TOKEN are not both set: which server is meant?');
  console.error('  With a throwaway server:  tools/graphql/with-server npm run …');
  console.error('  With your own:            FINBRIDGE_URL=http://127.0.0.1:8080 FINBRIDGE_TOKEN=fbt_… npm run …');
  process.exit(2);
}

/** The GraphQL endpoint of that server. */
export function endpoint() {
  return `${server().url}/graphql`;
}
