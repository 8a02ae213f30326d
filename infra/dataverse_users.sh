#!/usr/bin/env bash
# The application users of both nodes in Dataverse, with a role that may read what a node reads and nothing else. No
# solution, no clicking. Again changes nothing.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR/..
source "$root/infra/shell/say.sh"
source "$root/infra/shell/parameters.sh"
source "$root/infra/shell/azure.sh"
source "$root/infra/shell/applications.sh"
source "$root/infra/shell/dataverse.sh"

ROLE_NAME='Omnichannel Capture'
# The tables that capture/omnichannel/ reads; a test compares.
TABLES='msdyn_ocrecording msdyn_ocliveworkitem msdyn_ocsession msdyn_sessionparticipant msdyn_sessionevent
    msdyn_ocsessionparticipantevent msdyn_ocphonecallengagementctx systemuser'

usage() {
    cat <<'TEXT'
usage: infra/dataverse_users.sh <parameter file>

Makes the role "Omnichannel Capture" in the organisation's root business unit (organisation-wide read on the tables that
a node reads), and an application user with this role for each node. Whoever runs it is System Administrator there.
TEXT
}

main() {
    case ${1:-} in -h | --help) usage && exit 0 ;; esac
    [ $# -eq 1 ] || { usage >&2 && exit 2; }
    need_programs az jq
    read_parameters "$1"
    need_login
    find_or_make_application main
    find_or_make_application peer
    local unit
    unit=$(root_unit)
    find_or_make_role "$unit"
    grant_reading "$ROLE"
    find_or_make_user "$unit" "$ROLE" "$CLIENT_ID_MAIN"
    find_or_make_user "$unit" "$ROLE" "$CLIENT_ID_PEER"
    say "both nodes may read $DYNAMICS as application users with the role $ROLE_NAME"
}

main "$@"
