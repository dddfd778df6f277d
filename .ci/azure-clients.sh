#!/usr/bin/env bash
# Outside clients keep the simulated Azure honest: `az` and the Azure SDKs for Python page through it and must see
# exactly what the tenant's file holds, and what was made up beside it. Prints what each saw; fails where one differs.
#
# The tools are kept under ${ATG_CACHE:-$HOME/.cache/atg} by version. They are large: 1.2 GB, some minutes to install.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

clients=.ci/azure-clients
cache=${ATG_CACHE:-$HOME/.cache/atg}
work=$(mktemp -d)
simulator=
stop() {
  if [ -n "$simulator" ]; then kill "$simulator" 2>/dev/null && wait "$simulator" || true; fi
  simulator=
}
trap 'stop; rm -rf "$work"' EXIT

. .ci/venv.sh

# The virtual environment of a list of packages, named after what the list says.
environment() {
  local list=$1 home
  home=$cache/azure-$(basename "$list" .txt)-$(sha256sum "$list" | cut -c1-12)
  virtual_environment "$home" --requirement "$list"
  echo "$home"
}

# Starts the simulator on a file and says in the environment where it is.
start() {
  stop
  "${CARGO_TARGET_DIR:-target}/debug/azure-sim" --lines "$1" --ca-file "$work/ca.pem" --page-size 50 \
    --secret kv-more/first=1 --secret kv-more/second=2 --secret kv-more/third=3 --secret kv-more/fourth=4 \
    --secret kv-more/fifth=5 --secret kv-more/sixth=6 >"$work/said" 2>"$work/log" &
  simulator=$!
  for _ in $(seq 300); do
    if grep -q '^made up ' "$work/said"; then break; fi
    kill -0 "$simulator" || { cat "$work/log" >&2; exit 1; }
    sleep 0.1
  done
  AZURE_SIM_HTTPS=$(sed -n 's/^listening on //p' "$work/said")
  AZURE_SIM_HTTP=$(sed -n 's/^http on //p' "$work/said")
  HTTPS_PROXY=$(sed -n 's/^proxy on //p' "$work/said")
  AZURE_TENANT_ID=$(sed -n 's/^tenant //p' "$work/said")
  made_up=$(sed -n 's/^made up //p' "$work/said")
}

sdk=$(environment $clients/sdk.txt)
cli=$(environment $clients/az.txt)
cargo build --locked -p atg-azure-sim --bin azure-sim

export AZURE_SIM_HTTPS AZURE_SIM_HTTP HTTPS_PROXY AZURE_TENANT_ID
export AZURE_CLIENT_ID=11111111-aaaa-4000-8000-000000000001 AZURE_CLIENT_SECRET=azure-sim-secret
export REQUESTS_CA_BUNDLE=$work/ca.pem SSL_CERT_FILE=$work/ca.pem NO_PROXY=127.0.0.1 no_proxy=127.0.0.1
export AZURE_CONFIG_DIR=$work/az AZURE_SIM_PAGE=20 AZ=$cli/bin/az PYTHONDONTWRITEBYTECODE=1

shared=${ATG_SHARED:-../shared}
recorded=$shared/data/tenants/recorded.jsonl
failed=0
for lines in examples/demo-tenant/demo.jsonl "$recorded"; do
  if ! [ -e "$lines" ]; then
    echo "$lines is not there: set ATG_SHARED" >&2
    if [ -n "${CI:-}" ]; then exit 1; fi
    continue
  fi
  start "$lines"
  printf '\n%s: %d lines, %d made up\n' "$(basename "$lines")" "$(grep -c . "$lines")" "$made_up"
  printf '%-58s %6s %6s %6s  %s\n' client calls seen true 'equal or not'
  "$sdk/bin/python" $clients/sdk.py || failed=1
  rm -rf "$AZURE_CONFIG_DIR"
  "$sdk/bin/python" $clients/az.py || failed=1
done
exit $failed
