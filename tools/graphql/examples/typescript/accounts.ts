// Reading all accounts page by page; creating one exactly once; changing one that others change too.
import { setTimeout as sleep } from 'node:timers/promises';
import { accepted, type Client, UserErrors } from './client.js';
import {
  AccountCreateDocument,
  AccountDocument,
  AccountPageDocument,
  type AccountPageQuery,
  type AccountPartsFragment,
  AccountUpdateDocument,
} from './generated/operations.js';
import type { AccountCreateInput, AccountFilter, AccountUpdateInput } from './generated/schema.js';

/** Every account for which the filter holds, a page at a time. */
export async function* allAccounts(client: Client, filter: AccountFilter = {}): AsyncGenerator<AccountPartsFragment> {
  let after: string | null = null;
  do {
    const { accounts }: AccountPageQuery = await client.request(AccountPageDocument, { after, filter });
    if (!accounts) throw new Error('The accounts could not be listed');
    yield* accounts.nodes ?? [];
    after = accounts.pageInfo.hasNextPage ? accounts.pageInfo.endCursor : null;
  } while (after !== null);
}

/** Makes an account, once, whatever happens on the way. The key has to be the same for each try of one intention. */
export async function createOnce(
  client: Client,
  input: Omit<AccountCreateInput, 'idempotencyKey'>,
  idempotencyKey: string,
): Promise<AccountPartsFragment> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { accountCreate } = await client.request(AccountCreateDocument, { input: { ...input, idempotencyKey } });
      return accepted(accountCreate).account!;
    } catch (error) {
      // `fetch` throws a TypeError when the connection breaks: the account may be there, or not.
      const unclear = error instanceof TypeError;
      const underWay = error instanceof UserErrors && error.has('IDEMPOTENCY_IN_PROGRESS');
      if (!(unclear || underWay) || attempt === 5) throw error;
      await sleep(200 * attempt);
    }
  }
}

/** Changes an account, starting from what is there now; again from the new state when somebody else was faster. */
export async function change(
  client: Client,
  id: string,
  decide: (account: AccountPartsFragment) => Omit<AccountUpdateInput, 'id' | 'version'>,
): Promise<AccountPartsFragment> {
  for (let attempt = 1; ; attempt += 1) {
    const { account } = await client.request(AccountDocument, { id });
    if (!account) throw new Error(`There is no account ${id}`);
    const input = { ...decide(account), id, version: account.version };
    try {
      const { accountUpdate } = await client.request(AccountUpdateDocument, { input });
      return accepted(accountUpdate).account!;
    } catch (error) {
      const conflict = error instanceof UserErrors && error.has('VERSION_CONFLICT');
      if (!conflict || attempt === 5) throw error;
    }
  }
}
