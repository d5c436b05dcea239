// A tool whose token exchange wants the user's consent: real clients of either era are shown the link, the user
// consents, and the repeated call succeeds.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Client, StreamableHTTPClientTransport, UrlElicitationRequiredError } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { UrlElicitationRequiredError as UrlElicitationRequiredErrorV1 } from '@modelcontextprotocol/sdk/types.js';
import { authorizationServer, mcpServer, open, TOOL, v1, v2 } from './servers.mjs';

const CALL = { name: TOOL, arguments: { state: 'open' } };
const LINKS = { elicitation: { url: {} } };
const MESSAGE = 'your consent is needed to go on (github: consent_missing)';
const DONE = [{ type: 'text', text: '2 issues, read with github-token-of-ada' }];
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

async function connected(t, client, Transport, { url, tokenOf }, user = 'ada') {
  const headers = { authorization: `Bearer ${tokenOf(user)}` };
  await client.connect(new Transport(new URL(url), { requestInit: { headers } }));
  t.after(() => client.close());
  return client;
}

const INFO = { name: 'test', version: '1.0.0' };

function modern(t, server, capabilities, more = {}) {
  const options = { capabilities, versionNegotiation: { mode: { pin: '2026-07-28' } }, ...more };
  return connected(t, new Client(INFO, options), StreamableHTTPClientTransport, server);
}

const legacy = (t, server, capabilities) =>
  connected(t, new Client(INFO, { capabilities }), StreamableHTTPClientTransport, server);

const old = (t, server, capabilities) => connected(t, new ClientV1(INFO, { capabilities }), TransportV1, server);

async function setUp(t, sdk, clock) {
  const as = await authorizationServer(t);
  return { as, server: await mcpServer(t, sdk, as, clock) };
}

describe('MCP 2026-07-28', () => {
  it('shows the link, and the retried call succeeds', async (t) => {
    const { as, server } = await setUp(t, v2);
    const client = await modern(t, server, LINKS);
    const shown = [];
    client.setRequestHandler('elicitation/create', async ({ params }) => {
      shown.push(params);
      await open(params.url, 'ada');
      return { action: 'accept' };
    });
    const result = await client.callTool(CALL);
    assert.deepEqual(result.content, DONE);
    assert.deepEqual(shown, [{ mode: 'url', url: as.link, message: MESSAGE }]);
    assert.equal(new URL(shown[0].url).host, `127.0.0.1:${as.port}`);
    assert.deepEqual(server.retries, ['accept']);
    assert.deepEqual(as.exchanges, ['ada', 'ada']);
  });

  it('asks again until the right user has consented', async (t) => {
    const { as, server } = await setUp(t, v2);
    const client = await modern(t, server, LINKS);
    const openedBy = [undefined, 'bob', 'ada'];
    let shown = 0;
    client.setRequestHandler('elicitation/create', async ({ params }) => {
      const user = openedBy[shown++];
      if (user) await open(params.url, user);
      return { action: 'accept' };
    });
    assert.deepEqual((await client.callTool(CALL)).content, DONE);
    assert.equal(shown, 3);
    assert.deepEqual(server.retries, ['accept', 'accept', 'accept']);
  });

  it('ends when the user declines', async (t) => {
    for (const action of ['decline', 'cancel']) {
      const { server } = await setUp(t, v2);
      const client = await modern(t, server, LINKS);
      client.setRequestHandler('elicitation/create', () => ({ action }));
      const result = await client.callTool(CALL);
      assert.equal(result.isError, true);
      assert.equal(result.content[0].text, `${MESSAGE}, and the user did not give it`);
      assert.deepEqual(server.retries, [action]);
    }
  });

  describe('a request state', () => {
    /** A client that answers by hand, as an attacker would. */
    async function byHand(t) {
      const clock = { now: Date.now() / 1000 };
      const { as, server } = await setUp(t, v2, clock);
      const call = async (params, user) => {
        const client = new Client(INFO, {
          capabilities: LINKS,
          versionNegotiation: { mode: { pin: '2026-07-28' } },
          inputRequired: { autoFulfill: false },
        });
        client.setRequestHandler('elicitation/create', () => assert.fail('nobody is asked'));
        await connected(t, client, StreamableHTTPClientTransport, server, user);
        return client.request({ method: 'tools/call', params }, { allowInputRequired: true });
      };
      const first = await call(CALL, 'ada');
      assert.equal(first.resultType, 'input_required');
      const inputResponses = { consent: { action: 'accept' } };
      const retry = { ...CALL, inputResponses, requestState: first.requestState };
      return { as, clock, server, call, retry };
    }

    it('is taken from its own user for its own call', async (t) => {
      const { as, call, retry } = await byHand(t);
      await open(as.link, 'ada');
      assert.deepEqual((await call(retry, 'ada')).content, DONE);
    });

    const flipped = (text) => text.replace(/^./, (letter) => (letter === 'A' ? 'B' : 'A'));
    for (const [name, fault, change] of [
      ['of somebody else', 'other_principal', ({ retry }) => [retry, 'bob']],
      ['for other parameters', 'other_call', ({ retry }) => [{ ...retry, arguments: { state: 'closed' } }, 'ada']],
      ['that is forged', 'forged', ({ retry }) => [{ ...retry, requestState: flipped(retry.requestState) }, 'ada']],
      ['that is made up', 'forged', ({ retry }) => [{ ...retry, requestState: 'e30' }, 'ada']],
      ['that is too old', 'expired', ({ retry, clock }) => ((clock.now += 600), [retry, 'ada'])],
    ]) {
      it(`${name} is refused before anything is done`, async (t) => {
        const journey = await byHand(t);
        const [params, user] = change(journey);
        // Even with all the consent in the world.
        await Promise.all(['ada', 'bob'].map((user) => open(journey.as.link, user)));
        const result = await journey.call(params, user);
        assert.equal(result.isError, true);
        assert.equal(result.content[0].text, 'the request state is not valid or has expired');
        assert.deepEqual(journey.server.retries, [fault]);
        assert.deepEqual(journey.as.exchanges, ['ada']);
      });
    }
  });
});

