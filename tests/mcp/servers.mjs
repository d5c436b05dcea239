// The servers of one journey: an authorization server whose exchange wants the user's consent, and the same MCP
// server behind a gate, written with either of the official SDKs.

import { randomUUID } from 'node:crypto';
import { NodeStreamableHTTPServerTransport, toNodeHandler, toWebRequest } from '@modelcontextprotocol/node';
import { createMcpHandler, isLegacyRequest, McpServer, ProtocolError } from '@modelcontextprotocol/server';
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { McpError } from '@modelcontextprotocol/sdk/types.js';
import * as oauth from 'oauth4webapi';
import { z } from 'zod';
import { Elicitation, Gate } from '../../pkg/dist/index.js';
import { expressGuard, withConsent } from '../../pkg/dist/mcp.js';
import { config, tokenOfToday } from '../js/issuer.mjs';
import { serve } from '../js/loopback.mjs';

export const TOOL = 'list_issues';
const INSECURE = { [oauth.allowInsecureRequests]: true };
const SECRET = { secret: { env: 'STATE_SECRET' } };
const ENV = { STATE_SECRET: 'a secret of the tests' };

async function bodyOf(request) {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}

/** Exchanges tokens (RFC 8693) of users who have consented at its page; `exchanges` are the users it was asked for. */
export async function authorizationServer(t) {
  const consents = new Set();
  const exchanges = [];
  const { port } = await serve(t, async (request, response) => {
    const { pathname } = new URL(request.url, issuer);
    if (pathname === '/token') {
      const form = new URLSearchParams(await bodyOf(request));
      const { sub } = JSON.parse(Buffer.from(form.get('subject_token').split('.')[1], 'base64url'));
      exchanges.push(sub);
      const refusal = {
        error: 'consent_required',
        error_description: 'Authorize access to github',
        consent_url: `${issuer}/connect?resource=github`,
        cause: 'consent_missing',
        service_id: 'github',
      };
      const issued = {
        access_token: `github-token-of-${sub}`,
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: 'Bearer',
      };
      response.writeHead(consents.has(sub) ? 200 : 400, { 'content-type': 'application/json', 'cache-control': 'no-store' });
      response.end(JSON.stringify(consents.has(sub) ? issued : refusal));
    } else if (pathname === '/connect') {
      // The consent is that of the user who has signed in here, whoever was shown the link.
      consents.add(/user=(\w+)/.exec(request.headers.cookie)[1]);
      response.end('thank you');
    } else {
      response.writeHead(404).end();
    }
  });
  const issuer = `http://127.0.0.1:${port}`;
  const metadata = { issuer, token_endpoint: `${issuer}/token` };
  const client = { client_id: 'mcp-server' };

  /** What a tool does with its caller's token. */
  async function exchange(token) {
    const response = await oauth.genericTokenEndpointRequest(
      metadata,
      client,
      oauth.None(),
      'urn:ietf:params:oauth:grant-type:token-exchange',
      {
        subject_token: token,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        resource: 'https://api.github.example',
      },
      INSECURE,
    );
    return (await oauth.processGenericTokenEndpointResponse(metadata, client, response)).access_token;
  }

  return { port, exchanges, exchange, link: `${issuer}/connect?resource=github` };
}

/** Opens a link as a signed-in user's browser does. */
export const open = (link, user) => fetch(link, { headers: { cookie: `user=${user}` } });

/** An MCP server behind a gate; `sdk` writes it, `clock` is its time. */
export async function mcpServer(t, sdk, { exchange }, clock = { now: undefined }) {
  const elicitation = await Elicitation.open(SECRET, { env: ENV });
  const retries = [];

  /** At the clock of the test, which hears what retried calls say. */
  const watched = {
    ask: (failure, call, grant) => elicitation.ask(failure, call, grant, clock),
    resume(call, grant) {
      const retry = elicitation.resume(call, grant, clock);
      if (retry) retries.push(retry.fault ?? retry.action);
      return retry;
    },
  };

  /** The tool: the same for both SDKs, which have an error of their own each. */
  const listIssues = (server, error) =>
    withConsent(watched, { tool: TOOL, server, error }, async (_, context) => {
      const { token } = context.authInfo ?? context.http.authInfo;
      return { content: [{ type: 'text', text: `2 issues, read with ${await exchange(token)}` }] };
    });

  let guard;
  const handle = sdk(listIssues);
  const { port } = await serve(t, (request, response) => guard(request, response, () => handle(request, response)));
  const url = `http://127.0.0.1:${port}/mcp`;
  guard = expressGuard(Gate.open(config({ resource: url })));
  return { url, retries, tokenOf: (sub) => tokenOfToday({ aud: url, sub, client_id: 'app' }) };
}

/** The SDK of both eras: 2026-07-28 without sessions, 2025-11-25 with. */
export function v2(listIssues) {
  function create() {
    const server = new McpServer({ name: 'issues', version: '1.0.0' });
    server.registerTool(TOOL, { inputSchema: z.object({ state: z.string() }) }, listIssues(server, ProtocolError));
    return server;
  }
  const modern = toNodeHandler(createMcpHandler(create, { legacy: 'reject' }));
  const legacy = sessions(create, NodeStreamableHTTPServerTransport);
  return async (request, response) => {
    const text = await bodyOf(request);
    const body = text === '' ? undefined : JSON.parse(text);
    const isLegacy = await isLegacyRequest(await toWebRequest(request, body ?? {}), body);
    return (isLegacy ? legacy : modern)(request, response, body);
  };
}

/** The SDK of 2025-11-25. */
export function v1(listIssues) {
  function create() {
    const server = new McpServerV1({ name: 'issues', version: '1.0.0' });
    server.registerTool(TOOL, { inputSchema: { state: z.string() } }, listIssues(server, McpError));
    return server;
  }
  const handle = sessions(create, StreamableHTTPServerTransport);
  return async (request, response) => {
    const text = await bodyOf(request);
    return handle(request, response, text === '' ? undefined : JSON.parse(text));
  };
}

/** A server and a transport for each session: only they remember what the client has declared. */
function sessions(create, Transport) {
  const known = new Map();
  return async (request, response, body) => {
    let transport = known.get(request.headers['mcp-session-id']);
    if (!transport) {
      transport = new Transport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (id) => known.set(id, transport),
      });
      await create().connect(transport);
    }
    return transport.handleRequest(request, response, body);
  };
}
