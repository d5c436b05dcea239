// What a test says about an Envoy -> its bootstrap, as one object.

import { fileURLToPath } from 'node:url';

/** The filter under test; another one may be named in the environment. */
export const FILTER = process.env.WAXSEAL_FILTER ?? fileURLToPath(new URL('../../pkg/dist/waxseal.wasm', import.meta.url));

export const type = (name, members = {}) => ({ '@type': `type.googleapis.com/${name}`, ...members });
const at = (port) => ({ socket_address: { address: '127.0.0.1', port_value: port } });

/** A cluster of one loopback server. */
export const cluster = (name, port) => ({
  name,
  connect_timeout: '2s',
  typed_extension_protocol_options: {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': type('envoy.extensions.upstreams.http.v3.HttpProtocolOptions', {
      explicit_http_config: { http_protocol_options: { enable_trailers: true } },
    }),
  },
  load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address: at(port) } }] }] },
});

// One line of JSON for each request.
const ACCESS_LOG = {
  name: 'envoy.access_loggers.stdout',
  typed_config: type('envoy.extensions.access_loggers.stream.v3.StdoutAccessLog', {
    log_format: {
      json_format: {
        id: '%REQ(X-REQUEST-ID)%',
        method: '%REQ(:METHOD)%',
        code: '%RESPONSE_CODE%',
        details: '%RESPONSE_CODE_DETAILS%',
        flags: '%RESPONSE_FLAGS%',
        mcp: '%DYNAMIC_METADATA(envoy.filters.http.mcp)%',
      },
    },
  }),
};

/** How an operator hands a configuration over: JSON in a string. */
export const asString = (text) => type('google.protobuf.StringValue', { value: text });

/**
 * The filter in front of a router. `configuration` is an object, a text, or any message; `wasm`,
 * `vm`, `manager`, `balance` and `buffer` (bytes) add to the plugin, its VM, the connection manager and the listener;
 * `before` are filters in front of it. `port` is any free one unless given.
 */
export function listener(name, { configuration, wasm = {}, vm = {}, manager = {}, balance, buffer, before = [], port = 0 }) {
  const message = typeof configuration === 'string' ? asString(configuration)
    : configuration?.['@type'] || configuration === undefined ? configuration
    : asString(JSON.stringify(configuration));
  const filter = {
    name,
    // A worker that died stays dead: no test may pass by a restart.
    failure_policy: 'FAIL_CLOSED',
    vm_config: { vm_id: 'waxseal', runtime: 'envoy.wasm.runtime.v8', code: { local: { filename: FILTER } }, ...vm },
    configuration: message,
    ...wasm,
  };
  const connectionManager = {
    stat_prefix: name,
    codec_type: 'AUTO',
    access_log: [ACCESS_LOG],
    http_protocol_options: { enable_trailers: true },
    // how long Envoy waits for a client to close: nobody here needs a second
    delayed_close_timeout: '0.05s',
    http_filters: [
      ...before,
      { name: 'waxseal', typed_config: type('envoy.extensions.filters.http.wasm.v3.Wasm', { config: filter }) },
      { name: 'router', typed_config: type('envoy.extensions.filters.http.router.v3.Router') },
    ],
    route_config: {
      virtual_hosts: [{ name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster: 'upstream', timeout: '0s' } }] }],
    },
    ...manager,
  };
  return {
    name,
    stat_prefix: name,
    address: at(port),
    ...(buffer && { per_connection_buffer_limit_bytes: buffer }),
    ...(balance && { connection_balance_config: { exact_balance: {} } }),
    filter_chains: [{
      filters: [{
        name: 'http',
        typed_config: type('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', connectionManager),
      }],
    }],
  };
}

const KINDS = { listeners: 'envoy.config.listener.v3.Listener', clusters: 'envoy.config.cluster.v3.Cluster' };

/** The text of a file in which Envoy discovers listeners or clusters. */
export const discovered = (kind, resources) =>
  JSON.stringify({ resources: resources.map((resource) => type(KINDS[kind], resource)) });

const watch = (path) => ({ resource_api_version: 'V3', path_config_source: { path } });

/** `listeners` by name; `clusters`: name -> port; `files`: kind -> file in which more are discovered. */
export const bootstrap = ({ listeners = {}, clusters, files }) => ({
  node: { id: 'waxseal', cluster: 'waxseal' },
  admin: { address: at(0) },
  dynamic_resources: { lds_config: watch(files.listeners), cds_config: watch(files.clusters) },
  static_resources: {
    listeners: Object.entries(listeners).map(([name, members]) => listener(name, members)),
    clusters: Object.entries(clusters).map(([name, port]) => cluster(name, port)),
  },
});
