#!/usr/bin/env bash
# measures speed, memory and size beside the peers, in one run whose cases take turns
set -euo pipefail

usage() {
  cat <<'EOT'
usage: tests/bench.sh [--quick] [--only envoy|js|growth]

  --quick   under three minutes, and less exact
  --only    one part: Envoy; Node, other runtimes, start and sizes; how a check grows

Prints the report. A whole run writes it, with results.json and plots, to tests/bench; any other one
to target/bench/report. That an aim is not reached is no failure. Installs what is missing, builds
what is not built, ends what it started. WRK and ENVOY name other binaries.
EOT
}

options=()
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage; exit ;;
    --quick) options+=(--quick) ;;
    --only)
      case ${2:-} in envoy | js | growth) ;; *) usage >&2; exit 2 ;; esac
      options+=(--only "$2")
      shift
      ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done
cd "$(dirname "$0")/.."

for tool in cargo node npm python3; do
  command -v $tool >/dev/null || { echo "missing: $tool (cargo with rustup, Node 20 or later, Python 3 with venv)" >&2; exit 1; }
done

for folder in js tests tests/bench; do
  [ $folder/node_modules/.package-lock.json -nt $folder/package-lock.json ] || (cd $folder && npm ci --no-audit --no-fund >&2)
done
# Not `npm ci`: it wants the packages of all platforms in the lock file, and not every registry has them.
[ tests/packaging/node_modules/.package-lock.json -nt tests/packaging/package-lock.json ] || (cd tests/packaging && npm install --no-save --no-audit --no-fund >&2)
if [ ! -f pkg/dist/waxseal.wasm ] || [ ! -f pkg/dist/index.js ]; then npm --prefix js run --silent build >&2; fi

exec node --expose-gc tests/bench/main.mjs "${options[@]}"
