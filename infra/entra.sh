#!/usr/bin/env bash
# The app registrations of the pair in Entra: one for each node, so that each has its own credential and its own budget
# of Dataverse calls. Again changes nothing.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR/..
source "$root/infra/shell/say.sh"
source "$root/infra/shell/parameters.sh"
source "$root/infra/shell/azure.sh"
source "$root/infra/shell/applications.sh"

usage() {
    cat <<'TEXT'
usage: infra/entra.sh <parameter file> apps|federate

  apps      make the two app registrations and their service principals; print both client ids
  federate  let each node's managed identity stand in for a client secret (after infra/deploy.sh has made it)

Needs the right to register applications (the role Application Developer will do).
TEXT
}

main() {
    case ${1:-} in -h | --help) usage && exit 0 ;; esac
    [ $# -eq 2 ] || { usage >&2 && exit 2; }
    need_programs az jq
    read_parameters "$1"
    need_login
    case $2 in
        apps)
            find_or_make_application main
            find_or_make_application peer
            say "CLIENT_ID_MAIN=$CLIENT_ID_MAIN" && say "CLIENT_ID_PEER=$CLIENT_ID_PEER"
            ;;
        federate)
            need_outputs
            find_or_make_application main && federate main
            find_or_make_application peer && federate peer
            ;;
        *) usage >&2 && exit 2 ;;
    esac
}

main "$@"
