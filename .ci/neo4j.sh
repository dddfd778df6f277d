#!/usr/bin/env bash
# A Neo4j server for the tests: `.ci/neo4j.sh start` prints what a shell needs to reach it
# (`eval "$(.ci/neo4j.sh start)"`), `.ci/neo4j.sh stop` ends it and drops its data. `.ci/neo4j.sh import DIRECTORY` starts it
# on what `neo4j-admin database import full` makes of an export. `.ci/neo4j.sh kill` takes it down without a word, and
# `.ci/neo4j.sh again` starts it on the data that it has. ATG_NEO4J_CONF holds more lines for its configuration.
#
# The server comes from Maven Central, is kept under ${ATG_CACHE:-$HOME/.cache/atg} by version, listens on a free port of
# the loopback interface without authentication (its data is made by the tests; with ATG_NEO4J_PASSWORD it asks the user neo4j
# for that), and belongs to the directory ATG_NEO4J_HOME (default: one below the cache), so that two
# checkouts that set it differently do not meet.
set -euo pipefail

version=5.26.12
cache=${ATG_CACHE:-$HOME/.cache/atg}
lib=$cache/neo4j-$version
home=${ATG_NEO4J_HOME:-$cache/run/neo4j}

die() { echo "$0: $*" >&2; exit 1; }

have_java() {
  command -v java >/dev/null || return 1
  local major
  major=$(java -XshowSettings:properties -version 2>&1 | sed -n 's/.*java.specification.version = //p')
  [ "$major" = 17 ] || [ "$major" = 21 ]
}

# Java 17 or 21 and Maven; on Debian as root they are installed.
need_tools() {
  if have_java && command -v mvn >/dev/null; then return; fi
  command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || die "needs Java 17 or 21 and Maven: install them"
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq maven >&2
  have_java || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq openjdk-17-jre-headless >&2 \
    || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq openjdk-21-jre-headless >&2
  have_java || die "the default java is neither 17 nor 21"
}

download() {
  [ -e "$lib/complete" ] && return
  local work
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/neo4j.XXXXXX")
  cat >"$work/pom.xml" <<XML
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tests</groupId><artifactId>neo4j</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.neo4j.app</groupId><artifactId>neo4j-server</artifactId><version>$version</version></dependency>
    <dependency><groupId>org.neo4j</groupId><artifactId>neo4j</artifactId><version>$version</version></dependency>
  </dependencies>
</project>
XML
  mvn -q -B -f "$work/pom.xml" dependency:copy-dependencies -DoutputDirectory="$work/lib" >&2 </dev/null
  touch "$work/complete"
  rm -rf "$lib"
  # The rename makes it appear whole; whoever loses a race keeps the winner's.
  mv -T "$work" "$lib" 2>/dev/null || rm -rf "$work"
}

free_port() {
  local port
  for _ in $(seq 50); do
    port=$((20000 + RANDOM % 20000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
  die "no free port"
}

alive() { [ -e "$home/pid" ] && kill -0 "$(cat "$home/pid")" 2>/dev/null; }

print_environment() {
  echo "export ATG_TEST_NEO4J_URI=bolt://127.0.0.1:$(cat "$home/port")"
}

java_with() {
  local opens=()
  for package in java.nio java.io sun.nio.ch java.util.concurrent java.lang; do
    opens+=("--add-opens=java.base/$package=ALL-UNNAMED")
  done
  exec java -Xmx"${ATG_NEO4J_HEAP:-1g}" "${opens[@]}" -cp "$lib/lib/*" "$@"
}

prepare() {
  need_tools
  download
  rm -rf "$home"
  mkdir -p "$home/conf" "$home/data" "$home/logs"
  free_port >"$home/port"
  cat >"$home/conf/neo4j.conf" <<CONF
server.bolt.enabled=true
server.bolt.listen_address=127.0.0.1:$(cat "$home/port")
server.http.enabled=false
dbms.security.auth_enabled=$([ -n "${ATG_NEO4J_PASSWORD:-}" ] && echo true || echo false)
server.memory.pagecache.size=128m
dbms.usage_report.enabled=false
${ATG_NEO4J_CONF:-}
CONF
  if [ -n "${ATG_NEO4J_PASSWORD:-}" ]; then
    (NEO4J_HOME=$home NEO4J_CONF=$home/conf java_with org.neo4j.cli.AdminTool dbms set-initial-password \
      "$ATG_NEO4J_PASSWORD") >/dev/null
  fi
}

launch() {
  # It outlives the terminal from which it was started.
  (trap '' HUP && java_with org.neo4j.server.CommunityEntryPoint \
    --home-dir="$home" --config-dir="$home/conf" --console-mode) >"$home/logs/console.log" 2>&1 </dev/null &
  echo $! >"$home/pid"
  for _ in $(seq 600); do
    alive || { tail -20 "$home/logs/console.log" >&2; die "the server ended"; }
    if grep -q 'Started\.' "$home/logs/console.log"; then touch "$home/ready"; print_environment; return; fi
    sleep 0.2
  done
  tail -20 "$home/logs/console.log" >&2
  die "the server did not start within two minutes"
}

start() {
  if alive && [ -e "$home/ready" ]; then print_environment; return; fi
  prepare
  launch
}

import() {
  [ -e "$1/import.args" ] || die "$1 holds no import.args"
  stop
  prepare
  # The files are named as they lie beside the arguments.
  (cd "$1" && NEO4J_HOME=$home NEO4J_CONF=$home/conf java_with org.neo4j.cli.AdminTool database import full neo4j \
    --report-file="$home/logs/import.report" @import.args) >"$home/logs/import.log" 2>&1 </dev/null \
    || { tail -20 "$home/logs/import.log" >&2; die "the import failed"; }
  launch
}

# On the port that it had: whoever was connected looks for it there. What ATG_NEO4J_CONF sets takes the place of what was set.
again() {
  [ -e "$home/port" ] || die "no server was started in $home"
  if alive; then die "it runs"; fi
  rm -f "$home/ready"
  local line
  while read -r line; do
    [ -n "$line" ] || continue
    sed -i "/^${line%%=*}=/d" "$home/conf/neo4j.conf"
    echo "$line" >>"$home/conf/neo4j.conf"
  done <<<"${ATG_NEO4J_CONF:-}"
  launch
}

stop() {
  if alive; then
    kill "$(cat "$home/pid")"
    for _ in $(seq 100); do alive || break; sleep 0.2; done
    alive && kill -9 "$(cat "$home/pid")"
  fi
  rm -rf "$home"
}

case ${1:-} in
  start) start ;;
  stop) stop ;;
  import) import "${2:?a directory}" ;;
  kill) kill -9 "$(cat "$home/pid")" && while alive; do sleep 0.1; done ;;
  again) again ;;
  *) die "usage: $0 start|import DIRECTORY|kill|again|stop" ;;
esac