describe('MCP 2025-11-25', () => {
  for (const [name, sdk, connect, Required] of [
    ['SDK 2', v2, legacy, UrlElicitationRequiredError],
    ['SDK 1', v1, old, UrlElicitationRequiredErrorV1],
    ['SDK 1 before a server of SDK 2', v2, old, UrlElicitationRequiredErrorV1],
    ['SDK 2 before a server of SDK 1', v1, legacy, UrlElicitationRequiredError],
  ]) {
    it(`${name}: shows the link, and the repeated call succeeds`, async (t) => {
      const { as, server } = await setUp(t, sdk);
      const client = await connect(t, server, LINKS);
      const failure = await client.callTool(CALL).then(() => assert.fail('it must be asked for'), (error) => error);
      assert.ok(failure instanceof Required, String(failure));
      assert.equal(failure.code, -32042);
      const [shown, ...others] = failure.elicitations;
      assert.deepEqual(others, []);
      assert.deepEqual({ ...shown, elicitationId: '' }, { mode: 'url', elicitationId: '', url: as.link, message: MESSAGE });
      assert.match(shown.elicitationId, UUID);

      await open(shown.url, 'ada');
      assert.deepEqual((await client.callTool(CALL)).content, DONE);
      assert.deepEqual(as.exchanges, ['ada', 'ada']);
    });
  }

  it('sends the members of older readers, too', async (t) => {
    const { as, server } = await setUp(t, v2);
    const headers = {
      authorization: `Bearer ${server.tokenOf('ada')}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
    };
    const send = (more, message) =>
      fetch(server.url, { method: 'POST', headers: { ...headers, ...more }, body: JSON.stringify({ jsonrpc: '2.0', ...message }) });
    const protocolVersion = '2025-11-25';
    const params = { protocolVersion, capabilities: LINKS, clientInfo: INFO };
    const opened = await send({}, { id: 1, method: 'initialize', params });
    const session = { 'mcp-session-id': opened.headers.get('mcp-session-id'), 'mcp-protocol-version': protocolVersion };
    await send(session, { method: 'notifications/initialized' });
    const response = await send(session, { id: 'two', method: 'tools/call', params: CALL });
    assert.equal(response.status, 200);
    const { id, error } = JSON.parse(/^data: (\{.*)$/m.exec(await response.text())[1]);
    assert.equal(id, 'two');
    assert.equal(error.data.url, as.link);
    assert.equal(error.data.elicitation_id, error.data.elicitations[0].elicitationId);
  });
});

describe('a client that cannot show links', () => {
  for (const [name, sdk, connect] of [
    ['2026-07-28', v2, modern],
    ['2025-11-25, SDK 2', v2, legacy],
    ['2025-11-25, SDK 1', v1, old],
  ]) {
    for (const [what, capabilities] of [['nothing', {}], ['forms only', { elicitation: { form: {} } }]]) {
      it(`${name}, declaring ${what}: hears a plain error without the link`, async (t) => {
        const { as, server } = await setUp(t, sdk);
        const client = await connect(t, server, capabilities);
        const result = await client.callTool(CALL);
        assert.equal(result.isError, true);
        const text = `${MESSAGE}, at 127.0.0.1: this client cannot show the user a link`;
        assert.deepEqual(result.content, [{ type: 'text', text }]);
        assert.ok(!JSON.stringify(result).includes('connect'));

        // The user may find the page without us.
        await open(as.link, 'ada');
        assert.deepEqual((await client.callTool(CALL)).content, DONE);
      });
    }
  }
});
