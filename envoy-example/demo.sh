#!/usr/bin/env bash
# a real token through a real Envoy: builds the gate, starts everything around it and walks through
set -euo pipefail

usage() {
  cat <<'EOF'
usage: envoy-example/demo.sh [--keep] [--filter FILE]

installs what is missing, builds the gate, starts an authorization server, an MCP
server and Envoy with the gate (all on 127.0.0.1), and shows what passes and what
does not. Ends with status 0 only if every reply was as expected.

  --keep          leave it running and print what to try; ctrl-c ends it
  --filter FILE   use this waxseal.wasm; nothing is built if pkg/dist has the rest
  --help          this text

environment: ENVOY=/path/to/envoy uses that Envoy; NO_COLOR=1 prints without colour
EOF
}

keep='' filter=''
while [ $# -gt 0 ]; do
  case $1 in
    --keep) keep=yes ;;
    --filter) filter=${2:?--filter needs a file}; shift ;;
    --help | -h) usage; exit ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done

# `filter` is given as seen by the caller; everything below runs at the project's root
if [ -n "$filter" ]; then
  [ -f "$filter" ] || { echo "demo: no such file: $filter" >&2; exit 2; }
  filter=$(cd "$(dirname "$filter")" && pwd)/${filter##*/}
fi
here=envoy-example
cd "$(dirname "$0")/.."

# the walk makes its proofs with `waxseal/client`; the policy is tried out by the command
build=''
if [ -z "$filter" ] || [ ! -f pkg/dist/client.js ] || [ ! -f pkg/dist/cli.js ]; then build=yes; fi

logs=$(mktemp -d "${TMPDIR:-/tmp}/waxseal-demo.XXXXXX")
servers='' names='' failed=''

finish() {
  status=$?
  trap '' INT TERM HUP
  # whatever `background` started and is still there
  for pid in $(jobs -p); do kill -- "-$pid" 2>/dev/null || true; done
  wait 2>/dev/null
  if [ -z "$failed" ]; then rm -rf "$logs"; fi
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

fail() { # fail WHY [LOG...]: says why, with the end of each log
  failed=yes
  echo "demo: $1" >&2
  shift
  local name
  for name in "$@"; do
    echo "--- the end of $logs/$name.log" >&2
    tail -n 20 "$logs/$name.log" >&2
  done
  exit 1
}

# background COMMAND...: in a process group of its own, so that it can be ended with all it started
background() {
  set -m
  "$@" </dev/null &
  set +m
}

attend() { # attend COMMAND...: runs it so that a signal is not kept waiting until it ends
  background "$@"
  wait $!
}

step() { # step LOG WHAT COMMAND...
  local log=$1 what=$2 begun=$SECONDS
  shift 2
  printf '%-46s' "$what"
  attend "$@" >"$logs/$log.log" 2>&1 || { echo failed; fail "could not finish: $what" "$log"; }
  echo "$((SECONDS - begun)) s"
}

start() { # start NAME PORT PATH COMMAND...: a server, ready when PATH answers 200
  local name=$1 port=$2 path=$3 begun=$SECONDS pid
  shift 3
  printf '%-46s' "start: $name"
  background "$@" >"$logs/$name.log" 2>&1
  pid=$!
  servers="$servers $pid" names="$names $name"
  until answers "$port" "$path"; do
    kill -0 "$pid" 2>/dev/null || { echo failed; fail "$name ended by itself" $names; }
    [ $((SECONDS - begun)) -lt 30 ] || { echo failed; fail "$name was not ready after 30 s" $names; }
    sleep 0.1
  done
  echo "$((SECONDS - begun)) s"
}

answers() ( # answers PORT PATH
  exec 2>/dev/null
  exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
  printf 'GET %s HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n' "$2" >&3
  read -r -t 2 line <&3 && [[ $line == *' 200 '* ]]
)

check_prerequisites() {
  local missing=''
  need() { missing="$missing"$'\n'"  $1"; }

  if ! command -v node >/dev/null; then
    need 'node, version 20 or later'
  elif [ "$(node -p 'parseInt(process.versions.node)')" -lt 20 ]; then
    need "node, version 20 or later (found $(node --version))"
  fi
  command -v npm >/dev/null || need 'npm (comes with node)'

  if [ -z "${ENVOY:-}" ]; then
    if ! command -v python3 >/dev/null; then
      need 'python3 (Envoy comes as a Python package)'
    elif ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
      need "python3's venv (Debian, Ubuntu: apt-get install python3-venv)"
    fi
  fi

  if [ -n "$build" ]; then
    command -v cargo >/dev/null || need 'cargo, with rustup (https://rustup.rs)'
  fi

  [ -z "$missing" ] || fail "missing:$missing"
}

# npm ci, unless that was done since the lock file changed
install_packages() {
  if [ ! "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ]; then
    (cd "$1" && npm ci --no-audit --no-fund)
  fi
}

build_gate() {
  install_packages js && (cd js && npm run build)
}

# the ports of envoy.yaml, or free ones in place of those that are taken
choose_ports() {
  node -e '
    const { createServer } = require("node:net");
    const bind = (port) => new Promise((resolve) => {
      const server = createServer().once("error", () => resolve(bind(0)));
      server.listen(port, "127.0.0.1", () => resolve(server));
    });
    Promise.all([10000, 10001, 10002, 9901].map(bind)).then((servers) => {
      console.log(servers.map((server) => server.address().port).join(" "));
      for (const server of servers) server.close();
    });'
}

check_prerequisites
step packages 'install: servers and MCP client (npm)' install_packages $here
step envoy-install 'install: Envoy (PyPI)' $here/install.sh
envoy=$($here/install.sh)
if [ -n "$build" ]; then step gate 'build: the gate and its client' build_gate; fi
filter=${filter:-pkg/dist/waxseal.wasm}

read -r gate as mcp admin < <(choose_ports)
resource=http://127.0.0.1:$gate/mcp
# in two rounds: a chosen port may look like one that is still to be replaced
sed -e "s/10000/@gate@/g; s/10001/@as@/g; s/10002/@mcp@/g; s/9901/@admin@/g" \
  -e "s/@gate@/$gate/g; s/@as@/$as/g; s/@mcp@/$mcp/g; s/@admin@/$admin/g" \
  -e "s#pkg/dist/waxseal.wasm#$filter#" $here/envoy.yaml >"$logs/envoy.yaml"

# the policy alone, before anything listens
step policy-test 'try the policy: npx waxseal policy test' node pkg/dist/cli.js policy test --strict $here/policy-test.yaml
tail -n 2 "$logs/policy-test.log" | sed 's/^/  /'

start authorization-server "$as" /.well-known/oauth-authorization-server \
  node $here/authorization-server.mjs --port "$as" --resource "$resource"
start mcp-server "$mcp" /demo/count node $here/mcp-server.mjs --port "$mcp"
# one worker: the worker that meets the new key is the one that knows the old ones
start envoy "$admin" /ready "$envoy" -c "$logs/envoy.yaml" \
  --concurrency 1 --disable-hot-restart --file-flush-interval-msec 100 \
  --log-level warning --component-log-level wasm:info

attend node $here/walk.mjs --resource "$resource" --as "$as" --mcp "$mcp" --log "$logs/envoy.log" ||
  fail 'not everything was as expected' $names

[ -n "$keep" ] || exit 0

cat <<EOF

running until ctrl-c; logs and envoy.yaml in $logs. Try, in another terminal:

  # a token (without the scope, or for http://127.0.0.1:$gate/elsewhere, it will not do)
  token=\$(curl -s http://127.0.0.1:$as/token -u demo-client:demo-secret -d grant_type=client_credentials \\
    -d scope=files:read -d resource=$resource | node -pe 'JSON.parse(fs.readFileSync(0)).access_token')

  # a call; leave the first header out, or change a letter of the token
  curl -i $resource -H "authorization: Bearer \$token" \\
    -H 'content-type: application/json' -H 'accept: application/json, text/event-stream' \\
    -d '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami"}}'

  # the same with a token bound to a key, and a proof of it with every request
  node --input-type=module -e '
    import { createDpop } from "$PWD/pkg/dist/client.js";
    const send = (await createDpop()).fetch();
    const basic = "Basic " + btoa("demo-client:demo-secret");
    const wanted = new URLSearchParams({ grant_type: "client_credentials", scope: "files:read", resource: "$resource" });
    const got = await send("http://127.0.0.1:$as/token", { method: "POST", headers: { authorization: basic }, body: wanted });
    const { access_token: token } = await got.json();
    const headers = { authorization: "Bearer " + token, accept: "application/json, text/event-stream", "content-type": "application/json" };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "whoami" } });
    console.log(await (await send("$resource", { method: "POST", headers, body })).text());'

  # sign with a new key from now on (the gate asks for an unknown one every 30 s at most)
  curl -X POST http://127.0.0.1:$as/demo/rotate

  # why a call was denied; what Envoy counts
  tail -f $logs/envoy.log
  curl -s 'http://127.0.0.1:$admin/stats?filter=wasm'
EOF

# until ctrl-c, or until one of them ends
while sleep 1; do
  for pid in $servers; do kill -0 "$pid" 2>/dev/null || fail 'a server ended by itself' $names; done
done
