#!/usr/bin/env bash
# The graph in Neo4j, measured beside the official Python driver and Cartography: `examples/bench/neo4j/run.sh [ROWS]`.
#
# One server for all of them, started for this and stopped at the end, with 2 GB of heap. Each loads the same rows into an
# empty graph.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
rows=${1:-100000}

cache=${ATG_CACHE:-$HOME/.cache/atg}
work=$(mktemp -d)
export ATG_NEO4J_HOME=$work/server ATG_NEO4J_HEAP=${ATG_NEO4J_HEAP:-2g}
trap '.ci/neo4j.sh stop || true; rm -rf "$work"' EXIT

cargo build --locked --release -p atg-bench --bin atg-neo4j
python=$cache/neo4j-bench/bin/python
if [ ! -x "$python" ]; then
  python3 -m venv "$cache/neo4j-bench"
  "$cache/neo4j-bench/bin/pip" install --quiet neo4j neo4j-rust-ext cartography
fi
eval "$(.ci/neo4j.sh start)"
bench=target/release/atg-neo4j
echo "$(nproc) cores, load $(cut -d' ' -f1-3 /proc/loadavg), $rows rows"

# A Java that has not run a query yet is several times slower: that is nobody's figure.
"$bench" "$ATG_TEST_NEO4J_URI" --rows 20000 >/dev/null

echo "== ATG"
"$bench" "$ATG_TEST_NEO4J_URI" --rows "$rows"
echo "== ATG, with the edges of the hierarchy"
"$bench" "$ATG_TEST_NEO4J_URI" --rows "$rows" --hierarchy
echo "== ATG, four tenants at once, a quarter of the rows each"
"$bench" "$ATG_TEST_NEO4J_URI" --rows $((rows / 4)) --tenants 4
echo "== others"
"$bench" "$ATG_TEST_NEO4J_URI" --rows "$rows" --dump "$work/rows.jsonl"
"$python" examples/bench/neo4j/others.py "$ATG_TEST_NEO4J_URI" "$work/rows.jsonl"
