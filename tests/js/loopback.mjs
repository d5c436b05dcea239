// A real HTTP server on loopback that ends with the test, and ports for others.

import { createServer } from 'node:http';
import { once } from 'node:events';

/** Serves until the test has ended; `asked` are the paths that were requested. */
export async function serve(t, answer) {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    answer(request, response, asked.length);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address();
  return { asked, port, uri: `http://127.0.0.1:${port}/jwks.json` };
}

/** A port that nobody listens on, for a server that must know it beforehand. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Answers with a key set. */
export const sends = (...keys) => (_, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ keys: keys.map((key) => key.jwk) }));
};

/** Lets time pass. */
export const sleep = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });
