#!/usr/bin/env bash
# installs wrk (Debian's package), once.
# stdout: the path of its binary, and nothing else; stderr: progress.
# WRK=/path/to/wrk uses that one instead.
set -euo pipefail

binary=${WRK:-/usr/bin/wrk}

say() { echo "$*" >&2; }

[ -x "$binary" ] && echo "$binary" && exit
[ -z "${WRK:-}" ] || { say "WRK=$WRK is not a program"; exit 1; }

hint='set WRK=/path/to/wrk to use another one'
command -v apt-get >/dev/null || { say "missing: $binary, and apt-get to install it; $hint"; exit 1; }
[ "$(id -u)" = 0 ] || {
  say "missing: $binary (as root: apt-get update && apt-get install --no-install-recommends wrk); $hint"
  exit 1
}
say "installing wrk (apt-get)"
export DEBIAN_FRONTEND=noninteractive
{ apt-get update && apt-get install -y --no-install-recommends wrk; } >&2 || {
  say "could not install the package wrk; $hint"
  exit 1
}
[ -x "$binary" ] || { say "the package wrk holds no $binary; $hint"; exit 1; }
echo "$binary"
