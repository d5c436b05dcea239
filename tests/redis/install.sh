#!/usr/bin/env bash
# installs Redis and Webdis (Debian's packages redis-server and webdis), once; starts neither.
# stdout: the paths of redis-server and webdis, one a line, and nothing else; stderr: progress.
# REDIS_SERVER=/path/to/redis-server and WEBDIS=/path/to/webdis use those instead.
set -euo pipefail

say() { echo "$*" >&2; }

redis=${REDIS_SERVER:-/usr/bin/redis-server}
webdis=${WEBDIS:-/usr/bin/webdis}

[ -z "${REDIS_SERVER:-}" ] || [ -x "$redis" ] || { say "REDIS_SERVER=$redis is not a program"; exit 1; }
[ -z "${WEBDIS:-}" ] || [ -x "$webdis" ] || { say "WEBDIS=$webdis is not a program"; exit 1; }

packages=()
[ -x "$redis" ] || packages+=(redis-server)
[ -x "$webdis" ] || packages+=(webdis)

hint='set REDIS_SERVER and WEBDIS to use other ones'
if [ ${#packages[@]} -gt 0 ]; then
  command -v apt-get >/dev/null || { say "missing: ${packages[*]}, and apt-get to install them; $hint"; exit 1; }
  [ "$(id -u)" = 0 ] || {
    say "missing: ${packages[*]} (as root: apt-get update && apt-get install --no-install-recommends ${packages[*]}); $hint"
    exit 1
  }
  say "installing ${packages[*]} (apt-get)"
  # Debian starts a service as it installs it, unless this file says no.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
  fi
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update && apt-get install -y --no-install-recommends "${packages[@]}"; } >&2 || {
    say "could not install the packages ${packages[*]}; $hint"
    exit 1
  }
fi

for binary in "$redis" "$webdis"; do
  [ -x "$binary" ] || { say "the packages hold no $binary; $hint"; exit 1; }
done
printf '%s\n' "$redis" "$webdis"
