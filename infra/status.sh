#!/usr/bin/env bash
# Shows what both nodes say of themselves. Changes nothing but the door that it opens for itself and closes again.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR/..
source "$root/infra/shell/say.sh"
source "$root/infra/shell/parameters.sh"
source "$root/infra/shell/azure.sh"
source "$root/infra/shell/node.sh"

usage() {
    cat <<'TEXT'
usage: infra/status.sh <parameter file>

RELEASE_FROM is the address of this machine as the nodes see it; otherwise they are asked.
TEXT
}

main() {
    case ${1:-} in -h | --help) usage && exit 0 ;; esac
    [ $# -eq 1 ] || { usage >&2 && exit 2; }
    need_programs az jq curl
    read_parameters "$1"
    need_login
    need_outputs
    meet_nodes
    local node
    for node in main peer; do
        open_door "$node" && wait_for_an_answer "$node"
        look_at "$node"
        case $(field ROLE "$node") in
            ABSENT | EMPTY) say "$node: does not answer" ;;
            *) jq -r '"\(.node): \(.role), version \(.version), lag \(.lag_seconds // "unknown") s, archived in 24 h \(.archived[.node]), " +
                "parked \(.parked), outbox \(.outbox.waiting), last error: \(.last_error.text // "none")"' "$scratch/body" ;;
        esac
    done
}

main "$@"
