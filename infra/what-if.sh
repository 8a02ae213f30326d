#!/usr/bin/env bash
# Shows what infra/deploy.sh would change in the resources. Changes nothing itself.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR/..
source "$root/infra/shell/say.sh"
source "$root/infra/shell/parameters.sh"
source "$root/infra/shell/azure.sh"
source "$root/infra/shell/applications.sh"
source "$root/infra/shell/secrets.sh"
source "$root/infra/shell/archive.sh"

usage() {
    cat <<'TEXT'
usage: infra/what-if.sh <parameter file>

Secrets are left as they are: what a new one would change is not shown.
TEXT
}

main() {
    case ${1:-} in -h | --help) usage && exit 0 ;; esac
    [ $# -eq 1 ] || { usage >&2 && exit 2; }
    need_programs az jq
    read_parameters "$1"
    need_login
    need_bicep
    local node missing
    missing=$(missing_providers)
    [ -z "$missing" ] || say "not registered in this subscription: ${missing//$'\n'/ }." \
        "infra/deploy.sh does it; until then Azure may refuse to say what would change."
    for node in main peer; do
        know_application "$node"
    done
    # What infra/deploy.sh would find: else a setting would seem to change that stays.
    read_outputs
    if [ -n "$OUTPUTS" ]; then
        settle_expiry main
        settle_expiry peer
        settle_desktop_secret
    fi
    know_archive main Main
    know_archive peer Peer
    az deployment sub what-if --location "$LOCATION" --parameters "$PARAMETER_FILE"
}

main "$@"
