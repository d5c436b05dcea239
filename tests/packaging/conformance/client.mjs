// client.mjs plain|healed URL: the official SDK's client, as the conformance suite runs it, alone or with `heal` around its `fetch`.

import { auth, Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { createDpop, heal } from 'waxseal/client';
import { providerFor } from './provider.mjs';

// All scenarios run at the same time: a connection that is kept may end just when it is used again.
const { fetch: keeping } = globalThis;
globalThis.fetch = (input, init) => {
  const headers = new Headers(init?.headers);
  headers.set('connection', 'close');
  return keeping(input, { ...init, headers });
};

const { MCP_CONFORMANCE_CONTEXT: context = '{}', MCP_CONFORMANCE_SCENARIO: scenario } = process.env;
const [how, address] = process.argv.slice(2);
const url = new URL(address);
const OPTIONS = [{ name: 'waxseal-conformance', version: '1.0.0' }, { capabilities: {}, versionNegotiation: { mode: 'auto' } }];
// One to sign in, one for more scope.
const SIGN_INS = 2;

/** The SDK alone, as its documentation has it: what needs the user is thrown, and tried again after that. */
async function plain(provider) {
  let transport;
  let client;
  const signedIn = async (act) => {
    for (let left = SIGN_INS; ; left -= 1) {
      try {
        return await act();
      } catch (error) {
        const answer = UnauthorizedError.isInstance(error) && left > 0 ? provider.answer?.() : undefined;
        if (!answer) throw error;
        await transport.finishAuth(answer);
      }
    }
  };
  await signedIn(() => {
    transport = new StreamableHTTPClientTransport(url, { authProvider: provider });
    client = new Client(...OPTIONS);
    return client.connect(transport);
  });
  await calls(client, signedIn);
}

/** Ours around its `fetch`; the login itself stays with the SDK. */
async function healed(provider) {
  const dpop = scenario.startsWith('auth/dpop') ? await createDpop() : undefined;
  const signIn = async (resourceMetadata, scope, forceReauthorization) => {
    const options = {
      serverUrl: url, scope, forceReauthorization, fetchFn: dpop?.fetch() ?? fetch,
      ...(resourceMetadata && { resourceMetadataUrl: new URL(resourceMetadata) }),
    };
    if (await auth(provider, options) === 'REDIRECT') {
      const answer = provider.answer();
      await auth(provider, { ...options, authorizationCode: answer.get('code'), iss: answer.get('iss') ?? undefined });
    }
    return (await provider.tokens()).access_token;
  };
  const healing = heal({
    url, dpop,
    token: async () => (await provider.tokens())?.access_token,
    refresh: ({ resourceMetadata, reading }) => signIn(resourceMetadata, reading.action.scope),
    stepUp: ({ resourceMetadata, scopes }) => signIn(resourceMetadata, scopes.join(' '), true),
  });
  const client = new Client(...OPTIONS);
  await client.connect(new StreamableHTTPClientTransport(url, { fetch: healing() }));
  await calls(client, (act) => act());
}

async function calls(client, signedIn) {
  await signedIn(() => client.listTools());
  await signedIn(() => client.callTool({ name: 'test-tool', arguments: {} }));
  await client.close();
}

const run = { plain, healed }[how];
await run(await providerFor(scenario, JSON.parse(context), { proves: run === plain }));
console.log('done');
