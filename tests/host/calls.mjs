// The functions that a filter may import. Each answers as Envoy's does; what it does to requests,
// calls and metrics is the worker's.

import { HostError, Status } from './status.mjs';
import { decodePairs, encodePairs } from './headers.mjs';
import { Fault } from './memory.mjs';

const WASI = Object.freeze({ success: 0, badf: 8, fault: 21, notsup: 58 });
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'critical'];
const BUFFERS = 9;
const MAPS = 8;
const STREAMS = 4;
const HTTP_REQUEST = 0;

// The SDK's traits import these whether a filter uses them or not. Calling one kills the worker.
const UNUSED = [
  'proxy_get_status', 'proxy_register_shared_queue', 'proxy_resolve_shared_queue',
  'proxy_enqueue_shared_queue', 'proxy_dequeue_shared_queue', 'proxy_grpc_call', 'proxy_grpc_stream',
  'proxy_grpc_send', 'proxy_grpc_cancel', 'proxy_grpc_close',
];

const bytesOf = (text) => Uint8Array.from(Buffer.from(text, 'latin1'));

export function hostCalls(worker) {
  const { memory } = worker;

  const env = {
    proxy_log(level, pointer, size) {
      if (level >>> 0 >= LEVELS.length) return Status.BadArgument;
      worker.log(LEVELS[level], memory.text(pointer, size));
      return Status.Ok;
    },
    proxy_get_log_level(at) {
      memory.setU32(at, LEVELS.indexOf(worker.level));
      return Status.Ok;
    },
    proxy_get_current_time_nanoseconds(at) {
      memory.setU64(at, worker.nanoseconds());
      return Status.Ok;
    },
    proxy_set_tick_period_milliseconds(period) {
      worker.tickPeriod = period >>> 0;
      return Status.Ok;
    },

    proxy_get_buffer_bytes(type, start, size, pointerAt, sizeAt) {
      if (type >>> 0 >= BUFFERS) return Status.BadArgument;
      const buffer = worker.buffer(type);
      if (!buffer) return Status.NotFound;
      const from = start >>> 0;
      if (from > buffer.length) return Status.BadArgument;
      const part = buffer.subarray(from, from + (size >>> 0));
      // An empty part leaves the filter's variables as they are.
      if (part.length > 0) memory.give(part, pointerAt, sizeAt);
      return Status.Ok;
    },

    // Only the reply's body can be replaced here, and only from its start.
    proxy_set_buffer_bytes(type, start, size, pointer, length) {
      if (type >>> 0 >= BUFFERS) return Status.BadArgument;
      const buffer = worker.buffer(type);
      if (!buffer) return Status.NotFound;
      if (type !== 1 || start !== 0) return Status.BadArgument;
      worker.replaceReply(Buffer.concat([memory.bytes(pointer, length), buffer.subarray(size >>> 0)]));
      return Status.Ok;
    },

    // A map that is not there reads as empty here, and is a bad argument everywhere else.
    proxy_get_header_map_pairs(type, pointerAt, sizeAt) {
      if (type >>> 0 >= MAPS) return Status.BadArgument;
      const pairs = worker.headers(type, 'read')?.pairs() ?? [];
      memory.give(pairs.length > 0 ? encodePairs(pairs) : new Uint8Array(), pointerAt, sizeAt);
      return Status.Ok;
    },
    proxy_set_header_map_pairs(type, pointer, size) {
      const pairs = decodePairs(memory.bytes(pointer, size));
      return change(type, pairs, (map) => map.replaceAll(pairs));
    },
    proxy_get_header_map_value(type, pointer, size, valueAt, sizeAt) {
      const map = worker.headers(type, 'read');
      if (!map) return Status.BadArgument;
      const value = map.get(memory.byteString(pointer, size));
      if (value === undefined) return Status.NotFound;
      memory.give(bytesOf(value), valueAt, sizeAt);
      return Status.Ok;
    },
    proxy_add_header_map_value(type, ...at) {
      const [name, value] = pair(...at);
      return change(type, [[name, value]], (map) => map.add(name, value));
    },
    proxy_replace_header_map_value(type, ...at) {
      const [name, value] = pair(...at);
      return change(type, [[name, value]], (map) => map.replace(name, value));
    },
    proxy_remove_header_map_value(type, pointer, size) {
      return change(type, [], (map) => map.remove(memory.byteString(pointer, size)));
    },

    proxy_get_property(pointer, size, valueAt, sizeAt) {
      const value = worker.property(memory.text(pointer, size).split('\0'));
      if (value === undefined) return Status.NotFound;
      memory.give(value, valueAt, sizeAt);
      return Status.Ok;
    },
    proxy_set_property(pointer, size, valuePointer, valueSize) {
      const path = memory.text(pointer, size).split('\0');
      return worker.setProperty(path, memory.bytes(valuePointer, valueSize));
    },

    proxy_get_shared_data(pointer, size, valueAt, sizeAt, casAt) {
      const entry = worker.shared.get(memory.byteString(pointer, size));
      if (!entry) return Status.NotFound;
      if (typeof entry === 'number') return entry;
      memory.give(entry.value, valueAt, sizeAt);
      memory.setU32(casAt, entry.cas);
      return Status.Ok;
    },
    proxy_set_shared_data(pointer, size, valuePointer, valueSize, cas) {
      const value = memory.bytes(valuePointer, valueSize);
      return worker.shared.set(memory.byteString(pointer, size), value, cas >>> 0);
    },

    proxy_http_call(cluster, clusterSize, headers, headersSize, body, bodySize, trailers, trailersSize, timeout, tokenAt) {
      memory.setU32(tokenAt, 0);
      const answer = worker.httpCall({
        cluster: memory.text(cluster, clusterSize),
        headers: checked(decodePairs(memory.bytes(headers, headersSize))),
        body: memory.bytes(body, bodySize),
        trailers: checked(decodePairs(memory.bytes(trailers, trailersSize))),
        timeout,
      });
      if (answer.token) memory.setU32(tokenAt, answer.token);
      return answer.status;
    },

    proxy_continue_stream(type) {
      if (type >>> 0 >= STREAMS) return Status.BadArgument;
      return worker.continueStream(type === HTTP_REQUEST ? 'request' : 'response', type);
    },
    proxy_close_stream(type) {
      if (type >>> 0 >= STREAMS) return Status.BadArgument;
      return worker.closeStream();
    },
    proxy_send_local_response(status, details, detailsSize, body, bodySize, headers, headersSize) {
      return worker.localReply({
        status: status >>> 0,
        details: memory.text(details, detailsSize),
        body: memory.bytes(body, bodySize),
        headers: checked(decodePairs(memory.bytes(headers, headersSize))),
      });
    },

    proxy_set_effective_context(id) {
      return worker.setEffectiveContext(id >>> 0);
    },
    proxy_call_foreign_function(name, nameSize, input, inputSize, resultAt, sizeAt) {
      const answer = worker.foreign(memory.text(name, nameSize), memory.bytes(input, inputSize));
      if (typeof answer === 'number') return answer;
      if (answer instanceof Uint8Array && resultAt !== 0 && sizeAt !== 0) memory.give(answer, resultAt, sizeAt);
      return Status.Ok;
    },
    proxy_done: () => worker.done(),

    proxy_define_metric(type, name, nameSize, idAt) {
      const id = worker.metrics.define(type >>> 0, memory.text(name, nameSize));
      if (id === undefined) return Status.BadArgument;
      memory.setU32(idAt, id);
      return Status.Ok;
    },
    proxy_increment_metric: (id, offset) => worker.metrics.increment(id >>> 0, offset),
    proxy_record_metric: (id, value) => worker.metrics.record(id >>> 0, BigInt.asUintN(64, value)),
    proxy_get_metric(id, at) {
      const { status, value } = worker.metrics.read(id >>> 0);
      if (status === Status.Ok) memory.setU64(at, value);
      return status;
    },
  };

  for (const name of UNUSED) {
    env[name] = () => {
      throw new HostError(`the filter called ${name}, which this host does not have`);
    };
  }

  const wasi = {
    environ_sizes_get(countAt, sizeAt) {
      memory.setU32(countAt, worker.environment.length);
      memory.setU32(sizeAt, worker.environment.reduce((sum, entry) => sum + entry.length, 0));
      return WASI.success;
    },
    environ_get(pointers, buffer) {
      let at = buffer >>> 0;
      worker.environment.forEach((entry, n) => {
        memory.setU32((pointers >>> 0) + n * 4, at);
        memory.write(at, entry);
        at += entry.length;
      });
      return WASI.success;
    },
    fd_write(fd, vectors, count, writtenAt) {
      if (fd !== 1 && fd !== 2) return WASI.badf;
      const parts = [];
      for (let n = 0; n < count; n += 1) {
        const at = (vectors >>> 0) + n * 8;
        parts.push(memory.bytes(memory.u32(at), memory.u32(at + 4)));
      }
      const text = Buffer.concat(parts);
      if (text.length > 0) worker.log(fd === 1 ? 'info' : 'error', text.toString('utf8').replace(/\n$/, ''));
      memory.setU32(writtenAt, text.length);
      return WASI.success;
    },
    proc_exit(code) {
      throw new HostError(`the filter called proc_exit(${code})`);
    },
    random_get(pointer, size) {
      const bytes = new Uint8Array(size >>> 0);
      for (let at = 0; at < bytes.length; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
      memory.write(pointer, bytes);
      return WASI.success;
    },
    clock_time_get(clock, _precision, at) {
      if (clock !== 0 && clock !== 1) return WASI.notsup;
      memory.setU64(at, worker.nanoseconds());
      return WASI.success;
    },
  };

  function pair(name, nameSize, value, valueSize) {
    return [memory.byteString(name, nameSize), memory.byteString(value, valueSize)];
  }

  function change(type, pairs, edit) {
    if (type >>> 0 >= MAPS) return Status.BadArgument;
    const map = worker.headers(type, 'change');
    if (!map) return Status.BadArgument;
    // What the client sent may stay as it is; only what the filter writes is judged.
    const before = new Set(map.pairs().map(String));
    checked(pairs.filter((entry) => !before.has(String(entry))));
    edit(map);
    return Status.Ok;
  }

  return {
    env: guarded(env, Status.InvalidMemoryAccess),
    wasi_snapshot_preview1: guarded(wasi, WASI.fault),
  };
}

// A release build of Envoy would write such a header to the wire, where it splits the message.
function checked(pairs) {
  for (const [name, value] of pairs) {
    if (name === '' || /[\u0000-\u0020\u007f-\u00ff]/.test(name)) throw new HostError(`the filter wrote the header name ${JSON.stringify(name)}`);
    if (/[\u0000\r\n]/.test(value)) throw new HostError(`the filter wrote a line break or a zero byte in the header ${name}`);
  }
  return pairs;
}

function guarded(calls, fault) {
  const guard = (call) => (...args) => {
    try {
      return call(...args);
    } catch (error) {
      if (error instanceof Fault) return fault;
      throw error;
    }
  };
  return Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, guard(call)]));
}
