#!/usr/bin/env bash
# Runs the tests that need a blob container, on Azurite, Microsoft's stand-in for Azure Storage. Needs Node.
# Azurite is kept under ${ATG_CACHE:-$HOME/.cache/atg} by version.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=3.37.0
home=${ATG_CACHE:-$HOME/.cache/atg}/azurite-$version
if ! command -v npm >/dev/null; then
  if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
    echo "needs Node with npm: install it" >&2
    exit 1
  fi
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq nodejs npm >&2
fi
if ! [ -x "$home/node_modules/.bin/azurite-blob" ]; then
  mkdir -p "$home"
  npm install --prefix "$home" --silent --no-audit --no-fund "azurite@$version" >&2
fi

work=$(mktemp -d)
port=$(shuf -i 20000-40000 -n 1)
"$home/node_modules/.bin/azurite-blob" --silent --skipApiVersionCheck --disableTelemetry --location "$work" \
  --blobHost 127.0.0.1 --blobPort "$port" >"$work/log" 2>&1 &
azurite=$!
trap 'kill $azurite 2>/dev/null; wait $azurite 2>/dev/null || true; rm -rf "$work"' EXIT

# The account and the key that every Azurite has.
export ATG_TEST_STORAGE_KEY='Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='
export ATG_TEST_CONTAINER=http://127.0.0.1:$port/devstoreaccount1/atg
node --input-type=module - "$port" <<'JS'
import { createHmac } from 'node:crypto';
const url = `http://127.0.0.1:${process.argv[2]}/devstoreaccount1/atg?restype=container`;
for (let tried = 0; ; tried++) {
  const date = new Date().toUTCString();
  const toSign = `PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:${date}\nx-ms-version:2021-08-06\n` +
    '/devstoreaccount1/devstoreaccount1/atg\nrestype:container';
  const key = Buffer.from(process.env.ATG_TEST_STORAGE_KEY, 'base64');
  const signature = createHmac('sha256', key).update(toSign, 'utf8').digest('base64');
  const headers = {
    'x-ms-date': date, 'x-ms-version': '2021-08-06', authorization: `SharedKey devstoreaccount1:${signature}`,
  };
  try {
    const answer = await fetch(url, { method: 'PUT', headers });
    if (answer.status === 201) break;
    throw new Error(`${answer.status} ${await answer.text()}`);
  } catch (error) {
    if (tried >= 100) throw error;
    await new Promise((wait) => setTimeout(wait, 100));
  }
}
JS
timeout 600 cargo test --locked -p atg-server --test it -- --ignored redis::container
