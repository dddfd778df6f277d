#!/usr/bin/env bash
# Reads what `atg export` writes with the programs that it is written for: networkx, Python's csv, and Neo4j's own importer with
# a server started on what it made. About a minute; what is fetched is kept under ${ATG_CACHE:-$HOME/.cache/atg} by version.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

networkx=3.6.1
driver=6.4.1
zstandard=0.25.0
tool=${ATG_CACHE:-$HOME/.cache/atg}/exports-$networkx-$driver-$zstandard
data=$(mktemp -d)
export ATG_NEO4J_HOME="$data/neo4j"
trap '.ci/neo4j.sh stop || true; rm -rf "$data"' EXIT

# A virtual environment knows its own path and cannot be moved: the mark says that it is whole.
if ! [ -e "$tool/complete" ]; then
  if ! python3 -c 'import ensurepip' 2>/dev/null; then
    if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
      echo "needs Python with venv: install python3-venv" >&2
      exit 1
    fi
    apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >&2
  fi
  rm -rf "$tool"
  python3 -m venv "$tool"
  "$tool/bin/pip" install --quiet --disable-pip-version-check "networkx==$networkx" "neo4j==$driver" "zstandard==$zstandard"
  touch "$tool/complete"
fi

cargo build --locked -p atg-cli
atg=$PWD/${CARGO_TARGET_DIR:-target}/debug/atg
export ATG_DATA_DIR="$data/atg"
python3 .ci/exports/hostile.py >"$data/tenant.jsonl"
"$atg" scan --quiet --from "$data/tenant.jsonl" --tenant-id 4baabe85-98a8-43fe-89fe-574c55f50b56
for format in jsonl graphml csv neo4j-admin; do
  (cd "$data" && "$atg" export --quiet --format "$format")
  # The same once more: byte for byte.
  (mkdir -p "$data/again" && cd "$data/again" && "$atg" export --quiet --format "$format")
done
for made in graph.jsonl.zst graph.graphml graph-csv graph-neo4j-admin; do
  diff -r "$data/$made" "$data/again/$made"
done
environment=$(.ci/neo4j.sh import "$data/graph-neo4j-admin")
eval "$environment"
timeout 60 "$tool/bin/python" .ci/exports/check.py "$data" "$ATG_TEST_NEO4J_URI"
