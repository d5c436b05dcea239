// Providers for the official SDK's client, one for each way in which a scenario has it sign in. Nobody is asked anything.

import { randomUUID } from 'node:crypto';
import { ClientCredentialsProvider, CrossAppAccessProvider, DpopSession, PrivateKeyJwtProvider, requestJwtAuthorizationGrant } from '@modelcontextprotocol/client';

const CALLBACK = 'http://localhost:3000/callback';
// The suite knows the client by this one.
const DOCUMENT = 'https://conformance-test.local/client-metadata.json';

/** Keeps what the SDK hands it, and goes to the authorization server as a browser would. */
class Interactive {
  redirectUrl = CALLBACK;
  clientMetadataUrl = DOCUMENT;
  clientMetadata = { client_name: 'waxseal-conformance', redirect_uris: [CALLBACK] };
  #state = randomUUID();
  #kept = {};
  #answer;

  constructor(client) {
    this.#kept.client = client;
  }

  state = () => this.#state;
  clientInformation = () => this.#kept.client;
  saveClientInformation(client) { this.#kept.client = client; }
  tokens = () => this.#kept.tokens;
  saveTokens(tokens) {
    this.#kept.tokens = tokens;
    // The next sign-in looks anew who the authorization server is.
    this.#kept.discovery = undefined;
  }
  codeVerifier = () => this.#kept.verifier;
  saveCodeVerifier(verifier) { this.#kept.verifier = verifier; }
  discoveryState = () => this.#kept.discovery;
  saveDiscoveryState(discovery) { this.#kept.discovery = discovery; }

  invalidateCredentials(what) {
    if (what === 'all') this.#kept = {};
    delete this.#kept[what];
  }

  async redirectToAuthorization(url) {
    const { headers } = await fetch(url, { redirect: 'manual' });
    this.#answer = new URL(headers.get('location')).searchParams;
    if (this.#answer.get('state') !== this.#state) throw new Error('an answer to another request');
  }

  /** What the authorization server has answered, once. */
  answer() {
    const answer = this.#answer;
    this.#answer = undefined;
    return answer;
  }
}

/** An assertion of the workload's platform for a token (RFC 7523 section 2.1). */
class Workload {
  redirectUrl = undefined;
  clientMetadata = { client_name: 'waxseal-conformance', redirect_uris: [] };
  #context;
  #tokens;

  constructor(context) {
    this.#context = context;
  }

  clientInformation = () => ({ client_id: this.#context.client_id });
  tokens = () => this.#tokens;
  saveTokens(tokens) { this.#tokens = tokens; }
  prepareTokenRequest(scope) {
    return new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: this.#context.valid_jwt, ...(scope && { scope }) });
  }
}

/** How the user's identity provider vouches for the user. */
function exchanging({ idp_token_endpoint: tokenEndpoint, idp_id_token: idToken, idp_client_id: clientId }) {
  return async ({ authorizationServerUrl: audience, resourceUrl: resource, fetchFn }) => {
    const { jwtAuthGrant } = await requestJwtAuthorizationGrant({ tokenEndpoint, audience, resource, idToken, clientId, fetchFn });
    return jwtAuthGrant;
  };
}

/** The provider that a scenario needs; `proves`: whether the SDK's own proofs are meant to be used. */
export async function providerFor(scenario, context = {}, { proves }) {
  const { client_id: clientId, client_secret: clientSecret } = context;
  switch (scenario) {
    case 'auth/client-credentials-jwt':
      return new PrivateKeyJwtProvider({ clientId, privateKey: context.private_key_pem, algorithm: context.signing_algorithm });
    case 'auth/client-credentials-basic':
      return new ClientCredentialsProvider({ clientId, clientSecret });
    case 'auth/enterprise-managed-authorization':
      return new CrossAppAccessProvider({ clientId, clientSecret, assertion: exchanging(context) });
    case 'auth/wif-jwt-bearer':
      return new Workload(context);
    case 'auth/pre-registration':
      return new Interactive({ client_id: clientId, client_secret: clientSecret });
    case 'auth/dpop':
    case 'auth/dpop-nonce': {
      const session = proves && (await DpopSession.create());
      return Object.assign(new Interactive(), session && { dpop: () => session });
    }
    default:
      return new Interactive();
  }
}
