// `withConsent` alone: what it takes, and what it leaves as it is. With real servers and clients: elicit.test.mjs.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { McpError } from '@modelcontextprotocol/sdk/types.js';
import { ProtocolError } from '@modelcontextprotocol/server';
import { Elicitation, WaxsealError } from '../../pkg/dist/index.js';
import { withConsent } from '../../pkg/dist/mcp.js';

const elicitation = await Elicitation.open({ secret: { env: 'SECRET' } }, { env: { SECRET: 'a secret of the tests' } });
const BODY = { error: 'consent_required', consent_url: 'https://as.example.com/connect' };
const LINKS = { elicitation: { url: {} } };
const GRANT = { issuer: 'https://as.example.com', subject: 'ada', client: 'app' };
const authInfo = { token: 't', clientId: 'app', scopes: [], extra: { grant: GRANT } };
const serverOf = (version, capabilities = LINKS) => ({ server: { getClientCapabilities: () => capabilities, getNegotiatedProtocolVersion: () => version } });
const ofOne = (headers = {}) => ({ authInfo, requestId: 1, requestInfo: { headers } });
const ofTwo = (more = {}) => ({ http: { authInfo }, mcpReq: { id: 1, method: 'tools/call', requestState: () => undefined, ...more } });
const failing = () => { throw BODY; };

describe('withConsent', () => {
  it('asks in the words of the version, wherever the SDK tells it', async () => {
    const { getNegotiatedProtocolVersion: _, ...server } = serverOf().server;
    const old = withConsent(elicitation, { tool: 'a', server: { server }, error: McpError }, failing);
    await assert.rejects(old({}, ofOne({ 'mcp-protocol-version': '2025-11-25' })), (error) => error instanceof McpError && error.code === -32042);
    await assert.rejects(old(ofOne(new Headers({ 'mcp-protocol-version': '2025-11-25' }))), (error) => error instanceof McpError && error.code === -32042);
    // One that nobody has negotiated anything with.
    assert.equal((await old(ofOne())).isError, true);
    const legacy = withConsent(elicitation, { tool: 'a', server: serverOf('2025-11-25'), error: ProtocolError }, failing);
    await assert.rejects(legacy({}, ofTwo()), (error) => error instanceof ProtocolError && error.code === -32042);
    const modern = withConsent(elicitation, { tool: 'a', server: serverOf('2026-07-28'), error: ProtocolError }, failing);
    assert.equal((await modern({}, ofTwo())).resultType, 'input_required');
  });

  it('takes a request state for its own tool, arguments and caller only, before anything is done', async () => {
    let done = 0;
    const made = (tool) => withConsent(elicitation, { tool, server: serverOf('2026-07-28'), error: ProtocolError }, () => { done += 1; throw BODY; });
    const { requestState } = await made('a')({ b: 1 }, ofTwo());
    const again = (state = requestState) => ofTwo({ requestState: () => state, inputResponses: { consent: { action: 'accept' } } });
    assert.equal((await made('a')({ b: 1 }, again())).resultType, 'input_required');
    assert.equal(done, 2);
    for (const [tool, args, context] of [
      ['b', { b: 1 }, again()], ['a', { b: 2 }, again()], ['a', { b: 1 }, again(`${requestState}x`)], ['a', { b: 1 }, again({})],
      ['a', { b: 1 }, { ...again(), http: { authInfo: { ...authInfo, extra: { grant: { ...GRANT, subject: 'bob' } } } } }],
    ]) {
      await assert.rejects(made(tool)(args, context), (error) => error instanceof ProtocolError && error.code === -32602);
    }
    assert.equal(done, 2);
  });

  it('leaves alone what is given back, and what else is thrown', async () => {
    const result = { content: [] };
    const own = new Error('of the tool');
    const options = { tool: 'a', server: serverOf('2025-11-25'), error: McpError };
    const seen = [];
    assert.equal(await withConsent(elicitation, options, (...input) => (seen.push(...input), result))({ b: 1 }, ofOne()), result);
    assert.deepEqual(seen, [{ b: 1 }, ofOne()]);
    await assert.rejects(withConsent(elicitation, options, () => { throw own; })({}, ofOne()), (error) => error === own);
  });

  it('does nothing for a caller whom no gate has let pass', async () => {
    const tool = withConsent(elicitation, { tool: 'a', server: serverOf('2025-11-25'), error: McpError }, () => assert.fail('it is run'));
    for (const context of [undefined, null, {}, { authInfo: { token: 't' } }, { authInfo: { extra: { grant: { subject: 'ada' } } } }, { http: {} }]) {
      await assert.rejects(tool({}, context), (error) => WaxsealError.isInstance(error) && error.code === 'invalid_argument' && /authInfo/.test(error.message));
    }
  });

  it('wants all that it needs', () => {
    const good = { tool: 'a', server: serverOf('2025-11-25'), error: McpError };
    for (const input of [
      [undefined, good, failing], [{}, good, failing], [elicitation, { ...good, tool: 1 }, failing], [elicitation, { ...good, server: {} }, failing],
      [elicitation, { ...good, error: undefined }, failing], [elicitation, good, undefined], [elicitation, undefined, failing],
    ]) assert.throws(() => withConsent(...input), (error) => WaxsealError.isInstance(error) && error.code === 'invalid_argument');
  });
});
