// the demo's MCP server: Streamable HTTP, four tools, no authorization of its own.
// it believes x-user and x-client because only the gate can reach it and the gate sets them
//
//   node mcp-server.mjs [--port 10002]
//
//   /mcp                the MCP endpoint
//   GET /demo/count     how many requests reached the MCP endpoint

import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { localhostHostValidation, localhostOriginValidation, toNodeHandler } from '@modelcontextprotocol/node';
import { McpServer, createMcpHandler } from '@modelcontextprotocol/server';
import { z } from 'zod';

const { values: options } = parseArgs({ options: { port: { type: 'string', default: '10002' } } });

const files = new Map([
  ['hello.txt', 'hello from behind the gate'],
  ['plan.txt', 'seal it, send it, check the seal'],
]);

const text = (value) => ({ content: [{ type: 'text', text: value }] });

// one server object per request: the endpoint keeps no session
function createMcpServer() {
  const server = new McpServer({ name: 'waxseal-demo', version: '1.0.0' });

  server.registerTool(
    'read_file',
    { description: `read one of: ${[...files.keys()].join(', ')}`, inputSchema: z.object({ name: z.string() }) },
    ({ name }) => (files.has(name) ? text(files.get(name)) : { ...text(`no file \`${name}\``), isError: true }),
  );

  server.registerTool(
    'write_file',
    { description: 'write a file', inputSchema: z.object({ name: z.string(), text: z.string() }) },
    ({ name, text: content }) => {
      files.set(name, content);
      return text(`wrote \`${name}\``);
    },
  );

  server.registerTool('delete_file', { description: 'delete a file', inputSchema: z.object({ name: z.string() }) }, ({ name }) =>
    text(files.delete(name) ? `deleted \`${name}\`` : `no file \`${name}\``),
  );

  server.registerTool('whoami', { description: 'what the gate says about the caller' }, (context) => {
    const { headers } = context.http.req;
    return text(
      JSON.stringify({
        user: headers.get('x-user'),
        client: headers.get('x-client'),
        token: headers.has('authorization') ? 'arrived' : 'removed by the gate',
      }),
    );
  });

  return server;
}

const handle = toNodeHandler(createMcpHandler(createMcpServer));
const validateHost = localhostHostValidation();
const validateOrigin = localhostOriginValidation();
let received = 0;

createServer((request, response) => {
  if (request.url === '/demo/count') {
    return response.setHeader('content-type', 'application/json').end(JSON.stringify({ received }));
  }
  received += 1;
  if (!validateHost(request, response) || !validateOrigin(request, response)) return;
  if (request.url.split('?')[0] !== '/mcp') return response.writeHead(404).end();
  return handle(request, response);
}).listen(Number(options.port), '127.0.0.1', () =>
  console.log(`mcp server: http://127.0.0.1:${options.port}/mcp`),
);
