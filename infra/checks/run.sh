#!/usr/bin/env bash
# Check what is in infra/. The first time it makes an environment for checkov (about 270 MB) in .lab/checkov.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

wanted=$(cksum <infra/checks/requirements-checkov.txt)
if [ "$(cat .lab/checkov/made-from 2>/dev/null || true)" != "$wanted" ]; then
    echo "check-infra: environment of checkov in .lab/checkov"
    rm -rf .lab/checkov
    .venv/bin/python -m venv .lab/checkov
    .lab/checkov/bin/pip install -qq --disable-pip-version-check --no-deps --requirement infra/checks/requirements-checkov.txt
    printf '%s' "$wanted" >.lab/checkov/made-from
fi
exec .venv/bin/python -m infra.checks --checkov .lab/checkov/bin/checkov
