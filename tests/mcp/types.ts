// Compiled against the types of the official MCP SDKs and of Hono: what `waxseal/mcp` gives fits where it is meant to. Nothing
// in here is run.

import * as errors from '@modelcontextprotocol/sdk/server/auth/errors.js';
import type { OAuthTokenVerifier as VerifierV1 } from '@modelcontextprotocol/sdk/server/auth/provider.js';
import type { AuthInfo as AuthInfoV1 } from '@modelcontextprotocol/sdk/server/auth/types.js';
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { McpError } from '@modelcontextprotocol/sdk/types.js';
import { createMcpHandler, McpServer, OAuthError, ProtocolError, requireBearerAuth } from '@modelcontextprotocol/server';
import { Hono } from 'hono';
import { z } from 'zod';
import type { Elicitation, Gate } from '../../pkg/dist/index.js';
import { type AuthInfo, honoGuard, protect, tokenVerifier, withConsent } from '../../pkg/dist/mcp.js';

declare const gate: Gate;
declare const elicitation: Elicitation;

const version1: VerifierV1 = tokenVerifier(gate, errors);
const info1: Promise<AuthInfoV1> = version1.verifyAccessToken('');
const version2 = requireBearerAuth({ verifier: tokenVerifier(gate, { OAuthError }) });

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'a', version: '1' });
  server.registerTool('a', { inputSchema: z.object({ b: z.string() }) }, withConsent(elicitation, { tool: 'a', server, error: ProtocolError }, async ({ b }, context) => {
    const id: string | number = context.mcpReq.id;
    return { content: [{ type: 'text', text: `${b} ${id}` }] };
  }));
  return server;
});
const fetching = protect(gate, (request, { authInfo }) => handler.fetch(request, { authInfo }));

const server = new McpServerV1({ name: 'a', version: '1' });
server.registerTool('a', { inputSchema: { b: z.string() } }, withConsent(elicitation, { tool: 'a', server, error: McpError }, async ({ b }, extra) => {
  return { content: [{ type: 'text', text: `${b} ${extra.requestId}` }] };
}));

const app = new Hono<{ Variables: { auth: AuthInfo } }>().use('/mcp', honoGuard(gate));
app.all('/mcp', (c) => handler.fetch(c.req.raw, { authInfo: c.get('auth') }));
const plain = new Hono().use(honoGuard(() => Promise.resolve(gate)));

export { app, fetching, info1, plain, version2 };
