#!/usr/bin/env bash
# Make .venv and node_modules, once for each content of the files that say what belongs in them. Quiet when up to date.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p .lab

say() {
    printf 'setup: %s\n' "$*"
}

fingerprint() {
    cat "$@" | cksum
}

# Two of these at once would install over each other.
if command -v flock >/dev/null; then
    exec 9>.lab/setup.lock
    flock 9
fi

python_wanted=$(fingerprint requirements.txt requirements-dev.txt constraints.txt)
node_wanted=$(fingerprint package.json package-lock.json)
python_made=$(cat .venv/made-from 2>/dev/null || true)
node_made=$(cat node_modules/made-from 2>/dev/null || true)

install_python() {
    local python
    if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null; then
        python=$(lab/find_python.sh)
        say "Python environment in .venv, from $("$python" --version)"
        rm -rf .venv
        "$python" -m venv .venv
    else
        say "Python environment in .venv is brought up to date"
    fi
    .venv/bin/python -m pip install -qq --disable-pip-version-check --requirement requirements-dev.txt
    printf '%s' "$python_wanted" >.venv/made-from
    say "Python environment is ready (${SECONDS} s)"
}

install_node() {
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
        echo "Node.js with npm is needed: the storage emulator Azurite runs on it. Install Node.js 20 or later" \
            "(https://nodejs.org, or your system's packages nodejs and npm), then run make again." >&2
        return 1
    fi
    say "Azurite in node_modules, with Node.js $(node --version)"
    # Core Tools are optional: where their download cannot be had, npm leaves them out and the lab's own host is used.
    npm ci --no-audit --no-fund --loglevel=error >/dev/null
    printf '%s' "$node_wanted" >node_modules/made-from
    say "node_modules is ready (${SECONDS} s)"
}

jobs=()
if [ "$node_made" != "$node_wanted" ]; then
    install_node 9>&- &
    jobs+=($!)
fi
if [ "$python_made" != "$python_wanted" ]; then
    install_python 9>&- &
    jobs+=($!)
fi

failed=0
for job in ${jobs[@]+"${jobs[@]}"}; do
    wait "$job" || failed=1
done
exit "$failed"
