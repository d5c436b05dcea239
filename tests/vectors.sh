#!/usr/bin/env bash
# runs every decision vector of a directory through the native core, the npm package and the filter
set -uo pipefail

usage() {
  cat <<'EOT'
usage: tests/vectors.sh DIR

prints a line per failed case and one `N passed, N failed` line per face; fails if any case failed
or a face was not run. A face whose host can check signatures is run once more without: by the
crate's own cryptography, and in JavaScript by WebCrypto too. Builds the two modules first where they
are missing.
EOT
}

case ${1:-} in
  '') usage >&2; exit 2 ;;
  -h | --help) usage; exit ;;
esac
[ -d "$1" ] || { echo "tests/vectors.sh: no such directory: $1" >&2; exit 2; }
dir=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."

if [ ! -f pkg/dist/waxseal.wasm ] || [ ! -f pkg/dist/index.js ]; then
  (cd js && npm ci --no-audit --no-fund >&2 && npm run --silent build) || exit 1
fi

status=0
cargo test --quiet --test vectors -- "$dir" || status=1
for run in 'npm host' 'filter host' 'npm web' 'npm pure' 'filter pure'; do
  read -r face crypto <<<"$run"
  WAXSEAL_CRYPTO=$crypto node tests/vectors/run.mjs "$face" "$dir" || status=1
done
exit $status
