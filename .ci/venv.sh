# To be sourced. `virtual_environment HOME PIP-ARGUMENTS…` makes a Python of one's own at HOME, once.

virtual_environment() {
  local home=$1
  shift
  # A virtual environment knows its own path and cannot be moved: the mark says that it is whole.
  if [ -e "$home/complete" ]; then return; fi
  if ! python3 -c 'import ensurepip' 2>/dev/null; then
    if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
      echo "needs Python with venv: install python3-venv" >&2
      exit 1
    fi
    apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >&2
  fi
  rm -rf "$home"
  python3 -m venv "$home"
  "$home/bin/pip" install --quiet --disable-pip-version-check "$@" >&2
  touch "$home/complete"
}
