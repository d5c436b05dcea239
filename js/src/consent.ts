import type { Elicitation, McpCall } from './elicit.js';
import { misuse } from './error.js';
import type { Grant } from './outcome.js';

/** How a tool's calls are known, and answered. */
export interface ConsentOptions {
  /** The name of the tool: a request state is for this one only. */
  tool: string;
  /** The `McpServer` that the tool is registered with. */
  server: { readonly server: McpServerLike };
  /** The SDK's own error, which it passes to the client: `McpError` of version 1, `ProtocolError` of version 2. */
  error: new (code: number, message: string, data?: any) => Error;
}

/** The SDK's `Server`, as far as it is needed. */
export interface McpServerLike {
  getClientCapabilities(): object | undefined;
  getNegotiatedProtocolVersion?(): string | undefined;
}

type Extra = { authInfo?: Auth; requestId?: string | number; requestInfo?: { headers?: HeadersOf } };
type Context = { http?: { authInfo?: Auth; req?: { headers?: HeadersOf } }; mcpReq: Request };
type Auth = { extra?: Record<string, unknown> } | undefined;
type HeadersOf = { get?(name: string): string | null } | Record<string, unknown>;
type Request = { id: string | number; method?: string; requestState(): unknown; inputResponses?: unknown };

/**
 * A tool whose user may have to consent first. What its handler throws for want of consent (`consent_required` of a token
 * exchange: the body of the token endpoint's answer, or an error that carries it) becomes what the client can read: error
 * -32042 (MCP 2025-11-25), an `input_required` result (2026-07-28), or a tool error where the client can show no link. A
 * retried call is believed only with a request state of its own. All else that is thrown passes on. The caller is `authInfo`
 * as `protect` and its like give it. For the handlers of `registerTool` of the official MCP SDKs, 1 and 2; with the first
 * the server must be one that keeps sessions, or it does not know what its client can show.
 */
export function withConsent<Input extends unknown[], Result>(
  elicitation: Elicitation,
  options: ConsentOptions,
  handler: (...input: Input) => Result | Promise<Result>,
): (...input: Input) => Promise<Result> {
  if (typeof options !== 'object' || options === null) throw misuse('`options` must be an object');
  const { tool, server, error: Failure } = options;
  if (typeof elicitation?.ask !== 'function') throw misuse('`elicitation` must be an Elicitation');
  if (typeof tool !== 'string') throw misuse('`options.tool` must be a string');
  if (typeof server?.server?.getClientCapabilities !== 'function') throw misuse('`options.server` must be an McpServer');
  if (typeof Failure !== 'function') throw misuse('`options.error` must be the class `McpError` or `ProtocolError`');
  if (typeof handler !== 'function') throw misuse('`handler` must be a function');
  return async (...input) => {
    const { call, grant } = told(input, tool, server.server);
    const retry = elicitation.resume(call, grant);
    if (retry?.fault) throw new Failure(retry.error.code, retry.error.message, retry.error.data);
    try {
      return await handler(...input);
    } catch (failure) {
      const asked = elicitation.ask(failure, call, grant);
      if (!asked) throw failure;
      if (asked.error) throw new Failure(asked.error.code, asked.error.message, asked.error.data);
      return asked.result as Result;
    }
  };
}

/** What an SDK tells a tool's handler of the call and its caller. */
function told(input: unknown[], name: string, server: McpServerLike): { call: McpCall; grant: Grant } {
  // Without an input schema the context stands alone.
  const args = input.length > 1 ? input[0] : undefined;
  const { authInfo, requestId, requestInfo, http, mcpReq } = (input.at(-1) ?? {}) as Partial<Extra & Context>;
  const grant = ((http?.authInfo ?? authInfo)?.extra as { grant?: Grant } | undefined)?.grant;
  if (typeof grant?.issuer !== 'string') throw misuse('the call has no `authInfo.extra.grant`: use `protect`, `expressGuard`, `honoGuard` or `tokenVerifier` before it');
  const headers = http?.req?.headers ?? requestInfo?.headers;
  const sent = typeof headers?.get === 'function' ? headers.get('mcp-protocol-version') : (headers as Record<string, unknown> | undefined)?.['mcp-protocol-version'];
  const version = server.getNegotiatedProtocolVersion?.() ?? (typeof sent === 'string' ? sent : undefined);
  const again = mcpReq && { requestState: mcpReq.requestState(), inputResponses: mcpReq.inputResponses };
  const call: McpCall = {
    id: mcpReq?.id ?? requestId,
    method: mcpReq?.method ?? 'tools/call',
    params: { name, arguments: args, ...again },
    version,
    capabilities: server.getClientCapabilities(),
  };
  return { call, grant };
}
