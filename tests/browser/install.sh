#!/usr/bin/env bash
# installs Chromium (Debian's package), once.
# stdout: the path of the chromium binary, and nothing else; stderr: progress.
# CHROMIUM=/path/to/chromium uses that one instead.
set -euo pipefail

binary=/usr/bin/chromium

say() { echo "$*" >&2; }

if [ -n "${CHROMIUM:-}" ]; then
  [ -x "$CHROMIUM" ] || { say "CHROMIUM=$CHROMIUM is not a program"; exit 1; }
  echo "$CHROMIUM"
  exit
fi

[ -x $binary ] && echo $binary && exit

hint='set CHROMIUM=/path/to/chromium to use another one'
command -v apt-get >/dev/null || { say "missing: $binary, and apt-get to install it; $hint"; exit 1; }
[ "$(id -u)" = 0 ] || {
  say "missing: $binary (as root: apt-get update && apt-get install --no-install-recommends chromium); $hint"
  exit 1
}
say 'installing Chromium (apt-get)'
export DEBIAN_FRONTEND=noninteractive
{ apt-get update && apt-get install -y --no-install-recommends chromium; } >&2 || {
  say "could not install the package chromium; $hint"
  exit 1
}
[ -x $binary ] || { say "the package chromium holds no $binary; $hint"; exit 1; }
echo $binary
