// An MCP server of both eras with four tools, without any authorization of its own.

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { NodeStreamableHTTPServerTransport, toNodeHandler, toWebRequest } from '@modelcontextprotocol/node';
import { createMcpHandler, isLegacyRequest, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';

const inputSchema = z.object({ name: z.string() });
const text = (value) => ({ content: [{ type: 'text', text: value }] });

/** Serves on loopback; `calls(tool)` counts, `release(name)` lets a watching tool end. */
export async function toolServer() {
  const counted = new Map();
  const waiting = new Map();
  const released = new Set();

  function create() {
    const server = new McpServer({ name: 'files', version: '1.0.0' }, { capabilities: { logging: {} } });
    const tool = (name, act) =>
      server.registerTool(name, { inputSchema }, (given, context) => {
        counted.set(name, (counted.get(name) ?? 0) + 1);
        return act(given, context);
      });
    tool('read_file', ({ name }) => text(`read ${name}`));
    tool('write_file', ({ name }) => text(`wrote ${name}`));
    tool('drop_all', () => text('gone'));
    tool('watch', async ({ name }, context) => {
      const { progressToken } = context.mcpReq._meta ?? {};
      await context.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress: 1, total: 2 } });
      if (!released.has(name)) await new Promise((resolve) => waiting.set(name, resolve));
      return text(`watched ${name}`);
    });
    return server;
  }

  const modern = toNodeHandler(createMcpHandler(create, { legacy: 'reject' }));
  const sessions = new Map();
  async function legacy(request, response, body) {
    let transport = sessions.get(request.headers['mcp-session-id']);
    if (!transport) {
      transport = new NodeStreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (id) => sessions.set(id, transport),
      });
      await create().connect(transport);
    }
    return transport.handleRequest(request, response, body);
  }

  const server = createServer(async (request, response) => {
    try {
      let read = '';
      for await (const chunk of request.setEncoding('utf8')) read += chunk;
      const body = read === '' ? undefined : JSON.parse(read);
      const isLegacy = await isLegacyRequest(await toWebRequest(request, body ?? {}), body);
      await (isLegacy ? legacy : modern)(request, response, body);
    } catch {
      // A call that is denied while its body is held ends in the middle.
      response.destroy();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: server.address().port,
    calls: (tool) => counted.get(tool) ?? 0,
    release(name) {
      released.add(name);
      waiting.get(name)?.();
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
