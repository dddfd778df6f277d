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

. .ci/venv.sh
virtual_environment "$tool" "networkx==$networkx" "neo4j==$driver" "zstandard==$zstandard"

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
