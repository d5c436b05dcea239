#!/usr/bin/env bash
# the packed package in tiny projects: runtimes, bundlers, browsers, conformance; one after the other, they are large.
# run.sh [TARGET]: only the targets whose name matches, such as Next or 'Node 22'
set -euo pipefail
cd "$(dirname "$0")"

# Not `npm ci`: it wants the packages of all platforms in the lock file, and not every registry has them.
[ node_modules/.package-lock.json -nt package-lock.json ] || npm install --no-save --no-audit --no-fund
[ ../node_modules/.package-lock.json -nt ../package-lock.json ] || npm --prefix .. ci --no-audit --no-fund
exec node --test --test-concurrency=1 --test-reporter=spec ${1:+--test-name-pattern="$1"} ./*.test.mjs
