#!/usr/bin/env bash
# Holds a running server against its own OpenAPI document: every check of schemathesis, no failure.
#
# Bounded to two minutes. The tool is kept under ${ATG_CACHE:-$HOME/.cache/atg} by version.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=4.32.5
tool=${ATG_CACHE:-$HOME/.cache/atg}/schemathesis-$version
data=$(mktemp -d)
server=
cleanup() {
  if [ -n "$server" ]; then kill "$server" 2>/dev/null && wait "$server" || true; fi
  rm -rf "$data"
}
trap cleanup EXIT

. .ci/venv.sh
virtual_environment "$tool" "schemathesis==$version"

cargo build --locked -p atg-server --bin atg-server
export ATG_DATA_DIR="$data"
ATG_SERVER_PORT=0 ATG_RATE_LIMIT_LONG=1000000 ATG_RATE_LIMIT_SHORT=1000000 ATG_RATE_LIMIT_OTHER=1000000 \
  LOG_LEVEL=warn "${CARGO_TARGET_DIR:-target}/debug/atg-server" >"$data/said" 2>"$data/log" &
server=$!
for _ in $(seq 100); do
  if grep -q '^listening on ' "$data/said"; then break; fi
  kill -0 "$server" || { cat "$data/log" >&2; exit 1; }
  sleep 0.1
done
url=$(sed -n 's/^listening on //p' "$data/said")
key=$(cat "$(sed -n 's/^API key for this run is in //p' "$data/said")")

timeout 120 "$tool/bin/st" --config-file .ci/schemathesis.toml run "$url/openapi.json" \
  --header "Authorization: Bearer $key" \
  --checks all \
  --max-examples "${ATG_SCHEMATHESIS_EXAMPLES:-25}" \
  --max-time "${ATG_SCHEMATHESIS_SECONDS:-90}" \
  --request-timeout 40 \
  --seed 1 \
  --no-color
