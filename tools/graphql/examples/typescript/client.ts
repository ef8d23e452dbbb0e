// A client of a hundred lines: typed operations, errors as exceptions, and patience when the server asks for it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import type { UserErrorPartsFragment } from './generated/operations.js';

/** An error outside any payload, by its code in docs/errors.md. */
export interface TopLevelError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: { readonly code: string; readonly requestId: string; readonly retryAfterSeconds?: number };
}

/** What a request cost, and what the token can still spend. */
export interface Cost {
  readonly requestedQueryCost: number;
  readonly actualQueryCost: number | null;
  readonly throttleStatus: {
    readonly maximumAvailable: number;
    readonly currentlyAvailable: number;
    readonly restoreRate: number;
  };
}

interface Answer<Result> {
  readonly data?: Result | null;
  readonly errors?: readonly TopLevelError[];
  readonly extensions?: { readonly cost?: Cost };
}

/** The program, its token or the server is at fault. */
export class RequestError extends Error {
  readonly code: string;

  constructor(readonly errors: readonly TopLevelError[]) {
    const first = errors[0];
    super(`${first?.extensions.code}: ${first?.message} (request ${first?.extensions.requestId})`);
    this.code = first?.extensions.code ?? 'UNKNOWN';
  }
}

/** The person who filled in the form can mend it. */
export class UserErrors extends Error {
  constructor(readonly errors: readonly UserErrorPartsFragment[]) {
    super(errors.map((error) => error.message).join('; '));
  }

  has(code: UserErrorPartsFragment['code']): boolean {
    return this.errors.some((error) => error.code === code);
  }
}

/** A mutation's payload, when it did what was asked; otherwise its user errors are thrown. */
export function accepted<Payload extends { readonly userErrors: readonly UserErrorPartsFragment[] }>(
  payload: Payload | null,
): Payload {
  if (!payload) throw new Error('There is no payload: the mutation failed and its error was not looked at');
  if (payload.userErrors.length > 0) throw new UserErrors(payload.userErrors);
  return payload;
}

export class Client {
  /** How often a request waited because the token had spent its points. */
  waits = 0;
  /** What the last request cost. */
  cost: Cost | undefined;

  constructor(
    private readonly endpoint: string,
    private readonly token: string,
  ) {}

  /** Runs a query or a mutation, again after a pause while it is throttled. */
  async request<Result, Variables>(
    document: TypedDocumentNode<Result, Variables>,
    variables: Variables,
  ): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      const { data, errors, extensions } = await this.send<Result>(print(document), variables);
      this.cost = extensions?.cost;
      if (!errors && data) return data;
      const throttled = errors?.find((error) => error.extensions.code === 'THROTTLED');
      if (!throttled || attempt === 10) throw new RequestError(errors ?? []);
      // A throttled request was not executed, so that mutations may be repeated too. Those that wait at the same time must
      // not all come back at the same time.
      this.waits += 1;
      await sleep(1000 * (throttled.extensions.retryAfterSeconds ?? 1) * (1 + Math.random() * attempt));
    }
  }

  private async send<Result>(query: string, variables: unknown): Promise<Answer<Result>> {
    const response = await fetch(this.endpoint, {
      method: 'POST',
      headers: {
        accept: 'application/graphql-response+json',
        authorization: `Bearer ${this.token}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ query, variables }),
    });
    // The status tells the same as the errors in the body, so one look at the body is enough.
    return (await response.json()) as Answer<Result>;
  }
}
