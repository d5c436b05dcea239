#!/usr/bin/env bash
# every test of the project: installs what is missing, builds, tests; ends what it started
set -uo pipefail

usage() {
  cat <<'EOT'
usage: tests/all.sh [--full]

  --full   adds the slow matrices: properties at length, fuzzing, runtimes and bundlers

logs: target/test-logs
EOT
}

full=''
case ${1:-} in
  '') ;;
  --full) full=yes ;;
  -h | --help) usage; exit ;;
  *) usage >&2; exit 2 ;;
esac
cd "$(dirname "$0")/.."

for tool in cargo node npm python3; do
  command -v $tool >/dev/null || { echo "missing: $tool (cargo with rustup, Node 20 or later, Python 3 with venv)" >&2; exit 1; }
done

logs=target/test-logs
mkdir -p $logs
failed='' begun=$SECONDS

# part NAME WHAT COMMAND...: goes on after a failure, so that one run shows them all
part() {
  local log=$logs/$1.log name=$1 since=$SECONDS
  printf '%-52s' "$2"
  shift 2
  if "$@" >"$log" 2>&1; then
    echo "ok      $((SECONDS - since)) s"
  else
    echo "FAILED  $((SECONDS - since)) s"
    failed="$failed $name"
    tail -n 40 "$log"
    echo "--- all of it: $log"
  fi
}

# need: as part, but nothing after it makes sense without it
need() {
  part "$@"
  [ -z "$failed" ] || exit 1
}

install_packages() {
  local folder
  for folder in js js/reference tests envoy-example; do
    [ $folder/node_modules/.package-lock.json -nt $folder/package-lock.json ] && continue
    (cd $folder && npm ci --no-audit --no-fund) || return 1
  done
}

need npm-install 'install: npm packages' install_packages
need envoy-install 'install: Envoy' envoy-example/install.sh
need chromium-install 'install: Chromium' tests/browser/install.sh
need redis-install 'install: Redis and Webdis' tests/redis/install.sh
need build 'build: both wasm modules and the TypeScript' npm --prefix js run build

part rust 'rust: units, borders, properties, Wycheproof' cargo test --locked --quiet --features prover,schema
part fresh 'vectors: as the script makes them' node tests/vectors/make.mjs --check
part vectors 'vectors: core, npm, filter' tests/vectors.sh tests/vectors
part host 'proxy-wasm host' node --test tests/host/*.test.mjs
part js 'npm package' node --test tests/js/*.test.mjs
part mcp 'consent, with MCP servers and clients' node --test tests/mcp/*.test.mjs
part envoy 'real Envoy' node --test tests/envoy/*.test.mjs
part browser 'calls from pages in Chromium' node --test tests/browser/*.test.mjs
part demo 'demo' envoy-example/demo.sh --filter pkg/dist/waxseal.wasm

if [ -n "$full" ]; then
  part properties 'properties, at length' env PROPTEST_CASES=20000 cargo test --locked --release --features prover --test properties --test dpop --test read --test round_trip --test elicit
  part packaging 'the package in runtimes, bundlers and browsers' tests/packaging/run.sh
  part fuzz 'fuzzing, half a minute each' tests/fuzz/run.sh 30
fi

grep -h 'passed, .* failed' $logs/vectors.log
if [ -n "$failed" ]; then echo "failed:$failed"; else echo "all passed, $((SECONDS - begun)) s"; fi
[ -z "$failed" ]
