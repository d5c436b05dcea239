import { asked, refused } from './asking.js';
import { type Config, jsonOf, type SecretName } from './config.js';
import { Asker } from './core.js';
import { misuse } from './error.js';
import type { Grant } from './outcome.js';

/** How a call waits for its user's consent. */
export interface ElicitationConfig {
  /** What request states are sealed with, at least 16 bytes: every server of a fleet needs the same. */
  secret: SecretName;
  /** Seconds that a user may take: 600, at most 3600. */
  age?: number;
}

/** A call, as its JSON-RPC message has it. */
export interface McpCall {
  /** The id of the request, which is in the answer. */
  id?: string | number | undefined;
  /** `tools/call` and its like. */
  method: string;
  /** With `requestState` and `inputResponses` where the call is a retry, and the same as at first in all else. */
  params: object;
  /** The negotiated protocol version; one in the parameters' `_meta` counts first, with the capabilities beside it. */
  version?: string | undefined;
  /** What the client has declared. */
  capabilities?: object | undefined;
}

/** What a call that cannot go on is answered with: the error or the result of its JSON-RPC response. */
export type Asked = { error: RpcError; result?: undefined } | { result: InputRequired | ToolError; error?: undefined };

/** A JSON-RPC error: for an MCP SDK to throw. */
export type RpcError = {
  /** -32042 where the client shall ask its user (MCP 2025-11-25), -32602 where a request state is not taken. */
  code: number;
  /** For people. */
  message: string;
  /** `elicitations`, where the client shall ask its user. */
  data?: Record<string, unknown>;
};

/** MCP 2026-07-28: the client asks its user, and calls again. */
export type InputRequired = {
  /** What tells it from a result that is complete. */
  resultType: 'input_required';
  /** `params`: `mode`, `url` and `message`. The SDK's type still wants the `elicitationId` that this version has dropped. */
  inputRequests: { consent: { method: 'elicitation/create'; params: any } };
  /** Sealed: the client sends it back as it is. */
  requestState: string;
};

/** For a client that cannot show a link: what the model reads. */
export type ToolError = {
  /** What is missing, and that the user has to grant it elsewhere. */
  content: { type: 'text'; text: string }[];
  /** What tells it from a result. */
  isError: true;
  /** From MCP 2026-07-28 on. */
  resultType?: 'complete';
};

/** What a retried call says. Whether the consent is there now only the next token exchange can tell. */
export type Resumed =
  | {
      /** Whose consent was missing. */
      service?: string;
      /** What the user did; `accept` means that the link was opened, and no more. */
      action?: 'accept' | 'decline' | 'cancel';
      fault?: undefined;
    }
  | {
      /** Why the request state is not taken: for logs. */
      fault: 'malformed' | 'forged' | 'expired' | 'other_principal' | 'other_call';
      /** What the client is told. */
      error: RpcError;
    };

/** Asks users for their consent, in the words of the MCP version that the client speaks. */
export class Elicitation {
  readonly #asker: Asker;

  private constructor(asker: Asker) {
    this.#asker = asker;
  }

  /** Throws a `WaxsealError` that names the member of the configuration at fault. */
  static async open(
    config: ElicitationConfig,
    options: { env?: Record<string, string | undefined> | undefined } = {},
  ): Promise<Elicitation> {
    if (typeof options !== 'object' || options === null) throw misuse('`options` must be an object');
    const { env = {} } = options;
    if (typeof env !== 'object' || env === null) throw misuse('`options.env` must be an object');
    return new Elicitation(asked(() => new Asker(jsonOf(config as object as Config), (name: string) => env[name]), refused));
  }

  /**
   * Answers a call whose token exchange failed. `failure`: the body of the token endpoint's answer, or an error that
   * carries it, itself or as its `cause`. `undefined` for any other failure: pass that one on.
   */
  ask(failure: unknown, call: McpCall, grant: Caller, options: { now?: number | undefined } = {}): Asked | undefined {
    const [said, by, now] = [written('call', call), written('grant', callerOf(grant)), time(options)];
    for (const body of [failure, (failure as { cause?: unknown } | null | undefined)?.cause]) {
      const text = textOf(body);
      const message = text === undefined ? text : asked(() => this.#asker.ask(text, said, by, now), misuse);
      if (message === undefined) continue;
      const { error, result } = JSON.parse(message);
      return error === undefined ? { result } : { error };
    }
    return undefined;
  }

  /** Reads a call before it is acted on; `undefined` where it is no retry. */
  resume(call: McpCall, grant: Caller, options: { now?: number | undefined } = {}): Resumed | undefined {
    const [said, by, now] = [written('call', call), written('grant', callerOf(grant)), time(options)];
    const text = asked(() => this.#asker.resume(said, by, now), misuse);
    return text === undefined ? text : JSON.parse(text);
  }
}

/** Who calls: the grant of a gate, or as much of one. */
export type Caller = Pick<Grant, 'issuer' | 'subject' | 'client'>;

/** No more than is needed: a grant may hold claims that are no JSON. */
function callerOf(grant: Caller | undefined): object {
  return { issuer: grant?.issuer, subject: grant?.subject, client: grant?.client };
}

function written(name: string, value: object): string {
  const text = textOf(value);
  if (text === undefined) throw misuse(`\`${name}\` must be JSON data`);
  return text;
}

function textOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

function time({ now = Date.now() / 1000 }: { now?: number | undefined }): number {
  if (!Number.isFinite(now)) throw misuse('`options.now` must be a number of seconds');
  return now;
}
