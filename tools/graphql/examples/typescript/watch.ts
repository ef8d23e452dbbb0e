// Watching a sync run until it ends: over a WebSocket, or over server-sent events where WebSockets do not get through.
import { setTimeout as sleep } from 'node:timers/promises';
import { type FormattedExecutionResult, print } from 'graphql';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import WebSocket from 'ws';
import {
  SyncRunProgressDocument,
  type SyncRunProgressSubscription,
  type SyncRunProgressSubscriptionVariables,
} from './generated/operations.js';

export type Progress = NonNullable<SyncRunProgressSubscription['syncRunProgress']>;

type States = AsyncIterable<FormattedExecutionResult<SyncRunProgressSubscription, unknown>>;
/** One connection's worth of states; ends when the run does, throws when the connection breaks. */
type Subscribe = (variables: SyncRunProgressSubscriptionVariables) => States;

const query = print(SyncRunProgressDocument);

/** Over graphql-transport-ws: one connection for any number of subscriptions. In a browser leave `webSocketImpl` out. */
export function overWebSocket(url: string, token: string): Subscribe {
  const client = createWsClient({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    // Browsers cannot send headers with a WebSocket, so the token is in the first message.
    connectionParams: () => ({ authorization: `Bearer ${token}` }),
    // `watch` connects again by itself, because it knows where to go on.
    retryAttempts: 0,
  });
  return (variables) => client.iterate<SyncRunProgressSubscription>({ query, variables });
}

/** Over server-sent events: one POST for each subscription. */
export function overEvents(url: string, token: string): Subscribe {
  const client = createSseClient({
    url: `${url}/graphql`,
    headers: () => ({ authorization: `Bearer ${token}` }),
    retryAttempts: 0,
  });
  return (variables) => client.iterate<SyncRunProgressSubscription>({ query, variables });
}

/** Every state of a run from `after` on, until it has ended. After an interruption it goes on without a repetition. */
export async function* watch(subscribe: Subscribe, runId: string, after?: string): AsyncGenerator<Progress> {
  for (let failures = 0; ; failures += 1) {
    try {
      for await (const { data, errors } of subscribe({ runId, after })) {
        if (errors) throw errors;
        if (!data?.syncRunProgress) continue;
        failures = 0;
        after = data.syncRunProgress.cursor;
        yield data.syncRunProgress;
      }
      return;
    } catch (error) {
      if (isFinal(error) || failures === 5) throw error;
      await sleep(2 ** failures * 200 * (0.5 + Math.random()));
    }
  }
}

/** Whether the server refused, so that another try would end the same way; all else is the connection. */
function isFinal(error: unknown): boolean {
  // A list of errors is an answer: the run is not there, or not for this token.
  if (Array.isArray(error)) return true;
  const { code, response } = error as { code?: number; response?: Response };
  // WebSocket close codes from 4400 on say what is wrong with the client, like statuses from 400 on. 4408 and 4499 are about
  // time, and time passes.
  if (code !== undefined) return code >= 4400 && code < 4499 && code !== 4408;
  return response !== undefined && response.status < 500 && response.status !== 429;
}
