#!/usr/bin/env bash
# Print the path of a Python 3.13 that really runs and can make virtual environments; explain what to do if there is none.
# Azure's Flex Consumption plan runs 3.13 and the lab's Functions host needs it. It is often installed without being
# `python3`, and a pyenv shim of that name may exist and yet refuse to run, so each candidate is tried.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

runs() {
    "$1" -c 'import ensurepip, ssl, sys, venv; sys.exit(sys.version_info[:2] != (3, 13))' >/dev/null 2>&1
}

offer() {
    if [ -n "$1" ] && runs "$1"; then
        # Not the virtual environment that may be active: it could be the one that is about to be made anew.
        "$1" -c 'import sys; print(getattr(sys, "_base_executable", sys.executable))'
        exit 0
    fi
}

ask_uv() {
    local uv=$1
    offer "$("$uv" python find --system 3.13 2>/dev/null)"
    echo "Python 3.13 is fetched with uv" >&2
    UV_HTTP_TIMEOUT=60 "$uv" python install --quiet 3.13 >&2 || return
    offer "$("$uv" python find --system --managed-python 3.13 2>/dev/null)"
}

if [ -n "${PYTHON:-}" ]; then
    offer "$(command -v "$PYTHON" || true)"
    echo "PYTHON=$PYTHON is not a Python 3.13 that can make virtual environments." >&2
    exit 1
fi

offer "$(command -v python3.13 || true)"
for candidate in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13*/bin/python3.13; do
    offer "$candidate"
done
offer "$(command -v python3 || true)"

if command -v uv >/dev/null; then
    ask_uv "$(command -v uv)"
else
    # uv comes as a wheel; a folder of its own leaves the system's Python as it is.
    python3 -m pip install --quiet --disable-pip-version-check --target "$root/.lab/uv" uv >/dev/null 2>&1 &&
        ask_uv "$root/.lab/uv/bin/uv"
fi

cat >&2 <<'TEXT'
Python 3.13 is needed and was not found. Install it in one of these ways, then run make again:
  uv python install 3.13                 (https://docs.astral.sh/uv/)
  pyenv install 3.13
  your system's packages python3.13 and python3.13-venv
or name one: make PYTHON=/path/to/python3.13 ...
TEXT
exit 1
