#!/usr/bin/env bash
# install.sh [chromium|firefox-esr]: installs a browser (Debian's package), once.
# stdout: the path of its binary, and nothing else; stderr: progress.
# CHROMIUM=/path/to/chromium or FIREFOX_ESR=/path/to/firefox uses that one instead.
set -euo pipefail

package=${1:-chromium}
binary=/usr/bin/$package
variable=$(tr a-z- A-Z_ <<<"$package")
given=${!variable:-}

say() { echo "$*" >&2; }

if [ -n "$given" ]; then
  [ -x "$given" ] || { say "$variable=$given is not a program"; exit 1; }
  echo "$given"
  exit
fi

[ -x "$binary" ] && echo "$binary" && exit

hint="set $variable=/path/to/$package to use another one"
command -v apt-get >/dev/null || { say "missing: $binary, and apt-get to install it; $hint"; exit 1; }
[ "$(id -u)" = 0 ] || {
  say "missing: $binary (as root: apt-get update && apt-get install --no-install-recommends $package); $hint"
  exit 1
}
say "installing $package (apt-get)"
export DEBIAN_FRONTEND=noninteractive
{ apt-get update && apt-get install -y --no-install-recommends "$package"; } >&2 || {
  say "could not install the package $package; $hint"
  exit 1
}
[ -x "$binary" ] || { say "the package $package holds no $binary; $hint"; exit 1; }
echo "$binary"
