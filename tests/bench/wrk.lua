-- Sends a request for each line of a file, in turn: FILE METHOD SCHEME ONCE [BODY-FILE]
-- A line is a token, or a token and a proof. With ONCE `once`, no line is sent twice; near the end `spent` is told.

local requests = {}
local sent = 0
local once = false
-- What the other connections still take when one has asked for the last.
local SPARE = 32


function init(args)
  local file, method, scheme, how, body_file = args[1], args[2], args[3], args[4], args[5]
  once = how == 'once'
  local body
  local headers = {}
  if body_file then
    local handle = assert(io.open(body_file, 'rb'))
    body = handle:read('*a')
    handle:close()
    headers['Content-Type'] = 'application/json'
  end
  for line in assert(io.open(file)):lines() do
    local token, proof = line:match('^(%S+) ?(%S*)$')
    headers['Authorization'] = scheme .. ' ' .. token
    headers['DPoP'] = proof ~= '' and proof or nil
    requests[#requests + 1] = wrk.format(method, nil, headers, body)
  end
end

function request()
  sent = sent + 1
  if once and sent == #requests - SPARE then
    io.write('spent\n')
    io.flush()
    wrk.thread:stop()
  end
  return requests[(sent - 1) % #requests + 1]
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%.6f,"p50":%d,"p99":%d,"status":%d,"socket":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout
  ))
end
