#!/usr/bin/env bash
# coverage-guided fuzzing with libFuzzer, on stable Rust
set -euo pipefail

usage() {
  cat <<'EOT'
usage: tests/fuzz/run.sh [SECONDS [TARGET...]]

  SECONDS  for each target (default: 60); 0 is until Ctrl-C
  TARGET   challenges, read, tokens, proofs, bodies (default: all)

needs a C++ compiler; what it learned stays in target/fuzz/corpus, what failed in target/fuzz/failures
EOT
}

case ${1:-} in -h | --help) usage; exit ;; esac
seconds=${1:-60}
[[ $seconds =~ ^[0-9]+$ ]] || { usage >&2; exit 2; }
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(challenges read tokens proofs bodies)
for target in "${targets[@]}"; do
  case $target in challenges | read | tokens | proofs | bodies) ;; *) usage >&2; exit 2 ;; esac
done

cd "$(dirname "$0")"
out=$(cd ../.. && pwd)/target/fuzz
host=$(rustc -vV | sed -n 's/^host: //p')

# What cargo-fuzz passes, without the sanitizers, which need nightly. With `--target`, so that build
# scripts are built without.
RUSTFLAGS='-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table
  -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1' \
  cargo build --locked --release --quiet --target "$host" --target-dir "$out"

mkdir -p "$out/failures" "$out/seeds"/{challenges,read,tokens,proofs,bodies}
# One seed a reply, with a blank line before its body, and one a field.
awk -v out="$out/seeds" '
  /^#/ { next }
  /^=> / { if (reply != "") { n++; printf "%s", reply > (out "/read/" n); close(out "/read/" n) } reply = ""; skip = 1; next }
  skip { if ($0 == "") skip = 0; next }
  reply == "" { if ($0 != "") { reply = $0; body = 0 } next }
  !body && !/^[A-Za-z-]+: / { body = 1; reply = reply "\n" }
  { reply = reply "\n" $0 }
' ../replies.txt
awk -v out="$out/seeds" '!/^(#|\[|$)/ { printf "%s", $0 > (out "/challenges/" NR); close(out "/challenges/" NR) }' ../challenges.txt
claims='"iss":"https://as.example.com","aud":"https://api.example.com/mcp","sub":"alice","client_id":"app","jti":"1","iat":1700000000,"exp":1700000300'
seed() { printf '%s' "$2" >"$out/seeds/$1"; }
seed tokens/good 's{"alg":"ES256","typ":"at+jwt","kid":"1"}
{'"$claims"',"scope":"a b"}'
seed tokens/bound 's{"alg":"ES256","typ":"at+jwt","kid":"1"}
{'"$claims"',"cnf":{"jkt":"x"}}'
seed tokens/raw 'reyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJhIn0.AAAA'
seed proofs/good 's{"alg":"ES256","typ":"dpop+jwt","jwk":JWK}
{"jti":"1","htm":"POST","htu":"https://api.example.com/mcp","iat":1700000000,"ath":ATH}'
seed bodies/call '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"a":[1,null]}}}'
seed bodies/other '{"jsonrpc":"2.0","id":"1","method":"tools/call","params":{"name":"other","_meta":{}}}'
seed bodies/read '{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"file:///a/%2e%2e/b"}}'
seed bodies/answer '{"jsonrpc":"2.0","id":1,"result":{}}'
seed proofs/raw 'reyJhbGciOiJFUzI1NiJ9.eyJqdGkiOiJhIn0.AAAA'

failed=0
for target in "${targets[@]}"; do
  mkdir -p "$out/corpus/$target"
  if "$out/$host/release/$target" -max_total_time="$seconds" -max_len=8192 -timeout=5 -print_final_stats=1 \
    -artifact_prefix="$out/failures/$target-" "$out/corpus/$target" "$out/seeds/$target" >"$out/$target.log" 2>&1; then
    echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$out/$target.log") inputs, nothing found"
  else
    failed=$((failed + 1))
    echo "$target: FAILED, see $out/$target.log"
    tail -n 25 "$out/$target.log"
  fi
done
echo "$((${#targets[@]} - failed)) passed, $failed failed"
[ "$failed" = 0 ]
