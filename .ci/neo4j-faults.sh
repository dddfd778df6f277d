#!/usr/bin/env bash
# A Neo4j that fails: wrong passwords, a server that is not there, that may not be written to, that dies in the middle of a scan,
# whose disk is full; and a scanner that is killed. Each must end in an error that says what to do, and the next scan in the graph
# that the embedded store has of the same files. About two minutes. `.ci/neo4j-faults.sh [ROWS]`
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rows=${1:-6000}

# A disk that can be filled without harm to the machine is one of our own.
if [ -z "${ATG_FAULTS_INSIDE:-}" ]; then
  if unshare --user --map-root-user --mount sh -c 'mount -t tmpfs tmpfs /mnt' 2>/dev/null; then
    ATG_FAULTS_INSIDE=mounts exec unshare --user --map-root-user --mount "$0" "$@"
  fi
  echo "a full disk is left out: this machine does not let us mount anything" >&2
fi

cargo build --locked --quiet -p atg-cli -p atg-synthetic
bin=$PWD/${CARGO_TARGET_DIR:-target}/debug
data=$(mktemp -d)
export ATG_NEO4J_HOME=$data/neo4j
trap 'neo4j stop || true; umount "$data/disk" 2>/dev/null || true; rm -rf "$data"' EXIT
if [ -n "${ATG_FAULTS_INSIDE:-}" ]; then
  mkdir "$data/disk"
  mount -t tmpfs -o size=900m tmpfs "$data/disk"
  ATG_NEO4J_HOME=$data/disk/neo4j
fi

password=correct-horse-battery
neo4j() { ATG_NEO4J_PASSWORD=$password "$PWD/.ci/neo4j.sh" "$@"; }
atg() { NEO4J_USER=neo4j NEO4J_PASSWORD=${given-$password} ATG_DATA_DIR=$data/atg "$bin/atg" --graph "$uri" "$@"; }
embedded() { ATG_DATA_DIR=$data/embedded "$bin/atg" "$@"; }

step() { echo "--- $*" >&2; }
fail() { echo "FAILED: $*" >&2; exit 1; }
# refused CODE WORDS COMMAND…: it ends with that code, and says these words and no password.
refused() {
  local code=$1 words=$2 got=0
  shift 2
  "$@" >"$data/said" 2>&1 || got=$?
  if grep -qF -- "$password" "$data/said"; then fail "the password is shown: $(cat "$data/said")"; fi
  [ "$got" = "$code" ] || fail "$* ended with $got, not $code: $(cat "$data/said")"
  grep -qiF -- "$words" "$data/said" || fail "$* does not say \"$words\": $(cat "$data/said")"
}

tenant=$("$bin/atg-synthetic" --tenant-id)
# The same tenant at several moments: of 1,000 rows so many are others.
for moment in 0 400 100 700; do
  "$bin/atg-synthetic" --rows "$rows" --changed "$moment" --out "$data/$moment.jsonl" --truth "$data/truth.tsv" 2>/dev/null
done
scan() { "$1" scan --quiet --from "$data/$2.jsonl" --tenant-id "$tenant"; }
# How much the server has written, in bytes: what it logs before it answers.
written() { du -sb "$ATG_NEO4J_HOME/data/transactions/neo4j" | cut -f1; }
# disturbed MOMENT COMMAND…: runs the command when a scan has begun to write, and waits for the scan's end.
disturbed() {
  local moment=$1 before victim
  shift
  before=$(written)
  scan atg "$moment" >"$data/scan" 2>&1 &
  victim=$!
  # More than a tenant's lock and its heartbeats.
  while [ $(($(written) - before)) -lt 100000 ]; do
    kill -0 $victim 2>/dev/null || fail "the scan ended before anything could disturb it, use more ROWS: $(cat "$data/scan")"
  done
  victim=$victim "$@"
  ended=0
  wait $victim || ended=$?
}
# Both graphs as they are handed out, byte for byte.
same() {
  for store in atg embedded; do
    rm -rf "$data/$store-graph" && mkdir "$data/$store-graph"
    (cd "$data/$store-graph" && "$store" export --quiet --format jsonl && zstdcat -q graph.jsonl.zst >lines)
  done
  cmp "$data/atg-graph/lines" "$data/embedded-graph/lines" || fail "the graph differs after $1"
}

# Small logs, so that what fills a small disk is data.
export ATG_NEO4J_CONF=$'db.tx_log.preallocate=false\ndb.tx_log.rotation.size=16m\ndb.tx_log.rotation.retention_policy=false'
environment=$(neo4j start)
unset ATG_NEO4J_CONF
eval "$environment"
uri=$ATG_TEST_NEO4J_URI

step "a password that is wrong, or is not given"
given=wrong refused 3 NEO4J_PASSWORD atg query 'RETURN 1'
given='' refused 3 NEO4J_PASSWORD atg query 'RETURN 1'
atg query 'RETURN 1' >/dev/null

step "a scanner that is killed"
scan embedded 0
kill_victim() { kill -9 "$victim"; }
disturbed 0 kill_victim
[ "$ended" = 137 ] || fail "the scan was not killed: $ended"
scan atg 0
same "a scanner that was killed"

step "a server that dies, and comes back for the next scan"
scan embedded 400
kill_server() { neo4j kill; }
disturbed 400 kill_server
[ "$ended" = 5 ] || fail "the scan ended with $ended: $(cat "$data/scan")"
grep -qF "${uri#bolt://}" "$data/scan" || fail "the scan does not say which server: $(cat "$data/scan")"
refused 5 "${uri#bolt://}" atg query 'RETURN 1'
neo4j again >/dev/null
scan atg 400
same "a server that died"

step "a database that is read-only"
neo4j kill
ATG_NEO4J_CONF=server.databases.default_to_read_only=true neo4j again >/dev/null
refused 3 "read-only" scan atg 100
atg query 'MATCH (n:Resource) RETURN count(n)' >/dev/null
same "a scan that was refused"
neo4j kill
ATG_NEO4J_CONF=server.databases.default_to_read_only=false neo4j again >/dev/null

if [ -n "${ATG_FAULTS_INSIDE:-}" ]; then
  step "a full disk"
  free=$(df --output=avail -k "$data/disk" | tail -1)
  fallocate -l $(((free - 4096) * 1024)) "$data/disk/ballast"
  refused 5 "disk is full" scan atg 700
  rm "$data/disk/ballast"
  # A database that could not write its log stays as it is until the server is started again.
  neo4j kill
  neo4j again >/dev/null
  scan embedded 700
  scan atg 700
  same "a full disk"
fi
step "all as it should be"
