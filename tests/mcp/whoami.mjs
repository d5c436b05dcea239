// One MCP server with either of the official SDKs whose tool says who calls it, as the SDK tells it.

import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { tokenOfToday } from '../js/issuer.mjs';
import { freePort } from '../js/loopback.mjs';

const INFO = { name: 'whoami', version: '1.0.0' };

const say = (authInfo) => ({ content: [{ type: 'text', text: `${authInfo.extra.grant.subject} with ${authInfo.clientId}` }] });

/** Ends what a tool waits for. */
export const waiting = new Map();

/** SDK 2: both eras, without sessions. */
export const modern = createMcpHandler(() => {
  const server = new McpServer(INFO);
  server.registerTool('watch', {}, async (context) => {
    const { progressToken } = context.mcpReq._meta;
    const told = new Promise((resolve) => waiting.set(progressToken, resolve));
    await context.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress: 1 } });
    await told;
    return say(context.http.authInfo);
  });
  server.registerTool('whoami', {}, (context) => say(context.http.authInfo));
  return server;
});

async function created() {
  const server = new McpServerV1(INFO);
  server.registerTool('whoami', {}, (extra) => say(extra.authInfo));
  return server;
}

/** SDK 1 on Node, which finds the caller at `req.auth`. */
export const sessions = new Map();
export async function onNode(request, response) {
  let transport = sessions.get(request.headers['mcp-session-id']);
  if (!transport) {
    transport = new StreamableHTTPServerTransport({ sessionIdGenerator: randomUUID, onsessioninitialized: (id) => sessions.set(id, transport) });
    await (await created()).connect(transport);
  }
  return transport.handleRequest(request, response, request.body);
}

/** SDK 1 with Fetch, without sessions. */
export async function onFetch(request, authInfo) {
  const transport = new WebStandardStreamableHTTPServerTransport({ sessionIdGenerator: undefined });
  await (await created()).connect(transport);
  return transport.handleRequest(request, { authInfo });
}

/** Listens until the test ends; the handler is made for the resource that it serves. */
export async function listening(t, made) {
  const port = await freePort();
  const resource = `http://127.0.0.1:${port}/mcp`;
  const server = createServer(await made(resource)).listen(port, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { resource, tokenOf: (sub, claims) => tokenOfToday({ aud: resource, sub, client_id: 'app', ...claims }) };
}

/** A fetch handler on Node. */
export const fetching = (fetch) => toNodeHandler({ fetch });

const CLIENTS = {
  'a client of SDK 2, 2026-07-28': () => [new Client(INFO, { versionNegotiation: { mode: { pin: '2026-07-28' } } }), StreamableHTTPClientTransport],
  'a client of SDK 2, 2025-11-25': () => [new Client(INFO), StreamableHTTPClientTransport],
  'a client of SDK 1': () => [new ClientV1(INFO), TransportV1],
};
export const ERAS = Object.keys(CLIENTS);

async function connected(t, era, resource, token) {
  const [client, Transport] = CLIENTS[era]();
  t.after(() => client.close());
  await client.connect(new Transport(new URL(resource), { requestInit: { headers: token ? { authorization: `Bearer ${token}` } : {} } }));
  return client;
}

/** What the tool says to a client with this token, or what the client throws. */
export async function whoami(t, era, resource, token) {
  const client = await connected(t, era, resource, token);
  return (await client.callTool({ name: 'whoami', arguments: {} })).content[0].text;
}

/** The same of a tool that ends once the client has heard of its beginning. */
export async function watched(t, era, resource, token) {
  const client = await connected(t, era, resource, token);
  const onprogress = () => [...waiting.values()].forEach((end) => end());
  const call = { name: 'watch', arguments: {} };
  const result = client instanceof ClientV1 ? await client.callTool(call, undefined, { onprogress }) : await client.callTool(call, { onprogress });
  return result.content[0].text;
}
